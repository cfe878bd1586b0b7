"""FilterQuery of the Open… operations: DMTF:FQL (DSP0212), a condition without SELECT."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from openvman.broker.query.condition import Test, compile_condition, never
from openvman.broker.query.parse import Condition, parse
from openvman.broker.sessions import LOOKED_AT, Found
from openvman.cim.errors import CIMError
from openvman.cim.graph import ClassGraph
from openvman.cim.operations import Row
from openvman.cim.plan import InstancePlan
from openvman.messages import queries

LANGUAGES: Final = ("dmtf:fql",)


def parse_filter(language: str, text: str) -> Condition:
    """CIMError QUERY_LANGUAGE_NOT_SUPPORTED, INVALID_QUERY."""
    if language.lower() not in LANGUAGES:
        raise CIMError(queries.FILTER_LANGUAGE, language=language)
    condition: Condition = parse(text, "condition")
    return condition


def keep(condition: Condition, rows: Iterator[Row], graph: ClassGraph) -> Iterator[Found]:
    """The rows for which the condition is true; it may read properties that are not shown.

    None comes after every so many rows that were looked at. A property that a row's class lacks ends it with
    INVALID_QUERY.
    """
    tests: dict[InstancePlan, Test] = {}
    test: Test = never
    latest: InstancePlan | None = None
    for number, (plan, obj) in enumerate(rows, 1):
        if plan is not latest:
            known = tests.get(plan)
            if known is None:
                known = tests[plan] = compile_condition(condition, plan.whole or plan, graph[plan.class_name], graph)
            latest, test = plan, known
        if test(obj):
            yield plan, obj
        if not number % LOOKED_AT:
            yield None
