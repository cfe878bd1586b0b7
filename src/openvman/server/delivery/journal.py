"""The queues on disk, from the event loop's side: many postings become one transaction, in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol, TypeVar

import structlog

from openvman.model.indication import Posting

_log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")

MOST_UNWRITTEN: Final = 20_000
"""Postings that wait in memory while the disk takes nothing; then the oldest are lost, which their numbers show."""
_TRANSACTION: Final = 500
_RETRY_SECONDS: Final = (0.2, 1.0, 5.0)
_PATIENCE: Final = 10.0
_ACKNOWLEDGE_SECONDS: Final = 0.1


class Queued(Protocol):
    """An indication in a queue; ``store.deliveries.Delivery`` is one."""

    @property
    def context(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def filter_name(self) -> str: ...
    @property
    def body(self) -> bytes: ...


class Queues(Protocol):
    """The store behind; ``store.deliveries.DeliveryStore`` is one. A method blocks until it is on disk."""

    def close(self) -> None: ...
    def add(self, entries: Sequence[Posting], lost: int = 0) -> set[str]: ...
    def waiting(self, destination: str, after: int, limit: int) -> Sequence[Queued]: ...
    def delivered(self, upto: dict[str, int]) -> None: ...
    def forget(self, destination: str) -> None: ...
    def destinations(self) -> list[str]: ...


class Journal:
    """``open_queues`` makes the store, in the thread that then uses it; ``failure`` is what the store raises.

    ``written`` is called with the destinations whose queues got longer.
    """

    def __init__(
        self, open_queues: Callable[[], Queues], failure: type[Exception], written: Callable[[set[str]], None]
    ) -> None:
        self._open = open_queues
        self._failure = failure
        self._written = written
        self._thread = ThreadPoolExecutor(1, "deliveries")
        self._queues: Queues | None = None
        self._unwritten: list[Posting] = []
        self._lost = 0
        self._posted = 0
        self._kept = 0
        self._progress = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._transaction: asyncio.Task[None] | None = None
        self._acknowledged: dict[str, int] = {}
        self._acknowledger: asyncio.Task[None] | None = None

    async def start(self) -> list[str]:
        """Open the store; the destinations that have queues. Raises as ``open_queues``."""
        self._queues = await self._run(self._open)
        return await self._run(self._store.destinations)

    async def close(self) -> None:
        """Write what is not written yet, if the disk takes it at once, and close the store."""
        for task in (self._writer, self._acknowledger):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})
        if self._transaction is not None:
            await asyncio.gather(self._transaction, return_exceptions=True)
        try:
            while self._unwritten:
                await self._write()
            await self._note()
        except self._failure as error:
            _log.error("indications are lost", count=len(self._unwritten), reason=str(error))
        if self._queues is not None:
            await self._run(self._store.close)
        self._thread.shutdown()

    # Postings

    def post(self, postings: Sequence[Posting]) -> None:
        """Put these into the queues, soon."""
        self._unwritten += postings
        self._posted += len(postings)
        over = len(self._unwritten) - MOST_UNWRITTEN
        if over > 0:
            del self._unwritten[:over]
            self._lost += over
            self._kept += over
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())

    async def settled(self) -> None:
        """What was posted so far is on disk, or has not come there in a while."""
        posted = self._posted
        if self._kept >= posted:
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                while self._kept < posted:
                    self._progress.clear()
                    await self._progress.wait()
        except TimeoutError:
            _log.warning("indications are not on disk yet", count=posted - self._kept)

    async def _write_all(self) -> None:
        failures = 0
        while self._unwritten:
            try:
                await self._write()
                failures = 0
            except self._failure as error:
                if failures == 0:
                    _log.error("indications cannot be kept; trying again", reason=str(error))
                await asyncio.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
                failures += 1

    async def _write(self) -> None:
        """One transaction, which a cancellation lets end: what it wrote must not be written again."""
        self._transaction = asyncio.create_task(self._write_part())
        await asyncio.shield(self._transaction)

    async def _write_part(self) -> None:
        part, lost = self._unwritten[:_TRANSACTION], self._lost
        touched = await self._run(lambda: self._store.add(part, lost))
        # What was dropped from the front meanwhile was first of all of this part, and is written after all.
        dropped = self._lost - lost
        rest = max(0, len(part) - dropped)
        self._lost = max(0, dropped - len(part))
        del self._unwritten[:rest]
        self._kept += rest
        self._progress.set()
        self._written(touched)

    # Deliveries

    async def waiting(self, destination: str, after: int, limit: int) -> Sequence[Queued]:
        """The next indications of a queue. Raises what the store raises."""
        return await self._run(lambda: self._store.waiting(destination, after, limit))

    def acknowledge(self, destination: str, number: int) -> None:
        """It has arrived. Noted on disk with others, soon: after a crash before that, it is sent again."""
        self._acknowledged[destination] = number
        if self._acknowledger is None or self._acknowledger.done():
            self._acknowledger = asyncio.create_task(self._note_soon())

    def forget(self, destination: str) -> Awaitable[None]:
        """Drop a queue: in its turn, which is now, before anything that is posted later."""
        self._acknowledged.pop(destination, None)
        return asyncio.get_running_loop().run_in_executor(self._thread, self._store.forget, destination)

    async def _note_soon(self) -> None:
        while self._acknowledged:
            await asyncio.sleep(_ACKNOWLEDGE_SECONDS)
            try:
                await self._note()
            except self._failure as error:
                _log.warning("what was delivered cannot be noted; trying again", reason=str(error))
                await asyncio.sleep(_RETRY_SECONDS[-1])

    async def _note(self) -> None:
        upto = dict(self._acknowledged)
        if upto:
            await self._run(lambda: self._store.delivered(upto))
            for destination, number in upto.items():
                if self._acknowledged.get(destination) == number:
                    del self._acknowledged[destination]

    @property
    def _store(self) -> Queues:
        assert self._queues is not None, "the journal is not started"
        return self._queues

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
