"""What must not be left half done: :func:`settle`."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def settle(action: Coroutine[Any, Any, T]) -> T:
    """Wait for ``action`` to its end even when cancelled meanwhile; the cancellation is raised afterwards.

    A hypervisor call goes on in its thread when its waiter is cancelled. Whoever would undo it has to know how it
    ended first.
    """
    task = asyncio.ensure_future(action)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled() and (failed := task.exception()) is not None:
            raise cancelled from failed
        raise cancelled
    return task.result()
