"""The record of jobs survives kills and power cuts: what was acknowledged is found again.

Longer runs: ``python tests/crash/kills.py FOLDER KILLS SEED`` and ``python tests/crash/power.py FULL CYCLES SEED``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from random import SystemRandom

import pytest
from tests.system.conftest import UNTRACED

from openvman.store.database import SYNCHRONOUS

_HERE = Path(__file__).parent
_PROCESSES = 2
_SEED = SystemRandom().randrange(2**32)

_MEMORY = Path("/dev/shm")

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def quick_folder(tmp_path):
    """In memory where that is possible: what a killed process wrote is the kernel's, whatever the disk."""
    if not os.access(_MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
        yield Path(folder)


def _run(script: str, *each: tuple[object, ...]) -> dict[str, int]:
    """Run the script once with each tuple of arguments, at the same time; the sums of what they tell."""
    running = [
        subprocess.Popen(
            [sys.executable, _HERE / script, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **UNTRACED},
        )
        for arguments in each
    ]
    told: dict[str, int] = {}
    for process, (out, err) in [(process, process.communicate()) for process in running]:
        assert process.returncode == 0, f"{process.args}:\n{err.decode()[-2000:]}"
        found = json.loads(out)
        print(script, found)  # noqa: T201 - with its seed, for whoever has to repeat it
        for name, value in found.items():
            told[name] = told.get(name, 0) + value
    return told


def test_nothing_acknowledged_is_lost_by_5000_kills(quick_folder):
    told = _run("kills.py", *((quick_folder, 2500, _SEED + n) for n in range(_PROCESSES)))
    assert told["kills"] == 5000
    assert told["acknowledged"] > 5000
    assert (told["lost"], told["corrupt"]) == (0, 0)


def test_nothing_acknowledged_is_lost_by_50000_power_cuts():
    told = _run("power.py", *((SYNCHRONOUS, 25_000, _SEED + n) for n in range(_PROCESSES)))
    assert told["cycles"] >= 50_000
    assert told["acknowledged"] > 50_000
    assert told["syncs"] > told["cycles"]
    assert (told["lost"], told["corrupt"]) == (0, 0)


@pytest.mark.parametrize("disk", [("NORMAL",), ("FULL", "lying")], ids=" ".join)
def test_the_harness_would_see_a_loss(disk):
    """Less than the product's setting, or a disk that lies, must lose something here: else the test above is blind."""
    mode, *lying = disk
    told = _run("power.py", (mode, 400, _SEED, *lying))
    assert told["acknowledged"] > 100
    assert told["lost"] + told["corrupt"] > 50
