from __future__ import annotations

import json

import pytest
import yaml

from openvman.client.description import Description

TEXT = {
    "toml": 'name = "web"\nprocessors = 2\n',
    "yaml": "name: web\nprocessors: 2\n",
    "json": '{"name": "web", "processors": 2}',
}


@pytest.fixture
def write(tmp_path):
    """Writes a file; its path."""

    def make(name, text):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return make


@pytest.fixture(autouse=True)
def _one_host(client):
    del client.all_hosts[1:]


def asked(client) -> Description:
    [(_, description, host)] = client.asked
    assert host == "one"
    return description


@pytest.mark.parametrize(("suffix", "format"), [("toml", "toml"), ("yaml", "yaml"), ("YML", "yaml"), ("json", "json")])
def test_a_file_by_the_end_of_its_name(vman, client, write, suffix, format):
    result = vman("vm", "define", "-f", write(f"web.{suffix}", TEXT[format]))
    assert result.exit_code == 0, result.output
    description = asked(client)
    assert (description.name, description.system["ElementName"]) == ("web", "web")
    assert [part["VirtualQuantity"] for part in description.resources] == [2]
    assert "Defined web on one" in result.stdout


@pytest.mark.parametrize("format", TEXT)
def test_standard_input(vman, client, format):
    result = vman("vm", "define", "mail", "-f", "-", "--format", format, input=TEXT[format])
    assert result.exit_code == 0, result.output
    assert asked(client).name == "mail"


def test_user_data_is_beside_the_description(vman, client, write):
    write("data", "#cloud-config\n")
    path = write("web.yaml", "name: web\ncloud_init: {user_data_file: data}\n")
    assert vman("vm", "define", "-f", path).exit_code == 0
    assert asked(client).system["CloudInitUserData"] == "#cloud-config\n"


def test_the_file_says_where_unless_the_option_does(vman, client, make, write):
    client.all_hosts.append(make.host("two"))
    path = write("web.yaml", "name: web\nhost: two\n")
    vman("vm", "define", "-f", path)
    vman("vm", "define", "-f", path, "--host", "one")
    assert [host for *_, host in client.asked] == ["two", "one"]


def test_a_dry_run_shows_and_does_nothing(vman, client, write):
    result = vman("vm", "define", "-f", write("web.yaml", TEXT["yaml"]), "--dry-run")
    assert result.exit_code == 0
    assert yaml.safe_load(result.stdout) == {"name": "web"}
    assert "Would make an image" in result.stderr
    assert "Nothing was done" in result.stderr
    told = json.loads(vman("vm", "define", "web", "--cpus", "2", "--dry-run", "--json").stdout)
    assert told == [{"description": {"name": "web"}, "effects": ["make an image"]}]
    assert [what for what, *_ in client.asked] == ["check", "check"]


@pytest.mark.parametrize(
    ("arguments", "text", "told"),
    [
        ([], "processors: 2", "web.yaml: name: it is needed"),
        ([], "name: web\ncpus: 2", "web.yaml: cpus: there is no such key"),
        ([], "name: [", "web.yaml, line"),
        (["--cpus", "3"], "name: web", "leave out the options"),
        (["--disk", "1GiB"], "name: web", "leave out the options"),
        ([], "name: web\ncloud_init: {user_data_file: none}", "cloud_init.user_data_file: 'none' cannot be read"),
    ],
)
def test_what_cannot_be_is_told(vman, client, write, arguments, text, told):
    result = vman("vm", "define", "-f", write("web.yaml", text), *arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert client.asked == []


def test_a_file_of_unknown_format(vman, client, write):
    result = vman("vm", "define", "-f", write("web.conf", "name: web"))
    assert result.exit_code == 2
    assert "--format" in result.stderr
    assert vman("vm", "define").exit_code == 2
    assert vman("vm", "define", "-f", "/nowhere.yaml").exit_code == 2
    assert client.asked == []


@pytest.mark.parametrize("format", ["yaml", "json"])
def test_export_prints_what_define_takes(vman, client, make, format):
    client.put(make.system("web"))
    result = vman("vm", "export", "web", "--format", format)
    assert yaml.safe_load(result.stdout) == {"name": "web", "memory": {"size": "1GiB"}}
    assert vman("vm", "define", "-f", "-", "--format", format, input=result.stdout).exit_code == 0
