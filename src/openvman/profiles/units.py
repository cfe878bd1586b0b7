"""Units of what clients send: programmatic units (``cim.punit``), and the words for sizes that old clients write."""

from __future__ import annotations

from typing import Final

from openvman.cim.punit import convert_quantity

_WORDS: Final = {
    "bytes": "byte",
    "kilobytes": "byte*2^10",
    "megabytes": "byte*2^20",
    "gigabytes": "byte*2^30",
    "terabytes": "byte*2^40",
}


def in_unit(quantity: int, units: str, wanted: str) -> int:
    """A quantity in ``wanted``, exactly. ValueError naming both units where that cannot be."""
    text = units.strip()
    return convert_quantity(quantity, _WORDS.get(text.lower(), text), wanted)


def bytes_per_unit(units: str) -> int:
    """How many bytes one unit is. ValueError when the text is no unit of size."""
    return in_unit(1, units, "byte")
