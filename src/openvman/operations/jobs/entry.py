"""A job that has not ended, and what its caller holds of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from openvman.model.actor import Actor
from openvman.model.errors import ModelError
from openvman.model.job import Job, JobState, MethodRecord
from openvman.operations.use_case import UseCase

Conclude = Callable[[Any, ModelError | None], MethodRecord | None]
"""Adds to the record of the method call what it returned: the result, or the error."""

ReadAgain = Callable[[Job, Actor], tuple[Mapping[str, Any], Conclude]]
"""The keyword arguments of a job, from the record of its call. ModelError when they mean nothing any more."""


def nothing(_result: Any, _error: ModelError | None) -> None:
    """No method call was recorded."""


@dataclass(eq=False, slots=True, kw_only=True)
class Entry:
    """``steps`` counts those written; ``stopped_by`` is who asked for its end, after which it is in ``stop_state``.

    It was entered at ``entered``, which was ``entered_at`` by ``monotonic``.
    """

    job: Job
    use_case: UseCase
    actor: Actor
    keywords: Mapping[str, Any]
    conclude: Conclude
    ended: asyncio.Future[Any]
    monotonic: Callable[[], float]
    entered: datetime
    entered_at: float
    task: asyncio.Task[None] | None = None
    steps: int = 0
    stopped_by: str | None = None
    stop_state: JobState = JobState.TERMINATED

    def now(self) -> datetime:
        """The time by the clock that it was entered by, whatever was done to that since."""
        return self.entered + timedelta(seconds=self.monotonic() - self.entered_at)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What whoever asked holds: ``ended`` gives the use case's result, or raises its ModelError."""

    job_id: str
    ended: asyncio.Future[Any]
