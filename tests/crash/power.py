"""Cuts the power under the record of jobs, again and again: ``python power.py SYNCHRONOUS CYCLES SEED [lying]``.

Prints what happened as JSON. A cycle writes some jobs, of which each that was acknowledged is noted, cuts the power
between two of SQLite's syncs or after one, and looks what is there.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import apsw
from lossy import Disk, LossyDatabase

from openvman.model.actor import Role
from openvman.model.job import Job, JobState
from openvman.store.jobs import JobStore

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_UNSAID = 10_000_000
_WHOLE_LIFE = 12
"""Cycles before the disk is replaced by a new one: an old database would make each cycle slower."""


def job(number: int, state: JobState = JobState.RUNNING) -> Job:
    return Job(
        id=f"{number:08}",
        name=f"job {number}",
        operation="define_system",
        owner="ann",
        role=Role.OPERATOR,
        host_id="host",
        state=state,
        submitted=_NOW,
        changed=_NOW,
    )


def main(synchronous: str, cycles: int, seed: int, lying: bool) -> dict[str, int]:
    random = Random(seed)
    told = {"seed": seed, "cycles": 0, "acknowledged": 0, "syncs": 0, "lost": 0, "corrupt": 0}
    while told["cycles"] < cycles:
        disk = Disk(f"disk-{seed}-{told['cycles']}", lying=lying)
        acknowledged: dict[str, JobState] = {}
        for _ in range(_WHOLE_LIFE):
            told["cycles"] += 1
            store = _opened(disk, synchronous)
            if store is None:
                told["corrupt"] += 1
                break
            found = {stored.job.id: stored.job.state for stored in store.load()}
            if any(found.get(i) not in (state, JobState.COMPLETED) for i, state in acknowledged.items()):
                told["lost"] += 1
                break
            acknowledged = found | _written(store, random, told["cycles"])
            told["acknowledged"] += len(acknowledged) - len(found)
            _half(store, job(_UNSAID + told["cycles"]), random)
            told["syncs"] += disk.syncs
            after = disk.cut(random)
            store.close()
            disk.unregister()
            disk = after
    return told


def _opened(disk: Disk, synchronous: str) -> JobStore | None:
    """None when the database is no database any more."""
    try:
        database = LossyDatabase(disk, synchronous)
        return JobStore(database) if database.read("PRAGMA quick_check") == [("ok",)] else None
    except apsw.Error:
        return None


def _written(store: JobStore, random: Random, cycle: int) -> dict[str, JobState]:
    """What was acknowledged: jobs that have begun, and some that have ended too."""
    told = {}
    for number in range(random.randint(1, 4)):
        begun = job(cycle * 10 + number)
        step = {"what": "y" * random.randint(0, 900)}
        store.write([store.add_step(begun, 1, "Undefine", step)])
        told[begun.id] = begun.state
        if random.random() < 0.5:
            ended = replace(begun, state=JobState.COMPLETED)
            store.write([store.put(ended)])
            told[ended.id] = ended.state
    return told


def _half(store: JobStore, begun: Job, random: Random) -> None:
    """Written, and not acknowledged: it may be found or not, but it may not harm the others."""
    database = store._database
    database._connection.execute("BEGIN IMMEDIATE")
    store.put(begun)(database._connection)
    if random.random() < 0.5:
        database._connection.execute("COMMIT")


if __name__ == "__main__":
    mode, cycles, seed, *rest = sys.argv[1:]
    json.dump(main(mode, int(cycles), int(seed), rest == ["lying"]), sys.stdout)
