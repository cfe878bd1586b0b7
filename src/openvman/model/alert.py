"""What a person should look at, and what is no change of a state alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class FaultKind(Enum):
    """What a hypervisor told of a virtual system."""

    CRASHED = auto()
    """The guest panicked, or its process ended without being asked to."""
    IO_ERROR = auto()
    """A device of the system could not read or write."""


@dataclass(frozen=True, slots=True)
class SystemFault:
    """Something went wrong with a virtual system. ``detail`` is the hypervisor's word: a device, a reason.

    ``name`` is the hypervisor's too: a system that ends with the fault may be gone before anybody has read it.
    """

    system_id: str
    name: str
    kind: FaultKind
    detail: str | None = None
