"""Child pools: what they promise is kept, whatever is asked for and by however many at once."""

from __future__ import annotations

import asyncio

import pytest

from openvman.inventory.inventory import Inventory
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.host import PoolShare
from openvman.model.host_device import host_devices
from openvman.model.pool import find_pool
from openvman.model.spec import DiskSpec, MemorySpec, PoolSpec, ProcessorSpec
from openvman.model.states import Action, State
from openvman.operations.operations import Operations
from openvman.operations.policy import Policy
from openvman.store.database import StoreError
from openvman.store.pools import PoolStore

MIB = 1024**2
GIB = 1024**3


@pytest.fixture
def pool(world):
    """A pool of the world's host by its name, as it is now."""

    def find(name):
        return find_pool(world.inventory.generation, f"{world.host.id}/pool/{name}")

    return find


@pytest.fixture
def make(world, admin, pool):
    async def make(name, parent, quantity):
        return await world.operations.create_child_pool(
            admin, host=world.host, name=name, parents=[pool(parent)], specs=[PoolSpec(quantity=quantity)]
        )

    return make


async def test_a_child_pool_is_set_aside_from_its_parent(world, pool, make):
    made = await make("gold", "memory", GIB)
    assert (made.capacity, made.reserved, made.shares) == (GIB, 0, (PoolShare("memory", GIB),))
    assert pool("memory").reserved == GIB
    await make("inner", "gold", GIB // 4)
    assert pool("gold").reserved == GIB // 4
    assert pool("memory").reserved == GIB


async def test_what_is_given_from_a_child_is_taken_once_from_its_parent(world, pool, make):
    await make("gold", "memory", GIB)
    system = await world.define(MemorySpec(size=64 * MIB, pool="gold"))
    assert system.effective.memory.pool == "gold"
    assert pool("gold").reserved == 0  # nothing is held by what does not run
    await world.act(system, Action.START)
    assert (pool("gold").reserved, pool("gold").consumed) == (64 * MIB, 64 * MIB)
    assert (pool("memory").reserved, pool("memory").consumed) == (GIB, 64 * MIB)
    await world.act(world.system(system.id), Action.STOP)
    assert pool("gold").reserved == 0


async def test_a_start_beyond_the_pool_is_refused_and_changes_nothing(world, pool, make):
    await make("gold", "memory", 100 * MIB)
    first, second = [await world.define(MemorySpec(size=64 * MIB, pool="gold")) for _ in range(2)]
    await world.act(first, Action.START)
    with pytest.raises(ModelError, match=r"'gold'.* has 37748736 of 104857600 free") as refused:
        await world.act(second, Action.START)
    assert refused.value.problem is Problem.INSUFFICIENT
    assert world.system(second.id).state is State.DEFINED
    assert world.system(second.id).transition is None
    await world.act(world.system(first.id), Action.STOP)
    assert (await world.act(second, Action.START)).state is State.ACTIVE


async def test_of_many_starts_at_once_only_those_that_fit_are_done(world, pool, make):
    await make("gold", "processor", 4)
    systems = [await world.define(ProcessorSpec(count=1, pool="gold"), MemorySpec(size=MIB)) for _ in range(9)]
    done = await asyncio.gather(*(world.act(s, Action.START) for s in systems), return_exceptions=True)
    problems = [d.problem for d in done if isinstance(d, ModelError)]
    assert problems == [Problem.INSUFFICIENT] * 5
    assert pool("gold").reserved == 4
    assert sum(world.system(s.id).state is State.ACTIVE for s in systems) == 4


async def test_a_definition_that_would_never_fit_is_refused(world, make):
    await make("gold", "memory", 100 * MIB)
    with pytest.raises(ModelError, match="'gold'") as refused:
        await world.define(MemorySpec(size=128 * MIB, pool="gold"))
    assert refused.value.problem is Problem.INSUFFICIENT
    assert not world.names()


async def test_disks_take_their_room_when_they_are_defined(world, pool, make):
    await make("ssd", "disk", 3 * GIB)
    disk = DiskSpec(capacity=GIB, pool="ssd")
    done = await asyncio.gather(*(world.define(disk) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(d, ModelError) and d.problem is Problem.INSUFFICIENT for d in done) == 2
    assert pool("ssd").reserved == 3 * GIB
    assert len(world.names()) == 3


async def test_an_active_system_grows_within_its_pool_and_no_further(world, pool, make):
    await make("gold", "memory", 128 * MIB)
    system = await world.define(MemorySpec(size=64 * MIB, maximum=GIB // 8, pool="gold"))
    other = await world.define(MemorySpec(size=32 * MIB, pool="gold"))
    await world.act(system, Action.START)
    await world.act(other, Action.START)
    memory = world.system(system.id).current.memory
    await world.modify(MemorySpec(allocation_id=memory.id, size=96 * MIB))
    assert pool("gold").reserved == 128 * MIB
    with pytest.raises(ModelError) as refused:
        await world.modify(MemorySpec(allocation_id=memory.id, size=100 * MIB))
    assert refused.value.problem is Problem.INSUFFICIENT
    assert pool("gold").reserved == 128 * MIB


async def test_a_disk_that_is_added_takes_of_its_pool_or_is_refused(world, admin, pool, make):
    await make("shelf", "disk", 3 * GIB)
    system = await world.define()
    configuration = system.defined
    disk = DiskSpec(capacity=2 * GIB, pool="shelf")
    [added] = await world.operations.add_resources(admin, configuration=configuration, specs=[disk])
    assert added.pool == "shelf"
    assert pool("shelf").reserved == 2 * GIB
    with pytest.raises(ModelError) as caught:
        await world.operations.add_resources(admin, configuration=configuration, specs=[disk])
    assert caught.value.problem is Problem.INSUFFICIENT
    assert pool("shelf").reserved == 2 * GIB
    await world.operations.remove_resources(admin, allocations=[added])
    assert pool("shelf").reserved == 0
    assert world.inventory.members(system.id) == {}


async def test_an_inactive_system_moves_to_another_pool_and_an_active_one_stays(world, pool, make):
    await make("gold", "memory", GIB)
    system = await world.define(MemorySpec(size=64 * MIB))
    memory = system.defined.memory
    [moved] = await world.modify(MemorySpec(allocation_id=memory.id, pool="gold"))
    assert moved.pool == "gold"
    await world.act(system, Action.START)
    assert pool("gold").reserved == 64 * MIB
    with pytest.raises(ModelError, match="Stop it to move it") as refused:
        await world.modify(MemorySpec(allocation_id=memory.id, pool="memory"))
    assert refused.value.problem is Problem.INVALID_STATE
    await world.act(world.system(system.id), Action.STOP)
    [moved] = await world.modify(MemorySpec(allocation_id=memory.id, pool="memory"))
    assert moved.pool is None


async def test_memory_that_is_set_aside_is_not_given_to_others(world, pool, make):
    await make("gold", "memory", world.host.memory - 64 * MIB)
    small, large = [await world.define(MemorySpec(size=size)) for size in (64 * MIB, 65 * MIB)]
    with pytest.raises(ModelError) as refused:
        await world.act(large, Action.START)
    assert refused.value.problem is Problem.INSUFFICIENT
    await world.act(small, Action.START)


async def test_a_pool_in_use_cannot_be_deleted_and_gives_back_what_it_had(world, admin, pool, make):
    await make("gold", "memory", GIB)
    await make("inner", "gold", 64 * MIB)
    system = await world.define(MemorySpec(size=64 * MIB, pool="inner"))
    for name in ("gold", "inner"):
        with pytest.raises(ModelError, match="in use by") as refused:
            await world.operations.delete_pool(admin, pool=pool(name))
        assert refused.value.problem is Problem.IN_USE
    await world.operations.destroy_system(admin, system=system)
    for name in ("inner", "gold"):
        await world.operations.delete_pool(admin, pool=pool(name))
        assert pool(name) is None
    assert pool("memory").reserved == 0


async def test_a_system_of_the_same_id_does_not_inherit_a_pool(world, admin, make):
    await make("gold", "memory", GIB)
    system = await world.define(MemorySpec(size=64 * MIB, pool="gold"))
    await world.operations.destroy_system(admin, system=system)
    again = await world.define(MemorySpec(size=64 * MIB), system_id=system.id)
    assert again.effective.memory.pool is None


async def test_a_pool_does_not_go_while_a_machine_is_defined_in_it(world, admin, pool, make, monkeypatch):
    await make("gold", "memory", GIB)
    gold, reached, released, define = pool("gold"), asyncio.Event(), asyncio.Event(), world.driver.define

    async def slowly(definition):
        reached.set()
        await released.wait()
        await define(definition)

    monkeypatch.setattr(world.driver, "define", slowly)
    defining = asyncio.ensure_future(world.define(MemorySpec(size=64 * MIB, pool="gold"), DiskSpec(capacity=GIB)))
    await reached.wait()
    with pytest.raises(ModelError) as refused:
        await world.operations.delete_pool(admin, pool=gold)
    assert refused.value.problem is Problem.IN_USE
    released.set()
    assert (await defining).effective.memory.pool == "gold"


@pytest.mark.parametrize(
    ("name", "parent", "spec", "problem"),
    [
        ("", "memory", PoolSpec(quantity=MIB), Problem.INVALID_PARAMETER),
        ("a/b", "memory", PoolSpec(quantity=MIB), Problem.INVALID_PARAMETER),
        ("memory", "memory", PoolSpec(quantity=MIB), Problem.ALREADY_EXISTS),
        ("a", "memory", PoolSpec(quantity=MIB + 1), Problem.INVALID_PARAMETER),
        ("a", "memory", PoolSpec(quantity=0), Problem.INVALID_PARAMETER),
        ("a", "memory", PoolSpec(), Problem.INVALID_PARAMETER),
        ("a", "memory", PoolSpec(quantity=2**64), Problem.INVALID_PARAMETER),
        ("a", "memory", PoolSpec(kind="processor", quantity=1), None),
        ("a", "memory", PoolSpec(quantity=2**50), Problem.INSUFFICIENT),
        ("a", "processor", PoolSpec(quantity=10**6), Problem.INSUFFICIENT),
    ],
)
async def test_a_pool_that_cannot_be_is_refused(world, admin, pool, name, parent, spec, problem):
    if problem is None:
        problem, spec = Problem.WRONG_KIND, PoolSpec(kind=pool("processor").kind, quantity=1)
    with pytest.raises(ModelError) as refused:
        await world.operations.create_child_pool(
            admin, host=world.host, name=name, parents=[pool(parent)], specs=[spec]
        )
    assert refused.value.problem is problem
    assert world.host.pools == ()


async def test_two_pools_asked_for_at_once_do_not_get_the_same_processors(world, make):
    half = world.host.processors // 2 + 1
    done = await asyncio.gather(*(make(f"p{i}", "processor", half) for i in range(3)), return_exceptions=True)
    assert sum(isinstance(d, ModelError) and d.problem is Problem.INSUFFICIENT for d in done) == 2
    assert len(world.host.pools) == 1


async def test_a_pool_moves_with_what_is_in_it_but_not_below_itself(world, admin, pool, make):
    for name, parent, size in (("a", "memory", 4), ("b", "a", 2), ("c", "memory", 1)):
        await make(name, parent, size * MIB)

    async def move(child, parent, *specs):
        await world.operations.change_parent_pool(admin, pool=pool(child), parents=[pool(parent)], specs=specs)

    for parent in ("a", "b"):
        with pytest.raises(ModelError, match="itself or a part of it") as refused:
            await move("a", parent)
        assert refused.value.problem is Problem.INVALID_PARAMETER
    with pytest.raises(ModelError) as refused:
        await move("b", "c")
    assert refused.value.problem is Problem.INSUFFICIENT
    with pytest.raises(ModelError, match="primordial"):
        await move("memory", "a")
    await move("b", "c", PoolSpec(quantity=MIB))
    assert (pool("a").reserved, pool("c").reserved, pool("b").capacity) == (0, MIB, MIB)
    await move("b", "memory")
    assert pool("memory").reserved == 6 * MIB


async def test_a_pool_of_several_parents_takes_its_part_of_each(world, admin, pool, make):
    for name, size in (("a", 4), ("b", 2)):
        await make(name, "memory", size * MIB)

    async def both(*specs, name="both", parents=("a", "b")):
        return await world.operations.create_child_pool(
            admin, host=world.host, name=name, parents=[pool(parent) for parent in parents], specs=specs
        )

    three, one = PoolSpec(quantity=3 * MIB), PoolSpec(quantity=MIB)
    made = await both(three, one)
    assert (made.capacity, made.shares) == (4 * MIB, (PoolShare("a", 3 * MIB), PoolShare("b", MIB)))
    assert (pool("a").reserved, pool("b").reserved, pool("memory").reserved) == (3 * MIB, MIB, 6 * MIB)
    system = await world.define(MemorySpec(size=4 * MIB, pool="both"))
    await world.act(system, Action.START)
    assert [pool(name).consumed for name in ("both", "a", "b", "memory")] == [4 * MIB, 3 * MIB, MIB, 4 * MIB]
    with pytest.raises(ModelError) as refused:
        await both(one, three, name="more")
    assert refused.value.problem is Problem.INSUFFICIENT
    named = [PoolSpec(quantity=MIB, parent="b"), PoolSpec(quantity=2 * MIB, parent="memory")]
    more = await both(*named, name="more", parents=("memory", "b"))
    assert more.shares == (PoolShare("memory", 2 * MIB), PoolShare("b", MIB))
    for parent in ("a", "b"):
        with pytest.raises(ModelError) as refused:
            await world.operations.delete_pool(admin, pool=pool(parent))
        assert refused.value.problem is Problem.IN_USE


@pytest.mark.parametrize(
    ("parents", "specs"),
    [
        ((), ()),
        ((), (1,)),
        (("a",), ()),
        (("a", "b"), (1,)),
        (("a", "a"), (1, 1)),
        (("a", "b"), (1, 0)),
        (("a", "b"), ("a", "a")),
        (("a", "b"), ("a", "memory")),
        (("a", "b"), ("a", 1)),
        (("a", "processor"), (1, 1)),
    ],
)
async def test_parents_that_cannot_be_are_refused_and_nothing_changes(world, admin, pool, make, parents, specs):
    for name in ("a", "b", "child"):
        await make(name, "memory", 4 * MIB)
    said = [PoolSpec(quantity=MIB, parent=s) if isinstance(s, str) else PoolSpec(quantity=s * MIB) for s in specs]
    above, before = [pool(parent) for parent in parents], world.host.pools
    calls = (
        lambda: world.operations.create_child_pool(admin, host=world.host, name="x", parents=above, specs=said),
        lambda: world.operations.change_parent_pool(admin, pool=pool("child"), parents=above, specs=said),
    )
    for call in calls:
        if specs == () and len(parents) == 1 and call is calls[1]:
            continue  # a pool that is moved keeps its size
        with pytest.raises(ModelError) as refused:
            await call()
        assert refused.value.problem in {Problem.INVALID_PARAMETER, Problem.WRONG_KIND}
    assert world.host.pools == before


async def test_a_pool_moves_to_several_parents_but_not_below_itself(world, admin, pool, make):
    for name, parent in (("a", "memory"), ("b", "memory"), ("c", "b")):
        await make(name, parent, 4 * MIB)

    async def move(child, *shares):
        specs = [PoolSpec(quantity=quantity) for _, quantity in shares]
        parents = [pool(parent) for parent, _ in shares]
        await world.operations.change_parent_pool(admin, pool=pool(child), parents=parents, specs=specs)

    await move("c", ("a", MIB), ("b", 2 * MIB))
    assert (pool("a").reserved, pool("b").reserved, pool("c").capacity) == (MIB, 2 * MIB, 3 * MIB)
    for child in ("a", "b"):
        with pytest.raises(ModelError, match="itself or a part of it"):
            await move(child, ("memory", MIB), ("c", MIB))
    await move("c", ("memory", 4 * MIB))
    assert (pool("a").reserved, pool("b").reserved) == (0, 0)


async def test_a_pool_without_a_name_gets_one(world, make):
    assert [(await make(None, "memory", MIB)).name for _ in range(2)] == ["memory-1", "memory-2"]


async def test_devices_are_put_into_a_pool_that_has_the_hosts_own_as_a_parent(world, admin, pool, make):
    first, *_ = host_devices(world.host)
    await make("a", "processor", 2)
    await make("inner", "a", 1)
    with pytest.raises(ModelError, match="one of its parents first"):
        await world.operations.add_to_pool(admin, pool=pool("inner"), devices=[first])
    shares = [PoolSpec(quantity=1), PoolSpec(quantity=1)]
    parents = [pool("a"), pool("processor")]
    await world.operations.change_parent_pool(admin, pool=pool("inner"), parents=parents, specs=shares)
    await world.operations.add_to_pool(admin, pool=pool("inner"), devices=[first])
    assert pool("inner").shares == (PoolShare("a", 1), PoolShare("processor", 2))
    with pytest.raises(ModelError, match="keep that parent"):
        await world.operations.change_parent_pool(admin, pool=pool("inner"), parents=[pool("a")], specs=[shares[0]])
    assert (pool("a").reserved, pool("processor").reserved) == (1, 4)


async def test_a_pool_is_not_made_smaller_than_what_is_in_it(world, admin, pool, make):
    await make("gold", "memory", GIB)
    system = await world.define(MemorySpec(size=64 * MIB, pool="gold"))
    await world.act(system, Action.START)
    with pytest.raises(ModelError) as refused:
        await world.operations.change_parent_pool(
            admin, pool=pool("gold"), parents=[pool("memory")], specs=[PoolSpec(quantity=MIB)]
        )
    assert refused.value.problem is Problem.INSUFFICIENT
    assert pool("gold").capacity == GIB


async def test_pools_and_what_is_in_them_survive_a_restart(world, admin, pool, tmp_path):
    store = PoolStore(tmp_path / "state.db")
    operations = Operations(world.inventory, world.policy, pool_store=store)
    await operations.create_child_pool(
        admin, host=world.host, name="gold", parents=[pool("memory")], specs=[PoolSpec(quantity=GIB)]
    )
    world.operations = operations
    system = await world.define(MemorySpec(size=64 * MIB, pool="gold"))
    store.close()
    store = PoolStore(tmp_path / "state.db")
    again = Inventory([world.driver], pools=store.pools(), members=store.members())
    await world.inventory.close()
    await again.start()
    try:
        assert again.generation.host(world.host.id).pools == world.host.pools
        assert again.generation.system(system.id).effective.memory.pool == "gold"
        assert find_pool(again.generation, f"{world.host.id}/pool/gold").capacity == GIB
    finally:
        await again.close()
        store.close()


class _Full(PoolStore):
    def save_pools(self, host_id, pools):
        raise StoreError("the disk is full")

    def save_members(self, system_id, members):
        raise StoreError("the disk is full")


async def test_what_cannot_be_stored_is_not_shown(world, admin, pool, make, tmp_path):
    await make("gold", "memory", GIB)
    store = _Full(tmp_path / "state.db")
    world.operations = Operations(world.inventory, Policy(), pool_store=store)
    with pytest.raises(ModelError, match="the disk is full"):
        await world.operations.create_child_pool(
            admin, host=world.host, name="more", parents=[pool("memory")], specs=[PoolSpec(quantity=GIB)]
        )
    with pytest.raises(ModelError, match="the disk is full"):
        await world.define(MemorySpec(size=64 * MIB, pool="gold"))
    assert pool("more") is None
    assert not world.names()
    store.close()
