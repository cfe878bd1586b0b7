"""The domain's problems in CIM's terms: one row each, for statuses and for CIM_Error (DSP0200, DSP0223)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from openvman.cim.status import Status
from openvman.cim.values import CIMType, Instance, Property, Value
from openvman.model.errors import Problem
from openvman.model.job import Failure

OWNING_ENTITY: Final = "openvman"
"""Whose message ids these are: the DMTF's own (DSP8026) are not to be had."""

_OTHER_FORMAT: Final = 1
_MAJOR: Final = 5


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """``number`` is the message's; ``type`` is CIM_Error.ErrorType, ``cause`` its ProbableCause."""

    number: int
    status: Status
    type: int
    cause: int


# ErrorType: 2 Communications, 3 Quality of Service, 4 Software, 7 Security, 8 Oversubscription, 9 Unavailable
# Resource, 10 Unsupported Operation. ProbableCause: 8 Configuration/Customization Error, 44 Resource at or Nearing
# Capacity, 47 Software Error, 57 Underlying Resource Unavailable, 65 Unauthorized Access, 72 Element Unavailable,
# 73 Element Missing, 79 Identifier Duplication, 108 Software Environment Problem, 111 Timeout, 129 Procedural Error.
ERRORS: Final[dict[Problem, ErrorRow]] = {
    Problem.INVALID_PARAMETER: ErrorRow(1, Status.INVALID_PARAMETER, 4, 8),
    Problem.NOT_FOUND: ErrorRow(2, Status.NOT_FOUND, 9, 73),
    Problem.ALREADY_EXISTS: ErrorRow(3, Status.ALREADY_EXISTS, 4, 79),
    Problem.INVALID_STATE: ErrorRow(4, Status.FAILED, 4, 129),
    Problem.NOT_SUPPORTED: ErrorRow(5, Status.NOT_SUPPORTED, 10, 108),
    Problem.BUSY: ErrorRow(6, Status.FAILED, 9, 72),
    Problem.TIMEOUT: ErrorRow(7, Status.FAILED, 3, 111),
    Problem.ACCESS_DENIED: ErrorRow(8, Status.ACCESS_DENIED, 7, 65),
    Problem.UNAVAILABLE: ErrorRow(9, Status.FAILED, 2, 57),
    Problem.IN_USE: ErrorRow(10, Status.FAILED, 9, 72),
    Problem.INSUFFICIENT: ErrorRow(11, Status.FAILED, 8, 44),
    Problem.WRONG_KIND: ErrorRow(12, Status.INVALID_PARAMETER, 4, 8),
    Problem.FAILED: ErrorRow(13, Status.FAILED, 4, 47),
}


def error_instance(failure: Failure) -> Instance:
    """The CIM_Error of a failure."""
    row = ERRORS[failure.problem]
    values: tuple[tuple[str, CIMType, Value], ...] = (
        ("ErrorType", "uint16", row.type),
        ("OwningEntity", "string", OWNING_ENTITY),
        ("MessageID", "string", f"VMAN{row.number:04}"),
        ("Message", "string", failure.message),
        ("PerceivedSeverity", "uint16", _MAJOR),
        ("ProbableCause", "uint16", row.cause),
        ("ErrorSource", "string", failure.subject),
        ("ErrorSourceFormat", "uint16", None if failure.subject is None else _OTHER_FORMAT),
        ("OtherErrorSourceFormat", "string", None if failure.subject is None else "openvman:id or setting"),
        ("CIMStatusCode", "uint32", int(row.status)),
    )
    return Instance.of("CIM_Error", (Property(name, type, value) for name, type, value in values))
