"""Anything at once against pools: whatever is asked for in whatever order, what pools promise is kept."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openvman.drivers.simulated import SimulatedDriver
from openvman.drivers.simulated.address import parse
from openvman.inventory.inventory import Inventory
from openvman.messages import pools as pools_rows
from openvman.messages import systems as systems_rows
from openvman.messages.problem import Problem
from openvman.model.actor import Actor, Role
from openvman.model.errors import ModelError
from openvman.model.pool import find_pool, pools_of
from openvman.model.resource import ResourceKind, kind_of, pool_name, quantity
from openvman.model.spec import DiskSpec, MemorySpec, PoolSpec, SystemSpec
from openvman.model.states import Action
from openvman.operations.operations import Operations
from openvman.operations.policy import Policy
from openvman.store.pools import PoolStore

MIB = 1024**2
ADMIN = Actor("admin", Role.ADMIN)
REFUSALS = {
    Problem.ALREADY_EXISTS,
    Problem.BUSY,
    Problem.IN_USE,
    Problem.INSUFFICIENT,
    Problem.INVALID_PARAMETER,
    Problem.INVALID_STATE,
    Problem.NOT_FOUND,
}
NAMES = ("a", "b", "c", "d")

_name = st.sampled_from(NAMES)
_above = st.sampled_from(("memory", *NAMES))
_some = st.integers(0, 5)
_size = st.sampled_from((MIB, 2 * MIB, 4 * MIB, 5 * MIB))
_shares = st.lists(st.tuples(_above, _size), min_size=1, max_size=2)
_steps = st.one_of(
    st.tuples(st.just("define"), _name, _size),
    st.tuples(st.just("resize"), _some, st.booleans(), _size),
    st.tuples(st.just("put"), _some, _above),
    st.tuples(st.just("act"), _some, st.just(Action.START)),
    st.tuples(st.just("act"), _some, st.sampled_from((Action.START, Action.STOP, Action.PAUSE, Action.SUSPEND))),
    st.tuples(st.just("destroy"), _some),
    st.tuples(st.just("create"), _name, _shares),
    st.tuples(st.just("move"), _name, _shares),
    st.tuples(st.just("delete"), _name),
    st.tuples(st.just("plug"), _some, _size),
)
_storms = st.lists(st.lists(_steps, min_size=2, max_size=8), min_size=2, max_size=8)
"""What happens one after the other, of each what happens at once."""


@dataclass
class Place:
    """A host with some pools that are nearly full, and what is done to it."""

    inventory: Inventory
    operations: Operations

    @property
    def host(self):
        [host] = self.inventory.generation.hosts.values()
        return host

    def pool(self, name):
        found = find_pool(self.inventory.generation, f"{self.host.id}/pool/{name}")
        if found is None:
            raise ModelError(pools_rows.DELETED_MEANWHILE, id=name)
        return found

    def system(self, number):
        systems = sorted(self.inventory.generation.systems.values(), key=lambda system: system.name)
        if not systems:
            raise ModelError(systems_rows.UNKNOWN, id=number)
        return systems[number % len(systems)]

    async def define(self, pool, size):
        resources = [MemorySpec(size=size, maximum=8 * MIB, pool=pool)]
        return await self.operations.define_system(ADMIN, system=SystemSpec(), resources=resources)

    async def resize(self, number, live, size):
        system = self.system(number)
        configuration = (system.current if live else None) or system.effective
        spec = MemorySpec(allocation_id=configuration.memory.id, size=size)
        await self.operations.modify_resources(ADMIN, specs=[spec])

    async def put(self, number, pool):
        spec = MemorySpec(allocation_id=self.system(number).effective.memory.id, pool=pool)
        await self.operations.modify_resources(ADMIN, specs=[spec])

    async def act(self, number, action):
        await self.operations.change_state(ADMIN, system=self.system(number), action=action)

    async def destroy(self, number):
        await self.operations.destroy_system(ADMIN, system=self.system(number))

    async def create(self, name, shares):
        parents, specs = self._shares(shares)
        await self.operations.create_child_pool(ADMIN, host=self.host, name=name, parents=parents, specs=specs)

    async def move(self, name, shares):
        parents, specs = self._shares(shares)
        await self.operations.change_parent_pool(ADMIN, pool=self.pool(name), parents=parents, specs=specs)

    def _shares(self, shares):
        return [self.pool(parent) for parent, _ in shares], [PoolSpec(quantity=size) for _, size in shares]

    async def delete(self, name):
        await self.operations.delete_pool(ADMIN, pool=self.pool(name))

    async def plug(self, number, size):
        disk = DiskSpec(capacity=size, pool="shelf")
        await self.operations.add_resources(ADMIN, configuration=self.system(number).effective, specs=[disk])

    async def do(self, step):
        name, *arguments = step
        try:
            await getattr(self, name)(*arguments)
        except ModelError as error:
            assert error.problem in REFUSALS, error  # noqa: PT017 - a refusal is fine, these only


def check(generation):
    """Nothing is given beyond what there is, and what is told of it is what brute force finds."""
    [host] = generation.hosts.values()
    for pool in pools_of(host, generation.consumed):
        taken = sum(share.quantity for child in host.pools for share in child.shares if share.parent == pool.name)
        for system in generation.systems.values():
            for allocation in system.effective.allocations():
                held = system.current is not None or kind_of(allocation) is ResourceKind.DISK
                if held and pool_name(allocation) == pool.name and pool.kind is not ResourceKind.PROCESSOR:
                    taken += quantity(allocation)
        assert pool.reserved == taken, pool.name
        assert pool.capacity is None or pool.reserved <= pool.capacity, pool.name
        for system in generation.systems.values():
            for configuration in system.configurations():
                for allocation in configuration.allocations():
                    assert allocation.pool is None or allocation.pool in {child.name for child in host.pools}


async def _storm(storms, path):
    driver, store = SimulatedDriver(parse("sim://?vms=0&latency=1ms"), deadline=10), PoolStore(path)
    inventory = Inventory([driver])
    await inventory.start()
    try:
        policy = Policy(image_roots=(Path("/simulated/images"),))
        place = Place(inventory, Operations(inventory, policy, pool_store=store))
        await place.create("a", [("memory", 8 * MIB)])
        await place.create("b", [("a", 4 * MIB)])
        await place.operations.create_child_pool(
            ADMIN, host=place.host, name="shelf", parents=[place.pool("disk")], specs=[PoolSpec(quantity=8 * MIB)]
        )
        for pool in ("a", "a", "b", "b"):
            await place.define(pool, 3 * MIB)
        for at_once in storms:
            await asyncio.gather(*map(place.do, at_once))
            check(inventory.generation)
        before = inventory.generation
    finally:
        await inventory.close()
        store.close()
    store = PoolStore(path)
    again = Inventory([driver], pools=store.pools(), members=store.members())
    await again.start()
    try:
        check(again.generation)
        [host], [now] = before.hosts.values(), again.generation.hosts.values()
        assert now.pools == host.pools
        assert {p.id: p.reserved for p in pools_of(now, again.generation.consumed)} == {
            p.id: p.reserved for p in pools_of(host, before.consumed)
        }
        for system in before.systems.values():
            same = again.generation.system(system.id)
            assert [pool_name(a) for a in same.effective.allocations()] == [
                pool_name(a) for a in system.effective.allocations()
            ]
    finally:
        await again.close()
        store.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(storms=_storms)
def test_pools_keep_what_they_promise(storms):
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_storm(storms, Path(folder) / "state.db"))
