"""Storage Resource Virtualization (DSP1047): the disks and drives of a virtual system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from openvman.cim.names import NameMap
from openvman.cim.values import CIMType, Value
from openvman.mapping.declare import Attr, Call, Const, Write, own_property
from openvman.model.allocation import Allocation, DiskAllocation, DiskKind
from openvman.model.spec import DiskSpec
from openvman.profiles.devices import device_map
from openvman.profiles.resource_allocation import PARENT, allocation_map, first_text
from openvman.profiles.units import bytes_per_unit

_FLOPPY, _CD, _DVD, _DISK, _EXTENT, _LOGICAL_DISK = 14, 15, 16, 17, 19, 31
_CODES: Final = {DiskKind.DISK: _DISK, DiskKind.CDROM: _CD, DiskKind.FLOPPY: _FLOPPY}
_KINDS: Final = {
    _FLOPPY: DiskKind.FLOPPY,
    _CD: DiskKind.CDROM,
    _DVD: DiskKind.CDROM,
    _DISK: DiskKind.DISK,
    _EXTENT: DiskKind.DISK,
    _LOGICAL_DISK: DiskKind.DISK,
}
_READABLE, _WRITEABLE, _READ_WRITE = 1, 2, 3


def _capacity(quantity: Value, values: NameMap[Value]) -> int:
    """VirtualQuantity counts blocks of VirtualResourceBlockSize, unless its units are a unit of size."""
    units = values.get("VirtualQuantityUnits") or "byte"
    if units == "count(fixed size block)":
        return int(quantity) * int(values.get("VirtualResourceBlockSize") or 1)
    return int(quantity) * bytes_per_unit(units)


def _read_only(access: Value, _values: NameMap[Value]) -> bool:
    if access == _WRITEABLE:
        raise ValueError("write-only access is not supported; use 1 (readable) or 3 (both)")
    return bool(access == _READABLE)


def _block_size(size: Value, _values: NameMap[Value]) -> int | None:
    """Blocks of one byte only say how VirtualQuantity is counted."""
    return None if size == 1 else int(size)


def _counts_blocks(disk: DiskAllocation) -> bool:
    """A disk whose blocks are not as usual is told in blocks, all others in bytes."""
    return disk.block_size != 0


def _quantity(disk: DiskAllocation) -> int | None:
    return disk.capacity // disk.block_size if disk.capacity is not None and _counts_blocks(disk) else disk.capacity


def _extent(disk: DiskAllocation) -> str | None:
    """The host path; a volume is known to the host by its pool."""
    return disk.source if disk.source is not None and disk.source.startswith("/") else None


_OS_NAME: Final = 12
_OS_NAMESPACE: Final = 8

TUNING: Final[tuple[tuple[str, CIMType, str, str], ...]] = (
    ("CacheMode", "string", "cache", "How the host caches it: default, none, writethrough, writeback and the like."),
    ("DiscardMode", "string", "discard", "What becomes of discarded blocks: default, unmap or ignore."),
    ("Format", "string", "format", "The format of its image: qcow2 or raw."),
    ("Shareable", "boolean", "shareable", "Whether several systems may have it at a time."),
    ("BytesPerSecondLimit", "uint64", "bytes_limit", "The most bytes a second; 0 means no limit."),
    ("ReadBytesPerSecondLimit", "uint64", "read_bytes_limit", "The most bytes read a second; 0 means no limit."),
    ("WriteBytesPerSecondLimit", "uint64", "write_bytes_limit", "The most bytes written a second; 0 means no limit."),
    ("OperationsPerSecondLimit", "uint64", "iops_limit", "The most requests a second; 0 means no limit."),
    ("ReadOperationsPerSecondLimit", "uint64", "read_iops_limit", "The most reads a second; 0 means no limit."),
    ("WriteOperationsPerSecondLimit", "uint64", "write_iops_limit", "The most writes a second; 0 means no limit."),
)
"""Properties of our own: name, type, field, description."""

STORAGE_SETTING = allocation_map(
    "StorageAllocationSettingData",
    "CIM_StorageAllocationSettingData",
    kind=DiskAllocation,
    description="A disk or drive that a configuration gives a virtual system.",
    resource_types=tuple(_KINDS),
    resource_type=Call(lambda a: _CODES[a.kind], Write("kind", lambda code, _values: _KINDS[code], modifying=False)),
    element_name=lambda a: f"{a.kind.value} {a.target}",
    spec=DiskSpec,
    properties={
        "ResourceSubType": Attr("bus", Write("bus")),
        "Parent": PARENT,
        "AddressOnParent": Attr("target", Write("target", modifying=False)),
        "HostResource": Call(lambda a: None if a.source is None else (a.source,), first_text("source")),
        "Access": Call(lambda a: _READABLE if a.read_only else _READ_WRITE, Write("read_only", _read_only)),
        "VirtualQuantity": Call(_quantity, Write("capacity", _capacity)),
        "VirtualQuantityUnits": Call(lambda a: "count(fixed size block)" if _counts_blocks(a) else "byte", Write(None)),
        "VirtualResourceBlockSize": Call(lambda a: a.block_size or 1, Write("block_size", _block_size)),
        "AllocationUnits": Const("byte"),
        "HostResourceBlockSize": Const(1),
        "HostExtentName": Call(_extent),
        "HostExtentNameFormat": Call(lambda a: _OS_NAME if _extent(a) else None),
        "HostExtentNameNamespace": Call(lambda a: _OS_NAMESPACE if _extent(a) else None),
        **{name: Attr(into, Write(into)) for name, _type, into, _description in TUNING},
    },
    extras=tuple(own_property(name, type, description) for name, type, _into, description in TUNING),
)

_BLOCK: Final = 512


def _is(kind: DiskKind) -> Callable[[Allocation], bool]:
    return lambda a: isinstance(a, DiskAllocation) and a.kind is kind


LOGICAL_DISK = device_map(
    "LogicalDisk",
    shows=_is(DiskKind.DISK),
    description="A virtual disk.",
    element_name=lambda d: f"disk {d.allocation.target}",
    properties={
        "Name": Attr("allocation.target"),
        "Access": Call(lambda d: _READABLE if d.allocation.read_only else _READ_WRITE),
        "BlockSize": Const(_BLOCK),
        "NumberOfBlocks": Call(lambda d: _blocks(d.allocation)),
        "ConsumableBlocks": Call(lambda d: _blocks(d.allocation)),
        "Primordial": Const(False),
    },
)


def _blocks(disk: DiskAllocation) -> int | None:
    return None if disk.capacity is None else disk.capacity // _BLOCK


_SUPPORTS_REMOVABLE_MEDIA: Final = 7

CDROM_DRIVE = device_map(
    "CDROMDrive",
    shows=_is(DiskKind.CDROM),
    description="A virtual CD or DVD drive.",
    element_name=lambda d: f"CD drive {d.allocation.target}",
    properties={"Capabilities": Const((_SUPPORTS_REMOVABLE_MEDIA,))},
)

DISKETTE_DRIVE = device_map(
    "DisketteDrive",
    shows=_is(DiskKind.FLOPPY),
    description="A virtual floppy drive.",
    element_name=lambda d: f"floppy drive {d.allocation.target}",
    properties={"Capabilities": Const((_SUPPORTS_REMOVABLE_MEDIA,))},
)
