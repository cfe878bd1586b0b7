"""Programmatic units (DSP0004 Annex C) as far as sizes need them: ``byte``, ``byte*2^20``, ``byte*1024`` …"""

from __future__ import annotations

import re
from typing import Final

_PUNIT: Final = re.compile(
    r"byte(?:\s*\*\s*(?:(?P<base>2|10)\s*\^\s*(?P<power>\d{1,2})|(?P<factor>\d{1,18})))?", re.IGNORECASE
)
_WORDS: Final = {
    "bytes": 1,
    "kilobytes": 2**10,
    "megabytes": 2**20,
    "gigabytes": 2**30,
    "terabytes": 2**40,
}


def bytes_per_unit(units: str) -> int:
    """How many bytes one unit is. ValueError when the text is no unit of size."""
    text = units.strip()
    word = _WORDS.get(text.lower())
    if word is not None:
        return word
    found = _PUNIT.fullmatch(text)
    if found is None:
        raise ValueError(f"{units!r} is no unit of size; say for example byte*2^20")
    if found["base"]:
        base, power = int(found["base"]), int(found["power"])
        return int(base**power)
    return int(found["factor"] or 1)


_BANDWIDTH: Final = re.compile(r"(?P<what>bit|byte)\s*/\s*second(?:\s*\*\s*(?P<base>2|10)\s*\^\s*(?P<power>\d{1,2}))?")


def bits_per_second(units: str) -> int:
    """How many bits a second one unit is: ``bit / second``, ``bit / second * 10^6``. ValueError for no such unit."""
    found = _BANDWIDTH.fullmatch(units.strip())
    if found is None:
        raise ValueError(f"{units!r} is no unit of bandwidth; say for example bit / second * 10^6")
    power = int(found["base"]) ** int(found["power"]) if found["base"] else 1
    return int(power * (8 if found["what"] == "byte" else 1))
