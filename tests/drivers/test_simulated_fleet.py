"""Fleets from counts, and the addresses that describe them."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from openvman.drivers.contract import SystemChanged
from openvman.drivers.simulated import create
from openvman.drivers.simulated.address import parse
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.states import Action, State


async def load(uri: str):
    driver = create(uri, state=Path("/nonexistent"), deadline=10)
    await driver.open(lambda _: None)
    picture = await driver.load()
    await driver.close()
    return picture


async def test_counts_and_shares() -> None:
    picture = await load("sim://?hosts=3&vms=20&active=50%25&paused=0.1&suspended=5%25")
    assert len(picture.hosts) == 3
    for host in picture.hosts:
        states = Counter(s.state for s in picture.systems if s.host_id == host.id)
        assert states == {State.ACTIVE: 10, State.PAUSED: 2, State.SUSPENDED: 1, State.DEFINED: 7}
    assert len({s.id for s in picture.systems}) == len({s.name for s in picture.systems}) == 60


async def test_the_same_address_is_the_same_fleet() -> None:
    uri = "sim://here?hosts=2&vms=5&active=40%25&seed=7"
    assert await load(uri) == await load(uri)


@pytest.mark.parametrize("other", ["sim://there?vms=5&seed=7", "sim://here?vms=5&seed=8"])
async def test_another_name_or_seed_is_another_fleet(other) -> None:
    one, two = await load("sim://here?vms=5&seed=7"), await load(other)
    assert {h.id for h in one.hosts}.isdisjoint(h.id for h in two.hosts)
    assert {s.id for s in one.systems}.isdisjoint(s.id for s in two.systems)


async def test_a_small_host_runs_what_fits() -> None:
    picture = await load("sim://?vms=20&active=1&memory=8GiB")
    active = [s for s in picture.systems if s.state is State.ACTIVE]
    assert 0 < sum(s.current.memory.size for s in active) <= picture.hosts[0].memory == 8 << 30
    assert len(active) < 20


async def test_systems_of_a_fleet_obey() -> None:
    driver = create("sim://?vms=4&active=25%25&suspended=25%25", state=Path("/nonexistent"), deadline=10)
    await driver.open(lambda _: None)
    for system in (await driver.load()).systems:
        line = f"openvman simulated guest {system.name}\r\n".encode()
        if system.state is not State.ACTIVE:
            await driver.act(system.id, Action.START)
        assert (await driver.read_system(system.id)).state is State.ACTIVE
        assert (await driver.read_console(system.id, 0, 0, 100)).data == line
        disk = system.effective.disks[0]
        assert (await driver.inspect_image(system.host_id, disk.source)).capacity == disk.capacity
        await driver.act(system.id, Action.STOP)
        await driver.undefine(system.id)
    assert (await driver.load()).systems == ()
    await driver.close()


async def test_a_restless_fleet_changes_by_itself_while_it_is_connected() -> None:
    told: asyncio.Queue[object] = asyncio.Queue()
    driver = create("sim://?vms=3&churn=500", state=Path("/nonexistent"), deadline=10)
    await driver.open(told.put_nowait)
    seen = {event.system_id for event in [await told.get() for _ in range(30)] if isinstance(event, SystemChanged)}
    assert seen == {system.id for system in (await driver.load()).systems}
    await driver.close()
    before = driver.hypervisor.systems.copy()
    await asyncio.sleep(0)
    assert driver.hypervisor.systems == before


def test_options_are_read() -> None:
    fleet = parse("sim://lab?hosts=2&vms=3&latency=5ms&guest_latency=1.5s&processors=8&memory=512MiB&active=25%25")
    assert (fleet.name, fleet.hosts, fleet.vms, fleet.processors) == ("lab", 2, 3, 8)
    assert (fleet.latency, fleet.guest_latency, fleet.memory, fleet.active) == (0.005, 1.5, 512 << 20, 0.25)
    assert parse("sim://").vms == 10


@pytest.mark.parametrize(
    "uri",
    [
        "qemu:///system",
        "sim://user:secret@host",
        "sim://[",
        "sim:///path",
        "sim://#part",
        "sim://?vms=few",
        "sim://?vms=1.5",
        "sim://?vms=-1",
        "sim://?vms=",
        "sim://?vms=1&vms=2",
        "sim://?vns=1",
        "sim://?active=150%25",
        "sim://?active=60%25&paused=60%25",
        "sim://?latency=5",
        "sim://?memory=5GB",
        "sim://?processors=0",
        "sim://?hosts=1000000&vms=1000000",
        "sim://?hosts=99999999999999999999",
        "sim://?fault=fly",
        "sim://?fault=load",
        "sim://?fault=load,problem=hunger",
        "sim://?fault=load,problem=invalid_query",  # what a request can be wrong in, a platform never sees
        "sim://?fault=load,mood=bad,delay=1s",
        "sim://?fault=load,after=yes,delay=1s",
        "sim://?fault=load,nth=first,delay=1s",
    ],
)
def test_an_address_that_breaks_the_grammar_is_refused(uri) -> None:
    with pytest.raises(ModelError) as raised:
        create(uri, state=Path("/nonexistent"), deadline=10)
    assert raised.value.problem is Problem.INVALID_PARAMETER
    assert "secret" not in raised.value.message
