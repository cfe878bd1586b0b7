"""The text of one value in CIM-XML and the value of a text (DSP0201 5.2.4 VALUE), by CIM type."""

from __future__ import annotations

import math
import re
from typing import Final, get_args

from openvman.cim.datetime import CIMDateTime
from openvman.cim.literals import parse_real
from openvman.cim.values import INTEGER_RANGES, CIMType, Value

_INTEGER: Final = re.compile(r"[+-]?(?:[0-9]{1,20}|0[xX][0-9A-Fa-f]{1,16})")
"""Decimal, with or without leading zeros, and hexadecimal; MOF's octal and binary forms are not CIM-XML's."""
_MAX_REAL_DIGITS: Final = 400
_LARGEST_REAL32: Final = 3.4028235677973366e38  # the first magnitude that rounds to infinity

TYPES: Final[dict[str, CIMType]] = {type: type for type in get_args(CIMType)}
"""Every CIM type by its name."""


def parse_scalar(text: str, type: CIMType) -> Value:
    """The value that ``text`` stands for; ValueError with a sentence when it stands for none of that type."""
    if type == "string":
        return text
    if type == "char16":
        if len(text) == 1 and ord(text) < 0x10000:
            return text
        raise ValueError("a char16 value is one character of the basic plane")
    word = text.strip()
    if type == "boolean":
        return parse_boolean(word)
    if type in INTEGER_RANGES:
        return _integer(word, type)
    if type == "datetime":
        return CIMDateTime.parse(word)
    if type in ("real32", "real64"):
        return _real(word, type)
    raise ValueError(f"a {type} value is not text")


def parse_boolean(word: str) -> bool:
    """TRUE or FALSE in any case (DSP0201 5.2.4.2)."""
    folded = word.strip().lower()
    if folded not in ("true", "false"):
        raise ValueError("a boolean value is TRUE or FALSE")
    return folded == "true"


def parse_number(word: str) -> int | float:
    """A numeric key value whose type was not said (DSP0201 5.2.4.4)."""
    if _INTEGER.fullmatch(word):
        return _unranged(word)
    return _real(word, "real64")


def _integer(word: str, type: CIMType) -> int:
    if not _INTEGER.fullmatch(word):
        raise ValueError(f"{word[:40]!r} is not an integer")
    number = _unranged(word)
    low, high = INTEGER_RANGES[type]
    if not low <= number <= high:
        raise ValueError(f"{number} is outside {low}..{high}")
    return number


def _unranged(word: str) -> int:
    return int(word, 16) if "x" in word.lower() else int(word)


def _real(word: str, type: CIMType) -> float:
    number = parse_real(word) if len(word) <= _MAX_REAL_DIGITS else None
    if number is None:
        raise ValueError(f"{word[:40]!r} is not a real number")
    overflowed = math.isinf(number) and "inf" not in word.lower()
    if overflowed or (type == "real32" and math.isfinite(number) and abs(number) >= _LARGEST_REAL32):
        raise ValueError(f"{word[:40]!r} is outside {type}")
    return number
