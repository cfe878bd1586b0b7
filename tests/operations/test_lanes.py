"""Whose turn it is on a host."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvman.operations.jobs.lanes import Lanes


@pytest.fixture
def begun():
    return []


def test_so_many_at_a_time(begun):
    lanes = Lanes(2, begun.append)
    for item in "abc":
        lanes.put("host", "ann", item)
    assert begun == ["a", "b"]
    lanes.done("host")
    assert begun == ["a", "b", "c"]


def test_hosts_do_not_wait_for_each_other(begun):
    lanes = Lanes(1, begun.append)
    lanes.put("one", "ann", "a")
    lanes.put("one", "ann", "b")
    lanes.put("two", "ann", "c")
    lanes.put(None, "ann", "d")
    assert begun == ["a", "c", "d"]


def test_who_asks_for_much_does_not_keep_others_waiting(begun):
    lanes = Lanes(1, begun.append)
    for number in range(5):
        lanes.put("host", "ann", f"ann {number}")
    lanes.put("host", "bob", "bob 0")
    lanes.put("host", "cid", "cid 0")
    for _ in range(6):
        lanes.done("host")
    assert begun == ["ann 0", "ann 1", "bob 0", "cid 0", "ann 2", "ann 3", "ann 4"]


def test_what_was_taken_out_does_not_begin(begun):
    lanes = Lanes(1, begun.append)
    for item in "abc":
        lanes.put("host", "ann", item)
    assert lanes.take("host", "ann", "b")
    assert not lanes.take("host", "ann", "b")
    assert not lanes.take("host", "ann", "a"), "it has begun"
    lanes.done("host")
    assert begun == ["a", "c"]


def test_nothing_begins_after_the_stop(begun):
    lanes = Lanes(1, begun.append)
    for item in "ab":
        lanes.put("host", "ann", item)
    lanes.stop()
    lanes.done("host")
    assert begun == ["a"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", None]))), st.integers(1, 4))
def test_each_begins_once_and_never_too_many(asked, width):
    running, begun = {}, []

    def begin(item):
        running[item[1]] = running.get(item[1], 0) + 1
        assert running[item[1]] <= width
        begun.append(item)

    lanes = Lanes(width, begin)
    wanted = [(owner, host, number) for number, (owner, host) in enumerate(asked)]
    for item in wanted:
        lanes.put(item[1], item[0], item)
    while any(running.values()):
        host = next(host for host, count in running.items() if count)
        running[host] -= 1
        lanes.done(host)
    assert sorted(begun, key=str) == sorted(wanted, key=str)
