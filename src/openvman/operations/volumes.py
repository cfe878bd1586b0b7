"""Volumes of the hypervisor's own storage pools: what a request says of one, made one source and one pool. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from openvman.model import defaults
from openvman.model.allocation import DiskKind
from openvman.model.errors import ModelError, Problem
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
            raise ModelError(
                Problem.INVALID_PARAMETER,
                f"Disk {disk.target}: the source {disk.source!r} is a path, and pool {disk.pool!r} has volumes. Give "
                "the name of a volume, or leave the pool out.",
                "source",
            )
        volume = Volume(named, disk.source)
        disk = replace(disk, source=volume.source)
    if volume is None:
        return disk
    if not (volume.pool and volume.name) or "/" in volume.name:
        raise ModelError(
            Problem.INVALID_PARAMETER,
            f"Disk {disk.target}: {disk.source!r} names no volume. Write volume:<pool>/<volume>.",
            "source",
        )
    own = resource_pool_name(volume.pool)
    if disk.pool not in {None, own} and disk.kind in {None, DiskKind.DISK}:
        raise ModelError(
            Problem.INVALID_PARAMETER,
            f"Disk {disk.target}: the volume {disk.source!r} is not from pool {disk.pool!r}. Leave the pool out.",
            "pool",
        )
    return replace(disk, pool=own) if disk.kind in {None, DiskKind.DISK} else disk


def pool_on(host: Host, name: str) -> StoragePool:
    """The active storage pool of the name; NOT_FOUND."""
    found = active_pool(host.storage, name)
    if found is None:
        known = ", ".join(pool.name for pool in host.active_storage) or "none"
        raise ModelError(
            Problem.NOT_FOUND,
            f"Host {host.name!r} has no active storage pool {name!r}; it has {known}. Name one of these, or start it.",
            "source",
        )
    return found


def format_in(pool: StoragePool, asked: str | None) -> str:
    """The format of a new volume. INVALID_PARAMETER for one that the pool's volumes cannot have."""
    if pool.has_files:
        return asked or defaults.IMAGE_FORMAT
    if asked not in {None, "raw"}:
        raise ModelError(
            Problem.INVALID_PARAMETER,
            f"A volume of storage pool {pool.name!r} ({pool.type}) is raw and cannot be {asked}. Leave the format out.",
            "format",
        )
    return "raw"


def new_names(pool: StoragePool, name: str, disk: DiskSpec, format: str) -> Iterator[str]:
    """The sources that a new volume can have; ``name`` is the virtual system's."""
    suffix = defaults.SUFFIX_OF_FORMAT[format] if pool.has_files else ""
    yield Volume(pool.name, f"{name}-{disk.target}{suffix}").source
    for number in range(2, _NUMBERS + 1):
        yield Volume(pool.name, f"{name}-{disk.target}-{number}{suffix}").source
