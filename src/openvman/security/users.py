"""Changing users: what ``vman user`` and the first start do."""

from __future__ import annotations

from openvman.model.actor import Role
from openvman.security.passwords import Hasher, check_rules
from openvman.store.users import UserStore


class Users:
    """The users of a state directory. Works beside a running server, which sees the changes at its next request."""

    def __init__(self, store: UserStore, hasher: Hasher | None = None) -> None:
        self._store = store
        self._hasher = hasher or Hasher()

    def add(self, name: str, password: str, role: Role) -> None:
        """Raises ModelError INVALID_PARAMETER, ALREADY_EXISTS."""
        check_rules(password)
        self._store.add(name, role, self._hasher.hash(password))

    def set_password(self, name: str, password: str) -> None:
        """Raises ModelError INVALID_PARAMETER, NOT_FOUND. Credentials verified before are worth nothing from now on."""
        check_rules(password)
        self._store.set_password(name, self._hasher.hash(password))

    def set_role(self, name: str, role: Role) -> None:
        """Raises ModelError NOT_FOUND."""
        self._store.set_role(name, role)

    def remove(self, name: str) -> None:
        """Raises ModelError NOT_FOUND."""
        self._store.remove(name)

    def roles(self) -> dict[str, Role]:
        """Every user's role, by name."""
        return {record.name: record.role for record in self._store.all()}
