from __future__ import annotations

import pytest

from openvman.cim.declarations import MethodDeclaration, ParameterDeclaration, PropertyDeclaration, Qualifier
from openvman.cim.derive import derive
from openvman.cim.graph import ClassGraph
from openvman.cim.names import NameMap
from openvman.cim.resolve import SchemaError


def test_a_leaf_class_is_whole(schema: ClassGraph) -> None:
    cls = derive(schema, "VMAN_ComputerSystem", "cim_computersystem", description="A virtual system.")
    above = schema["CIM_ComputerSystem"]
    assert (cls.name, cls.superclass) == ("VMAN_ComputerSystem", "CIM_ComputerSystem")
    assert list(cls.properties) == list(above.properties)
    assert list(cls.methods) == list(above.methods)
    assert all(p.propagated for p in cls.properties.values())
    assert all(m.propagated for m in cls.methods.values())
    assert [p.class_origin for p in cls.properties.values()] == [p.class_origin for p in above.properties.values()]
    assert {k.name for k in cls.keys} == {"Name", "CreationClassName"}
    assert cls.qualifiers["Description"].value == "A virtual system."
    assert not cls.qualifiers["Description"].propagated
    assert "Version" not in cls.qualifiers


def test_abstract_stays_behind_and_association_comes_along(schema: ClassGraph) -> None:
    assert schema["CIM_Component"].is_abstract
    cls = derive(schema, "VMAN_Component", "CIM_Component", description="x")
    assert not cls.is_abstract
    assert cls.is_association
    assert cls.qualifiers["Association"].propagated


def test_own_elements(schema: ClassGraph) -> None:
    note = PropertyDeclaration("Note", "string")
    state = PropertyDeclaration(
        "EnabledState",
        "uint16",
        default=2,
        qualifiers=NameMap({"Override": Qualifier("Override", "string", "EnabledState")}),
    )
    method = MethodDeclaration(
        "Refresh",
        "uint32",
        NameMap({"Job": ParameterDeclaration("Job", "reference", reference_class="CIM_ConcreteJob")}),
    )
    cls = derive(
        schema,
        "VMAN_ComputerSystem",
        "CIM_ComputerSystem",
        description="x",
        properties=[note, state],
        methods=[method],
        qualifiers=[Qualifier("Version", "string", "1.0.0")],
    )
    assert (cls.properties["Note"].class_origin, cls.properties["Note"].propagated) == ("VMAN_ComputerSystem", False)
    overridden = cls.properties["EnabledState"]
    assert (overridden.class_origin, overridden.propagated, overridden.default) == (
        "CIM_EnabledLogicalElement",
        False,
        2,
    )
    assert overridden.qualifiers["ValueMap"].propagated
    assert cls.methods["Refresh"].class_origin == "VMAN_ComputerSystem"
    assert cls.qualifiers["Version"].value == "1.0.0"


def test_derived_classes_join_the_graph(schema: ClassGraph) -> None:
    cls = derive(schema, "VMAN_ComputerSystem", "CIM_ComputerSystem", description="x")
    more = schema.deriving([cls])
    assert more.is_a("vman_computersystem", "CIM_System")
    assert "VMAN_ComputerSystem" in set(more.subclasses("CIM_ManagedElement", deep=True))
    assert "VMAN_ComputerSystem" not in schema


def test_what_does_not_fit(schema: ClassGraph) -> None:
    with pytest.raises(SchemaError, match="superclass CIM_Nothing"):
        derive(schema, "X", "CIM_Nothing", description="x")
    reference = PropertyDeclaration("R", "reference", reference_class="CIM_Nothing")
    with pytest.raises(SchemaError, match="class CIM_Nothing"):
        derive(schema, "X", "CIM_ComputerSystem", description="x", properties=[reference])
    with pytest.raises(SchemaError, match="another type"):
        derive(
            schema,
            "X",
            "CIM_ComputerSystem",
            description="x",
            properties=[PropertyDeclaration("EnabledState", "string")],
        )
    with pytest.raises(SchemaError, match="not declared"):
        derive(schema, "X", "CIM_ComputerSystem", description="x", qualifiers=[Qualifier("Odd", "string", "x")])
