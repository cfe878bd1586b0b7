"""What changes on a platform without an event, so that only reading it tells: :class:`Untold`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    HOST = "host"
    """What the host is read with: its network filters, and which networks and storage pools start with it."""
    VOLUMES = "volumes"
    """What its active storage pools hold."""
    AUTOSTART = "autostart"
    """Which of its systems start with it."""


@dataclass(frozen=True, slots=True)
class Untold:
    host_id: str
    part: Part
