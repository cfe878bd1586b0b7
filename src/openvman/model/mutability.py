"""What may be changed of an allocation that there is (DSP1043): ranges of its quantities, and kinds to choose from.

It depends on the configuration that the allocation is in: the defined one takes what a definition would, the one in
force takes what an active system can be given, or can let go of, while its guest runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from openvman.model.allocation import (
    IDENTITY,
    NO_DEVICE,
    Allocation,
    DeviceAllocation,
    DeviceKind,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    NicConnection,
    ProcessorAllocation,
)
from openvman.model.capability import RANGE, Point, Possible, amounts_of, device_types
from openvman.model.defaults import DISK_BUSES
from openvman.model.host import Host
from openvman.model.picture import Objects
from openvman.model.pool import pool_named
from openvman.model.ranges import Range, range_of
from openvman.model.resource import kind_of, pool_name
from openvman.model.states import State
from openvman.model.system import Configuration, ConfigurationKind, VirtualSystem
from openvman.model.validation import target_prefix

_SUFFIX: Final = "/mutability"
_PLUGGABLE: Final = frozenset({"virtio", "scsi", "usb"})
"""The buses that an active system's disks can be taken from."""
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
    amounts, says = _amounts(of)
    for point in RANGE if amounts is not None else ():
        amount = getattr(amounts, point.value)
        yield _change(of, point, point.value, _sized(of.allocation, amount), says)
    for label, chosen, settings in _choices(of):
        yield _change(of, Point.SUPPORTED, f"{Point.SUPPORTED}:{label}", chosen, settings)


def _amounts(of: Mutability) -> tuple[Range | None, frozenset[str]]:
    """The range, and the settings that are in it."""
    match of.allocation:
        case ProcessorAllocation(maximum=maximum):
            return _within(of, maximum), frozenset({"count"})
        case MemoryAllocation(maximum=maximum):
            if of.is_live and _has_no_balloon(of.configuration):
                return None, frozenset()
            return _within(of, maximum), frozenset({"size"} if of.is_live else {"size", "maximum"})
    return None, frozenset()


def _within(of: Mutability, maximum: int) -> Range | None:
    """An active system gets no more than the maximum that it was started with."""
    kind, name = kind_of(of.allocation), pool_name(of.allocation)
    assert kind is not None, f"{of.allocation.id} is a quantity"
    pool = pool_named(of.host, name or kind.value, lambda _: 0)
    found = range_of(of.host, kind) if pool is None else amounts_of(pool)
    if found is None:
        return None
    found = found.up_to(maximum) if of.is_live else found
    return None if found.is_empty else found


def _has_no_balloon(configuration: Configuration) -> bool:
    return any(d.kind is DeviceKind.BALLOON and d.type == NO_DEVICE for d in configuration.devices)


def _sized(allocation: Allocation, amount: int) -> Allocation:
    match allocation:
        case ProcessorAllocation():
            return replace(allocation, count=amount, maximum=amount)
        case MemoryAllocation():
            return replace(allocation, size=amount, maximum=amount)
    return allocation


def _choices(of: Mutability) -> Iterator[tuple[str, Allocation, frozenset[str]]]:
    """A label, the allocation as it could be, and the settings that make the difference."""
    match of.allocation:
        case DiskAllocation(kind=kind, bus=bus, target=target) as disk if not of.is_live:
            usual = DISK_BUSES[kind]
            for other in of.host.facts.disk_buses:
                if other == bus or (other in usual and target.startswith(target_prefix(other))):
                    yield other, replace(disk, bus=other), frozenset({"bus"})
        case NicAllocation() as nic:
            for model in () if of.is_live else of.host.facts.nic_models:
                yield model, replace(nic, model=model), frozenset({"model"})
            for connection, source in _connections(of, nic):
                label = connection.value if source is None else f"{connection}:{source}"
                yield label, replace(nic, connection=connection, source=source), frozenset({"connection"})
        case DeviceAllocation(kind=device) as other if not of.is_live and "type" not in IDENTITY.get(device, ()):
            for type in device_types(of.host, device):
                yield type, replace(other, type=type), frozenset({"type"})


def _connections(of: Mutability, nic: NicAllocation) -> Iterator[tuple[NicConnection, str | None]]:
    """A running guest's NIC goes from network to network, and is never made another kind of device for the host."""
    if not of.is_live or nic.connection is NicConnection.NETWORK:
        networks = of.host.network_names if of.host.facts.has_networks else ()
        yield from ((NicConnection.NETWORK, network) for network in networks)
    if not of.is_live or nic.connection is NicConnection.USER:
        yield NicConnection.USER, None


def _change(of: Mutability, point: Point, label: str, allocation: Allocation, says: frozenset[str]) -> PossibleChange:
    return PossibleChange(
        mutability=of,
        id=f"{of.id}/{label}",
        name=f"{label} of {of.allocation.local_id}",
        point=point,
        allocation=allocation,
        says=says,
    )
