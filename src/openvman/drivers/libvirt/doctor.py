"""What this machine has for running virtual systems, and what to do about what it lacks."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from openvman.drivers.libvirt import binding_is_there, kvm
from openvman.model.errors import ModelError

Level = Literal["ok", "warn", "fail"]

SYSTEM_URI: Final = "qemu:///system"
EMBEDDED_URI: Final = "qemu:///embed"
PROBE_SECONDS: Final = 3.0
CONTROLLERS: Final = (Path("/usr/lib/libvirt/libvirt_lxc"), Path("/usr/libexec/libvirt_lxc"))
"""The program that libvirt's driver for containers starts for each; it is where the driver is."""
FUSE: Final = Path("/dev/fuse")
GROUPS: Final = (Path("/sys/fs/cgroup/cgroup.controllers"), Path("/sys/fs/cgroup/memory"))
"""Control groups of the second version, or the first."""
_SOCKETS: Final = (Path("/run/libvirt/virtqemud-sock"), Path("/run/libvirt/libvirt-sock"))


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: its name, how it is, what was found, and the cure where it is not well."""

    name: str
    level: Level
    found: str
    cure: str | None = None


def emulator() -> str | None:
    """The path of the QEMU that emulates this machine's architecture; None when there is none."""
    names = (f"qemu-system-{platform.machine()}", "qemu-kvm")
    return next((found for name in names if (found := shutil.which(name))), None) or _existing("/usr/libexec/qemu-kvm")


def _existing(path: str) -> str | None:
    return path if os.access(path, os.X_OK) else None


@dataclass(frozen=True, slots=True)
class Daemon:
    """What the machine's own daemon answered: its version and active networks, or the reason why it did not."""

    version: str | None
    networks: tuple[str, ...] | None
    reason: str | None


async def ask_daemon() -> Daemon:
    """Ask the machine's own daemon, for at most ``PROBE_SECONDS``. Connects to what is there and starts nothing."""
    if not binding_is_there():
        return Daemon(None, None, "libvirt's Python binding is missing")
    if not any(socket.exists() for socket in _SOCKETS):
        return Daemon(None, None, f"there is no socket {_SOCKETS[-1]}")
    # The binding is imported here, where it is known to be there.
    from openvman.drivers.libvirt.address import parse  # noqa: PLC0415
    from openvman.drivers.libvirt.connection import Connection, version_text  # noqa: PLC0415
    from openvman.drivers.libvirt.networks import networks_of  # noqa: PLC0415

    connection = Connection(parse(SYSTEM_URI), PROBE_SECONDS)

    def ask(raw: Any) -> Daemon:
        networks = networks_of(raw, "")
        names = None if networks is None else tuple(network.name for network in networks if network.active)
        return Daemon(version_text(raw.getLibVersion()), names, None)

    try:
        await connection.open(lambda _reason: None)
        try:
            return await connection.call(ask, "ask for the version")
        finally:
            await connection.close()
    except ModelError as error:
        return Daemon(None, None, error.said.text.removesuffix("."))  # the doctor has its own cures


async def diagnose() -> list[Check]:
    """Look at everything; takes at most some seconds and changes nothing."""
    daemon = await ask_daemon()
    return [_binding(), _daemon(daemon), _emulator(), _images(), *_kvm(), _networks(daemon), _containers()]


def _binding() -> Check:
    name = "libvirt binding"
    if not binding_is_there():
        return Check(name, "fail", "the Python module libvirt is not installed", "pip install 'openvman[libvirt]'")
    from openvman.drivers.libvirt.connection import binding_version  # noqa: PLC0415 - optional

    return Check(name, "ok", f"libvirt {binding_version()}")


def _daemon(daemon: Daemon) -> Check:
    name = "libvirt daemon"
    if daemon.version is not None:
        return Check(name, "ok", f"{SYSTEM_URI} answers, version {daemon.version}")
    cure = "install libvirt-daemon-system and start libvirtd; without it an embedded QEMU is used"
    return Check(name, "warn", daemon.reason or "it does not answer", cure)


def _emulator() -> Check:
    path = emulator()
    if path is None:
        found = f"there is no qemu-system-{platform.machine()}"
        return Check("QEMU", "fail", found, "install QEMU (Debian: qemu-system-x86, Fedora: qemu-kvm)")
    return Check("QEMU", "ok", path)


def _images() -> Check:
    path = shutil.which("qemu-img")
    if path is None:
        found = "there is no qemu-img: images cannot be looked at or made"
        return Check("disk images", "fail", found, "install qemu-utils (Fedora: qemu-img)")
    return Check("disk images", "ok", path)


def _kvm() -> list[Check]:
    if not kvm.DEVICE.exists():
        cure = "load the kernel module (modprobe kvm_intel or kvm_amd), or enable virtualization in the firmware"
        return [Check("KVM", "warn", f"there is no {kvm.DEVICE}: guests are emulated, which is slow", cure)]
    checks = []
    if kvm.processor_can(platform.machine()):
        checks.append(Check("KVM", "ok", f"{kvm.DEVICE} and the processor's flag are there"))
    else:
        found = f"{kvm.DEVICE} is there, but the processor shows neither vmx nor svm: guests are emulated"
        checks.append(Check("KVM", "warn", found, "enable nested virtualization for this machine, or use another one"))
    if kvm.device_is_closed():
        found = (
            f"only root may open {kvm.DEVICE}: libvirt drops its capability cache each time, and defining takes 10 s"
        )
        checks.append(Check("KVM device", "warn", found, f'chmod 0666 {kvm.DEVICE}, or user = "root" in qemu.conf'))
    return checks


def _networks(daemon: Daemon) -> Check:
    name = "virtual networks"
    if daemon.networks is None:
        found = "without a daemon there are none: guests use user-mode networking or bridges"
        return Check(name, "warn", found, "start the libvirt daemon to have virtual networks")
    if shutil.which("dnsmasq") is None and not Path("/usr/sbin/dnsmasq").exists():
        return Check(name, "warn", "dnsmasq is missing: networks cannot give addresses", "install dnsmasq-base")
    if not daemon.networks:
        return Check(name, "warn", "none is active", "virsh net-start default && virsh net-autostart default")
    return Check(name, "ok", ", ".join(daemon.networks))


def _containers() -> Check:
    name = "containers"
    if not any(path.exists() for path in CONTROLLERS):
        package = "Debian: libvirt-daemon-driver-lxc, Fedora: libvirt-daemon-lxc"
        return Check(name, "ok", f"libvirt's driver for them, which lxc:///system needs, is not installed ({package})")
    if not FUSE.exists():
        found = f"there is no {FUSE}: no container starts, for each is shown its own /proc/meminfo by it"
        return Check(name, "warn", found, "load the kernel module (modprobe fuse), or let this machine have the device")
    if not any(path.exists() for path in GROUPS):
        return Check(name, "warn", "no control groups are to be seen: no container starts", "mount /sys/fs/cgroup")
    return Check(name, "ok", "libvirt's driver for them is there: the platform lxc:///system")
