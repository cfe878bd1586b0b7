"""Conditions typed against a class and compiled to one function, which tells whether a row's object fulfils them.

A comparison with NULL is unknown, which is neither true nor false. Unknown is no value in the function: for every part
of a condition there is an expression that says whether it is true and one that says whether it is false, and NOT takes
the one for the other. Nothing of a query stands in the function's source: getters and literals are constants of its
namespace, attributes are those that declarations name. What is the same for all objects of a class is decided when the
condition is compiled.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

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

Test = Callable[[Any], bool]


def always(_obj: Any) -> bool:
    """The test of a condition that holds for every object."""
    return True


def never(_obj: Any) -> bool:
    """The test of a condition that holds for none."""
    return False


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
_CONVERTED: Final = ("datetime", "reference")
"""Types whose values are brought into another form before they are compared."""


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
    check_in(condition, PlanScope(blank_plan(cls), cls, graph))


def check_in(condition: Condition, scope: Scope) -> None:
    """Type a condition without compiling it. CIMError INVALID_QUERY."""
    _written(condition, scope, _Constants())


def compile_condition(condition: Condition, plan: InstancePlan, cls: Class, graph: ClassGraph) -> Test:
    """A test over objects of ``plan`` (a plan of all properties) for a condition on ``cls``."""
    return compile_in(condition, PlanScope(plan, cls, graph))


def compile_in(condition: Condition, scope: Scope) -> Test:
    """A test over whatever the columns of ``scope`` read; :func:`always` or :func:`never` where nothing need be read.

    CIMError INVALID_QUERY.
    """
    constants = _Constants()
    expression = _written(condition, scope, constants).true
    if expression in _DECIDED:
        return _DECIDED[expression]
    namespace = dict(constants.values)
    exec(f"def test(o): return {expression}", namespace)  # noqa: S102 - no text of the query is in the source
    return namespace["test"]  # type: ignore[no-any-return]


@dataclass(slots=True)
class _Constants:
    """What expressions refer to by name."""

    values: dict[str, Any] = field(default_factory=dict)

    def name(self, value: Any) -> str:
        name = f"c{len(self.values)}"
        self.values[name] = value
        return name


class _Written(NamedTuple):
    """Expressions over the object ``o``: whether it fulfils a condition, and whether it certainly does not."""

    true: str
    false: str


_TRUE, _FALSE = "True", "False"
_DECIDED: Final = {_TRUE: always, _FALSE: never}
_OUTCOMES: Final = {True: _Written(_TRUE, _FALSE), False: _Written(_FALSE, _TRUE), None: _Written(_FALSE, _FALSE)}


def _written(condition: Condition, scope: Scope, constants: _Constants) -> _Written:
    match condition:
        case Not(item):
            inner = _written(item, scope, constants)
            return _Written(inner.false, inner.true)
        case AllOf(items):
            parts = [_written(i, scope, constants) for i in items]
            return _Written(_each([p.true for p in parts]), _either([p.false for p in parts]))
        case AnyOf(items):
            parts = [_written(i, scope, constants) for i in items]
            return _Written(_either([p.true for p in parts]), _each([p.false for p in parts]))
        case Comparison():
            return _comparison(condition, scope, constants)


def _each(expressions: list[str]) -> str:
    return _joined(expressions, "and", neutral=_TRUE, decisive=_FALSE)


def _either(expressions: list[str]) -> str:
    return _joined(expressions, "or", neutral=_FALSE, decisive=_TRUE)


def _joined(expressions: list[str], word: str, *, neutral: str, decisive: str) -> str:
    left = [e for e in expressions if e != neutral]
    if decisive in left:
        return decisive
    if len(left) < 2:
        return left[0] if left else neutral
    return f"({f' {word} '.join(left)})"


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


def _comparison(comparison: Comparison, scope: Scope, constants: _Constants) -> _Written:
    left, op, right = comparison.left, comparison.operator, comparison.right
    if op == "ISA":
        assert isinstance(right, Literal)
        if str(right.value) not in scope.graph:
            raise CIMError(queries.NAMED_CLASS, name=right.value, column=comparison.column)
        return _OUTCOMES[isinstance(left, PropertyName) and scope.is_a(left, str(right.value))]
    if isinstance(left, Literal) and isinstance(right, PropertyName):
        left, right, op = right, left, _MIRRORED.get(op, op)
    if not isinstance(left, PropertyName):
        raise CIMError(queries.NO_PROPERTY_COMPARED)
    column, class_name = scope.column(left)
    if isinstance(right, PropertyName):
        read, other, compare = _reader(left, column), _reader(right, scope.column(right)[0]), _ORDER[op]
        return _called(lambda obj: _known(compare, read(obj), other(obj)), constants)
    literal = None
    if op != "IS NULL":
        assert isinstance(right, Literal)
        literal = _literal(column, op, right.value, f"{class_name}.{column.name}", left.column)
    if not _is_plain(left, column):
        return _called(_test(left, column, op, literal), constants)
    if column.constant:
        return _OUTCOMES[_test(left, column, op, literal)(None)]
    return _inline(column, op, literal, constants)


def _is_plain(name: PropertyName, column: Column) -> bool:
    """Whether values are compared as they are read."""
    return name.index is None and not name.any_item and column.type not in _CONVERTED


def _called(test: Callable[[Any], bool | None], constants: _Constants) -> _Written:
    name = constants.name(test)
    return _Written(f"{name}(o) is True", f"{name}(o) is False")


def _inline(column: Column, op: str, literal: Any, constants: _Constants) -> _Written:
    read = f"o.{column.attribute}" if column.attribute else f"{constants.name(column.get)}(o)"
    if op == "IS NULL":
        return _Written(f"{read} is None", f"{read} is not None")
    wanted = constants.name(literal)
    known = f"(v := {read}) is not None"
    if op in ("=", "<>"):
        equal, other = f"{read} == {wanted}", f"({known} and v != {wanted})"
        return _Written(equal, other) if op == "=" else _Written(other, equal)
    held = f"{wanted}(v)" if op == "LIKE" else f"v {op} {wanted}"
    return _Written(f"({known} and {held})", f"({known} and not {held})")


def _test(name: PropertyName, column: Column, op: str, literal: Any) -> Callable[[Any], bool | None]:
    """The same as a function, also of items of arrays and of values that are converted; None is unknown."""
    read = _reader(name, column)
    if op == "IS NULL":
        return lambda obj: read(obj) is None
    compare = _ORDER.get(op)
    test = literal if compare is None else lambda value: compare(value, literal)
    if name.any_item:
        return lambda obj: any(_one(test, value) for value in read(obj))
    return lambda obj: _one(test, read(obj))


def _literal(column: Column, op: str, literal: Value, what: str, at: int) -> Any:
    """What values of the property are compared with: of its own type, for LIKE a function of a value.

    ``at`` is where its name stands.
    """
    if op == "LIKE":
        if column.type not in ("string", "char16"):
            raise CIMError(queries.NOT_LIKE, what=what, type=column.type, column=at)
        return _like(str(literal))
    if op not in ("=", "<>") and column.type in _ONLY_EQUALITY:
        raise CIMError(queries.NOT_ORDERED, what=what, type=column.type, column=at)
    is_text = isinstance(literal, str)
    if is_text != (column.type in ("string", "char16", *_CONVERTED)) or (
        isinstance(literal, bool) != (column.type == "boolean")
    ):
        raise CIMError(queries.NOT_COMPARABLE, what=what, type=column.type, literal=literal, column=at)
    try:
        as_given = column.type in ("reference", "real32", "real64")
        wanted = literal if as_given else convert(literal, column.type, what=what)
    except CIMError as exc:
        raise CIMError(queries.BAD_LITERAL, reason=exc.description, column=at) from None
    return _comparable(wanted)


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


def _like(pattern: str) -> Callable[[Any], bool]:
    """``%`` any text, ``_`` any character. Matched piece by piece, so the time is linear in the text per piece."""
    if "_" not in pattern:
        return _like_texts(pattern.split("%"))
    pieces = [re.compile("".join("." if c == "_" else re.escape(c) for c in p), re.DOTALL) for p in pattern.split("%")]

    def match(text: str) -> bool:
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


def _like_texts(pieces: list[str]) -> Callable[[Any], bool]:
    """The same where each piece is the text itself."""
    first, *middle = pieces
    if not middle:
        return lambda text: bool(text == first)
    last = middle.pop()
    if not first and not last and len(middle) == 1:
        return lambda text: middle[0] in text

    def match(text: str) -> bool:
        if not text.startswith(first):
            return False
        position = len(first)
        for piece in middle:
            found = text.find(piece, position)
            if found < 0:
                return False
            position = found + len(piece)
        return len(text) - len(last) >= position and text.endswith(last)

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


def blank_plan(cls: Class) -> InstancePlan:
    """A plan of a class's properties, all of them NULL."""
    columns = tuple(Column(p.name, p.type, lambda _obj: None, p.is_array) for p in cls.properties.values())
    return InstancePlan(cls.name, "", (), columns)
