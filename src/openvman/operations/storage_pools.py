"""The hypervisor's own storage pools: made, deleted, started and stopped; also as the pool service does it."""

from __future__ import annotations

import asyncio
import os.path
from dataclasses import replace
from typing import Final

from openvman.messages import pools as pools_rows
from openvman.model.actor import Actor, Role
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.host_part import NAME, find_storage_pool, pool_users
from openvman.model.pool import ResourcePool, find_pool, pool_id
from openvman.model.resource import ResourceKind
from openvman.model.storage import (
    POOL_NEEDS,
    POOL_TAKES,
    StoragePool,
    StoragePoolSpec,
    resource_pool_name,
    storage_pool,
    storage_pool_name,
)
from openvman.model.validation import is_path, is_text, is_uuid
from openvman.operations import host_files
from openvman.operations.context import Context
from openvman.operations.host_parts import as_it_is, configuring, differing
from openvman.operations.host_steps import DeleteStoragePool, RestoreStoragePool
from openvman.operations.settle import settle
from openvman.operations.undo import Undo

_SOURCES = ("server", "export", "source_name", "adapter", "format")
_PARTS: Final = "storage pools"
"""What changes one at a time on each host."""


async def create(context: Context, actor: Actor, host: Host, spec: StoragePoolSpec) -> StoragePool:
    """Make a storage pool that lasts, active now; as the inventory then shows it. What is there is kept as it is.

    The folder of a pool of files is an image folder or below one; all else is for administrators.
    """
    async with configuring(context, _PARTS, host.id) as now:
        _check_spec(now, spec)
        if spec.type == "dir":
            spec = replace(spec, folder=await asyncio.to_thread(_checked_folder, context, actor, spec.folder or ""))
        else:
            context.policy.check_reach(actor, f"Storage pool {spec.name!r} of type {spec.type}")
        users = [pool.name for pool in now.storage if pool.type == spec.type == "dir" and pool.folder == spec.folder]
        if users:
            raise ModelError(pools_rows.FOLDER_TAKEN, "source", folder=spec.folder, holder=users[0])
        spec = replace(spec, uuid=spec.uuid or context.new_id())
        assert spec.uuid is not None, "it was just made"
        async with Undo(context) as undo:
            async with undo.acting(DeleteStoragePool(now.id, spec.uuid, spec.name)):
                await settle(context.inventory.driver_of(now.id).create_storage_pool(now.id, spec))
            made = _shown(await context.fresh_host(now.id), spec.name)
            await context.inventory.refresh_volumes(now.id, spec.name)
            return made


async def create_child(
    context: Context, actor: Actor, host: Host, name: str, parent: ResourcePool, folder: str
) -> ResourcePool:
    """Make a storage pool of a folder as a child of the host's pool of disks."""
    if parent.name != ResourceKind.DISK:
        raise ModelError(pools_rows.STORAGE_PARENT, parent.id, pool=parent)
    await create(context, actor, host, StoragePoolSpec(name=name, folder=folder))
    found = find_pool(context.inventory.generation, pool_id(host.id, resource_pool_name(name)))
    if found is None:
        raise ModelError(pools_rows.STORAGE_STOPPED_AT_ONCE, name, name=name)
    return found


def _check_spec(host: Host, spec: StoragePoolSpec) -> None:
    if not NAME.fullmatch(spec.name):
        raise ModelError(pools_rows.NO_NAME, "name", name=spec.name[:80])
    if any(spec.name == pool.name or spec.uuid == pool.uuid for pool in host.storage):
        raise ModelError(pools_rows.STORAGE_NAME_TAKEN, spec.name, name=spec.name, host=host)
    if spec.uuid is not None and not is_uuid(spec.uuid):
        raise ModelError(pools_rows.STORAGE_UUID, "uuid", uuid=spec.uuid[:80])
    if spec.type not in POOL_NEEDS:
        raise ModelError(pools_rows.STORAGE_TYPE, "type", type=spec.type, types=tuple(POOL_NEEDS))
    missing = sorted(each for each in POOL_NEEDS[spec.type] if not getattr(spec, each))
    if missing:
        raise ModelError(pools_rows.STORAGE_NEEDS, missing[0], type=spec.type, needs=missing)
    useless = [each for each in (*_SOURCES, "devices") if getattr(spec, each) and each not in POOL_TAKES[spec.type]]
    if useless:
        raise ModelError(pools_rows.STORAGE_HAS_NO_SUCH, useless[0], type=spec.type, setting=useless[0])
    paths = [("source", spec.folder), ("export", spec.export), *(("devices", each) for each in spec.devices)]
    for setting, value in paths:
        may_be_a_name = setting == "devices" and spec.type == "iscsi"
        if value is not None and not (is_path(value) and (value.startswith("/") or may_be_a_name)):
            raise ModelError(pools_rows.STORAGE_PATH, setting, path=value)
    for setting in _SOURCES:
        value = getattr(spec, setting)
        if value is not None and (not is_text(value) or len(value) > 255 or value.startswith("-")):
            raise ModelError(pools_rows.STORAGE_SETTING, setting, setting=setting, value=value[:80])


