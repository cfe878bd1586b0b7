"""A disk that loses its power: SQLite over a memory of what was synced and what was only written.

At a power cut each 512-byte sector of each write since the file's last sync survives with probability one half,
whatever the others do; a disk that lies about its syncs never counts any.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import apsw

from openvman.store.database import JOURNAL_MODE, STEPS

_SECTOR = 512


class _Content:
    """A file: its bytes as the process sees them, as the disk surely has them, and what lies between."""

    def __init__(self) -> None:
        self.seen = bytearray()
        self.durable = bytearray()
        self.pending: list[tuple[int, bytes]] = []

    def write(self, data: bytes, offset: int) -> None:
        _put(self.seen, data, offset)
        self.pending.append((offset, data))

    def truncate(self, size: int) -> None:
        # Its order among the writes counts no more than theirs: SQLite syncs before it relies on either.
        del self.seen[size:]
        del self.durable[size:]
        self.pending = [(offset, data[: size - offset]) for offset, data in self.pending if offset < size]

    def sync(self) -> None:
        for offset, data in self.pending:
            _put(self.durable, data, offset)
        self.pending = []

    def survivor(self, random: Random) -> _Content:
        """What is found when the power is back."""
        found = _Content()
        found.durable = bytearray(self.durable)
        for offset, data in self.pending:
            for start in range(0, len(data), _SECTOR):
                if random.random() < 0.5:
                    _put(found.durable, data[start : start + _SECTOR], offset + start)
        found.seen = bytearray(found.durable)
        return found


def _put(content: bytearray, data: bytes, offset: int) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class Disk(apsw.VFS):
    """``syncs`` counts them; with ``lying`` none has an effect."""

    def __init__(self, name: str, *, lying: bool = False) -> None:
        self.name = name
        self.lying = lying
        self.syncs = 0
        self.files: dict[str, _Content] = {}
        super().__init__(name, "")

    def cut(self, random: Random) -> Disk:
        """The power goes: the disk as it comes back. What a dying process still does to this one, nobody sees."""
        found = Disk(f"{self.name}'", lying=self.lying)
        found.files = {path: content.survivor(random) for path, content in self.files.items()}
        return found

    def xOpen(self, name, flags):  # noqa: N802 - SQLite's name
        path = name.filename() if isinstance(name, apsw.URIFilename) else name or "temporary"
        flags[1] = flags[0]
        return _File(self, self.files.setdefault(path, _Content()))

    def xDelete(self, filename, syncdir):  # noqa: N802
        if self.files.pop(filename, None) is None:
            raise apsw.IOError

    def xAccess(self, pathname, flags):  # noqa: N802
        return pathname in self.files

    def xFullPathname(self, name):  # noqa: N802
        return name


class _File:
    def __init__(self, disk: Disk, content: _Content) -> None:
        self._disk = disk
        self._content = content

    def xRead(self, amount, offset):  # noqa: N802
        return bytes(self._content.seen[offset : offset + amount])

    def xWrite(self, data, offset):  # noqa: N802
        self._content.write(bytes(data), offset)

    def xTruncate(self, size):  # noqa: N802
        self._content.truncate(size)

    def xSync(self, flags):  # noqa: N802
        self._disk.syncs += 1
        if not self._disk.lying:
            self._content.sync()

    def xFileSize(self):  # noqa: N802
        return len(self._content.seen)

    def xLock(self, level): ...  # noqa: N802
    def xUnlock(self, level): ...  # noqa: N802

    def xCheckReservedLock(self):  # noqa: N802
        return False

    def xFileControl(self, op, pointer):  # noqa: N802
        return False

    def xSectorSize(self):  # noqa: N802
        return _SECTOR

    def xDeviceCharacteristics(self):  # noqa: N802
        return 0

    def xClose(self): ...  # noqa: N802


class LossyDatabase:
    """A :class:`openvman.store.database.Storage` on such a disk, with the product's own schema and settings."""

    def __init__(self, disk: Disk, synchronous: str) -> None:
        self._connection = apsw.Connection("journal", vfs=disk.name)
        # Without shared memory, which the disk does not have. Durability does not depend on it.
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute(f"PRAGMA journal_mode = {JOURNAL_MODE}")
        self._connection.execute(f"PRAGMA synchronous = {synchronous}")
        if self.read("PRAGMA user_version") == [(0,)]:
            with self.write() as connection:
                for step in STEPS:
                    connection.execute(step)
                connection.execute(f"PRAGMA user_version = {len(STEPS)}")

    def read(self, statement, arguments=()):
        return list(self._connection.execute(statement, arguments))

    @contextmanager
    def write(self) -> Iterator[apsw.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        self._connection.close()
