"""The small parts: worker threads, the table of errors, the search for KVM, the host's identity, consoles."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import libvirt
import pytest

from openvman.drivers.libvirt import console, host, kvm, xml
from openvman.drivers.libvirt.address import parse
from openvman.drivers.libvirt.errors import PROBLEMS, translate
from openvman.drivers.libvirt.lines import no_answer
from openvman.drivers.libvirt.use import Use
from openvman.drivers.libvirt.workers import Workers
from openvman.messages.hypervisor import CANNOT
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError

# Worker threads


@pytest.fixture
def workers():
    made = Workers("test", 2)
    yield made
    made.end()


async def test_work_is_done_in_another_thread(workers) -> None:
    assert await workers.submit(threading.get_ident) != threading.get_ident()


async def test_errors_reach_who_waits(workers) -> None:
    with pytest.raises(ZeroDivisionError):
        await workers.submit(lambda: 1 // 0)


async def test_two_at_a_time_and_all_in_the_end(workers) -> None:
    both = threading.Barrier(2, timeout=10)
    await asyncio.gather(*(workers.submit(both.wait) for _ in range(10)))


async def test_what_is_cancelled_before_it_began_is_not_done(workers) -> None:
    gate, done = threading.Event(), []
    blocking = [workers.submit(gate.wait) for _ in range(2)]
    late = workers.submit(lambda: done.append(1))
    late.cancel()
    gate.set()
    await asyncio.gather(*blocking)
    await workers.submit(int)
    assert done == []


async def test_what_is_cancelled_in_the_middle_harms_nobody(workers) -> None:
    gate, begun = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        gate.wait()

    future = workers.submit(work)
    await asyncio.to_thread(begun.wait)
    future.cancel()
    gate.set()
    assert await workers.submit(lambda: 1) == 1


def test_threads_do_not_hold_up_the_process(workers) -> None:
    """A thread that is stuck in a call of the hypervisor never ends, so it must be a daemon thread."""

    async def main() -> bool:
        return await workers.submit(lambda: threading.current_thread().daemon)

    assert asyncio.run(main())


# The use of a connection


def test_the_end_comes_at_once_when_nobody_is_inside() -> None:
    use, ended = Use(), []
    assert use.enter()
    use.leave()
    use.end(lambda: ended.append(1))
    assert ended == [1]


def test_the_end_waits_for_the_last_and_comes_once() -> None:
    use, ended = Use(), []
    assert use.enter()
    assert use.enter()
    use.end(lambda: ended.append(1))
    use.leave()
    assert ended == []
    use.leave()
    assert ended == [1]


def test_nobody_enters_after_the_end_has_been_asked_for() -> None:
    use = Use()
    assert use.enter()
    use.end(lambda: None)
    assert not use.enter()
    use.leave()
    assert not use.enter()


# Errors


def failure(code: int, message: str = "message of the hypervisor") -> libvirt.libvirtError:
    error = libvirt.libvirtError(message)
    error.err = (code, libvirt.VIR_FROM_QEMU, message, libvirt.VIR_ERR_ERROR, None, None, None, -1, -1)
    return error


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (libvirt.VIR_ERR_NO_DOMAIN, Problem.NOT_FOUND),
        (libvirt.VIR_ERR_OPERATION_INVALID, Problem.INVALID_STATE),
        (libvirt.VIR_ERR_NO_SUPPORT, Problem.NOT_SUPPORTED),
        (libvirt.VIR_ERR_XML_ERROR, Problem.INVALID_PARAMETER),
        (libvirt.VIR_ERR_RESOURCE_BUSY, Problem.BUSY),
        (libvirt.VIR_ERR_OPERATION_TIMEOUT, Problem.TIMEOUT),
        (libvirt.VIR_ERR_OPERATION_DENIED, Problem.ACCESS_DENIED),
        (libvirt.VIR_ERR_RPC, Problem.UNAVAILABLE),
        (libvirt.VIR_ERR_INTERNAL_ERROR, Problem.FAILED),
        (999, Problem.FAILED),
    ],
)
def test_the_hypervisors_message_is_kept(code, problem) -> None:
    found = translate(failure(code), "do it", "subject")
    assert (found.problem, found.subject) == (problem, "subject")
    assert found.message == "Cannot do it: message of the hypervisor."


def test_every_error_of_libvirt_has_its_row() -> None:
    assert {row.problem for row in CANNOT.values()} == {*PROBLEMS.values(), Problem.FAILED}


def test_a_sentence_of_the_hypervisor_ends_once() -> None:
    found = translate(failure(libvirt.VIR_ERR_INTERNAL_ERROR, "the monitor said: no.\n"), "do it", None)
    assert found.message == "Cannot do it: the monitor said: no."


@pytest.mark.parametrize(
    ("reason", "way_out"),
    [
        ("Failed to connect socket to '/none': No such file or directory", "Start the daemon (libvirtd)"),
        ("authentication failed: access denied by policy", "Allow this user"),
        ("no connection driver available for vax:///system", "Install the hypervisor's libvirt driver package"),
        ("something that nobody has heard of", ""),
    ],
)
def test_who_does_not_answer_has_a_way_out_where_one_is_known(reason: str, way_out: str) -> None:
    said = no_answer("qemu:///system", reason).said
    assert said.text == f"qemu:///system does not answer: {reason}."
    assert said.action.startswith(way_out)
    assert bool(said.action) == bool(way_out)


def test_on_a_dead_connection_everything_is_unavailable() -> None:
    assert translate(failure(libvirt.VIR_ERR_INTERNAL_ERROR), "x", None, alive=False).problem is Problem.UNAVAILABLE


def test_a_name_that_was_taken_meanwhile() -> None:
    error = failure(libvirt.VIR_ERR_OPERATION_FAILED, "domain 'a' already exists with uuid 1")
    assert translate(error, "x", None).problem is Problem.ALREADY_EXISTS


# KVM


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Says what the machine's processor and device are."""

    def make(flags: str, *, device: bool = True, mode: int = 0o666) -> None:
        cpuinfo, kvm_device = tmp_path / "cpuinfo", tmp_path / "kvm"
        cpuinfo.write_text(f"processor\t: 0\nmodel name\t: A Processor\nflags\t\t: fpu {flags} sse\n")
        kvm_device.unlink(missing_ok=True)
        if device:
            kvm_device.touch()
            kvm_device.chmod(mode)
        monkeypatch.setattr(kvm, "CPUINFO", cpuinfo)
        monkeypatch.setattr(kvm, "DEVICE", kvm_device)
        kvm._cpuinfo.cache_clear()

    yield make
    kvm._cpuinfo.cache_clear()


