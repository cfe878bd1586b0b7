"""Indications on a real host, and when the disk is full: what happens behind our back, crashes, no space."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import libvirt
import pytest
import pywbem
from tests.system.conftest import eventually
from tests.system.test_indications import Heard, subscribed

SYSTEM = "SourceInstance ISA CIM_ComputerSystem"
CREATED = f"SELECT * FROM CIM_InstCreation WHERE {SYSTEM}"
CHANGED = f"SELECT * FROM CIM_InstModification WHERE {SYSTEM}"
DELETED = f"SELECT * FROM CIM_InstDeletion WHERE {SYSTEM}"
DOMAIN = """<domain type='qemu'><name>{}</name><memory unit='MiB'>32</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os></domain>"""


@pytest.fixture
def heard():
    listener = Heard().start()
    yield listener
    listener.stop()


def _of(heard, kind):
    return [i for i in list(heard.indications) if i.classname == kind]


@pytest.mark.lab
def test_what_happens_behind_our_back_is_told(serve, private_host, hypervisor, heard):
    server = serve(private_host.uri)
    with subscribed(server, heard, CREATED, CHANGED, DELETED):
        domain = hypervisor.defineXML(DOMAIN.format("behind"))
        domain.create()
        eventually("it runs", lambda: _states(heard)[-1:] == [2])
        domain.suspend()
        eventually("it is paused", lambda: _states(heard)[-1:] == [9])
        domain.resume()
        eventually("it runs again", lambda: _states(heard)[-1:] == [2])
        domain.destroy()
        eventually("it is off", lambda: _states(heard)[-1:] == [3])
        domain.undefine()
        eventually("it is gone", lambda: _of(heard, "CIM_InstDeletion"))
    changes = _of(heard, "CIM_InstModification")
    for before, after in itertools.pairwise(changes):
        assert before["SourceInstance"]["EnabledState"] == after["PreviousInstance"]["EnabledState"]
    assert len(_of(heard, "CIM_InstCreation")) == 1
    assert heard.numbers() == list(range(len(heard.numbers())))


def _states(heard):
    return [int(i["SourceInstance"]["EnabledState"]) for i in _of(heard, "CIM_InstModification")]


@pytest.mark.lab
def test_a_hypervisor_process_that_is_killed_is_an_alert(serve, private_host, hypervisor, heard):
    server = serve(private_host.uri)
    with subscribed(server, heard, "SELECT * FROM CIM_AlertIndication WHERE PerceivedSeverity >= 5"):
        domain = hypervisor.createXML(DOMAIN.format("victim"))
        os.kill(_process_of("victim"), signal.SIGKILL)
        eventually("the crash is told", lambda: heard.indications)
        with pytest.raises(libvirt.libvirtError):
            domain.info()
    [alert] = heard.indications
    assert alert["EventID"] == "VMAN-CRASHED"
    assert (alert["AlertType"], alert["PerceivedSeverity"], alert["ProbableCause"]) == (4, 6, 48)


def _process_of(name):
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        words = path.read_bytes().split(b"\0")
        if f"guest={name},debug-threads=on".encode() in words:
            return int(path.parent.name)
    raise AssertionError(f"no process runs {name}")


@pytest.mark.lab
def test_a_lost_host_and_its_return_are_alerts(serve, private_hosts, heard):
    host = private_hosts()
    server = serve(host.uri)
    with subscribed(server, heard, "SELECT * FROM CIM_AlertIndication"):
        host.kill_daemon()
        eventually("the loss is told", lambda: len(heard.indications) == 1)
        host.start_daemon()
        eventually("the return is told", lambda: len(heard.indications) == 2)
    assert [i["EventID"] for i in heard.indications] == ["VMAN-HOST-LOST", "VMAN-HOST-FOUND"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m,mode=700", "openvman-test", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.lab
def test_nothing_is_done_that_a_full_disk_cannot_keep(serve, small_disk, heard):
    server = serve("sim://?hosts=1&vms=0", state=small_disk / "state")
    ballast = small_disk / "ballast"
    with subscribed(server, heard, CREATED), server.manager() as manager, ThreadPoolExecutor(1) as pool:
        before = manager.define("before")
        eventually("the first is told", lambda: len(heard.indications) == 1)
        with ballast.open("wb") as file:
            while file.write(b"x" * 4096) if _space(small_disk) else 0:
                file.flush()
        asked = pool.submit(manager.define, "amid")
        wait([asked], timeout=2)  # that it was refused is kept too, and may wait for space
        ballast.unlink()
        with pytest.raises(pywbem.CIMError, match="cannot be written down"):
            asked.result()
        assert manager.names() == ["before"]
        after = manager.define("after")
        eventually("the second is told", lambda: len(heard.indications) == 2)
        assert [name for _, name in heard.names()] == ["before", "after"]
        for system in (before, after):
            assert manager.destroy(system) == 0
    assert heard.numbers() == [0, 1]
    server.stop()


def _space(folder):
    found = os.statvfs(folder)
    return found.f_bavail > 0
