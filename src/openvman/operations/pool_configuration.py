"""Make, change and delete child pools (DSP1041, ResourcePoolConfigurationService)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count

from openvman.messages import pools as pools_rows
from openvman.model.actor import Actor
from openvman.model.errors import ModelError
from openvman.model.host import ChildPool, Host, PoolShare
from openvman.model.host_device import HostDevice
from openvman.model.host_part import NAME
from openvman.model.pool import ResourcePool, find_pool, pool_named
from openvman.model.ranges import MEMORY_INCREMENT
from openvman.model.resource import ResourceKind
from openvman.model.spec import PoolSpec
from openvman.operations import storage_pools
from openvman.operations.context import Context


@asynccontextmanager
async def _configuring(context: Context, host_id: str) -> AsyncIterator[Host]:
    """One change of a host's pools at a time; the host as it is in this turn."""
    async with context.turns.hold([f"resource pools of host {host_id}"]):
        host = context.inventory.generation.host(host_id)
        if host is None:
            raise ModelError(pools_rows.HOST_GONE, host_id, id=host_id)
        yield host


async def create_child(
    context: Context,
    actor: Actor,
    host: Host,
    name: str | None,
    parents: Sequence[ResourcePool],
    specs: Sequence[PoolSpec],
) -> ResourcePool:
    """Make a pool out of parts of its parents, which these then cannot give to others.

    There is one spec for each parent: the one that names it, or else the one in the same place of the list.
    """
    async with _configuring(context, host.id) as now:
        folder = _folder(parents, specs)
        if folder is not None:
            _same_host(now, parents[0])
            made = _named(now, name, ResourceKind.DISK)
            return await storage_pools.create_child(context, actor, now, made, parents[0], folder)
        kind = _kind(now, parents)
        child = ChildPool(name=_named(now, name, kind), kind=kind, shares=_shares(kind, parents, specs))
        made = child.name
        pools = (*now.pools, child)
        size = sum(share.quantity for share in child.shares)
        context.pools.check_change(now, pools, f"A new pool {made!r} of {size}")
        await context.pools.put(now.id, pools)
        return _shown(context, now, made)


async def create(
    context: Context, host: Host, name: str | None, devices: Sequence[HostDevice], kind: ResourceKind | None
) -> ResourcePool:
    """Make a pool of devices of the host, or an empty one of the kind: resources can be added."""
    async with _configuring(context, host.id) as now:
        if kind is None and not devices:
            raise ModelError(pools_rows.NO_KIND, "ResourceType")
        kind = devices[0].kind if kind is None else kind
        child = ChildPool(name=_named(now, name, kind), kind=kind, shares=(PoolShare(kind.value, 0),))
        child = replace(child, resources=_free_devices(now, child, devices))
        pools = (*now.pools, child)
        context.pools.check_change(now, pools, f"A new pool {child.name!r}")
        await context.pools.put(now.id, pools)
        return _shown(context, now, child.name)


async def add(context: Context, pool: ResourcePool, devices: Sequence[HostDevice]) -> None:
    """Put devices of the host into a child pool; what they carry is then taken out of the host's own pool."""
    async with _configuring(context, pool.host.id) as now:
        child = _child(now, pool)
        if child.kind.value not in child.parents:
            raise ModelError(pools_rows.HAS_PARENTS, pool.id, pool=child)
        grown = replace(child, resources=(*child.resources, *_free_devices(now, child, _some(devices))))
        await _replaced(context, now, grown, f"Adding resources to pool {child.name!r}")


async def remove(context: Context, pool: ResourcePool, devices: Sequence[HostDevice]) -> None:
    """Take devices out of a child pool, as far as what it gave away is left to it."""
    async with _configuring(context, pool.host.id) as now:
        child = _child(now, pool)
        leaving = {device.id for device in _some(devices)}
        strange = leaving.difference(child.resources)
        if strange:
            raise ModelError(pools_rows.NOT_IN_POOL, pool.id, pool=child, device=min(strange))
        shrunk = replace(child, resources=tuple(i for i in child.resources if i not in leaving))
        await _replaced(context, now, shrunk, f"Removing resources from pool {child.name!r}")


