"""Addresses find their driver; without one the best platform of the machine is chosen."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from openvman.drivers import libvirt, registry, simulated
from openvman.drivers.libvirt import doctor
from openvman.drivers.libvirt.driver import LibvirtDriver
from openvman.drivers.registry import Choice, choose_default, create, diagnose
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("sim://", simulated.SimulatedDriver),
        ("sim://?vms=1", simulated.SimulatedDriver),
        ("qemu:///system", LibvirtDriver),
        ("qemu+ssh://host/system", LibvirtDriver),
        ("test:///default", LibvirtDriver),
        ("lxc:///", LibvirtDriver),
    ],
)
def test_an_address_finds_its_driver(uri, kind, tmp_path) -> None:
    driver = create(uri, state=tmp_path, deadline=5)
    assert isinstance(driver, kind)
    assert driver.platform == uri


@pytest.mark.parametrize("uri", ["", "qemu", "vax://", "VAX+ssh://me:hunter22@host", "://", "sim"])
def test_an_unknown_scheme_is_refused_without_repeating_it(uri, tmp_path) -> None:
    with pytest.raises(ModelError) as caught:
        create(uri, state=tmp_path, deadline=5)
    assert caught.value.problem is Problem.INVALID_PARAMETER
    assert "qemu:" in caught.value.message
    assert "hunter22" not in caught.value.message


def test_without_the_binding_the_cure_is_told(tmp_path) -> None:
    """In a process of its own, where the binding cannot be imported; simulated platforms need none."""
    program = f"""
import sys
sys.modules["libvirt"] = None
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "libvirt" else real(name, *rest)
import asyncio
from pathlib import Path
from openvman.drivers.registry import choose_default, create, diagnose
state = Path({str(tmp_path)!r})
create("sim://", state=state, deadline=1)
try:
    create("qemu:///system", state=state, deadline=1)
except Exception as error:
    print(error)
print(asyncio.run(choose_default(state)))
print(asyncio.run(diagnose())[0])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    refused, choice, check = done.stdout.splitlines()
    assert "Install openvman[libvirt]." in refused
    assert "uri='sim://'" in choice
    assert "install openvman[libvirt]" in choice
    assert "level='fail'" in check


@pytest.fixture
def machine(monkeypatch):
    """Says what the machine has."""

    def make(daemon: doctor.Daemon, *, binding: bool = True, emulator: str | None = "/usr/bin/qemu") -> None:
        async def ask() -> doctor.Daemon:
            return daemon

        monkeypatch.setattr(doctor, "ask_daemon", ask)
        monkeypatch.setattr(libvirt, "binding_is_there", lambda: binding)
        monkeypatch.setattr(doctor, "emulator", lambda: emulator)

    return make


ANSWERS = doctor.Daemon("9.0.0", ("default",), None)
SILENT = doctor.Daemon(None, None, "there is no socket")


async def test_the_machines_own_hypervisor_is_taken(machine, tmp_path) -> None:
    machine(ANSWERS)
    assert await choose_default(tmp_path) == Choice(
        "qemu:///system", "this machine's own hypervisor answers (9.0.0)", None
    )


async def test_else_an_embedded_one(machine, tmp_path) -> None:
    machine(SILENT)
    state = tmp_path / "with a blank"
    choice = await choose_default(state)
    assert choice.warning is None
    assert "there is no socket" in choice.reason
    assert unquote(choice.uri) == f"qemu:///embed?root={state}/qemu"
    assert " " not in choice.uri
    assert create(choice.uri, state=tmp_path, deadline=1).platform == choice.uri
    assert not state.exists()


@pytest.mark.parametrize("lacking", [{"binding": False}, {"emulator": None}])
async def test_else_a_simulation_with_a_warning(machine, tmp_path, lacking) -> None:
    machine(SILENT, **lacking)
    choice = await choose_default(tmp_path)
    assert choice.uri == "sim://"
    assert "simulated" in choice.warning
    assert "install" in choice.warning


@pytest.mark.lab
async def test_a_daemon_that_hangs_is_not_waited_for(tmp_path, monkeypatch, private_hosts) -> None:
    host = private_hosts()
    monkeypatch.setattr(doctor, "SYSTEM_URI", host.libvirt_uri)
    monkeypatch.setattr(doctor, "_SOCKETS", (host.socket,))
    assert (await doctor.ask_daemon()).version is not None
    monkeypatch.setattr(doctor, "PROBE_SECONDS", 0.5)
    host.signal_daemon(signal.SIGSTOP)
    found = await doctor.ask_daemon()
    assert found.version is None
    assert found.reason is not None
    host.signal_daemon(signal.SIGCONT)


async def test_no_socket_is_told_without_trying(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(doctor, "_SOCKETS", (tmp_path / "none",))
    assert (await doctor.ask_daemon()).reason == f"there is no socket {tmp_path}/none"


async def test_the_doctor_names_a_cure_for_all_that_is_not_well(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(doctor, "_SOCKETS", (tmp_path / "none",))
    monkeypatch.setattr(doctor.shutil, "which", lambda _name: None)
    monkeypatch.setattr(doctor.kvm, "DEVICE", Path("/nonexistent"))
    checks = await diagnose()
    assert [check.name for check in checks] == [
        "libvirt binding",
        "libvirt daemon",
        "QEMU",
        "disk images",
        "KVM",
        "virtual networks",
        "containers",
    ]
    for check in checks:
        assert check.found
        assert (check.cure is None) == (check.level == "ok")
    assert {check.name for check in checks if check.level == "fail"} >= {"disk images"}


async def test_the_doctor_recognises_a_closed_kvm(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(doctor, "_SOCKETS", (tmp_path / "none",))
    monkeypatch.setattr(doctor.kvm, "DEVICE", Path("/dev/null"))
    monkeypatch.setattr(doctor.kvm, "device_is_closed", lambda: True)
    found = [check for check in await diagnose() if check.name == "KVM device"]
    assert [check.level for check in found] == ["warn"]
    assert "0666" in found[0].cure


def test_every_scheme_has_a_driver() -> None:
    assert set(registry._FACTORIES) == {"sim", *libvirt.SCHEMES}


@pytest.mark.parametrize(
    ("lacking", "level", "words"),
    [
        (None, "ok", "lxc:///system"),
        ("CONTROLLERS", "ok", "not installed"),
        ("FUSE", "warn", "there is no"),
        ("GROUPS", "warn", "control groups"),
    ],
)
async def test_what_containers_lack_is_told(monkeypatch, tmp_path, lacking, level, words) -> None:
    there = tmp_path / "there"
    there.touch()
    for name in ("CONTROLLERS", "FUSE", "GROUPS"):
        path = tmp_path / "nowhere" if name == lacking else there
        monkeypatch.setattr(doctor, name, path if name == "FUSE" else (path,))
    [check] = [check for check in await diagnose() if check.name == "containers"]
    assert check.level == level
    assert words in check.found
    assert (check.cure is None) == (level == "ok")
