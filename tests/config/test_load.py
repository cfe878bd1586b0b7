"""Settings: where they come from, which wins, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from openvman.config.kinds import Address
from openvman.config.load import ConfigError, Origin, load
from openvman.config.reference import markdown
from openvman.config.settings import SETTINGS


def loaded(command_line=None, environment=None, file=None):
    return load(command_line, environment=environment or {}, file=file)


@pytest.fixture
def write(tmp_path):
    def written(text: str) -> Path:
        path = tmp_path / "openvman.toml"
        path.write_text(text)
        return path

    return written


def test_the_defaults_listen_on_loopback_with_authentication():
    settings = loaded().settings
    assert [str(a) for a in settings.listen + settings.tls_listen] == ["127.0.0.1:5988", "127.0.0.1:5989"]
    assert settings.auth == "basic"


def test_the_later_source_wins_and_is_named(write):
    file = write('log_level = "error"\nmax_body = "1MiB"\nlog_format = "json"')
    result = loaded({"log_level": "debug"}, {"OPENVMAN_LOG_LEVEL": "warning", "OPENVMAN_MAX_BODY": "2MiB"}, file)
    assert (result.settings.log_level, result.settings.max_body, result.settings.log_format) == ("debug", 2**21, "json")
    names = ("log_level", "max_body", "log_format", "auth")
    expected = [Origin.COMMAND_LINE, Origin.ENVIRONMENT, Origin.FILE, Origin.DEFAULT]
    assert [result.origins[name] for name in names] == expected
    assert result.file == file


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.name)
def test_every_value_is_read_back_as_it_is_shown(setting, write):
    shown = {s.name: value for s, value, _ in loaded().effective()}[setting.name] or setting.kind.example
    text = shown if shown.startswith("[") else f'"{shown}"'
    others = {
        "tls_certificate": '\ntls_key = "/k"',
        "tls_key": '\ntls_certificate = "/c"',
        "client_ca": '\nclient_certificates = "optional"',
        "client_crl": '\nclient_certificates = "optional"\nclient_ca = "/c"',
    }
    settings = loaded(file=write(f"{setting.name} = {text}{others.get(setting.name, '')}")).settings
    assert setting.show(getattr(settings, setting.name)) == shown


def test_a_list_comes_from_an_array_words_or_repeated_options(write):
    expected = ("qemu:///system", "sim://?hosts=1")
    assert loaded(file=write('platforms = ["qemu:///system", "sim://?hosts=1"]')).settings.platforms == expected
    assert loaded({}, {"OPENVMAN_PLATFORMS": "qemu:///system  sim://?hosts=1"}).settings.platforms == expected
    assert loaded({"platforms": list(expected)}).settings.platforms == expected


@pytest.mark.parametrize("source", [{"tls_listen": ["none"]}, None])
def test_none_is_the_empty_list(source):
    environment = {} if source else {"OPENVMAN_TLS_LISTEN": "none"}
    assert loaded(source, environment).settings.tls_listen == ()


def test_an_option_that_was_not_given_is_no_value():
    result = loaded({"platforms": (), "log_level": None})
    assert result.origins["platforms"] is result.origins["log_level"] is Origin.DEFAULT


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("esx://root:hunter2@host/?no_verify=1", "esx://root:…@host/?no_verify=1"),
        ("sim://?seed=1&password=hunter2&hosts=2", "sim://?seed=1&password=…&hosts=2"),
        ("qemu+ssh://root@host/system", "qemu+ssh://root@host/system"),
    ],
)
def test_a_password_in_an_address_is_used_and_not_shown(given, shown):
    loaded = load({"platforms": (given,)}, environment={})
    assert loaded.settings.platforms == (given,)
    [row] = [row for row in loaded.effective() if "platforms" in str(row)]
    assert shown in str(row)
    assert "hunter2" not in str(row)


def test_ipv6_is_written_in_brackets():
    assert loaded({"listen": ["[::1]:5988"]}).settings.listen == (Address("::1", 5988),)


def test_a_default_follows_the_settings_above_it(tmp_path):
    assert tmp_path / "images" in loaded({"state": str(tmp_path)}).settings.image_roots


def test_the_environment_names_the_file(write):
    file = write('log_level = "error"')
    assert loaded({}, {"OPENVMAN_CONFIG": str(file)}).settings.log_level == "error"


def test_a_doubtful_variable_is_told_and_no_error():
    result = loaded({}, {"OPENVMAN_LISTENN": "x", "OPENVMAN_PASSWORD": "y"})
    assert result.doubts == ("environment variable OPENVMAN_LISTENN is not a setting: did you mean OPENVMAN_LISTEN?",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('lisen = ["127.0.0.1:1"]', "unknown setting 'lisen': did you mean listen?"),
        ("zzzzzzzz = 1", "unknown setting 'zzzzzzzz'"),
        ('listen = "127.0.0.1:1"', "must be an array"),
        ("listen = [1]", "must be an array of strings"),
        ("log_level = true", "must be a string"),
        ("[log_level]", "must be a string"),
        ('log_level = "loud"', "not one of debug, info, warning, error"),
        ("log_level = ", "is not TOML"),
        ('header_timeout = "20"', "not a duration"),
        ("header_timeout = 20", "not a duration"),
        ('header_timeout = "0s"', "out of range"),
        ('header_timeout = "99999d"', "out of range"),
        ('max_body = "64"', "not a size"),
        ('max_body = "-1MiB"', "not a size"),
        ('max_connections = "0"', "not a count"),
        ('listen = ["::1:5988"]', "in brackets"),
        ('listen = ["[::g]:5988"]', "not an IPv6 address"),
        ('listen = ["127.0.0.1"]', "not ADDRESS:PORT"),
        ('listen = ["127.0.0.1:65536"]', "not ADDRESS:PORT"),
        ('listen = ["a b:1"]', "neither an address nor a host name"),
        ('state = ""', "not empty"),
        ('state = "/a\\u0000"', "printable"),
    ],
)
def test_a_bad_value_is_refused_with_its_place_and_the_way_out(write, text, told):
    file = write(text)
    with pytest.raises(ConfigError) as caught:
        loaded(file=file)
    assert str(file) in str(caught.value)
    assert told in str(caught.value)


def test_a_bad_value_names_its_variable_or_option():
    with pytest.raises(ConfigError, match=r"^OPENVMAN_MAX_BODY: "):
        loaded({}, {"OPENVMAN_MAX_BODY": "x"})
    with pytest.raises(ConfigError, match=r"^--max-body: "):
        loaded({"max_body": "x"})


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match="cannot read"):
        loaded(file=tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"auth": "none", "listen": ["0.0.0.0:5988"]}, "0.0.0.0:5988 can be reached"),
        ({"auth": "none", "tls_listen": ["[::]:5989"]}, "can be reached"),
        ({"auth": "none", "listen": ["example.org:5988"]}, "can be reached"),
        ({"auth": "none", "listen": ["localhost.example.org:5988"]}, "can be reached"),
        ({"listen": ["none"], "tls_listen": ["none"]}, "at least one address"),
        ({"tls_key": "/k"}, "give both or neither"),
        ({"client_certificates": "optional"}, "needs client_ca"),
        ({"client_certificates": "required", "client_ca": "/c"}, "a way around it"),
        ({"client_certificates": "optional", "client_ca": "/c", "tls_listen": ["none"]}, "need HTTPS"),
        ({"client_ca": "/c"}, "no effect"),
        ({"operation_timeout": "2h"}, "longer than max_operation_timeout"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(given, told):
    with pytest.raises(ConfigError, match=told):
        loaded(given)


@pytest.mark.parametrize("address", ["127.0.0.1:5988", "127.9.9.9:1", "[::1]:5988", "localhost:5988"])
def test_without_authentication_loopback_is_allowed(address):
    given = {"auth": "none", "listen": [address], "tls_listen": ["none"]}
    assert loaded(given).settings.auth == "none"


def test_the_reference_has_every_setting():
    page = markdown()
    assert all(f"| `{s.name}` | `{s.flag}` | `{s.env}` |" in page for s in SETTINGS)


def test_names_and_options_are_unique():
    for attribute in ("name", "flag", "env"):
        assert len({getattr(s, attribute) for s in SETTINGS}) == len(SETTINGS)
