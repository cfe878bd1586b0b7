"""Changes as jobs, over a real inventory, a simulated platform and a store on the disk."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from openvman.messages.problem import Problem
from openvman.model.actor import Actor, Role
from openvman.model.errors import ModelError
from openvman.model.job import Effect, Element, JobAction, JobSpec, JobState
from openvman.model.network import NetworkSpec
from openvman.model.network_filter import FilterReference, NetworkFilterSpec
from openvman.model.spec import SystemSpec
from openvman.model.states import Action, State
from openvman.model.storage import StoragePoolSpec, Volume
from openvman.operations.catalogue import USE_CASES
from openvman.operations.host_steps import (
    DeleteFilter,
    DeleteNetwork,
    DeleteStoragePool,
    RestoreNetwork,
    RestoreStoragePool,
    SetReference,
)
from openvman.operations.jobs.jobs import JobLimits, Jobs
from openvman.store.database import Database, StoreError
from openvman.store.jobs import JobStore

ANN = Actor("ann", Role.OPERATOR)
BOB = Actor("bob", Role.OPERATOR)
CHIEF = Actor("chief", Role.ADMIN)


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Office:
    """The jobs of a world; ``again`` is what a restart of the server makes of them."""

    def __init__(self, world, path, **limits) -> None:
        self.world = world
        self.clock = Clock()
        self.wall = datetime(2026, 5, 5, 12, tzinfo=UTC)
        self._path = path
        self._limits = JobLimits(**limits)
        self.start()

    def start(self) -> None:
        self.store = JobStore(Database(self._path))
        self.jobs = Jobs(
            self.world.operations,
            USE_CASES,
            self.world.inventory,
            self.store,
            self._limits,
            clock=lambda: self.wall,
            monotonic=self.clock,
        )

    async def close(self) -> None:
        await self.jobs.close()
        self.store.close()

    async def close_quietly(self) -> None:
        await self.jobs.close()
        self.store.close()
        shown = self.world.inventory.generation.jobs
        self.world.inventory.show_jobs([(job_id, None) for job_id in shown])

    def define(self, name, actor=ANN):
        return self.jobs.submit(actor, "define_system", {"system": SystemSpec(name=name), "resources": []})

    def act(self, system, action, actor=ANN):
        keywords = {"system": system, "action": action, "timeout": None}
        return self.jobs.submit(actor, "change_state", keywords)

    def job(self, ticket):
        return self.world.inventory.generation.job(ticket.job_id)

    def stored(self):
        return {each.job.id: each.job for each in self.store.load()}


@asynccontextmanager
async def _office(world, tmp_path, **limits):
    office = Office(world, tmp_path / "database", **limits)
    try:
        yield office
    finally:
        await office.close()


@pytest.fixture
async def office(world, tmp_path):
    async with _office(world, tmp_path) as made:
        yield made


async def test_a_change_leaves_its_job_shown_and_written(office):
    ticket = office.define("web")
    assert office.job(ticket).state is JobState.NEW
    system = await ticket.ended
    job = office.job(ticket)
    assert (job.state, job.percent, job.owner, job.host_id) == (JobState.COMPLETED, 100, "ann", system.host_id)
    assert job.submitted <= job.started <= job.ended == job.changed
    assert [(a.element, a.id, a.effect) for a in job.affected] == [(Element.SYSTEM, system.id, Effect.CREATES)]
    assert office.stored()[job.id] == job


async def test_a_refusal_is_an_exception_with_its_reason(office):
    await office.define("web").ended
    ticket = office.define("web")
    with pytest.raises(ModelError) as caught:
        await ticket.ended
    job = office.job(ticket)
    assert (job.state, job.failure.said) == (JobState.EXCEPTION, caught.value.said)
    assert caught.value.problem is Problem.ALREADY_EXISTS
    assert office.stored()[job.id] == job


async def test_only_so_many_run_at_a_time(world, tmp_path, until):
    world.inject(operation="define", delay=0.2)
    async with _office(world, tmp_path, per_host=2) as office:
        tickets = [office.define(f"vm{number}") for number in range(4)]
        # Where it is to be done is not said, so all of them are in one lane.
        await until(lambda: office.job(tickets[0]).state is JobState.RUNNING)
        assert [office.job(t).state for t in tickets] == [JobState.RUNNING] * 2 + [JobState.NEW] * 2
        await asyncio.gather(*(t.ended for t in tickets))


async def test_one_user_has_only_so_many(world, tmp_path):
    world.inject(operation="define", delay=0.2)
    async with _office(world, tmp_path, per_owner=2) as office:
        mine = [office.define("a"), office.define("b")]
        with pytest.raises(ModelError) as caught:
            office.define("c")
        assert caught.value.problem is Problem.BUSY
        others = office.define("d", BOB)
        await asyncio.gather(*(t.ended for t in (*mine, others)))
        await office.define("c").ended


async def test_one_that_waits_is_held_released_and_ended(world, tmp_path, until):
    world.inject(operation="define", delay=0.2)
    async with _office(world, tmp_path, per_host=1) as office:
        first, held, ended = office.define("a"), office.define("b"), office.define("c")
        await until(lambda: office.job(first).state is JobState.RUNNING)
        assert await office.jobs.control(ANN, job=office.job(held), action=JobAction.SUSPEND)
        assert await office.jobs.control(ANN, job=office.job(ended), action=JobAction.TERMINATE)
        assert [office.job(t).state for t in (held, ended)] == [JobState.SUSPENDED, JobState.TERMINATED]
        with pytest.raises(ModelError):
            await ended.ended
        await first.ended
        assert office.stored()[held.job_id].state is JobState.SUSPENDED
        assert await office.jobs.control(ANN, job=office.job(held), action=JobAction.RESUME)
        await held.ended
        assert world.names() == {"a", "b"}


async def test_one_that_is_about_to_begin_is_begun_or_ended_but_not_both(office):
    ticket = office.define("web")  # it has its turn, and has not done its first step
    with pytest.raises(ModelError) as caught:
        await office.jobs.control(ANN, job=office.job(ticket), action=JobAction.TERMINATE)
    assert caught.value.problem is Problem.BUSY
    await ticket.ended
    assert office.job(ticket).state is JobState.COMPLETED


async def test_one_that_runs_is_ended_and_taken_back(office, until):
    office.world.inject(operation="define", delay=0.2, after=True)
    ticket = office.define("web")
    await until(lambda: office.job(ticket).state is JobState.RUNNING)
    assert not await office.jobs.control(ANN, job=office.job(ticket), action=JobAction.KILL)
    assert office.job(ticket).state is JobState.SHUTTING_DOWN
    with pytest.raises(ModelError, match="ended by ann"):
        await ticket.ended
    assert office.job(ticket).state is JobState.KILLED
    assert office.world.names() == set()


async def test_how_far_it_is_comes_from_the_platform_and_only_grows(office, until):
    system = await office.define("web").ended
    await office.act(system, Action.START).ended
    office.world.inject(operation="act.suspend", delay=0.3)
    ticket, shown = office.act(office.world.system(system.id), Action.SUSPEND), []
    unsubscribe = office.world.inventory.subscribe(lambda _difference: shown.append(office.job(ticket)))
    await until(lambda: 0 < office.job(ticket).percent < 100)
    assert office.job(ticket).status == "suspending"
    await ticket.ended
    unsubscribe()
    percents = [job.percent for job in shown]
    assert percents == sorted(percents)
    assert all((job.percent == 100) == (job.state is JobState.COMPLETED) for job in shown)


async def test_a_platform_that_counts_badly_makes_no_job_go_back_or_end_early(office, monkeypatch):
    system = await office.define("web").ended
    act, shown = office.world.driver.act, []

    async def counting(system_id, action, progress):
        for percent in (50, 30, 100):
            progress(percent)
            shown.append(office.job(ticket).percent)
        await act(system_id, action)

    monkeypatch.setattr(office.world.driver, "act", counting)
    ticket = office.act(system, Action.START)
    await ticket.ended
    assert shown == [50, 50, 99]
    assert office.job(ticket).percent == 100


async def test_a_suspension_that_is_ended_leaves_the_system_as_it_was(office, until):
    system = await office.define("web").ended
    await office.act(system, Action.START).ended
    office.world.inject(operation="act.suspend", delay=3600.0)
    ticket = office.act(office.world.system(system.id), Action.SUSPEND)
    await until(lambda: office.world.system(system.id).transition is not None)
    await office.jobs.control(ANN, job=office.job(ticket), action=JobAction.TERMINATE)
    with pytest.raises(ModelError, match="ended by ann"):
        await ticket.ended
    assert office.job(ticket).state is JobState.TERMINATED
    assert office.job(ticket).percent < 100
    assert office.world.system(system.id).state is State.ACTIVE


@pytest.mark.parametrize("action", [JobAction.SUSPEND, JobAction.RESUME, JobAction.TERMINATE, JobAction.KILL])
async def test_one_that_has_ended_stays_as_it_is(office, action):
    ticket = office.define("web")
    await ticket.ended
    with pytest.raises(ModelError) as caught:
        await office.jobs.control(ANN, job=office.job(ticket), action=action)
    assert caught.value.problem is Problem.INVALID_STATE


async def test_only_the_owner_and_administrators_control_it(office):
    ticket = office.define("web")
    await ticket.ended
    with pytest.raises(ModelError) as caught:
        await office.jobs.remove(BOB, job=office.job(ticket))
    assert caught.value.problem is Problem.ACCESS_DENIED
    await office.jobs.remove(CHIEF, job=office.job(ticket))
    assert office.job(ticket) is None
    assert office.stored() == {}


async def test_one_goes_away_in_its_time_unless_its_owner_says_otherwise(office, until):
    short, kept = office.define("a"), office.define("b")
    await asyncio.gather(short.ended, kept.ended)
    await office.jobs.keep(ANN, spec=JobSpec(job_id=short.job_id, remaining=timedelta(seconds=10)))
    await office.jobs.keep(ANN, spec=JobSpec(job_id=kept.job_id, delete_on_completion=False))
    office.clock.seconds += 1_000_000
    await until(lambda: office.job(short) is None)
    assert set(office.stored()) == {kept.job_id}


async def test_how_long_one_stays_counts_from_its_end(office, until):
    ticket, other = office.define("a"), office.define("b")
    await asyncio.gather(ticket.ended, other.ended)
    office.clock.seconds += 200
    await office.jobs.keep(ANN, spec=JobSpec(job_id=ticket.job_id, remaining=timedelta(seconds=250)))
    office.clock.seconds += 60
    await until(lambda: office.job(ticket) is None)
    assert office.job(other) is not None


async def test_a_clock_that_is_set_back_makes_no_time_negative_and_removes_nothing_early(office, until):
    office.world.inject(operation="define", delay=0.2)
    ticket = office.define("web")
    await until(lambda: office.job(ticket).state is JobState.RUNNING)
    office.wall -= timedelta(days=400)
    office.clock.seconds += 30
    await ticket.ended
    job = office.job(ticket)
    assert job.submitted <= job.started <= job.ended == job.changed
    assert job.ended - job.started == timedelta(seconds=30)
    await office.close_quietly()
    office.start()
    office.jobs.adopt(_no_call)
    office.clock.seconds += 299
    await office.jobs.keep(ANN, spec=JobSpec(job_id=ticket.job_id, delete_on_completion=True))
    await office.define("other").ended
    assert office.job(ticket) is not None
    office.clock.seconds += 2
    await until(lambda: office.job(ticket) is None)


async def test_one_that_waited_over_a_restart_with_a_clock_set_back_has_its_times_in_order(world, tmp_path, until):
    world.inject(operation="define", delay=0.3, subject="a")
    async with _office(world, tmp_path, per_host=1) as office:
        office.define("a")
        told = office.define("b")
        await office.jobs.acknowledge(told.job_id)
        await office.close_quietly()
        world.driver.clear_faults()
        office.wall -= timedelta(days=1)
        office.start()
        given = {"system": SystemSpec(name="b"), "resources": []}
        office.jobs.adopt(lambda _job, _actor: (given, lambda _result, _error: None))
        await until(lambda: office.job(told).state.is_final)
        job = office.job(told)
        assert job.submitted <= job.started <= job.ended


async def test_of_too_many_that_have_ended_the_oldest_go(world, tmp_path, until):
    async with _office(world, tmp_path, kept=2) as office:
        tickets = [office.define(f"vm{number}") for number in range(4)]
        for ticket in tickets:
            await ticket.ended
        await until(lambda: len(office.stored()) == 2)
        assert set(office.stored()) == {ticket.job_id for ticket in tickets[2:]}


async def test_what_cannot_be_written_is_not_done(office, until):
    await office.define("web").ended
    refused = []

    def full(_writes) -> None:
        refused.append(1)
        message = "database or disk is full"
        raise StoreError(message)

    office.store.write = full
    ticket = office.define("other")
    # The end waits for the disk too: nobody is told what may be forgotten.
    await until(lambda: len(refused) >= 3)
    assert not ticket.ended.done()
    del office.store.write
    with pytest.raises(ModelError, match="cannot be written down"):
        await ticket.ended
    assert office.world.names() == {"web"}


async def test_a_restart_finds_what_had_ended(office):
    ticket = office.define("web")
    await ticket.ended
    job = office.job(ticket)
    await office.close_quietly()
    office.start()
    office.jobs.adopt(_no_call)
    assert office.job(ticket) == job


def _no_call(_job, _actor):
    message = "no job is to be read again"
    raise AssertionError(message)


async def test_what_waited_and_was_acknowledged_is_done_after_a_restart(world, tmp_path, until):
    world.inject(operation="define", delay=0.3, subject="a")
    async with _office(world, tmp_path, per_host=1) as office:
        first, told, untold = office.define("a"), office.define("b"), office.define("c")
        await office.jobs.acknowledge(told.job_id)
        await office.close_quietly()
        world.driver.clear_faults()
        office.start()
        given = {"system": SystemSpec(name="b"), "resources": []}
        office.jobs.adopt(lambda _job, _actor: (given, lambda _result, _error: None))
        await until(lambda: all(office.job(t).state.is_final for t in (first, told, untold)))
        assert office.job(told).state is JobState.COMPLETED
        assert office.job(untold).state is JobState.EXCEPTION
        assert "before it began" in str(office.job(untold).failure.said)
        assert world.names() == {"b"}


async def test_a_destruction_is_finished_after_a_restart(office, until):
    system = await office.define("web").ended
    await office.act(system, Action.START).ended
    system = office.world.system(system.id)
    office.world.inject(operation="undefine", problem=Problem.UNAVAILABLE)
    ticket = office.jobs.submit(ANN, "destroy_system", {"system": system})
    with pytest.raises(ModelError):
        await ticket.ended
    # As if the server had died there.
    begun = replace(office.job(ticket), state=JobState.RUNNING, ended=None, failure=None)
    await office.jobs._record.put(begun)
    await office.close_quietly()
    office.world.driver.clear_faults()
    office.start()
    office.jobs.adopt(_no_call)
    await until(lambda: office.job(ticket).state is JobState.COMPLETED)
    assert office.world.names() == set()


@pytest.mark.parametrize(("happened", "state"), [(True, JobState.COMPLETED), (False, JobState.EXCEPTION)])
async def test_a_change_of_state_is_as_done_as_it_looks(office, until, happened, state):
    system = await office.define("web").ended
    if happened:
        await office.act(system, Action.START).ended
    ticket = office.act(office.world.system(system.id), Action.PAUSE)
    with pytest.raises(ModelError) if not happened else nullcontext():
        await ticket.ended
    begun = replace(office.job(ticket), state=JobState.RUNNING, ended=None, failure=None)
    await office.jobs._record.put(begun)
    await office.close_quietly()
    office.start()
    office.jobs.adopt(_no_call)
    await until(lambda: office.job(ticket).state.is_final)
    assert office.job(ticket).state is state
    assert office.world.system(system.id).state is (State.PAUSED if happened else State.DEFINED)


def _deletions(world):
    """What is deleted of a host: the use case, its keywords, the driver's call, and what is left."""
    host = world.host
    [volume] = world.inventory.generation.volumes_of(host.id, "default").volumes
    return {
        "delete_network": ({"network": host.networks[0]}, lambda: world.host.networks, host.networks[1:]),
        "delete_network_filter": ({"filter": host.filters[0]}, lambda: world.host.filters, ()),
        "delete_volume": (
            {"volume": volume},
            lambda: world.inventory.generation.volumes_of(host.id, "default").volumes,
            (),
        ),
        "delete_storage_pool": ({"pool": host.storage[-1]}, lambda: world.host.storage, host.storage[:-1]),
    }


