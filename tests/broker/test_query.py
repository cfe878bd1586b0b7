"""Queries over simulated systems."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvman.broker.query.condition import compile_condition
from openvman.broker.query.parse import Not, parse
from openvman.cim.declarations import Class, PropertyDeclaration
from openvman.cim.errors import CIMError
from openvman.cim.graph import ClassGraph
from openvman.cim.names import NameMap
from openvman.cim.plan import Column, InstancePlan
from openvman.cim.status import Status


async def _names(client, query, language="DMTF:CQL"):
    rows = await client.ask("ExecQuery", QueryLanguage=language, Query=query)
    return [plan.instance(obj) for plan, obj in rows]


@pytest.mark.parametrize("language", ["DMTF:CQL", "CQL", "CIM:CQL", "WQL", "wql"])
async def test_all_languages_select(client, language):
    assert len(await _names(client, "SELECT * FROM CIM_ComputerSystem", language)) == 8


@pytest.mark.parametrize(
    ("condition", "predicate"),
    [
        ("EnabledState = 2", lambda s: s.current is not None),
        ("EnabledState <> 2", lambda s: s.current is None),
        ("2 = EnabledState", lambda s: s.current is not None),
        ("EnabledState > 2 OR EnabledState < 2", lambda s: s.current is None),
        ("NOT (EnabledState = 2)", lambda s: s.current is None),
        ("ElementName LIKE '%'", lambda s: True),
        ("ElementName LIKE 'no such %'", lambda s: False),
        ("OtherEnabledState IS NULL", lambda s: True),
        ("OtherEnabledState = 'x' OR NOT (OtherEnabledState = 'x')", lambda s: False),
        ("ANY OperationalStatus = 2", lambda s: s.current is not None),
        ("OperationalStatus[0] = 2", lambda s: s.current is not None),
        ("TimeOfLastStateChange > '19990101000000.000000+000'", lambda s: False),  # NULL so far
        ("VMAN_ComputerSystem.EnabledState = 0x2", lambda s: s.current is not None),
    ],
)
async def test_conditions(client, condition, predicate):
    found = await _names(client, f"SELECT Name FROM VMAN_ComputerSystem WHERE {condition}")
    expected = {s.id for s in client.inventory.generation.systems.values() if predicate(s)}
    assert {i.get("Name") for i in found} == expected
    assert all(list(i.properties) == ["Name"] for i in found)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT",
        "SELECT * FROM",
        "SELECT * FROM No_Such",
        "SELECT Nothing FROM CIM_System",
        "SELECT * FROM CIM_System WHERE Nothing = 1",
        "SELECT * FROM CIM_System WHERE EnabledState = 'a'",
        "SELECT * FROM CIM_System WHERE EnabledState = 70000",
        "SELECT * FROM CIM_System WHERE EnabledState = true",
        "SELECT * FROM CIM_System WHERE OperationalStatus = 2",
        "SELECT * FROM CIM_System WHERE ANY EnabledState = 2",
        "SELECT * FROM CIM_System WHERE 1 = 1",
        "SELECT * FROM CIM_System; DELETE",
        "SELECT * FROM CIM_System WHERE " + "(" * 100 + "EnabledState = 2" + ")" * 100,
        "SELECT * FROM CIM_System WHERE " + "NOT " * 5000 + "EnabledState = 2",
    ],
)
async def test_bad_queries_are_refused_with_a_reason(client, query):
    with pytest.raises(CIMError) as caught:
        await _names(client, query)
    assert caught.value.status is Status.INVALID_QUERY
    assert caught.value.description


def test_the_column_of_an_error_is_named():
    with pytest.raises(CIMError, match="column 15"):
        parse("SELECT * FROM ,", "select")


@given(st.text(max_size=200))
def test_any_text_parses_or_is_an_invalid_query(text):
    for start in ("select", "condition"):
        status = Status.INVALID_QUERY
        try:
            parse(text, start)
        except CIMError as exc:
            status = exc.status
        assert status is Status.INVALID_QUERY


@given(st.text("ab_%", max_size=8), st.text("ab\n", max_size=8))
def test_like_takes_what_its_pattern_says(pattern, text):
    cls = Class("X", None, NameMap([("Text", PropertyDeclaration("Text", "string"))]), NameMap())
    plan = InstancePlan("X", "", (), (Column("Text", "string", lambda obj: obj),))
    like = parse(f"Text LIKE '{pattern}'", "condition")
    expected = re.fullmatch("".join({"%": ".*", "_": "."}.get(c, c) for c in pattern), text, re.DOTALL) is not None
    for condition, outcome in ((like, expected), (Not(like), not expected)):
        test = compile_condition(condition, plan, cls, ClassGraph([cls], ()))
        assert test(text) is outcome
        assert test(None) is False
