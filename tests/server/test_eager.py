"""Coroutines that begin without a task: they do what they would do in one."""

from __future__ import annotations

import asyncio

import pytest

from openvman.server import eager


async def test_what_waits_for_nothing_has_ended_at_once():
    done = []

    async def work():
        done.append(asyncio.current_task())

    before = asyncio.current_task()
    assert eager.start(work()) is None
    assert len(done) == 1
    assert asyncio.current_task() is before


async def test_what_waits_goes_on_in_a_task():
    future = asyncio.get_running_loop().create_future()
    seen = []

    async def work():
        seen.append(await future)
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await asyncio.sleep(0)
        seen.append(asyncio.current_task())

    task = eager.start(work())
    assert seen == []
    future.set_result("came")
    await task
    assert seen == ["came", task]


async def test_timeouts_work_after_asking_for_a_task():
    async def work():
        await eager.in_task()
        async with asyncio.timeout(0):
            await asyncio.Event().wait()

    # Started from a callback, where there is no task as there is none in a protocol.
    started = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(lambda: started.set_result(eager.start(work())))
    with pytest.raises(TimeoutError):
        await (await started)


@pytest.mark.parametrize("steps", [0, 1, 3])
async def test_a_cancelled_task_tells_the_work(steps):
    ended = []

    async def work():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            await asyncio.sleep(0)  # it may take its time
            ended.append("tidy")
            raise

    task = eager.start(work())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["cancelled", "tidy"]


async def test_what_fails_after_a_wait_fails_its_task():
    async def work():
        await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await eager.start(work())
