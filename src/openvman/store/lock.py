"""One server for one state directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from openvman.store.database import StoreError
from openvman.store.files import PRIVATE


class StateLock:
    """Holds the state directory for this process until :meth:`release`; the system releases it when the process dies.

    Raises :class:`openvman.store.database.StoreError` naming the process that holds it.
    """

    def __init__(self, state: Path) -> None:
        path = state / "lock"
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            raise StoreError(
                f"{state} is in use by another server (process {holder}): stop it, or give this one another --state"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        # The file stays: removing it would let a third process lock a new file while a second still holds this one.
        os.close(self._descriptor)
