"""Acts that can be taken back: :class:`Undo`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Final, Self

import structlog

from openvman.fault_points import fault_point
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.operations.context import Context
from openvman.operations.settle import settle
from openvman.operations.steps import Step

UNCERTAIN: Final = frozenset({Problem.TIMEOUT, Problem.UNAVAILABLE})
"""After a call failed with one of these, nobody knows whether it had its effect: its undo is to be run too."""

log = structlog.get_logger()


class Undo:
    """A stack of steps that are run in reverse when the block fails or is cancelled, and forgotten when it succeeds.

    Each is written down with the job before its act begins, so that a crash does not forget it either. A step that
    itself fails does not stop the others; it is logged, and noted on the error that is raised.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._steps: list[Step] = []

    async def push(self, step: Step) -> None:
        """Run the step whatever becomes of the act that follows."""
        await self._context.work.before(step)
        self._steps.append(step)

    @asynccontextmanager
    async def acting(self, step: Step) -> AsyncIterator[None]:
        """The block is the act that the step takes back, unless it certainly had no effect."""
        number = await self._context.work.before(step)
        try:
            yield
        except ModelError as error:
            if error.problem in UNCERTAIN:
                self._steps.append(step)
            else:
                self._context.work.drop(number)
            raise
        self._steps.append(step)
        fault_point("step.done")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        steps, self._steps = self._steps, []
        if error is not None and steps:
            await settle(self._run(steps, error))

    async def _run(self, steps: list[Step], error: BaseException) -> None:
        for step in reversed(steps):
            try:
                await step.run(self._context)
            except Exception as failure:  # noqa: BLE001 - one bad step does not stop the others
                log.warning("could not undo", what=step.what, reason=str(failure), because_of=str(error))
                error.add_note(f"Could not {step.what}: {failure}")
