"""How much of a resource a request may ask for, and how much of each tuning setting it may say: what requests are
judged by, and what capabilities tell of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from openvman.model.allocation import WHOLE_PROCESSOR
from openvman.model.host import Host
from openvman.model.resource import ResourceKind

MINIMUM_PROCESSORS: Final = 1
MINIMUM_MEMORY: Final = 1024**2
"""Bytes."""
MAXIMUM_MEMORY: Final = 1024**5
"""Bytes that a definition may ask for where no host sets the limit."""
MEMORY_INCREMENT: Final = 1024
"""Hypervisors count memory in this."""
CAPACITY_INCREMENT: Final = 512
"""Images have whole sectors."""
MINIMUM_CAPACITY: Final = CAPACITY_INCREMENT
MAXIMUM_CAPACITY: Final = 64 * 1024**4
"""Bytes of a new image."""
MINIMUM_LIMIT: Final = WHOLE_PROCESSOR // 100
"""Of processors: the least time that a scheduler deals out is 1 ms in 100 ms."""
MEMORY_OVERHEAD: Final = 256 * 1024**2
"""Bytes that a hypervisor's process may need beside the guest's memory: a limit must leave room for them, or the guest
would be killed for what its own devices take."""
MAXIMUM_DISK_LIMIT: Final = 10**15
"""Bytes or requests a second: the hypervisors' own bound."""
BANDWIDTH_INCREMENT: Final = 8000
"""Hypervisors count bandwidth in thousands of bytes a second; what is asked for must be whole ones."""
MAXIMUM_BANDWIDTH: Final = BANDWIDTH_INCREMENT * (2**32 // 10**3)
"""Bits a second: the kernel counts bytes in 32 bits."""


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


BYTES_LIMITS: Final = ("bytes_limit", "read_bytes_limit", "write_bytes_limit")
IOPS_LIMITS: Final = ("iops_limit", "read_iops_limit", "write_iops_limit")
"""The whole, of reading and of writing: either the whole is limited, or its two parts are."""
DISK_LIMITS: Final = (*BYTES_LIMITS, *IOPS_LIMITS)
NIC_LIMITS: Final = ("receive_limit", "receive_reservation", "transmit_limit")

_Tuning = Mapping[str, Callable[[Host], Range | None]]


def _weight(host: Host) -> Range | None:
    return None if host.facts.weights is None else Range(*host.facts.weights, 1, "shares")


def _processor_limit(host: Host) -> Range | None:
    if not host.facts.can_limit_processors:
        return None
    return Range(MINIMUM_LIMIT, host.processors * WHOLE_PROCESSOR, 1, "thousandths of a percent of a processor")


def _memory_limit(host: Host) -> Range | None:
    low, high = MINIMUM_MEMORY + MEMORY_OVERHEAD, host.memory + MEMORY_OVERHEAD
    return Range(low, high, MEMORY_INCREMENT, "bytes").up_to(None) if host.facts.can_limit_memory else None


def _disk_limit(unit: str) -> Callable[[Host], Range | None]:
    return lambda host: Range(0, MAXIMUM_DISK_LIMIT, 1, unit) if host.facts.has_disk_limits else None


_DISK: Final[_Tuning] = {
    **dict.fromkeys(BYTES_LIMITS, _disk_limit("bytes a second")),
    **dict.fromkeys(IOPS_LIMITS, _disk_limit("requests a second")),
}
_TUNING: Final[Mapping[ResourceKind, _Tuning]] = {
    ResourceKind.PROCESSOR: {
        "weight": _weight,
        "limit": _processor_limit,
        "reservation": lambda host: Range(
            0, host.processors * WHOLE_PROCESSOR, 1, "thousandths of a percent of a processor"
        ),
    },
    ResourceKind.MEMORY: {
        "limit": _memory_limit,
        "reservation": lambda host: Range(0, host.memory, MEMORY_INCREMENT, "bytes").up_to(None),
    },
    ResourceKind.DISK: _DISK,
    ResourceKind.CDROM: _DISK,
    ResourceKind.FLOPPY: _DISK,
    ResourceKind.NETWORK: dict.fromkeys(
        NIC_LIMITS, lambda _host: Range(0, MAXIMUM_BANDWIDTH, BANDWIDTH_INCREMENT, "bits a second")
    ),
}
"""What a setting of an allocation may be beside 0, which is none of it; no range where the host has no such thing."""


def tuning_ranges(host: Host, kind: ResourceKind) -> dict[str, Range]:
    """The ranges of the settings that tune an allocation of the kind, by the names of the settings."""
    made = ((setting, make(host)) for setting, make in _TUNING.get(kind, {}).items())
    return {setting: found for setting, found in made if found is not None}
