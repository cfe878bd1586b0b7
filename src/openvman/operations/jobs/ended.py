"""Jobs that have ended, until they go away: :class:`EndedJobs`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from openvman.inventory.inventory import Inventory
from openvman.model.errors import ModelError
from openvman.model.job import Job
from openvman.operations.jobs.record import JobRecord

log = structlog.get_logger()

_SWEEP_EVERY: Final = 1.0


class EndedJobs:
    """Removes each in its time, by a clock that nobody sets; of more than ``kept`` the oldest go at once."""

    def __init__(self, inventory: Inventory, record: JobRecord, kept: int, monotonic: Callable[[], float]) -> None:
        self._inventory = inventory
        self._record = record
        self._kept = kept
        self._monotonic = monotonic
        self._ends: dict[str, float] = {}  # id -> when it ended
        self._removals: dict[str, float] = {}  # id -> when it goes
        self._sweeper: asyncio.Task[None] | None = None

    def close(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()

    def put(self, job: Job, since: float = 0.0) -> None:
        """Have the job go away in its time, unless its owner wants to remove it himself; also when that has changed.

        It ended ``since`` seconds ago, if that is not known already.
        """
        end = self._ends.setdefault(job.id, self._monotonic() - since)
        self._removals[job.id] = end + job.remaining.total_seconds() if job.delete_on_completion else float("inf")
        if self._sweeper is None:
            self._sweeper = asyncio.create_task(self._sweep(), name="removal of jobs")

    async def forget(self, job_ids: list[str]) -> None:
        """Remove these now. FAILED when the disk fails."""
        await self._record.remove(job_ids)
        for job_id in job_ids:
            self._removals.pop(job_id, None)
            self._ends.pop(job_id, None)
        self._inventory.show_jobs([(job_id, None) for job_id in job_ids])

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_EVERY)
            due = self._due()
            if due:
                try:
                    await self.forget(due)
                except ModelError as error:
                    log.warning("ended jobs cannot be removed yet", reason=error.message)

    def _due(self) -> list[str]:
        now = self._monotonic()
        due = [job_id for job_id, at in self._removals.items() if at <= now]
        left = [job_id for job_id, at in self._removals.items() if now < at]
        return due + left[: max(0, len(left) - self._kept)]
