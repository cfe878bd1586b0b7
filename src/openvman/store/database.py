"""The SQLite file: opening, its schema's version, reading and writing.

The schema's version is ``PRAGMA user_version``: the number of :data:`STEPS` applied. A file from a newer version is
refused, since what it means is not known here. Each write is a transaction on another connection than the reader's, so
that a reader sees every commit the same way, whichever process made it.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol, TypeAlias

from openvman.store.files import PRIVATE

_APPLICATION_ID: Final = 0x766D616E  # "vman": tells our files from other programs'
_BUSY_SECONDS: Final = 10.0
JOURNAL_MODE: Final = "WAL"
SYNCHRONOUS: Final = "FULL"
"""With less, SQLite keeps its file whole through a power cut and yet loses what it had acknowledged."""
STEPS: Final = (
    """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE users (
        name TEXT PRIMARY KEY,
        role INTEGER NOT NULL,
        password_hash TEXT NOT NULL,
        stamp TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE pools (
        host_id TEXT NOT NULL,
        place INTEGER NOT NULL,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        parent TEXT NOT NULL,
        quantity INTEGER NOT NULL,
        resources TEXT NOT NULL,
        PRIMARY KEY (host_id, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE pool_members (
        system_id TEXT NOT NULL,
        local_id TEXT NOT NULL,
        pool TEXT NOT NULL,
        PRIMARY KEY (system_id, local_id)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE pool_shares (
        host_id TEXT NOT NULL,
        pool TEXT NOT NULL,
        place INTEGER NOT NULL,
        parent TEXT NOT NULL,
        quantity INTEGER NOT NULL,
        PRIMARY KEY (host_id, pool, place)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO pool_shares SELECT host_id, name, 0, parent, quantity FROM pools;
    ALTER TABLE pools DROP COLUMN parent;
    ALTER TABLE pools DROP COLUMN quantity;
    """,
    """
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY,
        place INTEGER NOT NULL,
        record BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE job_steps (
        job_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        record BLOB NOT NULL,
        PRIMARY KEY (job_id, number)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE indication_filters (
        name TEXT PRIMARY KEY,
        query TEXT NOT NULL,
        language TEXT NOT NULL,
        namespaces TEXT NOT NULL,
        element_name TEXT,
        owner TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE destinations (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        url TEXT NOT NULL,
        persistence TEXT NOT NULL,
        owner TEXT NOT NULL,
        may_be_local INTEGER NOT NULL,
        element_name TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE subscriptions (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        source TEXT NOT NULL,
        destination TEXT NOT NULL,
        owner TEXT NOT NULL,
        started TEXT NOT NULL,
        state TEXT NOT NULL,
        changed TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE indications (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
    CREATE TABLE deliveries (
        destination TEXT NOT NULL,
        number INTEGER NOT NULL,
        filter_name TEXT NOT NULL,
        indication INTEGER NOT NULL,
        PRIMARY KEY (destination, number)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX deliveries_of ON deliveries (indication);
    CREATE TABLE sequences (
        destination TEXT PRIMARY KEY,
        context TEXT NOT NULL,
        following INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE requests (system_id TEXT PRIMARY KEY, action TEXT NOT NULL) STRICT, WITHOUT ROWID;
    """,
)


Write: TypeAlias = Callable[[sqlite3.Connection], object]
"""A part of a transaction."""


class Storage(Protocol):
    """What is asked of a database: :class:`Database` is one."""

    def read(self, statement: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...
    def write(self) -> AbstractContextManager[sqlite3.Connection]: ...
    def close(self) -> None: ...


class Writer(Protocol):
    """A store that makes many writes one transaction."""

    def write(self, writes: Sequence[Write]) -> None:
        """Make all of them, or none; when this returns, they are on the disk. Raises :class:`StoreError`."""


class StoreError(Exception):
    """The store cannot be used. The message names the file, what is wrong, and the way out."""


class Database:
    """One SQLite file, made when it is absent. Raises :class:`StoreError` for one that cannot be used.

    Read by one thread: a serialized SQLite keeps its own data whole, but the binding shares a statement between threads
    that execute the same text, so one would read the other's row, or crash at a close. Written by any thread: each
    transaction has its connection for itself.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            _make(path)
        except OSError as error:
            raise StoreError(f"cannot open {path}: {error.strerror}") from None
        with self._explained():
            self._migrate()
            self._reader = self._connect()
            self._reader.execute("PRAGMA query_only = ON")
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        """Connections that have written, for the next transactions: to open one takes longer than to commit."""

    def close(self) -> None:
        self._reader.close()
        while (connection := self._take_idle()) is not None:
            connection.close()

    def read(self, statement: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of one SELECT. Always read to its end: an unfinished one would hold back checkpoints."""
        with self._explained():
            return self._reader.execute(statement, arguments).fetchall()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: committed at the end of the block, undone when the block raises."""
        with self._explained():
            connection = self._take_idle() or self._connect(one_thread=False)
            try:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except BaseException:
                connection.close()  # what the disk did to it is not known
                raise
            self._idle.put(connection)

    def _take_idle(self) -> sqlite3.Connection | None:
        try:
            return self._idle.get_nowait()
        except Empty:
            return None

    def _connect(self, *, one_thread: bool = True) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=one_thread
        )
        connection.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
        return connection

    def _migrate(self) -> None:
        connection = self._connect()
        try:
            if _versions(connection) != (_APPLICATION_ID, len(STEPS)):
                connection.execute("BEGIN IMMEDIATE")
                try:
                    self._apply_steps(connection)
                    connection.execute("COMMIT")
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
            # It is kept in the file, so it is set only when that is known to be ours.
            connection.execute(f"PRAGMA journal_mode = {JOURNAL_MODE}")
        finally:
            connection.close()

    def _apply_steps(self, connection: sqlite3.Connection) -> None:
        owner, found = _versions(connection)
        if owner != _APPLICATION_ID and (owner, found) != (0, 0):
            raise StoreError(f"{self.path} belongs to another program; choose another state directory")
        if found > len(STEPS):
            raise StoreError(
                f"{self.path} was written by a newer openvman (schema {found}; this one knows {len(STEPS)}): "
                "use that version, or restore the state directory from before the upgrade"
            )
        for step in STEPS[found:]:
            for statement in filter(str.strip, step.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error


def _versions(connection: sqlite3.Connection) -> tuple[int, int]:
    """Whose file it is, and of which schema."""
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    return owner, connection.execute("PRAGMA user_version").fetchone()[0]


def _make(path: Path) -> None:
    """Make the file when it is absent; a symbolic link is refused.

    Made here and not by SQLite, which would give it the umask's mode; its -wal and -shm files copy ours. A file that is
    there must not be opened but by SQLite: to close it would drop the locks of every connection of this process, and
    the next process to close the database would take its -wal file from under them.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE))
    except FileExistsError:
        if path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
