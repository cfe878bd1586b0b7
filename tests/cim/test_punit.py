"""Programmatic units: read, printed, converted exactly or not at all."""

from __future__ import annotations

from fractions import Fraction

import pytest

from openvman.cim.punit import UnitError, convert_quantity, converts, format_punit, parse_punit


@pytest.mark.parametrize(
    ("text", "factor", "printed"),
    [
        ("byte*2^20", 8 * 2**20, "byte*2^20"),
        ("byte * 10^3", 8000, "byte*1000"),
        ("2^10 * byte", 8 * 2**10, "byte*2^10"),
        ("byte*1024", 8 * 2**10, "byte*2^10"),
        ("bit*10^-3", Fraction(1, 1000), "bit/1000"),
        ("hertz*10^6", 10**6, "hertz*10^6"),
        ("percent/1000", Fraction(1, 1000), "percent/1000"),
        ("percent / 1000", Fraction(1, 1000), "percent/1000"),
        ("permille", Fraction(1, 10), "percent/10"),
        ("count(fixed size block)", 1, "count(fixed size block)"),
        ("byte/second", 8, "byte/second"),
        ("byte*10^6/second", 8 * 10**6, "byte/second*10^6"),
        ("meter / second^2", 1, "meter/second^2"),
        ("1/second", 1, "1/second"),
        ("degree celsius*0.5", Fraction(1, 2), "degree celsius/2"),
        ("byte/byte", 1, "1"),
    ],
)
def test_a_unit_is_read_and_printed(text, factor, printed):
    unit = parse_punit(text)
    assert unit.factor == factor
    assert format_punit(unit) == printed
    assert parse_punit(printed) == unit


@pytest.mark.parametrize(
    ("quantity", "have", "want", "result"),
    [
        (3, "byte*2^20", "byte", 3 * 2**20),
        (3 * 2**20, "byte", "byte*2^10", 3072),
        (16, "bit", "byte", 2),
        (5, "percent", "percent/1000", 5000),
        (20, "permille", "percent", 2),
        (2, "hertz*10^9", "hertz*10^6", 2000),
        (60, "byte/minute", "byte/second", 1),
        (2**64, "byte*10^18", "byte", 2**64 * 10**18),
    ],
)
def test_quantities_convert_exactly(quantity, have, want, result):
    assert convert_quantity(quantity, have, want) == result
    assert convert_quantity(result, want, have) == quantity


@pytest.mark.parametrize(
    ("quantity", "have", "want"),
    [(1, "byte", "byte*2^10"), (1, "count", "byte"), (1, "count", "percent"), (1, "byte", "byte/second")],
)
def test_what_does_not_convert_names_both_units(quantity, have, want):
    with pytest.raises(UnitError) as caught:
        convert_quantity(quantity, have, want)
    assert repr(have) in str(caught.value)
    assert repr(want) in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        *("", "furlong", "byte**2", "byte 2", "byte*", "*byte", "byte*0", "byte^99", "2^99*byte", "byte(big)"),
        *("byte*1e3", "byte;drop", "count(", "byte^", "0^1*byte", "\u0662*byte", "byte*" * 60 + "byte"),
    ],
)
def test_what_is_no_unit_is_refused(text):
    with pytest.raises(UnitError):
        parse_punit(text)


def test_units_of_one_kind_are_known():
    assert converts("byte*2^10", "bit")
    assert not converts("byte", "count(fixed size block)")
