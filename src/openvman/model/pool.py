"""Resource pools (DSP1041): what a host has of each kind of resource, and how much of it is given away.

A pool's id is ``<host id>/pool/<name>``. Each host has a primordial pool of every kind, which bears the kind's name.
Child pools are parts of another that were set aside: what is allocated from one is taken out of it, virtual processors
too, so that its capacity is a promise to its users and a limit for them. The hypervisor's own storage pools are shown
as children of the host's pool of disks: what is taken of one the hypervisor says, and hands out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from openvman.model.allocation import Allocation, DiskKind
from openvman.model.defaults import DISK_BUSES
from openvman.model.host import ChildPool, Host
from openvman.model.host_device import host_devices
from openvman.model.picture import Objects
from openvman.model.resource import KIND_OF_DISK, ResourceKind, kind_of, pool_name, quantity
from openvman.model.storage import StoragePool, resource_pool_name, storage_pool_name
from openvman.model.system import Configuration, VirtualSystem

A = TypeVar("A", bound=Allocation)

_PART: Final = "/pool/"
_KINDS: Final = {kind.value: kind for kind in ResourceKind}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcePool:
    """A pool as it is in one generation. Quantities are bytes or numbers of things, as its kind counts.

    ``consumed`` is what consumers have been given: the active and paused systems, and for disks all systems, whose
    images take their place at all times. ``reserved`` is what of ``capacity`` is taken by that. The two differ where
    consumers share: virtual processors take no processor away.
    """

    host: Host
    kind: ResourceKind
    name: str
    capacity: int | None
    """None where nobody knows: the host sets no limit of its own."""
    reserved: int
    consumed: int
    parent: str | None = None
    """The name of the pool that it is a part of; None for a primordial one."""
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
        return self.parent is None

    @property
    def consumable(self) -> int | None:
        """The most that consumers can be given; None where there is no such limit."""
        return None if self.kind is ResourceKind.PROCESSOR and self.is_primordial else self.capacity


def pool_id(host_id: str, name: str) -> str:
    return f"{host_id}{_PART}{name}"


def pool_of(allocation: Allocation) -> str | None:
    """The id of the pool that the allocation is from; None where it comes from no pool."""
    name = pool_name(allocation)
    return None if name is None else pool_id(allocation.host_id, name)


def consumption(system: VirtualSystem) -> dict[str, int]:
    """What a system takes of each pool, by pool id."""
    taken: dict[str, int] = {}
    for allocation in system.effective.allocations():
        name = pool_name(allocation)
        if name is not None and (system.current is not None or kind_of(allocation) in HELD_AT_ALL_TIMES):
            place = pool_id(system.host_id, name)
            taken[place] = taken.get(place, 0) + quantity(allocation)
    return taken


def demand(configuration: Configuration) -> dict[str, int]:
    """What an active system with the configuration takes of each pool, by the pool's name."""
    taken: dict[str, int] = {}
    for allocation in configuration.allocations():
        name = pool_name(allocation)
        if name is not None:
            taken[name] = taken.get(name, 0) + quantity(allocation)
    return taken


HELD_AT_ALL_TIMES: Final = frozenset({ResourceKind.DISK})
"""A system that is saved or off has its images and nothing else."""


def in_pools(system: VirtualSystem, members: Mapping[str, str], kinds: Mapping[str, ResourceKind]) -> VirtualSystem:
    """The system with each allocation in the child pool that ``members`` names for its local id.

    ``kinds`` are the child pools that there are; one of another kind than the allocation does not count.
    """

    def put(allocation: A) -> A:
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
        )

    defined, current = configured(system.defined), configured(system.current)
    if defined is system.defined and current is system.current:
        return system
    return replace(system, defined=defined, current=current)


def pools_of(host: Host, consumed: Callable[[str], int]) -> Iterator[ResourcePool]:
    """The pools of a host; ``consumed`` says how much was given from the pool of an id."""
    for kind in ResourceKind:
        yield _own(host, kind, consumed)
    for child in host.pools:
        yield _part(host, child, consumed)
    for storage in host.storage:
        yield _native(host, storage, consumed)


def _own(host: Host, kind: ResourceKind, consumed: Callable[[str], int]) -> ResourcePool:
    given = consumed(pool_id(host.id, kind))
    natives = [_native(host, each, consumed) for each in host.storage] if kind is ResourceKind.DISK else []
    return ResourcePool(
        host=host,
        kind=kind,
        name=kind.value,
        capacity=_capacity(host, kind),
        reserved=(0 if kind is ResourceKind.PROCESSOR else given)
        + _set_aside(host, kind)
        + sum(native.reserved for native in natives),
        consumed=given + _below(host, kind, consumed) + sum(native.consumed for native in natives),
    )


def _native(host: Host, storage: StoragePool, consumed: Callable[[str], int]) -> ResourcePool:
    name = resource_pool_name(storage.name)
    return ResourcePool(
        host=host,
        kind=ResourceKind.DISK,
        name=name,
        parent=ResourceKind.DISK.value,
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
        parent=child.parent,
        capacity=child_capacity(host, child),
        reserved=given + _set_aside(host, child.name),
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
        return next((_native(host, each, consumed) for each in host.storage if each.name == wanted), None)
    return next((_part(host, child, consumed) for child in host.pools if child.name == name), None)


def child_capacity(host: Host, child: ChildPool) -> int:
    """What a child pool has: of its parent, and of devices. A device that the host has no more counts nothing."""
    if not child.resources:
        return child.quantity
    return child.quantity + sum(device.amount for device in host_devices(host) if device.id in child.resources)


def _set_aside(host: Host, name: str) -> int:
    """What a pool gave to its child pools, whether they use it or not."""
    return sum(child_capacity(host, child) for child in host.pools if child.parent == name)


def _below(host: Host, name: str, consumed: Callable[[str], int]) -> int:
    """What was given from a pool's child pools and theirs."""
    return sum(
        consumed(pool_id(host.id, child.name)) + _below(host, child.name, consumed)
        for child in host.pools
        if child.parent == name
    )


def _capacity(host: Host, kind: ResourceKind) -> int | None:
    match kind:
        case ResourceKind.PROCESSOR:
            return host.processors
        case ResourceKind.MEMORY:
            return host.memory
        case ResourceKind.NETWORK:
            return None if host.facts.nic_models else 0
        case ResourceKind.SERIAL:
            return None
    buses = next(DISK_BUSES[disk] for disk in DiskKind if KIND_OF_DISK[disk] is kind)
    return None if set(buses) & set(host.facts.disk_buses) else 0
