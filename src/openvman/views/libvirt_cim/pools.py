"""Pools as libvirt-cim has them: one or more of each kind, and what may be asked of each.

They are the host's pools of the standard view under other names. Of networks and of storage there is one for each that
is active, and one, called 0, that stands for the making of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, Const, Source, all_is_told
from openvman.model.host import Host
from openvman.model.network import VirtualNetwork
from openvman.model.picture import Picture
from openvman.model.pool import ResourcePool, pool_named
from openvman.model.resource import ResourceKind
from openvman.model.storage import StoragePool, StorageVolume, resource_pool_name
from openvman.model.untold import Part
from openvman.profiles.dsp1041_pools import RESOURCE_POOL
from openvman.profiles.dsp1043_capabilities import ALLOCATION_CAPABILITIES
from openvman.views.libvirt_cim.names import pool_name
from openvman.views.libvirt_cim.own import own
from openvman.views.libvirt_cim.scope import INSTANCE_ID, Scope

PRIMORDIAL: Final = "0"
_KIB: Final = 2**10
_MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of the host by libvirt-cim's name: ``class_name/name``."""

    host: Host
    class_name: str
    name: str
    resources: ResourcePool
    network: VirtualNetwork | None = None
    storage: StoragePool | None = None
    volumes: tuple[StorageVolume, ...] = ()
    """Of a storage pool, as they were when it was last read."""

    @property
    def pool_id(self) -> str:
        return pool_name(self.class_name, self.name)

    @property
    def id(self) -> str:
        return f"{self.host.id}/{self.pool_id}"

    @property
    def is_primordial(self) -> bool:
        return self.name == PRIMORDIAL


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A class of pools; ``kind`` is that of the host's own pool which they are of."""

    name: str
    kind: ResourceKind
    type: int
    properties: Mapping[str, Source]
    extras: tuple[str, ...] = ()


def _bridge(pool: Pool) -> str | None:
    """The bridge of a network, where it has one."""
    if pool.network is None or pool.network.bridge is None:
        return None
    return f"Bridge: {pool.network.bridge}"


def _mebibytes(size: int | None) -> int | None:
    return None if size is None else size // _MIB


