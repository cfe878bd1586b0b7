"""The journal between the event loop and the disk, and what the courier does with it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from openvman.model.indication import Posting
from openvman.server.delivery import journal as journals
from openvman.server.delivery.journal import Journal


class DiskError(Exception):
    """The disk takes nothing."""


class Queues:
    """Takes what it is told to; remembers each transaction."""

    def __init__(self):
        self.transactions = []
        self.full = threading.Event()
        self.refused = threading.Event()
        self.noted = {}

    def close(self):
        """Nothing is open."""

    def destinations(self):
        return []

    def add(self, entries, lost=0):
        if self.full.is_set():
            self.refused.set()
            raise DiskError("full")
        self.transactions.append((len(entries), lost))
        return {destination for entry in entries for destination, _ in entry.targets}

    def delivered(self, upto):
        self.noted |= upto


@pytest.fixture
async def world(monkeypatch):
    monkeypatch.setattr(journals, "_RETRY_SECONDS", (0.01,))
    queues, written = Queues(), []
    journal = Journal(lambda: queues, DiskError, written.append)
    await journal.start()
    yield journal, queues, written
    await journal.close()


def _postings(count):
    return [Posting(b"x", (("a", "f"),))] * count


async def test_many_postings_are_one_transaction(world):
    journal, queues, written = world
    for _ in range(100):
        journal.post(_postings(1))
    await journal.settled()
    assert queues.transactions == [(100, 0)]
    assert written == [{"a"}]


async def test_nobody_waits_when_nothing_was_posted(world):
    journal, queues, _ = world
    await journal.settled()
    assert queues.transactions == []


async def test_a_disk_that_is_full_for_a_while_loses_nothing(world):
    journal, queues, _ = world
    queues.full.set()
    journal.post(_postings(3))
    waiting = asyncio.create_task(journal.settled())
    await asyncio.to_thread(queues.refused.wait)
    assert not waiting.done()
    queues.full.clear()
    await waiting
    assert queues.transactions == [(3, 0)]


async def test_more_than_memory_holds_is_lost_and_counted(world, monkeypatch):
    journal, queues, _ = world
    monkeypatch.setattr(journals, "MOST_UNWRITTEN", 10)
    queues.full.set()
    journal.post(_postings(25))
    queues.full.clear()
    await journal.settled()
    assert queues.transactions == [(10, 15)]


async def test_what_is_not_written_yet_is_written_once_at_the_end():
    queues = Queues()
    journal = Journal(lambda: queues, DiskError, lambda _: None)
    await journal.start()
    journal.post(_postings(3))
    await asyncio.sleep(0)  # the first transaction begins
    journal.post(_postings(2))
    await journal.close()
    assert sum(count for count, _ in queues.transactions) == 5


async def test_what_arrived_is_noted_at_the_end():
    queues = Queues()
    journal = Journal(lambda: queues, DiskError, lambda _: None)
    await journal.start()
    for number in range(50):
        journal.acknowledge("a", number)
    await journal.close()
    assert queues.noted == {"a": 49}
