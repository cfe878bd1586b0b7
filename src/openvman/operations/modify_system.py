"""Modify the settings of a virtual system (DSP1042, ModifySystemSettings)."""

from __future__ import annotations

from dataclasses import replace

from openvman.messages import systems as systems_rows
from openvman.model.actor import Actor
from openvman.model.errors import ModelError
from openvman.model.spec import SystemSpec
from openvman.model.states import State
from openvman.model.system import VirtualSystem
from openvman.operations import cloud_init
from openvman.operations.context import Context, turn, unknown
from openvman.operations.settle import settle
from openvman.operations.specs import changes, merged, said
from openvman.operations.steps import RestoreSystem
from openvman.operations.undo import Undo
from openvman.operations.validate import check_boot, check_name_free, check_system, name_turn


async def modify_system(context: Context, actor: Actor, spec: SystemSpec) -> VirtualSystem:
    """Change what ``spec`` says of the defined configuration; the system as the inventory then shows it.

    What is said as it is already is no change. Raises NOT_FOUND, INVALID_STATE (a transient system; a new name while
    not in the state DEFINED), NOT_SUPPORTED (another host), ALREADY_EXISTS (the name) and as the rules say.
    """
    generation = context.inventory.generation
    system = generation.system(spec.system_id or "")
    if system is None:
        raise ModelError(systems_rows.UNKNOWN, spec.system_id, id=spec.system_id)
    turns = [turn(system.id)]
    if spec.name is not None:
        turns.append(name_turn(system.host_id, spec.name))
    async with context.turns.hold(turns):
        found = await context.fresh(system)
        change, back = _change(context, found, spec)
        await check_boot(context.policy, actor, change)
        if change == SystemSpec(system_id=found.id):
            return found
        driver = context.inventory.driver_of(found.host_id)
        host = context.inventory.generation.host(found.host_id)
        assert host is not None, "a system that was just read has a host"
        plain = cloud_init.without_data(change)
        async with Undo(context) as undo:
            if plain != change:
                await settle(cloud_init.change(context, host, found, change, undo))
            if plain != SystemSpec(system_id=found.id):
                async with undo.acting(RestoreSystem(found.host_id, found.id, back)):
                    await context.settled(found, driver.modify_system(found.id, plain))
            found = await context.fresh(found)
        if plain != change:
            await cloud_init.tidy(context, found)
        return found


def _change(context: Context, system: VirtualSystem, spec: SystemSpec) -> tuple[SystemSpec, SystemSpec]:
    """What the driver is to change: nothing but what differs, and all of that is legal; and the same as it is now."""
    if system.state is State.UNKNOWN:
        raise unknown(system)
    if system.defined is None:
        raise ModelError(systems_rows.TRANSIENT, system.id, system=system)
    base = SystemSpec(
        system_id=system.id,
        name=system.name,
        host_id=system.host_id,
        hypervisor=system.defined.hypervisor,
        description=system.defined.description or "",
        autostart=system.defined.autostart,
        on_crash=system.defined.on_crash,
        machine=system.defined.machine,
        boot_order=system.defined.boot_order,
        firmware=system.defined.firmware,
        kernel=system.defined.kernel or "",
        initrd=system.defined.initrd or "",
        command_line=system.defined.command_line or "",
        init=system.defined.init or "",
        acpi=system.defined.acpi,
        apic=system.defined.apic,
        pae=system.defined.pae,
    )
    changed = changes(spec, base)
    if "host_id" in changed:
        raise ModelError(systems_rows.STAYS_ON_HOST, "host_id", system=system)
    host = context.inventory.generation.host(system.host_id)
    assert host is not None, "a system that was just read has a host"
    check_system(merged(spec, base), system.name, host, changed)
    if spec.name is not None and "name" in changed:
        if system.state is not State.DEFINED:
            raise ModelError(systems_rows.KEEPS_NAME, system.id, system=system)
        check_name_free(context.inventory.generation, host, spec.name)
    return said(replace(spec, system_id=system.id), changed), said(base, changed)
