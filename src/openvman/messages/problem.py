"""Kinds of failures, and what CIM says of each: :class:`Problem` and :data:`KINDS`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final


class Problem(StrEnum):
    """The kind of a failure, in the domain's own words. Stored by value."""

    INVALID_PARAMETER = auto()  # the request breaks a rule, whatever the state of things
    NOT_FOUND = auto()  # the object named does not exist (any more)
    ALREADY_EXISTS = auto()
    INVALID_STATE = auto()  # the object's state forbids it now
    NOT_SUPPORTED = auto()  # this hypervisor cannot do it
    BUSY = auto()  # another change of the same object is under way
    TIMEOUT = auto()  # begun, and not finished within the time given
    ACCESS_DENIED = auto()  # the caller's role does not reach this far
    UNAVAILABLE = auto()  # the hypervisor does not answer
    IN_USE = auto()  # others depend on the object
    INSUFFICIENT = auto()  # a pool has not so much left
    WRONG_KIND = auto()  # a resource of another kind than the pool's
    FAILED = auto()  # the hypervisor refused, for a reason in the message
    # What only a request in CIM's terms can be wrong in:
    INVALID_NAMESPACE = auto()
    INVALID_CLASS = auto()
    NO_SUCH_PROPERTY = auto()
    TYPE_MISMATCH = auto()
    INVALID_QUERY = auto()
    QUERY_LANGUAGE_NOT_SUPPORTED = auto()
    METHOD_NOT_AVAILABLE = auto()
    METHOD_NOT_FOUND = auto()
    INVALID_ENUMERATION_CONTEXT = auto()
    INVALID_OPERATION_TIMEOUT = auto()
    SERVER_LIMITS_EXCEEDED = auto()


@dataclass(frozen=True, slots=True)
class Kind:
    """``status`` is CIM's (DSP0200); ``type`` and ``cause`` are CIM_Error's ErrorType and ProbableCause."""

    status: int
    type: int
    cause: int


# ErrorType: 2 Communications, 3 Quality of Service, 4 Software, 7 Security, 8 Oversubscription, 9 Unavailable
# Resource, 10 Unsupported Operation. ProbableCause: 8 Configuration/Customization Error, 44 Resource at or Nearing
# Capacity, 47 Software Error, 57 Underlying Resource Unavailable, 65 Unauthorized Access, 72 Element Unavailable,
# 73 Element Missing, 79 Identifier Duplication, 108 Software Environment Problem, 111 Timeout, 129 Procedural Error.
KINDS: Final[dict[Problem, Kind]] = {
    Problem.INVALID_PARAMETER: Kind(4, 4, 8),
    Problem.NOT_FOUND: Kind(6, 9, 73),
    Problem.ALREADY_EXISTS: Kind(11, 4, 79),
    Problem.INVALID_STATE: Kind(1, 4, 129),
    Problem.NOT_SUPPORTED: Kind(7, 10, 108),
    Problem.BUSY: Kind(1, 9, 72),
    Problem.TIMEOUT: Kind(1, 3, 111),
    Problem.ACCESS_DENIED: Kind(2, 7, 65),
    Problem.UNAVAILABLE: Kind(1, 2, 57),
    Problem.IN_USE: Kind(1, 9, 72),
    Problem.INSUFFICIENT: Kind(1, 8, 44),
    Problem.WRONG_KIND: Kind(4, 4, 8),
    Problem.FAILED: Kind(1, 4, 47),
    Problem.INVALID_NAMESPACE: Kind(3, 4, 73),
    Problem.INVALID_CLASS: Kind(5, 4, 73),
    Problem.NO_SUCH_PROPERTY: Kind(12, 4, 73),
    Problem.TYPE_MISMATCH: Kind(13, 4, 8),
    Problem.INVALID_QUERY: Kind(15, 4, 8),
    Problem.QUERY_LANGUAGE_NOT_SUPPORTED: Kind(14, 10, 108),
    Problem.METHOD_NOT_AVAILABLE: Kind(16, 10, 108),
    Problem.METHOD_NOT_FOUND: Kind(17, 4, 73),
    Problem.INVALID_ENUMERATION_CONTEXT: Kind(21, 4, 129),
    Problem.INVALID_OPERATION_TIMEOUT: Kind(22, 4, 8),
    Problem.SERVER_LIMITS_EXCEEDED: Kind(27, 8, 44),
}