def _checked_folder(context: Context, actor: Actor, folder: str) -> str:
    """The folder that is meant, with links followed. ACCESS_DENIED. Blocks."""
    place = os.path.realpath(folder)
    roots = [os.path.realpath(root) for root in context.policy.image_roots]
    if any(place == root or place.startswith(f"{root}/") for root in roots):
        return place
    if actor.role < Role.ADMIN:
        raise ModelError(pools_rows.FOLDER_NOT_OPEN, "source", folder=folder, folders=context.policy.roots())
    # With something behind it: a folder of the host's own is no place for volumes either.
    reason = host_files.reason_against(os.path.join(place, "volume"))  # noqa: PTH118 - a path of the host
    if reason is not None:
        raise ModelError(pools_rows.FOLDER_OF_HOST, "source", folder=folder, reason=reason)
    return place


async def delete(context: Context, actor: Actor, pool: StoragePool) -> None:
    """Forget a storage pool that has no volumes and is named by no disk; its folder stays. IN_USE, NOT_FOUND."""
    if pool.type != "dir":
        context.policy.check_reach(actor, f"Storage pool {pool.name!r} of type {pool.type}")
    async with configuring(context, _PARTS, pool.host_id) as now:
        there = _same(now, pool)
        _check_unused(context, there, now)
        await settle(context.inventory.driver_of(now.id).delete_storage_pool(now.id, there.name))
        await context.inventory.refresh_host(now.id)


async def delete_child(context: Context, actor: Actor, host: Host, pool: ResourcePool) -> None:
    """Likewise, named as a resource pool."""
    name = storage_pool_name(pool.name)
    assert name is not None, "a native pool bears the name of a storage pool"
    await delete(context, actor, _shown(host, name))


async def change(
    context: Context, actor: Actor, pool: StoragePool, *, active: bool | None = None, autostart: bool | None = None
) -> StoragePool | None:
    """Start or stop a storage pool, and have it start with the host or not; None: it stays.

    Returns None when it was stopped and does not last. IN_USE when one that has disks of systems is to be stopped.
    """
    context.policy.check_reach(actor, f"Storage pool {pool.name!r}")
    async with configuring(context, _PARTS, pool.host_id) as now:
        there = _same(now, pool)
        asked = differing(there, active=active, autostart=autostart)
        if not asked:
            return there
        if asked.get("active") is False:
            _check_unused(context, there, now)
        if asked.get("autostart") and not there.persistent:
            raise ModelError(pools_rows.STORAGE_DOES_NOT_LAST, there.id, pool=there)
        back = RestoreStoragePool(now.id, there.name, **as_it_is(there, asked))
        async with Undo(context) as undo:
            async with undo.acting(back):
                await settle(context.inventory.driver_of(now.id).change_storage_pool(now.id, there.name, **asked))
            await context.inventory.refresh_host(now.id)
            await context.inventory.refresh_volumes(now.id, there.name)
        return find_storage_pool(context.inventory.generation, there.id)


async def look_through(context: Context, pool: StoragePool) -> None:
    """Have the hypervisor look what an active storage pool holds, and show it. NOT_FOUND."""
    async with configuring(context, _PARTS, pool.host_id) as now:
        there = _same(now, pool)
        if not there.active:
            raise ModelError(pools_rows.STORAGE_RESTS, there.id, pool=there, host=now)
        await settle(context.inventory.driver_of(now.id).refresh_storage_pool(now.id, there.name))
        await context.inventory.refresh_host(now.id)
        await context.inventory.refresh_volumes(now.id, there.name)


def _check_unused(context: Context, pool: StoragePool, host: Host) -> None:
    users = pool_users(pool, context.inventory.generation.systems_of(host.id))
    if users:
        raise ModelError(pools_rows.STORAGE_HAS_DISKS, pool.id, pool=pool, host=host, users=users[:5])


def _shown(host: Host, name: str) -> StoragePool:
    found = storage_pool(host.storage, name)
    if found is None:
        raise _gone(host, name)
    return found


def _same(host: Host, pool: StoragePool) -> StoragePool:
    """The pool as it is now; one of the same name that is not the same does not count."""
    found = _shown(host, pool.name)
    if found.uuid != pool.uuid:
        raise _gone(host, pool.name)
    return found


def _gone(host: Host, name: str) -> ModelError:
    return ModelError(pools_rows.STORAGE_GONE, name, name=name, host=host)
