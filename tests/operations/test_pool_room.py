"""What takes room of a pool, and when: the disks of the next start, saved memory, and what a failure gives back."""

from __future__ import annotations

import pytest

from openvman.messages import simulated
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.pool import find_pool
from openvman.model.spec import DiskSpec, MemorySpec, NicSpec, PoolSpec
from openvman.model.states import Action

GIB = 1024**3
MIB = 1024**2


@pytest.fixture
def reserved(world):
    def reserved(name):
        return find_pool(world.inventory.generation, f"{world.host.id}/pool/{name}").reserved

    return reserved


@pytest.fixture
async def shelf(world, admin):
    """Of 8 GiB, 5 are taken by a disk of another system."""
    parent = find_pool(world.inventory.generation, f"{world.host.id}/pool/disk")
    await world.operations.create_child_pool(
        admin, host=world.host, name="shelf", parents=[parent], specs=[PoolSpec(quantity=8 * GIB)]
    )
    return await world.define(DiskSpec(capacity=5 * GIB, pool="shelf"))


@pytest.fixture
async def gold(world, admin):
    parent = find_pool(world.inventory.generation, f"{world.host.id}/pool/memory")
    return await world.operations.create_child_pool(
        admin, host=world.host, name="gold", parents=[parent], specs=[PoolSpec(quantity=96 * MIB)]
    )


async def refused(action):
    with pytest.raises(ModelError) as caught:
        await action
    assert caught.value.problem is Problem.INSUFFICIENT


@pytest.mark.usefixtures("shelf")
async def test_a_disk_for_the_next_start_takes_its_room_at_once_or_is_refused(world, admin, reserved):
    system = await world.define()
    await world.act(system, Action.START)
    images = len(world.driver.calls)

    def plug(capacity):
        specs = [DiskSpec(capacity=capacity, pool="shelf")]
        return world.operations.add_resources(admin, configuration=world.system(system.id).defined, specs=specs)

    await refused(plug(4 * GIB))
    assert [call for call in world.driver.calls[images:] if call.startswith("create")] == []
    await plug(2 * GIB)
    assert reserved("shelf") == 7 * GIB
    await refused(plug(2 * GIB))
    await world.act(system, Action.STOP)
    assert reserved("shelf") == 7 * GIB


@pytest.mark.usefixtures("shelf")
async def test_a_disk_in_both_configurations_takes_its_room_once(world, admin, reserved):
    system = await world.define()
    await world.act(system, Action.START)
    disk = DiskSpec(capacity=3 * GIB, pool="shelf")
    [plugged] = await world.operations.add_resources(admin, configuration=world.system(system.id).current, specs=[disk])
    again = DiskSpec(source=plugged.source, target=plugged.target, pool="shelf")
    [kept] = await world.operations.add_resources(admin, configuration=world.system(system.id).defined, specs=[again])
    assert reserved("shelf") == 8 * GIB
    await world.operations.remove_resources(admin, allocations=[plugged])
    assert reserved("shelf") == 8 * GIB
    await world.operations.remove_resources(admin, allocations=[kept])
    assert reserved("shelf") == 5 * GIB


async def test_what_a_failure_puts_back_was_given_to_nobody_meanwhile(world, admin, reserved, shelf, monkeypatch):
    """The second disk cannot be removed: while the first is away, another asks for its room."""
    other = await world.define()
    [more] = await world.operations.add_resources(
        admin, configuration=other.defined, specs=[DiskSpec(capacity=3 * GIB, pool="shelf")]
    )
    remove, asked = world.driver.remove_resources, []

    async def remove_one(system_id, kind, ids):
        if not asked:
            asked.append(system_id)
            return await remove(system_id, kind, ids)
        monkeypatch.setattr(world.driver, "remove_resources", remove)
        await world.inventory.refresh(asked[0], world.host.id)
        assert reserved("shelf") < 8 * GIB
        await refused(world.define(DiskSpec(capacity=3 * GIB, pool="shelf")))
        raise ModelError(simulated.ORDERED[Problem.FAILED], world.driver.platform, operation="remove_resources")

    monkeypatch.setattr(world.driver, "remove_resources", remove_one)
    with pytest.raises(ModelError) as caught:
        await world.operations.remove_resources(admin, allocations=[*shelf.defined.disks, more])
    assert caught.value.problem is Problem.FAILED
    assert reserved("shelf") == 8 * GIB


