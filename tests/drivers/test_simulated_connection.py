"""A simulated platform whose host, or whose connection, goes away."""

from __future__ import annotations

import asyncio

from tests.drivers.simulated_platform import Platform
from tests.drivers.subject import refuses

from openvman.drivers.contract import ConnectionLost
from openvman.messages.problem import Problem
from openvman.model.states import Action, State


async def test_nothing_is_done_on_a_host_that_is_offline(platform) -> None:
    system = await platform.define()
    platform.driver.hypervisor.set_online(platform.host.id, online=False)
    assert not (await platform.driver.read_host(platform.host.id)).online
    for call in (
        platform.driver.act(system.id, Action.START),
        platform.driver.define(platform.definition("other")),
        platform.driver.inspect_image(platform.host.id, "/simulated/images/plain.raw"),
    ):
        with refuses(Problem.UNAVAILABLE):
            await call


async def test_systems_live_on_while_nobody_is_connected(platform) -> None:
    system = await platform.active()
    await platform.driver.close()
    platform.events.clear()
    platform.driver.hypervisor.act(system.id, Action.PAUSE)
    await asyncio.sleep(0)
    assert platform.events == []
    await platform.driver.open(platform.events.append)
    assert await platform.state(system.id) is State.PAUSED


async def test_no_event_after_close(platform) -> None:
    system = await platform.define()
    await asyncio.sleep(0)
    platform.events.clear()
    platform.driver.hypervisor.act(system.id, Action.START)
    await platform.driver.close()
    await asyncio.sleep(0)
    assert platform.events == []


async def test_a_broken_connection_is_told_once(platform) -> None:
    platform.driver.disconnect("pulled")
    await asyncio.sleep(0)
    assert platform.events[-1:] == [ConnectionLost("pulled")]
    with refuses(Problem.UNAVAILABLE):
        await platform.driver.load()
    with refuses(Problem.UNAVAILABLE):
        await platform.driver.open(platform.events.append)
    platform.driver.reconnect()
    await platform.driver.open(platform.events.append)
    assert platform.events.count(ConnectionLost("pulled")) == 1


async def test_calls_under_way_end_with_the_connection() -> None:
    platform = Platform("sim://?vms=0&latency=1us&fault=read_host,delay=9s")
    await platform.open()
    call = asyncio.ensure_future(platform.driver.read_host("any"))
    await asyncio.sleep(0)
    await platform.driver.close()
    with refuses(Problem.UNAVAILABLE):
        await call
