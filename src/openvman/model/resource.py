"""Kinds of resources, and how much of one an allocation takes."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from openvman.model.allocation import (
    Allocation,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    ProcessorAllocation,
    SerialAllocation,
)


class ResourceKind(StrEnum):
    """What pools hold one of; each is also the name of a host's own pool of the kind."""

    PROCESSOR = "processor"
    MEMORY = "memory"
    DISK = "disk"
    CDROM = "cdrom"
    FLOPPY = "floppy"
    NETWORK = "network"
    SERIAL = "serial"


IN_BYTES: Final = frozenset({ResourceKind.MEMORY, ResourceKind.DISK})
"""Quantities of these are bytes, of all others numbers of things."""

KIND_OF_DISK: Final = {
    DiskKind.DISK: ResourceKind.DISK,
    DiskKind.CDROM: ResourceKind.CDROM,
    DiskKind.FLOPPY: ResourceKind.FLOPPY,
}
_KINDS: Final[dict[type[Allocation], ResourceKind]] = {
    ProcessorAllocation: ResourceKind.PROCESSOR,
    MemoryAllocation: ResourceKind.MEMORY,
    NicAllocation: ResourceKind.NETWORK,
    SerialAllocation: ResourceKind.SERIAL,
}


POOLED: Final = frozenset((DiskAllocation, *_KINDS))
"""The allocations that come from pools."""


def kind_of(allocation: Allocation) -> ResourceKind | None:
    """The kind of resource that an allocation takes; None for one that comes from no pool."""
    if isinstance(allocation, DiskAllocation):
        return KIND_OF_DISK[allocation.kind]
    return _KINDS.get(type(allocation))


def pool_name(allocation: Allocation) -> str | None:
    """The name of the pool that the allocation is from; None where it comes from no pool."""
    if allocation.pool is not None:
        return allocation.pool
    kind = kind_of(allocation)
    return None if kind is None else kind.value


def quantity(allocation: Allocation) -> int:
    """How much it takes: bytes or a number of things. A disk of unknown size counts nothing."""
    match allocation:
        case ProcessorAllocation():
            return allocation.count
        case MemoryAllocation():
            return allocation.size
        case DiskAllocation(kind=DiskKind.DISK):
            return allocation.capacity or 0
    return 1
