"""Change the state of a virtual system (DSP1057, RequestStateChange)."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, AsyncExitStack, suppress
from dataclasses import replace
from datetime import timedelta

from openvman.inventory.difference import Difference
from openvman.messages import systems as systems_rows
from openvman.model.errors import ModelError
from openvman.model.pool import claims_of, held
from openvman.model.states import TRANSITIONS, Action, State, Transition
from openvman.model.system import VirtualSystem
from openvman.operations.context import Context, gone, turn, unknown
from openvman.operations.validate import label

_LOOK_EVERY = 1.0
"""Seconds after which a guest that shuts down is looked at although no event told of it."""


async def change_state(
    context: Context, system: VirtualSystem, action: Action, patience: timedelta | None
) -> VirtualSystem:
    """Do a legal transition and wait until the inventory shows the state it leads to; the system as it is then.

    ``patience`` is how long a guest has to shut down, within the policy; all else has its driver's deadlines. REBOOT
    returns when the guest was asked. A transient system that ends is gone: it is returned as it was, in the state
    DEFINED. While a guest shuts down, others have their turn: a stop ends the waiting too.

    Raises INVALID_STATE for what the state does not allow, TIMEOUT when the guest did not shut down, FAILED when
    another state came about, NOT_FOUND when the system went meanwhile.
    """
    async with AsyncExitStack() as showing:
        async with context.turns.hold([turn(system.id)]):
            before = await context.fresh(system)
            transition = _legal(before, action)
            if transition.target is State.ACTIVE and before.current is None:
                showing.enter_context(_pledged(context, before))
            showing.enter_context(context.showing.show(before.id, transition, action))
            await context.act(before, action, transition.doing)
            if action is not Action.SHUT_DOWN:
                found = await _reached(context, before, action, transition)
        if action is Action.SHUT_DOWN:
            found = await _ended(context, before, context.policy.shut_down_time(patience))
    return context.inventory.generation.system(found.id) or found


def _pledged(context: Context, system: VirtualSystem) -> AbstractContextManager[None]:
    """What the system is about to have is its own before it is activated."""
    host = context.inventory.generation.host(system.host_id)
    assert host is not None, "a system that was just read has a host"
    wanted = held(claims_of(system.saved or system.defined), claims_of(system.defined))
    return context.pools.pledge(system.id, host, wanted, label(system.name))


def _legal(system: VirtualSystem, action: Action) -> Transition:
    """The transition that the action means in the system's state."""
    transition = TRANSITIONS[system.state].get(action)
    if system.state is State.UNKNOWN:
        raise unknown(system)
    if action not in system.actions:
        row = systems_rows.ACTION_UNSUPPORTED
    elif transition is None:
        row = systems_rows.NOT_POSSIBLE
    elif action not in system.possible:
        row = systems_rows.TRANSIENT_NOT_SUSPENDED
    else:
        return transition
    raise ModelError(row, system.id, system=system, action=action, possible=system.possible)


async def _reached(context: Context, before: VirtualSystem, action: Action, transition: Transition) -> VirtualSystem:
    found = await context.inventory.refresh(before.id, before.host_id)
    if found is None:
        return _ended_for_good(before, transition.target)
    if found.state is not transition.target and action is not Action.REBOOT:
        raise ModelError(
            systems_rows.OTHER_STATE, found.id, system=found, doing=transition.doing, target=transition.target
        )
    return found


async def _ended(context: Context, before: VirtualSystem, time: timedelta) -> VirtualSystem:
    """Wait for the guest to end."""
    changed = asyncio.Event()

    def listen(difference: Difference) -> None:
        if any(before.id in {c.before and c.before.id, c.after and c.after.id} for c in difference.changes):
            changed.set()

    unsubscribe = context.inventory.subscribe(listen)
    try:
        async with asyncio.timeout(time.total_seconds()):
            while True:
                changed.clear()
                found = await context.inventory.refresh(before.id, before.host_id)
                if found is None:
                    return _ended_for_good(before, State.DEFINED)
                if found.state is State.DEFINED:
                    return found
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_EVERY):
                        await changed.wait()
    except TimeoutError:
        raise ModelError(systems_rows.NOT_SHUT_DOWN, before.id, system=before, seconds=time.total_seconds()) from None
    finally:
        unsubscribe()


def _ended_for_good(before: VirtualSystem, target: State) -> VirtualSystem:
    """A system that is gone: as expected of a transient one that ends."""
    if before.defined is None and target is State.DEFINED:
        return replace(before, state=State.DEFINED)
    raise gone(before)
