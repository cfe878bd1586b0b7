"""Disks for private hosts: loop devices over files, with what the tests make on them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from tests.lab.lab import PrivateHost

MIB: Final = 1 << 20
_CONTROL: Final = Path("/dev/loop-control")
_MAPPER: Final = "device-mapper"


def needed(*programs: str) -> None:
    """Skip the test where no disk can be had, or a program that is run on it."""
    lacking = [program for program in ("losetup", *programs) if shutil.which(program) is None]
    if not _CONTROL.exists():
        lacking.append("loop devices")
    if lacking:
        pytest.skip(f"disks for storage pools need {', '.join(lacking)}")


def has_mapper() -> bool:
    """Whether this kernel maps devices, as the volumes of a volume group are."""
    return _MAPPER in Path("/proc/misc").read_text()


@contextmanager
def disk(host: PrivateHost, file: Path, size: int = 64 * MIB) -> Iterator[Path]:
    """An empty disk of the host, which nobody else has. ``file`` is made for it.

    It is in a folder where the kernel shows its partitions too, as in any machine's /dev but not in the host's.
    """
    folder = host.folder / "devices"
    folder.mkdir()
    host.run("mount", "-t", "devtmpfs", "devtmpfs", str(folder))
    try:
        file.write_bytes(b"")
        os.truncate(file, size)
        attached = subprocess.run(
            ["losetup", "--find", "--show", "--partscan", str(file)], capture_output=True, text=True, check=True
        )
        device = Path(attached.stdout.strip())
        try:
            yield folder / device.name
        finally:
            subprocess.run(["losetup", "--detach", str(device)], check=True)
    finally:
        host.run("umount", str(folder))
        folder.rmdir()


@contextmanager
def volume_group(host: PrivateHost, device: Path, name: str) -> Iterator[None]:
    """A volume group on a disk; it is forgotten afterwards. LVM keeps no record of it on this machine."""
    node = Path("/dev", device.name)
    host.run("mount", "-t", "tmpfs", "lvm", "/etc/lvm")
    try:
        host.run("ln", "-s", str(device), str(node))
        host.run("vgcreate", "--quiet", name, str(node))
        yield
        host.run("vgremove", "--quiet", "--force", name)
    finally:
        host.run("rm", "--force", str(node))
        host.run("umount", "/etc/lvm")
