"""Writing in the order given, many at a time: :class:`Journal`."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final

from openvman.store.database import StoreError, Write, Writer

_AT_ONCE: Final = 500
"""Writes that a transaction has when no more are taken into it."""
_LATER: Final = 0.02
"""Seconds that a write that nobody waits for waits for others: each transaction costs the disk a turn."""


@dataclass(frozen=True, slots=True)
class _Entry:
    write: Write
    loop: asyncio.AbstractEventLoop
    durable: asyncio.Future[None]


class Journal:
    """A thread that writes to a store. What waits when a transaction begins becomes part of it.

    Writes are made in the order of :meth:`append`, which is called in one thread. When a transaction fails, each of its
    writes has failed.
    """

    def __init__(self, store: Writer) -> None:
        self._store = store
        self._kept_back: list[_Entry] = []
        self._release: asyncio.TimerHandle | None = None
        self._waiting: SimpleQueue[list[_Entry] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def append(self, write: Write, *, soon: bool = False) -> asyncio.Future[None]:
        """Queue a write; the future is done when it is on the disk. It raises :class:`StoreError`.

        The future may be left alone: the write is made all the same. ``soon``: it is made with the next one that is
        not, or a moment later.
        """
        loop = asyncio.get_running_loop()
        durable = loop.create_future()
        durable.add_done_callback(_looked_at)
        self._kept_back.append(_Entry(write, loop, durable))
        if not soon:
            self._hand_over()
        elif self._release is None:
            self._release = loop.call_later(_LATER, self._hand_over)
        return durable

    def close(self) -> None:
        """Write what waits, and end."""
        self._hand_over()
        self._waiting.put(None)
        self._thread.join()

    def _hand_over(self) -> None:
        if self._release is not None:
            self._release.cancel()
            self._release = None
        entries, self._kept_back = self._kept_back, []
        self._waiting.put(entries)

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            entries = list(first)
            ending = False
            while len(entries) < _AT_ONCE and not self._waiting.empty():
                more = self._waiting.get()
                if more is None:
                    ending = True
                    break
                entries += more
            if entries:
                self._write(entries)
            if ending:
                return

    def _write(self, entries: list[_Entry]) -> None:
        error: StoreError | None = None
        try:
            self._store.write([entry.write for entry in entries])
        except StoreError as failure:
            error = failure
        for loop in {entry.loop for entry in entries}:
            mine = [entry.durable for entry in entries if entry.loop is loop]
            try:
                loop.call_soon_threadsafe(_settle, mine, error)
            except RuntimeError:  # the loop is closed: nobody waits any more
                continue


def _settle(durable: list[asyncio.Future[None]], error: StoreError | None) -> None:
    for future in durable:
        if future.done():  # cancelled
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)


def _looked_at(future: asyncio.Future[None]) -> None:
    """Asyncio complains of errors that nobody asks for."""
    if not future.cancelled():
        future.exception()
