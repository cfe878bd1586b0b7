"""Passwords: their rules, and their hashes (argon2id, RFC 9106)."""

from __future__ import annotations

import secrets
from typing import Final

import argon2

from openvman.messages import users as users_rows
from openvman.model.errors import ModelError

SHORTEST: Final = 8
LONGEST: Final = 256


def generate() -> str:
    """A new password of 144 random bits, of letters, digits, - and _."""
    return secrets.token_urlsafe(18)


def check_rules(password: str) -> None:
    """Raises ModelError INVALID_PARAMETER, which does not repeat the password."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise ModelError(users_rows.PASSWORD_LENGTH, shortest=SHORTEST, longest=LONGEST)
    if not password.isprintable():
        raise ModelError(users_rows.PASSWORD_UNPRINTABLE)


class Hasher:
    """Makes and checks salted argon2id hashes.

    The default cost is OWASP's first choice for argon2id (19 MiB, two passes): about 30 ms, small enough for a few at
    once on a small machine. A hash carries its own cost, so old ones stay good when the default changes.
    """

    def __init__(self, *, time_cost: int = 2, memory_kib: int = 19 * 1024) -> None:
        self._argon2 = argon2.PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._nobody = self._argon2.hash(generate())

    def hash(self, password: str) -> str:
        return self._argon2.hash(password)

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the hash's. Takes as long, and answers False, where there is no hash."""
        try:
            self._argon2.verify(password_hash or self._nobody, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return password_hash is not None
