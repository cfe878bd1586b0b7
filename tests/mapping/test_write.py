"""Instances given by clients become specs by the rows that read them."""

from __future__ import annotations

import pytest

from openvman.cim.errors import CIMError
from openvman.cim.status import Status
from openvman.cim.values import Instance, Property
from openvman.mapping.bind import Node
from openvman.mapping.methods import Purpose
from openvman.mapping.write import Writer


def _instance(class_name="TOY_Shelf", **values):
    return Instance.of(class_name, [Property(n, None, v) for n, v in values.items()])


@pytest.fixture
def parse(toy):
    view = toy.bind()
    shelf = toy.make("s", "a", ("one",))

    def run(instance, purpose=Purpose.DEFINE):
        def current(bound, values):
            return Node(bound, shelf) if values.get("InstanceID") == "s" else None

        return Writer(view).spec(instance, (toy.shelf,), purpose, current)

    return run


def test_what_may_be_set_is_parsed_and_null_means_not_said(parse):
    assert parse(_instance(ElementName="a", Caption=None)) == {"rack": "A"}


def test_keys_are_read_in_a_modification_only(parse):
    assert parse(_instance(InstanceID="template", ElementName="b")) == {"rack": "B"}
    assert parse(_instance(InstanceID="s", ElementName="b"), Purpose.MODIFY) == {"rack": "B", "id": "s"}


def test_a_read_only_value_may_come_back_unchanged_in_a_modification(parse):
    assert parse(_instance(InstanceID="s", Notes=("one",), Caption="1 books"), Purpose.MODIFY) == {"id": "s"}
    with pytest.raises(CIMError, match="Caption"):
        parse(_instance(InstanceID="s", Caption="2 books"), Purpose.MODIFY)


def test_a_property_that_nothing_shows_cannot_be_asked_for(parse):
    with pytest.raises(CIMError, match="RecoveryFile"):
        parse(_instance(RecoveryFile="x"))


def test_a_base_class_is_taken_where_the_map_accepts_it(parse):
    assert parse(_instance("CIM_SettingData", ElementName="c")) == {"rack": "C"}
    with pytest.raises(CIMError) as caught:
        parse(_instance("CIM_Processor"))
    assert caught.value.status is Status.INVALID_PARAMETER


def test_a_modification_of_nothing_is_not_found(parse):
    with pytest.raises(CIMError) as caught:
        parse(_instance(InstanceID="gone"), Purpose.MODIFY)
    assert caught.value.status is Status.NOT_FOUND
    assert "gone" in caught.value.description
