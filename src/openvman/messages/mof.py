"""What is wrong with an instance in MOF text: 1500 to 1599. ``at`` has the ``line`` and the ``column``, from 1."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

_AT: Final = "MOF text, line {at.line}, column {at.column}: "

TOO_LONG: Final = ErrorMessage(
    1501, "MOF text of {length} characters: at most {most} are read", problem=Problem.INVALID_PARAMETER
)
TOO_DEEP: Final = ErrorMessage(
    1502, "MOF text: instances are embedded more than {most} levels deep", problem=Problem.INVALID_PARAMETER
)
NO_PRAGMA: Final = ErrorMessage(1503, _AT + "a pragma is not taken here", problem=Problem.INVALID_PARAMETER)
NO_QUALIFIERS: Final = ErrorMessage(1504, _AT + "qualifiers are not taken here", problem=Problem.INVALID_PARAMETER)
NO_ALIAS: Final = ErrorMessage(1505, _AT + "an alias is not taken here", problem=Problem.INVALID_PARAMETER)
EXPECTED: Final = ErrorMessage(1506, _AT + "{wanted} is expected, not {found}", problem=Problem.INVALID_PARAMETER)
GIVEN_TWICE: Final = ErrorMessage(1507, _AT + "property {name} is given twice", problem=Problem.INVALID_PARAMETER)
TOO_MANY: Final = ErrorMessage(1508, _AT + "more than {most} properties", problem=Problem.INVALID_PARAMETER)
BAD_VALUE: Final = ErrorMessage(1509, _AT + "{reason}", problem=Problem.INVALID_PARAMETER)
NO_NUMBER: Final = ErrorMessage(1510, _AT + "{text} is not a number", problem=Problem.INVALID_PARAMETER)
NO_ESCAPE: Final = ErrorMessage(
    1511, _AT + "{text!r} is not an escape sequence of MOF", problem=Problem.INVALID_PARAMETER
)
UNENDED_STRING: Final = ErrorMessage(
    1512, _AT + "a string begins here and does not end ({quote} is missing)", problem=Problem.INVALID_PARAMETER
)
UNENDED_COMMENT: Final = ErrorMessage(
    1513, _AT + "a comment begins here and does not end", problem=Problem.INVALID_PARAMETER
)
UNEXPECTED: Final = ErrorMessage(1514, _AT + "unexpected character {text!r}", problem=Problem.INVALID_PARAMETER)
