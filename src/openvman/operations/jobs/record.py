"""What is written down of jobs: :class:`JobRecord`."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from openvman.messages import jobs as jobs_rows
from openvman.model.errors import ModelError
from openvman.model.job import Job
from openvman.operations.journal import Journal
from openvman.operations.steps import Step
from openvman.store.database import StoreError, Write
from openvman.store.jobs import JobStore, StoredJob

log = structlog.get_logger()

_WRITE_AGAIN_AFTER: Final = 0.5


class JobRecord:
    """Writes in the order of the calls. ``store`` None: nothing is written, and nothing found again."""

    def __init__(self, store: JobStore | None) -> None:
        self._store = store
        self._journal = None if store is None else Journal(store)

    def load(self) -> list[StoredJob]:
        """What the server's former life left, the oldest first."""
        return [] if self._store is None else self._store.load()

    def close(self) -> None:
        """Write what waits."""
        if self._journal is not None:
            self._journal.close()

    def put_soon(self, job: Job) -> None:
        """Write the job in a moment, or with what is written next."""
        if self._store is not None:
            self._append(self._store.put(job), soon=True)

    async def put(self, job: Job) -> None:
        """Write the job. FAILED when that cannot be done."""
        if self._store is not None:
            await self._durable(self._store.put(job))

    async def end(self, job: Job) -> None:
        """Write the job's end, however long the disk takes to be well again: before that nobody is told of it."""
        while self._store is not None:
            try:
                await self._append(self._store.put(job))
            except StoreError as error:
                log.warning("the end of a job cannot be written yet", job=job.id, reason=str(error))
                await asyncio.sleep(_WRITE_AGAIN_AFTER)
            else:
                return

    async def add_step(self, job: Job, number: int, step: Step) -> None:
        """Write how to take back what is done next, and the job with it. FAILED when that cannot be done."""
        if self._store is not None:
            await self._durable(self._store.add_step(job, number, type(step).__name__, step))

    def drop_step(self, job_id: str, number: int) -> None:
        """There is nothing to take back."""
        if self._store is not None:
            self._append(self._store.drop_step(job_id, number), soon=True)

    async def remove(self, job_ids: list[str]) -> None:
        """Forget jobs. FAILED when that cannot be done."""
        if self._store is not None:
            await self._durable(self._store.remove(job_ids))

    def _append(self, write: Write, *, soon: bool = False) -> asyncio.Future[None]:
        assert self._journal is not None, "with a store there is a journal"
        return self._journal.append(write, soon=soon)

    async def _durable(self, write: Write) -> None:
        try:
            await self._append(write)
        except StoreError as error:
            raise ModelError(jobs_rows.NOT_WRITTEN, reason=error) from error
