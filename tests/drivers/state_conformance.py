"""The driver conformance suite's part about the states of systems, and what is saved of an active one."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from tests.drivers.subject import SECONDS, Requirement, Subject, refuses, says

from openvman.drivers.contract import SystemChanged
from openvman.messages import hypervisor
from openvman.messages.problem import Problem
from openvman.model.allocation import DiskKind
from openvman.model.spec import (
    DiskSpec,
    MemorySpec,
    SystemSpec,
)
from openvman.model.states import TRANSITIONS, Action, State
from openvman.model.system import ConfigurationKind

DEFINED, STATE = ConfigurationKind.DEFINED, ConfigurationKind.STATE

ROADS: dict[State, tuple[Action, ...]] = {
    State.DEFINED: (),
    State.ACTIVE: (Action.START,),
    State.PAUSED: (Action.START, Action.PAUSE),
    State.SUSPENDED: (Action.START, Action.SUSPEND),
}
_WANTS: dict[Action, Requirement] = {
    Action.SUSPEND: Requirement.SUSPEND,
    Action.RESET: Requirement.RESET,
}


class StateConformance:
    """A part of :class:`tests.drivers.conformance.Conformance`."""

    @pytest.mark.parametrize("action", Action)
    @pytest.mark.parametrize("state", ROADS)
    async def test_every_transition_is_as_the_table_says(self, subject: Subject, state: State, action: Action) -> None:
        system = await subject.define()
        for step in ROADS[state]:
            with subject.needs(*filter(None, [_WANTS.get(step)])):
                await subject.driver.act(system.id, step)
        if state is State.ACTIVE:
            await subject.printed(system.id)
        assert await subject.state(system.id) is state
        transition = TRANSITIONS[state].get(action)
        if transition is None:
            with says(hypervisor.WRONG_STATE):
                await subject.driver.act(system.id, action)
            assert await subject.state(system.id) is state
            return
        subject.events.events.clear()
        with subject.needs(*filter(None, [_WANTS.get(action)])):
            await subject.driver.act(system.id, action)
        if action is Action.SHUT_DOWN:
            subject.lacks(Requirement.GUEST_OBEYS)
            await subject.reaches(system.id, transition.target)
        after = await subject.read(system.id)
        assert after.state is transition.target
        assert (after.current is not None) == (transition.target in {State.ACTIVE, State.PAUSED})
        if action is not Action.REBOOT:  # where the guest restarts by itself and nothing that is read has changed
            await subject.events.told(SystemChanged(system.id))
        assert await subject.driver.read_system(system.id) in (await subject.driver.load()).systems

    async def test_a_rebooted_or_reset_guest_starts_afresh(self, subject: Subject) -> None:
        subject.lacks(Requirement.CONSOLE)
        subject.lacks(Requirement.GUEST_OBEYS)
        system = await subject.active()
        await subject.printed(system.id)
        await subject.driver.act(system.id, Action.REBOOT)
        await subject.printed(system.id, 2)
        with subject.needs(Requirement.RESET):
            await subject.driver.act(system.id, Action.RESET)
        await subject.printed(system.id, 3)
        assert await subject.state(system.id) is State.ACTIVE

    async def test_a_system_suspended_while_paused_starts_active(self, subject: Subject) -> None:
        system = await subject.active()
        await subject.driver.act(system.id, Action.PAUSE)
        with subject.needs(Requirement.SUSPEND):
            await subject.driver.act(system.id, Action.SUSPEND)
        await subject.driver.act(system.id, Action.START)
        assert await subject.state(system.id) is State.ACTIVE

    async def test_what_is_saved_is_told_whatever_is_defined_since(self, subject: Subject) -> None:
        subject.lacks(Requirement.SAVED)
        system = await subject.active()
        with subject.needs(Requirement.SUSPEND):
            await subject.driver.act(system.id, Action.SUSPEND)
        assert system.defined is not None
        assert system.current is not None
        had, memory = system.current.memory.size, system.defined.memory
        less = MemorySpec(allocation_id=memory.id, size=memory.size // 2)
        await subject.driver.modify_resource(system.id, ConfigurationKind.DEFINED, less)
        suspended = await subject.read(system.id)
        assert suspended.saved is not None
        assert suspended.defined is not None
        assert (suspended.saved.memory.size, suspended.defined.memory.size) == (had, memory.size // 2)
        await subject.driver.act(system.id, Action.START)
        started = await subject.read(system.id)
        assert started.saved is None
        assert started.current is not None
        assert started.current.memory.size == had

    async def test_it_is_told_how_far_the_saving_of_memory_is(self, subject: Subject) -> None:
        subject.lacks(Requirement.PROGRESS)
        assert subject.holding_saves is not None
        disk = DiskSpec(
            target="vda", kind=DiskKind.DISK, bus="virtio", source=subject.full_image, format=subject.format
        )
        system = await subject.active(disks=(disk,))
        await subject.printed(system.id)
        told: list[int] = []
        under_way = asyncio.Event()

        def tell(percent: int) -> None:
            told.append(percent)
            if 0 < percent < 100:
                under_way.set()

        with subject.holding_saves() as go_on:
            act = asyncio.create_task(subject.driver.act(system.id, Action.SUSPEND, tell))
            async with asyncio.timeout(SECONDS):
                await under_way.wait()
            assert not act.done()
            go_on()
            await act
        assert all(0 <= percent <= 100 for percent in told)
        count = len(told)
        await subject.driver.act(system.id, Action.START, tell)
        await subject.driver.act(system.id, Action.STOP, tell)
        assert await subject.state(system.id) is State.DEFINED
        assert told[:count] == sorted(told[:count])

    async def test_nothing_is_being_saved(self, subject: Subject) -> None:
        system = await subject.define()
        assert not await subject.driver.is_saving(system.id)
        await subject.driver.act(system.id, Action.START)
        assert not await subject.driver.is_saving(system.id)
        await subject.driver.abandon(system.id, Action.SUSPEND)
        assert await subject.state(system.id) is State.ACTIVE

    async def test_the_saving_of_memory_is_given_up(self, subject: Subject) -> None:
        subject.lacks(Requirement.PROGRESS)
        assert subject.holding_saves is not None
        disk = DiskSpec(
            target="vda", kind=DiskKind.DISK, bus="virtio", source=subject.full_image, format=subject.format
        )
        system = await subject.active(disks=(disk,))
        await subject.printed(system.id)
        under_way = asyncio.Event()
        with subject.holding_saves() as go_on:
            act = asyncio.create_task(
                subject.driver.act(system.id, Action.SUSPEND, lambda percent: under_way.set() if percent else None)
            )
            async with asyncio.timeout(SECONDS):
                await under_way.wait()
            await subject.driver.abandon(system.id, Action.START)  # which is not what is under way
            assert await subject.driver.is_saving(system.id)
            await subject.driver.abandon(system.id, Action.SUSPEND)
            go_on()
            with refuses(Problem.FAILED):
                await act
        await subject.reaches(system.id, State.ACTIVE)
        assert not await subject.driver.is_saving(system.id)
        await subject.driver.act(system.id, Action.SUSPEND)
        assert await subject.state(system.id) is State.SUSPENDED
        assert not await subject.driver.is_saving(system.id)

    async def test_an_activation_has_a_configuration_of_its_own(self, subject: Subject) -> None:
        system = await subject.active()
        assert system.current is not None
        assert system.defined is not None
        assert (system.current.id, system.current.kind) == (f"{system.id}/state", STATE)
        locals_ = [[each.local_id for each in one.allocations()] for one in (system.current, system.defined)]
        assert locals_[0] == locals_[1]
        assert {each.configuration_id for each in system.current.allocations()} == {system.current.id}

    async def test_an_unknown_system_does_nothing(self, subject: Subject) -> None:
        nobody = str(uuid4())
        for call in (
            subject.driver.act(nobody, Action.START),
            subject.driver.undefine(nobody),
            subject.driver.modify_system(nobody, SystemSpec(description="x")),
            subject.driver.modify_resource(nobody, DEFINED, MemorySpec(allocation_id=f"{nobody}/defined/memory")),
            subject.driver.read_console(nobody, 0, 0, 1),
        ):
            with refuses(Problem.NOT_FOUND):
                await call
