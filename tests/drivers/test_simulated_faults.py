"""Faults strike when their rule says so, and do what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from openvman.drivers.contract import ConnectionLost, SystemChanged
from openvman.drivers.simulated import Fault, SimulatedDriver, create
from openvman.drivers.simulated.faults import OPERATIONS, PROBLEMS, parse_fault
from openvman.messages.problem import Problem
from openvman.model.alert import FaultKind, SystemFault
from openvman.model.errors import ModelError
from openvman.model.network import NetworkSpec
from openvman.model.network_filter import FilterReference, NetworkFilterSpec
from openvman.model.spec import SystemSpec
from openvman.model.states import Action, State
from openvman.model.storage import StoragePoolSpec, Volume
from openvman.model.system import ConfigurationKind


@pytest.fixture
async def opened():
    drivers: list[SimulatedDriver] = []

    async def make(query: str = "", *, deadline: float = 10, sink: Callable = lambda _: None) -> SimulatedDriver:
        driver = create(f"sim://?vms=4{query}", state=Path("/nonexistent"), deadline=deadline)
        assert isinstance(driver, SimulatedDriver)
        drivers.append(driver)
        await driver.open(sink)
        return driver

    yield make
    for driver in drivers:
        await driver.close()


async def outcome(call) -> Problem | None:
    try:
        await call
    except ModelError as error:
        return error.problem
    return None


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110 - what is awaited is the simulated platform itself
            await asyncio.sleep(0)


def stopped(driver: SimulatedDriver, system_id: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return (await driver.read_system(system_id)).state is State.DEFINED

    return look


async def test_the_nth_call_fails(opened) -> None:
    driver = await opened("&fault=load,nth=2,problem=busy")
    assert [await outcome(driver.load()) for _ in range(4)] == [None, Problem.BUSY, None, None]


async def test_of_two_rules_the_first_counts(opened) -> None:
    driver = await opened("&fault=load,problem=busy&fault=l*,problem=failed,nth=2")
    assert [await outcome(driver.load()) for _ in range(2)] == [Problem.BUSY, Problem.BUSY]


async def test_only_calls_about_the_subject_fail_and_count(opened) -> None:
    driver = await opened("&fault=read_system,subject=vm-0000[24],nth=2,problem=timeout")
    ids = [s.id for s in (await driver.load()).systems]
    outcomes = [await outcome(driver.read_system(i)) for i in ids]
    assert outcomes == [None, None, None, Problem.TIMEOUT]


async def test_a_subject_may_be_an_id(opened) -> None:
    driver = await opened()
    one, other, *_ = (s.id for s in (await driver.load()).systems)
    driver.inject(Fault(operation="act.*", subject=one, problem=Problem.FAILED))
    assert await outcome(driver.act(one, Action.START)) is Problem.FAILED
    assert await outcome(driver.act(other, Action.START)) is None
    assert (await driver.read_system(one)).state is State.DEFINED
    driver.clear_faults()
    assert await outcome(driver.act(one, Action.START)) is None


async def test_chance_repeats_with_the_seed(opened) -> None:
    query = "&fault=load,probability=50%25,problem=failed&seed={}"
    runs = []
    for seed in (1, 1, 2):
        driver = await opened(query.format(seed))
        runs.append([await outcome(driver.load()) for _ in range(64)])
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {None, Problem.FAILED}


async def test_after_means_done_and_then_failed(opened) -> None:
    driver = await opened("&fault=act.start,after,problem=timeout,nth=1&fault=act.start,problem=busy,nth=2")
    one, other, *_ = (s.id for s in (await driver.load()).systems)
    assert await outcome(driver.act(one, Action.START)) is Problem.TIMEOUT
    assert (await driver.read_system(one)).state is State.ACTIVE
    assert await outcome(driver.act(other, Action.START)) is Problem.BUSY
    assert (await driver.read_system(other)).state is State.DEFINED


async def test_the_connection_breaks(opened) -> None:
    events: list = []
    driver = await opened("&fault=load,nth=1,disconnect=1us", sink=events.append)
    assert await outcome(driver.load()) is Problem.UNAVAILABLE

    async def answers() -> bool:
        return await outcome(driver.open(events.append)) is None

    await until(answers)
    assert [type(event) for event in events] == [ConnectionLost]
    assert await outcome(driver.load()) is None


async def test_opening_may_fail() -> None:
    driver = create("sim://?fault=open,nth=1,problem=unavailable", state=Path("/nonexistent"), deadline=10)
    assert await outcome(driver.open(lambda _: None)) is Problem.UNAVAILABLE
    assert await outcome(driver.open(lambda _: None)) is None
    await driver.close()


async def test_what_takes_too_long_times_out(opened) -> None:
    driver = await opened("&fault=load,delay=60min", deadline=0.001)
    assert await outcome(driver.load()) is Problem.TIMEOUT


async def test_a_slow_call_succeeds(opened) -> None:
    driver = await opened("&latency=1us&fault=load,delay=1ms")
    assert await outcome(driver.load()) is None


async def test_a_guest_may_not_react(opened) -> None:
    driver = await opened("&active=1&fault=guest.shut_down,subject=vm-00001,problem=failed")
    stubborn, willing, *_ = (await driver.load()).systems
    for system in (stubborn, willing):
        await driver.act(system.id, Action.SHUT_DOWN)
    await until(stopped(driver, willing.id))
    assert (await driver.read_system(stubborn.id)).state is State.ACTIVE


async def test_a_guest_restarted_meanwhile_does_not_react(opened) -> None:
    driver = await opened("&active=1&guest_latency=1ms")
    one, other, *_ = (s.id for s in (await driver.load()).systems)
    for action in (Action.SHUT_DOWN, Action.STOP, Action.START):
        await driver.act(one, action)
    await driver.act(other, Action.SHUT_DOWN)  # asked later: when it has reacted, so would have the first
    await until(stopped(driver, other))
    assert (await driver.read_system(one)).state is State.ACTIVE


async def test_events_may_be_lost_or_late(opened) -> None:
    events: list = []
    driver = await opened(
        "&fault=event.system,subject=vm-00001,problem=failed&fault=event.system,subject=vm-00002,delay=1ms",
        sink=events.append,
    )
    lost, late, prompt, _ = (s.id for s in (await driver.load()).systems)
    for system_id in (lost, late, prompt):
        await driver.modify_system(system_id, SystemSpec(description="changed"))

    async def both_came() -> bool:
        return len(events) == 2

    await until(both_came)
    assert events == [SystemChanged(prompt), SystemChanged(late)]


async def test_a_guest_that_was_started_may_crash(opened) -> None:
    events: list = []
    driver = await opened("&fault=guest.crash,nth=1,delay=1ms", sink=events.append)
    system = next(s for s in (await driver.load()).systems if s.state is State.DEFINED)
    await driver.act(system.id, Action.START)

    async def is_told() -> bool:
        return SystemFault(system.id, system.name, FaultKind.CRASHED) in events

    await until(is_told)
    assert (await driver.read_system(system.id)).state is State.DEFINED
    driver.hypervisor.fail_device(system.id, "vda enospc")

    async def both_are_told() -> bool:
        return SystemFault(system.id, system.name, FaultKind.IO_ERROR, "vda enospc") in events

    await until(both_are_told)


def test_a_rule_is_read_as_written() -> None:
    assert parse_fault("act.start,subject=vm-*,nth=2,problem=busy") == Fault(
        operation="act.start", subject="vm-*", nth=2, problem=Problem.BUSY
    )
    assert parse_fault("load,disconnect=5s,delay=20ms,after,probability=10%") == Fault(
        operation="load", disconnect=5, delay=0.02, after=True, probability=0.1
    )


@pytest.mark.parametrize("problem", PROBLEMS.values())
async def test_a_fault_is_told_as_it_was_ordered(opened, problem) -> None:
    driver = await opened()
    driver.inject(Fault(operation="load", problem=problem))
    with pytest.raises(ModelError, match=r"^The platform failed in load, as ordered[.]$") as caught:
        await driver.load()
    assert caught.value.problem is problem


@pytest.mark.parametrize("problem", [Problem.WRONG_KIND, Problem.INVALID_QUERY])
def test_what_no_driver_can_mean_is_no_fault(problem) -> None:
    with pytest.raises(ModelError) as caught:
        Fault(operation="load", problem=problem)
    assert problem.value in caught.value.message


async def test_every_call_of_the_contract_can_fail(opened) -> None:
    driver = await opened()
    system = (await driver.load()).systems[0]
    volume = Volume("default", "x")
    driver.inject(Fault(operation="*", problem=Problem.FAILED))
    calls = {
        "load": driver.load(),
        "fence": driver.fence(),
        "autostarting": driver.autostarting(system.host_id),
        "read_host": driver.read_host(system.host_id),
        "read_system": driver.read_system(system.id),
        "undefine": driver.undefine(system.id),
        "modify_system": driver.modify_system(system.id, SystemSpec()),
        "add_resources": driver.add_resources(system.id, ConfigurationKind.DEFINED, []),
        "remove_resources": driver.remove_resources(system.id, ConfigurationKind.DEFINED, []),
        "read_console": driver.read_console(system.id, 0, 0, 1),
        "inspect_image": driver.inspect_image(system.host_id, "/x"),
        "create_image": driver.create_image(system.host_id, "/x", "raw", 1),
        "write_image": driver.write_image(system.host_id, "/x", b"x"),
        "delete_image": driver.delete_image(system.host_id, "/x"),
        "inspect_volume": driver.inspect_volume(system.host_id, volume),
        "create_volume": driver.create_volume(system.host_id, volume, "raw", 1),
        "delete_volume": driver.delete_volume(system.host_id, volume),
        "create_storage_pool": driver.create_storage_pool(
            system.host_id, StoragePoolSpec(name="other", folder="/simulated/pools/other")
        ),
        "delete_storage_pool": driver.delete_storage_pool(system.host_id, "default"),
        "change_storage_pool": driver.change_storage_pool(system.host_id, "default", active=False),
        "refresh_storage_pool": driver.refresh_storage_pool(system.host_id, "default"),
        "read_volumes": driver.read_volumes(system.host_id, "default"),
        "create_network": driver.create_network(system.host_id, NetworkSpec(name="other")),
        "delete_network": driver.delete_network(system.host_id, "x"),
        "change_network": driver.change_network(system.host_id, "x", active=False),
        "create_filter": driver.create_filter(system.host_id, NetworkFilterSpec(name="other")),
        "delete_filter": driver.delete_filter(system.host_id, "x"),
        "add_filter_reference": driver.add_filter_reference(system.host_id, "x", FilterReference("y")),
        "remove_filter_reference": driver.remove_filter_reference(system.host_id, "x", FilterReference("y")),
        **{f"act.{action.name.lower()}": driver.act(system.id, action) for action in Action},
    }
    assert {name: await outcome(call) for name, call in calls.items()} == dict.fromkeys(calls, Problem.FAILED)
    untested = {"open", "define", "modify_resource", "guest.shut_down", "guest.reboot", "guest.crash"}
    untested |= {"event.system", "event.host"}
    assert set(calls) | untested == set(OPERATIONS)
    driver.clear_faults()
    assert await driver.read_system(system.id) == system
