"""Text to tree: what a query asks, not yet typed. Errors name the column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeAlias

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput, VisitError

from openvman.cim.status import CIMError, Status

_MAXIMUM_LENGTH: Final = 16_384
_MAXIMUM_NESTING: Final = 64


@dataclass(frozen=True, slots=True)
class PropertyName:
    name: str
    index: int | None = None
    any_item: bool = False


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Comparison:
    left: PropertyName | Literal
    operator: str
    """``= <> < <= > >=``, or ``LIKE``, ``ISA``, ``IS NULL``."""
    right: PropertyName | Literal | None


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
    columns: tuple[str, ...] | None
    condition: Condition | None


def parse(text: str, start: str) -> Any:
    """``start`` is ``select`` or ``condition``. CIMError INVALID_QUERY."""
    if len(text) > _MAXIMUM_LENGTH:
        raise CIMError(Status.INVALID_QUERY, f"The query is longer than {_MAXIMUM_LENGTH} characters")
    if _nesting(text) > _MAXIMUM_NESTING:
        raise CIMError(Status.INVALID_QUERY, f"The query nests deeper than {_MAXIMUM_NESTING}")
    try:
        return _Build().transform(_parser(start).parse(text))
    except UnexpectedInput as exc:
        column = getattr(exc, "column", 0)
        where = f"at column {column}" if column and column > 0 else "at its end"
        raise CIMError(Status.INVALID_QUERY, f"The query is not understood {where}: {text[:200]!r}") from None
    except VisitError as exc:
        raise CIMError(Status.INVALID_QUERY, f"The query is not understood: {exc.orig_exc}") from None


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

    def columns(self, items: list[Any]) -> tuple[str, ...] | None:
        return None if "*" in items else tuple(items)

    def column(self, items: list[Any]) -> str:
        return str(items[-1])

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
        return Comparison(items[0], "ISA", Literal(str(items[1])))

    def property(self, items: list[Any]) -> PropertyName:
        *names, index = items
        # A qualified name (Class.Property) is the property's last part: one class is all that a query reads.
        return PropertyName(str(names[-1]), None if index is None else int(index))

    def any_item(self, items: list[Any]) -> PropertyName:
        return PropertyName(items[0].name, items[0].index, any_item=True)

    def string(self, items: list[Any]) -> Literal:
        return Literal(_unquoted(items[0]))

    def number(self, items: list[Any]) -> Literal:
        text = str(items[0]).lower()
        if "0x" in text:
            return Literal(int(text, 16))
        return Literal(float(text) if "." in text or "e" in text else int(text))

    def boolean(self, items: list[Any]) -> Literal:
        return Literal(items[0].lower() == "true")
