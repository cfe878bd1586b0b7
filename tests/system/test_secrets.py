"""Secrets and modes: a password is nowhere but where it belongs, and no file of the server is anyone else's to read."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest
import pywbem

CANARY = "canary-Zr7pQ2vX"
VMAN = Path(sys.executable).with_name("vman")


@pytest.fixture
def server(serve, monkeypatch):
    """Started by somebody whose umask hides nothing, and as talkative as it can be."""
    before = os.umask(0)
    try:
        yield serve("sim://?vms=1", OPENVMAN_LOG_LEVEL="debug")
    finally:
        os.umask(before)


def _processes():
    """The command lines and environments of all processes that can be seen."""
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                yield (process / name).read_bytes()
            except OSError:
                continue  # it ended meanwhile, or is another user's


def test_a_password_stays_secret(server, until):
    """Whatever a client does with it: right, wrong, in the wrong place of the header, in the clear in a request."""
    user = server.add_user("kim", "operator", CANARY)
    answers = []
    with server.manager(user) as manager:
        answers.append(manager.names())
        for attempt in (
            lambda: manager.define("x", manager.disk("/etc/shadow")),
            lambda: manager.conn.GetInstance(pywbem.CIMInstanceName("VMAN_ComputerSystem", {"Name": "none"})),
            lambda: manager.conn.ExecQuery("WQL", "SELECT"),
        ):
            with pytest.raises(pywbem.CIMError) as caught:
                attempt()
            answers.append(str(caught.value))
        answers += [i.tocimxmlstr() for i in manager.conn.EnumerateInstances("CIM_ManagedElement")]
    for wrong in (("kim", f"{CANARY}-not"), ("nobody", CANARY)):
        with server.manager(wrong) as manager, pytest.raises(pywbem.AuthError) as refused:
            manager.names()
        answers.append(str(refused.value))
    headers = [
        f"Basic kim:{CANARY}",
        f"Digest {CANARY}",
        "Basic " + b64encode(f"kim{CANARY}".encode()).decode(),
        f"{CANARY} {b64encode(f'kim:{CANARY}'.encode()).decode()}",
    ]
    answers += [_curl(server, "-H", f"Authorization: {header}") for header in headers]
    answers.append(server.vman("user", "list"))
    assert CANARY not in "".join(map(str, answers))
    encoded = b64encode(f"kim:{CANARY}".encode()).decode()
    log = server.log.read_text()
    assert CANARY not in log
    assert encoded not in log
    assert server.password not in log
    for path in server.state.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path
    seen = b"".join(_processes())
    assert CANARY.encode() not in seen
    assert server.password.encode() not in seen
    assert server.mishaps() == []


def _curl(server, *arguments):
    done = subprocess.run(
        ["curl", "-s", "-i", *arguments, "--data", "x", f"{server.url}/cimom"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout + done.stderr


def test_the_command_line_takes_no_password(server):
    """Neither the command nor its errors show what was read from a file."""
    file = server.state.with_name("password")
    file.write_text(f"{CANARY}\n")
    said = server.vman("user", "add", "kim", "--role", "viewer", "--password-file", str(file))
    for arguments in (["vm", "list"], ["vm", "start", "none"], ["cim", "get", "x"], ["vm", "list", "--json"]):
        done = subprocess.run(
            [VMAN, *arguments, "--server", server.url, "--user", "kim", "--password-file", file],
            capture_output=True,
            text=True,
            timeout=60,
        )
        said += done.stdout + done.stderr
    refused = subprocess.run(
        [VMAN, "vm", "list", "--server", f"http://kim:{CANARY}@127.0.0.1:{server.port}"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode != 0
    assert CANARY not in said + refused.stdout + refused.stderr


def test_credentials_in_a_platforms_address_are_not_shown(serve):
    """Nobody listens there; the log says so, and the host's name, without the password."""
    server = serve("sim://?vms=1", f"qemu+tcp://root:{CANARY}@127.0.0.1:1/system")
    with server.manager() as manager:
        answers = [i.tocimxmlstr() for i in manager.conn.EnumerateInstances("CIM_ManagedElement")]
    log = server.log.read_text()
    assert "127.0.0.1" in log
    assert CANARY not in log + "".join(answers)


def test_no_file_is_anyone_elses(server):
    """The state directory is closed, and what is in it is so by itself, but for certificates and the demo's image."""
    with server.manager() as manager:
        manager.names()
    assert stat.S_IMODE(server.state.stat().st_mode) == 0o700
    for path in server.state.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if path.parent == server.images or path.suffix == ".crt":
            assert mode & 0o022 == 0, path
        else:
            assert mode & 0o077 == 0, (path, oct(mode))
    assert not list(server.state.rglob(".*.*")), "no file is left half-written"


@pytest.mark.lab
def test_what_an_embedded_hypervisor_writes_is_private(serve, tmp_path):
    before = os.umask(0)
    try:
        folder = tmp_path / "s"
        server = serve(f"qemu:///embed?root={tmp_path}/e", state=folder)
    finally:
        os.umask(before)
    with server.manager() as manager:
        system = manager.define("private", manager.disk("openvman-demo.img", Access=1))
        assert manager.request(system, 2) == 0
        try:
            _check_private(tmp_path / "e")
        finally:
            assert manager.request(system, 3) == 0
            assert manager.destroy(system) == 0


def _check_private(folder):
    """Nobody else gets to a file, by its own mode or by that of a folder above it."""
    found = 0
    for path in folder.rglob("*"):
        chain = [path, *(parent for parent in path.parents if parent.is_relative_to(folder))]
        modes = [stat.S_IMODE(each.lstat().st_mode) for each in chain]
        assert any(mode & 0o077 == 0 for mode in modes), [*zip(chain, map(oct, modes), strict=True)]
        found += path.is_file()
    assert found
