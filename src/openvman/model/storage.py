"""Storage that the hypervisor manages itself: its pools and the volumes in them, and how a disk names one.

A disk whose source is ``volume:<pool>/<volume>`` has that volume. As a resource pool (DSP1041) such a storage pool is
called ``storage:<pool>``, so that it is never taken for a pool that this server keeps.
"""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Mapping
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
    """A storage pool. ``type`` is the hypervisor's word (``dir``, ``logical``); sizes in bytes, 0 while not active.

    ``allocated`` is what of the capacity is taken, by its volumes and by whatever else is in the same place.
    ``folder`` is where its volumes are, None where they are no files or devices of the host. ``uuid`` and ``name`` are
    unique on the host. ``persistent`` says that it is there after it was stopped, ``autostart`` that it starts with the
    host.
    """

    host_id: str
    uuid: str
    name: str
    type: str
    capacity: int
    allocated: int
    folder: str | None = None
    active: bool = True
    autostart: bool = False
    persistent: bool = True

    @property
    def id(self) -> str:
        return f"{self.host_id}/storage/{self.uuid}"

    @property
    def has_files(self) -> bool:
        return self.type in FILE_POOLS


@dataclass(frozen=True, slots=True, kw_only=True)
class StoragePoolSpec:
    """A storage pool to be made, of what the type needs: see :data:`POOL_NEEDS`.

    ``folder`` is where its volumes shall be found on the host; ``devices`` are devices of the host, of ``iscsi`` the
    target's name; ``server`` has what is mounted or attached, ``export`` names it there; ``source_name`` is that of a
    volume group, ``adapter`` of a SCSI host adapter; ``format`` that of the file system, partition table or volume
    group.
    """

    name: str
    uuid: str | None = None
    """None: the use case makes one. What a driver gets has one."""
    type: str = "dir"
    folder: str | None = None
    devices: tuple[str, ...] = ()
    server: str | None = None
    export: str | None = None
    source_name: str | None = None
    adapter: str | None = None
    format: str | None = None
    autostart: bool = True


POOL_NEEDS: Final[Mapping[str, frozenset[str]]] = {
    "dir": frozenset({"folder"}),
    "fs": frozenset({"folder", "devices"}),
    "netfs": frozenset({"folder", "server", "export"}),
    "disk": frozenset({"folder", "devices"}),
    "iscsi": frozenset({"folder", "devices", "server"}),
    "logical": frozenset({"folder", "source_name"}),
    "scsi": frozenset({"folder", "adapter"}),
}
"""Types of storage pools that can be made, and what of a :class:`StoragePoolSpec` each needs."""
POOL_TAKES: Final[Mapping[str, frozenset[str]]] = {
    **{type: needs | {"format"} for type, needs in POOL_NEEDS.items()},
    "dir": POOL_NEEDS["dir"],
    "iscsi": POOL_NEEDS["iscsi"],
    "scsi": POOL_NEEDS["scsi"],
    "logical": POOL_NEEDS["logical"] | {"devices", "format"},
}
"""What of it each has a use for."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume by its name."""

    pool: str
    name: str

    @property
    def source(self) -> str:
        """As a disk's source."""
        return f"{_VOLUME}{self.pool}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageVolume:
    """A volume as it was when its pool was last read; sizes in bytes.

    ``capacity`` is what a guest sees, ``allocation`` what it takes of its pool. ``type`` is the hypervisor's word for
    what it is (``file``, ``block``, ``dir``, ``network``), ``format`` that of its content, where that is known.
    """

    host_id: str
    pool: str
    name: str
    key: str
    """What the hypervisor tells it apart by, among those of all pools: most often the path."""
    path: str | None
    type: str
    capacity: int
    allocation: int
    format: str | None = None
    backing: str | None = None
    """The path that it says it stands on."""

    @property
    def id(self) -> str:
        return f"{volumes_id(self.host_id, self.pool)}/{self.name}"

    @property
    def reference(self) -> Volume:
        return Volume(self.pool, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolVolumes:
    """The volumes of one active storage pool, by name: a part of the picture of its own, for there may be many.

    Nobody tells of a volume that others than this server make or remove: the pool is read again after its own events,
    with everything now and then, and when somebody asks for it.
    """

    host_id: str
    pool: str
    volumes: tuple[StorageVolume, ...]
    complete: bool = True
    """False where the pool has more than are listed, which are the first by name."""

    @property
    def id(self) -> str:
        return volumes_id(self.host_id, self.pool)


MAXIMUM_VOLUMES: Final = 4096
"""The most volumes of one pool that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeSpec:
    """A volume to be made, empty, of ``capacity`` bytes. Without a format it has that of its pool's volumes."""

    name: str
    capacity: int
    format: str | None = None


def volumes_id(host_id: str, pool: str) -> str:
    """The id of what a storage pool holds."""
    return f"{host_id}/volumes/{pool}"


def is_volume_name(name: str) -> bool:
    """A name that is no path, no option and no more than a file can have."""
    return (
        0 < len(name.encode("utf-8", "replace")) <= 255
        and "/" not in name
        and name not in {".", ".."}
        and not name.startswith("-")
        and name.isprintable()
    )


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
    """The pool of a name among those given, active or not."""
    return next((pool for pool in pools if pool.name == name), None)


def active_pool(pools: Iterable[StoragePool], name: str | None) -> StoragePool | None:
    """Likewise, if it is active."""
    found = storage_pool(pools, name)
    return found if found is not None and found.active else None


def place_of(pools: Iterable[StoragePool], source: str) -> str:
    """The host path of a disk's source; the source itself where a volume has none that is known."""
    volume = volume_in(source)
    pool = None if volume is None else storage_pool(pools, volume.pool)
    if volume is None or pool is None or pool.folder is None or pool.type not in _NAMED_BY_PATH:
        return source
    return os.path.join(pool.folder, volume.name)  # noqa: PTH118 - a path of the host, not of this machine
