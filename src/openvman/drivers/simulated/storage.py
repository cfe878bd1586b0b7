"""Storage pools of simulated hosts: each has a folder, and its volumes are the images in that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final
from uuid import UUID, uuid5

from openvman.drivers.contract import Image
from openvman.drivers.simulated.images import Images
from openvman.messages import hypervisor_storage
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.storage import (
    MAXIMUM_VOLUMES,
    POOL_NEEDS,
    PoolVolumes,
    StoragePool,
    StoragePoolSpec,
    StorageVolume,
    Volume,
    active_pool,
    is_volume_name,
    place_of,
    storage_pool,
    volume_in,
)

FOLDER: Final = "/simulated/pools"
"""Below it are the folders of the pools that hosts have from the start, and of those made without a real one."""

_TIB: Final = 1 << 40


def first_pool(host_id: str) -> StoragePool:
    """What every host has from the start."""
    return _pool(host_id, StoragePoolSpec(name="default", folder=f"{FOLDER}/default"))


def _pool(host_id: str, spec: StoragePoolSpec) -> StoragePool:
    return StoragePool(
        host_id=host_id,
        name=spec.name,
        uuid=spec.uuid or str(uuid5(UUID(host_id), f"pool {spec.name}")),
        type=spec.type,
        autostart=spec.autostart,
        capacity=_TIB,
        allocated=0,
        folder=spec.folder,
    )


def find(images: Images, host: Host, source: str) -> Image | None:
    """The image that a disk's source means; None if there is none."""
    volume = volume_in(source)
    if volume is not None and active_pool(host.storage, volume.pool) is None:
        return None
    return images.find(host.id, place_of(host.storage, source))


def needed(images: Images, host: Host, volume: Volume) -> Image:
    """The image of a volume; NOT_FOUND."""
    _active(host, volume.pool)
    found = find(images, host, volume.source)
    if found is None:
        raise ModelError(hypervisor_storage.NO_VOLUME, volume.name, pool=volume.pool, volume=volume.name)
    return found


def with_volume(images: Images, host: Host, volume: Volume, format: str, capacity: int) -> Host:
    """Make a volume, which takes all its capacity; the host with the pool as it is then."""
    pool = _active(host, volume.pool)
    if not is_volume_name(volume.name):
        raise ModelError(hypervisor_storage.VOLUME_NAME, "source", volume=volume.name)
    if find(images, host, volume.source) is not None:
        raise ModelError(hypervisor_storage.VOLUME_TAKEN, volume.name, volume=volume.name)
    left = pool.capacity - pool.allocated
    if capacity > left:
        raise ModelError(hypervisor_storage.STORAGE_POOL_FULL, pool.name, capacity=capacity, pool=pool.name, left=left)
    images.add(host.id, place_of(host.storage, volume.source), format, capacity, least=0)
    return _with(host, replace(pool, allocated=pool.allocated + capacity))


def without_volume(images: Images, host: Host, volume: Volume) -> Host:
    pool, found = active_pool(host.storage, volume.pool), find(images, host, volume.source)
    if pool is None or found is None:
        return host
    images.remove(host.id, found.path)
    return _with(host, replace(pool, allocated=max(0, pool.allocated - found.capacity)))


def volumes_in(images: Images, host: Host, name: str) -> PoolVolumes | None:
    pool = active_pool(host.storage, name)
    if pool is None:
        return None
    found = sorted(images.below(host.id, pool.folder or ""), key=lambda image: image.path)
    volumes = tuple(
        StorageVolume(
            host_id=host.id,
            pool=name,
            name=PurePosixPath(image.path).name,
            key=image.path,
            path=image.path,
            type="file",
            capacity=image.capacity,
            allocation=image.capacity,
            format=image.format,
        )
        for image in found[:MAXIMUM_VOLUMES]
    )
    return PoolVolumes(host_id=host.id, pool=name, volumes=volumes, complete=len(found) <= MAXIMUM_VOLUMES)


def with_pool(host: Host, spec: StoragePoolSpec) -> Host:
    made = _pool(host.id, spec)
    if any(made.name == pool.name or made.uuid == pool.uuid for pool in host.storage):
        raise ModelError(hypervisor_storage.STORAGE_POOL_TAKEN, made.name, pool=made.name)
    if spec.type not in POOL_NEEDS:
        raise ModelError(hypervisor_storage.STORAGE_POOL_TYPE, "type", type=spec.type, types=tuple(POOL_NEEDS))
    missing = sorted(each for each in POOL_NEEDS[spec.type] if not getattr(spec, each))
    if missing:
        raise ModelError(hypervisor_storage.STORAGE_POOL_LACKS, missing[0], type=spec.type, needs=missing)
    folder = spec.folder or ""
    if spec.type == "dir" and not folder.startswith(f"{FOLDER}/") and not Path(folder).is_dir():
        raise ModelError(hypervisor_storage.NO_FOLDER, folder, folder=folder)
    return _with(host, made)


def without_pool(images: Images, host: Host, name: str) -> Host:
    _named(host, name)
    held = volumes_in(images, host, name)
    if held is not None and held.volumes:
        raise ModelError(hypervisor_storage.STORAGE_POOL_USED, name, pool=name, volume=held.volumes[0].name)
    return replace(host, storage=tuple(each for each in host.storage if each.name != name))


def with_changed_pool(images: Images, host: Host, name: str, *, active: bool | None, autostart: bool | None) -> Host:
    before = _named(host, name)
    is_active = before.active if active is None else active
    used = sum(image.capacity for image in images.below(host.id, before.folder or ""))
    after = replace(
        before,
        active=is_active,
        autostart=before.autostart if autostart is None else autostart,
        capacity=_TIB if is_active else 0,
        allocated=used if is_active else 0,
    )
    return _with(host, after)


def looked_through(host: Host, name: str) -> Host:
    _active(host, name)
    return host  # its volumes are known at all times


def _named(host: Host, name: str) -> StoragePool:
    pool = storage_pool(host.storage, name)
    if pool is None:
        raise ModelError(hypervisor_storage.STORAGE_POOL_UNKNOWN, name, pool=name)
    return pool


def _active(host: Host, name: str) -> StoragePool:
    pool = active_pool(host.storage, name)
    if pool is None:
        raise ModelError(hypervisor_storage.NO_STORAGE_POOL, name, pool=name)
    return pool


def _with(host: Host, pool: StoragePool) -> Host:
    others = [each for each in host.storage if each.name != pool.name]
    return replace(host, storage=tuple(sorted((*others, pool), key=lambda each: each.name)))
