"""Kept rows: found by identity, bounded, the used ones stay."""

from __future__ import annotations

import pytest

from openvman.cim.plan import InstancePlan
from openvman.wire.cimxml.kept import KeptRows

ROW = (b"n" * 100, b"i" * 300)  # 1,000 bytes with what an entry costs


@pytest.fixture
def plan():
    return InstancePlan("C", "n", (), ())


def test_a_row_is_found_by_plan_and_object(plan) -> None:
    kept, obj = KeptRows(100_000), ["equal"]
    kept.put(plan, obj, ROW)
    assert kept.get(plan, obj) is ROW
    assert kept.get(plan, ["equal"]) is None
    assert kept.get(InstancePlan("C", "n", (), ()), obj) is None


def test_an_object_lives_as_long_as_its_row(plan) -> None:
    kept = KeptRows(100_000)
    for number in range(50):
        obj = [number]
        assert kept.get(plan, obj) is None  # no id of an object that is gone is given to it
        kept.put(plan, obj, ROW)


def test_the_size_is_bounded_and_used_rows_stay(plan) -> None:
    kept, used, unused = KeptRows(20_000), object(), object()
    kept.put(plan, used, ROW)
    kept.put(plan, unused, ROW)
    for _ in range(100):
        kept.put(plan, object(), ROW)
        assert kept.size <= 20_000
        assert kept.get(plan, used) is ROW
    assert kept.get(plan, unused) is None


def test_the_size_is_that_of_the_rows(plan) -> None:
    kept, rows = KeptRows(20_000), [object() for _ in range(11)]
    for number, obj in enumerate(rows, 1):
        kept.put(plan, obj, ROW)
        assert kept.size == number * 1000
    for obj in rows[:9] * 2:  # nine of the ten in the old half become young again
        assert kept.get(plan, obj) is ROW
        assert kept.size == 11_000


def test_a_row_larger_than_the_room_is_not_kept(plan) -> None:
    kept, obj, other = KeptRows(20_000), object(), object()
    kept.put(plan, other, ROW)
    kept.put(plan, obj, (b"", b"i" * 20_000))
    assert kept.get(plan, obj) is None
    assert kept.get(plan, other) is ROW


def test_nothing_is_kept_without_a_budget(plan) -> None:
    kept, obj = KeptRows(0), object()
    kept.put(plan, obj, ROW)
    assert kept.get(plan, obj) is None
    assert kept.size == 0
