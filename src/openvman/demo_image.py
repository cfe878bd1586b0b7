"""The image that ``vman demo`` boots, kept by every server in its first image folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from openvman.client.boot_sector import boot_sector
from openvman.client.demo_guest import IMAGE, LINE
from openvman.store.files import write_whole

_SIZE: Final = 2**20
"""Bytes. The firmware does not boot from a disk of less than a cylinder."""
_READABLE: Final = 0o644
"""A hypervisor's guests may run as another user."""


def place(folder: Path) -> Path:
    """Put the image into ``folder``, which is made when it is not there; the same one that is there is left alone."""
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    path = folder / IMAGE
    content = boot_sector(LINE).ljust(_SIZE, b"\0")
    if not path.exists() or path.read_bytes() != content:
        write_whole(path, content, _READABLE)
    return path
