"""Instances as MOF text, both ways (DSP0004 Annex A); the text comes from clients and is not trusted."""

from __future__ import annotations

import math
from typing import Any

import pytest
import pywbem
from hypothesis import given
from hypothesis import strategies as st

from openvman.cim.datetime import CIMDateTime
from openvman.cim.derive import derive
from openvman.cim.errors import CIMError
from openvman.cim.graph import ClassGraph
from openvman.cim.mof import MAX_LENGTH, format_instance, parse_instance
from openvman.cim.names import NameMap
from openvman.cim.status import Status
from openvman.cim.values import Instance, InstancePath, Property

MODIFICATION = "CIM_InstModification"


def refusal(text: str, schema: ClassGraph) -> str:
    with pytest.raises(CIMError) as caught:
        parse_instance(text, schema)
    assert caught.value.status is Status.INVALID_PARAMETER
    return caught.value.description


def test_values_are_typed_from_the_class(schema: ClassGraph) -> None:
    instance = parse_instance(
        """// as a client writes it
        INSTANCE OF cim_virtualsystemsettingdata
        {
            virtualsystemidentifier = "a \\"b\\"\\x0041" /* one string */ " c";
            AutomaticStartupAction = 0x2;
            AutomaticStartupActionDelay = "00000001000000.000000:000";
            Notes = {"x", NULL, ""};
            Caption = NULL;
        }""",
        schema,
    )
    assert instance.class_name == "cim_virtualsystemsettingdata"
    found = instance.properties["VirtualSystemIdentifier"]
    assert (found.name, found.type, found.value) == ("VirtualSystemIdentifier", "string", 'a "b"A c')
    assert instance.get("AutomaticStartupAction") == 2
    assert instance.get("AutomaticStartupActionDelay") == CIMDateTime("00000001000000.000000:000")
    assert instance.get("Notes") == ("x", None, "")
    assert instance.properties["Caption"].value is None
    assert "Description" not in instance.properties


def test_what_the_schema_does_not_know_is_kept_untyped(schema: ClassGraph) -> None:
    instance = parse_instance("instance of X_New { A = 1; B = {true}; C = -1.5; D = \"s\"; E = 'c'; };", schema)
    assert [p.type for p in instance.properties.values()] == [None] * 5
    assert [p.value for p in instance.properties.values()] == [1, (True,), -1.5, "s", "c"]
    assert instance.properties["B"].is_array


def test_references_are_paths(schema: ClassGraph) -> None:
    instance = parse_instance('instance of CIM_HostedService { Antecedent = "CIM_System.Name=\\"h\\""; };', schema)
    assert instance.get("Antecedent") == InstancePath("CIM_System", NameMap({"Name": "h"}))


def test_embedded_instances(schema: ClassGraph) -> None:
    inner = 'instance of CIM_ComputerSystem { Name = \\"h\\"; };'
    instance = parse_instance(f'instance of {MODIFICATION} {{ PreviousInstance = "{inner}"; }};', schema)
    assert instance.get("PreviousInstance").get("Name") == "h"
    assert parse_instance(format_instance(instance), schema) == instance


def nested(depth: int) -> str:
    text = f"instance of {MODIFICATION} {{ }};"
    for _ in range(depth):
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        text = f'instance of {MODIFICATION} {{ PreviousInstance = "{quoted}"; }};'
    return text


def test_depth_is_bounded(schema: ClassGraph) -> None:
    assert parse_instance(nested(4), schema)
    assert "levels deep" in refusal(nested(5), schema)


def test_length_is_bounded(schema: ClassGraph) -> None:
    assert str(MAX_LENGTH) in refusal("/" * (MAX_LENGTH + 1), schema)


