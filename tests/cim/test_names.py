from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvman.cim.names import NameMap
from openvman.cim.values import InstancePath

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)


def test_lookup_ignores_case_and_iteration_keeps_it() -> None:
    names = NameMap([("ElementName", 1), ("Name", 2)])
    assert names["elementname"] == 1
    assert "NAME" in names
    assert list(names) == ["ElementName", "Name"]
    assert names.spelling("NAME") == "Name"


def test_a_later_value_replaces_but_the_first_spelling_stays() -> None:
    assert dict(NameMap([("Name", 1), ("NAME", 2)])) == {"Name": 2}


def test_missing_name_and_other_types() -> None:
    with pytest.raises(KeyError):
        NameMap[int]()["x"]
    assert 3 not in NameMap([("a", 1)])


@given(st.dictionaries(NAMES, st.integers(), max_size=6))
def test_case_of_names_does_not_count_in_equality_and_hash(items: dict[str, int]) -> None:
    folded = {name.lower(): value for name, value in items.items()}
    lower, upper = NameMap(folded), NameMap({name.upper(): value for name, value in folded.items()})
    assert lower == upper
    assert hash(lower) == hash(upper)


def test_instance_paths_compare_without_case_of_names_but_with_case_of_values() -> None:
    path = InstancePath("CIM_A", NameMap({"Name": "x"}), "root/Virt", "Host")
    assert path == InstancePath("cim_a", NameMap({"NAME": "x"}), "ROOT/virt", "host")
    assert hash(path) == hash(InstancePath("cim_a", NameMap({"NAME": "x"}), "ROOT/virt", "host"))
    assert path != InstancePath("CIM_A", NameMap({"Name": "X"}), "root/virt", "host")
