"""What is made of hosts is the same object as long as it is the same."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from openvman.model.remembered import Remembered


@dataclass(frozen=True)
class Source:
    parts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Part:
    id: str
    amount: int


@pytest.fixture
def made():
    """What was made, by key."""
    return []


@pytest.fixture
def parts_of(made):
    def make(key, source):
        made.append(key)
        for name, amount in source.parts:
            yield Part(f"{key}/{name}", amount)

    return Remembered(make, most=2)


def test_of_the_same_source_nothing_is_made_again(parts_of, made):
    source = Source((("a", 1), ("b", 2)))
    first = parts_of("k", source)
    assert first == (Part("k/a", 1), Part("k/b", 2))
    assert parts_of("k", source) is first
    assert made == ["k"]


def test_of_another_source_all_is_true_and_what_is_equal_is_the_same(parts_of):
    a, b = parts_of("k", Source((("a", 1), ("b", 2))))
    changed, kept, new = parts_of("k", Source((("b", 3), ("a", 1), ("c", 4))))
    assert (changed, new) == (Part("k/b", 3), Part("k/c", 4))
    assert kept is a
    assert changed is not b


def test_an_equal_source_is_another(parts_of, made):
    for _ in range(2):
        parts_of("k", Source((("a", 1),)))
    assert made == ["k", "k"]


def test_what_was_not_asked_for_the_longest_goes(parts_of, made):
    source = Source((("a", 1),))
    for key in ("x", "y", "x", "z", "x", "y"):
        parts_of(key, source)
    assert made == ["x", "y", "z", "y"]
