"""Exit codes, and how failures become one sentence and a code."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, Self

from openvman.client.errors import ClientError, Reason
from openvman.config.load import ConfigError
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.store.database import StoreError


class Exit(IntEnum):
    """The whole table; ``meaning`` is what the help shows."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    OK = 0, "done"
    FAILURE = 1, "it failed"
    USAGE = 2, "the command line or a setting is wrong"
    NOT_FOUND = 3, "no such object, or more than one fits the name"
    REFUSED = 4, "the object's state, or a rule, forbids it"
    UNREACHABLE = 5, "no server answers"
    DENIED = 6, "not authorised"
    TIMEOUT = 7, "not done within the time given"
    INTERRUPTED = 130, "interrupted"


_BY_REASON: Final[Mapping[Reason, Exit]] = {
    Reason.FAILED: Exit.FAILURE,
    Reason.USAGE: Exit.USAGE,
    Reason.NOT_FOUND: Exit.NOT_FOUND,
    Reason.REFUSED: Exit.REFUSED,
    Reason.UNREACHABLE: Exit.UNREACHABLE,
    Reason.DENIED: Exit.DENIED,
    Reason.TIMEOUT: Exit.TIMEOUT,
}
_BY_PROBLEM: Final[Mapping[Problem, Exit]] = {
    Problem.INVALID_PARAMETER: Exit.USAGE,
    Problem.NOT_FOUND: Exit.NOT_FOUND,
    Problem.ALREADY_EXISTS: Exit.REFUSED,
    Problem.INVALID_STATE: Exit.REFUSED,
    Problem.NOT_SUPPORTED: Exit.REFUSED,
    Problem.BUSY: Exit.REFUSED,
    Problem.TIMEOUT: Exit.TIMEOUT,
    Problem.ACCESS_DENIED: Exit.DENIED,
    Problem.UNAVAILABLE: Exit.UNREACHABLE,
    Problem.IN_USE: Exit.REFUSED,
    Problem.INSUFFICIENT: Exit.REFUSED,
    Problem.WRONG_KIND: Exit.USAGE,
}
"""Of the others there is no more to say than that it failed."""
EXPECTED: Final = (ClientError, ConfigError, ModelError, StoreError)
"""What commands may raise; anything else is a defect and shows its traceback."""


def told(error: Exception) -> tuple[Exit, str]:
    """The exit code and the sentence for one of EXPECTED."""
    if isinstance(error, ClientError):
        return _BY_REASON[error.reason], error.message
    if isinstance(error, ModelError):
        return _BY_PROBLEM.get(error.problem, Exit.FAILURE), error.message
    return Exit.USAGE if isinstance(error, ConfigError) else Exit.FAILURE, str(error)
