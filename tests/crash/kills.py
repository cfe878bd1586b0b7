"""Kills a process that writes jobs, again and again: ``python kills.py FOLDER KILLS SEED``.

Prints what happened as JSON. Each child opens the record of jobs, looks whether it is whole, goes on writing, and says
of each write that it was acknowledged; its parent kills it after some of these and a little while.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
from itertools import count
from pathlib import Path
from random import Random
from time import monotonic

from power import job

from openvman.model.job import JobState
from openvman.operations.journal import Journal
from openvman.store.database import Database
from openvman.store.jobs import JobStore

_LONGEST = 0.004
"""Seconds after the last acknowledgement that is waited for; a write of the next takes less."""
_APART = 100_000
"""More than the jobs that a child can write before it is killed, on a machine that has other things to do."""
_FRESH = 15
"""Kills after which the database is made anew: an old one would make each child slower."""


async def _write(store: JobStore, first: int, told: int) -> None:
    """Write jobs until somebody kills the process; each acknowledged one is told as a line."""
    journal = Journal(store)
    for number in count(first):
        begun = job(number)
        journal.append(store.put(begun), soon=True)
        await journal.append(store.add_step(begun, 1, "Undefine", {"what": "y" * (number % 900)}))
        os.write(told, f"{begun.id} {begun.state}\n".encode())
        if number % 2:
            await journal.append(store.put(job(number, JobState.COMPLETED)))
            os.write(told, f"{begun.id} {JobState.COMPLETED}\n".encode())


def _child(path: Path, first: int, told: int) -> None:
    store = JobStore(Database(path))
    asyncio.run(_write(store, first, told))


def _killed(path: Path, first: int, random: Random) -> dict[str, str]:
    """Let a child write for a while, and kill it; what it had told."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            _child(path, first, writing)
        finally:
            os._exit(1)  # it is to be killed before it comes here
    os.close(writing)
    wanted, heard = random.randint(1, 12), b""
    while heard.count(b"\n") < wanted:
        more = os.read(reading, 4096)
        if not more:
            break
        heard += more
    end = monotonic() + random.random() * _LONGEST
    while (left := end - monotonic()) > 0:
        select.select([], [], [], left)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"the child ended by itself: {status}"
    while more := os.read(reading, 65536):
        heard += more
    os.close(reading)
    lines = heard.decode().splitlines()
    return dict(line.split(" ", 1) for line in lines)


def main(folder: Path, kills: int, seed: int) -> dict[str, int]:
    random = Random(seed)
    told = {"seed": seed, "kills": 0, "acknowledged": 0, "lost": 0, "corrupt": 0}
    acknowledged: dict[str, str] = {}
    path = folder / "fresh"
    while told["kills"] < kills:
        if told["kills"] % _FRESH == 0:
            path, acknowledged = folder / f"database-{seed}-{told['kills']}", {}
        heard = _killed(path, (told["kills"] % _FRESH) * _APART, random)
        told["kills"] += 1
        told["acknowledged"] += len(heard)
        acknowledged |= heard
        database = Database(path)
        told["corrupt"] += database.read("PRAGMA quick_check") != [("ok",)]
        found = {stored.job.id: str(stored.job.state) for stored in JobStore(database).load()}
        ended = str(JobState.COMPLETED)
        told["lost"] += any(found.get(i) not in (state, ended) for i, state in acknowledged.items())
        database.close()
    return told


if __name__ == "__main__":
    where, number, chosen = sys.argv[1:]
    json.dump(main(Path(where), int(number), int(chosen)), sys.stdout)
