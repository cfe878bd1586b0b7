"""Remove disks and NICs from configurations (DSP1042, RemoveResourceSettings)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import groupby

from openvman.model.allocation import (
    Allocation,
    DiskAllocation,
    MemoryAllocation,
    NicAllocation,
    ProcessorAllocation,
)
from openvman.model.errors import ModelError, Problem
from openvman.model.states import State
from openvman.model.system import Configuration, ConfigurationKind
from openvman.operations.context import Context, turn
from openvman.operations.current import allocation_of, configuration_of, refresh
from openvman.operations.specs import spec_of
from openvman.operations.undo import Undo, settle
from openvman.operations.validate import label


async def remove_resources(context: Context, allocations: Sequence[Allocation]) -> None:
    """Remove all, or none. Disk images stay.

    What an active system has is removed when its guest has let go of it; that comes first, as a guest may say no.
    Raises INVALID_PARAMETER (processors and memory, which every system has), NOT_SUPPORTED (what is neither disk nor
    NIC), NOT_FOUND (gone already), INVALID_STATE (the disk that the running guest was booted from; a guest that is
    paused and cannot let go), TIMEOUT (the guest does not let go) and as the driver says.
    """
    ids = list(dict.fromkeys(allocation.id for allocation in allocations))
    system_ids = list(dict.fromkeys(allocation.system_id for allocation in allocations))
    async with AsyncExitStack() as turns:
        await turns.enter_async_context(context.turns.hold(map(turn, system_ids)))
        await refresh(context, system_ids)
        there = [_removable(context, allocation_of(context, id)) for id in ids]
        async with Undo() as undo:
            undo.push("read the systems again", lambda: refresh(context, system_ids))
            for configuration, devices in _by_configuration(context, there):
                await settle(_apply(context, configuration, devices, undo))
            await refresh(context, system_ids)
            for system_id in system_ids:
                await _leave(context, system_id, undo)


async def _leave(context: Context, system_id: str, undo: Undo) -> None:
    """Forget the pools of what no configuration of the system has any more."""
    system, before = context.inventory.generation.system(system_id), context.inventory.members(system_id)
    if system is None:
        return
    left = {a.local_id for configuration in system.configurations() for a in configuration.allocations()}
    undo.push("remember their pools", lambda: context.pools.assign(system_id, before))
    await context.pools.assign(system_id, {local: pool for local, pool in before.items() if local in left})


def _removable(context: Context, allocation: Allocation) -> Allocation:
    system, configuration = configuration_of(context, allocation.configuration_id)
    of = label(system.name)
    match allocation:
        case ProcessorAllocation() | MemoryAllocation():
            what = "processors" if isinstance(allocation, ProcessorAllocation) else "memory"
            message = f"{of} cannot be without {what}. Modify the allocation to have less."
            raise ModelError(Problem.INVALID_PARAMETER, message, allocation.id)
        case DiskAllocation() | NicAllocation():
            pass
        case _:
            message = f"{of}, {allocation.local_id} cannot be removed: only disks and NICs can."
            raise ModelError(Problem.NOT_SUPPORTED, message, allocation.id)
    if configuration.kind is not ConfigurationKind.STATE:
        return allocation
    if isinstance(allocation, DiskAllocation) and allocation.target == configuration.boot_disk:
        raise ModelError(
            Problem.INVALID_STATE,
            f"{of} is {system.state} and was booted from disk {allocation.target}. Stop it first, or remove the disk "
            "from its defined configuration.",
            allocation.id,
        )
    if system.state is not State.ACTIVE:
        message = f"{of} is {system.state}, and its guest cannot let go of {allocation.local_id}. Start it first."
        raise ModelError(Problem.INVALID_STATE, message, allocation.id)
    return allocation


def _by_configuration(context: Context, there: list[Allocation]) -> list[tuple[Configuration, list[Allocation]]]:
    """Those of active systems first."""
    ordered = sorted(there, key=lambda allocation: allocation.configuration_id)
    groups = [
        (configuration_of(context, id)[1], list(some)) for id, some in groupby(ordered, lambda a: a.configuration_id)
    ]
    return sorted(groups, key=lambda group: group[0].kind is not ConfigurationKind.STATE)


async def _apply(context: Context, there: Configuration, devices: list[Allocation], undo: Undo) -> None:
    driver = context.inventory.driver_of(there.host_id)
    ids = [device.id for device in devices]

    async def put_back() -> None:
        await refresh(context, [there.system_id])
        gone = [device for device in devices if context.inventory.generation.allocation(device.id) is None]
        if gone:
            specs = [replace(spec_of(device), allocation_id=None) for device in gone]
            await driver.add_resources(there.system_id, there.kind, specs)

    with undo.acting(f"put {', '.join(ids)} back", put_back):
        await driver.remove_resources(there.system_id, there.kind, ids)
