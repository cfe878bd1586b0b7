"""Volumes in the hypervisor's storage pools, made and deleted by themselves rather than as a system's disk."""

from __future__ import annotations

import asyncio

from openvman.messages import pools as pools_rows
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.host_part import volume_users
from openvman.model.storage import PoolVolumes, StoragePool, StorageVolume, Volume, VolumeSpec, is_volume_name, place_of
from openvman.operations import host_files
from openvman.operations.context import Context
from openvman.operations.settle import settle
from openvman.operations.steps import DeleteImage
from openvman.operations.undo import Undo
from openvman.operations.validate import image_turn
from openvman.operations.volumes import format_in, pool_on


async def create(context: Context, pool: StoragePool, spec: VolumeSpec) -> StorageVolume:
    """Make an empty volume; as the inventory then shows it.

    ALREADY_EXISTS, INSUFFICIENT when the pool has not so much left, NOT_FOUND when it is not active (any more).
    """
    if not is_volume_name(spec.name):
        raise ModelError(pools_rows.VOLUME_NAMED, "name", name=spec.name[:80])
    if not 0 <= spec.capacity < 2**63:
        raise ModelError(pools_rows.VOLUME_SIZE, "capacity", capacity=spec.capacity, maximum=2**63 - 1)
    volume = Volume(pool.name, spec.name)
    async with context.turns.hold(_turns(await context.fresh_host(pool.host_id), volume)):
        now = await context.fresh_host(pool.host_id)
        there = pool_on(now, pool.name)
        await _check_place(now, there, volume)
        await _check_free(context, now, volume)
        async with Undo(context) as undo:
            async with undo.acting(DeleteImage(now.id, volume.source)):
                driver = context.inventory.driver_of(now.id)
                await settle(driver.create_volume(now.id, volume, format_in(there, spec.format), spec.capacity))
            return _needed(await _held(context, now, pool.name), now, volume)


async def _check_free(context: Context, host: Host, volume: Volume) -> None:
    """Asked before it is written down that the volume is to be deleted should its making fail."""
    try:
        await context.inventory.driver_of(host.id).inspect_volume(host.id, volume)
    except ModelError as error:
        if error.problem is not Problem.NOT_FOUND:
            raise
        return
    raise ModelError(pools_rows.VOLUME_EXISTS, volume.name, volume=volume)


async def delete(context: Context, volume: StorageVolume) -> None:
    """Remove a volume, with what is in it, that no system has as a disk and no other stands on. IN_USE, NOT_FOUND."""
    reference = volume.reference
    async with context.turns.hold(_turns(await context.fresh_host(volume.host_id), reference)):
        now = await context.fresh_host(volume.host_id)
        pool = pool_on(now, volume.pool)
        held = await _held(context, now, volume.pool)
        there = _needed(held, now, reference)
        await _check_place(now, pool, reference)
        users = volume_users(there, now, held, context.inventory.generation.systems_of(now.id))
        if users:
            raise ModelError(pools_rows.VOLUME_IN_USE, volume.id, volume=volume, users=users[:5])
        await settle(context.inventory.driver_of(now.id).delete_volume(now.id, reference))
        await _held(context, now, volume.pool)


async def _held(context: Context, host: Host, pool: str) -> PoolVolumes:
    """What the pool holds now, shown with what it has left."""
    await context.inventory.refresh_host(host.id)
    await context.inventory.refresh_volumes(host.id, pool)
    found = context.inventory.generation.volumes_of(host.id, pool)
    return PoolVolumes(host_id=host.id, pool=pool, volumes=()) if found is None else found


def _needed(held: PoolVolumes, host: Host, volume: Volume) -> StorageVolume:
    found = next((each for each in held.volumes if each.name == volume.name), None)
    if found is None:
        raise ModelError(pools_rows.VOLUME_GONE, volume.name, volume=volume, host=host)
    return found


def _turns(host: Host, volume: Volume) -> list[str]:
    """Systems that get the volume as a disk wait, whether they name it so or by its path."""
    return [image_turn(host.id, name) for name in (volume.source, place_of(host.storage, volume.source))]


async def _check_place(host: Host, pool: StoragePool, volume: Volume) -> None:
    """A pool whose folder is the host's own, or a device that the host uses, does not open it to anybody."""
    path = place_of(host.storage, volume.source)
    if not pool.has_files and not await asyncio.to_thread(host_files.is_block_device, path):
        return
    reason = await asyncio.to_thread(host_files.reason_against, path) if path.startswith("/") else None
    if reason is not None:
        raise ModelError(pools_rows.VOLUME_OF_HOST, volume.name, volume=volume, reason=reason)
