"""What a client may ask a host for (DSP1043): defaults, ranges where the resource is a quantity, and kinds to choose.

All comes from the tables that a definition is filled and judged by: ``model.defaults``, ``model.ranges``, the tables of
rules and the host's facts. So the default is accepted as it is, and what lies outside of the range is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from enum import Enum, StrEnum
from typing import Final

from openvman.model import defaults
from openvman.model.allocation import (
    Allocation,
    DeviceAllocation,
    DeviceKind,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    ProcessorAllocation,
    SerialAllocation,
)
from openvman.model.choice import usual_bus, usual_connection, usual_device, usual_nic_model
from openvman.model.device_rules import DEVICE_RULES, NEEDED, OF_TYPE, TAKEN
from openvman.model.host import Host
from openvman.model.picture import Objects
from openvman.model.pool import ResourcePool, find_pool, pool_named, pools_of
from openvman.model.ranges import Range, range_of
from openvman.model.resource import KIND_OF_DISK, ResourceKind
from openvman.model.spec import DeviceSpec
from openvman.model.states import State
from openvman.model.validation import Surroundings

_PART: Final = "/devices/"


class Point(StrEnum):
    """What a setting stands for."""

    DEFAULT = "default"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    INCREMENT = "increment"
    SUPPORTED = "supported"


RANGE: Final = (Point.MINIMUM, Point.MAXIMUM, Point.INCREMENT)


class Requests(Enum):
    """Whether a request names what of the host it wants."""

    SPECIFIC = "specific"
    GENERAL = "general"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """One setting: an allocation of no system. Only what ``says`` names of it means something; a default says all."""

    id: str
    name: str
    point: Point
    allocation: Allocation
    says: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that a host's users may ask for: of a pool, or a kind of device that no pool is kept of."""

    host: Host
    id: str
    name: str
    pool: ResourcePool | None = None
    kind: ResourceKind | None = None
    device: DeviceKind | None = None
    bus: str | None = None
    """Of a controller, the bus that it makes."""

    @property
    def example(self) -> Allocation:
        """An allocation of the kind; nothing else of it means something."""
        if self.pool is not None:
            return _of_pool(self.pool, 0)
        assert self.device is not None, f"{self.id} is of a pool or a kind of device"
        return _of_device(self.host, usual_device(DeviceSpec(kind=self.device, bus=self.bus), self.host.facts))

    @property
    def is_shared(self) -> bool:
        return self.kind in {ResourceKind.PROCESSOR, ResourceKind.NETWORK}

    @property
    def requests(self) -> Requests:
        if self.device in NEEDED["source"]:
            return Requests.SPECIFIC
        return Requests.BOTH if self.kind in _DISKS else Requests.GENERAL

    @property
    def added_in(self) -> tuple[State, ...]:
        """The states of a system in which it gets one more."""
        return _ADDED_IN.get(self.kind, ()) if self.kind is not None else ()

    @property
    def removed_in(self) -> tuple[State, ...]:
        """The states of a system in which it can be without; a guest lets go only while it runs."""
        return tuple(state for state in self.added_in if state is not State.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleAllocation(Possible):
    offer: Offer


_DISKS: Final = {kind: disk for disk, kind in KIND_OF_DISK.items()}
_ASKED_FOR: Final = frozenset(
    {ResourceKind.PROCESSOR, ResourceKind.MEMORY, ResourceKind.NETWORK, ResourceKind.SERIAL, *_DISKS}
)
"""The kinds of pools that a client may ask."""
_ADDED_IN: Final = {
    ResourceKind.DISK: (State.ACTIVE, State.DEFINED, State.PAUSED),
    ResourceKind.NETWORK: (State.ACTIVE, State.DEFINED, State.PAUSED),
    ResourceKind.CDROM: (State.DEFINED,),  # a guest looks for drives when it starts, and never again
    ResourceKind.FLOPPY: (State.DEFINED,),
}
_DEVICES: Final[tuple[tuple[DeviceKind, str | None], ...]] = (
    *((kind, None) for kind in DeviceKind if kind is not DeviceKind.CONTROLLER),
    *((DeviceKind.CONTROLLER, bus) for bus in ("scsi", "usb", "virtio-serial", "sata")),
)
"""The devices, and of controllers the buses, that are offered beside the pools."""


def offers_of(host: Host, consumed: Callable[[str], int]) -> Iterator[Offer]:
    """All offers of a host."""
    for pool in pools_of(host, consumed):
        if may_be_asked(pool):
            yield Offer(host=host, id=pool.id, name=f"pool {pool.name}", pool=pool, kind=pool.kind)
    for kind, bus in _DEVICES:
        offer = _device(host, kind, bus)
        if any(possible_of(offer)):
            yield offer


def find_offer(objects: Objects, wanted: str) -> Offer | None:
    """The offer of an id."""
    pool = find_pool(objects, wanted)
    if pool is not None:
        offer = Offer(host=pool.host, id=pool.id, name=f"pool {pool.name}", pool=pool, kind=pool.kind)
        return offer if may_be_asked(pool) else None
    host_id, part, _ = wanted.partition(_PART)
    host = objects.host(host_id) if part else None
    made = () if host is None else (_device(host, kind, bus) for kind, bus in _DEVICES)
    return next((offer for offer in made if offer.id == wanted and any(possible_of(offer))), None)


def _device(host: Host, kind: DeviceKind, bus: str | None) -> Offer:
    name = kind.value if bus is None else f"{bus} {kind}"
    return Offer(host=host, id=f"{host.id}{_PART}{name.replace(' ', '-')}", name=name, device=kind, bus=bus)


def may_be_asked(pool: ResourcePool) -> bool:
    """Whether requests can be served from the pool: not where the host has nothing of the kind, or too little."""
    if pool.kind not in _ASKED_FOR or pool.capacity == 0:
        return False
    amounts = amounts_of(pool)
    return amounts is None or not amounts.is_empty


def amounts_of(pool: ResourcePool) -> Range | None:
    """What one system may ask of the pool; None where the resource is no quantity."""
    found = range_of(pool.host, pool.kind)
    return None if found is None else found.up_to(pool.consumable)


_USUAL: Final = {
    ResourceKind.PROCESSOR: defaults.PROCESSORS,
    ResourceKind.MEMORY: defaults.MEMORY,
    ResourceKind.DISK: defaults.CAPACITY,
}


def usual_amount(host: Host, kind: ResourceKind, pool: str | None = None) -> int:
    """What a request that says no amount gets of the pool (the host's own of the kind without a name)."""
    found = pool_named(host, pool or kind.value, lambda _: 0)
    amounts = range_of(host, kind) if found is None or found.kind is not kind else amounts_of(found)
    return _USUAL[kind] if amounts is None or amounts.is_empty else amounts.nearest(_USUAL[kind])


def possible_of(offer: Offer) -> Iterator[PossibleAllocation]:
    """The default, the range of what is a quantity, and the kinds to choose from."""
    if offer.pool is not None:
        yield from _of_the_pool(offer, offer.pool)
    elif offer.device is not None:
        yield from _of_the_device(offer, offer.device)


def _of_the_pool(offer: Offer, pool: ResourcePool) -> Iterator[PossibleAllocation]:
    amounts = amounts_of(pool)
    if amounts is None:
        yield _possible(offer, Point.DEFAULT, _of_pool(pool, 0))
    else:
        yield _possible(offer, Point.DEFAULT, _of_pool(pool, usual_amount(pool.host, pool.kind, pool.name)))
        for point in RANGE:
            yield _possible(offer, point, _of_pool(pool, getattr(amounts, point.value)))
    for setting, value in _choices(pool):
        made = _of_pool(pool, 0, **{setting: value})
        yield _possible(offer, Point.SUPPORTED, made, setting, value)


def _of_the_device(offer: Offer, kind: DeviceKind) -> Iterator[PossibleAllocation]:
    spec = usual_device(DeviceSpec(kind=kind, bus=offer.bus), offer.host.facts)
    around = Surroundings(host=offer.host)
    if all(rule.holds(spec, around) for rule in DEVICE_RULES):
        yield _possible(offer, Point.DEFAULT, _of_device(offer.host, spec))
    for type in device_types(offer.host, kind):
        made = _of_device(offer.host, DeviceSpec(kind=kind, bus=offer.bus, type=type))
        yield _possible(offer, Point.SUPPORTED, made, "type", type)


def device_types(host: Host, kind: DeviceKind) -> Iterator[str]:
    """The types of a kind of device that the host has and the rules take."""
    usual = defaults.DEVICES.get(kind, {}).get("type", ())
    named = host.facts.device_types.get(kind, TAKEN["type"].get(kind, usual))
    for type in named:
        spec = DeviceSpec(kind=kind, type=type)
        if all(rule.holds(spec, Surroundings(host=host)) for rule in OF_TYPE):
            yield type


def _choices(pool: ResourcePool) -> Iterator[tuple[str, str]]:
    facts = pool.host.facts
    if pool.kind in _DISKS:
        usual = defaults.DISK_BUSES[_DISKS[pool.kind]]
        yield from (("bus", bus) for bus in facts.disk_buses if bus in usual or bus not in defaults.TARGET_PREFIXES)
    elif pool.kind is ResourceKind.NETWORK:
        yield from (("model", model) for model in facts.nic_models)


def _possible(
    offer: Offer, point: Point, allocation: Allocation, setting: str = "", value: str = ""
) -> PossibleAllocation:
    label = f"{point.value}:{value}" if setting else point.value
    return PossibleAllocation(
        offer=offer,
        id=f"{offer.id}/{label}",
        name=f"{label} of {offer.name}",
        point=point,
        allocation=allocation,
        says=frozenset({setting} if setting else ()),
    )


def _of_pool(pool: ResourcePool, amount: int, **said: str) -> Allocation:
    host = pool.host
    match pool.kind:
        case ResourceKind.PROCESSOR:
            return _of_no_system(ProcessorAllocation, host, pool, count=amount, maximum=amount)
        case ResourceKind.MEMORY:
            return _of_no_system(MemoryAllocation, host, pool, size=amount, maximum=amount)
        case ResourceKind.NETWORK:
            connection, source = usual_connection(host)
            usual = {"mac": "", "model": usual_nic_model(host), "connection": connection, "source": source}
            return _of_no_system(NicAllocation, host, pool, **{**usual, **said})
        case ResourceKind.SERIAL:
            return _of_no_system(SerialAllocation, host, pool, port=0, has_log=host.facts.has_console_log)
    kind = _DISKS[pool.kind]
    usual_disk: dict[str, object] = {
        "target": "",
        "kind": kind,
        "bus": usual_bus(kind, host),
        "source": None,
        "format": None,
        "capacity": amount if kind is DiskKind.DISK else None,
        "read_only": kind is DiskKind.CDROM,
    }
    return _of_no_system(DiskAllocation, host, pool, **{**usual_disk, **said})


def _of_device(host: Host, spec: DeviceSpec) -> Allocation:
    said = {f.name: getattr(spec, f.name) for f in fields(DeviceSpec) if f.name not in {"allocation_id", "pool"}}
    return _of_no_system(DeviceAllocation, host, None, **{**said, "read_only": bool(spec.read_only)})


def _of_no_system(make: Callable[..., Allocation], host: Host, pool: ResourcePool | None, **said: object) -> Allocation:
    name = None if pool is None else pool.name
    return make(id="", system_id="", configuration_id="", host_id=host.id, pool=name, **said)
