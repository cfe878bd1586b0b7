"""Add devices to a configuration (DSP1042, AddResourceSettings)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TypeVar

from openvman.messages import resources as resources_rows
from openvman.model.actor import Actor
from openvman.model.allocation import Allocation
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.pool import claims_of
from openvman.model.spec import DeviceSpec, DiskSpec, MemorySpec, NicSpec, ProcessorSpec, ResourceSpec, SerialSpec
from openvman.model.system import Configuration, ConfigurationKind, VirtualSystem
from openvman.model.validation import Devices
from openvman.operations import images
from openvman.operations.context import Context, turn
from openvman.operations.current import allocation_of, configuration_of, refresh, show_volumes
from openvman.operations.defaults import fill_devices, fill_disks, fill_nics, fill_serials
from openvman.operations.host_devices import check_not_in_use, check_pluggable, host_device_turns
from openvman.operations.images import Resolved
from openvman.operations.pledging import pledged
from openvman.operations.remove_resources import remove_resources
from openvman.operations.settle import settle
from openvman.operations.specs import child_pools, closed, local_ids, pool_claims, spec_of
from openvman.operations.steps import AssignPools, TakeAway
from openvman.operations.undo import Undo
from openvman.operations.validate import MacsInUse, check_devices, check_resource, image_turn, mac_turn

R = TypeVar("R", bound=ResourceSpec)


async def add_resources(
    context: Context,
    actor: Actor,
    configuration: Configuration,
    specs: Sequence[ResourceSpec],
    *,
    shared_images: bool = False,
) -> list[Allocation]:
    """Add all, or none; the allocations as the inventory then shows them, in order.

    The configuration says when: the one of the next activation, or that of the active system, which gets the devices at
    once. Defaults, rules and the policy about images are those of a definition; for ``shared_images`` see
    :func:`openvman.operations.images.claims`. Raises NOT_FOUND (the configuration is
    gone), ALREADY_EXISTS (processors or memory, which every system has), else as the rules and the driver say.
    """
    asked = [_device(spec, configuration) for spec in specs]
    system_id = configuration.system_id
    async with AsyncExitStack() as turns:
        await turns.enter_async_context(context.turns.hold([turn(system_id)]))
        await refresh(context, [system_id])
        system, there = configuration_of(context, configuration.id)
        host = context.inventory.generation.host(system.host_id)
        assert host is not None, "a system that was just read has a host"
        full = _fill(context, host, system, there, asked)
        _check(context, actor, host, there, full)
        driver = context.inventory.driver_of(host.id)
        found = [
            await images.resolve(context.policy, actor, driver, host, system.name, spec)
            for spec in full
            if isinstance(spec, DiskSpec)
        ]
        claims = [image_turn(host.id, path) for image in found for path in image.chain]
        claims += [mac_turn(host.id, spec) for spec in full if isinstance(spec, NicSpec)]
        claims += host_device_turns(host, full)
        await turns.enter_async_context(context.turns.hold(claims))
        # Others may have had their turn since: what they took is seen in the generation of now.
        system, there = configuration_of(context, configuration.id)
        _check(context, actor, host, there, full)
        kept = [spec_of(disk) for disk in there.disks]
        claimed = images.claims(there.kind, shared=shared_images)
        now = context.inventory.generation
        found = await images.check_unused(now, host, system_id, system.name, found, kept, claimed)
        disks = iter(image.spec for image in found)
        known: list[ResourceSpec] = [next(disks) if isinstance(spec, DiskSpec) else spec for spec in full]
        with pledged(context, host, system, {there.kind: [*claims_of(there), *pool_claims(known)]}):
            async with Undo(context) as undo:
                await _join(context, system_id, there, known, undo)
                added = await settle(_apply(context, host, there, full, found, undo))
                await refresh(context, [system_id])
                await show_volumes(context, host, found)
                return [allocation_of(context, id) for id in added]


async def add_for_good(
    context: Context,
    actor: Actor,
    configuration: Configuration,
    specs: Sequence[ResourceSpec],
    *,
    shared_images: bool = False,
) -> list[Allocation]:
    """Add to the configuration, and where it is that of the active system, the same to that of the next activation.

    What was added at once is removed again where the second fails. Raises as :func:`add_resources`.
    """
    added = await add_resources(context, actor, configuration, specs, shared_images=shared_images)
    system = context.inventory.generation.system(configuration.system_id)
    if configuration.kind is ConfigurationKind.DEFINED or system is None or system.defined is None:
        return added
    try:
        again = _again(added, specs)
        await add_resources(context, actor, system.defined, again, shared_images=shared_images)
    except ModelError:
        await remove_resources(context, added)
        raise
    return added


def _again(added: Iterable[Allocation], asked: Iterable[ResourceSpec]) -> list[ResourceSpec]:
    """What was added, to be added to another configuration."""
    again: list[ResourceSpec] = []
    for allocation, spec in zip(added, asked, strict=True):
        same: ResourceSpec = spec_of(allocation)
        again.append(replace(same, target=spec.target) if isinstance(spec, NicSpec) else same)  # type: ignore[call-arg]
    return again


async def _join(context: Context, system_id: str, there: Configuration, specs: list[ResourceSpec], undo: Undo) -> None:
    """Remember their child pools before they are there, so that they are never seen in another."""
    before = context.inventory.members(system_id)
    await undo.push(AssignPools(system_id, before))
    await context.pools.assign(system_id, {**before, **child_pools(specs, there)})


def _device(spec: ResourceSpec, configuration: Configuration) -> ResourceSpec:
    match spec:
        case DiskSpec() | NicSpec() | SerialSpec() | DeviceSpec():
            return replace(spec, allocation_id=None)
        case ProcessorSpec() | MemorySpec():
            what = "processors" if isinstance(spec, ProcessorSpec) else "memory"
            raise ModelError(resources_rows.THERE_ALREADY, what, configuration=configuration, kind=what)
    raise ModelError(resources_rows.NO_DEVICE, "resource", type=type(spec).__name__)


def _fill(
    context: Context, host: Host, system: VirtualSystem, there: Configuration, asked: list[ResourceSpec]
) -> list[ResourceSpec]:
    """A target or address that is made is free in every configuration, so that all can have the same device."""
    targets = frozenset(disk.target for each in system.remembered() for disk in each.disks)
    macs = MacsInUse(context.inventory.generation, host)
    filled: dict[type[ResourceSpec], Iterator[ResourceSpec]] = {
        DiskSpec: iter(fill_disks(_of(DiskSpec, asked), host, targets)),
        NicSpec: iter(fill_nics(_of(NicSpec, asked), host, macs, context.new_mac)),
        SerialSpec: iter(fill_serials(_of(SerialSpec, asked), {serial.port for serial in there.serials})),
        DeviceSpec: iter(fill_devices(_of(DeviceSpec, asked), host.facts, there.devices)),
    }
    return [next(filled[type(spec)]) for spec in asked]


def _of(kind: type[R], specs: Iterable[ResourceSpec]) -> tuple[R, ...]:
    return tuple(spec for spec in specs if isinstance(spec, kind))


def _check(context: Context, actor: Actor, host: Host, there: Configuration, full: list[ResourceSpec]) -> None:
    macs = MacsInUse(context.inventory.generation, host, there.system_id)
    for spec in full:
        check_resource(spec, there.name, host, macs, actor, context.policy)
        check_pluggable(spec, there)
    new = Devices(
        disks=_of(DiskSpec, full), nics=_of(NicSpec, full), serials=_of(SerialSpec, full), others=_of(DeviceSpec, full)
    )
    both = Devices(
        disks=(*map(spec_of, there.disks), *new.disks),
        nics=(*map(spec_of, there.nics), *new.nics),
        serials=(*(SerialSpec(port=serial.port) for serial in there.serials), *new.serials),
        others=(*map(spec_of, there.devices), *new.others),
    )
    said = {"disks": new.disks, "nics": new.nics, "serials": new.serials, "devices": new.others}
    check_devices(both, there.name, host, {setting for setting, specs in said.items() if specs})
    check_not_in_use(context.inventory.generation, host, there.system_id, there.name, new.others, there.devices)


async def _apply(
    context: Context, host: Host, there: Configuration, full: list[ResourceSpec], found: list[Resolved], undo: Undo
) -> list[str]:
    """Make the new images and add the devices; the ids of the allocations."""
    if not full:
        return []
    driver = context.inventory.driver_of(host.id)
    disks = iter([await images.make(driver, host, image, undo) if image.make else image.spec for image in found])
    made = [next(disks) if isinstance(spec, DiskSpec) else spec for spec in full]
    ids = [f"{there.id}/{local}" for local in local_ids(made, there)]

    async with undo.acting(TakeAway(host.id, there.system_id, there.kind, ids)):
        await driver.add_resources(there.system_id, there.kind, [closed(spec) for spec in made])
    return ids
