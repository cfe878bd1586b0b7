"""What is written when, and with what else, by a store that counts its transactions."""

from __future__ import annotations

import asyncio
import threading

import pytest

from openvman.operations.journal import Journal
from openvman.store.database import StoreError


class Store:
    """Remembers each transaction; ``held`` keeps the first from ending, ``broken`` makes the next fail."""

    def __init__(self) -> None:
        self.transactions: list[list[object]] = []
        self.held = threading.Event()
        self.held.set()
        self.broken = False

    def write(self, writes) -> None:
        self.held.wait()
        if self.broken:
            self.broken = False
            raise StoreError("the disk is full")
        self.transactions.append([write(None) for write in writes])


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def journal(store):
    made = Journal(store)
    yield made
    store.held.set()
    made.close()


def says(what: str):
    return lambda _connection: what


async def test_what_waits_is_one_transaction_in_the_order_of_the_calls(store, journal):
    store.held.clear()
    first = journal.append(says("first"))
    rest = [journal.append(says(str(number)), soon=number % 2 == 0) for number in range(5)]
    store.held.set()
    await asyncio.gather(first, *rest)
    written = [each for transaction in store.transactions for each in transaction]
    assert written == ["first", *map(str, range(5))]
    assert len(store.transactions) <= 2


async def test_what_nobody_waits_for_goes_with_what_somebody_does(store, journal):
    for _ in range(20):
        store.transactions.clear()
        journal.append(says("new"), soon=True)
        journal.append(says("running"), soon=True)
        await journal.append(says("step"))
        assert store.transactions[-1][-1] == "step"
        assert [each for transaction in store.transactions for each in transaction] == ["new", "running", "step"]


async def test_what_nobody_waits_for_is_written_all_the_same(store, journal):
    await journal.append(says("new"), soon=True)
    assert store.transactions == [["new"]]


async def test_what_waits_for_others_is_written_at_the_end(store):
    journal = Journal(store)
    journal.append(says("new"), soon=True)
    journal.close()
    assert store.transactions == [["new"]]


async def test_a_transaction_that_fails_fails_for_all_of_it_and_for_no_other(store, journal):
    store.broken = True
    soon = journal.append(says("new"), soon=True)
    step = journal.append(says("step"))
    with pytest.raises(StoreError):
        await step
    await journal.append(says("later"))
    assert isinstance(soon.exception(), StoreError) or ["new"] in store.transactions
    assert store.transactions[-1] == ["later"]
