"""The embedded QEMU, in processes of their own: a process has one embedded folder, and guests outlive it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.lab import lab

pytestmark = pytest.mark.lab

# One process: opens the folder, does the steps given as arguments, prints what it found as JSON.
PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from openvman.drivers.registry import create
from openvman.model.allocation import DiskKind, NicConnection
from openvman.model.errors import ModelError
from openvman.model.spec import Definition, DiskSpec, MemorySpec, NicSpec, ProcessorSpec
from openvman.model.states import Action
from openvman.model.system import OnCrash

ID = "3f0f6f8b-0d3c-4b7e-9a50-6f2d5f5f0b11"
folder, image, *steps = sys.argv[1:]

async def main():
    driver = create(f"qemu:///embed?root={folder}/qemu", state=Path(folder), deadline=20)
    found = []
    try:
        await driver.open(lambda event: None)
    except ModelError as error:
        return [[error.problem.name, error.message]]
    host = (await driver.load()).hosts[0]
    found.append([host.id, list(host.facts.hypervisors), host.facts.has_console_log])
    for step in steps:
        if step == "define":
            await driver.define(Definition(
                id=ID, host_id=host.id, name="guest", hypervisor=host.facts.hypervisors[-1], description=None,
                autostart=False, on_crash=OnCrash.DESTROY, machine=None, processor=ProcessorSpec(count=1),
                memory=MemorySpec(size=32 << 20),
                disks=(DiskSpec(kind=DiskKind.DISK, bus="ide", source=image, format="raw"),),
                nics=(NicSpec(connection=NicConnection.USER, model="virtio", mac="52:54:00:00:00:01"),)))
        elif step == "console":
            data = b""
            while not data.endswith(b"\\n"):
                data = (await driver.read_console(ID, 0, 0, 100)).data
                await asyncio.sleep(0.02)
            found.append(data.decode())
        elif step == "state":
            system = await driver.read_system(ID)
            found.append(system.state.value if system else None)
        elif step == "undefine":
            await driver.undefine(ID)
        elif step == "reopen":
            await driver.close()
            await driver.open(lambda event: None)
        elif step == "wait":
            print("open", flush=True)
            sys.stdin.read()
        elif step == "another":
            other = create(f"qemu:///embed?root={folder}/other", state=Path(folder), deadline=20)
            try:
                await other.open(lambda event: None)
            except ModelError as error:
                found.append([error.problem.name, error.message])
        else:
            await driver.act(ID, Action(step))
    await driver.close()
    return found

print(json.dumps(asyncio.run(main())))
"""


@pytest.fixture
def enter(laboratory):
    """A process namespace for the test: whatever runs in it ends with it, and ended guests are reaped at once."""
    first = subprocess.Popen(
        [
            "unshare",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount",
            "--mount-proc",
            sys.executable,
            str(lab.HERE / "init.py"),
        ],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert first.stdout is not None
    assert first.stdout.readline() == b"ready\n"
    (pid,) = lab.children(first.pid)
    yield ["nsenter", "-t", str(pid), "-p", "-m", "--"]
    os.kill(pid, 9)
    first.wait(lab.SECONDS)
    first.stdout.close()


@pytest.fixture
def program(enter, tmp_path):
    image = lab.boot_sector_image(tmp_path, "embedded guest")
    return [*enter, sys.executable, "-c", PROGRAM, str(tmp_path), str(image)]


def run(program: list[str], *steps: str) -> list:
    # The test process may itself have said where libvirt's log goes.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LIBVIRT_")}
    done = subprocess.run([*program, *steps], capture_output=True, text=True, timeout=lab.SECONDS, env=clean)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # libvirt's own log has its file
    return json.loads(done.stdout)


def test_a_guest_outlives_the_process_and_is_found_again(program, tmp_path) -> None:
    host, console, state = run(program, "define", "start", "console", "state")
    assert (console, state) == ("embedded guest\r\n", "active")
    assert host[2] is True
    assert run(program, "state", "console", "pause", "state") == [host, "active", "embedded guest\r\n", "paused"]
    assert run(program, "state", "start", "suspend", "state") == [host, "paused", "suspended"]
    assert run(program, "state", "start", "stop", "state", "undefine", "state") == [
        host,
        "suspended",
        "defined",
        None,
    ]
    assert list((tmp_path / "qemu/log/console").iterdir()) == []
    assert (tmp_path / "libvirt.log").exists()


def test_the_folder_is_closed_to_others(program, tmp_path) -> None:
    run(program)
    for part in (".", "etc", "log", "log/console"):
        assert (tmp_path / "qemu" / part).stat().st_mode & 0o77 == 0


def test_closing_and_opening_again(program) -> None:
    _, state = run(program, "define", "start", "reopen", "state", "stop", "undefine")
    assert state == "active"


def test_a_killed_process_leaves_its_guests(program) -> None:
    holder = subprocess.Popen([*program, "define", "start", "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == b"open\n"
    for pid in lab.children(holder.pid):
        os.kill(pid, 9)
    holder.wait(lab.SECONDS)
    holder.stdin.close()
    holder.stdout.close()
    _, state = run(program, "state", "stop", "undefine")
    assert state == "active"


def test_a_folder_has_one_process(program) -> None:
    with subprocess.Popen([*program, "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        ((problem, message),) = run(program)
        assert problem == "UNAVAILABLE"
        assert "another process has this embedded folder open" in message
        holder.communicate()
        assert holder.returncode == 0
    assert len(run(program)) == 1


def test_a_process_has_one_folder(program) -> None:
    _, (problem, message) = run(program, "another")
    assert problem == "UNAVAILABLE"
    assert "use another process" in message


def test_a_folder_that_cannot_be_made(enter, tmp_path) -> None:
    (tmp_path / "qemu").write_text("a file")
    ((problem, message),) = run([*enter, sys.executable, "-c", PROGRAM, str(tmp_path), "none"])
    assert problem == "UNAVAILABLE"
    assert str(Path(tmp_path) / "qemu") in message