@pytest.mark.parametrize("name", ["delete_network", "delete_network_filter", "delete_volume", "delete_storage_pool"])
async def test_a_deletion_of_a_part_of_a_host_is_finished_after_a_restart(office, until, name):
    world = office.world
    other = StoragePoolSpec(name="other", folder="/simulated/pools/other")
    await world.driver.create_storage_pool(world.host.id, other)
    await world.driver.create_volume(world.host.id, Volume("default", "a.img"), "raw", 1 << 20)
    await world.inventory.refresh_host(world.host.id)
    await world.inventory.refresh_volumes(world.host.id, "default")
    keywords, there, left = _deletions(world)[name]
    world.inject(operation=name.replace("network_filter", "filter"), problem=Problem.UNAVAILABLE)
    ticket = office.jobs.submit(CHIEF, name, keywords)
    with pytest.raises(ModelError):
        await ticket.ended
    [affected] = office.job(ticket).affected
    assert (affected.effect, affected.id.partition("/")[0]) == (Effect.CHANGES, world.host.id)
    # As if the server had died there.
    begun = replace(office.job(ticket), state=JobState.RUNNING, ended=None, failure=None)
    await office.jobs._record.put(begun)
    await office.close_quietly()
    world.driver.clear_faults()
    office.start()
    office.jobs.adopt(_no_call)
    await until(lambda: office.job(ticket).state is JobState.COMPLETED)
    assert there() == left


