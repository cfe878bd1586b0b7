"""Numbers with units, as they stand in the address of a simulated platform."""

from __future__ import annotations

import re
from typing import Final

from openvman.messages import simulated
from openvman.model.errors import ModelError

_NUMBER: Final = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)([A-Za-z%]*)", re.ASCII)
_SECONDS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
_BYTES: Final = {"": 1, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def count(text: str) -> int:
    """A whole number from 0."""
    number, unit = _split(text)
    if unit or not number.is_integer():
        raise ModelError(simulated.NO_COUNT, "platform", text=text)
    return int(number)


def share(text: str) -> float:
    """``50%`` or ``0.5``: a number from 0 to 1."""
    number, unit = _split(text)
    number = number / 100 if unit == "%" else number
    if unit not in ("", "%") or number > 1:
        raise ModelError(simulated.NO_SHARE, "platform", text=text)
    return number


def duration(text: str) -> float:
    """``5ms``, ``2s``, ``1min``: seconds."""
    number, unit = _split(text)
    if unit not in _SECONDS:
        raise ModelError(simulated.NO_DURATION, "platform", text=text)
    return number * _SECONDS[unit]


def size(text: str) -> int:
    """``64GiB``, ``512MiB``, or bytes."""
    number, unit = _split(text)
    if unit not in _BYTES:
        raise ModelError(simulated.NO_SIZE, "platform", text=text)
    return int(number * _BYTES[unit])


def _split(text: str) -> tuple[float, str]:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise ModelError(simulated.NO_NUMBER, "platform", text=text)
    return float(found[1]), found[2]
