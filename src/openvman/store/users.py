"""The users: name, role, password hash, and a stamp that changes with every change of the others."""

from __future__ import annotations

import re
import secrets
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from openvman.messages import users as users_rows
from openvman.model.actor import Role
from openvman.model.errors import ModelError
from openvman.store.database import Database

# No colon, which ends the name in Basic credentials (RFC 7617), and nothing that a shell or a log would have to quote.
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}")


@dataclass(frozen=True, slots=True)
class UserRecord:
    name: str
    role: Role
    password_hash: str = field(repr=False)
    stamp: str


class UserStore:
    """The users in a state directory's database. May be open in several processes; each sees the others' changes."""

    def __init__(self, path: Path) -> None:
        """Open the database file ``path``, made when absent. Raises :class:`openvman.store.database.StoreError`."""
        self._database = Database(path)

    def close(self) -> None:
        self._database.close()

    def all(self) -> list[UserRecord]:
        """Every user, by name."""
        return [_record(row) for row in self._database.read(f"{_SELECT} ORDER BY name")]

    def get(self, name: str) -> UserRecord | None:
        rows = self._database.read(f"{_SELECT} WHERE name = ?", (name,))
        return _record(rows[0]) if rows else None

    def add(self, name: str, role: Role, password_hash: str) -> None:
        """Raises ModelError: INVALID_PARAMETER for a name that cannot be one, ALREADY_EXISTS."""
        if not _NAME.fullmatch(name):
            raise ModelError(users_rows.NO_NAME, name, name=name)
        try:
            with self._database.write() as connection:
                connection.execute(
                    "INSERT INTO users VALUES (?, ?, ?, ?)", (name, int(role), password_hash, secrets.token_hex(16))
                )
        except sqlite3.IntegrityError:
            raise ModelError(users_rows.THERE_ALREADY, name, name=name) from None

    def set_password(self, name: str, password_hash: str) -> None:
        """Raises ModelError NOT_FOUND."""
        self._change(name, "UPDATE users SET password_hash = ?, stamp = ? WHERE name = ?", password_hash)

    def set_role(self, name: str, role: Role) -> None:
        """Raises ModelError NOT_FOUND."""
        self._change(name, "UPDATE users SET role = ?, stamp = ? WHERE name = ?", int(role))

    def remove(self, name: str) -> None:
        """Raises ModelError NOT_FOUND."""
        with self._database.write() as connection:
            if not connection.execute("DELETE FROM users WHERE name = ?", (name,)).rowcount:
                raise _unknown(name)

    def _change(self, name: str, statement: str, value: str | int) -> None:
        with self._database.write() as connection:
            if not connection.execute(statement, (value, secrets.token_hex(16), name)).rowcount:
                raise _unknown(name)


_SELECT: Final = "SELECT name, role, password_hash, stamp FROM users"


def _record(row: tuple[Any, ...]) -> UserRecord:
    name, role, password_hash, stamp = row
    return UserRecord(name, Role(role), password_hash, stamp)


def _unknown(name: str) -> ModelError:
    return ModelError(users_rows.UNKNOWN, name, name=name)
