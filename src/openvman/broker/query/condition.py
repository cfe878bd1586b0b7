"""Conditions typed against a class and compiled to a function of a row's object: true, false, or None (unknown)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from openvman.broker.query.parse import AllOf, AnyOf, Comparison, Condition, Literal, Not, PropertyName
from openvman.cim.convert import convert
from openvman.cim.datetime import CIMDateTime, format_datetime
from openvman.cim.declarations import Class
from openvman.cim.errors import CIMError
from openvman.cim.graph import ClassGraph
from openvman.cim.plan import Column, InstancePlan
from openvman.cim.uri import format_path
from openvman.cim.values import InstancePath, Value
from openvman.messages import queries

Test = Callable[[Any], bool | None]

_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}
_ONLY_EQUALITY: Final = ("boolean", "reference")


class Scope(Protocol):
    """What the names of a condition mean."""

    @property
    def graph(self) -> ClassGraph: ...

    def column(self, name: PropertyName) -> tuple[Column, str]:
        """The column that a name reads, and the class that declares it. CIMError INVALID_QUERY."""

    def is_a(self, name: PropertyName, class_name: str) -> bool:
        """Whether what ``name`` leads to is of the class; one for all objects."""


@dataclass(frozen=True, slots=True)
class PlanScope:
    """A condition on instances of a class: names are the properties of ``plan``, which has all of them.

    A qualified name (Class.Property) is the property's last part: one class is all that such a query reads.
    """

    plan: InstancePlan
    cls: Class
    graph: ClassGraph

    def column(self, name: PropertyName) -> tuple[Column, str]:
        return found(self.plan, self.cls, name), self.cls.name

    def is_a(self, name: PropertyName, class_name: str) -> bool:  # noqa: ARG002 - there is only one thing to name
        return self.graph.is_a(self.plan.class_name, class_name)


def check(condition: Condition, cls: Class, graph: ClassGraph) -> None:
    """Type a condition against a class without reading anything. CIMError INVALID_QUERY."""
    compile_in(condition, PlanScope(blank_plan(cls), cls, graph))


def compile_condition(condition: Condition, plan: InstancePlan, cls: Class, graph: ClassGraph) -> Test:
    """A test over objects of ``plan`` (a plan of all properties) for a condition on ``cls``."""
    return compile_in(condition, PlanScope(plan, cls, graph))


def compile_in(condition: Condition, scope: Scope) -> Test:
    """A test over whatever the columns of ``scope`` read. CIMError INVALID_QUERY."""
    match condition:
        case Not(item):
            inner = compile_in(item, scope)
            return lambda obj: _negate(inner(obj))
        case AllOf(items):
            tests = [compile_in(i, scope) for i in items]
            return lambda obj: _fold(_and, True, tests, obj)
        case AnyOf(items):
            tests = [compile_in(i, scope) for i in items]
            return lambda obj: _fold(_or, False, tests, obj)
        case Comparison():
            return _comparison(condition, scope)


def can_hold(condition: Condition, scope: Scope) -> bool:
    """False when what is asked of classes (ISA) alone makes the condition untrue for every object."""
    match condition:
        case AllOf(items):
            return all(can_hold(item, scope) for item in items)
        case AnyOf(items):
            return any(can_hold(item, scope) for item in items)
        case Comparison(PropertyName() as left, "ISA", Literal(class_name)):
            return scope.is_a(left, str(class_name))
        case _:
            return True


def found(plan: InstancePlan, cls: Class, name: PropertyName) -> Column:
    """The column of a plan that a name's last step means. CIMError INVALID_QUERY."""
    if name.name not in cls.properties:
        raise CIMError(queries.NAMED_PROPERTY, class_name=cls.name, name=name.name, column=name.column)
    column = next(c for c in plan.columns if c.name.lower() == name.name.lower())
    indexed = name.index is not None or name.any_item
    if column.is_array and not indexed:
        raise CIMError(queries.IS_ARRAY, what=f"{cls.name}.{column.name}", column=name.column)
    if indexed and not column.is_array:
        raise CIMError(queries.IS_NO_ARRAY, what=f"{cls.name}.{column.name}", column=name.column)
    return column


