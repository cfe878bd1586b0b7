"""A killed server is started again, with a history of jobs: until it says that it is ready.

Beside it stands what this machine takes to start the interpreter alone.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from benchmarks.figure import Figure, seconds
from benchmarks.served import started
from openvman.model.actor import Role
from openvman.model.job import Job, JobState
from openvman.security.first_start import prepare_folder
from openvman.store.database import Database
from openvman.store.jobs import JobStore

_JOBS = 10_000
_SYSTEMS = 1000
_TIMES = 5
_TARGET = 2.0


def measure(scale: float) -> Iterator[Figure]:
    """``scale`` multiplies the numbers of jobs and of systems."""
    jobs, systems = max(1, int(_JOBS * scale)), max(1, int(_SYSTEMS * scale))
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        _start_and_kill(state, systems)
        _remember(state, jobs)
        ours = seconds(lambda: _start_and_kill(state, systems), _TIMES)
    bare = seconds(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), _TIMES)
    what = f"ready again after a kill, {jobs} jobs, {systems} systems"
    yield Figure("restart", what, ours, "the interpreter alone", bare, within=_TARGET)


def _start_and_kill(state: Path, systems: int) -> None:
    with started(f"sim://?hosts=1&vms={systems}", state) as (process, _):
        process.kill()


def _remember(folder: Path, jobs: int) -> None:
    """Jobs that have ended just now, so that none has outlived its time."""
    now = datetime.now(UTC)
    store = JobStore(Database(prepare_folder(folder).database))
    store.write(
        [
            store.put(
                Job(
                    id=str(uuid4()),
                    name="Define virtual system 'benchmark'",
                    operation="define_system",
                    owner="benchmark",
                    role=Role.ADMIN,
                    host_id=None,
                    state=JobState.COMPLETED,
                    submitted=now,
                    changed=now,
                    ended=now,
                )
            )
            for _ in range(jobs)
        ]
    )
    store.close()
