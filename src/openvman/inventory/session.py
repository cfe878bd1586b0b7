"""One connection to a platform: which reads are due, which are under way, and whose answer is the newest."""

from __future__ import annotations

import asyncio
from typing import TypeAlias

from openvman.drivers.contract import HostChanged, SystemChanged, VolumesChanged

Key: TypeAlias = SystemChanged | HostChanged | VolumesChanged
"""What to read: the event that asks for it."""


class Session:
    """The bookkeeping of one connection, from ``open`` until it is lost or closed.

    A read takes a ticket when it begins. Its answer counts only if no read that began later has been accepted for the
    same object: what an answer holds is at least as new as its ticket, and whatever happens after brings an event,
    hence another read. So the order in which answers come does not matter.
    """

    def __init__(self) -> None:
        self.wake = asyncio.Event()
        """Set when the connection is over, or a full load is wanted early."""
        self.over = asyncio.Event()
        """Set when the connection is over; ``lost`` says why."""
        self.lost: str | None = None
        self.loaded = False
        self.readers: set[asyncio.Task[None]] = set()
        self._due: dict[Key, None] = {}
        self._under_way: set[Key] = set()
        self._again: set[Key] = set()
        self._tickets = 0
        self._accepted: dict[Key, int] = {}
        self._accepted_all = 0
        self._waiting: list[_Wait] = []

    def end(self, reason: str) -> None:
        """The connection is lost; reads under way do not count any more."""
        if self.lost is None:
            self.lost = reason
        for reader in self.readers:
            reader.cancel()
        for wait in self._waiting:
            wait.over.set()
        self.over.set()
        self.wake.set()

    def hurry(self) -> None:
        """Something could not be read: load everything soon."""
        self.wake.set()

    def mark(self, key: Key) -> None:
        """The object must be read (again)."""
        if key in self._under_way:
            self._again.add(key)
        else:
            self._due[key] = None

    def forget(self, key: Key) -> None:
        """A read of the object begins now, outside the queue: one that is only due is not needed, or due again."""
        self._due.pop(key, None)
        self._again.discard(key)

    def forget_all(self) -> None:
        """A load of everything begins now."""
        self._due.clear()

    @property
    def due(self) -> int:
        return len(self._due)

    def take(self) -> Key | None:
        """The next object to read, marked as under way; None when nothing is due."""
        key = next(iter(self._due), None)
        if key is not None:
            del self._due[key]
            self._under_way.add(key)
        return key

    def done(self, key: Key) -> None:
        """The read that ``take`` began is over."""
        self._under_way.discard(key)
        if key in self._again:
            self._again.discard(key)
            self._due[key] = None
        self.passed(key)

    def passed(self, key: Key) -> None:
        """A read of the object is over, and what it found is shown."""
        for wait in self._waiting:
            wait.passed(key)

    async def caught_up(self) -> None:
        """Wait for a read, that began after its last event, of each object that is due now or under way."""
        reads = dict.fromkeys((*self._due, *self._under_way), 1)
        reads |= dict.fromkeys(self._again, 2)  # the one under way may be older than the event
        if not reads or self.lost is not None:
            return
        wait = _Wait(reads)
        self._waiting.append(wait)
        try:
            await wait.over.wait()
        finally:
            self._waiting.remove(wait)

    def ticket(self) -> int:
        """A read begins."""
        self._tickets += 1
        return self._tickets

    def accept(self, key: Key, ticket: int) -> bool:
        """Whether the answer of the read counts; if so, no older one will."""
        if self.lost is not None or ticket <= max(self._accepted_all, self._accepted.get(key, 0)):
            return False
        self._accepted[key] = ticket
        return True

    def accept_all(self, ticket: int) -> None:
        """A full load has been taken over: older answers do not count for any object."""
        self._accepted_all = ticket
        self._accepted = {key: of for key, of in self._accepted.items() if of > ticket}
        for wait in self._waiting:
            for key in wait.reads.keys() - self._due.keys() - self._under_way:
                wait.passed(key)


class _Wait:
    """How many reads of which objects somebody waits for; ``over`` is set when none is left."""

    def __init__(self, reads: dict[Key, int]) -> None:
        self.reads = reads
        self.over = asyncio.Event()

    def passed(self, key: Key) -> None:
        left = self.reads.get(key)
        if left is None:
            return
        if left > 1:
            self.reads[key] = left - 1
            return
        del self.reads[key]
        if not self.reads:
            self.over.set()
