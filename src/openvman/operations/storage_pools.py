"""Make and delete the hypervisor's own storage pools, as the pool service does it (DSP1041)."""

from __future__ import annotations

import asyncio
import os.path

from openvman.messages import pools as pools_rows
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
        raise ModelError(pools_rows.STORAGE_PARENT, parent.id, pool=parent)
    if storage_pool(host.storage, name) is not None:
        raise ModelError(pools_rows.STORAGE_NAME_TAKEN, name, name=name, host=host)
    place = await asyncio.to_thread(os.path.realpath, folder)
    roots = [await asyncio.to_thread(os.path.realpath, root) for root in context.policy.image_roots]
    if not folder.startswith("/") or not any(place == root or place.startswith(f"{root}/") for root in roots):
        raise ModelError(pools_rows.FOLDER_NOT_OPEN, "source", folder=folder, folders=context.policy.roots())
    users = [pool.name for pool in host.storage if pool.folder == place]
    if users:
        raise ModelError(pools_rows.FOLDER_TAKEN, "source", folder=folder, holder=users[0])
    await settle(context.inventory.driver_of(host.id).create_storage_pool(host.id, name, place))
    await context.inventory.refresh_host(host.id)
    found = find_pool(context.inventory.generation, pool_id(host.id, resource_pool_name(name)))
    if found is None:
        raise ModelError(pools_rows.STORAGE_STOPPED_AT_ONCE, name, name=name)
    return found


async def delete(context: Context, host: Host, pool: ResourcePool) -> None:
    """Forget a storage pool that has no volumes and is named by no disk; its folder stays."""
    users = [
        system.name
        for system in context.inventory.generation.systems_of(host.id)
        if any(disk.pool == pool.name for each in system.configurations() for disk in each.disks)
    ]
    if users:
        raise ModelError(pools_rows.STORAGE_HAS_DISKS, pool.id, pool=pool, host=host, users=users[:5])
    name = storage_pool_name(pool.name)
    assert name is not None, "a native pool bears the name of a storage pool"
    await settle(context.inventory.driver_of(host.id).delete_storage_pool(host.id, name))
    await context.inventory.refresh_host(host.id)
