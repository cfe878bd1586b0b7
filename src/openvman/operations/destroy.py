"""Destroy a virtual system (DSP1042, DestroySystem)."""

from __future__ import annotations

from openvman.messages import systems as systems_rows
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.states import TRANSITIONS, Action, State, Transition
from openvman.model.system import VirtualSystem
from openvman.operations import cloud_init
from openvman.operations.context import Context, turn, unknown


async def destroy(context: Context, system: VirtualSystem) -> None:
    """Deactivate it if need be, drop its saved memory and undefine it; returns when the inventory does not show it.

    Its images stay, also those that its definition made: nothing tells for certain that nobody else has come to use
    them. Only the disk with its cloud-init data goes, which is nobody else's. Raises NOT_FOUND when it is gone already.
    """
    async with context.turns.hold([turn(system.id)]):
        found = await context.fresh(system)
        if found.state is State.UNKNOWN:
            raise unknown(found)
        stop = TRANSITIONS[found.state].get(Action.STOP)
        if stop is not None and await _stopped(context, found, stop) is None:
            return
        driver = context.inventory.driver_of(found.host_id)
        await context.settled(found, driver.undefine(found.id))
        if await context.inventory.refresh(found.id, found.host_id) is not None:
            raise ModelError(systems_rows.THERE_AGAIN, found.id, system=found)
        await context.pools.assign(found.id, {})
        await cloud_init.forget(context, found.host_id, found.id)


async def _stopped(context: Context, system: VirtualSystem, stop: Transition) -> VirtualSystem | None:
    """Stop it; None when it is gone with that, as a transient one is."""
    with context.showing.show(system.id, stop, Action.STOP):
        try:
            await context.act(system, Action.STOP)
        except ModelError as error:
            # The guest may have ended by itself just before: then it is as it should be.
            found = await context.inventory.refresh(system.id, system.host_id)
            if error.problem not in {Problem.INVALID_STATE, Problem.NOT_FOUND} or (found and _runs(found)):
                raise
            if found is None and system.defined is not None:
                raise
            return found
        return await context.inventory.refresh(system.id, system.host_id)


def _runs(system: VirtualSystem) -> bool:
    return Action.STOP in TRANSITIONS[system.state]
