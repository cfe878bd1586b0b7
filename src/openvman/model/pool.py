"""Resource pools (DSP1041): what a host has of each kind of resource, and how much of it is given away.

A pool's id is ``<host id>/pool/<name>``. Each host has a primordial pool of every kind, which bears the kind's name.
Child pools are parts of another that were set aside: what is allocated from one is taken out of it, virtual processors
too, so that its capacity is a promise to its users and a limit for them. The hypervisor's own storage pools are shown
as children of the host's pool of disks: what is taken of one the hypervisor says, and hands out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeAlias, TypeVar

from openvman.model.allocation import (
    WHOLE_PROCESSOR,
    Allocation,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    ProcessorAllocation,
)
from openvman.model.defaults import DISK_BUSES
from openvman.model.host import ChildPool, Host, PoolShare
from openvman.model.host_device import host_devices
from openvman.model.picture import Objects
from openvman.model.resource import DEVICE_OF, KIND_OF_DISK, ResourceKind, kind_of, pool_name, quantity
from openvman.model.storage import StoragePool, resource_pool_name, storage_pool_name
from openvman.model.system import Configuration, VirtualSystem

A = TypeVar("A", bound=Allocation)

_PART: Final = "/pool/"
_KINDS: Final = {kind.value: kind for kind in ResourceKind}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcePool:
    """A pool as it is in one generation. Quantities are bytes or numbers of things, as its kind counts.

    ``consumed`` is what consumers have been given: the active and paused systems, and for disks all systems, whose
    images take their place at all times; also those that an active system gets only when it is started again.
    ``reserved`` is what of ``capacity`` is taken by that. The two differ where consumers share, since virtual
    processors take no processor away, and where an allocation has a reservation, which then is what it takes.
    """

    host: Host
    kind: ResourceKind
    name: str
    capacity: int | None
    """None where nobody knows: the host sets no limit of its own."""
    reserved: int
    consumed: int
    shares: tuple[PoolShare, ...] = ()
    """What it has of each of its parents; none for a primordial one."""
    subtype: str | None = None
    """The hypervisor's word for what kind of storage pool it is; None for all others."""

    @property
    def is_native(self) -> bool:
        """Whether it is the hypervisor's own storage pool."""
        return self.subtype is not None

    @property
    def id(self) -> str:
        return pool_id(self.host.id, self.name)

    @property
    def is_primordial(self) -> bool:
        return not self.shares

    @property
    def consumable(self) -> int | None:
        """The most that consumers can be given; None where there is no such limit."""
        return None if self.kind is ResourceKind.PROCESSOR and self.is_primordial else self.capacity


def pool_id(host_id: str, name: str) -> str:
    return f"{host_id}{_PART}{name}"


def pool_of(allocation: Allocation) -> str:
    """The id of the pool that the allocation is from."""
    return pool_id(allocation.host_id, pool_name(allocation))


RESERVED: Final = "#reserved"
"""Behind the name or id of a pool: what of its capacity is taken, where an allocation with a reservation takes that.
Of processors it is counted in parts of one (``WHOLE_PROCESSOR``)."""
PROMISED: Final = "#promised"
"""Likewise: the reservations alone."""


def taken(name: str, kind: ResourceKind, amount: int, reservation: int | None) -> dict[str, int]:
    """What an allocation takes of the pool ``name``: ``amount`` under that name, and the rest under names beside it."""
    part = WHOLE_PROCESSOR if kind is ResourceKind.PROCESSOR else 1
    # Virtual processors without a reservation share those of a host's own pool, and take none away.
    whole = 0 if name == ResourceKind.PROCESSOR else amount * part
    found = {name: amount, name + RESERVED: whole if reservation is None else reservation}
    return found if reservation is None else {**found, name + PROMISED: reservation}


