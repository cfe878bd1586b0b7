"""Queues of indications on disk: order, numbers without a gap, and what is dropped."""

from __future__ import annotations

import sqlite3

import pytest

from openvman.model.indication import Posting
from openvman.store.deliveries import DeliveryStore


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.db"


@pytest.fixture
def opened(path):
    """Open the queues; all are closed afterwards."""
    stores = []

    def open_queues(most=100):
        stores.append(DeliveryStore(path, most))
        return stores[-1]

    yield open_queues
    for store in stores:
        store.close()


def _posting(body, *destinations):
    return Posting(body.encode(), tuple((destination, "f") for destination in destinations))


def _numbers(store, destination, after=-1):
    return [(d.number, d.body.decode()) for d in store.waiting(destination, after, 100)]


def _bodies(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT count(*) FROM indications").fetchone()[0]
    finally:
        connection.close()


def test_each_destination_has_its_own_sequence(opened):
    store = opened()
    assert store.add([_posting("one", "a", "b"), _posting("two", "b"), _posting("three", "a", "b")]) == {"a", "b"}
    assert _numbers(store, "a") == [(0, "one"), (1, "three")]
    assert _numbers(store, "b", after=0) == [(1, "two"), (2, "three")]
    contexts = {name: {d.context for d in store.waiting(name, -1, 10)} for name in "ab"}
    assert len(contexts["a"]) == len(contexts["b"]) == 1
    assert contexts["a"] != contexts["b"]


def test_a_sequence_goes_on_after_a_restart_also_when_its_queue_is_empty(opened):
    store = opened()
    store.add([_posting("one", "a")])
    [before] = store.waiting("a", -1, 1)
    store.delivered({"a": 0})
    again = opened()
    again.add([_posting("two", "a")])
    [after] = again.waiting("a", -1, 1)
    assert (after.context, after.number) == (before.context, 1)


def test_a_body_goes_with_its_last_delivery(opened, path):
    store = opened()
    store.add([_posting("one", "a", "b"), _posting("two", "a")])
    assert _bodies(path) == 2
    store.delivered({"a": 1})
    assert _bodies(path) == 1
    assert _numbers(store, "b") == [(0, "one")]
    store.forget("b")
    assert _bodies(path) == 0


def test_a_queue_that_is_dropped_begins_a_new_context(opened):
    store = opened()
    store.add([_posting("one", "a")])
    [before] = store.waiting("a", -1, 1)
    store.forget("a")
    store.forget("a")
    assert store.destinations() == []
    store.add([_posting("two", "a")])
    [after] = store.waiting("a", -1, 1)
    assert (after.number, after.body) == (0, b"two")
    assert after.context != before.context


def test_a_full_queue_loses_its_oldest_and_their_numbers(opened, path):
    store = opened(most=2)
    store.add([_posting(str(n), "a") for n in range(5)])
    assert _numbers(store, "a") == [(3, "3"), (4, "4")]
    assert _bodies(path) == 2


def test_what_could_not_be_kept_leaves_a_gap(opened):
    store = opened()
    store.add([_posting("one", "a", "b")])
    store.add([_posting("four", "a")], lost=2)
    assert _numbers(store, "a") == [(0, "one"), (3, "four")]
    store.add([_posting("five", "b")])
    assert _numbers(store, "b") == [(0, "one"), (3, "five")]
