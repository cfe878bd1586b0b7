"""The database file: durability, versions, modes, and use by several at once."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from openvman.store.database import Database, StoreError
from openvman.store.identity import server_id


@pytest.fixture
def path(tmp_path):
    return tmp_path / "openvman.db"


@pytest.fixture
def no_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder):
    return {entry.name: entry.stat().st_mode & 0o777 for entry in folder.iterdir()}


def test_every_file_is_private_under_any_umask(path, no_umask):
    database = Database(path)
    with database.write() as connection:
        connection.execute("INSERT INTO facts VALUES ('a', 'b')")
    found = modes(path.parent)
    database.close()
    assert set(found) >= {"openvman.db", "openvman.db-wal"}
    assert set(found.values()) == {0o600}


def test_a_symbolic_link_is_not_followed(path, tmp_path):
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        Database(path)


def test_a_newer_schema_is_refused(path):
    Database(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(StoreError, match=r"newer openvman \(schema 999"):
        Database(path)


def test_another_programs_file_is_refused_and_left_alone(path):
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA application_id = 5")
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        Database(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(path):
    path.write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Database(path)


def test_what_is_committed_is_synced(path):
    database = Database(path)
    with database.write() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_a_failed_block_leaves_nothing(path):
    database = Database(path)

    def fail():
        with database.write() as connection:
            connection.execute("INSERT INTO facts VALUES ('a', 'b')")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert database.read("SELECT * FROM facts") == []
    database.close()


def test_the_reading_connection_cannot_write(path):
    database = Database(path)
    with pytest.raises(StoreError, match="readonly"):
        database.read("INSERT INTO facts VALUES ('a', 'b')")
    database.close()


def test_another_process_is_seen(path):
    database = Database(path)
    program = (
        "import sys; from pathlib import Path; from openvman.store.database import Database\n"
        "d = Database(Path(sys.argv[1]))\n"
        "with d.write() as c: c.execute(\"INSERT INTO facts VALUES ('a', 'b')\")\n"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=True, timeout=60)
    assert database.read("SELECT * FROM facts") == [("a", "b")]
    database.close()


def test_the_servers_id_is_chosen_once(path, tmp_path):
    assert server_id(path) == server_id(path)
    assert server_id(path) != server_id(tmp_path / "other.db")


def test_a_database_belongs_to_one_thread(path):
    database = Database(path)
    with ThreadPoolExecutor(1) as other, pytest.raises(StoreError, match="thread"):
        other.submit(database.read, "SELECT * FROM facts").result()
    database.close()


def test_many_threads_write_at_once(path):
    database = Database(path)

    def write(number):
        for name in range(20):
            with database.write() as connection:
                connection.execute("INSERT INTO facts VALUES (?, ?)", (f"{number}-{name}", "x"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert database.read("SELECT count(*) FROM facts") == [(80,)]
    database.close()


def test_a_connection_that_failed_is_not_used_again(path):
    database = Database(path)
    used = []

    def fail():
        with database.write() as connection:
            used.append(connection)
            connection.execute("INSERT INTO no_such_table VALUES (1)")

    with pytest.raises(StoreError, match="no such table"):
        fail()
    with database.write() as connection:
        assert connection not in used
    database.close()


def test_opening_a_current_file_writes_nothing(path):
    Database(path).close()
    before = path.read_bytes()
    busy = sqlite3.connect(path, isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    database = Database(path)  # and so waits for nobody who writes
    assert database.read("SELECT * FROM facts") == []
    database.close()
    busy.close()
    assert path.read_bytes() == before
