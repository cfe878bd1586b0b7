"""Anything at once against pools: whatever is asked for in whatever order, what pools promise is kept."""

from __future__ import annotations

import asyncio
import secrets
import selectors
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from openvman.drivers.simulated import Fault, SimulatedDriver
from openvman.drivers.simulated.address import parse
from openvman.inventory.inventory import Inventory
from openvman.messages import pools as pools_rows
from openvman.messages import systems as systems_rows
from openvman.messages.problem import Problem
from openvman.model.actor import Actor, Role
from openvman.model.errors import ModelError
from openvman.model.pool import find_pool, pool_named, pools_of
from openvman.model.resource import ResourceKind, kind_of, pool_name, quantity
from openvman.model.spec import DiskSpec, MemorySpec, PoolSpec, SystemSpec
from openvman.model.states import Action
from openvman.operations.operations import Operations
from openvman.operations.policy import Policy

MIB = 1024**2
ADMIN = Actor("admin", Role.ADMIN)
REFUSALS = {
    Problem.ALREADY_EXISTS,
    Problem.BUSY,
    Problem.FAILED,
    Problem.IN_USE,
    Problem.INSUFFICIENT,
    Problem.INVALID_PARAMETER,
    Problem.INVALID_STATE,
    Problem.NOT_FOUND,
}
NAMES = ("a", "b", "c")

FAILING = ("add_resources", "remove_resources", "modify_resource", "act.start")

_name = st.sampled_from(NAMES)
_above = st.sampled_from(("memory", *NAMES))
_some = st.integers(0, 4)
_several = st.lists(_some, min_size=1, max_size=3, unique=True)
_size = st.sampled_from((MIB, 2 * MIB, 3 * MIB, 5 * MIB))
_shares = st.lists(st.tuples(_above, _size), min_size=1, max_size=2)
_steps = st.one_of(
    st.tuples(st.just("define"), _name, _size),
    st.tuples(st.just("resize"), _several, st.booleans(), _size),
    st.tuples(st.just("put"), _some, _above),
    st.tuples(st.just("act"), _some, st.just(Action.START)),
    st.tuples(st.just("act"), _some, st.sampled_from((Action.START, Action.STOP, Action.PAUSE, Action.SUSPEND))),
    st.tuples(st.just("destroy"), _some),
    st.tuples(st.just("create"), _name, _shares),
    st.tuples(st.just("move"), _name, _shares),
    st.tuples(st.just("delete"), _name),
    st.tuples(st.just("plug"), _some, st.booleans(), _size),
    st.tuples(st.just("unplug"), _several, st.booleans()),
    st.tuples(st.just("fail"), st.sampled_from(FAILING), st.integers(1, 2)),
)
_storms = st.lists(st.lists(_steps, min_size=2, max_size=8), min_size=2, max_size=8)
"""What happens one after the other, of each what happens at once."""

EXAMPLES = 80
SECONDS = 50.0
"""For all of it, also for finding a smaller storm than the first that fails: well within the time that a test has."""


@dataclass
class Place:
    """A host with some pools that are nearly full, and what is done to it."""

    driver: SimulatedDriver
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

    def configuration(self, number, live):
        system = self.system(number)
        return system.effective if live else system.defined

    async def define(self, pool, size):
        resources = [MemorySpec(size=size, maximum=8 * MIB, pool=pool)]
        return await self.operations.define_system(ADMIN, system=SystemSpec(), resources=resources)

    async def resize(self, numbers, live, size):
        memories = {self.configuration(number, live).memory.id for number in numbers}
        specs = [MemorySpec(allocation_id=memory, size=size) for memory in sorted(memories)]
        await self.operations.modify_resources(ADMIN, specs=specs)

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

    async def plug(self, number, live, size):
        disk = DiskSpec(capacity=size, pool="shelf")
        await self.operations.add_resources(ADMIN, configuration=self.configuration(number, live), specs=[disk])

    async def unplug(self, numbers, live):
        disks = [disk for number in numbers for disk in self.configuration(number, live).disks]
        await self.operations.remove_resources(ADMIN, allocations=disks)

    async def fail(self, operation, nth):
        self.driver.inject(Fault(operation=operation, nth=nth, problem=Problem.FAILED))

    async def do(self, step):
        name, *arguments = step
        try:
            await getattr(self, name)(*arguments)
        except ModelError as error:
            assert error.problem in REFUSALS, error  # noqa: PT017 - a refusal is fine, these only


