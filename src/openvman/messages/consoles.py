"""What can be wrong with reading consoles: 2900 to 2919."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

NO_SUCH_BYTES: Final = ErrorMessage(
    2901,
    "The console of {serial.system_id} has no bytes at {offset}, {limit} of them.",
    "Count from 0.",
    problem=Problem.INVALID_PARAMETER,
)
NOT_KEPT: Final = ErrorMessage(
    2902,
    "The output of serial port {serial.port} of virtual system {serial.system_id} is not kept.",
    problem=Problem.NOT_SUPPORTED,
)
NO_SUCH_RECORD: Final = ErrorMessage(
    2903,
    "IterationIdentifier {position!r} is none of this log's.",
    "Begin with PositionToFirstRecord.",
    problem=Problem.INVALID_PARAMETER,
)
NOTHING_MORE: Final = ErrorMessage(2904, "Nothing more was printed on {serial.id}", problem=Problem.NOT_FOUND)
