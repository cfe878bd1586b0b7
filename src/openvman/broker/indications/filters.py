"""An indication filter's query, typed against the schema and compiled for the classes that it can match."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from openvman.broker.query.condition import Test, blank_plan, check_in, compile_in, found, never
from openvman.broker.query.parse import (
    AllOf,
    AnyOf,
    Chosen,
    Comparison,
    Condition,
    Literal,
    PropertyName,
    Select,
    parse,
)
from openvman.broker.query.select import LANGUAGES
from openvman.cim.declarations import Class, PropertyDeclaration
from openvman.cim.errors import CIMError
from openvman.cim.graph import ClassGraph
from openvman.cim.plan import Column, InstancePlan
from openvman.cim.values import Value
from openvman.mapping.bind import Bound, BoundClass, BoundView
from openvman.messages import queries
from openvman.model.indication import IndicationFilter

SOURCE: Final = "sourceinstance"
PREVIOUS: Final = "previousinstance"
_EMBEDDED: Final = (SOURCE, PREVIOUS)
_INDICATION: Final = "CIM_Indication"


class Event(Enum):
    """What can happen, with the class that tells of it."""

    CREATION = "CIM_InstCreation"
    MODIFICATION = "CIM_InstModification"
    DELETION = "CIM_InstDeletion"
    METHOD_CALL = "CIM_InstMethodCall"
    ALERT = "CIM_AlertIndication"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that happened: the object (before its end, when it is gone), and for a modification what it was.

    ``values`` are further properties of the indication by name.
    """

    event: Event
    source: Any
    previous: Any = None
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown:
    """What of an indication is sent; None is all. Names in lower case; ``source`` and ``previous`` are properties of
    the embedded instances."""

    own: frozenset[str] | None = None
    source: frozenset[str] | None = None
    previous: frozenset[str] | None = None

    def has(self, name: str) -> bool:
        return self.own is None or name.lower() in self.own


@dataclass(frozen=True, slots=True, eq=False)
class Matcher:
    """A filter compiled for one class of source instances in one namespace."""

    filter: IndicationFilter
    event: Event
    bound: Bound | None
    namespace: str
    test: Test | None
    shown: Shown
    class_name: str
    """The class of the indications that are sent."""


class Query:
    """A filter's query over the views. Raises CIMError QUERY_LANGUAGE_NOT_SUPPORTED, INVALID_QUERY."""

    def __init__(self, language: str, text: str, view: BoundView) -> None:
        if language.lower() not in LANGUAGES:
            raise CIMError(queries.QUERY_LANGUAGE, language=language)
        graph = self._graph = view.graph
        self._select: Select = parse(text, "select")
        name = self._select.class_name
        if name not in graph or not graph.is_a(name, _INDICATION):
            column = text.lower().find(name.lower()) + 1
            raise CIMError(queries.NO_INDICATION, name=name, column=column)
        self._own = view.indications.get(name)
        told = name if self._own is None else self._own.cim
        self.events = tuple(event for event in Event if graph.is_a(event.value, told))
        if not self.events:
            raise CIMError(queries.NEVER_SENT, name=name)
        self._cls = graph[name]
        self._asserted = dict(_asserted(self._select.condition))
        self._check()

    def _check(self) -> None:
        """Type everything against what the query says of its instances, without an instance."""
        asserted = self._asserted.get(SOURCE)
        plan = blank_plan(self._graph[asserted]) if asserted is not None and asserted in self._graph else None
        scope = self._scope(plan)
        if self._select.condition is not None:
            check_in(self._select.condition, scope)
        for chosen in self._select.columns or ():
            if not chosen.whole:
                scope.declared(chosen.property)

    def matcher(self, of: IndicationFilter, event: Event, bound: Bound | None, namespace: str) -> Matcher | None:
        """The matcher for one class; None when no indication of it can match."""
        if self._own is not None and (not isinstance(bound, BoundClass) or bound.map not in self._own.of):
            return None
        scope = self._scope(None if bound is None else bound.plan(namespace))
        test = None if self._select.condition is None else compile_in(self._select.condition, scope)
        if test is never:
            return None
        class_name = event.value if self._own is None else self._cls.name
        return Matcher(of, event, bound, namespace, test, _shown(self._select.columns), class_name)

    def _scope(self, plan: InstancePlan | None) -> IndicationScope:
        return IndicationScope(self._cls, plan, self._graph, self._asserted)


