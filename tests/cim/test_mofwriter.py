"""What is written is what the compiler reads."""

from __future__ import annotations

from pathlib import Path

from openvman.cim.compiler import compile_mof
from openvman.cim.declarations import Class, PropertyDeclaration, Qualifier
from openvman.cim.graph import ClassGraph
from openvman.cim.mofwriter import format_class, format_qualifier_type, format_value
from openvman.cim.names import NameMap
from openvman.cim.resolve import resolve


def test_the_whole_schema_survives_writing_and_compiling(schema: ClassGraph, tmp_path: Path) -> None:
    text = tmp_path / "all.mof"
    text.write_text(
        "\n".join(
            (
                *(format_qualifier_type(q) for q in schema.qualifier_types.values()),
                *(format_class(c) for c in schema.classes.values()),
            )
        )
    )
    again = resolve(*compile_mof([text]))
    assert again.classes == schema.classes
    assert again.qualifier_types == schema.qualifier_types


def test_inherited_elements_are_written_on_request(schema: ClassGraph) -> None:
    cls = schema["CIM_ComputerSystem"]
    assert "uint32 RequestStateChange(" not in format_class(cls)
    assert "string ElementName;" not in format_class(cls)
    whole = format_class(cls, inherited=True)
    assert "uint32 RequestStateChange(" in whole
    assert "CIM_ConcreteJob REF Job" in whole
    assert "string ElementName;" in whole


def test_lines_stay_within_the_page(schema: ClassGraph) -> None:
    longest = max(len(item) for c in schema.classes.values() for item in format_class(c).splitlines())
    assert longest <= 240  # one string literal is never broken


def test_literals() -> None:
    assert format_value('a"b\\c\n\x01', "string") == '"a\\"b\\\\c\\n\\x0001"'
    assert format_value("'", "char16") == "'\\''"
    assert format_value((1, None), "uint8") == "{ 1, NULL }"
    assert format_value((), "uint8") == "{ }"
    assert format_value(1e16, "real64") == "1.0e+16"
    assert format_value(False, "boolean") == "false"


def test_defaults_sizes_and_false_qualifiers() -> None:
    cls = Class(
        "X",
        None,
        NameMap(
            {
                "A": PropertyDeclaration(
                    "A",
                    "uint8",
                    is_array=True,
                    array_size=3,
                    default=(1, 2, 3),
                    qualifiers=NameMap({"Read": Qualifier("Read", "boolean", False)}),
                )
            }
        ),
        NameMap(),
    )
    assert format_class(cls) == "class X {\n\n      [Read(false)]\n   uint8 A[3] = { 1, 2, 3 };\n};\n"
