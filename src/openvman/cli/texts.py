"""Makes foreign text harmless to a terminal."""

from __future__ import annotations

import unicodedata
from typing import Final

_HARMFUL: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of controls (escape sequences), formats (text direction, invisible), surrogates, line separators."""


def harmless(text: str, keep: str = "") -> str:
    """The text with what could steer a terminal or hide from a reader as visible escapes; ``keep`` stays as it is."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char in keep or unicodedata.category(char) not in _HARMFUL else _escape(char) for char in text
    )


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
