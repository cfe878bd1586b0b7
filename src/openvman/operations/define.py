"""Define a virtual system (DSP1042, DefineSystem)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

from openvman.drivers.contract import Driver
from openvman.model.actor import Actor
from openvman.model.errors import ModelError, Problem
from openvman.model.host import Host
from openvman.model.pool import HELD_AT_ALL_TIMES
from openvman.model.spec import Definition, ResourceSpec, SystemSpec
from openvman.model.system import Configuration, VirtualSystem
from openvman.operations import images
from openvman.operations.context import Context, turn
from openvman.operations.current import show_volumes
from openvman.operations.defaults import fill
from openvman.operations.placement import choose_host
from openvman.operations.reference import complement
from openvman.operations.specs import asked_of_pools, child_pools, resource_kind, sort
from openvman.operations.undo import UNCERTAIN, Undo, settle
from openvman.operations.validate import (
    check_boot,
    check_definition,
    image_turn,
    label,
    mac_turn,
    macs_in_use,
    name_turn,
)


async def define(
    context: Context,
    actor: Actor,
    system: SystemSpec,
    resources: Sequence[ResourceSpec],
    reference: Configuration | None,
) -> VirtualSystem:
    """Choose the host, fill defaults, validate, make new images, define, and wait until the inventory shows it.

    A failure or cancellation at any point leaves no system and no image. Two that want the same name, UUID, address or
    image take turns, so that the second sees what the first did.
    """
    generation = context.inventory.generation
    host = choose_host(generation, system, reference)
    asked = sort(resources)
    if reference is not None:
        system, asked = complement(system, asked, reference, host)
    definition = fill(
        system,
        asked,
        host,
        macs=macs_in_use(generation, host),
        named=lambda name: generation.system_named(host.id, name) is not None,
        new_id=context.new_id,
        new_mac=context.new_mac,
    )
    check_definition(definition, host, generation, macs_in_use(generation, host), actor, context.policy)
    await check_boot(context.policy, actor, definition)
    driver = context.inventory.driver_of(host.id)
    async with AsyncExitStack() as turns:
        await turns.enter_async_context(context.turns.hold(_claims(definition)))
        disks = [
            await images.resolve(context.policy, actor, driver, host, definition.name, disk)
            for disk in definition.disks
        ]
        claimed = [image_turn(host.id, path) for disk in disks for path in disk.chain]
        await turns.enter_async_context(context.turns.hold(claimed))
        # Others may have had their turn since: what they took is seen in the generation of now.
        generation = context.inventory.generation
        check_definition(definition, host, generation, macs_in_use(generation, host), actor, context.policy)
        disks = await images.check_unused(generation, host, definition.id, definition.name, disks, ())
        found = [disk.spec for disk in disks]
        specs = (definition.processor, definition.memory, *found, *definition.nics, *definition.serials)
        context.pools.check_fits(host, asked_of_pools(specs), label(definition.name))
        held = dict.fromkeys(child_pools(specs).values(), 0)  # the others' room is looked for at the start
        held |= asked_of_pools(spec for spec in found if resource_kind(spec) in HELD_AT_ALL_TIMES)
        with context.pools.pledge(definition.id, host, held, label(definition.name)):
            made = await _act(context, driver, host, definition, disks, child_pools(specs))
            await show_volumes(context, host, disks)
            return made


def _claims(definition: Definition) -> list[str]:
    macs = (mac_turn(definition.host_id, nic) for nic in definition.nics)
    return [turn(definition.id), name_turn(definition.host_id, definition.name), *macs]


async def _act(
    context: Context,
    driver: Driver,
    host: Host,
    definition: Definition,
    disks: list[images.Resolved],
    members: Mapping[str, str],
) -> VirtualSystem:
    async with Undo() as undo:
        # Before it is there, so that it is never seen, nor found after a crash, in another pool.
        undo.push("forget its pools", lambda: context.pools.assign(definition.id, {}))
        await context.pools.assign(definition.id, members)
        made = [await settle(images.make(driver, host, disk, undo)) if disk.make else disk.spec for disk in disks]
        await settle(_define(context, driver, replace(definition, disks=tuple(made)), undo))
        found = await context.inventory.refresh(definition.id, host.id)
        if found is None:
            message = f"Virtual system {definition.name!r} was defined, and somebody removed it at once."
            raise ModelError(Problem.NOT_FOUND, message, definition.id)
        return found


async def _define(context: Context, driver: Driver, definition: Definition, undo: Undo) -> None:
    async def undefine() -> None:
        try:
            await driver.undefine(definition.id)
        except ModelError as error:
            if error.problem is not Problem.NOT_FOUND:
                raise
        await context.inventory.refresh(definition.id, definition.host_id)

    what = f"undefine virtual system {definition.name!r}"
    try:
        await driver.define(definition)
    except ModelError as error:
        if error.problem in UNCERTAIN:
            undo.push(what, undefine)
        raise
    undo.push(what, undefine)
