"""ValueMap and Values (DSP0004 5.6.3)."""

from __future__ import annotations

import pytest

from openvman.cim.declarations import PropertyDeclaration, Qualifier
from openvman.cim.graph import ClassGraph
from openvman.cim.names import NameMap
from openvman.cim.valuemap import ValueMap
from openvman.cim.values import CIMType


def of(codes: list[str] | None, texts: list[str] | None, type_: CIMType = "uint16") -> ValueMap:
    qualifiers = [
        (name, Qualifier(name, "string", tuple(value), is_array=True))
        for name, value in (("ValueMap", codes), ("Values", texts))
        if value is not None
    ]
    return ValueMap.of(PropertyDeclaration("P", type_, qualifiers=NameMap(qualifiers)))


def test_codes_and_names() -> None:
    values = of(["2", "3", "3"], ["Enabled", "Disabled", "Off"])
    assert values.name(2) == "Enabled"
    assert values.code("Disabled") == 3
    assert values.code("Off") == 3
    assert values.name(4) is None
    assert not values.is_defined(4)
    assert list(values) == [(2, "Enabled"), (3, "Disabled")]
    with pytest.raises(KeyError):
        values.code("enabled")


@pytest.mark.parametrize(
    ("code", "name"),
    [(0, "Zero"), (6, "Rest"), (7, "A"), (32767, "A"), (32768, "B"), (65535, "B"), (9, "Nine")],
)
def test_ranges_give_way_to_single_codes_and_the_rest_comes_last(code: int, name: str) -> None:
    values = of(["..", "7..32767", "0x8000..", "..0", "9"], ["Rest", "A", "B", "Zero", "Nine"])
    assert values.name(code) == name
    assert values.is_defined(code)


def test_a_range_has_no_code() -> None:
    with pytest.raises(KeyError):
        of(["2", "3.."], ["One", "More"]).code("More")


def test_negative_codes() -> None:
    values = of(["-5..-1", "-7"], ["Below", "Far"], "sint16")
    assert (values.name(-5), values.name(-7), values.name(0)) == ("Below", "Far", None)


def test_values_alone_count_from_zero() -> None:
    assert list(of(None, ["Zero", "One"])) == [(0, "Zero"), (1, "One")]


def test_value_map_alone_names_itself() -> None:
    values = of(["IP", "UUID"], None, "string")
    assert values.name("UUID") == "UUID"
    assert not values.is_defined("X")


def test_string_codes_are_no_ranges() -> None:
    assert of(["a..b"], ["Dots"], "string").name("a..b") == "Dots"


def test_an_element_without_a_map_takes_every_code() -> None:
    values = of(None, None)
    assert not values
    assert values.is_defined(77)
    assert values.name(77) is None


@pytest.mark.parametrize(("codes", "texts"), [(["1"], ["a", "b"]), (["x"], ["a"]), (["1..x"], ["a"])])
def test_broken_qualifiers(codes: list[str], texts: list[str]) -> None:
    with pytest.raises(ValueError, match="ValueMap"):
        of(codes, texts)


def test_every_map_of_the_schema_can_be_read(schema: ClassGraph) -> None:
    for cls in schema.classes.values():
        for element in (*cls.properties.values(), *cls.methods.values()):
            for code, name in ValueMap.of(element):
                assert ValueMap.of(element).name(code) == name
        for method in cls.methods.values():
            for parameter in method.parameters.values():
                ValueMap.of(parameter)


def test_known_codes(schema: ClassGraph) -> None:
    state = ValueMap.of(schema["CIM_ComputerSystem"].properties["EnabledState"])
    assert state.code("Quiesce") == 9
    assert state.name(11) == "DMTF Reserved"
    returned = ValueMap.of(schema["CIM_VirtualSystemManagementService"].methods["DefineSystem"])
    assert returned.name(4096) is not None
