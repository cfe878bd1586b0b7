"""DSP0004 5.2.4."""

from __future__ import annotations

import datetime as dt

import pytest
import pywbem
from hypothesis import given
from hypothesis import strategies as st

from openvman.cim.datetime import CIMDateTime, format_datetime

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
POINTS = st.datetimes(timezones=OFFSETS)
INTERVALS = st.timedeltas(dt.timedelta(0), dt.timedelta(days=99_999_999))


@given(POINTS)
def test_point_in_time_round_trip(value: dt.datetime) -> None:
    written = format_datetime(value)
    assert CIMDateTime.from_datetime(value).text == written
    assert CIMDateTime.parse(written).to_datetime() == value
    assert CIMDateTime(written).to_datetime().utcoffset() == value.utcoffset()


@given(INTERVALS)
def test_interval_round_trip(value: dt.timedelta) -> None:
    written = format_datetime(value)
    assert CIMDateTime.from_timedelta(value).text == written
    assert CIMDateTime.parse(written).is_interval
    assert CIMDateTime.parse(written).to_timedelta() == value


@given(st.one_of(POINTS.filter(lambda value: value.year > 1), INTERVALS))
def test_pywbem_writes_the_same(value: dt.datetime | dt.timedelta) -> None:
    assert format_datetime(value) == str(pywbem.CIMDateTime(value))


@given(st.text("0123456789*.+-: ", min_size=20, max_size=27))
def test_any_text_is_a_value_or_a_value_error(text: str) -> None:
    try:
        value = CIMDateTime(text)
    except ValueError:
        return
    assert str(value) == text


@pytest.mark.parametrize(
    "text",
    [
        "20260102030405.000000+000",
        "20260102030405.123***-060",
        "202601020304**.******+120",
        "**************.******+000",
        "00000101000000.000000+720",
        "00000012010203.000004:000",
        "00000012******.******:000",
    ],
)
def test_valid(text: str) -> None:
    assert str(CIMDateTime(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20260102030405.000000",
        "20260102030405.000000+00",
        "20260102030405,000000+000",
        "20261302030405.000000+000",
        "20260230030405.000000+000",
        "20260102240405.000000+000",
        "20260102036005.000000+000",
        "20260102030460.000000+000",
        "2026010203**05.000000+000",
        "2026010203**05.******+000",
        "********03****.******+000",
        "202601020304**.000000+000",
        "20260102030405.***000+000",
        "202601020304*5.000000+000",
        "00000012240203.000004:000",
        "00000012010203.000004:060",
        "\u0662\u0660\u0662\u06660102030405.000000+000",
        "20260102030405.000000+000\n",
    ],
)
def test_invalid(text: str) -> None:
    with pytest.raises(ValueError, match=r"datetime|field|date"):
        CIMDateTime(text)


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="no UTC offset"):
        CIMDateTime.from_datetime(dt.datetime(2026, 1, 2))  # noqa: DTZ001  # it is the point of the test


def test_an_offset_with_seconds_is_written_in_utc() -> None:
    odd = dt.timezone(dt.timedelta(hours=1, seconds=1))
    assert format_datetime(dt.datetime(2026, 1, 2, 1, 0, 1, tzinfo=odd)) == "20260102000000.000000+000"


@pytest.mark.parametrize("value", [dt.timedelta(microseconds=-1), dt.timedelta(days=100_000_000)])
def test_interval_out_of_range(value: dt.timedelta) -> None:
    with pytest.raises(ValueError, match="interval"):
        CIMDateTime.from_timedelta(value)


def test_the_two_kinds_and_unknown_fields_do_not_mix() -> None:
    point, interval = CIMDateTime("20260102030405.000000+000"), CIMDateTime("00000012010203.000004:000")
    with pytest.raises(ValueError, match="is a point in time"):
        point.to_timedelta()
    with pytest.raises(ValueError, match="is an interval"):
        interval.to_datetime()
    vague = CIMDateTime("202601020304**.******+000")
    assert not vague.is_exact
    with pytest.raises(ValueError, match="unknown fields"):
        vague.to_datetime()
