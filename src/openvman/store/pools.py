"""The child pools of hosts, and which allocations are from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from openvman.model.host import ChildPool, PoolShare
from openvman.model.resource import ResourceKind
from openvman.store.database import Database


class PoolStore:
    """In a state directory's database. Every save is one transaction: it is there as a whole, or not at all."""

    def __init__(self, path: Path) -> None:
        """Open the database file ``path``, made when absent. Raises :class:`openvman.store.database.StoreError`."""
        self._database = Database(path)

    def close(self) -> None:
        self._database.close()

    def pools(self) -> dict[str, tuple[ChildPool, ...]]:
        """The child pools by host id, in the order in which they were saved."""
        found: dict[str, tuple[ChildPool, ...]] = {}
        shares: dict[tuple[str, str], list[PoolShare]] = {}
        for host_id, pool, parent, quantity in self._database.read(
            "SELECT host_id, pool, parent, quantity FROM pool_shares ORDER BY host_id, pool, place"
        ):
            shares.setdefault((host_id, pool), []).append(PoolShare(parent, quantity))
        for host_id, name, kind, resources in self._database.read(
            "SELECT host_id, name, kind, resources FROM pools ORDER BY host_id, place"
        ):
            child = ChildPool(
                name=name,
                kind=ResourceKind(kind),
                shares=tuple(shares[host_id, name]),
                resources=tuple(json.loads(resources)),
            )
            found[host_id] = (*found.get(host_id, ()), child)
        return found

    def members(self) -> dict[str, dict[str, str]]:
        """By system id: the pool of each allocation, by its local id."""
        found: dict[str, dict[str, str]] = {}
        for system_id, local_id, pool in self._database.read("SELECT system_id, local_id, pool FROM pool_members"):
            found.setdefault(system_id, {})[local_id] = pool
        return found

    def save_pools(self, host_id: str, pools: Sequence[ChildPool]) -> None:
        """These are all the child pools of the host."""
        rows = [(host_id, place, p.name, p.kind.value, json.dumps(p.resources)) for place, p in enumerate(pools)]
        shares = [
            (host_id, p.name, place, share.parent, share.quantity)
            for p in pools
            for place, share in enumerate(p.shares)
        ]
        with self._database.write() as connection:
            connection.execute("DELETE FROM pools WHERE host_id = ?", (host_id,))
            connection.executemany("INSERT INTO pools VALUES (?, ?, ?, ?, ?)", rows)
            connection.execute("DELETE FROM pool_shares WHERE host_id = ?", (host_id,))
            connection.executemany("INSERT INTO pool_shares VALUES (?, ?, ?, ?, ?)", shares)

    def save_members(self, system_id: str, members: Mapping[str, str]) -> None:
        """These are all the allocations of the system that are from child pools."""
        rows = [(system_id, local_id, pool) for local_id, pool in members.items()]
        with self._database.write() as connection:
            connection.execute("DELETE FROM pool_members WHERE system_id = ?", (system_id,))
            connection.executemany("INSERT INTO pool_members VALUES (?, ?, ?)", rows)
