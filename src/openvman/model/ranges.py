"""How much of a resource a request may ask for: what requests are judged by, and what capabilities tell of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from openvman.model.host import Host
from openvman.model.resource import ResourceKind

MINIMUM_PROCESSORS: Final = 1
MINIMUM_MEMORY: Final = 1024**2
"""Bytes."""
MEMORY_INCREMENT: Final = 1024
"""Hypervisors count memory in this."""
CAPACITY_INCREMENT: Final = 512
"""Images have whole sectors."""
MINIMUM_CAPACITY: Final = CAPACITY_INCREMENT
MAXIMUM_CAPACITY: Final = 64 * 1024**4
"""Bytes of a new image."""


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes or a number of things. What is taken is a whole number of increments away from both ends."""

    minimum: int
    maximum: int
    increment: int
    unit: str
    """What it counts, for people."""

    def takes(self, amount: int | None) -> bool:
        return (
            amount is not None
            and self.minimum <= amount <= self.maximum
            and (amount - self.minimum) % self.increment == 0
        )

    def up_to(self, maximum: int | None) -> Range:
        """The part of it that ends at the last increment within ``maximum``; None ends nothing."""
        end = self.maximum if maximum is None else min(self.maximum, maximum)
        return replace(self, maximum=end - (end - self.minimum) % self.increment)

    @property
    def is_empty(self) -> bool:
        return self.maximum < self.minimum

    def nearest(self, amount: int) -> int:
        """The largest amount that is taken and not more than this one; the minimum for less than that."""
        return max(self.minimum, self.up_to(amount).maximum)

    def __str__(self) -> str:
        return f"from {self.minimum} to {self.maximum} {self.unit} in steps of {self.increment}"


_RANGES: Final[dict[ResourceKind, Callable[[Host], Range]]] = {
    ResourceKind.PROCESSOR: lambda host: Range(
        MINIMUM_PROCESSORS, host.facts.maximum_processors, 1, "virtual processors"
    ),
    ResourceKind.MEMORY: lambda host: Range(MINIMUM_MEMORY, host.memory, MEMORY_INCREMENT, "bytes of memory"),
    ResourceKind.DISK: lambda _host: Range(
        MINIMUM_CAPACITY, MAXIMUM_CAPACITY, CAPACITY_INCREMENT, "bytes of a new image"
    ),
}


def range_of(host: Host, kind: ResourceKind) -> Range | None:
    """What one system may ask of the host; None for a kind that is no quantity."""
    made = _RANGES.get(kind)
    return None if made is None else made(host).up_to(None)
