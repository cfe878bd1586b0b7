"""The last change of state that was asked for of each virtual system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from openvman.model.states import Action
from openvman.store.database import Database


class RequestStore:
    """In a state directory's database."""

    def __init__(self, path: Path) -> None:
        """Open the database file ``path``, made when absent. Raises :class:`openvman.store.database.StoreError`."""
        self._database = Database(path)

    def close(self) -> None:
        self._database.close()

    def requested(self) -> dict[str, Action]:
        """By system id."""
        rows = self._database.read("SELECT system_id, action FROM requests")
        return {system_id: Action(action) for system_id, action in rows}

    def save(self, changes: Mapping[str, Action | None]) -> None:
        """These are the last now; None: the system is gone."""
        said = [(system_id, action.value) for system_id, action in changes.items() if action is not None]
        gone = [(system_id,) for system_id, action in changes.items() if action is None]
        with self._database.write() as connection:
            connection.executemany("INSERT OR REPLACE INTO requests VALUES (?, ?)", said)
            connection.executemany("DELETE FROM requests WHERE system_id = ?", gone)
