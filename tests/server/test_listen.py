"""Listening, and stopping while requests are under way."""

from __future__ import annotations

import asyncio

import pytest

from openvman.cim.operations import MethodAnswer
from openvman.config.kinds import Address
from openvman.server.listen import ListenError


class Gated:
    """A method's answer that waits to be let go."""

    def __init__(self):
        self.begun = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, _request=None):
        self.begun.set()
        await self.go.wait()
        return MethodAnswer("uint32", 0)


@pytest.fixture
async def under_way(start, make, broker):
    """A server with an idle connection, and one whose request waits."""
    gated = Gated()
    broker.answer = gated
    server = await start(broker)
    idle = await server.connect()
    await idle.ask(make.get())
    busy = await server.connect()
    await busy.send(make.invoke())
    await gated.begun.wait()
    return server, gated, idle, busy


async def test_stopping_finishes_what_is_under_way(under_way):
    server, gated, idle, busy = under_way
    closing = asyncio.create_task(server.listeners.close(60.0))
    assert await idle.is_closed()
    with pytest.raises(ConnectionRefusedError):
        await server.connect()
    gated.go.set()
    assert (await busy.answer()).status == 200
    assert await busy.is_closed()
    assert await closing is True


async def test_stopping_cancels_what_is_not_finished_in_time(under_way):
    server, _, _, busy = under_way
    assert await server.listeners.close(0.01) is False
    assert await busy.is_closed()


async def test_hurry_ends_the_grace(under_way):
    server, _, _, busy = under_way
    closing = asyncio.create_task(server.listeners.close(60.0))
    await asyncio.sleep(0)
    server.listeners.hurry()
    assert await closing is False
    assert await busy.is_closed()


async def test_an_address_in_use_is_told(start):
    server = await start()
    with pytest.raises(ListenError, match=rf"127\.0\.0\.1:{server.address.port}.*in use"):
        await server.listeners.open(server.address)


async def test_several_addresses_are_served_ipv6_too(start, make):
    server = await start()
    (other,) = await server.listeners.open(Address("::1", 0))
    reader, writer = await asyncio.open_connection(other.host, other.port)
    writer.write(make.get())
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()
