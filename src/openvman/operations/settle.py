"""What must not be left half done: :func:`settle`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def settle(action: Coroutine[Any, Any, T], give_up: Callable[[], Coroutine[Any, Any, None]] | None = None) -> T:
    """Wait for ``action`` to its end even when cancelled meanwhile; the cancellation is raised afterwards.

    A hypervisor call goes on in its thread when its waiter is cancelled. Whoever would undo it has to know how it
    ended first. ``give_up`` may end it sooner: it is run once, when cancelled, and raises nothing.
    """
    task = asyncio.ensure_future(action)
    giving_up: asyncio.Task[None] | None = None
    cancelled: asyncio.CancelledError | None = None
    while not task.done() or (giving_up is not None and not giving_up.done()):
        try:
            await asyncio.wait([task] if giving_up is None else [task, giving_up])
        except asyncio.CancelledError as error:
            cancelled = error
            if giving_up is None and give_up is not None:
                giving_up = asyncio.ensure_future(give_up())
    if cancelled is not None:
        if not task.cancelled() and (failed := task.exception()) is not None:
            raise cancelled from failed
        raise cancelled
    return task.result()
