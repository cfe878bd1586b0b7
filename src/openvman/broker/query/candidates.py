"""What of a class a query has to look at: all there is, or the few objects that the condition's equalities lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from openvman.broker.query.parse import AllOf, AnyOf, Comparison, Condition, Literal, PropertyName
from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.bind import Bound
from openvman.mapping.declare import Picture
from openvman.mapping.read import Reader

_COMPARED: Final = "string"
"""The type of what objects are found by."""
_MOST: Final = 64
"""Alternatives that are each looked up; of more, a look at all objects may cost less."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The objects of one class, in one picture, that may fulfil a condition which is typed for the class."""

    reader: Reader
    bound: Bound
    picture: Picture

    def of(self, condition: Condition | None) -> Iterable[Any]:
        """All that fulfil it, and others; each once."""
        found = None if condition is None else self._led_to(condition)
        return self.reader.extent(self.bound, self.picture) if found is None else found

    def _led_to(self, condition: Condition) -> Iterable[Any] | None:
        """None where the condition leads nowhere: all have to be looked at."""
        match condition:
            case AnyOf(items) if len(items) > 1:
                return self._in_any(items) if len(items) <= _MOST else None
            case AllOf() | AnyOf() | Comparison():
                parts = list(_conjuncts(condition))
                found = self.reader.having(self.bound, NameMap(self._equalities(parts)), self.picture)
                if found is not None:
                    return found
                choices = (self._led_to(part) for part in parts if isinstance(part, AnyOf))
                return next((choice for choice in choices if choice is not None), None)
            case _:
                return None

    def _in_any(self, items: tuple[Condition, ...]) -> Iterable[Any] | None:
        found: dict[str, Any] = {}
        for item in items:
            some = self._led_to(item)
            if some is None:
                return None
            found.update((obj.id, obj) for obj in some)
        return found.values()

    def _equalities(self, conditions: list[Condition]) -> Iterator[tuple[str, Value]]:
        """The texts that properties have to be."""
        declared = self.bound.declaration.properties
        for condition in conditions:
            match condition:
                case Comparison(PropertyName() as name, "=", Literal(value)) | Comparison(
                    Literal(value), "=", PropertyName() as name
                ) if not name.any_item and name.index is None and declared[name.name].type == _COMPARED:
                    yield name.name, value


def _conjuncts(condition: Condition) -> Iterator[Condition]:
    """The parts that all have to be true."""
    match condition:
        case AllOf(items) | AnyOf((_,) as items):
            for item in items:
                yield from _conjuncts(item)
        case _:
            yield condition
