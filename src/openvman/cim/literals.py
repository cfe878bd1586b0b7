"""Numbers as CIM writes them in text (DSP0004 Annex A; DSP0201 5.2.4 for INF and NaN)."""

from __future__ import annotations

import math
import re
from typing import Final

_BINARY: Final = re.compile(r"([+-]?[01]+)[bB]")
_OCTAL: Final = re.compile(r"[+-]?0[0-7]+")
_DECIMAL: Final = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_HEX: Final = re.compile(r"[+-]?0[xX][0-9a-fA-F]+")
_REAL: Final = re.compile(r"[+-]?(?:[0-9]*\.[0-9]+|[0-9]+\.?)(?:[eE][+-]?[0-9]+)?")
_SPECIAL_REALS: Final = {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf, "nan": math.nan}
_MAX_DIGITS: Final = 80
"""More than any 64-bit integer takes in any base; keeps conversion from costing more than the text."""


def parse_integer(text: str) -> int | None:
    """The integer that ``text`` writes in decimal, hex (0x1F), octal (017) or binary (101b); None when it is none."""
    if len(text) > _MAX_DIGITS:
        return None
    if _DECIMAL.fullmatch(text):
        return int(text)
    if _HEX.fullmatch(text):
        return int(text, 16)
    if match := _BINARY.fullmatch(text):
        return int(match[1], 2)
    return int(text, 8) if _OCTAL.fullmatch(text) else None


def parse_real(text: str) -> float | None:
    """The real that ``text`` writes, INF, -INF and NaN in any case; None when it is none."""
    special = _SPECIAL_REALS.get(text.lower())
    if special is not None:
        return special
    return float(text) if _REAL.fullmatch(text) else None
