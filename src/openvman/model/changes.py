"""What may be changed of allocations that there are (DSP1043): ranges of their quantities, and kinds to choose from.

It depends on the configuration that an allocation is in: the defined one takes what a definition would, the one in
force takes what an active system can be given while its guest runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from openvman.model.allocation import (
    IDENTITY,
    SHARED_FORMAT,
    Affinity,
    Allocation,
    DeviceAllocation,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    NicConnection,
    ProcessorAllocation,
)
from openvman.model.capability import (
    DEVICE_CHOICES,
    RANGE,
    Point,
    Possible,
    choice_label,
    connections,
    device_choices,
    disk_buses,
    disk_choices,
    ranges_of,
    with_choice,
)
from openvman.model.host import Host
from openvman.model.live import LIVE
from openvman.model.mutability import Mark, Mutability, Standing, key_in
from openvman.model.picture import Objects
from openvman.model.pool import pool_named
from openvman.model.ranges import MEMORY_OVERHEAD, Range, tuning_ranges
from openvman.model.remembered import Remembered
from openvman.model.resource import kind_of, pool_name
from openvman.model.validation import target_prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleChange(Possible):
    """A setting of the range of allocations; it is of the same class as they are."""

    host_id: str
    mutability_id: str


def changes_of(mutability: Mutability, objects: Objects) -> tuple[PossibleChange, ...]:
    """What a modification may say of allocations with this mutability."""
    host = objects.host(mutability.host_id)
    return () if host is None else _told(mutability, host)


def find_change(objects: Objects, wanted: str) -> PossibleChange | None:
    """The change of an id."""
    mutability = find_mutability(objects, wanted)
    return None if mutability is None else next((c for c in changes_of(mutability, objects) if c.id == wanted), None)


def find_mutability(objects: Objects, wanted: str) -> Mutability | None:
    """The mutability of an id, or of that of one of its changes."""
    host_id, key, _ = key_in(wanted)
    return objects.mutability(host_id, key)


def _changes(of: Mutability, host: Host) -> Iterator[PossibleChange]:
    if of.decisive.standing is Standing.PAUSED:
        return  # a guest that does not run takes no change
    ranges = {setting: found for setting, found in _ranges(of, host).items() if _may_change(of, host, setting)}
    for point in RANGE if ranges else ():
        said: dict[str, Any] = {setting: getattr(found, point.value) for setting, found in ranges.items()}
        yield _change(of, point, point.value, replace(of.example, **said), frozenset(ranges))
    for setting, value in _choices(of, host):
        if _may_change(of, host, setting):
            label = f"{Point.SUPPORTED}:{setting}:{choice_label(value)}"
            yield _change(of, Point.SUPPORTED, label, with_choice(of.example, setting, value), frozenset({setting}))


_told: Final = Remembered(_changes, most=4096)


def _may_change(of: Mutability, host: Host, setting: str) -> bool:
    kind = type(of.example)
    return not of.is_live or setting in LIVE[kind] - host.facts.fixed_live.get(kind, frozenset())


def _ranges(of: Mutability, host: Host) -> dict[str, Range]:
    """The ranges of what is counted, by the names of the settings."""
    kind, name = kind_of(of.example), pool_name(of.example)
    pool = pool_named(host, name or kind.value, lambda _: 0)
    found = tuning_ranges(host, kind) if pool is None else ranges_of(pool)
    found.pop("capacity", None)  # an image does not change its size
    match of.example:
        case ProcessorAllocation(maximum=maximum, limit=limit):
            amounts = ("count", "maximum")
            found["reservation"] = found["reservation"].up_to(limit)
        case MemoryAllocation(maximum=maximum):
            amounts = ("size", "maximum")
            found["reservation"] = found["reservation"].up_to(maximum)
            if "limit" in found:
                found["limit"] = replace(found["limit"], minimum=maximum + MEMORY_OVERHEAD)
            if of.decisive.mark is Mark.NO_BALLOON:
                found.pop("size", None)
        case NicAllocation(connection=NicConnection.USER):
            return {}
        case NicAllocation(connection=connection) if connection is not NicConnection.NETWORK:
            found.pop("receive_reservation", None)
            return found
        case _:
            return found
    if of.is_live:  # an active system gets no more than the maximum that it was started with
        found |= {setting: found[setting].up_to(maximum) for setting in amounts if setting in found}
    return {setting: range for setting, range in found.items() if not range.is_empty}


def _choices(of: Mutability, host: Host) -> Iterator[tuple[str, Any]]:
    """A setting, and a value that it can have."""
    match of.example:
        case ProcessorAllocation(affinity=affinity):
            # Any other mapping than none names processors of the host.
            yield from (("affinity", other) for other in dict.fromkeys((Affinity.NONE, affinity)))
        case MemoryAllocation(size=size, maximum=maximum):
            pages = (page for page in host.facts.page_sizes if not (size % page or maximum % page))
            yield from (("page_size", page) for page in pages)
        case DiskAllocation(kind=kind, bus=bus, target=target, format=format):
            for other in disk_buses(host, kind):
                if other == bus or target.startswith(target_prefix(other)):
                    yield "bus", other
            can_be_shared = kind is not DiskKind.DISK or format == SHARED_FORMAT
            yield from (c for c in disk_choices(host, kind) if can_be_shared or c != ("shareable", True))
        case NicAllocation(connection=connection):
            yield from (("model", model) for model in host.facts.nic_models)
            # A running guest's NIC goes from network to network, and is never made another kind of device for the host.
            there = connections(host)
            yield from (("connection", each) for each in there if not of.is_live or each[0] is connection)
            yield from (("link_up", up) for up in (True, False))
        case DeviceAllocation(kind=device):
            for setting in DEVICE_CHOICES:
                if setting not in IDENTITY.get(device, ()):
                    yield from ((setting, value) for value in device_choices(host, device, setting))


def _change(of: Mutability, point: Point, label: str, allocation: Allocation, says: frozenset[str]) -> PossibleChange:
    return PossibleChange(
        host_id=of.host_id,
        mutability_id=of.id,
        id=f"{of.id}/{label}",
        name=f"{label} of {of.name}",
        point=point,
        allocation=allocation,
        says=says,
    )