def check_room(generation):
    """Nothing is given beyond what there is."""
    [host] = generation.hosts.values()
    for name in ("memory", *(child.name for child in host.pools)):
        pool = pool_named(host, name, generation.consumed)
        assert pool.reserved <= pool.capacity, f"{name}: {pool.reserved} of {pool.capacity}"


def check(generation):
    """What is told of what is given is what brute force finds."""
    check_room(generation)
    [host] = generation.hosts.values()
    for pool in pools_of(host, generation.consumed):
        taken = sum(share.quantity for child in host.pools for share in child.shares if share.parent == pool.name)
        for system in generation.systems.values():
            images = {}
            for allocation in (a for each in system.remembered() for a in each.allocations()):
                if pool_name(allocation) != pool.name or pool.kind is ResourceKind.PROCESSOR:
                    continue
                if kind_of(allocation) is ResourceKind.DISK:
                    images[allocation.source] = quantity(allocation)
                elif system.current is not None and allocation.configuration_id == system.current.id:
                    taken += quantity(allocation)
            taken += sum(images.values())
        assert pool.reserved == taken, pool.name
        for system in generation.systems.values():
            for configuration in system.configurations():
                for allocation in configuration.allocations():
                    assert allocation.pool is None or allocation.pool in {child.name for child in host.pools}


class Kept:
    """A store that outlives the server and writes nothing."""

    def __init__(self):
        self.pools, self.members = {}, {}

    def save_pools(self, host_id, pools):
        self.pools[host_id] = pools

    def save_members(self, system_id, members):
        self.members[system_id] = members


async def _storm(storms):
    driver, store = SimulatedDriver(parse("sim://?vms=0&latency=1ms"), deadline=10), Kept()
    inventory = Inventory([driver])
    await inventory.start()
    try:
        policy = Policy(image_roots=(Path("/simulated/images"),))
        numbers = count(1)
        operations = Operations(inventory, policy, pool_store=store, new_id=lambda: str(UUID(int=next(numbers) << 96)))
        place = Place(driver, inventory, operations)
        told = []
        inventory.subscribe(lambda difference: told.append(difference.after))
        await place.create("a", [("memory", 8 * MIB)])
        await place.create("b", [("a", 4 * MIB)])
        await place.operations.create_child_pool(
            ADMIN, host=place.host, name="shelf", parents=[place.pool("disk")], specs=[PoolSpec(quantity=8 * MIB)]
        )
        for pool in ("a", "a", "b", "b"):
            await place.define(pool, 3 * MIB)
        for number in (0, 2):
            await place.plug(number, False, 3 * MIB)
            await place.act(number, Action.START)
        for at_once in storms:
            await asyncio.gather(*map(place.do, at_once))
            check(inventory.generation)
            while told:
                check_room(told.pop())
        before = inventory.generation
    finally:
        await inventory.close()
    again = Inventory([driver], pools=store.pools, members=store.members)
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


class AtOnce(ThreadPoolExecutor):
    """Does what it is given before it returns: no thread decides who comes first."""

    def submit(self, work, /, *arguments, **named):
        done = Future()
        try:
            done.set_result(work(*arguments, **named))
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            done.set_exception(error)
        return done


class Loop(asyncio.SelectorEventLoop):
    """Its time passes when all wait for it: the same storm always takes the same course, and nobody waits."""

    def __init__(self):
        loop, self.now = self, 0.0

        class Selector(selectors.DefaultSelector):
            def select(self, timeout=None):
                assert timeout is not None, "all wait, and for nothing that could come"
                loop.now += timeout
                return super().select(0)

        super().__init__(Selector())
        self.set_default_executor(AtOnce())

    def time(self):
        return self.now

    async def shutdown_default_executor(self):
        """It has no threads; asyncio would start one to end them, and wait for it."""


def run(storms):
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(_storm(storms))


class Bounded:
    """After its time only storms that are known to fail are tried: Hypothesis then tells of the smallest of them."""

    def __init__(self, seconds):
        self.until = time.monotonic() + seconds
        self.failed = set()

    def run(self, storms):
        if time.monotonic() > self.until and repr(storms) not in self.failed:
            return
        try:
            run(storms)
        except AssertionError:
            self.failed.add(repr(storms))
            raise


def test_pools_keep_what_they_promise(pytestconfig):
    number = pytestconfig.getoption("hypothesis_seed")
    number = secrets.randbits(32) if number in (None, "random") else int(number)
    print(f"the same storms again: --hypothesis-seed={number}")  # noqa: T201 - shown when the test fails
    bounded = Bounded(SECONDS)

    @seed(number)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(storms=_storms)
    def storm(storms):
        bounded.run(storms)

    storm()