def _begun(world):
    """What is begun with a host, and what takes it back when the server has died in between."""
    host_id = world.host.id
    uuids = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(3)]
    network, hypervisor = world.host.networks[0], world.driver.hypervisor
    mail, spoofing = NetworkFilterSpec(name="mail", uuid=uuids[1]), world.host.filters[0]
    pool = StoragePoolSpec(name="other", uuid=uuids[2], folder="/simulated/pools/other")
    refers = FilterReference(spoofing.name)
    return [
        (
            lambda: hypervisor.create_network(host_id, NetworkSpec(name="new", uuid=uuids[0])),
            DeleteNetwork(host_id, uuids[0], "new"),
        ),
        (
            lambda: hypervisor.change_network(host_id, network.uuid, False, False),
            RestoreNetwork(host_id, network.uuid, network.name, active=True, autostart=True),
        ),
        (lambda: hypervisor.create_filter(host_id, mail), DeleteFilter(host_id, uuids[1], "mail")),
        (
            lambda: hypervisor.add_filter_reference(host_id, uuids[1], refers),
            SetReference(host_id, uuids[1], refers.filter, refers.parameters, there=False),
        ),
        (lambda: hypervisor.create_storage_pool(host_id, pool), DeleteStoragePool(host_id, uuids[2], "other")),
        (
            lambda: hypervisor.change_storage_pool(host_id, "default", False, False),
            RestoreStoragePool(host_id, "default", active=True, autostart=True),
        ),
    ]


