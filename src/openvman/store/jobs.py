"""Jobs on the disk: what was asked for, what is to be taken back should it not come to its end, how it ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from openvman.model.job import Job
from openvman.store.database import Storage, StoreError, Write


@dataclass(frozen=True, slots=True)
class StoredStep:
    """How to take back one act of a job: the kind of step, and its JSON."""

    kind: str
    record: bytes


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job as it was when it was last written; the ``steps`` in the order of the acts."""

    job: Job
    steps: tuple[StoredStep, ...]


class JobStore:
    """In a state directory's database. What changes it is made here, and written by :meth:`write`."""

    def __init__(self, database: Storage) -> None:
        """The database is closed with it."""
        self._database = database
        rows = self._database.read("SELECT max(place) FROM jobs")
        self._place = rows[0][0] or 0

    def close(self) -> None:
        self._database.close()

    def write(self, writes: Sequence[Write]) -> None:
        """Make all of them, or none; when this returns, they are on the disk. For any thread, one at a time."""
        try:
            with self._database.write() as connection:
                for write in writes:
                    write(connection)
        except sqlite3.IntegrityError as error:
            raise StoreError(str(error)) from error

    def load(self) -> list[StoredJob]:
        """All jobs, the oldest first."""
        steps: dict[str, list[StoredStep]] = {}
        for job_id, kind, record in self._database.read("SELECT job_id, kind, record FROM job_steps ORDER BY number"):
            steps.setdefault(job_id, []).append(StoredStep(kind, record))
        return [
            StoredJob(msgspec.json.decode(record, type=Job), tuple(steps.get(job_id, ())))
            for job_id, record in self._database.read("SELECT id, record FROM jobs ORDER BY place")
        ]

    def put(self, job: Job) -> Write:
        """A job, new or changed. With its end, its steps go."""
        record = msgspec.json.encode(job)
        self._place += 1
        place = self._place

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO jobs VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
                (job.id, place, record),
            )
            if job.state.is_final:
                connection.execute("DELETE FROM job_steps WHERE job_id = ?", (job.id,))

        return write

    def add_step(self, job: Job, number: int, kind: str, step: Any) -> Write:
        """How to take back what the job is about to do; ``step`` is made of dataclasses and plain values.

        The job is written too: without it nobody would take the step.
        """
        put, record = self.put(job), msgspec.json.encode(step)

        def write(connection: sqlite3.Connection) -> None:
            put(connection)
            connection.execute("INSERT INTO job_steps VALUES (?, ?, ?, ?)", (job.id, number, kind, record))

        return write

    def drop_step(self, job_id: str, number: int) -> Write:
        """The step is not needed any more: it was taken back, or was not done."""
        return lambda connection: connection.execute(
            "DELETE FROM job_steps WHERE job_id = ? AND number = ?", (job_id, number)
        )

    def remove(self, job_ids: list[str]) -> Write:
        """Forget jobs."""
        rows = [(job_id,) for job_id in job_ids]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany("DELETE FROM jobs WHERE id = ?", rows)
            connection.executemany("DELETE FROM job_steps WHERE job_id = ?", rows)

        return write
