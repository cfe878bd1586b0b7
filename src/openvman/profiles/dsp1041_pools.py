"""Resource Allocation (DSP1041): resource pools, and what is allocated from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, Final

from openvman.mapping.declare import Attr, Call, ClassMap, Coded, Edge, End, itself
from openvman.model.allocation import Allocation
from openvman.model.device import devices_of
from openvman.model.host import Host
from openvman.model.picture import Picture
from openvman.model.pool import ResourcePool, find_pool, pool_of, pools_of
from openvman.model.resource import IN_BYTES, ResourceKind
from openvman.model.system import VirtualSystem
from openvman.profiles.allocations import DEVICES, MAP_OF, SETTINGS, device_map_of
from openvman.profiles.device_kinds import OTHER, ROW_OF_POOL
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.identity import id_in, instance_id

RESOURCE_TYPE: Final = {
    ResourceKind.PROCESSOR: 3,
    ResourceKind.MEMORY: 4,
    ResourceKind.NETWORK: 10,
    ResourceKind.FLOPPY: 14,
    ResourceKind.CDROM: 15,
    ResourceKind.DISK: 17,
    ResourceKind.SERIAL: 21,
    **{kind: row.code for kind, row in ROW_OF_POOL.items()},
}
"""Devices of all kinds without a code of their own share one, and OtherResourceType tells them apart."""
_KIB: Final = 2**10


def other_type(kind: ResourceKind) -> str | None:
    """OtherResourceType of what the schema has no code for."""
    row = ROW_OF_POOL.get(kind)
    return row.name if row is not None and row.code == OTHER else None


def units(kind: ResourceKind) -> str:
    """The unit in which pools of a kind count: that of the allocations from them."""
    if kind is ResourceKind.MEMORY:
        return "byte*2^10"
    return "byte" if kind in IN_BYTES else "count"


def in_units(kind: ResourceKind, quantity: int | None) -> int | None:
    """A quantity in the unit of :func:`units`."""
    return quantity // _KIB if quantity is not None and kind is ResourceKind.MEMORY else quantity


def _caption(pool: ResourcePool) -> str:
    if pool.is_native:
        return f"Storage pool ({pool.subtype})"
    return f"{'Primordial' if pool.is_primordial else 'Child'} pool of {pool.kind.value}"


RESOURCE_POOL = ClassMap(
    name="ResourcePool",
    cim="CIM_ResourcePool",
    description="What a host has of one kind of resource, or a part of that.",
    owner=Host,
    kind=ResourcePool,
    extent=lambda p: (pool for host in p.objects.hosts.values() for pool in pools_of(host, p.objects.consumed)),
    find=lambda p, keys: find_pool(p.objects, id_in(keys)),
    keys={"InstanceID": instance_id()},
    properties={
        "ElementName": Call(lambda pool: f"{pool.name} of {pool.host.name}"),
        "Caption": Call(_caption),
        "PoolID": Attr("name"),
        "Primordial": Attr("is_primordial"),
        "ResourceType": Coded("kind", RESOURCE_TYPE),
        "OtherResourceType": Call(lambda pool: other_type(pool.kind)),
        "ResourceSubType": Attr("subtype"),
        "AllocationUnits": Call(lambda pool: units(pool.kind)),
        "Capacity": Call(lambda pool: in_units(pool.kind, pool.capacity)),
        "Reserved": Call(lambda pool: in_units(pool.kind, pool.reserved)),
        "ConsumedResourceUnits": Call(lambda pool: units(pool.kind)),
        "CurrentlyConsumedResource": Call(lambda pool: in_units(pool.kind, pool.consumed)),
        "MaxConsumableResource": Call(lambda pool: in_units(pool.kind, pool.consumable)),
        "OperationalStatus": Call(lambda pool: (2 if pool.host.online else 13,)),
        "HealthState": Call(lambda pool: 5 if pool.host.online else 0),
    },
)


def _hosted(host: Host, picture: Picture) -> Iterator[Any]:
    for pool in pools_of(host, picture.objects.consumed):
        yield (HOST_SYSTEM, host), (RESOURCE_POOL, pool)


def _from_pools(
    cim: str,
    maps: tuple[ClassMap, ...],
    parts_of: Callable[[VirtualSystem], Iterable[Any]],
    allocation_of: Callable[[Any], Allocation],
    map_of: Callable[[Allocation], ClassMap],
) -> Edge:
    """From pools to what systems have of them, or would have."""

    def joined(part: Any, pool: ResourcePool) -> Any:
        return (RESOURCE_POOL, pool), (map_of(allocation_of(part)), part)

    def of_part(part: Any, picture: Picture) -> Iterator[Any]:
        pool = find_pool(picture.objects, pool_of(allocation_of(part)))
        if pool is not None:
            yield joined(part, pool)

    def near(obj: Any, picture: Picture) -> Iterator[Any]:
        if not isinstance(obj, ResourcePool):
            return of_part(obj, picture)
        parts = (part for system in picture.objects.systems_of(obj.host.id) for part in parts_of(system))
        return (joined(part, obj) for part in parts if pool_of(allocation_of(part)) == obj.id)

    return Edge(
        cim,
        End("Antecedent", (RESOURCE_POOL,)),
        End("Dependent", maps),
        VirtualSystem,
        lambda system, picture: (pair for part in parts_of(system) for pair in of_part(part, picture)),
        near=near,
        clause="DSP1041",
    )


def _allocations(system: VirtualSystem) -> Iterator[Allocation]:
    return (allocation for configuration in system.configurations() for allocation in configuration.allocations())


EDGES: Final = (
    Edge(
        "CIM_HostedResourcePool",
        End("GroupComponent", (HOST_SYSTEM,)),
        End("PartComponent", (RESOURCE_POOL,)),
        Host,
        _hosted,
        clause="DSP1041",
    ),
    _from_pools("CIM_ResourceAllocationFromPool", SETTINGS, _allocations, itself, lambda one: MAP_OF[type(one)]),
    _from_pools("CIM_ElementAllocatedFromPool", DEVICES, devices_of, attrgetter("allocation"), device_map_of),
)
