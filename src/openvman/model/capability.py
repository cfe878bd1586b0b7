"""What a client may ask a host for (DSP1043): defaults, ranges where the resource is a quantity, and kinds to choose.

All comes from the tables that a definition is filled and judged by: ``model.defaults``, ``model.ranges``, the tables of
rules and the host's facts. So the default is accepted as it is, and what lies outside of the range is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import Any, Final, TypeVar

from openvman.model import defaults
from openvman.model.allocation import (
    DEFAULT_MODE,
    DIRECT_MODES,
    SHARED_FORMAT,
    WHOLE_PROCESSOR,
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
from openvman.model.choice import usual_bus, usual_connection, usual_device, usual_formats, usual_nic_model
from openvman.model.device_rules import DEVICE_RULES, NEEDED, RULES_OF, TAKEN
from openvman.model.device_tuning_rules import BLOCK_SIZES
from openvman.model.host import Host
from openvman.model.picture import Objects
from openvman.model.plugging import why_fixed
from openvman.model.pool import ResourcePool, pool_named, pools_of
from openvman.model.ranges import Range, range_of, tuning_ranges
from openvman.model.remembered import Remembered
from openvman.model.resource import KIND_OF_DISK, ResourceKind
from openvman.model.spec import DEVICE_SETTINGS, DeviceSpec
from openvman.model.states import State
from openvman.model.validation import Rule, Surroundings

A = TypeVar("A", bound=Allocation)

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
    """One setting: an allocation of no system. Only the fields that ``says`` names mean anything; of a default, all."""

    id: str
    name: str
    point: Point
    allocation: Allocation
    says: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that a host's users may ask for: of a pool, or a kind of device that no pool is kept of."""

    id: str
    name: str
    host_id: str
    host_name: str
    example: Allocation
    """An allocation of the kind; nothing else of it means something."""
    pool: str | None = None
    """By name."""
    is_of_host: bool = True
    """Whether who asks the host without naming a pool gets it: not of what was set aside."""
    has_default: bool = True
    """Whether a request need say nothing: not where the host has no network that adapters usually join."""
    kind: ResourceKind | None = None
    device: DeviceKind | None = None
    bus: str | None = None
    """Of a controller, the bus that it makes."""

    @property
    def is_shared(self) -> bool:
        return self.kind in {ResourceKind.PROCESSOR, ResourceKind.NETWORK}

    @property
    def requests(self) -> Requests:
        if self.device in NEEDED["source"] or not self.has_default:
            return Requests.SPECIFIC
        return Requests.BOTH if self.kind in _DISKS else Requests.GENERAL

    @property
    def added_in(self) -> tuple[State, ...]:
        """The states of a system in which it gets one more."""
        if self.kind is not None:
            return _ADDED_IN.get(self.kind, ())
        return (State.DEFINED,) if why_fixed(self.example) else _PLUGGED_IN

    @property
    def removed_in(self) -> tuple[State, ...]:
        """The states of a system in which it can be without; a guest lets go only while it runs."""
        return tuple(state for state in self.added_in if state is not State.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleAllocation(Possible):
    host_id: str
    offer_id: str


_DISKS: Final = {kind: disk for disk, kind in KIND_OF_DISK.items()}
_ASKED_FOR: Final = frozenset(
    {ResourceKind.PROCESSOR, ResourceKind.MEMORY, ResourceKind.NETWORK, ResourceKind.SERIAL, *_DISKS}
)
"""The kinds of pools that a client may ask."""
_PLUGGED_IN: Final = (State.ACTIVE, State.DEFINED, State.PAUSED)
_ADDED_IN: Final = {
    ResourceKind.DISK: _PLUGGED_IN,
    ResourceKind.NETWORK: _PLUGGED_IN,
    ResourceKind.SERIAL: (State.DEFINED,),
    ResourceKind.CDROM: (State.DEFINED,),  # a guest looks for drives when it starts, and never again
    ResourceKind.FLOPPY: (State.DEFINED,),
}
_DEVICES: Final[tuple[tuple[DeviceKind, str | None], ...]] = (
    *((kind, None) for kind in DeviceKind if kind is not DeviceKind.CONTROLLER),
    *((DeviceKind.CONTROLLER, bus) for bus in ("scsi", "usb", "virtio-serial", "sata")),
)
"""The devices, and of controllers the buses, that are offered beside the pools."""


def offers_of(host: Host) -> tuple[Offer, ...]:
    """All offers of a host."""
    return _offers(host.id, host)


def find_offer(objects: Objects, wanted: str) -> Offer | None:
    """The offer of an id."""
    host = objects.host(wanted.partition("/")[0])
    return None if host is None else next((offer for offer in offers_of(host) if offer.id == wanted), None)


def possible_of(offer: Offer, host: Host) -> tuple[PossibleAllocation, ...]:
    """The default, the range of what is a quantity, and the kinds to choose from."""
    return _possibles(offer, host)


def _made_offers(_host_id: str, host: Host) -> Iterator[Offer]:
    for pool in pools_of(host, _nothing):
        if may_be_asked(pool):
            yield _of_pool(host, pool)
    for kind, bus in _DEVICES:
        offer = _of_device(host, kind, bus)
        if any(_possible_of(offer, host)):
            yield offer


_offers: Final = Remembered(_made_offers, most=64)


def _nothing(_pool_id: str) -> int:
    """What is given of a pool: offers do not depend on it."""
    return 0


def _of_pool(host: Host, pool: ResourcePool) -> Offer:
    return Offer(
        id=pool.id,
        name=f"pool {pool.name}",
        host_id=host.id,
        host_name=host.name,
        example=_from_pool(pool, 0),
        pool=pool.name,
        is_of_host=pool.is_primordial,
        has_default=pool.kind is not ResourceKind.NETWORK or usual_connection(host) != (NicConnection.NETWORK, None),
        kind=pool.kind,
    )


def _of_device(host: Host, kind: DeviceKind, bus: str | None) -> Offer:
    name = kind.value if bus is None else f"{bus} {kind}"
    return Offer(
        id=f"{host.id}{_PART}{name.replace(' ', '-')}",
        name=name,
        host_id=host.id,
        host_name=host.name,
        example=_device(host, usual_device(DeviceSpec(kind=kind, bus=bus), host.facts)),
        device=kind,
        bus=bus,
    )


def may_be_asked(pool: ResourcePool) -> bool:
    """Whether requests can be served from the pool: not where the host has nothing of the kind, or too little."""
    if pool.kind not in _ASKED_FOR or pool.capacity == 0:
        return False
    if pool.kind in _DISKS and not any(disk_buses(pool.host, _DISKS[pool.kind])):
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


def _possible_of(offer: Offer, host: Host) -> Iterator[PossibleAllocation]:
    if offer.pool is not None:
        pool = pool_named(host, offer.pool, _nothing)
        assert pool is not None, "the offer was made of it"
        yield from _of_the_pool(offer, pool)
    elif offer.device is not None:
        yield from _of_the_device(offer, host, offer.device)


_possibles: Final = Remembered(_possible_of, most=4096)


def _of_the_pool(offer: Offer, pool: ResourcePool) -> Iterator[PossibleAllocation]:
    amounts = amounts_of(pool)
    usual = 0 if amounts is None else usual_amount(pool.host, pool.kind, pool.name)
    if offer.has_default:
        yield _possible(offer, Point.DEFAULT, _from_pool(pool, usual))
    ranges = ranges_of(pool)
    for point in RANGE if ranges else ():
        said = {setting: getattr(found, point.value) for setting, found in ranges.items()}
        amount = 0 if amounts is None else getattr(amounts, point.value)
        made = _from_pool(pool, amount, **said)
        yield _possible(offer, point, made, frozenset(ranges))
    for setting, value in _choices(pool):
        also = _goes_with(pool, setting, value)
        made = _from_pool(pool, 0, **{setting: value}, **also)
        label = f"{setting}:{choice_label(value)}"
        yield _possible(offer, Point.SUPPORTED, made, frozenset({setting, *also}), label)


def _goes_with(pool: ResourcePool, setting: str, value: Any) -> dict[str, Any]:
    """What must be chosen together with a choice."""
    if setting == "shareable" and value and pool.kind is ResourceKind.DISK:
        return _SHARED
    if setting == "mode":
        return {"connection": (NicConnection.DIRECT, pool.host.ports[0].name)}
    return {}


_SHARED: Final = {"format": SHARED_FORMAT}
"""What a disk must be beside, to be shared."""
_AMOUNTS: Final = {
    ResourceKind.PROCESSOR: ("count", "maximum"),
    ResourceKind.MEMORY: ("size", "maximum"),
    ResourceKind.DISK: ("capacity",),
}
"""The settings that the amount of a pool's range is of."""


def ranges_of(pool: ResourcePool) -> dict[str, Range]:
    """The ranges of all settings of an allocation from the pool, by the names of the settings."""
    amounts, tuning = amounts_of(pool), tuning_ranges(pool.host, pool.kind)
    if "reservation" in tuning:  # no more can be reserved than there is
        part = WHOLE_PROCESSOR if pool.kind is ResourceKind.PROCESSOR else 1
        tuning["reservation"] = tuning["reservation"].up_to(None if pool.capacity is None else pool.capacity * part)
    return {**({} if amounts is None else dict.fromkeys(_AMOUNTS[pool.kind], amounts)), **tuning}


def _of_the_device(offer: Offer, host: Host, kind: DeviceKind) -> Iterator[PossibleAllocation]:
    if host.facts.device_types.get(kind) == ():
        return  # whatever might be chosen beside the type
    spec = usual_device(DeviceSpec(kind=kind, bus=offer.bus), host.facts)
    if _is_taken(spec, host, DEVICE_RULES):
        yield _possible(offer, Point.DEFAULT, _device(host, spec))
    for setting in DEVICE_CHOICES:
        for value in device_choices(host, kind, setting):
            made = with_choice(_device(host, spec), setting, value)
            yield _possible(offer, Point.SUPPORTED, made, frozenset({setting}), f"{setting}:{value}")


DEVICE_CHOICES: Final = ("type", "backend", "action")
"""The settings of a device that are chosen from a list. What a bus is, is part of what the device is."""


def device_choices(host: Host, kind: DeviceKind, setting: str) -> Iterator[str]:
    """What the host has for one setting of a kind of device, as far as the rules take it."""
    told: dict[str, Mapping[DeviceKind, tuple[str, ...]]] = {
        "type": host.facts.device_types,
        "backend": host.facts.device_backends,
    }
    usual = TAKEN[setting].get(kind, defaults.DEVICES.get(kind, {}).get(setting, ()))
    for value in told.get(setting, {}).get(kind, usual):
        spec = replace(DeviceSpec(kind=kind), **{setting: value})  # type: ignore[arg-type]  # texts all
        if _is_taken(spec, host, RULES_OF[setting]):
            yield value


def _is_taken(spec: DeviceSpec, host: Host, rules: Iterable[Rule[DeviceSpec]]) -> bool:
    return all(rule.holds(spec, Surroundings(host=host)) for rule in rules)


def _choices(pool: ResourcePool) -> Iterator[tuple[str, Any]]:
    """What is chosen from a list: a setting, and a value that the host has for it."""
    host = pool.host
    if pool.kind in _DISKS:
        yield from (("bus", bus) for bus in disk_buses(host, _DISKS[pool.kind]))
        yield from disk_choices(host, _DISKS[pool.kind])
        formats = usual_formats(pool.subtype) if pool.kind is ResourceKind.DISK else ()
        yield from (("format", format) for format in formats)
    elif pool.kind is ResourceKind.NETWORK:
        yield from (("model", model) for model in host.facts.nic_models)
        yield from (("connection", connection) for connection in connections(host))
        yield from (("link_up", up) for up in (True, False))
        if NicConnection.DIRECT in host.facts.nic_connections and host.ports:
            yield from (("mode", mode) for mode in DIRECT_MODES)
    elif pool.kind is ResourceKind.PROCESSOR:
        yield from (("affinity", affinity) for affinity in host.facts.affinities)
    elif pool.kind is ResourceKind.MEMORY:
        yield from (("page_size", size) for size in host.facts.page_sizes)


def disk_buses(host: Host, kind: DiskKind) -> Iterator[str]:
    """The buses of the host that a kind of disk can be on."""
    usual = defaults.DISK_BUSES[kind]
    return (bus for bus in host.facts.disk_buses if bus in usual or bus not in defaults.TARGET_PREFIXES)


def disk_choices(host: Host, kind: DiskKind) -> Iterator[tuple[str, Any]]:
    """What else of a disk is chosen from a list, whatever bus it is on and whatever is in it."""
    facts = host.facts
    for setting, modes in (("cache", facts.disk_caches), ("discard", facts.disk_discards)):
        yield from ((setting, mode) for mode in (DEFAULT_MODE, *modes))
    if kind is DiskKind.DISK:
        yield from (("block_size", size) for size in BLOCK_SIZES)
    # A CD is only ever read.
    yield from (("read_only", value) for value in ((True,) if kind is DiskKind.CDROM else (False, True)))
    yield from (("shareable", value) for value in (False, True))


def connections(host: Host) -> Iterator[tuple[NicConnection, str | None]]:
    """Where a NIC can be plugged in. Bridges of the host may be named beside, and are not known here; of its devices,
    those of hardware are told.
    """
    offered = host.facts.nic_connections
    if NicConnection.NETWORK in offered and host.facts.has_networks:
        yield from ((NicConnection.NETWORK, network) for network in host.network_names)
    if NicConnection.USER in offered:
        yield NicConnection.USER, None
    if NicConnection.DIRECT in offered:
        yield from ((NicConnection.DIRECT, port.name) for port in host.ports)
    if NicConnection.ETHERNET in offered:
        yield NicConnection.ETHERNET, None


def choice_label(value: object) -> str:
    """How a choice is told from others, in ids and for people."""
    match value:
        case (NicConnection() as connection, source):
            return connection.value if source is None else f"{connection}:{source}"
        case bool():
            return str(value).lower()
    return str(value)


def _possible(
    offer: Offer,
    point: Point,
    allocation: Allocation,
    says: frozenset[str] = frozenset(),
    chosen: str = "",
) -> PossibleAllocation:
    label = f"{point.value}:{chosen}" if chosen else point.value
    return PossibleAllocation(
        host_id=offer.host_id,
        offer_id=offer.id,
        id=f"{offer.id}/{label}",
        name=f"{label} of {offer.name}",
        point=point,
        allocation=allocation,
        says=says,
    )


def with_choice(allocation: A, setting: str, value: Any) -> A:
    """The allocation with one choice made; a connection is more than one field."""
    said = {"connection": value[0], "source": value[1]} if setting == "connection" else {setting: value}
    return replace(allocation, **said)


def _from_pool(pool: ResourcePool, amount: int, **said: Any) -> Allocation:
    """An allocation of the pool as it usually is, but for what is said."""
    made = _usual(pool, amount)
    for setting, value in said.items():
        made = with_choice(made, setting, value)
    return made


def _usual(pool: ResourcePool, amount: int) -> Allocation:
    host = pool.host
    match pool.kind:
        case ResourceKind.PROCESSOR:
            return _of_no_system(ProcessorAllocation, host, pool, count=amount, maximum=amount)
        case ResourceKind.MEMORY:
            return _of_no_system(MemoryAllocation, host, pool, size=amount, maximum=amount)
        case ResourceKind.NETWORK:
            connection, source = usual_connection(host)
            model = usual_nic_model(host)
            return _of_no_system(NicAllocation, host, pool, mac="", model=model, connection=connection, source=source)
        case ResourceKind.SERIAL:
            return _of_no_system(SerialAllocation, host, pool, port=0, has_log=host.facts.has_console_log)
    kind = _DISKS[pool.kind]
    return _of_no_system(
        DiskAllocation,
        host,
        pool,
        target="",
        kind=kind,
        bus=usual_bus(kind, host),
        source=None,
        format=usual_formats(pool.subtype)[0] if kind is DiskKind.DISK else None,
        capacity=amount if kind is DiskKind.DISK else None,
        read_only=kind is DiskKind.CDROM,
    )


def _device(host: Host, spec: DeviceSpec) -> Allocation:
    said = {name: getattr(spec, name) for name in DEVICE_SETTINGS}
    flags = {"read_only": bool(spec.read_only), "has_password": bool(spec.has_password)}
    return _of_no_system(DeviceAllocation, host, None, **{**said, **flags})


def _of_no_system(make: Callable[..., A], host: Host, pool: ResourcePool | None, **said: object) -> A:
    name = None if pool is None else pool.name
    return make(id="", system_id="", configuration_id="", host_id=host.id, pool=name, **said)
