"""The page for libvirt-cim's clients does what it says: each of its blocks, in order, on a host of its own.

The host has its own network and its own libvirtd where every machine has them, so nothing of the page is put otherwise
but the password that it makes.
"""

from __future__ import annotations

import re
import shutil
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import libvirt
import pytest
from tests.lab.lab import PrivateHost
from tests.system.conftest import VMAN

pytestmark = pytest.mark.lab

PAGE = (Path(__file__).parents[2] / "docs/libvirt-cim.md").read_text()
BLOCK = re.compile(r"^ *```(text|python)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[str]:
    """Those of a kind in the part that says how to move, without the indent of the list."""
    moving = PAGE.partition("## Moving")[2].partition("\n## ")[0]
    found = [text for language, text in BLOCK.findall(moving) if language == kind]
    return ["\n".join(line[4:] for line in text.splitlines()) for text in found]


class Machine:
    """Somebody's terminals on the host."""

    def __init__(self, host: PrivateHost, state: Path) -> None:
        self.host = host
        self._settings = f"OPENVMAN_STATE={state}"
        self._log = state.with_suffix(".log")
        self._server: str | None = None

    def run(self, line: str) -> str:
        command = line.replace("vman ", f"{VMAN} ", 1) if line.startswith("vman ") else line
        return self.host.run("env", self._settings, "sh", "-ec", command)

    def serve(self, line: str) -> None:
        self._server = self.run(f"{line} >{self._log} 2>&1 & echo $!").strip()

    def is_ready(self) -> bool:
        return "platform connected" in self._log.read_text()

    def stop(self) -> None:
        if self._server is not None:
            self.host.run("sh", "-ec", f"kill {self._server}; while kill -0 {self._server} 2>/dev/null; do :; done")


@pytest.fixture
def machine(private_host: PrivateHost, tmp_path: Path) -> Iterator[Machine]:
    if shutil.which("wbemcli") is None:
        pytest.skip("the page tries wbemcli")
    made = Machine(private_host, tmp_path / "state")
    yield made
    made.stop()
    connection = libvirt.open(private_host.libvirt_uri)
    for domain in connection.listAllDomains():
        domain.undefine()
    connection.close()


def test_each_step_of_the_page(machine: Machine, until, private_host: PrivateHost, tmp_path: Path) -> None:
    [serve], [user], tries = (text.splitlines() for text in blocks("text"))
    machine.serve(serve)
    until("the server is ready", machine.is_ready)
    password = machine.run(user).split()[-1]
    names, service = (machine.run(line.replace("PASSWORD", urllib.parse.quote(password))) for line in tries)
    assert names.strip() == ""
    [caption] = re.findall(r'Caption="([^"]+)"', service)
    assert f"Running hypervisor: {caption}" in private_host.virsh("version")
    assert 'Revision="1347"' in service
    [example] = blocks("python")
    script = tmp_path / "example.py"
    script.write_text(example.replace("PASSWORD", password))
    machine.run(f"{sys.executable} {script}")
    assert private_host.virsh("dominfo", "first").split("Max memory:")[1].split()[0] == str(64 << 10)
    [first] = machine.run(tries[0].replace("PASSWORD", urllib.parse.quote(password))).splitlines()
    assert "root/virt:KVM_ComputerSystem." in first
    assert 'Name="first"' in first
