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

PROGRAM = str(lab.HERE / "embedded.py")


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
    return [*enter, sys.executable, PROGRAM, str(tmp_path), str(image)]


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
        assert "Another process has this embedded folder open: end it" in message
        holder.communicate()
        assert holder.returncode == 0
    assert len(run(program)) == 1


def test_a_process_has_one_folder(program) -> None:
    _, (problem, message) = run(program, "another")
    assert problem == "UNAVAILABLE"
    assert "use another process" in message


def test_a_folder_that_cannot_be_made(enter, tmp_path) -> None:
    (tmp_path / "qemu").write_text("a file")
    ((problem, message),) = run([*enter, sys.executable, PROGRAM, str(tmp_path), "none"])
    assert problem == "UNAVAILABLE"
    assert str(Path(tmp_path) / "qemu") in message
