"""What can be wrong with users and their passwords: 4200 to 4299. Passwords are never repeated."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

NO_NAME: Final = ErrorMessage(
    4201,
    "{name!r} cannot be a user's name: use up to 64 of letters, digits and _.@+-, not beginning with .@+-",
    problem=Problem.INVALID_PARAMETER,
)
THERE_ALREADY: Final = ErrorMessage(4202, "user {name!r} exists already", problem=Problem.ALREADY_EXISTS)
UNKNOWN: Final = ErrorMessage(
    4203, "there is no user {name!r}: `vman user list` shows those there are", problem=Problem.NOT_FOUND
)
PASSWORD_LENGTH: Final = ErrorMessage(
    4211,
    "a password has {shortest} to {longest} characters; `vman user add` can make one",
    problem=Problem.INVALID_PARAMETER,
)
PASSWORD_UNPRINTABLE: Final = ErrorMessage(
    4212, "a password has printable characters only", problem=Problem.INVALID_PARAMETER
)
