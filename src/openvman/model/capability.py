"""What a client may ask a pool for (DSP1043): a default, and a range where the resource is a quantity.

All comes from the tables that a definition is filled and judged by: ``model.defaults``, ``model.validation`` and the
host's facts. So the default is accepted as it is, and what lies outside of the range is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from openvman.model import defaults, validation
from openvman.model.allocation import (
    Allocation,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    ProcessorAllocation,
    SerialAllocation,
)
from openvman.model.choice import usual_bus, usual_connection, usual_nic_model
from openvman.model.pool import ResourcePool
from openvman.model.resource import KIND_OF_DISK, ResourceKind


class Point(StrEnum):
    """What a setting stands for."""

    DEFAULT = "default"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    INCREMENT = "increment"


_DISKS: Final = {kind: disk for disk, kind in KIND_OF_DISK.items()}
ASKED_FOR: Final = frozenset(
    {ResourceKind.PROCESSOR, ResourceKind.MEMORY, ResourceKind.NETWORK, ResourceKind.SERIAL, *_DISKS}
)
"""The kinds that a client may ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleAllocation:
    """One setting: an allocation of no system. In one that is not the default, only the quantities mean something."""

    pool: ResourcePool
    point: Point
    allocation: Allocation

    @property
    def id(self) -> str:
        return f"{self.pool.id}/{self.point.value}"


def may_be_asked(pool: ResourcePool) -> bool:
    """Whether requests can be served from the pool: not where the host has nothing of the kind."""
    return pool.kind in ASKED_FOR and pool.capacity != 0


def possible_of(pool: ResourcePool) -> Iterator[PossibleAllocation]:
    """The default and, of resources that are quantities, the range."""
    if not may_be_asked(pool):
        return
    for point in Point:
        amount = _amounts(pool, point)
        if point is Point.DEFAULT or amount is not None:
            yield _possible(pool, point, amount)


def _amounts(pool: ResourcePool, point: Point) -> int | None:
    """How much: a number or bytes; None where the resource is no quantity."""
    host = pool.host
    match pool.kind:
        case ResourceKind.PROCESSOR:
            return {
                Point.DEFAULT: defaults.PROCESSORS,
                Point.MINIMUM: validation.MINIMUM_PROCESSORS,
                Point.MAXIMUM: _within(pool, host.facts.maximum_processors),
                Point.INCREMENT: 1,
            }[point]
        case ResourceKind.MEMORY:
            return {
                Point.DEFAULT: defaults.MEMORY,
                Point.MINIMUM: validation.MINIMUM_MEMORY,
                Point.MAXIMUM: _within(pool, host.memory),
                Point.INCREMENT: validation.MEMORY_INCREMENT,
            }[point]
        case ResourceKind.DISK:
            return {
                Point.DEFAULT: defaults.CAPACITY,
                Point.MINIMUM: validation.MINIMUM_CAPACITY,
                Point.MAXIMUM: _within(pool, validation.MAXIMUM_CAPACITY),
                Point.INCREMENT: validation.CAPACITY_INCREMENT,
            }[point]
    return None


def _within(pool: ResourcePool, limit: int) -> int:
    return limit if pool.consumable is None else min(limit, pool.consumable)


def _possible(pool: ResourcePool, point: Point, amount: int | None) -> PossibleAllocation:
    return PossibleAllocation(pool=pool, point=point, allocation=_allocation(pool, amount or 0))


def _allocation(pool: ResourcePool, amount: int) -> Allocation:
    host = pool.host
    match pool.kind:
        case ResourceKind.PROCESSOR:
            return _of_no_system(ProcessorAllocation, pool, count=amount, maximum=amount)
        case ResourceKind.MEMORY:
            return _of_no_system(MemoryAllocation, pool, size=amount, maximum=amount)
        case ResourceKind.NETWORK:
            connection, source = usual_connection(host)
            model = usual_nic_model(host)
            return _of_no_system(NicAllocation, pool, mac="", model=model, connection=connection, source=source)
        case ResourceKind.SERIAL:
            return _of_no_system(SerialAllocation, pool, port=0, has_log=host.facts.has_console_log)
    kind = _DISKS[pool.kind]
    return _of_no_system(
        DiskAllocation,
        pool,
        target="",
        kind=kind,
        bus=usual_bus(kind, host),
        source=None,
        format=None,
        capacity=amount if kind is DiskKind.DISK else None,
        read_only=kind is DiskKind.CDROM,
    )


def _of_no_system(make: Callable[..., Allocation], pool: ResourcePool, **said: object) -> Allocation:
    return make(id="", system_id="", configuration_id="", host_id=pool.host.id, pool=pool.name, **said)
