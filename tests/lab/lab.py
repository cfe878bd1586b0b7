"""Private hosts: a libvirtd with namespaces of its own on this machine, as good as another computer to a driver.

Everything of a host (guests, daemons, bridges, mounts) lives in its namespaces and ends with their first process. What
is left to remove is a folder and its control groups.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from openvman.client.boot_sector import boot_sector

HERE: Final = Path(__file__).parent
CGROUP: Final = Path("/sys/fs/cgroup")
CONTROLLERS: Final = ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids")
PROGRAMS: Final = ("libvirtd", "qemu-system-x86_64", "qemu-img", "setpriv", "unshare", "nsenter", "ip")
SECONDS: Final = 60.0
IO_HELPERS: Final = (Path("/usr/lib/libvirt/libvirt_iohelper"), Path("/usr/libexec/libvirt_iohelper"))

_DAEMON: Final = """\
auth_unix_rw = "none"
auth_unix_ro = "none"
host_uuid = "{id}"
log_outputs = "3:file:{folder}/log/libvirtd.log"
"""
_QEMU: Final = """\
user = "root"
group = "root"
security_driver = "none"
stdio_handler = "file"
namespaces = [ ]
remember_owner = 0
"""

# The boot sector jumps from 0Bh to its start; here it jumps to code behind the text, which then jumps there.
_JUMP: Final = 0x0C
_TEXT: Final = 0x73
_FILL: Final = 0x180
_FILL_CODE: Final = bytes.fromhex(
    # A segment that reaches all memory, left behind by a visit to protected mode.
    "0F0116B07D"  #    180        lgdt [7DB0h]
    "0F20C0"  #        185        mov eax, cr0
    "0C010F22C0"  #    188        or al, 1; mov cr0, eax
    "BB08008EC3"  #    18D        mov bx, 8; mov es, bx
    "24FE0F22C0"  #    192        and al, 0FEh; mov cr0, eax
    "66BF00001000"  #  197        mov edi, 100000h       from 1 MiB
    "66B900004000"  #  19D        mov ecx, 400000h       16 MiB
    "F36766AB"  #      1A3        rep stosd
    "EA107C0000"  #    1A7        jmp 0000h:7C10h
    "90909090"  #      1AC
    "0F00B87D0000"  #  1B0        16 bytes of descriptors at 7DB8h
    "0000"  #          1B6
    "0000000000000000"  # 1B8     none
    "FFFF00000092CF00"  # 1C0     data, 0 to 4 GiB
)


def missing() -> str | None:
    """Why no private host can be made on this machine; None when one can."""
    if os.geteuid() != 0:
        return "a private host needs root"
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if absent:
        return f"a private host needs {', '.join(absent)}"
    tried = subprocess.run(
        [
            "unshare",
            "--mount",
            "--net",
            "--pid",
            "--ipc",
            "--uts",
            "--cgroup",
            "--fork",
            "mount",
            "-t",
            "tmpfs",
            "x",
            "/mnt",
        ],
        capture_output=True,
        text=True,
    )
    return f"namespaces cannot be made: {tried.stderr.strip()}" if tried.returncode else None


def boot_sector_image(folder: Path, line: str = "hello from the guest", name: str = "guest.img") -> Path:
    """A raw image of 1 MiB whose guest prints ``line`` on its first serial port and sleeps."""
    path = folder / name
    path.write_bytes(boot_sector(line).ljust(1 << 20, b"\0"))
    return path


def filling_image(folder: Path, line: str = "hello from the guest", name: str = "filling.img") -> Path:
    """The same, whose guest writes to 16 MiB of its memory before it prints: they take a while to be saved."""
    sector = bytearray(boot_sector(line))
    end = sector[_TEXT:].index(0) + _TEXT + 1
    assert end <= _FILL, "the line leaves no room"
    sector[_FILL : _FILL + len(_FILL_CODE)] = _FILL_CODE
    sector[_JUMP : _JUMP + 2] = (0x7C00 + _FILL).to_bytes(2, "little")
    path = folder / name
    path.write_bytes(bytes(sector).ljust(1 << 20, b"\0"))
    return path


def wait_for(what: str, found: Callable[[], object], seconds: float = SECONDS) -> None:
    """Look until ``found`` says so; fails with ``what`` when it does not in time."""
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    """The processes whose parent is ``pid``, as seen from here."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name in parentheses may hold anything; what follows the last one is plain.
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


