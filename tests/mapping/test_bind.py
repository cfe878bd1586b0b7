"""Declarations are held against the schema when they are bound."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvman.mapping.bind import DeclarationError, Node
from openvman.mapping.declare import Attr, Coded, Const, End
from openvman.mapping.methods import MethodMap


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"cim": "CIM_Nothing"}, "CIM_Nothing"),
        ({"properties": {"Nonsense": Const(1)}}, "Nonsense"),
        ({"keys": {"Name": Attr("id")}}, "CreationClassName"),
        ({"methods": (MethodMap(name="Fly", operation="x", permission=1, inputs={}),)}, "Fly"),
        (
            {
                "methods": (
                    MethodMap(name="RequestStateChange", operation="x", permission=1, inputs={"Speed": Const(1)}),
                )
            },
            "Speed",
        ),
    ],
)
def test_a_class_map_that_does_not_fit_is_refused(toy, changes, named):
    with pytest.raises(DeclarationError, match=named):
        toy.bind(classes=(replace(toy.rack, **changes), toy.shelf), edges=())


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"cim": "CIM_Nothing"}, "CIM_Nothing"),
        ({"left": End("Nonsense", ())}, "Nonsense"),
        ({"properties": {"Nonsense": Const(1)}}, "Nonsense"),
    ],
)
def test_an_edge_that_does_not_fit_is_refused(toy, changes, named):
    with pytest.raises(DeclarationError, match=named):
        toy.bind(edges=(replace(toy.edge, **changes),))


def test_an_end_of_the_wrong_class_is_refused(toy):
    wrong = replace(toy.edge, right=End("SettingData", (toy.rack,)))
    with pytest.raises(DeclarationError, match="CIM_SettingData"):
        toy.bind(edges=(wrong,))


def test_classes_are_derived_under_the_views_prefix(toy):
    view = toy.bind()
    assert view.graph["TOY_Shelf"].superclass == "CIM_VirtualSystemSettingData"
    assert view.graph.is_a("TOY_ElementSettingData", "CIM_ElementSettingData")
    assert {b.class_name for b in view.concrete("root/toy", "CIM_ManagedElement")} == {"TOY_Rack", "TOY_Shelf"}


def test_a_plan_reads_what_is_declared_and_null_for_the_rest(toy):
    view = toy.bind()
    bound = view.bound[toy.shelf]
    shelf = toy.make("s", "a", ("one", "two"))
    instance = bound.plan("root/toy").instance(shelf)
    assert instance.get("Notes") == ("one", "two")
    assert instance.get("Caption") == "2 books"
    assert instance.get("Description", "absent") is None
    assert bound.plan("root/toy") is bound.plan("root/toy"), "one plan per class and property list"
    few = bound.plan("root/toy", frozenset({"notes"}))
    assert [c.name for c in few.columns] == ["Notes"]
    assert few.whole is bound.plan("root/toy")


def test_paths_name_the_namespace_that_was_asked(toy):
    view = toy.bind()
    rack = Node(view.bound[toy.rack], toy.world().racks["a"])
    assert view.path(rack, "root/toy").namespace == "root/toy"
    assert view.path(rack, "toy/interop").namespace == "root/toy", "an instance lives in its own space"


def test_a_code_goes_both_ways(toy):
    coded = Coded("kind", {"red": 2, "blue": 3}, into="kind")
    assert coded.write is not None
    assert coded.write.parse(3, {}) == "blue"
    with pytest.raises(ValueError, match="2, 3"):
        coded.write.parse(4, {})
