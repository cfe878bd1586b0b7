"""Who this server is."""

from __future__ import annotations

import uuid
from pathlib import Path

from openvman.store.database import Database


def server_id(path: Path) -> str:
    """The id of the server that the database file belongs to: chosen at the first call, the same ever after.

    Raises :class:`openvman.store.database.StoreError`.
    """
    database = Database(path)
    try:
        with database.write() as connection:
            connection.execute("INSERT OR IGNORE INTO facts VALUES ('server_id', ?)", (str(uuid.uuid4()),))
        return str(database.read("SELECT value FROM facts WHERE name = 'server_id'")[0][0])
    finally:
        database.close()
