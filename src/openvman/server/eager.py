"""Coroutines that begin at once, and get a task only where they wait: most requests are answered without waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any


def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Run ``work`` up to its first wait; the task that goes on with it, None when it has ended.

    Until that wait there is no current task, which asyncio.timeout asks for: see :func:`in_task`.
    """
    try:
        awaited = work.send(None)
    except StopIteration:
        return None
    return asyncio.get_running_loop().create_task(_Begun(work, awaited))


async def in_task() -> None:
    """Go on in a task."""
    if asyncio.current_task() is None:
        await asyncio.sleep(0)


class _Begun(Coroutine[Any, Any, None]):
    """A coroutine that waits already: its task is told first what for.

    It is no generator, since one that is thrown into before it has begun does not hand on what was thrown.
    """

    def __init__(self, work: Coroutine[Any, Any, None], awaited: Any) -> None:
        self._work = work
        self._awaited = [awaited]

    def send(self, value: Any) -> Any:
        return self._awaited.pop() if self._awaited else self._work.send(value)

    def throw(self, *error: Any) -> Any:
        self._awaited.clear()
        return self._work.throw(*error)

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, None]:
        raise TypeError("it is for a task, which sends to it")
