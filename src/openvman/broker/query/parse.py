"""Text to tree: what a query asks, not yet typed. Errors name the column."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeAlias

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput, VisitError

from openvman.cim.errors import CIMError
from openvman.messages import queries

_MAXIMUM_LENGTH: Final = 16_384
_MAXIMUM_NESTING: Final = 64


@dataclass(frozen=True, slots=True)
class Step:
    """One name of a chain; ``scope`` is the class that it is read as (``scope::name``)."""

    name: str
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class PropertyName:
    """A chain of names: the last is the property, those before lead to the instance that has it.

    ``column`` is where it stands in the query, from 1.
    """

    steps: tuple[Step, ...]
    index: int | None = None
    any_item: bool = False
    column: int = 0

    @property
    def name(self) -> str:
        return self.steps[-1].name

    def __str__(self) -> str:
        return ".".join(step.name if step.scope is None else f"{step.scope}::{step.name}" for step in self.steps)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a query's result shows: a property, or with ``whole`` all of an instance's."""

    property: PropertyName
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Comparison:
    left: PropertyName | Literal
    operator: str
    """``= <> < <= > >=``, or ``LIKE``, ``ISA``, ``IS NULL``."""
    right: PropertyName | Literal | None
    column: int = 0
    """Where the right side stands in the query, where that is known."""


@dataclass(frozen=True, slots=True)
class Not:
    item: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    items: tuple[Condition, ...]


Condition: TypeAlias = Comparison | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Select:
    """``columns`` is None for ``*``."""

    class_name: str
    columns: tuple[Chosen, ...] | None
    condition: Condition | None


def parse(text: str, start: str) -> Any:
    """``start`` is ``select`` or ``condition``. CIMError INVALID_QUERY."""
    if len(text) > _MAXIMUM_LENGTH:
        raise CIMError(queries.TOO_LONG, most=_MAXIMUM_LENGTH)
    if _nesting(text) > _MAXIMUM_NESTING:
        raise CIMError(queries.TOO_DEEP, most=_MAXIMUM_NESTING)
    try:
        return _Build().transform(_parser(start).parse(text))
    except UnexpectedInput as exc:
        column = getattr(exc, "column", 0)
        if column and column > 0:
            raise CIMError(queries.NOT_UNDERSTOOD_AT, column=column, query=text[:200]) from None
        raise CIMError(queries.NOT_UNDERSTOOD_AT_END, query=text[:200]) from None
    except VisitError as exc:
        raise CIMError(queries.NOT_UNDERSTOOD, reason=exc.orig_exc) from None


@cache
def _parser(start: str) -> Lark:
    grammar = files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", start=start)


def _nesting(text: str) -> int:
    # NOT may be repeated as well as parentheses; both make the tree deeper.
    return text.count("(") + len(re.findall(r"\bnot\b", text, re.IGNORECASE))


def _unquoted(token: Token) -> str:
    quote = token[0]
    body = token[1:-1]
    if quote == "'":
        body = body.replace("''", "'")
    return re.sub(r"\\(.)", r"\1", body, flags=re.DOTALL)


class _Build(Transformer[Token, Any]):
    """One method per rule of the grammar."""

    def select(self, items: list[Any]) -> Select:
        columns, class_name, condition = items
        return Select(str(class_name), columns, condition)

    def columns(self, items: list[Any]) -> tuple[Chosen, ...] | None:
        return None if None in items else tuple(items)

    def column(self, items: list[Any]) -> Chosen | None:
        """None for a star alone."""
        *steps, star = items
        if not steps and star is not None:
            return None
        return Chosen(_chain(steps), star is not None)

    def step(self, items: list[Any]) -> tuple[Step, int]:
        scope, name = items
        first = name if scope is None else scope
        return Step(str(name), None if scope is None else str(scope)), first.column or 0

    def any_of(self, items: list[Any]) -> AnyOf:
        return AnyOf(tuple(items))

    def all_of(self, items: list[Any]) -> AllOf:
        return AllOf(tuple(items))

    def negated(self, items: list[Any]) -> Not:
        return Not(items[0])

    def compared(self, items: list[Any]) -> Comparison:
        left, operator, right = items
        return Comparison(left, "<>" if operator == "!=" else str(operator), right)

    def is_null(self, items: list[Any]) -> Comparison:
        return Comparison(items[0], "IS NULL", None)

    def is_not_null(self, items: list[Any]) -> Not:
        return Not(Comparison(items[0], "IS NULL", None))

    def like(self, items: list[Any]) -> Comparison:
        return Comparison(items[0], "LIKE", Literal(_unquoted(items[1])))

    def not_like(self, items: list[Any]) -> Not:
        return Not(self.like(items))

    def isa(self, items: list[Any]) -> Comparison:
        operand, name = items
        text = _unquoted(name) if name.type == "STRING" else str(name)
        return Comparison(operand, "ISA", Literal(text), name.column or 0)

    def property(self, items: list[Any]) -> PropertyName:
        *steps, index = items
        return replace(_chain(steps), index=None if index is None else int(index))

    def any_item(self, items: list[Any]) -> PropertyName:
        name: PropertyName = items[0]
        return replace(name, any_item=True)

    def string(self, items: list[Any]) -> Literal:
        return Literal(_unquoted(items[0]))

    def number(self, items: list[Any]) -> Literal:
        text = str(items[0]).lower()
        if "0x" in text:
            return Literal(int(text, 16))
        return Literal(float(text) if "." in text or "e" in text else int(text))

    def boolean(self, items: list[Any]) -> Literal:
        return Literal(items[0].lower() == "true")


def _chain(steps: list[tuple[Step, int]]) -> PropertyName:
    return PropertyName(tuple(step for step, _ in steps), column=steps[0][1])