async def _replaced(context: Context, host: Host, child: ChildPool, doing: str) -> None:
    pools = tuple(child if other.name == child.name else other for other in host.pools)
    context.pools.check_change(host, pools, doing)
    await context.pools.put(host.id, pools)


def _some(devices: Sequence[HostDevice]) -> Sequence[HostDevice]:
    if not devices:
        raise ModelError(pools_rows.NOTHING_NAMED, "HostResources")
    return devices


def _free_devices(host: Host, pool: ChildPool, devices: Sequence[HostDevice]) -> tuple[str, ...]:
    """The ids of devices that can be put into the pool: of this host and of its kind, and in no other pool."""
    holders = {device_id: child.name for child in host.pools for device_id in child.resources}
    for device in devices:
        if device.host.id != host.id:
            raise ModelError(pools_rows.DEVICE_OF_OTHER_HOST, device.id, device=device, host=host)
        if device.kind is not pool.kind:
            raise ModelError(pools_rows.DEVICE_OF_OTHER_KIND, device.id, device=device, pool=pool)
        if device.id in holders:
            raise ModelError(pools_rows.DEVICE_IN_POOL, device.id, device=device, holder=holders[device.id])
    return tuple(dict.fromkeys(device.id for device in devices))


async def delete(context: Context, actor: Actor, pool: ResourcePool) -> None:
    """Delete a child pool that nothing is, or would be, allocated from; what it had goes back to its parent."""
    async with _configuring(context, pool.host.id) as now:
        if pool.is_native:
            await storage_pools.delete_child(context, actor, now, pool)
            return
        child = _child(now, pool)
        users = [other.name for other in now.pools if child.name in other.parents]
        users += [
            system.name
            for system in context.inventory.generation.systems_of(now.id)
            if any(a.pool == child.name for c in system.remembered() for a in c.allocations())
        ]
        if users or context.pools.is_pledged(pool.id):
            raise ModelError(pools_rows.IN_USE, pool.id, pool=child, host=now, users=users[:5] or "a request")
        await context.pools.put(now.id, tuple(other for other in now.pools if other.name != child.name))


async def change_parent(
    context: Context, pool: ResourcePool, parents: Sequence[ResourcePool], specs: Sequence[PoolSpec]
) -> None:
    """Put a child pool under other parents, with all that is in it; with ``specs``, of another size.

    Under one parent it keeps its size when nothing is said; of several, each one's part has to be said.
    """
    async with _configuring(context, pool.host.id) as now:
        child = _child(now, pool)
        kind = _kind(now, parents)
        _check_kind(child.kind, parents[0])
        for parent in parents:
            if child.name in _above(now, parent.name):
                raise ModelError(pools_rows.UNDER_ITSELF, pool.id, pool=child, parent=parent)
        if specs or len(parents) != 1:
            shares = _shares(kind, parents, specs)
        else:
            shares = (PoolShare(parents[0].name, sum(share.quantity for share in child.shares)),)
        moved = replace(child, shares=shares)
        if child.resources and kind.value not in moved.parents:
            raise ModelError(pools_rows.HAS_DEVICES, pool.id, pool=child, kind=kind)
        await _replaced(context, now, moved, f"Moving pool {child.name!r}")


def _above(host: Host, name: str) -> set[str]:
    """The pool of the name, and all that it is a part of."""
    found, look = set[str](), [name]
    while look:
        here = look.pop()
        if here not in found:
            found.add(here)
            look += [parent for child in host.pools if child.name == here for parent in child.parents]
    return found


def _kind(host: Host, parents: Sequence[ResourcePool]) -> ResourceKind:
    """The kind that all the parents have; they are pools of the host, each named once."""
    if not parents:
        raise ModelError(pools_rows.NO_PARENT, "ParentPool")
    names = [parent.name for parent in parents]
    if len(set(names)) != len(names):
        raise ModelError(pools_rows.PARENT_TWICE, "ParentPool", names=names)
    for parent in parents:
        _same_host(host, parent)
        if parent.is_native:
            raise ModelError(pools_rows.NATIVE_GIVES_NOTHING, parent.id, pool=parent)
        _check_kind(parents[0].kind, parent)
    return parents[0].kind


