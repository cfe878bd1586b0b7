"""The disk images of simulated hosts: a table, no files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from openvman.drivers.contract import Image
from openvman.messages import hypervisor_storage
from openvman.model.errors import ModelError

FOLDER: Final = "/simulated/images"
"""Where the images of a fleet's systems are."""

FORMATS: Final = ("raw", "qcow2")

_BUILT_IN: Final = {
    f"{FOLDER}/small.qcow2": ("qcow2", 1 << 30),
    f"{FOLDER}/large.qcow2": ("qcow2", 100 << 30),
    f"{FOLDER}/plain.raw": ("raw", 10 << 30),
    f"{FOLDER}/installer.iso": ("raw", 700 << 20),
}
"""What every host has from the start: path -> format, capacity in bytes."""


class Images:
    """The images of one platform, by host and path.

    A file that really exists on this machine is an image too (raw, as large as it is), so that a policy about real
    folders can be tried; it is never opened, changed or removed.
    """

    def __init__(self) -> None:
        self._table: dict[tuple[str, str], Image] = {}
        self._contents: dict[tuple[str, str], bytes] = {}

    def find(self, host_id: str, path: str) -> Image | None:
        """The image; None if there is none."""
        if path in _BUILT_IN:
            return _image(path, *_BUILT_IN[path])
        return self._table.get((host_id, path)) or _real(path)

    def capacity(self, host_id: str, path: str) -> int | None:
        found = self.find(host_id, path)
        return None if found is None else found.capacity

    def add(self, host_id: str, path: str, format: str, capacity: int, least: int = 1) -> None:
        """Make an image of so many bytes at least. INVALID_PARAMETER, NOT_SUPPORTED (format), ALREADY_EXISTS."""
        pure = PurePosixPath(path)
        if not pure.is_absolute() or ".." in pure.parts or not path.isprintable():
            raise ModelError(hypervisor_storage.IMAGE_PATH, path, path=path)
        if format not in FORMATS:
            raise ModelError(hypervisor_storage.IMAGE_FORMAT, "format", format=format, formats=FORMATS)
        if capacity < least:
            row = hypervisor_storage.IMAGE_CAPACITY if least else hypervisor_storage.VOLUME_CAPACITY
            raise ModelError(row, "capacity", capacity=capacity)
        if self.find(host_id, path) is not None:
            raise ModelError(hypervisor_storage.FILE_TAKEN, path, path=path)
        self._table[host_id, path] = _image(path, format, capacity)

    def write(self, host_id: str, path: str, content: bytes) -> None:
        """Make a raw image of the bytes, or replace one. INVALID_PARAMETER, ALREADY_EXISTS (what no call made)."""
        if (host_id, path) in self._table:
            self.remove(host_id, path)
        self.add(host_id, path, "raw", len(content))
        self._contents[host_id, path] = content

    def content(self, host_id: str, path: str) -> bytes | None:
        """What was written as an image's content; None for an image of which nothing is known but its size."""
        return self._contents.get((host_id, path))

    def below(self, host_id: str, folder: str) -> Iterator[Image]:
        """The images that were made in a folder."""
        return (i for (host, path), i in self._table.items() if host == host_id and path.startswith(f"{folder}/"))

    def remove(self, host_id: str, path: str) -> None:
        """Remove an image made by ``add`` or ``write``; anything else stays."""
        self._table.pop((host_id, path), None)
        self._contents.pop((host_id, path), None)


def _image(path: str, format: str, capacity: int) -> Image:
    return Image(path=path, format=format, capacity=capacity)


def _real(path: str) -> Image | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - the path need not be a valid one
    except (OSError, ValueError):
        return None
    return _image(path, "raw", found.st_size) if stat.S_ISREG(found.st_mode) else None
