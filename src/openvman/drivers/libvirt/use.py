"""Who uses a connection, so that it is closed after the last of them."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Use:
    """Counts the calls inside libvirt. Closing a connection while a call is in it would free its memory under the call.

    Its methods are called in worker threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._last: Callable[[], None] | None = None

    def enter(self) -> bool:
        """Begin a call; False when the end has come."""
        with self._lock:
            if self._last is not None:
                return False
            self._count += 1
            return True

    def leave(self) -> None:
        with self._lock:
            self._count -= 1
            last = self._last if self._count == 0 else None
        if last is not None:
            last()

    def end(self, last: Callable[[], None]) -> None:
        """Do ``last`` once no call is left: now, or in the thread of the one that ends last."""
        with self._lock:
            self._last = last
            now = self._count == 0
        if now:
            last()
