"""What a row of the message registry is, and a message with its arguments: :class:`Message`, :class:`Said`.

A text is a template in the form of ``str.format``: ``"There is no host {host!r} any more."``. What stands for a field
is a string by the time it is an argument, so that arguments can be stored, sent (CIM_Error.MessageArguments) and put
into the text again by their order alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from string import Formatter
from typing import Any, Final

from openvman.messages.problem import KINDS, Kind, Problem

OWNING_ENTITY: Final = "openvman"
"""Whose messages these are: the DMTF's own (DSP8026) are not to be had, so their ids are not used."""
PREFIX: Final = "VMAN"

INFORMATION: Final = 2
MINOR: Final = 4
MAJOR: Final = 5
CRITICAL: Final = 6
"""CIM's PerceivedSeverity."""


_FORMATTER: Final = Formatter()


@dataclass(frozen=True, slots=True)
class Field:
    """A place in a template: ``{system.name!r}`` is the field ``system.name`` with the conversion ``r``."""

    name: str
    conversion: str | None
    format: str

    @property
    def root(self) -> str:
        """The value that it is taken from."""
        return self.name.partition(".")[0]

    @property
    def word(self) -> str:
        """What the registry calls it."""
        return self.name.rpartition(".")[2]

    def of(self, values: Mapping[str, Any]) -> str:
        """What stands in its place; several are written one after the other."""
        value, _ = _FORMATTER.get_field(self.name, (), values)
        if isinstance(value, (tuple, list)):
            return ", ".join(map(self._printed, value)) or "none"
        return self._printed(value)

    def _printed(self, value: Any) -> str:
        return format(repr(value) if self.conversion == "r" else value, self.format)


@dataclass(frozen=True, slots=True)
class Message:
    """A row. ``text`` says what is wrong, with the object and the rule; ``action`` is the way out, or empty."""

    number: int
    text: str
    action: str = ""

    @property
    def id(self) -> str:
        """What a client sees as MessageID."""
        return f"{PREFIX}{self.number:04}"

    @property
    def fields(self) -> tuple[Field, ...]:
        """Those of the text, then those of the action."""
        return tuple(field for _, field in (*parts(self.text), *parts(self.action)) if field is not None)

    def said(self, **values: Any) -> Said:
        """The message of these values; one for each root of the fields."""
        return Said(self, tuple(field.of(values) for field in self.fields))


@dataclass(frozen=True, slots=True)
class ErrorMessage(Message):
    """A failure."""

    problem: Problem = Problem.FAILED

    @property
    def kind(self) -> Kind:
        return KINDS[self.problem]


@dataclass(frozen=True, slots=True)
class AlertMessage(Message):
    """An event that nobody asked for. ``event`` is CIM_AlertIndication.EventID; the numbers are of its ValueMaps.

    ``other`` says which type and cause where these are 1, Other.
    """

    event: str = ""
    type: int = 0
    severity: int = INFORMATION
    cause: int = 0
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A message with what stands for its fields, in their order.

    ``context`` is where it was said, where that matters (a parameter of a method), and ``notes`` is what came of it.
    """

    message: Message
    arguments: tuple[str, ...] = ()
    context: str = ""
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What is wrong."""
        return f"{self.context}: {self._what}" if self.context else self._what

    @property
    def action(self) -> str:
        """The way out; empty where there is none to tell."""
        return _filled(self.message.action, self.arguments[_count(self.message.text) :])

    @property
    def variables(self) -> tuple[str, ...]:
        """Those of the arguments that stand in the text."""
        return self.arguments[: _count(self.message.text)]

    def __str__(self) -> str:
        """All of it, for a person."""
        return " ".join(filter(None, (self.text, self.action, *self.notes)))

    def within(self, context: str) -> Said:
        """The same, said of something in ``context``."""
        return replace(self, context=f"{context}: {self.context}" if self.context else context)

    def noted(self, *notes: str) -> Said:
        """The same, with what came of it."""
        return replace(self, notes=(*self.notes, *notes))

    @property
    def _what(self) -> str:
        return _filled(self.message.text, self.arguments)


@cache
def parts(template: str) -> tuple[tuple[str, Field | None], ...]:
    """Fixed text, and the field after it (None at the end)."""
    return tuple(
        (text, None if name is None else Field(name, conversion, format or ""))
        for text, name, format, conversion in Formatter().parse(template)
    )


def readable(template: str, mark: str = "<{}>") -> str:
    """The template for a person: the words of its fields, each within ``mark``."""
    return "".join(text + ("" if field is None else mark.format(field.word)) for text, field in parts(template))


def _count(template: str) -> int:
    return sum(field is not None for _, field in parts(template))


def _filled(template: str, arguments: tuple[str, ...]) -> str:
    given = iter(arguments)
    return "".join(text + ("" if field is None else next(given)) for text, field in parts(template))
