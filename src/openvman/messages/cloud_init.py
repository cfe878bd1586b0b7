"""What can be wrong with cloud-init data: 2700 to 2799. The data itself, which may hold secrets, is never repeated."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

TOO_LONG: Final = ErrorMessage(
    2701,
    "the cloud-init {what} has more than {maximum} bytes.",
    "Let it include the rest from elsewhere.",
    problem=Problem.INVALID_PARAMETER,
)
NO_TEXT: Final = ErrorMessage(
    2702,
    "the cloud-init {what} is no UTF-8 text, or holds a NUL.",
    "Encode binary parts, as base64 in MIME.",
    problem=Problem.INVALID_PARAMETER,
)
NO_HEADER: Final = ErrorMessage(
    2703,
    "cloud-init user data begins with one of {headers!r}, and this does not",
    problem=Problem.INVALID_PARAMETER,
)
NO_USER_DATA: Final = ErrorMessage(
    2704,
    "cloud-init meta-data and network-config go with user data.",
    "Give them together ('#cloud-config' will do).",
    problem=Problem.INVALID_PARAMETER,
)
NO_MAPPING: Final = ErrorMessage(
    2705,
    "The cloud-init meta-data is no YAML mapping without aliases{where}.",
    "Give lines such as 'key: value'.",
    problem=Problem.INVALID_PARAMETER,
)
SUSPENDED: Final = ErrorMessage(
    2711,
    "Virtual system {system.name!r} is suspended, and goes on with the disk that it has.",
    "Stop it first.",
    problem=Problem.INVALID_STATE,
)
NO_FOLDER: Final = ErrorMessage(
    2712,
    "No image folder is configured to make the disk for the cloud-init data in.",
    "Configure one.",
    problem=Problem.INVALID_PARAMETER,
)
LEFT: Final = ErrorMessage(
    2713,
    "Virtual system {id} is gone, but its cloud-init data at {path!r} could not be removed: {reason}.",
    "Remove the file by hand.",
    problem=Problem.FAILED,
)