def _comparison(comparison: Comparison, scope: Scope) -> Test:
    left, op, right = comparison.left, comparison.operator, comparison.right
    if op == "ISA":
        assert isinstance(right, Literal)
        if str(right.value) not in scope.graph:
            raise CIMError(queries.NAMED_CLASS, name=right.value, column=comparison.column)
        outcome = isinstance(left, PropertyName) and scope.is_a(left, str(right.value))
        return lambda _obj: outcome
    if isinstance(left, Literal) and isinstance(right, PropertyName):
        left, right, op = right, left, _MIRRORED.get(op, op)
    if not isinstance(left, PropertyName):
        raise CIMError(queries.NO_PROPERTY_COMPARED)
    column, class_name = scope.column(left)
    read = _reader(left, column)
    if op == "IS NULL":
        return lambda obj: read(obj) is None
    if isinstance(right, PropertyName):
        other = _reader(right, scope.column(right)[0])
        compare = _ORDER[op]
        return lambda obj: _known(compare, read(obj), other(obj))
    assert isinstance(right, Literal)
    test = _against(column, op, right.value, f"{class_name}.{column.name}", left.column)
    if left.any_item:
        return lambda obj: _any(test, read(obj))
    return lambda obj: _one(test, read(obj))


def _against(column: Column, op: str, literal: Value, what: str, at: int) -> Callable[[Value], bool]:
    """The test of one value against a literal of the property's own type; ``at`` is where its name stands."""
    if op == "LIKE":
        if column.type not in ("string", "char16"):
            raise CIMError(queries.NOT_LIKE, what=what, type=column.type, column=at)
        return _like(str(literal))
    if op not in ("=", "<>") and column.type in _ONLY_EQUALITY:
        raise CIMError(queries.NOT_ORDERED, what=what, type=column.type, column=at)
    is_text = isinstance(literal, str)
    if is_text != (column.type in ("string", "char16", "datetime", "reference")) or (
        isinstance(literal, bool) != (column.type == "boolean")
    ):
        raise CIMError(queries.NOT_COMPARABLE, what=what, type=column.type, literal=literal, column=at)
    try:
        as_given = column.type in ("reference", "real32", "real64")
        wanted = literal if as_given else convert(literal, column.type, what=what)
    except CIMError as exc:
        raise CIMError(queries.BAD_LITERAL, reason=exc.description, column=at) from None
    wanted = _comparable(wanted)
    compare = _ORDER[op]
    return lambda value: compare(value, wanted)


def _reader(name: PropertyName, column: Column) -> Callable[[Any], Value]:
    get, index = column.get, name.index
    if name.any_item:
        return lambda obj: [_comparable(item) for item in get(obj) or ()]
    if index is None:
        return lambda obj: _comparable(get(obj))

    def item(obj: Any) -> Value:
        values = get(obj)
        return _comparable(values[index]) if values is not None and index < len(values) else None

    return item


def _comparable(value: Value) -> Value:
    """Values of one CIM type in one ordered Python form."""
    if isinstance(value, CIMDateTime | datetime | timedelta):
        moment = CIMDateTime.parse(format_datetime(value))
        return moment.to_timedelta() if moment.is_interval else moment.to_datetime()
    return format_path(value) if isinstance(value, InstancePath) else value


def _like(pattern: str) -> Callable[[Value], bool]:
    """``%`` any text, ``_`` any character. Matched piece by piece, so the time is linear in the text per piece."""
    pieces = [re.compile("".join("." if c == "_" else re.escape(c) for c in p), re.DOTALL) for p in pattern.split("%")]

    def match(value: Value) -> bool:
        text = str(value)
        if len(pieces) == 1:
            return pieces[0].fullmatch(text) is not None
        first = pieces[0].match(text)
        if first is None:
            return False
        position = first.end()
        for piece in pieces[1:-1]:
            found = piece.search(text, position)
            if found is None:
                return False
            position = found.end()
        last = len(pattern) - pattern.rfind("%") - 1
        return len(text) - last >= position and pieces[-1].fullmatch(text, len(text) - last) is not None

    return match


def _known(compare: Callable[[Any, Any], bool], left: Value, right: Value) -> bool | None:
    if left is None or right is None:
        return None
    try:
        return compare(left, right)
    except TypeError:
        return None


def _one(test: Callable[[Value], bool], value: Value) -> bool | None:
    if value is None:
        return None
    try:
        return test(value)
    except TypeError:  # an interval against a point in time
        return None


def _any(test: Callable[[Value], bool], values: list[Value]) -> bool | None:
    return any(_one(test, value) for value in values)


def _fold(
    combine: Callable[[bool | None, bool | None], bool | None], start: bool, tests: list[Test], obj: Any
) -> bool | None:
    outcome: bool | None = start
    for test in tests:
        outcome = combine(outcome, test(obj))
    return outcome


def _negate(outcome: bool | None) -> bool | None:
    return None if outcome is None else not outcome


def _and(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _or(left: bool | None, right: bool | None) -> bool | None:
    if left or right:
        return True
    return None if left is None or right is None else False


def blank_plan(cls: Class) -> InstancePlan:
    """A plan of a class's properties, all of them NULL."""
    columns = tuple(Column(p.name, p.type, lambda _obj: None, p.is_array) for p in cls.properties.values())
    return InstancePlan(cls.name, "", (), columns)
