"""Define a virtual system (DSP1042, DefineSystem)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from openvman.drivers.contract import Driver
from openvman.messages import systems as systems_rows
from openvman.model.actor import Actor
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.pool import held
from openvman.model.spec import Definition, ResourceSpec, SystemSpec
from openvman.model.system import Configuration, ConfigurationKind, VirtualSystem
from openvman.operations import cloud_init, images
from openvman.operations.context import Context, turn
from openvman.operations.current import show_volumes
from openvman.operations.defaults import fill
from openvman.operations.host_devices import check_not_in_use, host_device_turns
from openvman.operations.placement import choose_host
from openvman.operations.preview import Preview, preview
from openvman.operations.reference import complement
from openvman.operations.seed_image import seed_image
from openvman.operations.settle import settle
from openvman.operations.specs import asked_of_pools, child_pools, closed, pool_claims, sort
from openvman.operations.steps import AssignPools, Undefine
from openvman.operations.tuning import mapping_turns
from openvman.operations.undo import Undo
from openvman.operations.validate import (
    MacsInUse,
    check_boot,
    check_definition,
    image_turn,
    label,
    mac_turn,
    name_turn,
)


async def define(
    context: Context,
    actor: Actor,
    system: SystemSpec,
    resources: Sequence[ResourceSpec],
    reference: Configuration | None,
    *,
    shared_images: bool = False,
) -> VirtualSystem:
    """Choose the host, fill defaults, validate, make new images, define, and wait until the inventory shows it.

    A failure or cancellation at any point leaves no system and no image. Two that want the same name, UUID, address or
    image take turns, so that the second sees what the first did. For ``shared_images`` see
    :func:`openvman.operations.images.claims`.
    """
    async with _planned(context, actor, system, resources, reference, shared_images=shared_images) as plan:
        made = await _act(context, system, plan)
        await show_volumes(context, plan.host, plan.disks)
        return made


async def check(
    context: Context,
    actor: Actor,
    system: SystemSpec,
    resources: Sequence[ResourceSpec],
    reference: Configuration | None,
) -> Preview:
    """All of :func:`define` up to where it would begin to act: raises what that would, and does nothing."""
    async with _planned(context, actor, system, resources, reference) as plan:
        disks = plan.disks
        if plan.seed is not None:
            content = await asyncio.to_thread(seed_image, system, plan.definition.id, plan.definition.name)
            size = len(content)
            disks = [
                replace(d, spec=replace(d.spec, capacity=size)) if d.spec.source == plan.seed else d for d in disks
            ]
        return preview(plan.definition, plan.host, disks, plan.asked, plan.seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A definition that may be: its turns and what it takes of pools are held."""

    host: Host
    driver: Driver
    definition: Definition
    disks: list[images.Resolved]
    members: Mapping[str, str]
    asked: Mapping[str, int]
    seed: str | None


@asynccontextmanager
async def _planned(
    context: Context,
    actor: Actor,
    system: SystemSpec,
    resources: Sequence[ResourceSpec],
    reference: Configuration | None,
    *,
    shared_images: bool = False,
) -> AsyncIterator[_Plan]:
    generation = context.inventory.generation
    host = choose_host(generation, system, reference)
    asked = sort(resources)
    if reference is not None:
        system, asked = complement(system, asked, reference, host)
    definition = fill(
        system,
        asked,
        host,
        macs=MacsInUse(generation, host),
        named=lambda name: generation.system_named(host.id, name) is not None,
        new_id=context.new_id,
        new_mac=context.new_mac,
    )
    cloud_init.check_data(system, definition.name, host)
    seed = cloud_init.path_of(context.policy, system, definition.id)
    definition = cloud_init.with_drive(seed, definition, host)
    check_definition(definition, host, generation, MacsInUse(generation, host), actor, context.policy)
    check_not_in_use(generation, host, definition.id, definition.name, definition.devices)
    await check_boot(context.policy, actor, definition)
    driver = context.inventory.driver_of(host.id)
    async with AsyncExitStack() as turns:
        await turns.enter_async_context(context.turns.hold(_claims(definition, host)))
        disks = [
            await images.resolve(context.policy, actor, driver, host, definition.name, disk, own_seed=seed)
            for disk in definition.disks
        ]
        paths = [image_turn(host.id, path) for disk in disks for path in disk.chain]
        await turns.enter_async_context(context.turns.hold(paths))
        before, generation = generation, context.inventory.generation
        if not generation.has_same_systems(before):  # others have had their turn since
            check_definition(definition, host, generation, MacsInUse(generation, host), actor, context.policy)
            check_not_in_use(generation, host, definition.id, definition.name, definition.devices)
        claimed = images.claims(ConfigurationKind.DEFINED, shared=shared_images)
        disks = await images.check_unused(generation, host, definition.id, definition.name, disks, (), claimed)
        found = [disk.spec for disk in disks]
        specs = (
            definition.processor,
            definition.memory,
            *found,
            *definition.nics,
            *definition.serials,
            *definition.devices,
        )
        context.pools.check_fits(host, asked_of_pools(specs), label(definition.name))
        wanted = dict.fromkeys(child_pools(specs).values(), 0)  # the others' room is looked for at the start
        wanted |= held((), pool_claims(specs))
        with context.pools.pledge(definition.id, host, wanted, label(definition.name)):
            yield _Plan(
                host=host,
                driver=driver,
                definition=definition,
                disks=disks,
                members=child_pools(specs),
                asked=asked_of_pools(specs),
                seed=seed,
            )


def _claims(definition: Definition, host: Host) -> list[str]:
    macs = (mac_turn(definition.host_id, nic) for nic in definition.nics)
    devices = host_device_turns(host, definition.devices)
    mapping = mapping_turns(definition.host_id, definition.processor)
    return [turn(definition.id), name_turn(definition.host_id, definition.name), *macs, *devices, *mapping]


async def _act(context: Context, system: SystemSpec, plan: _Plan) -> VirtualSystem:
    definition, driver, host = plan.definition, plan.driver, plan.host
    async with Undo(context) as undo:
        if plan.members or context.inventory.members(definition.id):
            # Before it is there, so that it is never seen, nor found after a crash, in another pool.
            await undo.push(AssignPools(definition.id, {}))
            await context.pools.assign(definition.id, plan.members)
        made = [await settle(images.make(driver, host, disk, undo)) if disk.make else disk.spec for disk in plan.disks]
        if plan.seed is not None:
            await settle(cloud_init.write(driver, plan.seed, system, definition, undo))
        devices = tuple(map(closed, definition.devices))
        whole = replace(definition, disks=tuple(made), devices=devices)
        found = await settle(_define(context, driver, whole, undo))
        if found is None:
            raise ModelError(systems_rows.REMOVED_AT_ONCE, definition.id, system=definition)
        return found


async def _define(context: Context, driver: Driver, definition: Definition, undo: Undo) -> VirtualSystem | None:
    async with undo.acting(Undefine(definition.host_id, definition.id, definition.name)):
        await driver.define(definition)
    # At once: the reading that the driver's own event asks for, which has not begun yet, is not needed then.
    return await context.inventory.refresh(definition.id, definition.host_id)
