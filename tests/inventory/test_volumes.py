"""What storage pools hold, beside their hosts: read after events, with everything, and when asked for."""

from __future__ import annotations

import pytest

from openvman.drivers.simulated import Fault
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.network import NetworkSpec
from openvman.model.storage import PoolVolumes, StoragePoolSpec, Volume

ONE = "sim://one?vms=1"
LOST_EVENTS = Fault(operation="event.*", problem=Problem.FAILED)
OTHER = StoragePoolSpec(name="other", folder="/simulated/pools/other")


def names(inventory, host_id, pool="default"):
    held = inventory.generation.volumes_of(host_id, pool)
    return None if held is None else [volume.name for volume in held.volumes]


@pytest.fixture
async def driver(world):
    return world.driver(ONE)


@pytest.fixture
async def inventory(world, driver):
    return await world.inventory(driver)


@pytest.fixture
def host(inventory):
    return next(iter(inventory.generation.hosts.values()))


async def test_what_was_there_is_shown_from_the_start(world, driver) -> None:
    await driver.open(lambda _event: None)
    [host_id] = driver.hypervisor.hosts
    driver.hypervisor.create_volume(host_id, Volume("default", "a.img"), "raw", 1 << 20)
    await driver.close()
    inventory = await world.inventory(driver)
    assert names(inventory, host_id) == ["a.img"]


async def test_a_volume_that_is_made_is_told_alone(world, driver, inventory, host) -> None:
    driver.hypervisor.create_volume(host.id, Volume("default", "a.img"), "raw", 1 << 20)
    await world.until(lambda: names(inventory, host.id) == ["a.img"])
    [change] = [change for change in world.changes if isinstance(change.after, PoolVolumes)]
    assert change.before.volumes == ()
    assert change.after.id == f"{host.id}/volumes/default"
    driver.hypervisor.create_volume(host.id, Volume("default", "b.img"), "raw", 1 << 20)
    await world.until(lambda: names(inventory, host.id) == ["a.img", "b.img"])
    kept = inventory.generation.volumes_of(host.id, "default").volumes[0]
    assert kept is change.after.volumes[0], "what did not change is the very object"


async def test_a_pool_comes_with_what_it_holds_and_takes_it_away(world, driver, inventory, host) -> None:
    driver.hypervisor.images.add(host.id, "/simulated/pools/other/a.img", "raw", 1 << 20)
    driver.hypervisor.create_storage_pool(host.id, OTHER)
    await world.until(lambda: names(inventory, host.id, "other") == ["a.img"])
    driver.hypervisor.change_storage_pool(host.id, "other", active=False, autostart=None)
    await world.until(lambda: [pool.name for pool in inventory.generation.host(host.id).active_storage] == ["default"])
    assert names(inventory, host.id, "other") is None
    driver.hypervisor.change_storage_pool(host.id, "other", active=True, autostart=None)
    await world.until(lambda: names(inventory, host.id, "other") == ["a.img"])
    assert names(inventory, host.id) == []


async def test_a_pool_seen_without_an_event_is_read_too(world, driver, inventory, host) -> None:
    driver.inject(LOST_EVENTS)
    driver.hypervisor.create_storage_pool(host.id, OTHER)
    await inventory.refresh_host(host.id)
    await world.until(lambda: names(inventory, host.id, "other") == [])


async def test_what_nobody_tells_of_is_found_now_and_then_or_when_asked(world, driver, inventory, host) -> None:
    driver.inject(LOST_EVENTS)
    driver.hypervisor.create_volume(host.id, Volume("default", "a.img"), "raw", 1 << 20)
    await world.settle()
    assert names(inventory, host.id) == []
    await inventory.refresh_volumes(host.id, "default")
    assert names(inventory, host.id) == ["a.img"]
    driver.hypervisor.delete_volume(host.id, Volume("default", "a.img"))
    await world.time.passes(60)
    assert names(inventory, host.id) == []


async def test_no_volumes_without_their_pool_or_host(world, driver, inventory, host) -> None:
    await inventory.refresh_volumes(host.id, "no such pool")
    assert names(inventory, host.id, "no such pool") is None
    with pytest.raises(ModelError) as caught:
        await inventory.refresh_volumes("no such host", "default")
    assert caught.value.problem is Problem.NOT_FOUND
    for system in list(driver.hypervisor.systems):
        del driver.hypervisor.systems[system]
    del driver.hypervisor.hosts[host.id]
    await world.time.passes(60)
    assert not inventory.generation.hosts
    assert not inventory.generation.volumes


async def test_while_the_platform_is_away_its_volumes_are_shown_as_they_were(world, driver, inventory, host) -> None:
    driver.hypervisor.create_volume(host.id, Volume("default", "a.img"), "raw", 1 << 20)
    await world.until(lambda: names(inventory, host.id) == ["a.img"])
    driver.disconnect("unplugged")
    await world.settle()
    with pytest.raises(ModelError) as caught:
        await inventory.refresh_volumes(host.id, "default")
    assert caught.value.problem is Problem.UNAVAILABLE
    assert names(inventory, host.id) == ["a.img"]
    driver.hypervisor.delete_volume(host.id, Volume("default", "a.img"))
    driver.reconnect()
    await world.time.passes(10)
    assert names(inventory, host.id) == []


async def test_an_older_answer_does_not_hide_a_newer_one(world, driver, inventory, host) -> None:
    driver.inject(LOST_EVENTS)
    real, gates = driver.read_volumes, []

    async def held(host_id, pool):
        found = await real(host_id, pool)
        if not gates:
            gates.append(None)
            driver.hypervisor.create_volume(host.id, Volume("default", "a.img"), "raw", 1 << 20)
            await inventory.refresh_volumes(host.id, "default")
        return found

    driver.read_volumes = held
    await inventory.refresh_volumes(host.id, "default")
    assert names(inventory, host.id) == ["a.img"]


async def test_a_network_is_a_part_of_its_host(world, driver, inventory, host) -> None:
    driver.hypervisor.create_network(host.id, NetworkSpec(name="new"))
    await world.until(lambda: "new" in inventory.generation.host(host.id).network_names)
    [change] = world.changes
    assert isinstance(change.after, Host)
    assert change.after.storage is change.before.storage
    old = {network.name: network for network in change.before.networks}
    assert all(each is old[each.name] for each in change.after.networks if each.name != "new")
