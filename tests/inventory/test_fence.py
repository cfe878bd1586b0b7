"""A fence: what the platforms told of before it is shown when it returns."""

from __future__ import annotations

import asyncio

import pytest

from openvman.drivers.simulated import Fault
from openvman.inventory import platform
from openvman.messages.problem import Problem
from openvman.model.network_filter import NetworkFilterSpec
from openvman.model.spec import SystemSpec
from openvman.model.storage import Volume
from openvman.model.untold import Part, Untold


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


# --- what a platform tells nobody: here it loses all its events -------------------------------------------------------


@pytest.fixture
async def silent(world):
    """A driver and its inventory."""
    driver = world.driver()
    inventory = await world.inventory(driver)
    driver.inject(Fault(operation="event.*", problem=Problem.FAILED))
    return driver, inventory


async def test_what_nobody_tells_is_shown_where_it_is_named(silent) -> None:
    driver, inventory = silent
    system = some(inventory)
    host = system.host_id

    def shown() -> tuple[bool, int, int]:
        now = inventory.generation
        volumes = now.volumes_of(host, "default").volumes
        return now.system(system.id).effective.autostart, len(now.host(host).filters), len(volumes)

    before = shown()
    driver.hypervisor.modify_system(system.id, SystemSpec(autostart=True))
    driver.hypervisor.create_filter(host, NetworkFilterSpec(name="new"))
    driver.hypervisor.create_volume(host, Volume("default", "a.img"), "raw", 1)
    await inventory.fence()
    assert shown() == before == (False, 1, 0)
    await inventory.fence([Untold(host, Part.HOST)])
    assert shown() == (False, 2, 0)
    await inventory.fence([Untold(host, Part.VOLUMES), Untold(host, Part.AUTOSTART)])
    assert shown() == (True, 2, 1)


async def test_only_systems_that_start_otherwise_are_read(silent, world) -> None:
    driver, inventory = silent
    system = some(inventory)
    driver.hypervisor.modify_system(system.id, SystemSpec(autostart=True))
    driver.hold = True
    fence = asyncio.ensure_future(inventory.fence([Untold(system.host_id, Part.AUTOSTART)]))
    await world.until(lambda: driver.held)
    assert len(driver.held) == 1
    driver.held[0].set()
    await fence
    await inventory.fence([Untold(system.host_id, Part.AUTOSTART)])
    assert len(driver.held) == 1


async def test_a_crowd_shares_two_reads(silent, monkeypatch) -> None:
    """One may be older than the questions; the next is newer than all of them."""
    driver, inventory = silent
    host = some(inventory).host_id
    reads = 0
    read_host = driver.read_host

    async def counting(host_id):
        nonlocal reads
        reads += 1
        return await read_host(host_id)

    monkeypatch.setattr(driver, "read_host", counting)
    await asyncio.gather(*(inventory.fence([Untold(host, Part.HOST)]) for _ in range(50)))
    assert 1 <= reads <= 2


async def test_a_host_that_is_not_there_is_not_read(silent) -> None:
    _driver, inventory = silent
    await inventory.fence([Untold("nowhere", part) for part in Part])


async def test_what_a_pool_holds_that_has_just_started_is_shown(world, monkeypatch) -> None:
    """Its volumes are read before its host is, while nobody knows that there is such a pool."""
    driver = world.driver()
    inventory = await world.inventory(driver)
    host = some(inventory).host_id
    driver.hypervisor.create_volume(host, Volume("default", "a.img"), "raw", 1)
    driver.hypervisor.change_storage_pool(host, "default", active=False, autostart=None)
    await inventory.fence()
    assert inventory.generation.volumes_of(host, "default") is None
    read_host, read_volumes, gate = driver.read_host, driver.read_volumes, asyncio.Event()

    async def late(host_id):
        await gate.wait()
        return await read_host(host_id)

    async def slow(host_id, pool):
        await world.settle()
        return await read_volumes(host_id, pool)

    monkeypatch.setattr(driver, "read_host", late)
    monkeypatch.setattr(driver, "read_volumes", slow)
    driver.hypervisor.change_storage_pool(host, "default", active=True, autostart=None)
    fence = asyncio.ensure_future(inventory.fence([Untold(host, Part.VOLUMES)]))
    for _ in range(3):
        await world.settle()
    gate.set()
    await fence
    assert [volume.name for volume in inventory.generation.volumes_of(host, "default").volumes] == ["a.img"]