_MAKE_TAPS: Final = """
while :; do
    for device in /sys/class/net/*/tap*/dev; do
        [ -e "$device" ] || continue
        node=/dev/$(basename "$(dirname "$device")")
        [ -e "$node" ] || mknod "$node" c $(tr : " " <"$device")
    done
    sleep 0.005
done
"""


class PrivateHost:
    """One host; ``start`` it first, and ``stop`` it at the end whatever happened.

    ``socket`` is its libvirtd's, ``uri`` the driver's address of it for virtual machines and ``container_uri`` for
    containers, ``images`` a folder that its guests can use.
    """

    def __init__(self, name: str | None = None) -> None:
        self.id = str(uuid.uuid4())
        self.name = name or f"host-{self.id[:8]}"
        # A socket's path has at most 107 characters, so not below pytest's long folders.
        self.folder = Path(tempfile.mkdtemp(prefix="vlab-"))
        self.socket = self.folder / "run" / "libvirt-sock"
        self.images = self.folder / "images"
        self.uri = f"qemu+unix:///system?socket={self.socket}&console_logs={self.folder}/log/console"
        self.libvirt_uri = f"qemu+unix:///system?socket={self.socket}"
        self.container_uri = f"lxc+unix:///system?socket={self.socket}"
        self._group = f"vlab-{self.id[:8]}"
        self._namespaces: subprocess.Popen[str] | None = None
        self._first = 0
        self._daemon: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the namespaces and start the daemon. Takes about half a second."""
        for part in ("run", "lib", "etc", "cache", "log/console", "dev", "images"):
            (self.folder / part).mkdir(parents=True)
        (self.folder / "etc/libvirtd.conf").write_text(_DAEMON.format(id=self.id, folder=self.folder))
        (self.folder / "etc/qemu.conf").write_text(_QEMU)
        version, groups = self._make_groups()
        # Whatever ends the test process ends the host.
        bound = ["setpriv", "--pdeathsig", "SIGKILL", "--"]
        unshare = [*bound, "unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
        # What is in a control group when its namespace is made sees the group as the root of all.
        join = 'for group in $1; do echo 0 >$group/cgroup.procs; done; shift; exec unshare --cgroup "$@"'
        joined = ["sh", "-ec", join, "sh", " ".join(map(str, groups))]
        setup = ["sh", "-ec", '"$1" "$2" "$3" "$4"; shift 4; exec "$@"', "sh", str(HERE / "setup.sh")]
        first = [sys.executable, "-S", "-E", str(HERE / "init.py")]
        with (self.folder / "log/setup").open("w") as log:
            self._namespaces = subprocess.Popen(
                [*unshare, *joined, *setup, str(self.folder), self.name, version, *first],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self._namespaces.stdout is not None
        said = self._namespaces.stdout.readline()
        assert said == "ready\n", f"the private host did not come up: {(self.folder / 'log/setup').read_text()}"
        (self._first,) = children(self._namespaces.pid)
        self.start_daemon()

    def start_daemon(self) -> None:
        """Start libvirtd (again) and wait for its socket."""
        self.socket.unlink(missing_ok=True)
        with (self.folder / "log/daemon").open("a") as log:
            self._daemon = subprocess.Popen(
                [*self._enter(), "libvirtd", "-p", f"{self.folder}/libvirtd.pid", "-f", "/etc/libvirt/libvirtd.conf"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                preexec_fn=self._join_groups,  # noqa: PLW1509 - it writes to files and takes no lock
            )
        wait_for("libvirtd's socket", lambda: _answers(self.socket))

    @property
    def daemon_runs(self) -> bool:
        return self._daemon is not None and self._daemon.poll() is None

    def kill_daemon(self) -> None:
        """End libvirtd at once. Guests go on."""
        assert self._daemon is not None
        self.signal_daemon(signal.SIGKILL)
        self._daemon.wait(SECONDS)

    def signal_daemon(self, number: signal.Signals) -> None:
        """Send libvirtd a signal, such as SIGSTOP."""
        assert self._daemon is not None
        for pid in children(self._daemon.pid):
            os.kill(pid, number)
        if number is signal.SIGCONT:
            os.kill(self._daemon.pid, number)  # nsenter stops itself when its child is stopped

    def run(self, *command: str) -> str:
        """Run a program in the host and return what it printed; a failure fails the test."""
        done = subprocess.run([*self._enter(), *command], capture_output=True, text=True, timeout=SECONDS)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def virsh(self, *arguments: str, uri: str | None = None) -> str:
        """Run virsh beside the driver, as another person would; ``uri`` where it is not about virtual machines."""
        done = subprocess.run(
            ["virsh", "-q", "-c", uri or self.libvirt_uri, *arguments], capture_output=True, text=True, timeout=SECONDS
        )
        assert done.returncode == 0, f"virsh {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    @contextmanager
    def tap_devices(self) -> Iterator[None]:
        """In its block every macvtap interface has its device below /dev, as udev would make it."""
        with subprocess.Popen([*self._enter(), "sh", "-c", _MAKE_TAPS], start_new_session=True) as maker:
            try:
                yield
            finally:
                os.killpg(maker.pid, signal.SIGKILL)

    @contextmanager
    def holding_saves(self) -> Iterator[Callable[[], None]]:
        """In its block what guests' memory is saved through waits for the call of what it gives."""
        helper = next(path for path in IO_HELPERS if path.exists())
        real, hold, script = (self.folder / name for name in ("iohelper", "hold", "waiting-iohelper"))
        shutil.copy(helper, real)
        hold.touch()
        script.write_text(f'#!/bin/sh\nwhile [ -e {hold} ]; do sleep 0.02; done\nexec {real} "$@"\n')
        script.chmod(0o755)
        self.run("mount", "--bind", str(script), str(helper))
        try:
            yield lambda: hold.unlink(missing_ok=True)
        finally:
            hold.unlink(missing_ok=True)
            self.run("umount", str(helper))

    def stop(self) -> None:
        """End every process of the host and remove what it leaves."""
        if self._daemon is not None and self._daemon.poll() is None:
            # A stopped nsenter would not reap the daemon, and its process namespace could not end.
            self._daemon.send_signal(signal.SIGCONT)
        if self._namespaces is not None:
            if self._first:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._first, signal.SIGKILL)  # the kernel ends all others of its namespace first
            else:
                self._namespaces.kill()
            self._namespaces.wait(SECONDS)
            assert self._namespaces.stdout is not None
            self._namespaces.stdout.close()
        if self._daemon is not None:
            self._daemon.wait(SECONDS)
        for group in self._groups():
            for each in sorted(group.glob("**/"), reverse=True):
                wait_for(f"the end of {each}", partial(_removed, each))
        shutil.rmtree(self.folder)

    def _enter(self) -> list[str]:
        return ["nsenter", "-t", str(self._first), "-m", "-u", "-i", "-n", "-p", "-C", "--"]

    def _make_groups(self) -> tuple[str, list[Path]]:
        """Control groups for the host, whichever version this machine has; none where there are none."""
        groups = [parent / self._group for parent in self._parents()]
        for group in groups:
            group.mkdir()
        if (CGROUP / "cgroup.controllers").exists():
            return "2", groups
        for name in ("cpuset.cpus", "cpuset.mems"):
            if (CGROUP / "cpuset" / name).exists():
                (CGROUP / "cpuset" / self._group / name).write_text((CGROUP / "cpuset" / name).read_text())
        if (CGROUP / "cpuset/cgroup.clone_children").exists():
            (CGROUP / "cpuset" / self._group / "cgroup.clone_children").write_text("1")
        (self.folder / "controllers").write_text(" ".join(group.parent.name for group in groups))
        return "1" if groups else "none", groups

    def _join_groups(self) -> None:
        """Put this process where the host's first one is."""
        for group in self._groups():
            daemon = group / "daemon"
            (daemon if daemon.exists() else group).joinpath("cgroup.procs").write_text("0")

    def _parents(self) -> list[Path]:
        if (CGROUP / "cgroup.controllers").exists():
            return [CGROUP]
        return [CGROUP / name for name in CONTROLLERS if (CGROUP / name / "cgroup.procs").exists()]

    def _groups(self) -> list[Path]:
        return [group for parent in self._parents() if (group := parent / self._group).exists()]


def _answers(path: Path) -> bool:
    """Whether somebody accepts connections there: a socket that exists may not listen yet."""
    with socket.socket(socket.AF_UNIX) as line:
        return line.connect_ex(str(path)) == 0


def _removed(group: Path) -> bool:
    """Remove an empty control group; its last processes may still be ending."""
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