def _folder(parents: Sequence[ResourcePool], specs: Sequence[PoolSpec]) -> str | None:
    """The folder that shall become a storage pool of the hypervisor; None when a part of pools is wanted."""
    spec = next((spec for spec in specs if spec.folder is not None), None)
    if spec is None:
        return None
    if spec.quantity is not None:
        raise ModelError(pools_rows.STORAGE_HAS_NO_QUANTITY, "quantity")
    if len(specs) != 1 or len(parents) != 1 or spec.parent not in {None, parents[0].name}:
        raise ModelError(pools_rows.STORAGE_HAS_ONE_PARENT, "Settings")
    return spec.folder


def _shares(kind: ResourceKind, parents: Sequence[ResourcePool], specs: Sequence[PoolSpec]) -> tuple[PoolShare, ...]:
    """What each parent gives."""
    if len(specs) != len(parents):
        raise ModelError(pools_rows.SETTINGS_UNPAIRED, "Settings", settings=len(specs), parents=len(parents))
    named = {spec.parent: spec for spec in specs if spec.parent is not None}
    unnamed = [spec for spec in specs if spec.parent is None]
    if named and (unnamed or named.keys() != {parent.name for parent in parents}):
        raise ModelError(pools_rows.SETTINGS_OF_OTHERS, "Settings", names=tuple(named))
    shares: list[PoolShare] = []
    for place, parent in enumerate(parents):
        spec = named[parent.name] if named else unnamed[place]
        _check_kind(kind if spec.kind is None else spec.kind, parent)
        shares.append(PoolShare(parent.name, _amount(kind, spec)))
    return tuple(shares)


def _child(host: Host, pool: ResourcePool) -> ChildPool:
    if pool.is_primordial:
        raise ModelError(pools_rows.PRIMORDIAL, pool.id, pool=pool, host=host)
    if pool.is_native:
        raise ModelError(pools_rows.NATIVE_STAYS, pool.id, pool=pool)
    found = next((child for child in host.pools if child.name == pool.name), None)
    if found is None:
        raise ModelError(pools_rows.GONE, pool.id, pool=pool, host=host)
    return found


def _same_host(host: Host, parent: ResourcePool) -> None:
    if parent.host.id != host.id:
        raise ModelError(pools_rows.PARENT_OF_OTHER_HOST, parent.id, pool=parent, host=host)
    if pool_named(host, parent.name, lambda _: 0) is None:
        raise ModelError(pools_rows.GONE, parent.id, pool=parent, host=host)


def _check_kind(kind: ResourceKind, parent: ResourcePool) -> None:
    if kind is not parent.kind:
        raise ModelError(pools_rows.OTHER_KIND, parent.id, pool=parent, kind=kind)


def _named(host: Host, name: str | None, kind: ResourceKind) -> str:
    """The name asked for, or one that is made."""
    if name is None:
        made = (f"{kind.value}-{number}" for number in count(1))
        return next(each for each in made if pool_named(host, each, lambda _: 0) is None)
    if not NAME.fullmatch(name):
        raise ModelError(pools_rows.NO_NAME, "name", name=name[:80])
    if pool_named(host, name, lambda _: 0) is not None:
        raise ModelError(pools_rows.NAME_TAKEN, name, name=name, host=host)
    return name


def _amount(kind: ResourceKind, spec: PoolSpec) -> int:
    """How much the pool shall have; nothing is rounded, for a pool's size is a promise."""
    increment = MEMORY_INCREMENT if kind is ResourceKind.MEMORY else 1
    amount = spec.quantity or 0
    if amount <= 0 or amount % increment or amount >= 2**63:
        raise ModelError(pools_rows.AMOUNT, "quantity", kind=kind, amount=amount, increment=increment)
    return amount


def _shown(context: Context, host: Host, name: str) -> ResourcePool:
    found = find_pool(context.inventory.generation, f"{host.id}/pool/{name}")
    assert found is not None, f"pool {name} was just put"
    return found
