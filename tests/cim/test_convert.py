"""Typing of values (DSP0004 5.2) and of key bindings."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvman.cim.convert import convert, typed_path
from openvman.cim.datetime import CIMDateTime
from openvman.cim.errors import CIMError
from openvman.cim.graph import ClassGraph
from openvman.cim.names import NameMap
from openvman.cim.status import Status
from openvman.cim.values import INTEGER_RANGES, CIMType, ClassPath, Instance, InstancePath


def refusal(value: Any, type_: CIMType, **options: Any) -> CIMError:
    with pytest.raises(CIMError) as caught:
        convert(value, type_, what="CIM_A.P", **options)
    assert "CIM_A.P" in caught.value.description
    assert len(caught.value.description) < 300
    return caught.value


@pytest.mark.parametrize("type_", INTEGER_RANGES)
def test_integer_bounds(type_: CIMType) -> None:
    least, most = INTEGER_RANGES[type_]
    for bound in (least, most):
        assert convert(bound, type_, what="x") == bound
        assert convert(f" {bound} ", type_, what="x") == bound
    for outside in (least - 1, most + 1):
        error = refusal(outside, type_)
        assert error.status is Status.INVALID_PARAMETER
        assert f"{type_} takes {least} to {most}" in error.description
        assert refusal(str(outside), type_).status is Status.INVALID_PARAMETER


@given(st.integers(0, 2**64 - 1))
def test_integers_in_every_base(number: int) -> None:
    for text in (str(number), f"+{number}", hex(number), f"0X{number:X}", f"{number:b}b", f"0{number:o}"):
        assert convert(text, "uint64", what="x") == number


@pytest.mark.parametrize("value", ["", "x", "1.0", "08", "0x", "12b", "1 2", "٣", "9" * 5000, 1.0, True, [1], None])
def test_what_is_no_integer(value: Any) -> None:
    if value is None:
        assert convert(None, "uint8", what="x") is None
    else:
        assert refusal(value, "uint32").status is Status.TYPE_MISMATCH


@pytest.mark.parametrize(("value", "typed"), [("true", True), ("FALSE", False), (" True ", True), (False, False)])
def test_booleans(value: Any, typed: bool) -> None:
    assert convert(value, "boolean", what="x") is typed


@pytest.mark.parametrize("value", ["yes", "1", 1, 0, ""])
def test_what_is_no_boolean(value: Any) -> None:
    assert refusal(value, "boolean").status is Status.TYPE_MISMATCH


def test_reals() -> None:
    assert convert("-1.5E+3", "real64", what="x") == -1500.0
    assert convert(".5", "real32", what="x") == 0.5
    assert convert(3, "real32", what="x") == 3.0
    assert convert("INF", "real32", what="x") == math.inf
    assert convert("-inf", "real64", what="x") == -math.inf
    assert math.isnan(convert("NaN", "real64", what="x"))
    assert refusal("1e39", "real32").status is Status.INVALID_PARAMETER
    assert refusal(10**400, "real64").status is Status.INVALID_PARAMETER
    for value in ("1,5", "infinity", "0x1p3", "", True, "1_0"):
        assert refusal(value, "real64").status is Status.TYPE_MISMATCH


def test_strings_and_characters() -> None:
    assert convert(" a ", "string", what="x") == " a "
    assert convert("é", "char16", what="x") == "é"
    for value in (1, b"a", True):
        assert refusal(value, "string").status is Status.TYPE_MISMATCH
    for value in ("", "ab", "\U0001f600"):
        assert refusal(value, "char16").status is Status.INVALID_PARAMETER


def test_datetimes() -> None:
    point = CIMDateTime("20260102030405.000000+000")
    for value in (point, point.text, point.to_datetime()):
        assert convert(value, "datetime", what="x") == point
    assert convert(dt.timedelta(days=1), "datetime", what="x") == CIMDateTime("00000001000000.000000:000")
    for value in ("2026-01-02", 5, dt.datetime(2026, 1, 2), dt.timedelta(-1)):  # noqa: DTZ001  # naive on purpose
        assert refusal(value, "datetime").status is Status.TYPE_MISMATCH


def test_references() -> None:
    path = InstancePath("CIM_A", keys(Name="x"), "ns")
    assert convert('ns:CIM_A.Name="x"', "reference", what="x") == path
    assert convert(path, "reference", what="x") is path
    assert convert("ns:CIM_A", "reference", what="x") == ClassPath("CIM_A", "ns")
    for value in ("", "a b", 1):
        assert refusal(value, "reference").status is Status.TYPE_MISMATCH


def test_arrays_keep_null_items_and_name_the_wrong_one() -> None:
    assert convert(["1", None, 2], "uint8", is_array=True, what="x") == (1, None, 2)
    assert convert((), "uint8", is_array=True, what="x") == ()
    assert "CIM_A.P[1]" in refusal([1, 256], "uint8", is_array=True).description
    assert refusal("1", "uint8", is_array=True).status is Status.TYPE_MISMATCH
    assert refusal([1], "uint8").status is Status.TYPE_MISMATCH
    assert refusal([[1]], "uint8", is_array=True).status is Status.TYPE_MISMATCH


def test_instances_pass_only_where_they_may_be_embedded() -> None:
    instance = Instance.of("CIM_A", ())
    assert convert(instance, "string", embedded="instance", what="x") is instance
    assert refusal(instance, "string").status is Status.TYPE_MISMATCH


def test_a_long_value_is_shortened_in_the_message() -> None:
    assert "..." in refusal("x" * 100_000, "uint8").description


@given(
    st.sampled_from(["boolean", "string", "char16", "uint8", "sint64", "real32", "datetime", "reference"]),
    st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.booleans(), st.binary(), st.lists(st.integers())),
)
def test_any_value_is_typed_or_refused(type_: CIMType, value: Any) -> None:
    try:
        typed = convert(value, type_, what="x")
    except CIMError:
        return
    again = convert(typed, type_, what="x")
    assert again == typed or again != again  # NaN


def keys(**items: Any) -> NameMap[Any]:
    return NameMap(items)


def system_path(**items: Any) -> InstancePath:
    return InstancePath("cim_computersystem", keys(**items), "root/vman")


def test_keys_are_typed_spelt_and_ordered_as_the_class_has_them(schema: ClassGraph) -> None:
    typed = typed_path(schema, system_path(NAME="n", creationclassname="c"))
    assert typed.class_name == "CIM_ComputerSystem"
    assert list(typed.keys) == [key.name for key in schema["CIM_ComputerSystem"].keys]
    assert sorted(typed.keys) == ["CreationClassName", "Name"]
    assert typed == system_path(Name="n", CreationClassName="c")


@pytest.mark.parametrize(
    ("bindings", "reason"),
    [
        ({"Name": "n"}, "CreationClassName is missing"),
        ({"Name": "n", "CreationClassName": "c", "Foo": "x"}, "'Foo' is not one of them"),
        ({"Name": None, "CreationClassName": "c"}, "cannot be NULL"),
    ],
)
def test_wrong_keys(schema: ClassGraph, bindings: dict[str, Any], reason: str) -> None:
    with pytest.raises(CIMError, match=reason) as caught:
        typed_path(schema, system_path(**bindings))
    assert caught.value.status is Status.INVALID_PARAMETER


def test_unknown_keys_may_be_dropped(schema: ClassGraph) -> None:
    typed = typed_path(schema, system_path(Name="n", CreationClassName="c", Foo="x"), ignore_unknown=True)
    assert typed == system_path(Name="n", CreationClassName="c")


def test_an_only_key_needs_no_name(schema: ClassGraph) -> None:
    typed = typed_path(schema, InstancePath("CIM_ResourcePool", NameMap({"": "p"})))
    assert typed.keys == keys(InstanceID="p")
    with pytest.raises(CIMError, match="is missing"):
        typed_path(schema, InstancePath("CIM_ComputerSystem", NameMap({"": "p"})))


def test_reference_keys_are_parsed_and_typed_and_take_the_namespace(schema: ClassGraph) -> None:
    host = 'CIM_System.name="h",CREATIONCLASSNAME="c"'
    path = InstancePath("CIM_HostedService", keys(Antecedent=host, Dependent="other:CIM_New.K=1"), "root/vman")
    typed = typed_path(schema, path)
    assert typed.keys["Antecedent"] == InstancePath("CIM_System", keys(Name="h", CreationClassName="c"), "root/vman")
    assert list(typed.keys["Antecedent"].keys) == [key.name for key in schema["CIM_System"].keys]
    assert typed.keys["Dependent"] == InstancePath("CIM_New", keys(K=1), "other")


def test_an_unknown_class_is_the_callers_affair(schema: ClassGraph) -> None:
    with pytest.raises(KeyError):
        typed_path(schema, InstancePath("CIM_None", NameMap()))
