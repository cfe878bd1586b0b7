"""One change at a time of the same thing: :class:`Turns`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from openvman.messages import systems as systems_rows
from openvman.model.errors import ModelError


class Turns:
    """Locks by name, which exist only while somebody holds or wants them."""

    def __init__(self, patience: timedelta) -> None:
        self._patience = patience
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, things: Iterable[str]) -> AsyncIterator[None]:
        """Hold all the things named; BUSY when one stays held by another for longer than the patience.

        Each thing is a kind and a name, as in ``system 0b5e…``, which is what the message says. They are taken in
        order of their names, so that two that want the same do not wait for each other.
        """
        async with AsyncExitStack() as stack:
            for thing in sorted(set(things)):
                await stack.enter_async_context(self._hold(thing))
            yield

    @asynccontextmanager
    async def _hold(self, thing: str) -> AsyncIterator[None]:
        lock, users = self._locks.get(thing, (asyncio.Lock(), 0))
        self._locks[thing] = (lock, users + 1)
        try:
            try:
                async with asyncio.timeout(self._patience.total_seconds()):
                    await lock.acquire()
            except TimeoutError:
                raise ModelError(systems_rows.OTHER_CHANGE, thing.partition(" ")[2], thing=thing) from None
            try:
                yield
            finally:
                lock.release()
        finally:
            lock, users = self._locks.pop(thing)
            if users > 1:
                self._locks[thing] = (lock, users - 1)
