"""Who asks: a name and a role."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """Each role may do what the lesser ones may."""

    VIEWER = 1  # reads
    OPERATOR = 2  # manages virtual systems within the policy
    ADMIN = 3  # does what touches the host


@dataclass(frozen=True, slots=True)
class Actor:
    name: str
    role: Role
