"""The volumes of libvirt's storage pools.

Each function blocks and raises ModelError, or the binding's own error, which the connection translates. What libvirt
knows of a pool is as old as its last look through it, so what is not found is looked for again after another.
"""

from __future__ import annotations

from typing import Any

import libvirt
from lxml import etree

from openvman.drivers.contract import Image
from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.domain_xml import clean
from openvman.drivers.libvirt.images import FORMATS_MADE
from openvman.drivers.libvirt.storage import AVAILABLE, CAPACITY, GONE, active
from openvman.messages import hypervisor_storage
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.storage import (
    FILE_POOLS,
    MAXIMUM_VOLUMES,
    PoolVolumes,
    StorageVolume,
    Volume,
    is_volume_name,
)


def volumes_in(connection: Any, host_id: str, name: str) -> PoolVolumes | None:
    """What an active pool holds, as libvirt knows it; None when there is no such pool that is active."""
    try:
        volumes = connection.storagePoolLookupByName(name).listAllVolumes(0)
        listed = sorted(volumes, key=lambda volume: volume.name())
    except libvirt.libvirtError as error:
        if error.get_error_code() not in GONE:
            raise
        return None
    found = (_read(host_id, name, volume) for volume in listed[:MAXIMUM_VOLUMES])
    return PoolVolumes(
        host_id=host_id,
        pool=name,
        volumes=tuple(volume for volume in found if volume is not None),
        complete=len(listed) <= MAXIMUM_VOLUMES,
    )


def _read(host_id: str, pool: str, volume: Any) -> StorageVolume | None:
    """None for a volume that was removed meanwhile."""
    try:
        return read(volume.XMLDesc(0), host_id, pool)
    except libvirt.libvirtError as error:
        if error.get_error_code() not in GONE:
            raise
        return None


def read(text: str, host_id: str, pool: str) -> StorageVolume:
    """The volume that a ``<volume>`` describes."""
    root = xml.parse(text)
    path = xml.text(root, "target/path")
    name = xml.text(root, "name") or ""
    return StorageVolume(
        host_id=host_id,
        pool=pool,
        name=name,
        key=xml.text(root, "key") or path or name,
        path=path,
        type=root.get("type") or "file",
        capacity=xml.size(root.find("capacity")) or 0,
        allocation=xml.size(root.find("allocation")) or 0,
        format=xml.attribute(root, "target/format", "type"),
        backing=xml.text(root, "backingStore/path"),
    )


def capacity_of(connection: Any, volume: Volume) -> int | None:
    """The virtual size of a volume; None where it is not there, or its pool is not active."""
    try:
        found = connection.storagePoolLookupByName(volume.pool).storageVolLookupByName(volume.name)
        return int(found.info()[CAPACITY])
    except libvirt.libvirtError as error:
        if error.get_error_code() not in GONE:
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
    pool = active(connection, volume.pool)
    is_file = xml.parse(pool.XMLDesc(0)).get("type") in FILE_POOLS
    formats = FORMATS_MADE if is_file else ("raw",)
    if format not in formats:
        raise ModelError(hypervisor_storage.IMAGE_FORMAT, "format", format=format, formats=formats)
    if capacity < 0:
        raise ModelError(hypervisor_storage.VOLUME_CAPACITY, "capacity", capacity=capacity)
    if not is_volume_name(volume.name):
        raise ModelError(hypervisor_storage.VOLUME_NAME, "source", volume=volume.name)
    if volume.name in pool.listVolumes():
        raise ModelError(hypervisor_storage.VOLUME_TAKEN, volume.name, volume=volume.name)
    available = pool.info()[AVAILABLE]
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


def _find(connection: Any, volume: Volume) -> Any:
    pool = active(connection, volume.pool)
    if volume.name not in pool.listVolumes():
        pool.refresh(0)
    if volume.name not in pool.listVolumes():
        raise ModelError(hypervisor_storage.NO_VOLUME, volume.name, pool=volume.pool, volume=volume.name)
    return pool.storageVolLookupByName(volume.name)
