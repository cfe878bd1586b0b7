"""Remove devices from configurations (DSP1042, RemoveResourceSettings)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack
from itertools import groupby

from openvman.messages import resources as resources_rows
from openvman.model.allocation import (
    IDENTITY,
    Allocation,
    DeviceAllocation,
    DiskAllocation,
    MemoryAllocation,
    ProcessorAllocation,
)
from openvman.model.errors import ModelError
from openvman.model.states import State
from openvman.model.system import Configuration, ConfigurationKind
from openvman.operations.context import Context, turn
from openvman.operations.current import allocation_of, configuration_of, refresh
from openvman.operations.host_devices import check_pluggable
from openvman.operations.settle import settle
from openvman.operations.specs import spec_of
from openvman.operations.steps import AssignPools, PackedSpec, PutBack
from openvman.operations.undo import Undo
from openvman.operations.validate import check_left, label


async def remove_resources(context: Context, allocations: Sequence[Allocation]) -> None:
    """Remove all, or none. Disk images stay.

    What an active system has is removed when its guest has let go of it; that comes first, as a guest may say no.
    Raises INVALID_PARAMETER (processors and memory, which every system has), NOT_SUPPORTED (what no
    active system can lose, and what is part of every machine), NOT_FOUND (gone already), IN_USE (a controller that
    other devices sit on), INVALID_STATE (the disk that the running guest was booted from; a guest that is paused and
    cannot let go), TIMEOUT (the guest does not let go) and as the driver says.
    """
    ids = list(dict.fromkeys(allocation.id for allocation in allocations))
    system_ids = list(dict.fromkeys(allocation.system_id for allocation in allocations))
    async with AsyncExitStack() as turns:
        await turns.enter_async_context(context.turns.hold(map(turn, system_ids)))
        await refresh(context, system_ids)
        there = [_removable(context, allocation_of(context, id)) for id in ids]
        _check_empty(context, there)
        _check_left(context, there)
        for system_id in system_ids:
            turns.enter_context(_kept(context, system_id))
        async with Undo(context) as undo:
            for configuration, devices in _by_configuration(context, there):
                await settle(_apply(context, configuration, devices, undo))
            await refresh(context, system_ids)
            for system_id in system_ids:
                await _leave(context, system_id, [each for each in there if each.system_id == system_id], undo)


def _kept(context: Context, system_id: str) -> AbstractContextManager[None]:
    """What the system has of pools is given to nobody else before it is certain that it is removed."""
    system = context.inventory.generation.system(system_id)
    host = None if system is None else context.inventory.generation.host(system.host_id)
    assert system is not None, "the system of an allocation"
    assert host is not None, "a system that was just read has a host"
    return context.pools.pledge(system.id, host, {}, label(system.name))


async def _leave(context: Context, system_id: str, removed: list[Allocation], undo: Undo) -> None:
    """Forget the pools of what no configuration of the system has any more, and follow what moved up."""
    system, before = context.inventory.generation.system(system_id), context.inventory.members(system_id)
    if system is None:
        return
    left = {a.local_id for configuration in system.remembered() for a in configuration.allocations()}
    await undo.push(AssignPools(system_id, before))
    moved = _moved_up(before, [each for each in removed if each.configuration_id.endswith(ConfigurationKind.DEFINED)])
    await context.pools.assign(system_id, {local: pool for local, pool in moved.items() if local in left})


def _moved_up(members: Mapping[str, str], removed: list[Allocation]) -> dict[str, str]:
    """The pools by the local ids that devices have where others of their kind, before them, are gone."""
    moved = dict(members)
    numbered = [each for each in removed if isinstance(each, DeviceAllocation) and each.kind not in IDENTITY]
    for kind in {device.kind for device in numbered}:
        gone = {device.local_id for device in numbered if device.kind is kind}
        of_kind = [local for local in moved if local.rpartition(":")[0] == kind]
        pools = {int(local.rpartition(":")[2]): moved.pop(local) for local in of_kind}
        holes = sorted(int(local.rpartition(":")[2]) for local in gone)
        for number, pool in pools.items():
            if number not in holes:
                moved[f"{kind}:{number - sum(hole < number for hole in holes)}"] = pool
    return moved


def _removable(context: Context, allocation: Allocation) -> Allocation:
    system, configuration = configuration_of(context, allocation.configuration_id)
    match allocation:
        case ProcessorAllocation() | MemoryAllocation():
            what = "processors" if isinstance(allocation, ProcessorAllocation) else "memory"
            raise ModelError(resources_rows.NEEDED, allocation.id, system=system, kind=what)
    if configuration.kind is not ConfigurationKind.STATE:
        return allocation
    check_pluggable(allocation, configuration)
    if isinstance(allocation, DiskAllocation) and allocation.target == configuration.boot_disk:
        raise ModelError(resources_rows.BOOTED_FROM, allocation.id, system=system, disk=allocation)
    if system.state is not State.ACTIVE:
        raise ModelError(resources_rows.HELD_BY_GUEST, allocation.id, system=system, allocation=allocation)
    return allocation


def _check_empty(context: Context, there: list[Allocation]) -> None:
    """Refuse to take a controller from under devices that stay."""
    gone = {allocation.id for allocation in there}
    for controller in there:
        _system, configuration = configuration_of(context, controller.configuration_id)
        left = [
            each.local_id
            for each in configuration.allocations()
            if each.parent == controller.local_id and each.id not in gone
        ]
        if left:
            said = resources_rows.NOTHING_TO_SIT_ON.said(devices=left)
            raise ModelError(said.within(f"{label(configuration.name)}, {controller.local_id}"), controller.id)


def _check_left(context: Context, there: list[Allocation]) -> None:
    """Refuse to take what the others cannot be without."""
    for configuration, devices in _by_configuration(context, there):
        host = context.inventory.generation.host(configuration.host_id)
        assert host is not None, "a system that was just read has a host"
        left = tuple(spec_of(each) for each in configuration.devices if each not in devices)
        if len(left) < len(configuration.devices):
            check_left(left, configuration.name, host)


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

    kept = [PackedSpec.of(spec_of(each)) for each in there.allocations() if each.id not in ids]
    removed = [PackedSpec.of(spec_of(device)) for device in devices]
    async with undo.acting(PutBack(there.host_id, there.system_id, there.kind, removed, kept)):
        await driver.remove_resources(there.system_id, there.kind, ids)
