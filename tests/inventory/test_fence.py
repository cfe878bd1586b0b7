"""A fence: what the platforms told of before it is shown when it returns."""

from __future__ import annotations

import asyncio

from openvman.drivers.simulated import Fault
from openvman.inventory import platform
from openvman.messages.problem import Problem
from openvman.model.spec import SystemSpec


def some(inventory):
    return min(inventory.generation.systems.values(), key=lambda system: system.name)


def describe(driver, system, text) -> None:
    driver.hypervisor.modify_system(system.id, SystemSpec(description=text))


async def test_what_happened_before_is_shown_after(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    system = some(inventory)
    for text in ("one", "two", "three"):
        describe(driver, system, text)
        await inventory.fence()
        assert inventory.generation.system(system.id).description == text


async def test_it_waits_for_the_read_that_began_after_the_last_event(world) -> None:
    """A read under way when a second event comes may hold the older state."""
    driver = world.driver()
    inventory = await world.inventory(driver)
    system = some(inventory)
    driver.hold = True
    describe(driver, system, "one")
    await world.until(lambda: driver.held)
    describe(driver, system, "two")
    fence = asyncio.ensure_future(inventory.fence())
    await world.settle()
    driver.held[0].set()
    await world.until(lambda: len(driver.held) == 2)
    assert not fence.done()
    driver.held[1].set()
    await fence
    assert inventory.generation.system(system.id).description == "two"


async def test_others_that_change_all_the_time_do_not_hold_it(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    one, other, *_ = sorted(inventory.generation.systems.values(), key=lambda system: system.name)
    driver.hold = True
    describe(driver, one, "one")
    await world.until(lambda: driver.held)
    fence = asyncio.ensure_future(inventory.fence())
    await world.settle()
    describe(driver, other, "later")
    await world.until(lambda: len(driver.held) == 2)
    driver.held[0].set()
    await fence
    assert inventory.generation.system(one.id).description == "one"
    driver.held[1].set()


async def test_a_refresh_that_takes_the_place_of_a_read_lets_it_through(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    system = some(inventory)
    driver.hold = True
    describe(driver, system, "one")
    fence = asyncio.ensure_future(inventory.fence())
    refresh = asyncio.ensure_future(inventory.refresh(system.id, system.host_id))
    await world.until(lambda: driver.held)
    driver.hold = False
    for gate in driver.held:
        gate.set()
    await asyncio.gather(fence, refresh)
    assert inventory.generation.system(system.id).description == "one"


async def test_a_lost_connection_lets_it_through(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    driver.hold = True
    describe(driver, some(inventory), "one")
    fence = asyncio.ensure_future(inventory.fence())
    await world.until(lambda: driver.held)
    driver.disconnect("pulled")
    await fence
    await inventory.fence()  # nothing is waited for that is not there


async def test_a_read_that_does_not_end_is_not_waited_for(world, monkeypatch) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    monkeypatch.setattr(platform, "FENCE_PATIENCE", 0.01)
    driver.hold = True
    describe(driver, some(inventory), "one")
    await inventory.fence()
    driver.held[0].set()


async def test_a_platform_that_cannot_be_asked_is_not_waited_for(world) -> None:
    driver = world.driver()
    inventory = await world.inventory(driver)
    driver.inject(Fault(operation="fence", problem=Problem.FAILED))
    await inventory.fence()
