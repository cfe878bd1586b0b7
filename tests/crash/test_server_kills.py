"""A server that is killed loses no acknowledged job, does none twice, and leaves nothing half-done.

``--kills`` is how often it is killed in all; a night may have 5000.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from random import SystemRandom

import pytest
from tests.crash.server_kills import POINTS
from tests.system.conftest import UNTRACED

_ROOT = Path(__file__).parents[2]
_PROCESSES = 2
_SEED = SystemRandom().randrange(2**32)


def _fault_points() -> set[str]:
    """The names of all fault points in the source."""
    found = set()
    for file in (_ROOT / "src/openvman").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "fault_point":
                (name,) = node.args
                assert isinstance(name, ast.Constant), f"{file}: a fault point is named by a literal"
                found.add(name.value)
    return found


def test_the_server_is_killed_at_every_fault_point():
    assert {point.partition(":")[0] for points in POINTS.values() for point in points} == _fault_points()


@pytest.mark.lab
@pytest.mark.timeout(0)
def test_a_killed_server_forgets_nothing(laboratory, request):
    kills = request.config.getoption("--kills")
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.crash.server_kills", str(kills // _PROCESSES), str(_SEED + number)],
            cwd=_ROOT,
            env={**os.environ, **UNTRACED},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(_PROCESSES)
    ]
    told = []
    for process, (out, err) in [(process, process.communicate()) for process in running]:
        assert process.returncode == 0, f"{process.args}:\n{err.decode()[-3000:]}"
        told.append(json.loads(out))
    print(*told, sep="\n")  # noqa: T201 - with its seed, for whoever has to repeat it
    assert [wrong for each in told for wrong in each["wrong"]] == []
    assert sum(each["kills"] for each in told) >= kills
    assert sum(each["by themselves"] for each in told) > kills / 3
    assert sum(each["acknowledged"] for each in told) > kills / 10
    for what, points in POINTS.items():
        for point in points:
            assert sum(each.get(f"{what} {point}", 0) for each in told) > 0, f"never killed at {point} of {what}"
