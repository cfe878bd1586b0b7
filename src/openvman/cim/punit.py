"""Programmatic units (DSP0004 Annex C): ``byte*2^20``, ``hertz * 10^6``, ``percent/1000``, ``byte/second``.

A unit is base units, each to a power, and an exact factor. Quantities convert between units of the same base units
only, and only where the result is a whole number: nothing is ever rounded here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

# fmt: off
_BASES: Final = {
    "ampere", "bar", "bel", "bit", "block", "button", "byte", "candela", "character", "color unit", "coulomb",
    "count", "cycle", "day", "decibel", "degree celsius", "degree fahrenheit", "dialpulse", "dot", "dram", "error",
    "event", "farad", "fetch", "foot", "gallon", "gravity", "hertz", "hour", "inch", "joule", "kelvin", "kilogram",
    "line", "liter", "lumen", "lux", "meter", "mile", "minute", "mole", "newton", "ohm", "operation", "ounce",
    "page", "pascal", "percent", "permille", "picture", "pint", "pound", "process", "rack unit", "radian", "read",
    "revolution", "second", "siemens", "signal", "steradian", "tesla", "transfer", "volt", "watt", "weber", "week",
    "write", "yard",
}
# fmt: on
_QUALIFIED: Final = frozenset({"count", "decibel", "error", "event", "operation", "process"})
"""Those that may say of what, in parentheses: ``count(fixed size block)``, ``decibel(A)``."""
_RELATED: Final = {
    "byte": (Fraction(8), "bit"),
    "permille": (Fraction(1, 10), "percent"),
    "minute": (Fraction(60), "second"),
    "hour": (Fraction(3600), "second"),
    "day": (Fraction(86400), "second"),
    "week": (Fraction(604800), "second"),
}
"""Units that are an exact multiple of another, so that the two convert."""
_LONGEST: Final = 200
_LARGEST_EXPONENT: Final = 64

_NUMBER: Final = re.compile(r"(?P<mantissa>\d{1,18}(?:\.\d{1,18})?)(?:\s*\^\s*(?P<exponent>[+-]?\d{1,2}))?", re.ASCII)
_UNIT: Final = re.compile(
    r"(?P<name>[a-z]+(?: [a-z]+)?)\s*(?P<modifier>\([^()]{1,60}\))?(?:\s*\^\s*(?P<power>[+-]?\d{1,2}))?", re.ASCII
)
_OPERATOR: Final = re.compile(r"\s*([*/])\s*")


class UnitError(ValueError):
    """A text that is no unit, or a conversion that cannot be exact; the message names the units."""


@dataclass(frozen=True, slots=True)
class PUnit:
    """``dimensions`` are base units, in order, each with a power other than 0; ``factor`` is exact and positive.

    A count may say what is counted: ``count(fixed size block)`` is another base unit than ``count``.
    """

    factor: Fraction
    dimensions: tuple[tuple[str, int], ...]


@lru_cache(maxsize=256)
def parse_punit(text: str) -> PUnit:
    """The unit that a text writes. UnitError when it writes none."""
    if len(text) > _LONGEST:
        raise UnitError(f"a unit has {_LONGEST} characters at most")
    factor, sign, rest = Fraction(1), 1, text.strip()
    powers: dict[str, int] = {}
    while True:
        found = _NUMBER.match(rest) or _UNIT.match(rest)
        if found is None:
            raise UnitError(f"{text!r} is no programmatic unit: nothing known stands at {rest[:40]!r}")
        if found.re is _NUMBER:
            factor *= _number(found, text) ** sign
        else:
            scale, base = _base(found, text)
            power = sign * int(found["power"] or 1)
            if abs(power) > _LARGEST_EXPONENT:
                raise UnitError(f"{text!r} is no programmatic unit: the power {power} is too large")
            factor *= scale**power
            powers[base] = powers.get(base, 0) + power
        rest = rest[found.end() :]
        if not rest.strip():
            break
        operator = _OPERATOR.match(rest)
        if operator is None:
            raise UnitError(f"{text!r} is no programmatic unit: '*' or '/' is missing before {rest[:40]!r}")
        sign = 1 if operator[1] == "*" else -1
        rest = rest[operator.end() :]
    if not factor:
        raise UnitError(f"{text!r} is no programmatic unit: its factor is 0")
    return PUnit(factor, tuple(sorted((base, power) for base, power in powers.items() if power)))


def _number(found: re.Match[str], text: str) -> Fraction:
    exponent = int(found["exponent"] or 1)
    if abs(exponent) > _LARGEST_EXPONENT:
        raise UnitError(f"{text!r} is no programmatic unit: the exponent {exponent} is too large")
    mantissa = Fraction(found["mantissa"])
    if not mantissa:
        raise UnitError(f"{text!r} is no programmatic unit: its factor is 0")
    return mantissa**exponent


def _base(found: re.Match[str], text: str) -> tuple[Fraction, str]:
    name, modifier = found["name"], found["modifier"] or ""
    if name not in _BASES or (modifier and name not in _QUALIFIED):
        raise UnitError(f"{text!r} is no programmatic unit: there is no base unit {found[0].strip()!r}")
    scale, base = _RELATED.get(name, (Fraction(1), name))
    return scale, base + modifier


def format_punit(unit: PUnit) -> str:
    """The unit as text, which parses to the same unit: base units first, then the factor as powers where it can be."""
    powers = dict(unit.dimensions)
    factor, names = unit.factor, []
    for base, power in unit.dimensions:
        if base == "bit" and factor % 8**power == 0:
            factor, base = factor / Fraction(8) ** power, "byte"  # noqa: PLW2901 - sizes are in bytes where they can be
        names.append((base, power))
    ups = [name if power == 1 else f"{name}^{power}" for name, power in names if power > 0]
    downs = [name if power == -1 else f"{name}^{-power}" for name, power in names if power < 0]
    parts = ups or (["1"] if downs or not powers else [])
    text = "*".join(parts) + "".join(f"/{name}" for name in downs)
    if factor.numerator != 1:
        text += f"*{_power(factor.numerator)}"
    if factor.denominator != 1:
        text += f"/{_power(factor.denominator)}"
    return text


def _power(number: int) -> str:
    for base in (2, 10):
        exponent, left = 0, number
        while left % base == 0:
            exponent, left = exponent + 1, left // base
        if left == 1 and exponent > 3:
            return f"{base}^{exponent}"
    return str(number)


def convert_quantity(quantity: int, units: str, wanted: str) -> int:
    """A quantity in ``units`` as one in ``wanted``. UnitError where they do not convert, or not to a whole number."""
    have, want = parse_punit(units), parse_punit(wanted)
    if have.dimensions != want.dimensions:
        raise UnitError(f"the unit {units!r} cannot be converted to {wanted!r}")
    exact = quantity * have.factor / want.factor
    if exact.denominator != 1:
        raise UnitError(f"{quantity} in the unit {units!r} is no whole number in {wanted!r}")
    return exact.numerator


def converts(units: str, wanted: str) -> bool:
    """Whether the two are of the same base units. UnitError when one is no unit."""
    return parse_punit(units).dimensions == parse_punit(wanted).dimensions
