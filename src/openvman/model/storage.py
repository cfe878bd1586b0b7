"""Storage that the hypervisor manages itself: its pools and the volumes in them, and how a disk names one.

A disk whose source is ``volume:<pool>/<volume>`` has that volume. As a resource pool (DSP1041) such a storage pool is
called ``storage:<pool>``, so that it is never taken for a pool that this server keeps.
"""

from __future__ import annotations

import os.path
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_VOLUME: Final = "volume:"
_POOL: Final = "storage:"

FILE_POOLS: Final = frozenset({"dir", "fs", "netfs", "vstorage"})
"""Types of pools whose volumes are files, of any format; those of others are block devices, which are raw."""
_NAMED_BY_PATH: Final = FILE_POOLS | {"logical", "disk"}
"""Types of pools where a volume is found below the pool's folder by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoragePool:
    """An active storage pool. ``type`` is the hypervisor's word (``dir``, ``logical``); sizes in bytes.

    ``allocated`` is what of the capacity is taken, by its volumes and by whatever else is in the same place.
    ``folder`` is where its volumes are, None where they are no files or devices of the host.
    """

    name: str
    type: str
    capacity: int
    allocated: int
    folder: str | None = None

    @property
    def has_files(self) -> bool:
        return self.type in FILE_POOLS


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume by its name."""

    pool: str
    name: str

    @property
    def source(self) -> str:
        """As a disk's source."""
        return f"{_VOLUME}{self.pool}/{self.name}"


def volume_in(source: str | None) -> Volume | None:
    """The volume that a disk's source names; None for a source of another kind."""
    if source is None or not source.startswith(_VOLUME):
        return None
    pool, _, name = source.removeprefix(_VOLUME).partition("/")
    return Volume(pool, name)


def resource_pool_name(storage_pool: str) -> str:
    """What a storage pool is called as a resource pool."""
    return f"{_POOL}{storage_pool}"


def storage_pool_name(resource_pool: str | None) -> str | None:
    """The storage pool that a resource pool's name means; None for a name of another kind."""
    is_one = resource_pool is not None and resource_pool.startswith(_POOL)
    return resource_pool.removeprefix(_POOL) if resource_pool is not None and is_one else None


def storage_pool(pools: Iterable[StoragePool], name: str | None) -> StoragePool | None:
    """The pool of a name among those given."""
    return next((pool for pool in pools if pool.name == name), None)


def place_of(pools: Iterable[StoragePool], source: str) -> str:
    """The host path of a disk's source; the source itself where a volume has none that is known."""
    volume = volume_in(source)
    pool = None if volume is None else storage_pool(pools, volume.pool)
    if volume is None or pool is None or pool.folder is None or pool.type not in _NAMED_BY_PATH:
        return source
    return os.path.join(pool.folder, volume.name)  # noqa: PTH118 - a path of the host, not of this machine
