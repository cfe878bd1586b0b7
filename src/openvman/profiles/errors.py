"""Failures as CIM_Error (DSP0223, DSP8026): what kind of error, what probably caused it."""

from __future__ import annotations

from typing import Final

from openvman.cim.values import CIMType, Instance, Property, Value
from openvman.model.errors import Problem
from openvman.model.job import Failure

_OWNER: Final = "openvman"

ERROR_TYPE: Final[dict[Problem, int]] = {
    Problem.INVALID_PARAMETER: 4,  # Software Error
    Problem.NOT_FOUND: 9,  # Unavailable Resource Error
    Problem.ALREADY_EXISTS: 4,
    Problem.INVALID_STATE: 4,
    Problem.NOT_SUPPORTED: 10,  # Unsupported Operation Error
    Problem.BUSY: 9,
    Problem.TIMEOUT: 3,  # Quality of Service Error
    Problem.ACCESS_DENIED: 7,  # Security Error
    Problem.UNAVAILABLE: 2,  # Communications Error
    Problem.IN_USE: 9,
    Problem.INSUFFICIENT: 8,  # Oversubscription Error
    Problem.WRONG_KIND: 4,
    Problem.FAILED: 4,
}
_NUMBER: Final[dict[Problem, int]] = {problem: number for number, problem in enumerate(Problem, 1)}
_MAJOR: Final = 5


def error_instance(failure: Failure) -> Instance:
    """The CIM_Error of a failure."""
    values: tuple[tuple[str, CIMType, Value], ...] = (
        ("ErrorType", "uint16", ERROR_TYPE[failure.problem]),
        ("OwningEntity", "string", _OWNER),
        ("MessageID", "string", f"VMAN{_NUMBER[failure.problem]:04}"),
        ("Message", "string", failure.message),
        ("PerceivedSeverity", "uint16", _MAJOR),
        ("ErrorSource", "string", failure.subject),
    )
    return Instance.of("CIM_Error", (Property(name, type, value) for name, type, value in values))
