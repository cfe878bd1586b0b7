"""Sizes: as people write them (``64MiB``, ``1.5G``), as CIM writes their units (DSP0004 Annex C), and as bytes."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, Final

_SUFFIXES: Final = "KMGTP"
_SIZE: Final = re.compile(
    rf"(?P<number>\d{{1,18}}(?:\.\d{{1,9}})?)\s*(?P<prefix>[{_SUFFIXES}]?)(?P<kind>i?B)?", re.IGNORECASE | re.ASCII
)
_PUNIT: Final = re.compile(r"byte(?:\s*\*\s*(?P<base>\d{1,18})(?:\s*\^\s*(?P<power>\d{1,2}))?)?", re.IGNORECASE)


def parse_size(text: str) -> int:
    """Bytes for ``64MiB``, ``64M``, ``64MB``, ``1.5GiB``. ValueError without a unit, or for no byte at all.

    A bare number is refused: some tools mean MiB by it, others bytes.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None or not (found["prefix"] or found["kind"]):
        raise ValueError(f"'{text}' is not a size; say for example 64MiB or 10GiB")
    decimal = (found["kind"] or "").upper() == "B"
    power = _SUFFIXES.index(found["prefix"].upper()) + 1 if found["prefix"] else 0
    size = int(Fraction(found["number"]) * (1000 if decimal else 1024) ** power)
    if not 0 < size < 2**63:
        raise ValueError(f"'{text}' is not a usable size")
    return size


def format_size(size: int) -> str:
    """The shortest exact form up to three digits after the point: ``64 MiB``, ``1.5 GiB``."""
    value = Fraction(size)
    unit = "B"
    for suffix in _SUFFIXES:
        if value < 1024:
            break
        value /= 1024
        unit = f"{suffix}iB"
    return f"{float(value):.3f}".rstrip("0").rstrip(".") + f" {unit}"


def bytes_per_unit(units: str | None) -> int | None:
    """Bytes in one programmatic unit such as ``byte*2^10``; None when it is no unit of size."""
    found = _PUNIT.fullmatch((units or "").strip())
    if found is None:
        return None
    if found["base"] is None:
        return 1
    size: int = int(found["base"]) ** int(found["power"] or 1)
    return size


def quantity_of(instance: Any, name: str, units: str = "VirtualQuantityUnits") -> int | None:
    """A quantity in bytes where it has a unit of size, else as it is."""
    value = instance.get(name)
    return None if value is None else int(value) * (bytes_per_unit(instance.get(units)) or 1)
