"""Storage pools of simulated hosts: each has a folder, and its volumes are the images in that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from openvman.drivers.contract import Image
from openvman.drivers.simulated.images import Images
from openvman.messages import hypervisor_storage
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.storage import StoragePool, Volume, place_of, storage_pool, volume_in

FOLDER: Final = "/simulated/pools"
"""Below it are the folders of the pools that hosts have from the start, and of those made without a real one."""

_TIB: Final = 1 << 40


def first_pool() -> StoragePool:
    """What every host has from the start."""
    return StoragePool(name="default", type="dir", capacity=_TIB, allocated=0, folder=f"{FOLDER}/default")


def find(images: Images, host: Host, source: str) -> Image | None:
    """The image that a disk's source means; None if there is none."""
    volume = volume_in(source)
    if volume is not None and storage_pool(host.storage, volume.pool) is None:
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
    if not volume.name or "/" in volume.name or volume.name in {".", ".."}:
        raise ModelError(hypervisor_storage.VOLUME_NAME, "source", volume=volume.name)
    if find(images, host, volume.source) is not None:
        raise ModelError(hypervisor_storage.VOLUME_TAKEN, volume.name, volume=volume.name)
    left = pool.capacity - pool.allocated
    if capacity > left:
        raise ModelError(hypervisor_storage.STORAGE_POOL_FULL, pool.name, capacity=capacity, pool=pool.name, left=left)
    images.add(host.id, place_of(host.storage, volume.source), format, capacity)
    return _with(host, replace(pool, allocated=pool.allocated + capacity))


def without_volume(images: Images, host: Host, volume: Volume) -> Host:
    pool, found = storage_pool(host.storage, volume.pool), find(images, host, volume.source)
    if pool is None or found is None:
        return host
    images.remove(host.id, found.path)
    return _with(host, replace(pool, allocated=max(0, pool.allocated - found.capacity)))


def with_pool(host: Host, name: str, folder: str) -> Host:
    if storage_pool(host.storage, name) is not None:
        raise ModelError(hypervisor_storage.STORAGE_POOL_TAKEN, name, pool=name)
    if not folder.startswith(f"{FOLDER}/") and not Path(folder).is_dir():
        raise ModelError(hypervisor_storage.NO_FOLDER, folder, folder=folder)
    return _with(host, StoragePool(name=name, type="dir", capacity=_TIB, allocated=0, folder=folder))


def without_pool(images: Images, host: Host, name: str) -> Host:
    pool = _active(host, name)
    volumes = images.made_in(host.id, pool.folder or "")
    if volumes:
        raise ModelError(hypervisor_storage.STORAGE_POOL_USED, name, pool=name, volume=min(volumes))
    return replace(host, storage=tuple(each for each in host.storage if each.name != name))


def _active(host: Host, name: str) -> StoragePool:
    pool = storage_pool(host.storage, name)
    if pool is None:
        raise ModelError(hypervisor_storage.NO_STORAGE_POOL, name, pool=name)
    return pool


def _with(host: Host, pool: StoragePool) -> Host:
    others = [each for each in host.storage if each.name != pool.name]
    return replace(host, storage=tuple(sorted((*others, pool), key=lambda each: each.name)))
