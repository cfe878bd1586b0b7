"""Stored child pools: whole again after a restart, also those that an earlier version stored."""

from __future__ import annotations

import sqlite3

from openvman.model.host import ChildPool, PoolShare
from openvman.model.resource import ResourceKind
from openvman.store.pools import PoolStore

BEFORE_SHARES = """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE users (name TEXT PRIMARY KEY, role INTEGER NOT NULL, password_hash TEXT NOT NULL, stamp TEXT NOT NULL)
        STRICT, WITHOUT ROWID;
    CREATE TABLE pools (host_id TEXT NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
        parent TEXT NOT NULL, quantity INTEGER NOT NULL, resources TEXT NOT NULL, PRIMARY KEY (host_id, name))
        STRICT, WITHOUT ROWID;
    CREATE TABLE pool_members (system_id TEXT NOT NULL, local_id TEXT NOT NULL, pool TEXT NOT NULL,
        PRIMARY KEY (system_id, local_id)) STRICT, WITHOUT ROWID;
    INSERT INTO pools VALUES ('h', 0, 'gold', 'processor', 'processor', 2, '["h/device/processor:0"]');
    PRAGMA application_id = 1986879854;
    PRAGMA user_version = 2;
"""


def test_pools_come_back_as_they_were_saved(tmp_path):
    shares = (PoolShare("b", 3), PoolShare("a", 1))
    pools = (
        ChildPool(name="z", kind=ResourceKind.PROCESSOR, shares=shares, resources=("one", "two")),
        ChildPool(name="a", kind=ResourceKind.PROCESSOR, shares=(PoolShare("processor", 9),)),
    )
    store = PoolStore(tmp_path / "state.db")
    store.save_pools("h", pools)
    store.save_pools("other", pools[1:])
    store.close()
    store = PoolStore(tmp_path / "state.db")
    assert store.pools() == {"h": pools, "other": pools[1:]}
    store.save_pools("h", ())
    assert store.pools() == {"other": pools[1:]}
    store.close()


def test_the_pools_of_a_version_that_knew_one_parent_only_are_kept(tmp_path):
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(BEFORE_SHARES)
    connection.close()
    store = PoolStore(path)
    (gold,) = store.pools()["h"]
    assert gold == ChildPool(
        name="gold",
        kind=ResourceKind.PROCESSOR,
        shares=(PoolShare("processor", 2),),
        resources=("h/device/processor:0",),
    )
    store.save_pools("h", (gold,))
    assert store.pools() == {"h": (gold,)}
    store.close()