async def test_what_a_failure_makes_large_again_was_given_to_nobody_meanwhile(world, gold, reserved, monkeypatch):
    systems = [await world.define(MemorySpec(size=48 * MIB, pool=gold.name)) for _ in range(3)]
    for system in systems[:2]:
        await world.act(system, Action.START)
    modify, asked = world.driver.modify_resource, []

    async def modify_one(system_id, kind, spec):
        if not asked:
            asked.append(system_id)
            return await modify(system_id, kind, spec)
        monkeypatch.setattr(world.driver, "modify_resource", modify)
        await world.inventory.refresh(asked[0], world.host.id)
        assert reserved("gold") == 64 * MIB
        await refused(world.act(systems[2], Action.START))
        raise ModelError(simulated.ORDERED[Problem.FAILED], world.driver.platform, operation="modify_resource")

    monkeypatch.setattr(world.driver, "modify_resource", modify_one)
    memories = [world.system(system.id).current.memory for system in systems[:2]]
    with pytest.raises(ModelError) as caught:
        await world.modify(*(MemorySpec(allocation_id=memory.id, size=16 * MIB) for memory in memories))
    assert caught.value.problem is Problem.FAILED
    assert reserved("gold") == 96 * MIB


async def test_what_is_saved_needs_its_room_again_whatever_is_defined_now(world, gold, reserved):
    system = await world.define(MemorySpec(size=64 * MIB, pool=gold.name))
    other = await world.define(MemorySpec(size=64 * MIB, pool=gold.name))
    await world.act(system, Action.START)
    await world.modify(MemorySpec(allocation_id=system.defined.memory.id, size=16 * MIB))
    await world.act(system, Action.SUSPEND)
    await world.act(other, Action.START)
    await refused(world.act(system, Action.START))
    assert reserved("gold") == 64 * MIB
    await world.act(other, Action.STOP)
    await world.act(system, Action.START)
    assert reserved("gold") == 64 * MIB


@pytest.mark.usefixtures("shelf")
async def test_the_disks_of_what_is_saved_keep_their_room(world, admin, reserved):
    system = await world.define()
    await world.act(system, Action.START)
    disk = DiskSpec(capacity=3 * GIB, pool="shelf")
    await world.operations.add_resources(admin, configuration=world.system(system.id).current, specs=[disk])
    await world.act(system, Action.SUSPEND)
    assert reserved("shelf") == 8 * GIB
    await refused(world.define(disk))
    await world.act(system, Action.STOP)
    assert reserved("shelf") == 5 * GIB


async def test_a_pool_that_somebody_else_overfilled_stops_only_what_asks_for_more(world, admin, gold, reserved):
    system = await world.define(MemorySpec(size=64 * MIB, pool=gold.name))
    other = await world.define(MemorySpec(size=48 * MIB, pool=gold.name))
    await world.act(system, Action.START)
    world.driver.hypervisor.act(other.id, Action.START)
    await world.inventory.refresh(other.id, world.host.id)
    assert reserved("gold") == 112 * MIB
    active = world.system(system.id).current
    await refused(world.modify(MemorySpec(allocation_id=active.memory.id, size=65 * MIB, maximum=65 * MIB)))
    await world.operations.add_resources(admin, configuration=active, specs=[NicSpec()])
    await world.modify(MemorySpec(allocation_id=active.memory.id, size=56 * MIB))
    assert reserved("gold") == 104 * MIB
