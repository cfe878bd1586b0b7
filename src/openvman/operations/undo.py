"""Acts that can be taken back: :class:`Undo`, and :func:`settle` for what must not be left half done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog

from openvman.model.errors import ModelError, Problem

UNCERTAIN = frozenset({Problem.TIMEOUT, Problem.UNAVAILABLE})
"""After a call failed with one of these, nobody knows whether it had its effect: its undo is to be run too."""

log = structlog.get_logger()

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


class Undo:
    """A stack of steps that are run in reverse when the block fails or is cancelled, and forgotten when it succeeds.

    A step that itself fails does not stop the others; it is logged, and noted on the error that is raised.
    """

    def __init__(self) -> None:
        self._steps: list[tuple[str, Callable[[], Awaitable[None]]]] = []

    def push(self, what: str, step: Callable[[], Awaitable[None]]) -> None:
        """``what`` says what the step does: "delete the image /…"."""
        self._steps.append((what, step))

    @contextmanager
    def acting(self, what: str, step: Callable[[], Awaitable[None]]) -> Iterator[None]:
        """Push the step that takes back the act of the block, unless the act certainly had no effect."""
        try:
            yield
        except ModelError as error:
            if error.problem in UNCERTAIN:
                self.push(what, step)
            raise
        self.push(what, step)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        steps, self._steps = self._steps, []
        if error is not None and steps:
            await settle(self._run(steps, error))

    async def _run(self, steps: list[tuple[str, Callable[[], Awaitable[None]]]], error: BaseException) -> None:
        for what, step in reversed(steps):
            try:
                await step()
            except Exception as failure:  # noqa: BLE001 - one bad step does not stop the others
                log.warning("could not undo", what=what, reason=str(failure), because_of=str(error))
                error.add_note(f"Could not {what}: {failure}")
