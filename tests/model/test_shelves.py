"""Shelves against plain dictionaries: what they hold, and which of them another version shares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvman.model.shelves import Shelves, shelves_of

KEYS = st.integers(0, 300).map(str)
CHANGES = st.lists(st.dictionaries(KEYS, st.none() | st.integers(), max_size=60), max_size=12)


@given(CHANGES)
def test_they_hold_what_a_dictionary_holds(versions) -> None:
    shelves, model, kept = Shelves[int](), {}, []
    for changes in versions:
        kept.append((shelves, dict(model)))
        shelves = shelves.following(changes.items())
        model |= changes
        model = {key: value for key, value in model.items() if value is not None}
        assert dict(shelves) == dict(shelves.items()) == model
        assert sorted(shelves.values()) == sorted(model.values())
        assert len(shelves) == len(list(shelves)) == len(model)
        for key in map(str, range(301)):
            assert shelves.get(key) == model.get(key)
            assert (key in shelves) == (key in model)
    for before, held in kept:
        assert dict(before) == held, "a version that was there changed"


@given(CHANGES, st.dictionaries(KEYS, st.none() | st.integers(), min_size=1, max_size=5))
def test_a_shelf_is_the_same_while_nothing_on_it_changes(versions, last) -> None:
    before = Shelves[int]()
    for changes in versions:
        before = before.following(changes.items())
    after = before.following(last.items())
    if len(before.shelves) == len(after.shelves):
        other = [place for place, old in enumerate(before.shelves) if after.shelves[place] is not old]
        assert len(other) <= len(last)
        for place, (old, new) in enumerate(zip(before.shelves, after.shelves, strict=True)):
            assert place in other or old == new
            assert place not in other or not (old.keys() | new.keys()).isdisjoint(last) or old == new


def test_nothing_to_change_gives_the_same_object() -> None:
    shelves = Shelves[int]().following([("a", 1)])
    assert shelves.following(()) is shelves


def test_there_are_as_many_shelves_as_are_right_for_so_many() -> None:
    shelves = Shelves[int]().following((str(n), n) for n in range(10_000))
    assert 200 <= len(shelves.shelves) <= 1000
    assert max(map(len, shelves.shelves)) < 100
    shelves = shelves.following((str(n), None) for n in range(9_990))
    assert len(shelves.shelves) <= 4
    assert sorted(shelves.values()) == list(range(9_990, 10_000))


def test_what_is_replaced_keeps_its_place() -> None:
    shelves = Shelves[int]().following((str(n), n) for n in range(100))
    order = list(shelves)
    assert list(shelves.following([("7", -7)])) == order


def test_a_missing_id_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Shelves[int]()["a"]


def test_of_a_plain_map_it_is_its_only_shelf() -> None:
    plain = {"a": 1}
    assert [*shelves_of(plain)] == [plain]
    assert next(iter(shelves_of(plain))) is plain
    shelves = Shelves[int]().following(plain.items())
    assert shelves_of(shelves) is shelves.shelves