@pytest.mark.parametrize(
    ("flags", "device", "architecture", "can"),
    [
        ("vmx", True, "x86_64", True),
        ("svm", True, "x86_64", True),
        ("vmx", False, "x86_64", False),
        ("", True, "x86_64", False),
        ("vmxx", True, "x86_64", False),
        ("", True, "aarch64", True),
        ("", False, "aarch64", False),
    ],
)
def test_kvm_is_believed_by_evidence(machine, flags, device, architecture, can) -> None:
    machine(flags, device=device)
    assert kvm.processor_can(architecture) is can
    assert kvm.processor_name() == "A Processor"


@pytest.mark.skipif(os.geteuid() != 0, reason="the file must belong to root")
@pytest.mark.parametrize(("mode", "closed"), [(0o600, True), (0o660, False), (0o666, False)])
def test_the_trap_of_a_closed_device(machine, mode, closed) -> None:
    machine("vmx", mode=mode)
    assert kvm.device_is_closed() is closed
    machine("vmx", device=False)
    assert not kvm.device_is_closed()


# The host's identity

BOARD = "5f0e6b9c-2f1a-4c52-9d4e-0a2b4c6d8e10"


@pytest.fixture
def identity(tmp_path, monkeypatch):
    """Makes the host's id out of what libvirt and the machine say."""
    for name in ("machine-id", "product_uuid", "libvirtd.conf"):
        (tmp_path / name).touch()
    monkeypatch.setattr(host, "_MACHINE_ID", tmp_path / "machine-id")
    monkeypatch.setattr(host, "_DMI_UUID", tmp_path / "product_uuid")
    monkeypatch.setattr(host, "_DAEMON_CONFIGURATION", tmp_path / "libvirtd.conf")

    def find(uri: str, libvirts: str, *, machine: str = "m1", board: str = "", configured: str = "") -> str:
        (tmp_path / "machine-id").write_text(machine)
        (tmp_path / "product_uuid").write_text(board)
        (tmp_path / "libvirtd.conf").write_text(f'host_uuid = "{configured}"\n')
        capabilities = xml.parse(f"<capabilities><host><uuid>{libvirts}</uuid></host></capabilities>")
        return host._host_id(capabilities, parse(uri), "name")

    return find