ROWS: Final = (
    PoolRow(
        "ProcessorPool",
        ResourceKind.PROCESSOR,
        3,
        {
            "AllocationUnits": Const("Processors"),
            "ConsumedResourceUnits": Const("Processors"),
            "Capacity": Attr("resources.capacity"),
            "Reserved": Attr("resources.reserved"),
        },
    ),
    PoolRow(
        "MemoryPool",
        ResourceKind.MEMORY,
        4,
        {
            "AllocationUnits": Const("byte*2^10"),
            "ConsumedResourceUnits": Const("byte*2^10"),
            "Capacity": Call(lambda pool: pool.resources.capacity // _KIB),
            "Reserved": Call(lambda pool: pool.resources.reserved // _KIB),
            "CurrentlyConsumedResource": Call(lambda pool: pool.resources.consumed // _KIB),
        },
    ),
    PoolRow(
        "NetworkPool",
        ResourceKind.NETWORK,
        10,
        {
            "Caption": Call(_bridge),
            "ConsumedResourceUnits": Const("count"),
        },
    ),
    PoolRow(
        "DiskPool",
        ResourceKind.DISK,
        17,
        {
            "Caption": Attr("name"),
            "AllocationUnits": Const("Megabytes"),
            "ConsumedResourceUnits": Const("Megabytes"),
            "OtherResourceType": Attr("storage.type"),
            "Capacity": Call(lambda pool: _mebibytes(pool.storage and pool.storage.capacity)),
            "Reserved": Call(lambda pool: _mebibytes(pool.storage and pool.storage.allocated)),
            "Path": Attr("storage.folder"),
            "Autostart": Call(lambda pool: None if pool.storage is None else int(pool.storage.autostart)),
        },
        extras=("Path", "Autostart"),
    ),
    PoolRow("GraphicsPool", ResourceKind.GRAPHICS, 24, {"ConsumedResourceUnits": Const("count")}),
    PoolRow("InputPool", ResourceKind.INPUT, 13, {"ConsumedResourceUnits": Const("count")}),
    PoolRow("ControllerPool", ResourceKind.CONTROLLER, 32771, {"ConsumedResourceUnits": Const("count")}),
)
TYPES: Final = {row.name: row.type for row in ROWS}


def pools_of(host: Host, picture: Picture) -> Iterator[Pool]:
    """All pools of a host."""
    for row in ROWS:
        yield from _of_row(row, host, picture)


def _of_row(row: PoolRow, host: Host, picture: Picture) -> Iterator[Pool]:
    """Those that have a name, and then the one that has none: clients that look for one take the last."""
    consumed = picture.objects.consumed
    own_pool = pool_named(host, row.kind, consumed)
    assert own_pool is not None, "a host has a pool of every kind"
    if row.kind is ResourceKind.NETWORK:
        for network in host.networks:
            if network.active:
                yield Pool(host, row.name, network.name, own_pool, network)
    if row.kind is ResourceKind.DISK:
        for storage in host.active_storage:
            native = pool_named(host, resource_pool_name(storage.name), consumed)
            assert native is not None, "it is one of the host's"
            held = picture.objects.volumes_of(host.id, storage.name)
            volumes = () if held is None else held.volumes
            yield Pool(host, row.name, storage.name, native, storage=storage, volumes=volumes)
    yield Pool(host, row.name, PRIMORDIAL, own_pool)


def _id(of: VirtualNetwork | StoragePool | None) -> str | None:
    return None if of is None else of.id


@dataclass(frozen=True, slots=True)
class Pools:
    """The class maps of pools by name, and of what may be asked of them."""

    maps: Mapping[str, ClassMap]
    capabilities: ClassMap


def pool_maps(scope: Scope) -> Pools:
    """The family's classes of pools."""

    def all_of(picture: Picture) -> Iterable[Pool]:
        return (pool for host in scope.hosts(picture) for pool in pools_of(host, picture))

    def named(picture: Picture, keys: NameMap[Value]) -> Pool | None:
        host = scope.host(picture)
        pools = () if host is None else pools_of(host, picture)
        return next((pool for pool in pools if pool.pool_id == keys[INSTANCE_ID]), None)

    def pool_map(row: PoolRow) -> ClassMap:
        def find(picture: Picture, keys: NameMap[Value]) -> Pool | None:
            found = named(picture, keys)
            return found if found is not None and found.class_name == row.name else None

        def seen(picture: Picture, of: VirtualNetwork | StoragePool) -> Pool | None:
            host = scope.host(picture)
            pools = () if host is None else _of_row(row, host, picture)
            return next((pool for pool in pools if of.id in {_id(pool.network), _id(pool.storage)}), None)

        return replace(
            RESOURCE_POOL,
            name=row.name,
            description=f"A pool of resources of the type {row.type}.",
            extent=lambda picture: (pool for host in scope.hosts(picture) for pool in _of_row(row, host, picture)),
            find=find,
            kind=None,
            seen=seen,
            keys={INSTANCE_ID: Attr("pool_id")},
            properties={
                "PoolID": Attr("pool_id"),
                "ResourceType": Const(row.type),
                "Primordial": Attr("is_primordial"),
                **row.properties,
            },
            extras=own(*row.extras),
            untold=scope.untold(Part.HOST) if row.kind is ResourceKind.DISK else all_is_told,
        )

    capabilities = replace(
        ALLOCATION_CAPABILITIES,
        description="What may be asked of a pool.",
        extent=all_of,
        find=named,
        keys={INSTANCE_ID: Attr("pool_id")},
        properties={"ResourceType": Call(lambda pool: TYPES[pool.class_name])},
    )
    return Pools({row.name: pool_map(row) for row in ROWS}, capabilities)
