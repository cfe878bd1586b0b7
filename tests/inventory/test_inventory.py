"""The inventory follows what happens at its platforms."""

from __future__ import annotations

from copy import deepcopy

import pytest
from structlog.testing import capture_logs

from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.spec import MemorySpec, SystemSpec
from openvman.model.states import TRANSITIONS, Action, State
from openvman.model.system import ConfigurationKind

STARTING = TRANSITIONS[State.DEFINED][Action.START]


def in_state(inventory, state):
    return next(s for s in inventory.generation.systems.values() if s.state is state)


async def test_everything_is_there_after_start(world) -> None:
    driver = world.driver("sim://?hosts=2&vms=700&active=50%25")  # more than one slice
    inventory = await world.inventory(driver)
    assert dict(inventory.generation.hosts.items()).keys() == driver.hypervisor.hosts.keys()
    assert dict(inventory.generation.systems.items()).keys() == driver.hypervisor.systems.keys()
    assert [s.state for s in inventory.status()] == ["connected"]


async def test_a_system_appears_changes_and_disappears(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    host = next(iter(inventory.generation.hosts.values()))
    definition = world.definition(host.id, "new")
    world.time.now = 50

    driver.hypervisor.define(definition)
    await world.until(lambda: inventory.generation.system(definition.id))
    new = inventory.generation.system(definition.id)
    assert new.since == world.time.clock()
    assert inventory.generation.system_named(host.id, "new") is new

    driver.hypervisor.modify_system(definition.id, SystemSpec(name="newer"))
    await world.until(lambda: inventory.generation.system_named(host.id, "newer"))
    assert inventory.generation.system_named(host.id, "new") is None

    driver.hypervisor.undefine(definition.id)
    await world.until(lambda: inventory.generation.system(definition.id) is None)
    befores_and_afters = [
        (change.before and change.before.name, change.after and change.after.name) for change in world.changes
    ]
    assert befores_and_afters == [(None, "new"), ("new", "newer"), ("newer", None)]


async def test_differences_follow_each_other(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    host = next(iter(inventory.generation.hosts.values()))
    first = inventory.generation
    for name in ("a", "b", "c"):
        driver.hypervisor.define(world.definition(host.id, name))
        await world.until(lambda name=name: inventory.generation.system_named(host.id, name))
    assert [d.before for d in world.told] == [first, *(d.after for d in world.told[:-1])]
    assert world.told[-1].after is inventory.generation


async def test_since_is_when_the_state_changed(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    system = in_state(inventory, State.DEFINED)
    assert system.since is None  # it was so before anybody looked
    world.time.now = 10
    await driver.act(system.id, Action.START)
    started = await inventory.refresh(system.id, system.host_id)
    assert started.since == world.time.clock()
    world.time.now = 20
    await driver.modify_system(system.id, SystemSpec(description="changed"))
    changed = await inventory.refresh(system.id, system.host_id)
    assert changed.description == "changed"
    assert changed.since == started.since


async def test_refresh_shows_what_was_written(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    host = next(iter(inventory.generation.hosts.values()))
    definition = world.definition(host.id, "new")
    await driver.define(definition)
    assert (await inventory.refresh(definition.id, host.id)).name == "new"
    assert inventory.generation.system(definition.id) is not None
    await driver.undefine(definition.id)
    assert await inventory.refresh(definition.id, host.id) is None
    assert inventory.generation.system(definition.id) is None


async def test_a_read_that_finds_nothing_new_publishes_nothing(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    before = inventory.generation
    for system_id, system in driver.hypervisor.systems.items():
        driver.hypervisor.systems[system_id] = deepcopy(system)  # equal, and another object
        await inventory.refresh(system_id, system.host_id)
    await world.time.passes(60)
    assert driver.loads == 2
    assert inventory.generation is before
    assert world.told == []


async def test_unchanged_parts_keep_their_identity(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    system = in_state(inventory, State.ACTIVE)
    driver.hypervisor.systems[system.id] = deepcopy(driver.hypervisor.systems[system.id])
    spec = MemorySpec(allocation_id=system.current.memory.id, size=system.current.memory.size // 2)
    await driver.modify_resource(system.id, ConfigurationKind.STATE, spec)
    after = await inventory.refresh(system.id, system.host_id)
    assert after.current.memory.size == spec.size
    assert after.defined is system.defined
    assert after.current.processor is system.current.processor
    assert after.current.disks is system.current.disks


async def test_overlays_survive_reads(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    system = in_state(inventory, State.DEFINED)
    inventory.begin(system.id, STARTING, Action.START)
    shown = inventory.generation.system(system.id)
    assert (shown.transition, shown.requested) == (STARTING, Action.START)
    await driver.act(system.id, Action.START)
    shown = await inventory.refresh(system.id, system.host_id)
    assert (shown.state, shown.transition, shown.requested) == (State.ACTIVE, STARTING, Action.START)
    inventory.end(system.id)
    shown = await inventory.refresh(system.id, system.host_id)
    assert (shown.transition, shown.requested) == (None, Action.START)


async def test_overlays_go_with_the_system(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    system = in_state(inventory, State.DEFINED)
    inventory.begin(system.id, STARTING, Action.START)
    await driver.undefine(system.id)
    await inventory.refresh(system.id, system.host_id)
    inventory.end(system.id)  # of what is gone: nothing happens
    await driver.define(world.definition(system.host_id, system.name, system.id))
    again = await inventory.refresh(system.id, system.host_id)
    assert (again.transition, again.requested) == (None, None)


async def test_nothing_begins_on_a_system_that_is_not_there(world) -> None:
    inventory = await world.inventory(world.driver())
    with pytest.raises(ModelError) as raised:
        inventory.begin("nobody", STARTING, Action.START)
    assert raised.value.problem is Problem.NOT_FOUND


async def test_a_failing_subscriber_does_not_stop_the_others(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    system = in_state(inventory, State.DEFINED)

    def fail(_difference) -> None:
        message = "deliberate"
        raise RuntimeError(message)

    after: list = []
    inventory.subscribe(fail)
    inventory.subscribe(after.append)
    with capture_logs() as logs:
        inventory.begin(system.id, STARTING, Action.START)
    assert len(after) == 1
    assert after == world.told
    assert any(entry["log_level"] == "error" and "subscriber" in entry["event"] for entry in logs)


async def test_who_unsubscribed_is_not_called(world) -> None:
    inventory = await world.inventory(world.driver())
    system = in_state(inventory, State.DEFINED)
    told: list = []
    unsubscribe = inventory.subscribe(told.append)
    unsubscribe()
    unsubscribe()
    inventory.begin(system.id, STARTING, Action.START)
    assert told == []


async def test_a_subscriber_that_publishes_keeps_the_order(world) -> None:
    inventory = await world.inventory(world.driver())
    system = in_state(inventory, State.DEFINED)
    inventory.subscribe(lambda d: inventory.end(system.id) if d.changes[0].after.transition else None)
    late: list = []
    inventory.subscribe(late.append)
    inventory.begin(system.id, STARTING, Action.START)
    assert late == world.told
    assert [d.changes[0].after.transition for d in late] == [STARTING, None]
    assert inventory.generation.system(system.id).transition is None


async def test_driver_of_finds_the_driver(world) -> None:
    one, two = world.driver("sim://one"), world.driver("sim://two")
    inventory = await world.inventory(one, two)
    for driver in (one, two):
        for host_id in driver.hypervisor.hosts:
            assert inventory.driver_of(host_id) is driver
    with pytest.raises(ModelError) as raised:
        inventory.driver_of("nowhere")
    assert raised.value.problem is Problem.NOT_FOUND


async def test_close_closes_the_drivers(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    await inventory.close()
    with pytest.raises(ModelError) as raised:
        await driver.load()
    assert raised.value.problem is Problem.UNAVAILABLE
