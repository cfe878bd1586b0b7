"""What can go wrong for a client, as one exception with a reason."""

from __future__ import annotations

from enum import Enum, auto


class Reason(Enum):
    """Why it failed, as far as a program needs to know; the message says it to a person."""

    FAILED = auto()
    USAGE = auto()  # what was asked makes no sense, whatever the state of things
    NOT_FOUND = auto()  # no such object, or more than one that fits
    REFUSED = auto()  # the object's state, or a rule, forbids it now
    UNREACHABLE = auto()  # no server there, or not one that speaks CIM-XML
    DENIED = auto()  # no or wrong credentials, or a role that does not reach this far
    TIMEOUT = auto()  # begun, and not seen to end within the time given


class ClientError(Exception):
    """An expected failure. The message is one or two sentences: what failed, and the way out where there is one."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
