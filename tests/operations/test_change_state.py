"""Changing states, destroying, and reading consoles."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from openvman.messages import systems as systems_rows
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.spec import DiskSpec, MemorySpec, SystemSpec
from openvman.model.states import TRANSITIONS, Action, State

GIB = 1 << 30

_WAY = {
    State.DEFINED: (),
    State.ACTIVE: (Action.START,),
    State.PAUSED: (Action.START, Action.PAUSE),
    State.SUSPENDED: (Action.START, Action.SUSPEND),
}


async def in_state(world, state: State, **settings):
    system = await world.define(**settings)
    for action in _WAY[state]:
        system = await world.act(system, action)
    assert system.state is state
    return system


async def refused(awaitable) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await awaitable
    return caught.value


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("state", _WAY)
async def test_every_action_in_every_state(world, state, action):
    system = await in_state(world, state)
    if action not in TRANSITIONS[state]:
        error = await refused(world.act(system, action))
        assert error.problem is Problem.INVALID_STATE
        assert system.name in error.message
        assert f"is {state}" in error.message
        for possible in TRANSITIONS[state]:
            assert possible in error.message
        assert world.system(system.id).state is state
        return
    after = await world.act(system, action)
    assert after.state is TRANSITIONS[state][action].target
    assert after is world.system(system.id)
    assert (after.transition, after.requested) == (None, action)


async def test_the_transition_is_shown_while_it_lasts(world):
    system = await world.define()
    seen = []
    world.inventory.subscribe(lambda d: seen.extend(c.after.transition for c in d.changes))
    await world.act(system, Action.START)
    assert seen[0] == TRANSITIONS[State.DEFINED][Action.START]
    assert seen[-1] is None


async def test_the_state_of_now_counts_not_that_of_the_picture(world):
    """Somebody started it, and the event is lost."""
    system = await world.define()
    world.inject(operation="event.*", problem=Problem.FAILED)
    world.driver.hypervisor.act(system.id, Action.START)
    assert world.system(system.id).state is State.DEFINED
    assert (await refused(world.act(system, Action.START))).problem is Problem.INVALID_STATE
    assert (await world.act(system, Action.PAUSE)).state is State.PAUSED


@pytest.mark.parametrize("problem", [Problem.FAILED, Problem.TIMEOUT, Problem.UNAVAILABLE, Problem.BUSY])
async def test_what_the_driver_says_is_passed_on(world, problem):
    system = await world.define()
    world.inject(operation="act.start", nth=1, problem=problem)
    assert (await refused(world.act(system, Action.START))).problem is problem
    assert world.system(system.id).transition is None
    assert (await world.act(system, Action.START)).state is State.ACTIVE


async def test_a_guest_that_ends_at_once_is_a_failed_start(world, monkeypatch):
    system = await world.define()
    act = world.driver.act

    async def act_and_end(system_id, action, *more):
        await act(system_id, action, *more)
        world.driver.hypervisor.act(system_id, Action.STOP)

    monkeypatch.setattr(world.driver, "act", act_and_end)
    error = await refused(world.act(system, Action.START))
    assert error.problem is Problem.FAILED
    assert "is defined" in error.message


async def test_not_enough_memory_is_the_hypervisors_word(new_world):
    async with new_world("vms=0&memory=1GiB") as world:
        first, second, third = [await world.define() for _ in range(3)]
        await world.act(first, Action.START)
        await world.act(second, Action.START)
        assert (await refused(world.act(third, Action.START))).problem is Problem.FAILED


# Shutting down


async def test_a_shut_down_waits_for_the_guest(new_world):
    async with new_world("vms=0&guest_latency=20ms") as world:
        system = await in_state(world, State.ACTIVE)
        assert (await world.act(system, Action.SHUT_DOWN)).state is State.DEFINED


async def test_a_shut_down_notices_the_end_without_an_event(new_world):
    async with new_world("vms=0&guest_latency=20ms") as world:
        system = await in_state(world, State.ACTIVE)
        world.inject(operation="event.*", problem=Problem.FAILED)
        assert (await world.act(system, Action.SHUT_DOWN)).state is State.DEFINED


@pytest.mark.parametrize("how", ["asked", "policy", "bound"])
async def test_a_guest_that_does_not_answer(world, how):
    short, long = timedelta(milliseconds=10), timedelta(hours=1)
    world.with_policy(
        shut_down_timeout=short if how == "policy" else long, maximum_timeout=short if how == "bound" else long
    )
    system = await in_state(world, State.ACTIVE)
    world.inject(operation="guest.shut_down", problem=Problem.FAILED)
    asked = {"asked": short, "policy": None, "bound": long}[how]
    error = await refused(world.operations.change_state(None, system=system, action=Action.SHUT_DOWN, timeout=asked))
    assert error.problem is Problem.TIMEOUT
    assert system.name in error.message
    after = world.system(system.id)
    assert (after.state, after.transition, after.requested) == (State.ACTIVE, None, Action.SHUT_DOWN)


async def test_who_waits_for_a_guest_keeps_nobody_from_stopping_it(world, until):
    system = await in_state(world, State.ACTIVE)
    world.inject(operation="guest.shut_down", problem=Problem.FAILED)
    waiting = asyncio.create_task(world.act(system, Action.SHUT_DOWN, seconds=60))
    await until(lambda: world.system(system.id).transition is not None)
    assert (await world.act(system, Action.STOP)).state is State.DEFINED
    assert (await waiting).state is State.DEFINED
    assert world.system(system.id).transition is None


async def test_a_later_transition_is_shown_until_its_own_end(world, until):
    system = await in_state(world, State.ACTIVE)
    world.inject(operation="guest.shut_down", problem=Problem.FAILED)
    world.inject(operation="act.pause", delay=5)
    shut_down = asyncio.create_task(world.act(system, Action.SHUT_DOWN, seconds=60))
    await until(lambda: world.system(system.id).requested is Action.SHUT_DOWN)
    pause = asyncio.create_task(world.act(system, Action.PAUSE))
    await until(lambda: world.system(system.id).requested is Action.PAUSE)
    shut_down.cancel()
    with pytest.raises(asyncio.CancelledError):
        await shut_down
    assert world.system(system.id).transition == TRANSITIONS[State.ACTIVE][Action.PAUSE]
    world.driver.disconnect("over")
    with pytest.raises(ModelError):
        await pause
    assert world.system(system.id).transition is None


async def test_a_reboot_returns_when_the_guest_was_asked(world):
    system = await in_state(world, State.ACTIVE)
    world.inject(operation="guest.reboot", problem=Problem.FAILED)
    assert (await world.act(system, Action.REBOOT)).state is State.ACTIVE


# One at a time, and gone


async def test_changes_of_one_system_take_turns(world):
    system = await world.define()
    world.inject(operation="act.start", delay=0.02)
    results = await asyncio.gather(*(world.act(system, Action.START) for _ in range(3)), return_exceptions=True)
    problems = [error.problem for error in results if isinstance(error, ModelError)]
    assert problems == [Problem.INVALID_STATE] * 2


async def test_a_system_that_is_gone(world):
    system = await in_state(world, State.ACTIVE)
    world.driver.hypervisor.act(system.id, Action.STOP)
    world.driver.hypervisor.undefine(system.id)
    for action in Action:
        assert (await refused(world.act(system, action))).problem is Problem.NOT_FOUND
    error = await refused(world.operations.destroy_system(None, system=system))
    assert error.problem is Problem.NOT_FOUND


@pytest.mark.parametrize("action", [Action.PAUSE, Action.SHUT_DOWN, Action.RESET, Action.SUSPEND])
async def test_a_system_that_goes_meanwhile(world, until, action):
    system = await in_state(world, State.ACTIVE)
    world.inject(operation=f"act.{action.name.lower()}", delay=0.05)
    acting = asyncio.create_task(world.act(system, action))
    await until(lambda: world.system(system.id).transition is not None)
    world.driver.hypervisor.act(system.id, Action.STOP)
    world.driver.hypervisor.undefine(system.id)
    assert (await refused(acting)).problem is Problem.NOT_FOUND
    assert world.inventory.generation.system(system.id) is None


async def test_a_hypervisor_that_does_not_answer(world, until):
    system = await world.define()
    world.driver.disconnect("gone")
    await until(lambda: world.system(system.id).state is State.UNKNOWN)
    assert (await refused(world.act(system, Action.START))).problem is Problem.UNAVAILABLE
    assert (await refused(world.operations.destroy_system(None, system=system))).problem is Problem.UNAVAILABLE


async def test_a_system_whose_state_is_not_known(world):
    """Its host answers, and does not say."""
    system = await world.define()
    world.driver.hypervisor.systems[system.id] = replace(system, state=State.UNKNOWN)
    operations = world.operations
    for change in (
        world.act(system, Action.START),
        operations.destroy_system(None, system=system),
        operations.modify_system(None, spec=SystemSpec(system_id=system.id, description="new")),
        world.modify(MemorySpec(allocation_id=system.defined.memory.id, size=GIB)),
    ):
        error = await refused(change)
        assert error.problem is Problem.UNAVAILABLE
        assert system.name in error.message
    assert world.names() == {system.name}


async def test_a_cancelled_change_goes_to_its_end(world, until):
    system = await world.define()
    world.inject(operation="act.start", delay=0.02)
    acting = asyncio.create_task(world.act(system, Action.START))
    await until(lambda: world.system(system.id).transition is not None)
    acting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await acting
    assert world.driver.hypervisor.systems[system.id].state is State.ACTIVE
    assert world.system(system.id).transition is None
    assert (await world.act(system, Action.STOP)).state is State.DEFINED


# What a hypervisor cannot


async def test_suspending_where_the_host_cannot(world, until):
    system = await in_state(world, State.ACTIVE)
    systems = world.driver.hypervisor.systems
    systems[system.id] = replace(systems[system.id], actions=frozenset(Action) - {Action.SUSPEND})
    error = await refused(world.act(system, Action.SUSPEND))
    assert error.said.message is systems_rows.ACTION_UNSUPPORTED
    assert "pause" in error.said.action
    assert "suspend" not in error.said.action
    assert Action.SUSPEND not in world.system(system.id).possible


async def test_a_transient_system(world):
    system = await in_state(world, State.ACTIVE)
    world.make_transient(system)
    assert (await refused(world.act(system, Action.SUSPEND))).problem is Problem.NOT_SUPPORTED
    assert (await world.act(system, Action.PAUSE)).state is State.PAUSED


@pytest.mark.parametrize("action", [Action.STOP, Action.SHUT_DOWN])
async def test_a_transient_system_that_ends_is_gone(world, monkeypatch, action):
    system = await in_state(world, State.ACTIVE)
    world.make_transient(system)
    act = world.driver.act

    async def end(system_id, action, *more):
        await act(system_id, Action.STOP)
        world.driver.hypervisor.undefine(system_id)

    monkeypatch.setattr(world.driver, "act", end)
    after = await world.act(system, action)
    assert (after.id, after.state) == (system.id, State.DEFINED)
    assert world.inventory.generation.system(system.id) is None


# Destroying


@pytest.mark.parametrize("state", _WAY)
async def test_a_system_can_be_destroyed_in_every_state(world, state):
    system = await in_state(world, state)
    assert await world.operations.destroy_system(None, system=system) is None
    assert world.inventory.generation.system(system.id) is None
    assert world.names() == set()


async def test_images_stay(world):
    system = await world.define(DiskSpec(capacity=GIB), name="web")
    await world.operations.destroy_system(None, system=system)
    assert world.has_image("/simulated/images/web-vda.qcow2")


async def test_a_transient_system_is_destroyed_by_stopping_it(world, monkeypatch):
    system = await in_state(world, State.ACTIVE)
    world.make_transient(system)
    act = world.driver.act

    async def end(system_id, action, *more):
        await act(system_id, action, *more)
        world.driver.hypervisor.undefine(system_id)

    monkeypatch.setattr(world.driver, "act", end)
    await world.operations.destroy_system(None, system=system)
    assert world.inventory.generation.system(system.id) is None


async def test_a_guest_that_ends_just_before_it_is_stopped(world, monkeypatch):
    system = await in_state(world, State.ACTIVE)
    act = world.driver.act

    async def late(system_id, action, *more):
        world.driver.hypervisor.act(system_id, Action.STOP)
        await act(system_id, action, *more)

    monkeypatch.setattr(world.driver, "act", late)
    await world.operations.destroy_system(None, system=system)
    assert world.names() == set()


@pytest.mark.parametrize("operation", ["act.stop", "undefine"])
@pytest.mark.parametrize("problem", [Problem.FAILED, Problem.TIMEOUT, Problem.INVALID_STATE])
async def test_a_failure_leaves_a_system_that_can_still_be_destroyed(world, operation, problem):
    system = await in_state(world, State.ACTIVE)
    world.inject(operation=operation, nth=1, problem=problem)
    assert (await refused(world.operations.destroy_system(None, system=system))).problem is problem
    assert world.system(system.id).transition is None
    await world.operations.destroy_system(None, system=system)
    assert world.names() == set()


async def test_a_system_that_goes_while_it_is_being_destroyed(world, monkeypatch):
    system = await in_state(world, State.ACTIVE)
    act = world.driver.act

    async def late(system_id, action, *more):
        world.driver.hypervisor.act(system_id, Action.STOP)
        world.driver.hypervisor.undefine(system_id)
        await act(system_id, action, *more)

    monkeypatch.setattr(world.driver, "act", late)
    assert (await refused(world.operations.destroy_system(None, system=system))).problem is Problem.NOT_FOUND
    assert world.inventory.generation.system(system.id) is None


async def test_a_system_that_somebody_defines_again(world, monkeypatch):
    system = await world.define(name="web")
    undefine = world.driver.undefine

    async def undefine_and_define(system_id):
        await undefine(system_id)
        world.driver.hypervisor.adopt([system])

    monkeypatch.setattr(world.driver, "undefine", undefine_and_define)
    assert (await refused(world.operations.destroy_system(None, system=system))).problem is Problem.FAILED
    assert world.names() == {"web"}


async def test_of_two_that_destroy_one_is_told_that_it_is_gone(world):
    system = await in_state(world, State.ACTIVE)
    results = await asyncio.gather(
        *(world.operations.destroy_system(None, system=system) for _ in range(2)), return_exceptions=True
    )
    assert results.count(None) == 1
    assert {error.problem for error in results if error} == {Problem.NOT_FOUND}


# Consoles


async def test_the_console_is_read_in_pieces(world):
    system = await in_state(world, State.ACTIVE, name="web")
    (serial,) = system.effective.serials
    whole = await world.operations.read_console(None, serial=serial, offset=0, limit=1000)
    assert b"web" in whole.data
    assert whole.size == len(whole.data)
    part = await world.operations.read_console(None, serial=serial, offset=3, limit=4)
    assert (part.data, part.offset) == (whole.data[3:7], 3)
    world.with_policy(console_limit=5)
    bounded = await world.operations.read_console(None, serial=serial, offset=0, limit=1 << 40)
    assert bounded.data == whole.data[:5]


@pytest.mark.parametrize(("offset", "limit"), [(-1, 1), (0, -1)])
async def test_a_console_has_no_negative_bytes(world, offset, limit):
    system = await in_state(world, State.ACTIVE)
    reading = world.operations.read_console(None, serial=system.effective.serials[0], offset=offset, limit=limit)
    assert (await refused(reading)).problem is Problem.INVALID_PARAMETER


async def test_a_console_that_is_not_kept(world):
    system = await in_state(world, State.ACTIVE)
    serial = replace(system.effective.serials[0], has_log=False)
    error = await refused(world.operations.read_console(None, serial=serial, offset=0, limit=1))
    assert error.problem is Problem.NOT_SUPPORTED
