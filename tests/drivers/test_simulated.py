"""The simulated platform keeps the rules of a real one: definitions and states."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.drivers.simulated_platform import GIB, STATE
from tests.drivers.subject import refuses

from openvman.drivers.contract import SystemChanged
from openvman.messages.problem import Problem
from openvman.model.allocation import DiskKind, NicConnection
from openvman.model.spec import DiskSpec, MemorySpec, NicSpec, ProcessorSpec, SystemSpec
from openvman.model.states import TRANSITIONS, Action, State


async def test_a_definition_becomes_a_system(platform) -> None:
    system = await platform.define()
    assert (system.state, system.name, system.current) == (State.DEFINED, "new", None)
    assert system.defined.id == f"{system.id}/defined"
    assert [a.local_id for a in system.defined.allocations()] == [
        "processor",
        "memory",
        "disk:vda",
        "disk:sda",
        "nic:52:54:00:00:00:01",
        "serial:0",
    ]
    assert system.defined.disks[0].capacity == GIB
    assert system.defined.disks[1].capacity is None


async def test_names_and_ids_are_used_once(platform) -> None:
    system = await platform.define()
    with refuses(Problem.ALREADY_EXISTS):
        await platform.define()
    with refuses(Problem.ALREADY_EXISTS):
        await platform.define("other", id=system.id)
    assert len((await platform.driver.load()).systems) == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"host_id": "nowhere"}, Problem.NOT_FOUND),
        ({"hypervisor": "kvm"}, Problem.NOT_SUPPORTED),
        ({"machine": "vax"}, Problem.NOT_SUPPORTED),
        ({"name": ""}, Problem.INVALID_PARAMETER),
        ({"name": "a/b"}, Problem.INVALID_PARAMETER),
        ({"name": "a\nb"}, Problem.INVALID_PARAMETER),
        ({"processor": ProcessorSpec(count=0)}, Problem.INVALID_PARAMETER),
        ({"processor": ProcessorSpec(count=5, maximum=4)}, Problem.INVALID_PARAMETER),
        ({"processor": ProcessorSpec()}, Problem.INVALID_PARAMETER),
        ({"memory": MemorySpec(size=2, maximum=1)}, Problem.INVALID_PARAMETER),
        ({"disks": (DiskSpec(target="a", kind=DiskKind.DISK, bus="ide"),) * 2}, Problem.INVALID_PARAMETER),
        ({"disks": (DiskSpec(target="a", kind=DiskKind.DISK, bus="mfm"),)}, Problem.NOT_SUPPORTED),
        ({"disks": (DiskSpec(kind=DiskKind.DISK, bus="ide"),)}, Problem.INVALID_PARAMETER),
        ({"nics": (NicSpec(connection=NicConnection.NETWORK),)}, Problem.INVALID_PARAMETER),
        ({"nics": (NicSpec(connection=NicConnection.USER, model="ne2k"),)}, Problem.NOT_SUPPORTED),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(platform, changes, problem) -> None:
    with refuses(problem):
        await platform.define(**{"name": "new", **changes})
    assert (await platform.driver.load()).systems == ()
    await platform.define()  # the name is free


async def test_a_nic_without_an_address_gets_one(platform) -> None:
    system = await platform.define(nics=(NicSpec(connection=NicConnection.USER),) * 2)
    first, second = (nic.mac for nic in system.defined.nics)
    assert first != second
    assert first.startswith("52:54:00:")


async def test_undefine_forgets_the_system(platform) -> None:
    system = await platform.active()
    with refuses(Problem.INVALID_STATE):
        await platform.driver.undefine(system.id)
    await platform.driver.act(system.id, Action.STOP)
    await platform.driver.undefine(system.id)
    assert await platform.read(system.id) is None
    with refuses(Problem.NOT_FOUND):
        await platform.driver.undefine(system.id)
    again = await platform.define(id=system.id)
    assert (await platform.driver.read_console(again.id, 0, 0, 100)).data == b""


async def test_undefine_takes_the_saved_memory(platform) -> None:
    system = await platform.active()
    await platform.driver.act(system.id, Action.SUSPEND)
    await platform.driver.undefine(system.id)
    assert await platform.read(system.id) is None
    await platform.active(id=system.id, memory=MemorySpec(size=2 * GIB))
    assert (await platform.read(system.id)).current.memory.size == 2 * GIB


# States

ROADS = {
    State.DEFINED: (),
    State.ACTIVE: (Action.START,),
    State.PAUSED: (Action.START, Action.PAUSE),
    State.SUSPENDED: (Action.START, Action.SUSPEND),
}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("state", ROADS)
async def test_every_transition_is_legal_as_the_table_says(platform, state, action) -> None:
    system = await platform.define()
    for step in ROADS[state]:
        await platform.driver.act(system.id, step)
    assert await platform.state(system.id) is state
    transition = TRANSITIONS[state].get(action)
    if transition is None:
        with refuses(Problem.INVALID_STATE):
            await platform.driver.act(system.id, action)
        assert await platform.state(system.id) is state
        return
    platform.events.clear()
    await platform.driver.act(system.id, action)
    async with asyncio.timeout(10):
        while await platform.state(system.id) is not transition.target or not platform.events:  # noqa: ASYNC110
            await asyncio.sleep(0)
    system = await platform.read(system.id)
    assert (system.current is not None) == (transition.target in (State.ACTIVE, State.PAUSED))
    assert set(platform.events) == {SystemChanged(system.id)}


async def test_nothing_acts_on_a_system_that_is_not_there(platform) -> None:
    with refuses(Problem.NOT_FOUND):
        await platform.driver.act("nobody", Action.START)


async def test_an_activation_has_a_configuration_of_its_own(platform) -> None:
    system = await platform.active()
    assert system.current.id == f"{system.id}/state"
    assert [a.local_id for a in system.current.allocations()] == [a.local_id for a in system.defined.allocations()]
    assert all(a.configuration_id == system.current.id for a in system.current.allocations())
    assert system.current.nics[0].target is not None
    assert system.defined.nics[0].target is None


async def test_a_suspended_system_resumes_as_it_was(platform) -> None:
    system = await platform.active()
    spec = MemorySpec(allocation_id=system.current.memory.id, size=2 * GIB)
    await platform.driver.modify_resource(system.id, STATE, spec)
    await platform.driver.act(system.id, Action.SUSPEND)
    await platform.driver.modify_system(system.id, SystemSpec(description="meanwhile"))
    await platform.driver.act(system.id, Action.START)
    current = (await platform.read(system.id)).current
    assert current.memory.size == 2 * GIB
    assert current.description == "meanwhile"


async def test_a_stopped_suspended_system_starts_afresh(platform) -> None:
    system = await platform.active()
    spec = MemorySpec(allocation_id=system.current.memory.id, size=2 * GIB)
    await platform.driver.modify_resource(system.id, STATE, spec)
    for action in (Action.SUSPEND, Action.STOP, Action.START):
        await platform.driver.act(system.id, action)
    assert (await platform.read(system.id)).current.memory.size == GIB


async def test_saved_memory_is_used_once(platform) -> None:
    system = await platform.active()
    for action in (Action.SUSPEND, Action.START, Action.SHUT_DOWN):
        await platform.driver.act(system.id, action)
    async with asyncio.timeout(10):
        while await platform.state(system.id) is not State.DEFINED:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert (await platform.driver.read_console(system.id, 0, 0, 1000)).data.count(b"guest") == 1
    await platform.driver.act(system.id, Action.START)
    assert (await platform.driver.read_console(system.id, 0, 0, 1000)).data.count(b"guest") == 2


async def test_a_host_has_only_so_much_memory(platform) -> None:
    one = await platform.active("one", memory=MemorySpec(size=5 * GIB), disks=())
    two = await platform.define("two", memory=MemorySpec(size=5 * GIB), disks=())
    with refuses(Problem.FAILED):
        await platform.driver.act(two.id, Action.START)
    assert await platform.state(two.id) is State.DEFINED
    await platform.driver.act(one.id, Action.STOP)
    await platform.driver.act(two.id, Action.START)
    assert await platform.state(two.id) is State.ACTIVE


async def test_growing_memory_needs_room_too(platform) -> None:
    system = await platform.active(memory=MemorySpec(size=GIB, maximum=100 * GIB))
    for size, fits in ((8 * GIB, True), (9 * GIB, False)):
        spec = MemorySpec(allocation_id=system.current.memory.id, size=size)
        if fits:
            await platform.driver.modify_resource(system.id, STATE, spec)
        else:
            with refuses(Problem.FAILED):
                await platform.driver.modify_resource(system.id, STATE, spec)
    assert (await platform.read(system.id)).current.memory.size == 8 * GIB


async def test_two_cannot_write_one_image(platform) -> None:
    await platform.active("one")
    two = await platform.define("two")
    with refuses(Problem.FAILED):
        await platform.driver.act(two.id, Action.START)


async def test_a_shared_or_read_only_image_is_for_all(platform) -> None:
    disk = DiskSpec(target="vda", kind=DiskKind.DISK, bus="virtio", source="/simulated/images/plain.raw")
    for number, sharing in enumerate(({"shareable": True}, {"read_only": True})):
        for twin in ("a", "b"):
            await platform.active(f"{twin}{number}", disks=(replace(disk, **sharing),))


@pytest.mark.parametrize(
    "changes",
    [
        {"disks": (DiskSpec(target="vda", kind=DiskKind.DISK, bus="virtio", source="/simulated/none"),)},
        {"nics": (NicSpec(connection=NicConnection.NETWORK, source="none"),)},
    ],
)
async def test_what_a_start_needs_must_be_there(platform, changes) -> None:
    with refuses(Problem.FAILED):
        await platform.active(**changes)
