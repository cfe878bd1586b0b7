"""Worker threads for blocking calls: a few per connection, and none of them can hold up the end of the process."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

Work = Callable[[], None]

_END: Final = None


def post(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *arguments: object) -> None:
    """Call ``function`` in the loop's thread, from another. A loop that is closed does not want it any more."""
    try:
        loop.call_soon_threadsafe(function, *arguments)
    except RuntimeError:
        if not loop.is_closed():
            raise


class Workers:
    """A pool of daemon threads: ``concurrent.futures`` joins its own at exit, and a stuck hypervisor call never ends.

    A call that nobody waits for any more still runs to its end and holds its thread; ``size`` bounds how many can.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._size = size
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._lock = threading.Lock()

    def submit(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Run ``function`` in a thread; the future is of the running loop. May be cancelled before it has begun."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(result: T | None, error: BaseException | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]  # None only where T is None

        def work() -> None:
            if future.done():
                return
            result, failure = None, None
            try:
                result = function()
            except BaseException as error:  # noqa: BLE001 - handed to the one who waits
                failure = error
            post(loop, settle, result, failure)

        with self._lock:
            self._queue.put(work)
            if self._idle == 0 and len(self._threads) < self._size:
                thread = threading.Thread(target=self._run, name=f"{self._name}-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
            elif self._idle:
                self._idle -= 1
        return future

    def end(self) -> None:
        """Let each thread end when its present call has. Nothing may be submitted any more."""
        for _ in self._threads:
            self._queue.put(_END)

    def _run(self) -> None:
        while (work := self._queue.get()) is not _END:
            work()
            with self._lock:
                self._idle += 1