RANDOM = ("8f0e6b9c-2f1a-4c52-9d4e-0a2b4c6d8e10", "9f0e6b9c-2f1a-4c52-9d4e-0a2b4c6d8e10")


def test_the_boards_uuid_is_the_hosts(identity) -> None:
    assert identity("qemu:///system", BOARD.upper(), board=BOARD) == BOARD
    assert identity("qemu:///system", BOARD, configured=BOARD) == BOARD
    assert identity("qemu+ssh://there/system", BOARD) == BOARD
    assert identity("qemu+unix:///system?socket=/x", BOARD) == BOARD


@pytest.mark.parametrize("uri", ["qemu:///system", "qemu:///embed?root=/a", "lxc:///"])
def test_a_uuid_that_libvirt_makes_up_at_each_start_is_not_used(identity, uri) -> None:
    found = {identity(uri, each) for each in RANDOM}
    assert len(found) == 1
    assert found.isdisjoint(RANDOM)
    assert identity(uri, RANDOM[0], machine="m2") not in found


def test_a_uuid_that_many_boards_share_is_not_used(identity) -> None:
    shared = "03000200-0400-0500-0006-000700080009"
    one, two = (identity("qemu:///system", shared, board=shared, machine=each) for each in ("m1", "m2"))
    assert one != two
    assert shared not in {one, two}


def test_hypervisors_of_one_machine_are_hosts_of_their_own(identity) -> None:
    uris = ("qemu:///system", "lxc:///", "qemu:///embed?root=/a", "qemu:///embed?root=/b", "test:///default")
    assert len({identity(uri, "") for uri in uris}) == len(uris)


def test_the_machine_id_is_not_given_away(identity) -> None:
    secret = "0123456789abcdef0123456789abcdef"
    assert identity("qemu:///system", "", machine=secret).replace("-", "") != secret


# Consoles


@pytest.fixture
def log(tmp_path) -> Path:
    path = tmp_path / "a.log"
    path.write_bytes(b"0123456789")
    return path


@pytest.mark.parametrize(
    ("offset", "limit", "data", "at"),
    [(0, 100, b"0123456789", 0), (4, 3, b"456", 4), (10, 5, b"", 10), (11, 5, b"01234", 0), (0, 0, b"", 0)],
)
def test_a_piece_of_a_log(log, offset, limit, data, at) -> None:
    chunk = console.read(log, offset, limit)
    assert (chunk.data, chunk.offset, chunk.size) == (data, at, 10)


def test_what_is_no_log(tmp_path, log) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(log)
    for name in ("pipe", "link", "."):
        with pytest.raises(ModelError) as caught:
            console.read(tmp_path / name, 0, 10)
        assert caught.value.problem is Problem.NOT_FOUND
    assert console.read(tmp_path / "none", 5, 10).size == 0
    for offset, limit in ((-1, 1), (0, -1)):
        with pytest.raises(ModelError):
            console.read(log, offset, limit)


def test_rotated_logs_go_too(tmp_path, log) -> None:
    for name in ("a.log.0", "a.log.1", "a.log.x", "b.log"):
        (tmp_path / name).touch()
    console.remove(log)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.log.x", "b.log"]


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("/logs/a.log", True),
        ("/logs/../etc/shadow", False),
        ("/logs/sub/a.log", False),
        ("/etc/shadow", False),
        ("/logs/..", False),
        ("/logs", False),
        ("a.log", False),
        ("", False),
    ],
)
def test_only_logs_of_the_folder_are_read(named, found) -> None:
    serial = xml.parse(f"<serial type='pty'><log file='{named}'/></serial>")
    assert (console.log_of(serial, Path("/logs")) is not None) is found
    assert console.log_of(serial, None) is None
