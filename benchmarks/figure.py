"""What a benchmark yields, and how a time is taken."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Final

SECONDS: Final = "s"
BYTES: Final = "B"
RATE: Final = "/s"

_LEAST: Final = 0.1


@dataclass(frozen=True, slots=True)
class Sample:
    """Some runs of the same work."""

    runs: tuple[float, ...]

    @property
    def middle(self) -> float:
        return median(self.runs)

    @property
    def spread(self) -> tuple[float, float]:
        return min(self.runs), max(self.runs)


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` of ours beside that of the reference, for the same work in the same run; medians.

    ``unit`` is of both: seconds, bytes, or how many in a second. ``at_most`` is the target for the ratio, ``within``
    the target for the value itself; ``peer`` is what libvirt-cim was seen to take. ``spread`` is the least and the most
    of the runs, ``cpu`` what the server took of a processor, in seconds. ``size`` is the number of virtual systems,
    where one figure is taken with several.
    """

    benchmark: str
    what: str
    value: float
    reference: str
    reference_value: float
    unit: str = SECONDS
    at_most: float | None = None
    within: float | None = None
    spread: tuple[float, float] | None = None
    cpu: float | None = None
    size: int | None = None
    peer: str = ""

    @property
    def ratio(self) -> float:
        return self.value / self.reference_value

    @property
    def met(self) -> bool | None:
        """Whether the targets are met; None where there is none. More in a second is better, of all else less."""
        held = []
        if self.at_most is not None:
            held.append(self.ratio >= self.at_most if self.unit == RATE else self.ratio <= self.at_most)
        if self.within is not None:
            held.append(self.value >= self.within if self.unit == RATE else self.value <= self.within)
        return all(held) if held else None


def sample(work: Callable[[], object], times: int) -> Sample:
    """Seconds of some runs after two others, which warm what is to be warm.

    What takes less than a tenth of a second is done again and again in each run: alone it would be measured with the
    caches that the collection of garbage before it has left cold.
    """
    work()
    repeats = max(1, int(_LEAST / _elapsed(work, 1)))
    return Sample(tuple(_elapsed(work, repeats) for _ in range(times)))


def _elapsed(work: Callable[[], object], repeats: int) -> float:
    gc.collect()
    began = perf_counter()
    for _ in range(repeats):
        work()
    return (perf_counter() - began) / repeats


def seconds(work: Callable[[], object], times: int) -> float:
    """The shortest of some runs: what others did to the machine meanwhile can only make a run longer."""
    return min(sample(work, times).runs)
