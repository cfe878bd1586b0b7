"""What may be changed of an allocation that there is (DSP1043): ranges of its quantities, and kinds to choose from.

It depends on the configuration that the allocation is in: the defined one takes what a definition would, the one in
force takes what an active system can be given, or can let go of, while its guest runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from openvman.model.allocation import (
    IDENTITY,
    NO_DEVICE,
    Affinity,
    Allocation,
    DeviceAllocation,
    DeviceKind,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    NicConnection,
    ProcessorAllocation,
    SerialAllocation,
)
from openvman.model.capability import (
    DEVICE_CHOICES,
    RANGE,
    SHARED,
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
from openvman.model.picture import Objects
from openvman.model.plugging import why_fixed
from openvman.model.pool import pool_named
from openvman.model.ranges import MEMORY_OVERHEAD, Range, tuning_ranges
from openvman.model.resource import kind_of, pool_name
from openvman.model.states import State
from openvman.model.system import Configuration, ConfigurationKind, VirtualSystem
from openvman.model.validation import target_prefix

_SUFFIX: Final = "/mutability"
_PLUGGABLE: Final = frozenset({"virtio", "scsi", "usb"})
"""The buses that an active system's disks can be taken from."""
_OF_MACHINE: Final = frozenset({DeviceKind.BALLOON, DeviceKind.CONTROLLER, DeviceKind.VIDEO, "ps2"})
"""The devices, and the bus of those, that a hypervisor may put back as every machine has them."""
_STABLE: Final = (State.ACTIVE, State.DEFINED, State.SUSPENDED, State.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutability:
    """What may be done to one allocation as the system is now."""

    host: Host
    system: VirtualSystem
    configuration: Configuration
    allocation: Allocation

    @property
    def id(self) -> str:
        return f"{self.allocation.id}{_SUFFIX}"

    @property
    def system_id(self) -> str:
        return self.system.id

    @property
    def is_live(self) -> bool:
        """Whether a change reaches the guest at once."""
        return self.configuration.kind is ConfigurationKind.STATE

    @property
    def removed_in(self) -> tuple[State, ...]:
        """The states of the system in which the allocation can be removed."""
        match self.allocation:
            case DiskAllocation(kind=kind, bus=bus, target=target) if self.is_live:
                fixed = kind is not DiskKind.DISK or bus not in _PLUGGABLE or target == self.configuration.boot_disk
                return () if fixed else (State.ACTIVE,)
            case NicAllocation() if self.is_live:
                return (State.ACTIVE,)
            case DiskAllocation() | NicAllocation():
                return _STABLE
            case DeviceAllocation() | SerialAllocation() if self.is_live:
                return () if why_fixed(self.allocation) else (State.ACTIVE,)
            case DeviceAllocation(kind=kind, bus=bus):
                return () if kind in _OF_MACHINE or bus in _OF_MACHINE else _STABLE
            case SerialAllocation():
                return _STABLE
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleChange(Possible):
    """A setting of an allocation's range; it is of the same class as the allocation."""

    mutability: Mutability

    @property
    def system_id(self) -> str:
        return self.mutability.system_id


def mutability_of(system: VirtualSystem, objects: Objects) -> Iterator[Mutability]:
    """Of every allocation of every configuration."""
    host = objects.host(system.host_id)
    if host is None:
        return
    for configuration in system.configurations():
        for allocation in configuration.allocations():
            yield Mutability(host=host, system=system, configuration=configuration, allocation=allocation)


def find_mutability(objects: Objects, wanted: str) -> Mutability | None:
    """The mutability of an id."""
    system = objects.system(wanted.partition("/")[0])
    return None if system is None else next((m for m in mutability_of(system, objects) if m.id == wanted), None)


def changes_of(of: Mutability) -> Iterator[PossibleChange]:
    """What a modification may say of the allocation."""
    if of.is_live and of.system.state is not State.ACTIVE:
        return  # a guest that does not run takes no change
    ranges = {setting: found for setting, found in _ranges(of).items() if _may_change(of, setting)}
    for point in RANGE if ranges else ():
        said: dict[str, Any] = {setting: getattr(found, point.value) for setting, found in ranges.items()}
        yield _change(of, point, point.value, replace(of.allocation, **said), frozenset(ranges))
    for setting, value in _choices(of):
        if _may_change(of, setting):
            label = f"{Point.SUPPORTED}:{setting}:{choice_label(value)}"
            yield _change(of, Point.SUPPORTED, label, with_choice(of.allocation, setting, value), frozenset({setting}))


def _may_change(of: Mutability, setting: str) -> bool:
    kind = type(of.allocation)
    return not of.is_live or setting in LIVE[kind] - of.host.facts.fixed_live.get(kind, frozenset())


def _ranges(of: Mutability) -> dict[str, Range]:
    """The ranges of what is counted, by the names of the settings."""
    kind, name = kind_of(of.allocation), pool_name(of.allocation)
    pool = pool_named(of.host, name or kind.value, lambda _: 0)
    found = tuning_ranges(of.host, kind) if pool is None else ranges_of(pool)
    found.pop("capacity", None)  # an image does not change its size
    match of.allocation:
        case ProcessorAllocation(maximum=maximum, limit=limit):
            amounts = ("count", "maximum")
            found["reservation"] = found["reservation"].up_to(limit)
        case MemoryAllocation(maximum=maximum):
            amounts = ("size", "maximum")
            found["reservation"] = found["reservation"].up_to(maximum)
            if "limit" in found:
                found["limit"] = replace(found["limit"], minimum=maximum + MEMORY_OVERHEAD)
            if of.is_live and _has_no_balloon(of.configuration):
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


def _has_no_balloon(configuration: Configuration) -> bool:
    return any(d.kind is DeviceKind.BALLOON and d.type == NO_DEVICE for d in configuration.devices)


def _choices(of: Mutability) -> Iterator[tuple[str, Any]]:
    """A setting, and a value that it can have."""
    facts = of.host.facts
    match of.allocation:
        case ProcessorAllocation(affinity=affinity):
            # Any other mapping than none names processors of the host.
            yield from (("affinity", other) for other in dict.fromkeys((Affinity.NONE, affinity)))
        case MemoryAllocation(size=size, maximum=maximum):
            pages = (page for page in facts.page_sizes if not (size % page or maximum % page))
            yield from (("page_size", page) for page in pages)
        case DiskAllocation(kind=kind, bus=bus, target=target, format=format):
            for other in disk_buses(of.host, kind):
                if other == bus or target.startswith(target_prefix(other)):
                    yield "bus", other
            can_be_shared = kind is not DiskKind.DISK or format == SHARED["format"]
            yield from (c for c in disk_choices(of.host, kind) if can_be_shared or c != ("shareable", True))
        case NicAllocation(connection=connection):
            yield from (("model", model) for model in facts.nic_models)
            # A running guest's NIC goes from network to network, and is never made another kind of device for the host.
            there = connections(of.host)
            yield from (("connection", each) for each in there if not of.is_live or each[0] is connection)
            yield from (("link_up", up) for up in (True, False))
        case DeviceAllocation(kind=device):
            for setting in DEVICE_CHOICES:
                if setting not in IDENTITY.get(device, ()):
                    yield from ((setting, value) for value in device_choices(of.host, device, setting))


def _change(of: Mutability, point: Point, label: str, allocation: Allocation, says: frozenset[str]) -> PossibleChange:
    return PossibleChange(
        mutability=of,
        id=f"{of.id}/{label}",
        name=f"{label} of {of.allocation.local_id}",
        point=point,
        allocation=allocation,
        says=says,
    )
