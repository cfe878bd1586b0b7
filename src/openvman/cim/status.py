"""CIM status codes (DSP0200 Table 4) and the exception that carries one to the client."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from openvman.cim.values import Instance


class Status(IntEnum):
    """CIM status code; the client sees ``CIM_ERR_<NAME>``."""

    FAILED = 1
    ACCESS_DENIED = 2
    INVALID_NAMESPACE = 3
    INVALID_PARAMETER = 4
    INVALID_CLASS = 5
    NOT_FOUND = 6
    NOT_SUPPORTED = 7
    CLASS_HAS_CHILDREN = 8
    CLASS_HAS_INSTANCES = 9
    INVALID_SUPERCLASS = 10
    ALREADY_EXISTS = 11
    NO_SUCH_PROPERTY = 12
    TYPE_MISMATCH = 13
    QUERY_LANGUAGE_NOT_SUPPORTED = 14
    INVALID_QUERY = 15
    METHOD_NOT_AVAILABLE = 16
    METHOD_NOT_FOUND = 17
    NAMESPACE_NOT_EMPTY = 20
    INVALID_ENUMERATION_CONTEXT = 21
    INVALID_OPERATION_TIMEOUT = 22
    PULL_HAS_BEEN_ABANDONED = 23
    PULL_CANNOT_BE_ABANDONED = 24
    FILTERED_ENUMERATION_NOT_SUPPORTED = 25
    CONTINUATION_ON_ERROR_NOT_SUPPORTED = 26
    SERVER_LIMITS_EXCEEDED = 27
    SERVER_IS_SHUTTING_DOWN = 28


LONGEST_DESCRIPTION: Final = 1000
"""Characters."""


class CIMError(Exception):
    """An operation failed: the status, a sentence for a person, and CIM_Error instances where they exist.

    ``description`` names the object, the rule broken and the way out. What a client sent stands in it, so it is cut.
    """

    def __init__(self, status: Status, description: str, errors: tuple[Instance, ...] = ()) -> None:
        if len(description) > LONGEST_DESCRIPTION:
            description = f"{description[:LONGEST_DESCRIPTION]}..."
        super().__init__(f"CIM_ERR_{status.name}: {description}")
        self.status = status
        self.description = description
        self.errors = errors
