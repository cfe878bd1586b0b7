"""Inheritance (DSP0004 5.1, 5.6): what a whole class holds. pywbem's own resolution of our schema is the peer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pywbem
from pywbem_mock import FakedWBEMConnection

from openvman.cim.compiler import compile_mof
from openvman.cim.declarations import Qualifier
from openvman.cim.graph import ClassGraph
from openvman.cim.mofwriter import format_class, format_qualifier_type
from openvman.cim.names import NameMap
from openvman.cim.resolve import SchemaError, resolve
from openvman.cim.values import Value


def graph(tmp_path: Path, schema: ClassGraph, text: str) -> ClassGraph:
    file = tmp_path / "test.mof"
    file.write_text("\n".join([*(format_qualifier_type(q) for q in schema.qualifier_types.values()), text]))
    return resolve(*compile_mof([file]))


BASE = """
[Abstract, Version("1.0"), Experimental, Indication]
class A {
      [Key, MaxLen(64), Deprecated {"A.B"}]
   string K;
      [Write, ValueMap {"1"}, Values {"One"}]
   uint8 P = 1;
   uint32 M([In, Units("Bits")] uint8 X);
};
"""


def test_class_qualifiers_follow_their_flavors(tmp_path: Path, schema: ClassGraph) -> None:
    child = graph(tmp_path, schema, BASE + "class B : A { };")["B"]
    assert list(child.qualifiers) == ["Indication"]
    assert child.qualifiers["Indication"].propagated
    assert not child.is_abstract


def test_inherited_elements_are_propagated_and_keep_their_origin(tmp_path: Path, schema: ClassGraph) -> None:
    whole = graph(tmp_path, schema, BASE + "class B : A { uint8 Q; }; class C : B { };")
    key, own = whole["C"].properties["K"], whole["B"].properties["Q"]
    assert key.propagated
    assert key.class_origin == "A"
    assert key.is_key
    assert key.qualifiers["MaxLen"].propagated
    assert (own.class_origin, own.propagated) == ("B", False)
    assert whole["C"].properties["Q"].class_origin == "B"
    assert list(whole["C"].properties) == ["K", "P", "Q"]
    assert whole["C"].methods["M"].propagated
    assert whole["C"].properties["K"] is whole["B"].properties["K"]


def test_an_overriding_property_is_the_subclasss_with_the_first_origin(tmp_path: Path, schema: ClassGraph) -> None:
    text = 'class B : A { [Override("P"), Values {"Uno"}] uint8 P = 2; [Override("K")] string K; };'
    whole = graph(tmp_path, schema, BASE + text + "class C : B { };")
    own, key = whole["B"].properties["P"], whole["B"].properties["K"]
    assert (own.class_origin, own.propagated, own.default) == ("A", False, 2)
    assert own.qualifiers["Values"].value == ("Uno",)
    assert own.qualifiers["ValueMap"].propagated
    assert key.is_key
    assert "Deprecated" not in key.qualifiers  # Restricted
    assert whole["C"].properties["P"].default == 2
    assert whole["A"].properties["P"].default == 1


def test_overriding_methods_inherit_the_qualifiers_of_their_parameters(tmp_path: Path, schema: ClassGraph) -> None:
    text = 'class B : A { [Override("M")] uint32 M(uint8 X, [Out] uint8 Y); };'
    method = graph(tmp_path, schema, BASE + text)["B"].methods["M"]
    assert method.class_origin == "A"
    assert method.parameters["X"].qualifiers["Units"].value == "Bits"
    assert method.parameters["X"].qualifiers["Units"].propagated
    assert method.parameters["Y"].is_out


def test_flavors_are_filled_in(tmp_path: Path, schema: ClassGraph) -> None:
    cls = graph(tmp_path, schema, BASE)["A"]
    key = cls.properties["K"].qualifiers["Key"]
    assert (key.overridable, key.tosubclass, key.translatable) == (False, True, False)
    assert cls.properties["P"].qualifiers["Values"].translatable is True


def test_a_case_slip_in_a_qualifier_name_is_mended(tmp_path: Path, schema: ClassGraph) -> None:
    assert "Key" in list(graph(tmp_path, schema, "class A { [KEY] string K; };")["A"].properties["K"].qualifiers)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('class B : A { [Override("P")] uint16 P; };', "another type"),
        ('class B : A { [Override("P")] uint8 P[]; };', "another type"),
        ('class B { [Override("P")] uint8 P; };', "no superclass has"),
        ('class B : A { [Override("K"), Key(false)] string K; };', "cannot be overridden"),
    ],
)
def test_contradictions(tmp_path: Path, schema: ClassGraph, text: str, why: str) -> None:
    with pytest.raises(SchemaError, match=why):
        graph(tmp_path, schema, BASE + text)


def peer_graph(schema: ClassGraph, folder: Path) -> dict[str, Any]:
    for cls in schema.classes.values():
        folder.joinpath(f"{cls.name}.mof").write_text(format_class(cls))
    folder.joinpath("qualifiers.mof").write_text(
        "\n".join(format_qualifier_type(q) for q in schema.qualifier_types.values())
    )
    connection = FakedWBEMConnection(default_namespace="root")
    connection.compile_mof_file(str(folder / "qualifiers.mof"))
    made: set[str] = set()
    for name in schema.classes:
        if name not in made:  # compiling one class compiles the files of those that it names
            connection.compile_mof_file(str(folder / f"{name}.mof"), search_paths=[str(folder)])
            made = set(connection.EnumerateClassNames(DeepInheritance=True))
    classes = connection.EnumerateClasses(
        DeepInheritance=True, LocalOnly=False, IncludeQualifiers=True, IncludeClassOrigin=True
    )
    return {cls.classname: cls for cls in classes}


def qualifiers(ours: NameMap[Qualifier]) -> dict[str, Value]:
    return {q.name.lower(): list(q.value) if isinstance(q.value, tuple) else q.value for q in ours.values()}


def their_qualifiers(element: Any) -> dict[str, Any]:
    return {q.name.lower(): q.value for q in element.qualifiers.values()}


def test_pywbem_resolves_our_classes_to_the_same(schema: ClassGraph, tmp_path: Path) -> None:
    theirs = peer_graph(schema, tmp_path)
    assert theirs.keys() == set(schema.classes)
    for cls in schema.classes.values():
        peer = theirs[cls.name]
        assert peer.superclass == cls.superclass
        own = qualifiers(cls.qualifiers)
        if (constraint := cls.qualifiers.get("ClassConstraint")) and constraint.propagated:
            del own["classconstraint"]  # its type states no flavor: ToSubclass by DSP0004 5.6.1, but not for pywbem
        assert their_qualifiers(peer) == own, cls.name
        assert {p.lower() for p in peer.properties} == {p.lower() for p in cls.properties}
        assert {m.lower() for m in peer.methods} == {m.lower() for m in cls.methods}
        for prop in cls.properties.values():
            compare(f"{cls.name}.{prop.name}", prop, peer.properties[prop.name])
        for method in cls.methods.values():
            where = f"{cls.name}.{method.name}"
            compare(where, method, peer.methods[method.name])
            for parameter in method.parameters.values():
                their_parameter = peer.methods[method.name].parameters[parameter.name]
                assert their_qualifiers(their_parameter) == qualifiers(parameter.qualifiers), where


def compare(where: str, ours: Any, peer: pywbem.CIMProperty | pywbem.CIMMethod) -> None:
    assert peer.class_origin in (None, ours.class_origin), where  # pywbem's repository loses some when it copies
    assert their_qualifiers(peer) == qualifiers(ours.qualifiers), where
    if ours.propagated:  # pywbem calls overriding elements propagated too; DSP0200 5.3.2.1 LocalOnly does not
        assert peer.propagated, where
