"""Make and delete the hypervisor's own storage pools, as the pool service does it (DSP1041)."""

from __future__ import annotations

import asyncio
import os.path

from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.pool import ResourcePool, find_pool, pool_id
from openvman.model.resource import ResourceKind
from openvman.model.storage import resource_pool_name, storage_pool, storage_pool_name
from openvman.operations.context import Context
from openvman.operations.settle import settle


async def create(context: Context, host: Host, name: str, parent: ResourcePool, folder: str) -> ResourcePool:
    """Make a storage pool of a folder, which must be an image folder or below one; shown when it is there."""
    if parent.name != ResourceKind.DISK:
        message = f"A storage pool is a child of pool 'disk', not of {parent.name!r}. Name that as the parent."
        raise ModelError(Problem.WRONG_KIND, message, parent.id)
    if storage_pool(host.storage, name) is not None:
        message = f"There is a storage pool {name!r} on host {host.name!r} already. Choose another name."
        raise ModelError(Problem.ALREADY_EXISTS, message, name)
    place = await asyncio.to_thread(os.path.realpath, folder)
    roots = [await asyncio.to_thread(os.path.realpath, root) for root in context.policy.image_roots]
    if not folder.startswith("/") or not any(place == root or place.startswith(f"{root}/") for root in roots):
        raise ModelError(
            Problem.ACCESS_DENIED,
            f"The folder {folder!r} is in no image folder (they are: {context.policy.roots()}). Name one that is.",
            "source",
        )
    users = [pool.name for pool in host.storage if pool.folder == place]
    if users:
        message = f"The folder {folder!r} is that of storage pool {users[0]!r} already. Use that, or another folder."
        raise ModelError(Problem.IN_USE, message, "source")
    await settle(context.inventory.driver_of(host.id).create_storage_pool(host.id, name, place))
    await context.inventory.refresh_host(host.id)
    found = find_pool(context.inventory.generation, pool_id(host.id, resource_pool_name(name)))
    if found is None:
        message = f"Storage pool {name!r} was made, and somebody stopped it at once."
        raise ModelError(Problem.NOT_FOUND, message, name)
    return found


async def delete(context: Context, host: Host, pool: ResourcePool) -> None:
    """Forget a storage pool that has no volumes and is named by no disk; its folder stays."""
    users = [
        system.name
        for system in context.inventory.generation.systems_of(host.id)
        if any(disk.pool == pool.name for each in system.configurations() for disk in each.disks)
    ]
    if users:
        raise ModelError(
            Problem.IN_USE,
            f"Pool {pool.name!r} on host {host.name!r} has disks of {', '.join(users[:5])}. Remove them first.",
            pool.id,
        )
    name = storage_pool_name(pool.name)
    assert name is not None, "a native pool bears the name of a storage pool"
    await settle(context.inventory.driver_of(host.id).delete_storage_pool(host.id, name))
    await context.inventory.refresh_host(host.id)


def refuse(pool: ResourcePool, wish: str) -> None:
    """NOT_SUPPORTED when the pool is the hypervisor's own."""
    if pool.is_native:
        raise ModelError(
            Problem.NOT_SUPPORTED,
            f"Pool {pool.name!r} of host {pool.host.name!r} is the hypervisor's own: {wish}. Name another pool.",
            pool.id,
        )
