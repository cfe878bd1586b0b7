"""A platform that fails, is slow, answers out of order, or comes back."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from openvman.drivers.simulated import Fault
from openvman.inventory.inventory import Inventory
from openvman.inventory.platform import READERS, Backoff
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.spec import SystemSpec
from openvman.model.states import Action, State

ONE = "sim://one?vms=3&active=34%25"
TWO = "sim://two?vms=3"
LOST_EVENTS = Fault(operation="event.*", problem=Problem.FAILED)


def in_state(inventory, state):
    return next(s for s in inventory.generation.systems.values() if s.state is state)


def describe(driver, system, text) -> None:
    driver.hypervisor.modify_system(system.id, SystemSpec(description=text))


# Not answering at the start


async def test_a_platform_that_does_not_answer_does_not_stop_the_others(world) -> None:
    one, two = world.driver(ONE), world.driver(TWO)
    one.disconnect("not plugged in")
    inventory = await world.inventory(one, two)
    assert [s.state for s in inventory.status()] == ["connecting", "connected"]
    assert inventory.status()[0].uri == ONE
    assert "does not answer" in inventory.status()[0].reason
    assert len(inventory.generation.systems) == 3
    one.reconnect()
    await world.time.passes(10)
    assert [s.state for s in inventory.status()] == ["connected", "connected"]
    assert inventory.status()[0].reason is None
    assert len(inventory.generation.systems) == 6


async def test_start_returns_when_none_answers(world) -> None:
    one = world.driver(ONE)
    one.disconnect("not plugged in")
    inventory = await world.inventory(one)
    assert len(inventory.generation.systems) == 0


async def test_a_platform_that_answers_and_cannot_be_read_is_tried_again(world) -> None:
    driver = world.driver(ONE)
    driver.inject(Fault(operation="load", nth=1, problem=Problem.FAILED))
    inventory = await world.inventory(driver)
    assert inventory.status()[0].state == "connecting"
    await world.time.passes(1)
    assert inventory.status()[0].state == "connected"


async def test_attempts_are_spaced_by_the_back_off(world) -> None:
    driver = world.driver(ONE)
    driver.disconnect("not plugged in")
    await world.inventory(driver, retry=Backoff(first=1, factor=2, maximum=4))
    attempts: list[float] = []
    opened = driver.open

    async def count(sink) -> None:
        attempts.append(world.time.now)
        await opened(sink)

    driver.open = count
    await world.time.passes(16)
    assert attempts == [1, 3, 7, 11, 15]


def test_the_back_off_has_a_limit() -> None:
    assert Backoff(first=1, factor=2, maximum=5).delay(10_000) == 5


async def test_a_driver_with_a_bug_is_logged_and_tried_again(world) -> None:
    driver = world.driver(ONE)
    load = driver.load

    async def broken():
        driver.load = load
        return 1 // 0

    driver.load = broken
    with capture_logs() as logs:
        inventory = await world.inventory(driver)
    assert any(entry["log_level"] == "error" for entry in logs)
    assert "ZeroDivisionError" in inventory.status()[0].reason
    await world.time.passes(1)
    assert inventory.status()[0].state == "connected"


# Lost and back


async def test_a_lost_platform_is_shown_unknown_with_what_was_known(world) -> None:
    driver, other = world.driver(ONE), world.driver(TWO)
    inventory = await world.inventory(driver, other)
    before = {s.id: s for s in inventory.generation.systems.values()}
    world.time.now = 5
    driver.disconnect("pulled")
    await world.settle()
    assert [s.state for s in inventory.status()] == ["lost", "connected"]
    for host in inventory.generation.hosts.values():
        assert host.online is (host.id in other.hypervisor.hosts)
    for system in inventory.generation.systems.values():
        if system.id in driver.hypervisor.systems:
            assert system.state is State.UNKNOWN
            assert system.since == world.time.clock()
            assert system.defined is before[system.id].defined
            assert system.current is before[system.id].current
        else:
            assert system is before[system.id]
    lost = next(iter(driver.hypervisor.hosts))
    with pytest.raises(ModelError) as raised:
        inventory.driver_of(lost)
    assert raised.value.problem is Problem.UNAVAILABLE
    with pytest.raises(ModelError) as raised:
        await inventory.refresh("any", lost)
    assert raised.value.problem is Problem.UNAVAILABLE


async def test_what_changed_meanwhile_is_told_as_differences(world) -> None:
    driver = world.driver(ONE)
    inventory = await world.inventory(driver)
    active = in_state(inventory, State.ACTIVE)
    gone, kept = [s for s in inventory.generation.systems.values() if s.state is State.DEFINED]
    driver.disconnect("pulled")
    await world.settle()
    driver.hypervisor.act(active.id, Action.STOP)
    driver.hypervisor.undefine(gone.id)
    new = world.definition(gone.host_id, "new")
    driver.hypervisor.define(new)
    world.told.clear()
    world.time.now = 100
    returned = world.time.clock()
    driver.reconnect()
    await world.time.passes(10)

    told = {(change.after or change.before).id: change for change in world.changes}
    assert told.keys() == {active.host_id, active.id, gone.id, kept.id, new.id}
    assert told[active.id].before.state is State.UNKNOWN
    assert told[active.id].after.state is State.DEFINED
    assert told[active.id].after.since >= returned
    assert told[gone.id].after is None
    assert told[new.id].before is None
    assert told[kept.id].after == kept  # the outage left no trace, not in since either
    assert told[kept.id].after.defined is kept.defined
    assert told[active.host_id].after.online


async def test_a_connection_lost_during_the_load_is_lost(world) -> None:
    driver = world.driver(ONE)
    inventory = await world.inventory(driver)
    driver.hold_load = asyncio.Event()
    await world.time.passes(60)
    driver.disconnect("pulled")
    await world.settle()
    driver.hold_load.set()
    await world.settle()
    assert inventory.status()[0].state == "lost"
    assert in_state(inventory, State.UNKNOWN)
    driver.reconnect()
    await world.time.passes(10)
    assert inventory.status()[0].state == "connected"


async def test_an_answer_of_the_lost_connection_does_not_count(world) -> None:
    driver = world.driver(ONE)
    inventory = await world.inventory(driver)
    system = in_state(inventory, State.DEFINED)
    driver.hold = True
    refresh = asyncio.ensure_future(inventory.refresh(system.id, system.host_id))
    await world.until(lambda: driver.held)
    driver.disconnect("pulled")
    await world.settle()
    driver.held[0].set()
    with pytest.raises(ModelError):
        await refresh
    assert inventory.generation.system(system.id).state is State.UNKNOWN


async def test_a_driver_that_says_unavailable_without_an_event_is_connected_again(world) -> None:
    driver = world.driver(ONE)
    inventory = await world.inventory(driver)
    driver.inject(Fault(operation="load", nth=1, problem=Problem.UNAVAILABLE))
    states = []
    inventory.subscribe(lambda _: states.append(inventory.status()[0].state))
    await world.time.passes(61)
    assert "lost" in states
    assert inventory.status()[0].state == "connected"


# Reconciliation


async def test_reconciliation_finds_what_no_event_told(world) -> None:
    driver = world.driver(ONE)
    driver.inject(LOST_EVENTS)
    inventory = await world.inventory(driver, reconcile_every=30)
    changed, gone = [s for s in inventory.generation.systems.values() if s.state is State.DEFINED]
    describe(driver, changed, "quietly")
    driver.hypervisor.undefine(gone.id)
    new = world.definition(gone.host_id, "new")
    driver.hypervisor.define(new)
    await world.time.passes(29)
    assert world.told == []
    await world.time.passes(2)
    assert {(change.after or change.before).id for change in world.changes} == {changed.id, gone.id, new.id}


async def test_a_read_that_fails_brings_the_next_load_forward(world) -> None:
    driver = world.driver(ONE)
    driver.inject(Fault(operation="read_system", problem=Problem.FAILED))
    inventory = await world.inventory(driver)
    system = in_state(inventory, State.DEFINED)
    describe(driver, system, "changed")
    await world.settle()
    assert inventory.generation.system(system.id) is system
    await world.time.passes(1)
    assert inventory.generation.system(system.id).description == "changed"


async def test_a_load_that_fails_is_tried_again_without_an_outage(world) -> None:
    driver = world.driver(ONE)
    inventory = await world.inventory(driver)
    driver.inject(LOST_EVENTS, Fault(operation="load", nth=1, problem=Problem.TIMEOUT))
    system = in_state(inventory, State.DEFINED)
    describe(driver, system, "changed")
    await world.time.passes(65)
    assert inventory.status()[0].state == "connected"
    assert [change.after.description for change in world.changes] == ["changed"]


async def test_loads_that_fail_are_spaced(world) -> None:
    driver = world.driver(ONE)
    await world.inventory(driver, retry=Backoff(first=1, factor=2, maximum=8))
    driver.inject(Fault(operation="load", problem=Problem.FAILED))
    await world.time.passes(60)
    at = driver.loads
    await world.time.passes(1 + 2 + 4 + 8 + 8)
    assert driver.loads - at == 5


async def test_a_change_during_the_load_is_not_lost(world) -> None:
    driver = world.driver(ONE)
    driver.hold_load = asyncio.Event()
    inventory = Inventory([driver], clock=world.time.clock, sleep=world.time.sleep)
    starting = asyncio.ensure_future(inventory.start())
    await world.until(lambda: driver.loads and driver.hypervisor.systems)
    await world.settle()
    system = next(iter(driver.hypervisor.systems.values()))
    describe(driver, system, "during the load")  # its picture was taken before
    await world.settle()
    assert len(inventory.generation.hosts) == 0  # nothing is shown before the whole
    driver.hold_load.set()
    await starting
    await world.until(lambda: inventory.generation.system(system.id).description == "during the load")
    await inventory.close()


# Order and number of reads


async def test_an_event_storm_makes_few_reads(world) -> None:
    driver = world.driver(ONE)
    inventory = await world.inventory(driver)
    system = in_state(inventory, State.DEFINED)
    driver.hold = True
    describe(driver, system, "0")
    await world.until(lambda: driver.held)
    for number in range(1, 100):
        describe(driver, system, str(number))
    await world.settle()
    assert driver.reads == [system.id]  # one under way, whatever else was told
    driver.hold = False
    driver.held[0].set()
    await world.until(lambda: inventory.generation.system(system.id).description == "99")
    await world.settle()
    assert driver.reads == [system.id] * 2


async def test_an_older_answer_does_not_overwrite_a_newer_one(world) -> None:
    driver = world.driver(ONE)
    inventory = await world.inventory(driver)
    system = in_state(inventory, State.DEFINED)
    driver.hold = True
    describe(driver, system, "old")
    await world.until(lambda: driver.held)  # the event's read holds "old"
    driver.hold = False
    driver.inject(LOST_EVENTS)
    describe(driver, system, "new")
    assert (await inventory.refresh(system.id, system.host_id)).description == "new"
    driver.held[0].set()
    await world.settle()
    assert inventory.generation.system(system.id).description == "new"


async def test_a_load_does_not_overwrite_what_was_read_after_it_began(world) -> None:
    driver = world.driver(ONE)
    inventory = await world.inventory(driver)
    driver.inject(LOST_EVENTS)
    changed, gone = [s for s in inventory.generation.systems.values() if s.state is State.DEFINED]
    driver.hold_load = asyncio.Event()
    await world.time.passes(60)
    assert driver.loads == 2
    describe(driver, changed, "new")
    driver.hypervisor.undefine(gone.id)
    new = world.definition(gone.host_id, "new")
    driver.hypervisor.define(new)
    for system_id in (changed.id, gone.id, new.id):
        await inventory.refresh(system_id, changed.host_id)
    driver.hold_load.set()
    await world.settle()
    assert inventory.generation.system(changed.id).description == "new"
    assert inventory.generation.system(gone.id) is None
    assert inventory.generation.system(new.id) is not None


async def test_a_system_gone_before_a_load_does_not_come_back_by_an_older_answer(world) -> None:
    driver = world.driver(ONE)
    inventory = await world.inventory(driver)
    driver.inject(LOST_EVENTS)
    host_id = next(iter(driver.hypervisor.hosts))
    ghost = world.definition(host_id, "ghost")
    driver.hypervisor.define(ghost)
    driver.hold = True
    refresh = asyncio.ensure_future(inventory.refresh(ghost.id, host_id))
    await world.until(lambda: driver.held)
    driver.hypervisor.undefine(ghost.id)
    await world.time.passes(60)
    driver.held[0].set()
    assert await refresh is None


async def test_a_refresh_makes_a_read_that_is_due_needless(world) -> None:
    driver = world.driver(f"sim://?vms={READERS + 1}")
    inventory = await world.inventory(driver)
    *others, last = inventory.generation.systems.values()
    driver.hold = True
    for system in others:
        describe(driver, system, "keeps a reader busy")
    await world.until(lambda: len(driver.held) == READERS)
    driver.hold = False
    describe(driver, last, "changed")
    await world.settle()
    assert (await inventory.refresh(last.id, last.host_id)).description == "changed"
    for gate in driver.held:
        gate.set()
    await world.settle()
    assert driver.reads.count(last.id) == 1
    assert all(s.description == "keeps a reader busy" for s in inventory.generation.systems.values() if s.id != last.id)


async def test_an_answer_older_than_a_finished_load_does_not_count(world) -> None:
    driver = world.driver(ONE)
    inventory = await world.inventory(driver)
    driver.inject(LOST_EVENTS)
    system = in_state(inventory, State.DEFINED)
    driver.hold = True
    refresh = asyncio.ensure_future(inventory.refresh(system.id, system.host_id))
    await world.until(lambda: driver.held)
    describe(driver, system, "new")
    await world.time.passes(60)
    driver.held[0].set()
    assert (await refresh).description == "new"


async def test_a_refresh_that_is_given_up_leaves_the_read_due(world) -> None:
    driver = world.driver(ONE)
    inventory = await world.inventory(driver)
    system = in_state(inventory, State.DEFINED)
    driver.hold = True
    refresh = asyncio.ensure_future(inventory.refresh(system.id, system.host_id))
    await world.until(lambda: driver.held)
    driver.hold = False
    driver.inject(LOST_EVENTS)
    describe(driver, system, "new")
    refresh.cancel()
    await world.until(lambda: inventory.generation.system(system.id).description == "new")


# Hosts


async def test_host_changes_are_followed(world) -> None:
    driver = world.driver("sim://?hosts=2&vms=2")
    inventory = await world.inventory(driver)
    gone, stays = driver.hypervisor.hosts
    driver.hypervisor.set_online(gone, online=False)
    await world.until(lambda: not inventory.generation.host(gone).online)
    assert all(s.state is State.UNKNOWN for s in inventory.generation.systems_of(gone))
    assert all(s.state is State.DEFINED for s in inventory.generation.systems_of(stays))
    with pytest.raises(ModelError) as raised:
        inventory.driver_of(gone)
    assert raised.value.problem is Problem.UNAVAILABLE
    driver.hypervisor.set_online(gone, online=True)
    await world.time.passes(10)
    assert all(s.state is State.DEFINED for s in inventory.generation.systems_of(gone))


async def test_a_new_host_brings_its_systems_and_a_removed_one_takes_them(world) -> None:
    driver = world.driver("sim://?hosts=1&vms=1")
    driver.inject(Fault(operation="event.host", problem=Problem.FAILED))
    inventory = await world.inventory(driver)
    first = next(iter(driver.hypervisor.hosts.values()))
    driver.hypervisor.add_host(replace(first, id="second", name="second"))
    new = world.definition("second", "new")
    driver.hypervisor.define(new)
    await world.until(lambda: inventory.generation.system(new.id))
    assert inventory.generation.host("second") is not None
    assert [change.after.name for change in world.changes if change.before is None] == ["second", "new"]
    world.told.clear()

    driver.inject(LOST_EVENTS)
    driver.hypervisor.undefine(new.id)
    del driver.hypervisor.hosts["second"]
    await world.time.passes(60)
    assert inventory.generation.host("second") is None
    assert list(inventory.generation.systems_of("second")) == []
    assert [change.before.name for change in world.changes] == ["new", "second"]  # the host goes after its systems