def whole(kind: ResourceKind, reserved: int) -> int:
    """What is reserved as the pool counts: of processors, the whole ones that it needs."""
    return -(-reserved // WHOLE_PROCESSOR) if kind is ResourceKind.PROCESSOR else reserved


def pool_in(name: str) -> str:
    """The pool that a name or id of :func:`taken` is of."""
    return name.removesuffix(RESERVED).removesuffix(PROMISED)


class Claim(NamedTuple):
    """What one allocation, there or asked for, takes of the pool ``name``."""

    name: str
    kind: ResourceKind
    amount: int
    reservation: int | None = None
    thing: str | None = None
    """What two configurations of a system may both mean, and the system has once: an image."""


def claim_of(allocation: Allocation) -> Claim:
    name, kind = pool_name(allocation), kind_of(allocation)
    reservation = allocation.reservation if isinstance(allocation, ProcessorAllocation | MemoryAllocation) else None
    thing = allocation.source if isinstance(allocation, DiskAllocation) else None
    return Claim(name, kind, quantity(allocation), reservation, thing)


def total(claims: Iterable[Claim]) -> dict[str, int]:
    """What an active system with one configuration takes of each pool, by the pool's name; see :func:`taken`."""
    found: dict[str, int] = {}
    for name, kind, amount, reservation, _thing in claims:
        for what, much in taken(name, kind, amount, reservation).items():
            found[what] = found.get(what, 0) + much
    return found


def held(now: Sequence[Claim], *later: Sequence[Claim]) -> dict[str, int]:
    """What a system with such configurations takes of each pool, by the pool's name; see :func:`taken`.

    ``now`` is what the active system has, nothing while it is not active; of what it has ``later``, when it is started
    again, it has the images and nothing else. So ending never takes more than was given.
    """
    held_now = _things(now)
    only_later: dict[_Thing, int] = {}
    for claims in later:
        for thing, amount in _things(claims).items():
            more = amount - held_now.get(thing, 0)
            if more > only_later.get(thing, 0):
                only_later[thing] = more
    return total([*now, *(Claim(name, kind, amount) for (name, kind, _), amount in only_later.items())])


_Thing: TypeAlias = tuple[str, ResourceKind, str | None]


def _things(claims: Iterable[Claim]) -> dict[_Thing, int]:
    found: dict[_Thing, int] = {}
    for name, kind, amount, _reservation, thing in claims:
        if kind in HELD_AT_ALL_TIMES:
            key = name, kind, thing
            found[key] = found.get(key, 0) + amount
    return found


def consumption(system: VirtualSystem) -> dict[str, int]:
    """What a system takes of each pool, by pool id; see :func:`held`."""
    later = (c for c in (system.defined, system.saved) if c is not None)
    found = held(claims_of(system.current), *(list(map(claim_of, configuration.disks)) for configuration in later))
    return {pool_id(system.host_id, name): much for name, much in found.items()}


def claims_of(configuration: Configuration | None) -> list[Claim]:
    """What a configuration takes; nothing when there is none."""
    return [] if configuration is None else list(map(claim_of, configuration.allocations()))


HELD_AT_ALL_TIMES: Final = frozenset({ResourceKind.DISK})
"""A system that is saved or off has its images, which are disks, and nothing else."""


def in_pools(system: VirtualSystem, members: Mapping[str, str], kinds: Mapping[str, ResourceKind]) -> VirtualSystem:
    """The system with each allocation in the child pool that ``members`` names for its local id.

    ``kinds`` are the child pools that there are; one of another kind than the allocation does not count.
    """

    def put(allocation: A) -> A:
        if not members and allocation.pool is None:
            return allocation
        name = members.get(allocation.local_id)
        if name is not None and kinds.get(name) is not kind_of(allocation):
            name = None
        if name is None and storage_pool_name(allocation.pool) is not None:
            return allocation  # the hypervisor says so
        return allocation if allocation.pool == name else replace(allocation, pool=name)

    def configured(configuration: Configuration | None) -> Configuration | None:
        if configuration is None or all(put(a) is a for a in configuration.allocations()):
            return configuration
        return replace(
            configuration,
            processor=put(configuration.processor),
            memory=put(configuration.memory),
            disks=tuple(map(put, configuration.disks)),
            nics=tuple(map(put, configuration.nics)),
            serials=tuple(map(put, configuration.serials)),
            devices=tuple(map(put, configuration.devices)),
        )

    defined, current, saved = map(configured, (system.defined, system.current, system.saved))
    if defined is system.defined and current is system.current and saved is system.saved:
        return system
    return replace(system, defined=defined, current=current, saved=saved)


def names_of(host: Host) -> Iterator[str]:
    """The names of the host's pools, in the order of :func:`pools_of`."""
    yield from _KINDS
    for child in host.pools:
        yield child.name
    for storage in host.active_storage:
        yield resource_pool_name(storage.name)


def pools_of(host: Host, consumed: Callable[[str], int]) -> Iterator[ResourcePool]:
    """The pools of a host; ``consumed`` says how much was given from the pool of an id."""
    for kind in ResourceKind:
        yield _own(host, kind, consumed)
    for child in host.pools:
        yield _part(host, child, consumed)
    for storage in host.active_storage:
        yield _native(host, storage, consumed)


def _own(host: Host, kind: ResourceKind, consumed: Callable[[str], int]) -> ResourcePool:
    given = consumed(pool_id(host.id, kind))
    natives = [_native(host, each, consumed) for each in host.active_storage] if kind is ResourceKind.DISK else []
    return ResourcePool(
        host=host,
        kind=kind,
        name=kind.value,
        capacity=_capacity(host, kind),
        reserved=whole(kind, consumed(pool_id(host.id, kind) + RESERVED))
        + _set_aside(host, kind)
        + sum(native.reserved for native in natives),
        consumed=given + _below(host, kind, consumed) + sum(native.consumed for native in natives),
    )


def _native(host: Host, storage: StoragePool, consumed: Callable[[str], int]) -> ResourcePool:
    """A storage pool of the hypervisor: all of it is a part of the host's pool of disks."""
    name = resource_pool_name(storage.name)
    return ResourcePool(
        host=host,
        kind=ResourceKind.DISK,
        name=name,
        shares=(PoolShare(ResourceKind.DISK.value, storage.capacity),),
        subtype=storage.type,
        capacity=storage.capacity,
        reserved=storage.allocated,
        consumed=consumed(pool_id(host.id, name)),
    )


def _part(host: Host, child: ChildPool, consumed: Callable[[str], int]) -> ResourcePool:
    given = consumed(pool_id(host.id, child.name))
    return ResourcePool(
        host=host,
        kind=child.kind,
        name=child.name,
        shares=shares_of(host, child),
        capacity=sum(share.quantity for share in shares_of(host, child)),
        reserved=whole(child.kind, consumed(pool_id(host.id, child.name) + RESERVED)) + _set_aside(host, child.name),
        consumed=given + _below(host, child.name, consumed),
    )


def find_pool(objects: Objects, wanted: str) -> ResourcePool | None:
    """The pool of an id."""
    host_id, part, name = wanted.partition(_PART)
    host = objects.host(host_id) if part else None
    return None if host is None else pool_named(host, name, objects.consumed)


def pool_named(host: Host, name: str, consumed: Callable[[str], int]) -> ResourcePool | None:
    """The pool of a name on the host."""
    if name in _KINDS:
        return _own(host, _KINDS[name], consumed)
    wanted = storage_pool_name(name)
    if wanted is not None:
        return next((_native(host, each, consumed) for each in host.active_storage if each.name == wanted), None)
    return next((_part(host, child, consumed) for child in host.pools if child.name == name), None)


def shares_of(host: Host, child: ChildPool) -> tuple[PoolShare, ...]:
    """What a child pool has of its parents, with its devices. A device that the host has no more counts nothing."""
    if not child.resources:
        return child.shares
    carried = sum(device.amount for device in host_devices(host) if device.id in child.resources)
    return tuple(
        replace(share, quantity=share.quantity + carried) if share.parent == child.kind.value else share
        for share in child.shares
    )


def _set_aside(host: Host, name: str) -> int:
    """What a pool gave to its child pools, whether they use it or not."""
    return sum(s.quantity for child in host.pools for s in shares_of(host, child) if s.parent == name)


def _below(host: Host, name: str, consumed: Callable[[str], int]) -> int:
    """What was given from a pool's child pools and theirs, as far as it is of this pool."""
    return sum(_through(host, child, name, consumed) for child in host.pools if name in child.parents)


def _through(host: Host, child: ChildPool, parent: str, consumed: Callable[[str], int]) -> int:
    """The part of what a child gives that is this parent's: shares are used up in order, the last has what is over."""
    left = consumed(pool_id(host.id, child.name)) + _below(host, child.name, consumed)
    for share in shares_of(host, child):
        part = left if share.parent == child.parents[-1] else min(left, share.quantity)
        if share.parent == parent:
            return part
        left -= part
    return 0


def _capacity(host: Host, kind: ResourceKind) -> int | None:
    device = DEVICE_OF.get(kind)
    if device is not None and host.facts.device_types.get(device) == ():
        return 0
    match kind:
        case ResourceKind.PROCESSOR:
            return host.processors
        case ResourceKind.MEMORY:
            return host.memory
        case ResourceKind.NETWORK:
            return None if host.facts.nic_connections else 0
        case ResourceKind.SERIAL:
            return None if host.facts.has_serial_ports else 0
        case ResourceKind.HOST_DEVICE:
            return None if host.devices is None else len(host.devices)
        case ResourceKind.DISK | ResourceKind.CDROM | ResourceKind.FLOPPY:
            buses = next(DISK_BUSES[disk] for disk in DiskKind if KIND_OF_DISK[disk] is kind)
            return None if set(buses) & set(host.facts.disk_buses) else 0
    return None
