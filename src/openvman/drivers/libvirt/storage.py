"""libvirt's storage pools and their volumes.

Each function blocks and raises ModelError, or the binding's own error, which the connection translates. What libvirt
knows of a pool is as old as its last look through it, so what is not found is looked for again after another.
"""

from __future__ import annotations

from typing import Any, Final

import libvirt
from lxml import etree

from openvman.drivers.contract import Image
from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.domain_xml import clean
from openvman.drivers.libvirt.images import FORMATS_MADE
from openvman.messages import hypervisor_storage
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.storage import FILE_POOLS, StoragePool, Volume

_GONE: Final = frozenset(
    {
        libvirt.VIR_ERR_NO_STORAGE_POOL,
        libvirt.VIR_ERR_NO_STORAGE_VOL,
        libvirt.VIR_ERR_OPERATION_INVALID,
        libvirt.VIR_ERR_NO_SUPPORT,
    }
)
"""There is no such thing, or the pool that it is in was stopped."""

_CAPACITY, _ALLOCATED, _AVAILABLE = 1, 2, 3
"""Places in what libvirt tells of a pool; the first two are those of a volume too."""


def pools_of(connection: Any) -> tuple[StoragePool, ...]:
    """The active pools by name; none where the hypervisor has no storage driver."""
    try:
        pools = connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise
        return ()
    found = (_read(pool) for pool in pools)
    return tuple(sorted((pool for pool in found if pool is not None), key=lambda pool: pool.name))


def _read(pool: Any) -> StoragePool | None:
    """None for a pool that was stopped meanwhile."""
    try:
        info, root = pool.info(), xml.parse(pool.XMLDesc(0))
    except libvirt.libvirtError as error:
        if error.get_error_code() not in _GONE:
            raise
        return None
    return StoragePool(
        name=pool.name(),
        type=root.get("type") or "unknown",
        capacity=info[_CAPACITY],
        allocated=info[_ALLOCATED],
        folder=xml.text(root, "target/path"),
    )


def capacity_of(connection: Any, volume: Volume) -> int | None:
    """The virtual size of a volume; None where it is not there, or its pool is not active."""
    try:
        found = connection.storagePoolLookupByName(volume.pool).storageVolLookupByName(volume.name)
        return int(found.info()[_CAPACITY])
    except libvirt.libvirtError as error:
        if error.get_error_code() not in _GONE:
            raise
        return None


def inspect(connection: Any, volume: Volume) -> Image:
    """A volume as libvirt knows it. NOT_FOUND when the pool does not have it; a block device is raw."""
    root = xml.parse(_find(connection, volume).XMLDesc(0))
    format = xml.attribute(root, "target/format", "type")
    return Image(
        path=xml.text(root, "target/path") or volume.source,
        format=format if format is not None and format in FORMATS_MADE else "raw",
        capacity=xml.size(root.find("capacity")) or 0,
        backing=xml.text(root, "backingStore/path"),
        backing_format=xml.attribute(root, "backingStore/format", "type"),
    )


def create(connection: Any, volume: Volume, format: str, capacity: int) -> None:
    """Make an empty volume of so many bytes. ALREADY_EXISTS, INSUFFICIENT when the pool has not so much left."""
    pool = _active(connection, volume.pool)
    is_file = xml.parse(pool.XMLDesc(0)).get("type") in FILE_POOLS
    formats = FORMATS_MADE if is_file else ("raw",)
    if format not in formats:
        raise ModelError(hypervisor_storage.IMAGE_FORMAT, "format", format=format, formats=formats)
    if capacity <= 0:
        raise ModelError(hypervisor_storage.IMAGE_CAPACITY, "capacity", capacity=capacity)
    if not volume.name or volume.name in {".", ".."} or "/" in volume.name:
        raise ModelError(hypervisor_storage.VOLUME_NAME, "source", volume=volume.name)
    if volume.name in pool.listVolumes():
        raise ModelError(hypervisor_storage.VOLUME_TAKEN, volume.name, volume=volume.name)
    available = pool.info()[_AVAILABLE]
    if capacity > available:
        raise ModelError(
            hypervisor_storage.STORAGE_POOL_FULL, volume.pool, capacity=capacity, pool=volume.pool, left=available
        )
    pool.createXML(xml.print_(_volume_xml(volume, format, capacity, sparse=is_file)), 0)


def _volume_xml(volume: Volume, format: str, capacity: int, *, sparse: bool) -> xml.Element:
    root = etree.Element("volume")
    etree.SubElement(root, "name").text = clean(volume.name, "source")
    etree.SubElement(root, "capacity", unit="bytes").text = str(capacity)
    target = etree.SubElement(root, "target")
    if sparse:
        etree.SubElement(root, "allocation", unit="bytes").text = "0"
        etree.SubElement(target, "format", type=format)
    etree.SubElement(etree.SubElement(target, "permissions"), "mode").text = "0600"
    return root


def delete(connection: Any, volume: Volume) -> None:
    """Remove a volume; gone already is fine."""
    try:
        _find(connection, volume).delete(0)
    except ModelError as error:
        if error.problem is not Problem.NOT_FOUND:
            raise


def create_pool(connection: Any, name: str, folder: str) -> None:
    """Make a pool of the files in a folder, which is there. ALREADY_EXISTS for a name that a pool has."""
    if any(pool.name() == name for pool in connection.listAllStoragePools(0)):
        raise ModelError(hypervisor_storage.STORAGE_POOL_TAKEN, name, pool=name)
    root = etree.Element("pool", type="dir")
    etree.SubElement(root, "name").text = clean(name, "name")
    etree.SubElement(etree.SubElement(root, "target"), "path").text = clean(folder, "source")
    pool = connection.storagePoolDefineXML(xml.print_(root), 0)
    try:
        pool.create(0)
        pool.setAutostart(1)
    except libvirt.libvirtError:
        if pool.isActive():
            pool.destroy()
        pool.undefine()
        raise


def delete_pool(connection: Any, name: str) -> None:
    """Forget a pool, whose place stays as it is. IN_USE while it has volumes; NOT_FOUND when it is not active."""
    pool = _active(connection, name)
    pool.refresh(0)
    volumes = pool.listVolumes()
    if volumes:
        raise ModelError(hypervisor_storage.STORAGE_POOL_USED, name, pool=name, volume=min(volumes))
    pool.destroy()
    if pool.isPersistent():
        pool.undefine()


def _active(connection: Any, name: str) -> Any:
    try:
        pool = connection.storagePoolLookupByName(name)
        if pool.isActive():
            return pool
    except libvirt.libvirtError as error:
        if error.get_error_code() not in _GONE:
            raise
    raise ModelError(hypervisor_storage.NO_STORAGE_POOL, name, pool=name)


def _find(connection: Any, volume: Volume) -> Any:
    pool = _active(connection, volume.pool)
    if volume.name not in pool.listVolumes():
        pool.refresh(0)
    if volume.name not in pool.listVolumes():
        raise ModelError(hypervisor_storage.NO_VOLUME, volume.name, pool=volume.pool, volume=volume.name)
    return pool.storageVolLookupByName(volume.name)