@dataclass(frozen=True, slots=True)
class IndicationScope:
    """Names of a condition on indications: the indication's own properties, and those of the instances within it.

    ``plan`` is that of the class of the instances, None when there are none or it is not known. ``asserted`` is what
    the query says of their classes, by embedding property.
    """

    cls: Class
    plan: InstancePlan | None
    graph: ClassGraph
    asserted: Mapping[str, str]

    def column(self, name: PropertyName) -> tuple[Column, str]:
        declared, class_name = self.declared(name)
        steps = self._steps(name)
        if len(steps) == 1:
            read = _own(declared.name)
            return Column(declared.name, declared.type, read, declared.is_array), class_name
        plan, of = self.plan, steps[0].name.lower()
        blank = Column(declared.name, declared.type, lambda _occurrence: None, declared.is_array)
        if plan is None or not self.graph.is_a(plan.class_name, class_name):
            return blank, class_name
        column = found(plan, self.graph[plan.class_name], name)
        read = _within(column.get, of)
        return Column(column.name, column.type, read, column.is_array, column.embedded), class_name

    def is_a(self, name: PropertyName, class_name: str) -> bool:
        steps = self._steps(name)
        if len(steps) != 1 or steps[0].name.lower() not in _EMBEDDED:
            raise CIMError(queries.NO_INSTANCE_NAMED, name=name, class_name=class_name, column=name.column)
        return self.plan is not None and self.graph.is_a(self.plan.class_name, class_name)

    def declared(self, name: PropertyName) -> tuple[PropertyDeclaration, str]:
        """The declaration that a name means, and its class. CIMError INVALID_QUERY when there is none."""
        steps = self._steps(name)
        first = steps[0]
        own = self.cls.properties.get(first.name)
        if own is None:
            raise CIMError(queries.NAMED_PROPERTY, class_name=self.cls.name, name=first.name, column=name.column)
        if len(steps) == 1:
            return own, self.cls.name
        if len(steps) > 2 or first.name.lower() not in _EMBEDDED:
            raise CIMError(queries.TOO_FAR, name=name, column=name.column)
        class_name = steps[1].scope or self.asserted.get(first.name.lower()) or self.asserted.get(SOURCE)
        if class_name is None:
            property = steps[1].name
            raise CIMError(
                queries.OF_WHICH_CLASS, name=name, instance=first.name, property=property, column=name.column
            )
        if class_name not in self.graph:
            raise CIMError(queries.NAMED_CLASS, name=class_name, column=name.column)
        declared = self.graph[class_name].properties.get(steps[1].name)
        if declared is None:
            raise CIMError(queries.NAMED_PROPERTY, class_name=class_name, name=steps[1].name, column=name.column)
        return declared, self.graph[class_name].name

    def _steps(self, name: PropertyName) -> tuple[Any, ...]:
        """The steps without the name of the class selected from, which may stand before them."""
        steps = name.steps
        if len(steps) > 1 and steps[0].name.lower() == self.cls.name.lower():
            return steps[1:]
        return steps


def _own(name: str) -> Callable[[Occurrence], Value]:
    return lambda occurrence: occurrence.values.get(name)


def _within(get: Callable[[Any], Value], of: str) -> Callable[[Occurrence], Value]:
    if of == SOURCE:
        return lambda occurrence: get(occurrence.source)
    return lambda occurrence: None if occurrence.previous is None else get(occurrence.previous)


def _asserted(condition: Condition | None) -> Iterator[tuple[str, str]]:
    """What every match is said to be: ISA at the top of the condition, by embedding property in lower case."""
    match condition:
        case AllOf(items):
            for item in items:
                yield from _asserted(item)
        case AnyOf((item,)):
            yield from _asserted(item)
        case Comparison(PropertyName() as name, "ISA", Literal(class_name)):
            yield name.name.lower(), str(class_name)


def _shown(columns: tuple[Chosen, ...] | None) -> Shown:
    if columns is None:
        return Shown()
    own: set[str] = set()
    within: dict[str, set[str] | None] = {}
    for chosen in columns:
        steps = [step.name.lower() for step in chosen.property.steps]
        names = [name for name in steps if name in _EMBEDDED]
        if chosen.whole and not names:
            return Shown()
        if not names:
            own.add(steps[-1])
            continue
        own.add(names[0])
        if chosen.whole or steps[-1] == names[0]:
            within[names[0]] = None
        elif within.setdefault(names[0], set()) is not None:
            within[names[0]].add(steps[-1])  # type: ignore[union-attr]  # just seen
    source, previous = (within.get(name) for name in _EMBEDDED)
    return Shown(
        frozenset(own), None if source is None else frozenset(source), None if previous is None else frozenset(previous)
    )
