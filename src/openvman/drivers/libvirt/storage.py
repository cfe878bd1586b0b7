"""libvirt's storage pools: ``<pool>`` read and written.

Each function blocks and raises ModelError, or the binding's own error, which the connection translates.
"""

from __future__ import annotations

from typing import Any, Final

import libvirt
from lxml import etree

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.domain_xml import clean
from openvman.messages import hypervisor_storage
from openvman.model.errors import ModelError
from openvman.model.storage import POOL_NEEDS, StoragePool, StoragePoolSpec

GONE: Final = frozenset(
    {
        libvirt.VIR_ERR_NO_STORAGE_POOL,
        libvirt.VIR_ERR_NO_STORAGE_VOL,
        libvirt.VIR_ERR_OPERATION_INVALID,
        libvirt.VIR_ERR_NO_SUPPORT,
    }
)
"""There is no such thing, or the pool that it is in was stopped."""

CAPACITY, ALLOCATED, AVAILABLE = 1, 2, 3
"""Places in what libvirt tells of a pool; the first two are those of a volume too."""

_OF_THE_PLACE: Final = frozenset({"lost+found"})
"""What a file system makes of itself: libvirt lists it, and nobody would miss it."""

_MOUNTED: Final = frozenset({"fs", "netfs"})
"""Types of pools that are mounted on their folder, which libvirt makes; it formats nothing unless it is told to."""


def pools_of(connection: Any, host_id: str) -> tuple[StoragePool, ...]:
    """The pools by name; none where the hypervisor has no storage driver."""
    try:
        pools = connection.listAllStoragePools(0)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise
        return ()
    found = (_read(pool, host_id) for pool in pools)
    return tuple(sorted((pool for pool in found if pool is not None), key=lambda pool: pool.name))


def _read(pool: Any, host_id: str) -> StoragePool | None:
    """None for a pool that was removed meanwhile."""
    try:
        is_active, info, root = bool(pool.isActive()), pool.info(), xml.parse(pool.XMLDesc(0))
        persistent = bool(pool.isPersistent())
        autostart = persistent and bool(pool.autostart())
    except libvirt.libvirtError as error:
        if error.get_error_code() not in GONE:
            raise
        return None
    return StoragePool(
        host_id=host_id,
        name=pool.name(),
        uuid=pool.UUIDString(),
        type=root.get("type") or "unknown",
        active=is_active,
        persistent=persistent,
        autostart=autostart,
        capacity=info[CAPACITY] if is_active else 0,
        allocated=info[ALLOCATED] if is_active else 0,
        folder=xml.text(root, "target/path"),
    )


def build(spec: StoragePoolSpec) -> str:
    """The ``<pool>`` of a spec. NOT_SUPPORTED for a type that is not known."""
    if spec.type not in POOL_NEEDS:
        raise ModelError(hypervisor_storage.STORAGE_POOL_TYPE, "type", type=spec.type, types=tuple(POOL_NEEDS))
    missing = sorted(each for each in POOL_NEEDS[spec.type] if not getattr(spec, each))
    if missing:
        raise ModelError(hypervisor_storage.STORAGE_POOL_LACKS, missing[0], type=spec.type, needs=missing)
    root = etree.Element("pool", type=spec.type)
    etree.SubElement(root, "name").text = clean(spec.name, "name")
    if spec.uuid is not None:
        etree.SubElement(root, "uuid").text = clean(spec.uuid, "uuid")
    source = etree.SubElement(root, "source")
    if spec.server is not None:
        etree.SubElement(source, "host", name=clean(spec.server, "server"))
    for device in spec.devices:
        etree.SubElement(source, "device", path=clean(device, "devices"))
    if spec.export is not None:
        etree.SubElement(source, "dir", path=clean(spec.export, "export"))
    if spec.source_name is not None:
        etree.SubElement(source, "name").text = clean(spec.source_name, "source_name")
    if spec.adapter is not None:
        etree.SubElement(source, "adapter", type="scsi_host", name=clean(spec.adapter, "adapter"))
    if spec.format is not None:
        etree.SubElement(source, "format", type=clean(spec.format, "format"))
    if len(source) == 0:
        root.remove(source)
    folder = etree.SubElement(etree.SubElement(root, "target"), "path")
    folder.text = clean(spec.folder or "", "folder")
    return xml.print_(root)


def create_pool(connection: Any, spec: StoragePoolSpec) -> None:
    """Make a pool of what is there. ALREADY_EXISTS for a name or UUID that a pool has."""
    for other in connection.listAllStoragePools(0):  # defined once more it would be changed, not refused
        if spec.name == other.name() or spec.uuid == other.UUIDString():
            raise ModelError(hypervisor_storage.STORAGE_POOL_TAKEN, spec.name, pool=other.name())
    pool = connection.storagePoolDefineXML(build(spec), 0)
    try:
        if spec.type in _MOUNTED:
            pool.build(0)
        pool.create(0)
        pool.setAutostart(int(spec.autostart))
    except libvirt.libvirtError:
        if pool.isActive():
            pool.destroy()
        pool.undefine()
        raise


def delete_pool(connection: Any, name: str) -> None:
    """Forget a pool, whose place stays as it is. NOT_FOUND; IN_USE while it is active and has volumes."""
    pool = _named(connection, name)
    persistent = pool.isPersistent()
    if pool.isActive():
        pool.refresh(0)
        volumes = set(pool.listVolumes()) - _OF_THE_PLACE
        if volumes:
            raise ModelError(hypervisor_storage.STORAGE_POOL_USED, name, pool=name, volume=min(volumes))
        pool.destroy()
    if persistent:
        pool.undefine()


def change_pool(connection: Any, name: str, *, active: bool | None, autostart: bool | None) -> None:
    """Start or stop a pool, and have it start with the host or not. NOT_FOUND."""
    pool = _named(connection, name)
    if autostart is not None and bool(pool.isPersistent() and pool.autostart()) != autostart:
        pool.setAutostart(int(autostart))
    if active is not None and bool(pool.isActive()) != active:
        if active:
            pool.create(0)
        else:
            pool.destroy()


def active(connection: Any, name: str) -> Any:
    """The pool of the name. NOT_FOUND if there is none that is active."""
    try:
        pool = connection.storagePoolLookupByName(name)
        if pool.isActive():
            return pool
    except libvirt.libvirtError as error:
        if error.get_error_code() not in GONE:
            raise
    raise ModelError(hypervisor_storage.NO_STORAGE_POOL, name, pool=name)


def _named(connection: Any, name: str) -> Any:
    try:
        return connection.storagePoolLookupByName(name)
    except libvirt.libvirtError as error:
        if error.get_error_code() not in GONE:
            raise
        raise ModelError(hypervisor_storage.STORAGE_POOL_UNKNOWN, name, pool=name) from None
