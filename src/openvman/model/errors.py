"""What can go wrong with a virtual system, in the domain's own words."""

from __future__ import annotations

from enum import StrEnum, auto


class Problem(StrEnum):
    """The kind of failure; the layers above choose their code for each. Stored by value."""

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


class ModelError(Exception):
    """An operation failed. The message names the object, the rule broken and the way out.

    ``subject`` is the id or name of the object, or the name of the setting at fault.
    """

    def __init__(self, problem: Problem, message: str, subject: str | None = None) -> None:
        super().__init__(message)
        self.problem = problem
        self.message = message
        self.subject = subject
