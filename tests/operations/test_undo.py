"""Undoing, settling and taking turns."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

import pytest

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.operations.settle import settle
from openvman.operations.turns import Turns
from openvman.operations.undo import Undo


class Log:
    """What a job would be told: the steps written before their acts, and those dropped."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.dropped: list[int] = []

    async def before(self, step) -> int:
        self.written.append(step.what)
        return len(self.written)

    def drop(self, number: int) -> None:
        self.dropped.append(number)


class Steps:
    """Steps that tell when they run; the named ones fail. ``undo()`` is one for them."""

    def __init__(self, *bad: str) -> None:
        self.run: list[str] = []
        self.bad = bad
        self.log = Log()

    def undo(self) -> Undo:
        return Undo(SimpleNamespace(work=self.log))

    def step(self, name: str):
        return _Step(name, self)


@dataclass
class _Step:
    what: str
    of: Steps

    async def run(self, _context) -> None:
        await asyncio.sleep(0)
        self.of.run.append(self.what)
        if self.what in self.of.bad:
            raise RuntimeError(self.what)


async def test_nothing_is_undone_after_success():
    steps = Steps()
    async with steps.undo() as undo:
        await undo.push(steps.step("a"))
    assert steps.run == []


async def test_steps_are_undone_in_reverse_and_a_bad_one_stops_no_other():
    steps = Steps("b")
    error = ValueError("it failed")

    async def work() -> None:
        async with steps.undo() as undo:
            for name in "abc":
                await undo.push(steps.step(name))
            raise error

    with pytest.raises(ValueError, match="it failed") as caught:
        await work()
    assert steps.run == ["c", "b", "a"]
    assert caught.value is error
    assert error.__notes__ == ["Could not b: b"]


@pytest.mark.parametrize(
    ("failure", "undone"),
    [
        (None, ["a"]),
        (Problem.TIMEOUT, ["a"]),
        (Problem.UNAVAILABLE, ["a"]),
        (Problem.INVALID_PARAMETER, []),
        (Problem.FAILED, []),
    ],
)
async def test_an_act_is_taken_back_unless_it_certainly_had_no_effect(failure, undone):
    steps = Steps()

    async def work() -> None:
        async with steps.undo() as undo:
            async with undo.acting(steps.step("a")):
                if failure is not None:
                    raise ModelError(ErrorMessage(1, "the act failed", problem=failure))
            raise ModelError(ErrorMessage(2, "what came after failed"))

    with pytest.raises(ModelError, match="failed"):
        await work()
    assert steps.run == undone
    assert steps.log.written == ["a"], "before the act, whatever becomes of it"
    assert steps.log.dropped == ([] if undone else [1])


async def test_undoing_goes_to_its_end_however_often_it_is_cancelled():
    steps, started = Steps(), asyncio.Event()

    async def work() -> None:
        async with steps.undo() as undo:
            for name in "abc":
                await undo.push(steps.step(name))
            started.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await started.wait()
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)
    assert task.cancelled()
    assert steps.run == ["c", "b", "a"]


async def test_what_settles_ends_before_the_cancellation_is_felt():
    ended = []

    async def act() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        ended.append(True)

    task = asyncio.create_task(settle(act()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]


async def test_a_failure_of_what_was_cancelled_is_its_cause():
    async def act() -> None:
        await asyncio.sleep(0)
        raise ValueError("failed")

    task = asyncio.create_task(settle(act()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert isinstance(caught.value.__cause__, ValueError)


async def test_what_settles_gives_its_result_or_its_error():
    async def act(value: int) -> int:
        if value < 0:
            raise ValueError(value)
        return value

    assert await settle(act(3)) == 3
    with pytest.raises(ValueError, match="-1"):
        await settle(act(-1))


async def test_one_at_a_time_in_order_of_arrival():
    turns, order, inside = Turns(timedelta(seconds=10)), [], []

    async def work(number: int, *things: str) -> None:
        async with turns.hold(things):
            inside.append(number)
            order.append(number)
            assert len(inside) == 1
            await asyncio.sleep(0)
            inside.remove(number)

    await asyncio.gather(*(work(number, "system a", "image b") for number in range(5)))
    assert order == [0, 1, 2, 3, 4]


async def test_two_that_want_the_same_in_another_order_do_not_block_each_other():
    turns = Turns(timedelta(seconds=10))

    async def work(*things: str) -> None:
        async with turns.hold(things):
            await asyncio.sleep(0)

    await asyncio.gather(*(work(*(("a x", "b y") if number % 2 else ("b y", "a x"))) for number in range(10)))


async def test_patience_ends_in_busy_and_nothing_stays_held():
    turns = Turns(timedelta(milliseconds=10))
    async with turns.hold(["system a"]):
        with pytest.raises(ModelError) as caught:
            async with turns.hold(["image b", "system a"]):
                pass
        assert (caught.value.problem, caught.value.subject) == (Problem.BUSY, "a")
        async with turns.hold(["image b"]):
            pass
    async with turns.hold(["system a", "system a"]):
        pass


async def test_who_is_cancelled_while_waiting_holds_nothing():
    turns = Turns(timedelta(seconds=10))
    async with turns.hold(["system a"]):
        waiting = asyncio.create_task(_enter(turns))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    await _enter(turns)


async def _enter(turns: Turns) -> None:
    async with turns.hold(["system a"]):
        pass
