"""A run's result as it is kept: figures, with when and on what they were measured."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks import report
from benchmarks.figure import Figure
from openvman import __version__

STORED: Final = Path(__file__).with_name("stored.json")
"""The result that docs/performance.md tells of, and that others are compared with."""
_PLOT: Final = STORED.parents[1] / "docs/performance.svg"
_NAMES: Final = frozenset(field.name for field in fields(Figure))


@dataclass(frozen=True, slots=True)
class Result:
    """``at`` in ISO 8601; ``scale`` is 1 for the sizes that the targets are for."""

    at: str
    openvman: str
    machine: dict[str, Any]
    scale: float
    figures: Sequence[Figure]

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        content = asdict(self) | {
            "figures": [asdict(figure) | {"ratio": figure.ratio, "met": figure.met} for figure in self.figures]
        }
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    def keep(self, folder: Path) -> Path:
        """Write it into a folder of results, with its table and its plot beside it; the path of the JSON."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{datetime.fromisoformat(self.at):%Y-%m-%dT%H%M%S}.json"
        self.write(path)
        path.with_suffix(".md").write_text(report.markdown(self.figures) + "\n", encoding="utf-8")
        path.with_suffix(".svg").write_text(report.plot(self.figures), encoding="utf-8")
        return path

    def store(self) -> None:
        """Make it the one that the documentation tells of."""
        self.write(STORED)
        _PLOT.write_text(report.plot(self.figures), encoding="utf-8")


def now(figures: Sequence[Figure], scale: float) -> Result:
    """The result of a run that has just ended."""
    return Result(datetime.now(UTC).isoformat(timespec="seconds"), __version__, _machine(), scale, figures)


def read(path: Path) -> Result:
    """What :meth:`Result.write` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    figures = [Figure(**{name: row[name] for name in _NAMES & row.keys()}) for row in content.pop("figures")]
    return Result(**content, figures=figures)


def _machine() -> dict[str, Any]:
    """What was measured on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model,
        "processors": os.cpu_count(),
        "memory_bytes": memory,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }
