"""Make, change and delete child pools (DSP1041, ResourcePoolConfigurationService)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count

from openvman.model.actor import Actor
from openvman.model.errors import ModelError, Problem
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
            raise ModelError(Problem.NOT_FOUND, f"There is no host {host_id!r} any more. List the hosts.", host_id)
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
            message = "A pool without resources needs a ResourceType. Say it, or name resources of the host."
            raise ModelError(Problem.INVALID_PARAMETER, message, "ResourceType")
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
            message = (
                f"Pool {child.name!r} is a part of {', '.join(map(repr, child.parents))}, and gets nothing but from "
            )
            message += f"there. Make {child.kind.value!r} one of its parents first."
            raise ModelError(Problem.INVALID_PARAMETER, message, pool.id)
        grown = replace(child, resources=(*child.resources, *_free_devices(now, child, _some(devices))))
        await _replaced(context, now, grown, f"Adding resources to pool {child.name!r}")


async def remove(context: Context, pool: ResourcePool, devices: Sequence[HostDevice]) -> None:
    """Take devices out of a child pool, as far as what it gave away is left to it."""
    async with _configuring(context, pool.host.id) as now:
        child = _child(now, pool)
        leaving = {device.id for device in _some(devices)}
        strange = leaving.difference(child.resources)
        if strange:
            message = f"Pool {child.name!r} does not have {min(strange)!r}. Remove what it has."
            raise ModelError(Problem.INVALID_PARAMETER, message, pool.id)
        shrunk = replace(child, resources=tuple(i for i in child.resources if i not in leaving))
        await _replaced(context, now, shrunk, f"Removing resources from pool {child.name!r}")


async def _replaced(context: Context, host: Host, child: ChildPool, doing: str) -> None:
    pools = tuple(child if other.name == child.name else other for other in host.pools)
    context.pools.check_change(host, pools, doing)
    await context.pools.put(host.id, pools)


def _some(devices: Sequence[HostDevice]) -> Sequence[HostDevice]:
    if not devices:
        raise ModelError(Problem.INVALID_PARAMETER, "HostResources is empty. Name at least one.", "HostResources")
    return devices


def _free_devices(host: Host, pool: ChildPool, devices: Sequence[HostDevice]) -> tuple[str, ...]:
    """The ids of devices that can be put into the pool: of this host and of its kind, and in no other pool."""
    holders = {device_id: child.name for child in host.pools for device_id in child.resources}
    for device in devices:
        if device.host.id != host.id:
            message = f"{device.id!r} is of host {device.host.name!r}, and the pool of {host.name!r}. Name its own."
            raise ModelError(Problem.INVALID_PARAMETER, message, device.id)
        if device.kind is not pool.kind:
            message = (
                f"{device.id!r} is {device.kind.value}, and pool {pool.name!r} has {pool.kind.value}. Name others."
            )
            raise ModelError(Problem.WRONG_KIND, message, device.id)
        if device.id in holders:
            message = f"{device.id!r} is in pool {holders[device.id]!r} already. Remove it there first."
            raise ModelError(Problem.IN_USE, message, device.id)
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
            if any(a.pool == child.name for c in system.configurations() for a in c.allocations())
        ]
        if users or context.pools.is_pledged(pool.id):
            raise ModelError(
                Problem.IN_USE,
                f"Pool {child.name!r} on host {now.name!r} is in use by {', '.join(users[:5]) or 'a request'}. Move "
                "them to another pool first.",
                pool.id,
            )
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
                raise ModelError(
                    Problem.INVALID_PARAMETER,
                    f"Pool {child.name!r} cannot be put under {parent.name!r}, which is itself or a part of it. Name a "
                    "parent outside of it.",
                    pool.id,
                )
        if specs or len(parents) != 1:
            shares = _shares(kind, parents, specs)
        else:
            shares = (PoolShare(parents[0].name, sum(share.quantity for share in child.shares)),)
        moved = replace(child, shares=shares)
        if child.resources and kind.value not in moved.parents:
            message = f"Pool {child.name!r} has resources of the host itself, which come from pool {kind.value!r}. "
            raise ModelError(Problem.INVALID_PARAMETER, message + "Remove them first, or keep that parent.", pool.id)
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
        message = "ParentPool is empty. Name the pools that the pool shall be a part of."
        raise ModelError(Problem.INVALID_PARAMETER, message, "ParentPool")
    names = [parent.name for parent in parents]
    if len(set(names)) != len(names):
        message = f"ParentPool names a pool twice: {', '.join(names)}. Name each once, with all that it shall give."
        raise ModelError(Problem.INVALID_PARAMETER, message, "ParentPool")
    for parent in parents:
        _same_host(host, parent)
        storage_pools.refuse(parent, "nothing of it can be set aside")
        _check_kind(parents[0].kind, parent)
    return parents[0].kind


def _folder(parents: Sequence[ResourcePool], specs: Sequence[PoolSpec]) -> str | None:
    """The folder that shall become a storage pool of the hypervisor; None when a part of pools is wanted."""
    spec = next((spec for spec in specs if spec.folder is not None), None)
    if spec is None:
        return None
    if spec.quantity is not None:
        message = "A storage pool has what its folder has. Leave the quantity out, or the HostResource."
        raise ModelError(Problem.INVALID_PARAMETER, message, "quantity")
    if len(specs) != 1 or len(parents) != 1 or spec.parent not in {None, parents[0].name}:
        message = "A storage pool has one folder, and pool 'disk' as its parent. Give one of Settings and ParentPool."
        raise ModelError(Problem.INVALID_PARAMETER, message, "Settings")
    return spec.folder


def _shares(kind: ResourceKind, parents: Sequence[ResourcePool], specs: Sequence[PoolSpec]) -> tuple[PoolShare, ...]:
    """What each parent gives."""
    if len(specs) != len(parents):
        message = f"Settings has {len(specs)} items for {len(parents)} parents. Give one for each, in the same order."
        raise ModelError(Problem.INVALID_PARAMETER, message, "Settings")
    named = {spec.parent: spec for spec in specs if spec.parent is not None}
    unnamed = [spec for spec in specs if spec.parent is None]
    if named and (unnamed or named.keys() != {parent.name for parent in parents}):
        message = (
            f"Settings is of the parents {', '.join(map(repr, named))}, and ParentPool has others. Name each once "
        )
        raise ModelError(Problem.INVALID_PARAMETER, message + "as PoolID, or none and keep their order.", "Settings")
    shares: list[PoolShare] = []
    for place, parent in enumerate(parents):
        spec = named[parent.name] if named else unnamed[place]
        _check_kind(kind if spec.kind is None else spec.kind, parent)
        shares.append(PoolShare(parent.name, _amount(kind, spec)))
    return tuple(shares)


def _child(host: Host, pool: ResourcePool) -> ChildPool:
    if pool.is_primordial:
        message = f"Pool {pool.name!r} of host {host.name!r} is primordial: it cannot be deleted or moved."
        raise ModelError(Problem.INVALID_PARAMETER, message, pool.id)
    storage_pools.refuse(pool, "it has its own place on the host, and no devices")
    found = next((child for child in host.pools if child.name == pool.name), None)
    if found is None:
        message = f"There is no pool {pool.name!r} on host {host.name!r} any more. List the pools again."
        raise ModelError(Problem.NOT_FOUND, message, pool.id)
    return found


def _same_host(host: Host, parent: ResourcePool) -> None:
    if parent.host.id != host.id:
        message = f"Pool {parent.name!r} is on host {parent.host.name!r}, not on {host.name!r}. Name one of its pools."
        raise ModelError(Problem.INVALID_PARAMETER, message, parent.id)
    if pool_named(host, parent.name, lambda _: 0) is None:
        message = f"There is no pool {parent.name!r} on host {host.name!r} any more. List the pools again."
        raise ModelError(Problem.NOT_FOUND, message, parent.id)


def _check_kind(kind: ResourceKind, parent: ResourcePool) -> None:
    if kind is not parent.kind:
        message = f"Pool {parent.name!r} has {parent.kind.value}, not {kind.value}. Name a pool of that kind."
        raise ModelError(Problem.WRONG_KIND, message, parent.id)


def _named(host: Host, name: str | None, kind: ResourceKind) -> str:
    """The name asked for, or one that is made."""
    if name is None:
        made = (f"{kind.value}-{number}" for number in count(1))
        return next(each for each in made if pool_named(host, each, lambda _: 0) is None)
    if not NAME.fullmatch(name):
        message = f"{name[:80]!r} cannot name a pool: use up to 64 letters, digits and _.+-, a letter first."
        raise ModelError(Problem.INVALID_PARAMETER, message, "name")
    if pool_named(host, name, lambda _: 0) is not None:
        message = f"There is a pool {name!r} on host {host.name!r} already. Choose another name."
        raise ModelError(Problem.ALREADY_EXISTS, message, name)
    return name


def _amount(kind: ResourceKind, spec: PoolSpec) -> int:
    """How much the pool shall have; nothing is rounded, for a pool's size is a promise."""
    increment = MEMORY_INCREMENT if kind is ResourceKind.MEMORY else 1
    amount = spec.quantity or 0
    if amount <= 0 or amount % increment or amount >= 2**63:
        message = f"A pool of {kind.value} cannot have {amount}; say how much, more than 0, in steps of {increment}."
        raise ModelError(Problem.INVALID_PARAMETER, message, "quantity")
    return amount


def _shown(context: Context, host: Host, name: str) -> ResourcePool:
    found = find_pool(context.inventory.generation, f"{host.id}/pool/{name}")
    assert found is not None, f"pool {name} was just put"
    return found
