"""What a container cannot be, and what only containers have: 3700 to 3799."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

NO_MACHINE: Final = ErrorMessage(
    3701,
    "host {host.name!r} runs containers, which share its kernel and have no {setting}.",
    "Leave it out; what a container starts with is its init.",
    problem=Problem.NOT_SUPPORTED,
)
NO_CONTAINER: Final = ErrorMessage(
    3702,
    "host {host.name!r} runs whole machines, which have no init.",
    "Leave it out.",
    problem=Problem.NOT_SUPPORTED,
)
INIT: Final = ErrorMessage(
    3703,
    "the init {spec.init!r} cannot be used: an absolute path in the container's own file system without '..' is needed",
    problem=Problem.INVALID_PARAMETER,
)
NO_ROOT: Final = ErrorMessage(
    3704,
    "a container without a file system of its own would have the host's.",
    "Give it a file system device whose target is /.",
    problem=Problem.INVALID_PARAMETER,
)
TARGET_TWICE: Final = ErrorMessage(
    3705,
    "two file systems have the same target.",
    "Give each its own.",
    problem=Problem.INVALID_PARAMETER,
)
TARGET: Final = ErrorMessage(
    3706,
    "{spec.target!r} is no place in a container's file system.",
    "Give an absolute path without '..'.",
    problem=Problem.INVALID_PARAMETER,
)
NO_SERIAL_PORT: Final = ErrorMessage(
    3707,
    "the systems of host {host.name!r} have no serial ports.",
    "Leave them out.",
    problem=Problem.NOT_SUPPORTED,
)
INIT_NOT_OPEN: Final = ErrorMessage(
    3711,
    "Which program a container starts with is not open to operators: it runs with the rights of the host's root.",
    "Leave it out to have {usual}, or ask an administrator.",
    problem=Problem.ACCESS_DENIED,
)
NOT_OF_CONTAINERS: Final = ErrorMessage(
    3721,
    "A container has no {part}.",
    problem=Problem.NOT_SUPPORTED,
)
INIT_LOST: Final = ErrorMessage(
    3722,
    "Cannot {doing}: {library} did not hear from the container when it started, and does not know its init.",
    "Stop the container and start it again, or restart {library}'s daemon.",
    problem=Problem.FAILED,
)