def test_the_number_of_properties_is_bounded(schema: ClassGraph) -> None:
    body = "".join(f"A{n}=1;" for n in range(10_001))
    assert "more than 10000 properties" in refusal(f"instance of X {{{body}}};", schema)


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("", "line 1, column 1:", "'instance' is expected"),
        ('#pragma include ("/etc/passwd")\ninstance of X {};', "line 1, column 1:", "pragma"),
        ("instance of X {};\n#pragma include (a)", "line 2, column 1:", "pragma"),
        ("[Q] instance of X {};", "line 1, column 1:", "qualifiers"),
        ("instance of X { [Q] A = 1; };", "line 1, column 17:", "qualifiers"),
        ("instance of X as $A {};", "line 1, column 15:", "alias"),
        ("instance of X {\n  A = $B;\n};", "line 2, column 7:", "alias"),
        ("class X {};", "line 1, column 1:", "'instance' is expected, not 'class'"),
        ("instance of X {}; instance of Y {};", "line 1, column 19:", "after one instance"),
        ("instance of X { A = 1 };", "line 1, column 23:", "';' is expected"),
        ("instance of X { A = ; };", "line 1, column 21:", "a value is expected"),
        ("instance of X { A = {1,}; };", "line 1, column 24:", "a value is expected"),
        ("instance of X { A = {{1}}; };", "line 1, column 22:", "a value is expected"),
        ("instance of X { A = 1; a = 2; };", "line 1, column 24:", "twice"),
        ('instance of X { A = "x; };', "line 1, column 21:", "does not end"),
        ("instance of X { /* };", "line 1, column 17:", "does not end"),
        ("instance of X { A = 12x; };", "line 1, column 21:", "not a number"),
        ('instance of X { A = "\\q"; };', "line 1, column 21:", "escape"),
        ('instance of X { A = "\\xD800"; };', "line 1, column 21:", "escape"),
        ('instance of X { A = "\\x0"; };', "line 1, column 21:", "escape"),
        ("instance of X { A = 1;", "line 1, column 23:", "the end of the text"),
        ("instance of X { A = \0; };", "line 1, column 21:", "unexpected character"),
        (
            "instance of CIM_VirtualSystemSettingData {\n\n AutomaticStartupAction = 70000; };",
            "line 3, column 27:",
            "uint16 takes 0 to 65535",
        ),
        ("instance of CIM_VirtualSystemSettingData { Notes = 1; };", "column 52:", "an array of string"),
    ],
)
def test_what_is_refused_says_where_and_why(schema: ClassGraph, text: str, where: str, why: str) -> None:
    description = refusal(text, schema)
    assert where in description
    assert why in description


@given(st.text("instance of X{}=;,\"'\\/*#$[]A1.x \n", max_size=60))
def test_any_text_is_an_instance_or_a_refusal(schema: ClassGraph, text: str) -> None:
    for candidate in (text, f"instance of X {{ {text} }};"):
        status = None
        try:
            parse_instance(candidate, schema)
        except CIMError as error:
            status = error.status
        assert status in {None, Status.INVALID_PARAMETER}


@pytest.mark.parametrize("text", ["/*" * 500_000, '"\\' * 500_000, "{" * 1_000_000, "1e" * 500_000, "9" * 1_000_000])
def test_hostile_repetition_costs_no_more_than_its_length(schema: ClassGraph, text: str) -> None:
    refusal(f"instance of X {{ A = {text}"[:MAX_LENGTH], schema)  # quadratic work would meet the test's time limit


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "VirtualSystemIdentifier": TEXT,
    "AutomaticStartupAction": st.integers(0, 65535),
    "CreationTime": st.just(CIMDateTime("20260102030405.000000+000")),
    "Notes": st.lists(st.none() | TEXT, max_size=3).map(tuple),
    "ChangeableType": st.none(),
}


@given(st.fixed_dictionaries({}, optional=VALUES))
def test_round_trip(schema: ClassGraph, values: dict[str, Any]) -> None:
    cls = schema["CIM_VirtualSystemSettingData"]
    instance = Instance.of(
        cls.name,
        (
            Property(p.name, p.type, values[p.name], p.is_array, class_origin=p.class_origin)
            for p in cls.properties.values()
            if p.name in values
        ),
    )
    assert parse_instance(format_instance(instance), schema) == instance


@given(st.floats(allow_nan=False) | st.integers() | st.booleans() | TEXT)
def test_untyped_values_round_trip(schema: ClassGraph, value: object) -> None:
    text = format_instance(Instance.of("X", [Property("A", None, value)]))
    if isinstance(value, int) and abs(value) >= 10**79:
        refusal(text, schema)
    else:
        parsed = parse_instance(text, schema).get("A")
        assert parsed == value
        assert type(parsed) is type(value)


def test_nan_round_trips(schema: ClassGraph) -> None:
    text = format_instance(Instance.of("X", [Property("A", "real64", math.nan)]))
    assert math.isnan(parse_instance(text, schema).get("A"))


def test_what_pywbem_writes_is_read(schema: ClassGraph) -> None:
    theirs = pywbem.CIMInstance(
        "CIM_VirtualSystemSettingData",
        {
            "VirtualSystemIdentifier": 'long "text" \\ with\nlines ' * 10,
            "AutomaticStartupAction": pywbem.Uint16(4),
            "Notes": ["a", "b"],
            "CreationTime": pywbem.CIMDateTime("20260102030405.000000+000"),
        },
    )
    ours = parse_instance(theirs.tomof(), schema)
    assert ours.get("VirtualSystemIdentifier") == theirs["VirtualSystemIdentifier"]
    assert ours.get("AutomaticStartupAction") == 4
    assert ours.get("Notes") == ("a", "b")
    assert str(ours.get("CreationTime")) == str(theirs["CreationTime"])


def test_derived_classes_are_known(schema: ClassGraph) -> None:
    ours = derive(schema, "VMAN_Settings", "CIM_VirtualSystemSettingData", description="x")
    instance = parse_instance("instance of VMAN_Settings { AutomaticStartupAction = 2; };", schema.deriving([ours]))
    assert instance.properties["AutomaticStartupAction"].type == "uint16"
