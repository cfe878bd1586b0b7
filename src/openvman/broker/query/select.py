"""SELECT queries: DMTF:CQL and WQL over one class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, Final

from openvman.broker.context import Context
from openvman.broker.query.candidates import Candidates
from openvman.broker.query.condition import Test, always, check, compile_condition, never
from openvman.broker.query.parse import Select, parse
from openvman.broker.sessions import LOOKED_AT, Found
from openvman.cim.declarations import Class
from openvman.cim.errors import CIMError
from openvman.cim.graph import ClassGraph
from openvman.cim.names import NameMap
from openvman.cim.plan import Extent, Extents, InstancePlan
from openvman.mapping.bind import Bound
from openvman.messages import queries

LANGUAGES: Final = ("dmtf:cql", "cql", "cim:cql", "wql")


def parse_select(language: str, text: str, graph: ClassGraph) -> Select:
    """A query of a known class, its properties and types checked.

    Raises CIMError QUERY_LANGUAGE_NOT_SUPPORTED, INVALID_QUERY.
    """
    if language.lower() not in LANGUAGES:
        raise CIMError(queries.QUERY_LANGUAGE, language=language)
    select: Select = parse(text, "select")
    if select.class_name not in graph:
        raise CIMError(queries.SELECTED_CLASS, name=select.class_name)
    cls = graph[select.class_name]
    for chosen in select.columns or ():
        if not chosen.whole and chosen.property.name not in cls.properties:
            name = chosen.property
            raise CIMError(queries.NAMED_PROPERTY, class_name=cls.name, name=name.name, column=name.column)
    if select.condition is not None:
        check(select.condition, cls, graph)
    return select


def selected(ctx: Context, select: Select) -> Extents:
    """The rows that a query selects, lazily."""
    return Extents(_extents(ctx, select))


def searched(ctx: Context, select: Select) -> Iterator[Found]:
    """The same, with None after every so many objects that were looked at for a condition."""
    if select.condition is None:
        yield from selected(ctx, select)
        return
    looked_at = 0
    for bound, plan, test in _tests(ctx, select):
        for obj in _candidates(ctx, bound, select):
            if test(obj):
                yield plan, obj
            looked_at += 1
            if not looked_at % LOOKED_AT:
                yield None


def _extents(ctx: Context, select: Select) -> Iterator[Extent]:
    for bound, plan, test in _tests(ctx, select):
        if test is always:
            yield ctx.reader.shown(bound, plan, ctx.picture)
        else:
            yield Extent(plan, _slices(_candidates(ctx, bound, select)), partial(filter, test))


def _tests(ctx: Context, select: Select) -> Iterator[tuple[Bound, InstancePlan, Test]]:
    """Each class that the condition can hold for, what is shown of it, and the condition as a test."""
    graph, columns = ctx.view.graph, _columns(select)
    for bound in ctx.view.concrete(ctx.namespace, select.class_name):
        test: Test = always
        if select.condition is not None:
            whole = bound.plan(ctx.namespace)
            test = compile_condition(select.condition, whole, graph[select.class_name], graph)
        if test is not never:
            yield bound, bound.plan(ctx.namespace, columns), test


def _candidates(ctx: Context, bound: Bound, select: Select) -> Iterable[Any]:
    return Candidates(ctx.reader, bound, ctx.picture).of(select.condition)


def _slices(objects: Iterable[Any]) -> Iterator[list[Any]]:
    """Few enough at a time that others are served while a query looks for what it may not find."""
    remaining = iter(objects)
    while some := list(islice(remaining, LOOKED_AT)):
        yield some


def result_class(select: Select, graph: ClassGraph) -> Class:
    """The class of a query's results: the class queried, with the properties selected."""
    cls = graph[select.class_name]
    wanted = _columns(select)
    if wanted is None:
        return cls
    return replace(cls, properties=NameMap((p.name, p) for p in cls.properties.values() if p.name.lower() in wanted))


def _columns(select: Select) -> frozenset[str] | None:
    """The names of the properties selected in lower case; None for all (``*`` and ``Class.*``)."""
    if select.columns is None or any(chosen.whole for chosen in select.columns):
        return None
    return frozenset(chosen.property.name.lower() for chosen in select.columns)
