"""The CIM datetime type (DSP0004 5.2.4): a point in time or an interval, in its 25-character form.

Fields that are not significant are written as asterisks; they are always the rightmost ones. Equality is equality of
the written form: the same instant written with two UTC offsets is two values; compare :meth:`CIMDateTime.to_datetime`
where the instant is meant.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

_POINT: Final = re.compile(
    r"([0-9]{4}|\*{4})([0-9]{2}|\*\*)([0-9]{2}|\*\*)([0-9]{2}|\*\*)([0-9]{2}|\*\*)([0-9]{2}|\*\*)"
    r"\.([0-9]{0,6}\*{0,6})([+-][0-9]{3})"
)
_INTERVAL: Final = re.compile(r"([0-9]{8}|\*{8})([0-9]{2}|\*\*)([0-9]{2}|\*\*)([0-9]{2}|\*\*)\.([0-9]{0,6}\*{0,6}):000")
_LENGTH: Final = 25
_MICROSECOND_DIGITS: Final = 6
_MAX_INTERVAL_DAYS: Final = 99_999_999
_MAX_OFFSET_MINUTES: Final = 999
_POINT_LIMITS: Final = (("year", 0, 9999), ("month", 1, 12), ("day", 1, 31), ("hour", 0, 23), ("minute", 0, 59),
                        ("second", 0, 59))  # fmt: skip
_INTERVAL_LIMITS: Final = (("day", 0, _MAX_INTERVAL_DAYS), ("hour", 0, 23), ("minute", 0, 59), ("second", 0, 59))


@dataclass(frozen=True, slots=True)
class CIMDateTime:
    """A datetime value; ``text`` is its 25-character form. ValueError when that is not one."""

    text: str

    def __post_init__(self) -> None:
        match = _INTERVAL.fullmatch(self.text) if self.is_interval else _POINT.fullmatch(self.text)
        if match is None or len(self.text) != _LENGTH:
            raise ValueError(
                f"{self.text[:40]!r} is not a datetime: write yyyymmddhhmmss.mmmmmm+ooo (offset in minutes) or "
                "ddddddddhhmmss.mmmmmm:000"
            )
        fields = match.groups()[:-1] if self.is_interval else match.groups()[:-2]
        _check_fields(self.text, fields, _INTERVAL_LIMITS if self.is_interval else _POINT_LIMITS)
        if not self.is_interval and "*" not in self.text[:8] and self.text[:4] != "0000":
            self._date()

    @classmethod
    def parse(cls, text: str) -> CIMDateTime:
        """Same as the constructor, for symmetry with ``str()``."""
        return cls(text)

    @classmethod
    def from_datetime(cls, value: dt.datetime) -> CIMDateTime:
        """ValueError for a naive datetime: the offset would be a guess."""
        return cls(_format_point(value))

    @classmethod
    def from_timedelta(cls, value: dt.timedelta) -> CIMDateTime:
        """ValueError for a negative interval or one of more than 99,999,999 days."""
        return cls(_format_interval(value))

    def __str__(self) -> str:
        return self.text

    @property
    def is_interval(self) -> bool:
        return self.text[21:22] == ":"

    @property
    def is_exact(self) -> bool:
        """Whether every field is significant."""
        return "*" not in self.text

    def to_datetime(self) -> dt.datetime:
        """The instant, aware. ValueError for an interval, for unknown fields, and for year 0."""
        if self.is_interval:
            raise ValueError(f"{self.text} is an interval, not a point in time")
        self._require_exact()
        text = self.text
        offset = dt.timezone(dt.timedelta(minutes=int(text[21:])))
        day = self._date()
        return dt.datetime(
            day.year, day.month, day.day, int(text[8:10]), int(text[10:12]), int(text[12:14]), int(text[15:21]), offset
        )

    def to_timedelta(self) -> dt.timedelta:
        """The interval's length. ValueError for a point in time and for unknown fields."""
        if not self.is_interval:
            raise ValueError(f"{self.text} is a point in time, not an interval")
        self._require_exact()
        text = self.text
        return dt.timedelta(
            days=int(text[:8]),
            hours=int(text[8:10]),
            minutes=int(text[10:12]),
            seconds=int(text[12:14]),
            microseconds=int(text[15:21]),
        )

    def _require_exact(self) -> None:
        if not self.is_exact:
            raise ValueError(f"{self.text} has unknown fields")

    def _date(self) -> dt.date:
        try:
            return dt.date(int(self.text[:4]), int(self.text[4:6]), int(self.text[6:8]))
        except ValueError as error:
            raise ValueError(f"{self.text} is not a date: {error}") from None


def format_datetime(value: CIMDateTime | dt.datetime | dt.timedelta) -> str:
    """The 25-character form of any of the three. ValueError for a naive datetime or a negative interval."""
    if isinstance(value, CIMDateTime):
        return value.text
    return _format_interval(value) if isinstance(value, dt.timedelta) else _format_point(value)


def _check_fields(text: str, fields: tuple[str, ...], limits: tuple[tuple[str, int, int], ...]) -> None:
    unknown = False
    for field, (name, least, most) in zip(fields, limits, strict=True):
        if "*" in field:
            unknown = True
        elif unknown:
            raise ValueError(f"{text} has a known {name} after an unknown field")
        elif not least <= int(field) <= most:
            raise ValueError(f"{text} is not a datetime: the {name} is {least} to {most}")
    if unknown and text[15:21] != "*" * _MICROSECOND_DIGITS:
        raise ValueError(f"{text} has known microseconds after an unknown field")


def _format_point(value: dt.datetime) -> str:
    offset = value.utcoffset()
    if offset is None:
        raise ValueError(f"{value.isoformat()} has no UTC offset")
    minutes, rest = divmod(offset, dt.timedelta(minutes=1))
    if rest or abs(minutes) > _MAX_OFFSET_MINUTES:
        value, minutes = value.astimezone(dt.UTC), 0
    text = value.isoformat(timespec="microseconds")  # several times as fast as a field at a time
    sign = "-" if minutes < 0 else "+"
    return f"{text[:4]}{text[5:7]}{text[8:10]}{text[11:13]}{text[14:16]}{text[17:26]}{sign}{abs(minutes):03}"


def _format_interval(value: dt.timedelta) -> str:
    if not 0 <= value.days <= _MAX_INTERVAL_DAYS:
        raise ValueError(f"{value} is not a CIM interval: it takes 0 to {_MAX_INTERVAL_DAYS} days")
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{value.days:08}{hours:02}{minutes:02}{seconds:02}.{value.microseconds:06}:000"
