"""Values that are not of their CIM type, and paths with wrong keys: 1400 to 1499."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

MISMATCH: Final = ErrorMessage(1401, "{what} cannot be {value}: {rule}", problem=Problem.TYPE_MISMATCH)
OUT_OF_BOUNDS: Final = ErrorMessage(1402, "{what} cannot be {value}: {rule}", problem=Problem.INVALID_PARAMETER)
KEY_MISSING: Final = ErrorMessage(
    1410, "the keys of {class_name} are {keys}: {missing} is missing", problem=Problem.INVALID_PARAMETER
)
KEY_UNKNOWN: Final = ErrorMessage(
    1411, "the keys of {class_name} are {keys}: {unknown} is not one of them", problem=Problem.INVALID_PARAMETER
)
KEY_NULL: Final = ErrorMessage(
    1412, "{what} is a key and cannot be NULL (DSP0004 5.6.3)", problem=Problem.INVALID_PARAMETER
)
