"""The examples of the page on defining machines are defined, each by a server of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openvman.cli.demo_server import own_server
from openvman.client.description import described
from openvman.client.fields import CLOUD_INIT, RESOURCES, SYSTEM
from openvman.client.files import parse
from openvman.client.session import Session
from openvman.client.vman import Client

PAGE = Path(__file__).parents[2] / "docs/defining.md"
EXAMPLES = re.findall(r"^```(toml|yaml|json)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
IMAGES = {"base.img": "/simulated/images/plain.raw", "installer.iso": "/simulated/images/installer.iso"}
"""What stands for the examples' images on the simulated host."""


@pytest.fixture
def client():
    with own_server(["sim://?hosts=1&vms=0"]) as running:
        made = Client(Session(running.target))
        yield made
        made.close()


def example(format, text):
    def no_file(path):
        pytest.fail(f"the example needs the file {path}")

    for name, there in IMAGES.items():
        text = text.replace(f"source: {name}", f"source: {there}")
    return described(parse(text.encode(), format, PAGE.name), PAGE.name, no_file)


@pytest.mark.parametrize(("format", "text"), EXAMPLES)
def test_an_example_is_defined_as_its_dry_run_told(client, format, text):
    [host] = client.hosts()
    told = client.check(example(format, text), host).description
    made = client.export(client.define_described(example(format, text), host))
    assert _plain(told) == _plain(made)


def _plain(description):
    """Without what is made up anew each time, and the image that is then there."""
    nics = [{key: value for key, value in nic.items() if key != "mac"} for nic in description["nics"]]
    return {**description, "uuid": None, "nics": nics}


def test_one_example_says_all_there_is():
    found = [parse(text.encode(), format, PAGE.name) for format, text in EXAMPLES]
    [whole] = [each for each in found if each["name"] == "everything"]
    assert {*RESOURCES, "cloud_init"} <= set(whole)
    assert {field.key for field in CLOUD_INIT.fields} == set(whole["cloud_init"])
    not_of_all_machines = {"uuid", "type", "kernel", "initrd", "command_line", "init"}
    assert {field.key for field in SYSTEM.fields} - not_of_all_machines <= set(whole)
