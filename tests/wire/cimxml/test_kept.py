"""Kept parts: found by identity, bounded, the used ones stay."""

from __future__ import annotations

import pytest

from openvman.cim.plan import InstancePlan
from openvman.wire.cimxml.kept import KeptParts

ROWS = (b"r" * 500, b"s" * 100)  # 1,000 bytes with what an entry costs


@pytest.fixture
def plan():
    return InstancePlan("C", "n", (), ())


def test_rows_are_found_by_plan_form_place_and_part(plan) -> None:
    kept, part = KeptParts(100_000), ["equal"]
    kept.put(plan, "form", 3, part, ROWS)
    assert kept.get(plan, "form", 3, part) is ROWS
    assert kept.get(plan, "form", 3, ["equal"]) is None
    assert kept.get(plan, "form", 4, part) is None
    assert kept.get(plan, "other", 3, part) is None
    assert kept.get(InstancePlan("C", "n", (), ()), "form", 3, part) is None


def test_plan_and_part_live_as_long_as_their_rows() -> None:
    kept = KeptParts(100_000)
    for number in range(50):
        plan, part = InstancePlan("C", "n", (), ()), [number]
        assert kept.get(plan, "form", 0, part) is None  # no id of what is gone is given to it
        kept.put(plan, "form", 0, part, ROWS)


def test_a_part_takes_the_room_of_the_one_before_it(plan) -> None:
    kept = KeptParts(100_000)
    for size in (600, 100, 600):
        part = [size]
        kept.put(plan, "form", 0, part, (b"r" * size,))
        assert kept.get(plan, "form", 0, part) == (b"r" * size,)
        assert kept.size == size + 400


def test_the_size_is_bounded_and_used_rows_stay(plan) -> None:
    kept, used, unused = KeptParts(20_000), object(), object()
    kept.put(plan, "form", 0, used, ROWS)
    kept.put(plan, "form", 1, unused, ROWS)
    for place in range(2, 100):
        kept.put(plan, "form", place, object(), ROWS)
        assert kept.size == min(place + 1, 20) * 1000
        assert kept.get(plan, "form", 0, used) is ROWS
    assert kept.get(plan, "form", 1, unused) is None


def test_rows_larger_than_the_room_are_not_kept(plan) -> None:
    kept, part, other = KeptParts(20_000), object(), object()
    kept.put(plan, "form", 0, part, ROWS)
    kept.put(plan, "form", 1, other, ROWS)
    kept.put(plan, "form", 0, part, (b"r" * 20_000,))
    assert kept.get(plan, "form", 0, part) is None
    assert kept.get(plan, "form", 1, other) is ROWS
    assert kept.size == 1000


def test_nothing_is_kept_without_a_budget(plan) -> None:
    kept, part = KeptParts(0), object()
    kept.put(plan, "form", 0, part, ROWS)
    assert kept.get(plan, "form", 0, part) is None
    assert kept.size == 0