@pytest.mark.parametrize("acts", [0, 6])
async def test_what_was_begun_with_a_host_is_taken_back_after_a_restart(office, until, acts):
    world = office.world
    before = world.host
    ticket = office.jobs.submit(CHIEF, "create_network", {"host": before, "network": NetworkSpec(name="default")})
    with pytest.raises(ModelError):
        await ticket.ended
    begun = replace(office.job(ticket), state=JobState.RUNNING, ended=None, failure=None)
    await office.jobs._record.put(begun)
    for number, (act, step) in enumerate(_begun(world)):
        await office.jobs._record.add_step(begun, number, step)
        if number < acts:
            act()
    await office.close_quietly()
    office.start()
    office.jobs.adopt(_no_call)
    await until(lambda: office.job(ticket).state is JobState.EXCEPTION)
    message = str(office.job(ticket).failure.said)
    assert "was taken back" in message
    assert "Could not" not in message
    await world.inventory.refresh_host(world.host.id)
    assert world.host == before


async def test_another_pool_of_the_name_is_not_taken_back(world):
    other = StoragePoolSpec(name="other", folder="/simulated/pools/other")
    await world.driver.create_storage_pool(world.host.id, other)
    await DeleteStoragePool(world.host.id, "00000001-0000-4000-8000-000000000000", "other").run(
        world.operations.context
    )
    assert "other" in [pool.name for pool in world.host.storage]
