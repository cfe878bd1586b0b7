"""What on this machine is the host's own and no guest's disk. Every function blocks."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

_OWN: Final = (
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc",
    "/root/.gnupg",
    "/root/.ssh",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/lib/openvman",
)
"""Folders of which no file is a disk."""
_KEPT_OUT: Final = frozenset({".ssh", ".gnupg"})
"""Folders of secrets, wherever they are."""
_MOUNTS: Final = Path("/proc/self/mountinfo")
_SWAPS: Final = Path("/proc/swaps")
_BLOCK: Final = Path("/sys/dev/block")


def is_block_device(path: str) -> bool:
    try:
        return stat.S_ISBLK(os.stat(path).st_mode)  # noqa: PTH116 - the path need not be a valid one
    except (OSError, ValueError):
        return False


def reason_against(path: str) -> str | None:
    """Why the path, or what it leads to, cannot be a disk; None when nothing speaks against it."""
    if is_block_device(path):
        return _reason_against_device(path)
    for name in (os.path.normpath(path), os.path.realpath(path)):
        folder = next((own for own in _OWN if name == own or name.startswith(f"{own}/")), None)
        if folder is not None:
            return f"{folder} holds the host's own files"
        kept_out = _KEPT_OUT.intersection(Path(name).parts)
        if kept_out:
            return f"a folder {min(kept_out)} holds secrets"
    return None


def _reason_against_device(path: str) -> str | None:
    """A device that the host uses itself is lost when a guest writes to it."""
    device = os.stat(path).st_rdev  # noqa: PTH116
    parts = {device, *_partitions(device)}
    if parts & _mounted():
        return "the host has mounted it, or a part of it"
    if parts & _swapped_to():
        return "the host swaps to it"
    return None


def _partitions(device: int) -> set[int]:
    folder = _BLOCK / f"{os.major(device)}:{os.minor(device)}"
    found: set[int] = set()
    try:
        for part in folder.iterdir():
            if (part / "partition").exists():
                major, _, minor = (part / "dev").read_text().strip().partition(":")
                found.add(os.makedev(int(major), int(minor)))
    except OSError:
        return found  # the kernel tells nothing of it here
    return found


def _mounted() -> set[int]:
    found: set[int] = set()
    for line in _MOUNTS.read_text().splitlines():
        major, _, minor = line.split()[2].partition(":")
        found.add(os.makedev(int(major), int(minor)))
    return found


def _swapped_to() -> set[int]:
    found: set[int] = set()
    for line in _lines(_SWAPS)[1:]:
        try:
            status = os.stat(line.split()[0])  # noqa: PTH116
        except (OSError, IndexError):
            continue  # a file that is gone from this name space
        found.add(status.st_rdev)
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
