"""Volumes of the hypervisor's own storage pools: what a request says of one, made one source and one pool. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from openvman.messages import images as images_rows
from openvman.model import defaults
from openvman.model.allocation import DiskKind
from openvman.model.choice import usual_formats
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.spec import DiskSpec
from openvman.model.storage import (
    StoragePool,
    Volume,
    active_pool,
    resource_pool_name,
    storage_pool_name,
    volume_in,
)

_NUMBERS: Final = 100
"""How many volumes of one name are made before a better name is asked for."""


def placed(disk: DiskSpec) -> DiskSpec:
    """A disk whose source and pool agree: a volume is from its own pool, and a bare name in a storage pool is one.

    Raises INVALID_PARAMETER when they contradict each other.
    """
    named, volume = storage_pool_name(disk.pool), volume_in(disk.source)
    if named is not None and volume is None and disk.source:
        if "/" in disk.source:
            raise ModelError(images_rows.PATH_IN_STORAGE_POOL, "source", disk=disk)
        volume = Volume(named, disk.source)
        disk = replace(disk, source=volume.source)
    if volume is None:
        return disk
    if not (volume.pool and volume.name) or "/" in volume.name:
        raise ModelError(images_rows.NO_VOLUME, "source", disk=disk)
    own = resource_pool_name(volume.pool)
    if disk.pool not in {None, own} and disk.kind in {None, DiskKind.DISK}:
        raise ModelError(images_rows.OTHER_POOL, "pool", disk=disk)
    return replace(disk, pool=own) if disk.kind in {None, DiskKind.DISK} else disk


def pool_on(host: Host, name: str) -> StoragePool:
    """The active storage pool of the name; NOT_FOUND."""
    found = active_pool(host.storage, name)
    if found is None:
        known = [pool.name for pool in host.active_storage]
        raise ModelError(images_rows.STORAGE_POOL_UNKNOWN, "source", host=host, name=name, known=known)
    return found


def format_in(pool: StoragePool, asked: str | None) -> str:
    """The format of a new volume. INVALID_PARAMETER for one that the pool's volumes cannot have."""
    formats = usual_formats(pool.type)
    if asked not in {None, *formats}:
        raise ModelError(images_rows.VOLUME_FORMAT, "format", pool=pool, formats=" or ".join(formats), wanted=asked)
    return asked or formats[0]


def new_names(pool: StoragePool, name: str, disk: DiskSpec, format: str) -> Iterator[str]:
    """The sources that a new volume can have; ``name`` is the virtual system's."""
    suffix = defaults.SUFFIX_OF_FORMAT[format] if pool.has_files else ""
    yield Volume(pool.name, f"{name}-{disk.target}{suffix}").source
    for number in range(2, _NUMBERS + 1):
        yield Volume(pool.name, f"{name}-{disk.target}-{number}{suffix}").source
