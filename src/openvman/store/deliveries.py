"""Indications that are still to be delivered: a queue for each destination, numbered without a gap."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from openvman.model.indication import Posting
from openvman.store.database import Database


@dataclass(frozen=True, slots=True)
class Delivery:
    """An indication in a destination's queue; ``context`` and ``number`` say its place in the sequence."""

    context: str
    number: int
    filter_name: str
    body: bytes


class DeliveryStore:
    """In a state directory's database; for one thread. Every change is on disk when it returns.

    The body of an indication is kept once, however many destinations wait for it.
    """

    def __init__(self, path: Path, most: int) -> None:
        """Open the database file ``path``. ``most`` indications may wait for a destination: then the oldest go, and
        their numbers are missing for the listener to see. Raises :class:`openvman.store.database.StoreError`."""
        self._database = Database(path)
        self._most = most

    def close(self) -> None:
        self._database.close()

    def add(self, entries: Sequence[Posting], lost: int = 0) -> set[str]:
        """Put these at the ends of the queues, in order, as one transaction; the destinations that got any.

        ``lost`` indications before them could not be kept: every sequence leaves out as many numbers.
        """
        with self._database.write() as connection:
            sequences = {
                destination: (context, following + lost)
                for destination, context, following in connection.execute(
                    "SELECT destination, context, following FROM sequences"
                ).fetchall()
            }
            rows = []
            touched: set[str] = set(sequences) if lost else set()
            for entry in entries:
                body = connection.execute("INSERT INTO indications (body) VALUES (?)", (entry.body,)).lastrowid
                for destination, filter_name in entry.targets:
                    context, number = sequences.get(destination) or (str(uuid4()), 0)
                    sequences[destination] = context, number + 1
                    rows.append((destination, number, filter_name, body))
                    touched.add(destination)
            connection.executemany("INSERT INTO deliveries VALUES (?, ?, ?, ?)", rows)
            for destination in touched:
                context, following = sequences[destination]
                connection.execute(
                    "INSERT OR REPLACE INTO sequences VALUES (?, ?, ?)", (destination, context, following)
                )
                _drop(connection, destination, following - self._most)
        return touched

    def waiting(self, destination: str, after: int, limit: int) -> list[Delivery]:
        """The next at most ``limit`` indications of a queue whose numbers are greater than ``after``."""
        rows = self._database.read(
            "SELECT context, number, filter_name, body FROM deliveries"
            " JOIN sequences USING (destination) JOIN indications ON indications.id = indication"
            " WHERE destination = ? AND number > ? ORDER BY number LIMIT ?",
            (destination, after, limit),
        )
        return [Delivery(*row) for row in rows]

    def delivered(self, upto: dict[str, int]) -> None:
        """Of each destination, everything up to this number has arrived."""
        with self._database.write() as connection:
            for destination, number in upto.items():
                _drop(connection, destination, number + 1)

    def forget(self, destination: str) -> None:
        """Drop a queue. What comes for the destination later is a new sequence, with a context of its own."""
        with self._database.write() as connection:
            following = connection.execute(
                "SELECT following FROM sequences WHERE destination = ?", (destination,)
            ).fetchone()
            if following is not None:
                _drop(connection, destination, following[0])
                connection.execute("DELETE FROM sequences WHERE destination = ?", (destination,))

    def destinations(self) -> list[str]:
        """The destinations that have a sequence."""
        return [row[0] for row in self._database.read("SELECT destination FROM sequences")]


def _drop(connection: sqlite3.Connection, destination: str, before: int) -> None:
    bodies = connection.execute(
        "DELETE FROM deliveries WHERE destination = ? AND number < ? RETURNING indication", (destination, before)
    ).fetchall()
    connection.executemany(
        "DELETE FROM indications WHERE id = ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE indication = ?)",
        [(row[0], row[0]) for row in bodies],
    )
