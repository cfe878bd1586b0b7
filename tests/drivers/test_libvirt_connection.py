"""Calls through a libvirt connection, and what becomes of those who wait for them."""

from __future__ import annotations

import asyncio
import threading

import pytest

from openvman.drivers.libvirt.address import parse
from openvman.drivers.libvirt.connection import Connection
from openvman.model.errors import ModelError, Problem


@pytest.fixture
async def connection():
    made = Connection(parse("test:///default"), 30)
    await made.open(lambda _reason: None)
    yield made
    await made.close()


async def test_one_who_is_cancelled_as_the_answer_comes_is_cancelled(connection):
    may_answer = threading.Event()

    async def ask_for_ever():
        while True:
            await connection.call(lambda _raw: may_answer.wait(), "wait")

    asking = asyncio.create_task(ask_for_ever())
    await asyncio.sleep(0)
    (answer,) = connection._pending  # nothing else tells of the very moment
    may_answer.set()
    await answer
    asking.cancel()
    done, _ = await asyncio.wait({asking}, timeout=30)
    assert done, "it goes on, and the server never stops"
    assert asking.cancelled()


@pytest.mark.parametrize(("changes", "problem"), [(False, Problem.UNAVAILABLE), (True, Problem.TIMEOUT)])
async def test_a_call_has_a_deadline(connection, changes, problem):
    may_end = threading.Event()
    with pytest.raises(ModelError) as refused:
        await connection.call(lambda _raw: may_end.wait(), "wait", changes=changes, deadline=0.01)
    may_end.set()
    assert refused.value.problem is problem
