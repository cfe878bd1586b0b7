"""What of an allocation can change while its system is active: everything else waits for the next start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from openvman.messages import devices, resources
from openvman.model.allocation import (
    Allocation,
    DeviceAllocation,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    ProcessorAllocation,
)
from openvman.model.device_tuning_rules import NIC_TUNING
from openvman.model.errors import ModelError
from openvman.model.ranges import DISK_LIMITS

_MEDIUM: Final = frozenset({"source", "format"})
"""What changes with another medium in a drive."""

LIVE: Final[Mapping[type[Allocation], frozenset[str]]] = {
    ProcessorAllocation: frozenset({"count", "weight", "limit", "reservation", "affinity", "processors"}),
    MemoryAllocation: frozenset({"size", "limit", "reservation"}),
    DiskAllocation: frozenset({*_MEDIUM, *DISK_LIMITS}),
    NicAllocation: frozenset({"connection", "source", "filter", *NIC_TUNING}),  # the cable in another socket
    DeviceAllocation: frozenset({"password"}),
}
"""By the type of the allocation, the settings that an active system's can change."""


def check_live_password(local: str, asked: bool | None, *, has_one: bool) -> None:
    """Raise NOT_SUPPORTED where graphics shall begin, or cease, to want a password while viewers can be there."""
    if asked is not None and asked is not has_one:
        raise ModelError(
            devices.PASSWORD_FIXED, "password", device=local, with_or_without="with" if has_one else "without"
        )


def check_live(
    kind: type[Allocation],
    local: str,
    changed: Iterable[str],
    *,
    disk: DiskKind | None = None,
    fixed_here: frozenset[str] = frozenset(),
) -> None:
    """Raise NOT_SUPPORTED for a change that a running guest would not see; ``disk`` is what kind of disk it is, and
    ``fixed_here`` what the host cannot do (``HostFacts.fixed_live``).
    """
    fixed = sorted(set(changed) - (LIVE.get(kind, frozenset()) - fixed_here))
    if fixed:
        raise ModelError(resources.FIXED_WHILE_ACTIVE, fixed[0], setting=fixed[0], device=local)
    if disk is DiskKind.DISK and not _MEDIUM.isdisjoint(changed):
        raise ModelError(resources.NO_MEDIUM, "source", device=local)
