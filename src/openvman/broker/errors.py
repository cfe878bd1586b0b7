"""The domain's problems as CIM status codes."""

from __future__ import annotations

from typing import Final

from openvman.cim.status import CIMError, Status
from openvman.model.errors import ModelError, Problem

STATUS: Final[dict[Problem, Status]] = {
    Problem.INVALID_PARAMETER: Status.INVALID_PARAMETER,
    Problem.NOT_FOUND: Status.NOT_FOUND,
    Problem.ALREADY_EXISTS: Status.ALREADY_EXISTS,
    Problem.IN_USE: Status.FAILED,
    Problem.INSUFFICIENT: Status.FAILED,
    Problem.WRONG_KIND: Status.INVALID_PARAMETER,
    Problem.INVALID_STATE: Status.FAILED,
    Problem.NOT_SUPPORTED: Status.NOT_SUPPORTED,
    Problem.BUSY: Status.FAILED,
    Problem.TIMEOUT: Status.FAILED,
    Problem.ACCESS_DENIED: Status.ACCESS_DENIED,
    Problem.UNAVAILABLE: Status.FAILED,
    Problem.FAILED: Status.FAILED,
}


def cim_error(error: ModelError) -> CIMError:
    return CIMError(STATUS[error.problem], error.message)
