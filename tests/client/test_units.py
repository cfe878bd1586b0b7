from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvman.client.units import bytes_per_unit, format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("64MiB", 64 * 2**20),
        ("64M", 64 * 2**20),
        ("64mib", 64 * 2**20),
        ("64MB", 64_000_000),
        ("1.5 GiB", 3 * 2**29),
        ("512B", 512),
        ("2T", 2 * 2**40),
    ],
)
def test_sizes_as_people_write_them(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["64", "", "MiB", "-1MiB", "1e3MiB", "0.3B", "64 MiBs", "\u0661MiB", "9999999P"])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="size"):
        parse_size(text)


@given(st.integers(1, 2**40))
def test_mebibytes_survive_being_shown(count):
    assert parse_size(format_size(count << 20).replace(" ", "")) == pytest.approx(count << 20, rel=1e-3)


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (100 * 2**30, "100 GiB")])
def test_sizes_are_shown_short(size, text):
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("units", "size"),
    [("byte", 1), ("byte*2^10", 1024), ("byte * 10^6", 10**6), ("byte*1024", 1024), ("count", None), (None, None)],
)
def test_programmatic_units(units, size):
    assert bytes_per_unit(units) == size
