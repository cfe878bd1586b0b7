"""What a benchmark yields, and how a time is taken."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Figure:
    """``seconds`` of ours beside those of the reference, for the same work."""

    benchmark: str
    what: str
    seconds: float
    reference: str
    reference_seconds: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.reference_seconds


def seconds(work: Callable[[], object], times: int) -> float:
    """The shortest of some runs: what others did to the machine meanwhile can only make a run longer."""
    found = []
    for _ in range(times):
        gc.collect()
        began = perf_counter()
        work()
        found.append(perf_counter() - began)
    return min(found)
