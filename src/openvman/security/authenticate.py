"""From credentials to an actor, in steps that a server can place: quick ones in its event loop, hashing elsewhere.

    actor = authenticator.recall(credentials)                  # quick; None: not verified lately
    authenticator.admit(credentials.name, address)             # quick; raises RefusedError while throttled
    record = authenticator.look_up(credentials)                # quick
    right = authenticator.verify(credentials, record)          # tens of milliseconds: in a worker thread
    actor = authenticator.settle(credentials, record if right else None, address)  # quick; raises RefusedError

:meth:`Authenticator.verify` touches nothing that the others do; the others want the thread that opened the store.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final, NoReturn

import structlog

from openvman.model.actor import Actor
from openvman.security.basic import Credentials
from openvman.security.passwords import Hasher
from openvman.security.throttle import Throttle
from openvman.store.users import UserRecord, UserStore

_LIFETIME: Final = 600.0
_CAPACITY: Final = 1024
_log = structlog.stdlib.get_logger(__name__)


class RefusedError(Exception):
    """Not let in. ``retry_after`` is the whole seconds to wait when the caller is throttled, else None.

    What was wrong stands in the log; a client is told the same whatever it was.
    """

    def __init__(self, retry_after: int | None = None) -> None:
        super().__init__("not authenticated")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class _Verified:
    name: str
    stamp: str
    until: float


class Authenticator:
    """Checks credentials against the users. ``clock`` gives monotonic seconds.

    Verified credentials are remembered for a while under a keyed hash whose key dies with the process. A memory counts
    only while the user's record has the stamp it had, so a new password, role or removal works at once, whichever
    process made the change.
    """

    def __init__(
        self,
        store: UserStore,
        hasher: Hasher | None = None,
        throttle: Throttle | None = None,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._hasher = hasher or Hasher()
        self._throttle = throttle or Throttle(clock)
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()

    def recall(self, credentials: Credentials) -> Actor | None:
        """Who it is, when these credentials were verified lately and the user has not changed since."""
        key = self._key(credentials)
        known = self._verified.get(key)
        if known is None:
            return None
        record = self._store.get(known.name)
        if record is None or record.stamp != known.stamp or self._clock() >= known.until:
            del self._verified[key]
            return None
        self._verified.move_to_end(key)
        return Actor(record.name, record.role)

    def admit(self, name: str | None, address: str) -> None:
        """Raises :class:`RefusedError` with ``retry_after`` while this user or address has to wait."""
        wait = self._throttle.wait(name, address)
        if wait > 0:
            self._log_failure("too many failures", name, address)
            raise RefusedError(math.ceil(wait))

    def look_up(self, credentials: Credentials) -> UserRecord | None:
        """The record of the user whom the credentials name, whoever sent them."""
        return self._store.get(credentials.name)

    def verify(self, credentials: Credentials, record: UserRecord | None) -> bool:
        """Whether the password is the record's. As slow for a user who does not exist."""
        return self._hasher.matches(None if record is None else record.password_hash, credentials.password)

    def settle(self, credentials: Credentials, record: UserRecord | None, address: str) -> Actor:
        """What follows of :meth:`verify`: ``record`` is None when it was wrong: RefusedError."""
        if record is None:
            self.reject("wrong user or password", address, credentials.name)
        self._throttle.succeeded(record.name, address)
        self._verified[self._key(credentials)] = _Verified(record.name, record.stamp, self._clock() + _LIFETIME)
        while len(self._verified) > _CAPACITY:
            self._verified.popitem(last=False)
        return Actor(record.name, record.role)

    def certified(self, common_name: str, address: str) -> Actor:
        """The user whom a client certificate names; TLS has verified the certificate. Raises :class:`RefusedError`."""
        record = self._store.get(common_name)
        if record is None:
            self.reject("the certificate's common name is no user", address, common_name)
        return Actor(record.name, record.role)

    def reject(self, why: str, address: str, name: str | None = None) -> NoReturn:
        """Count and log a failure, and raise :class:`RefusedError`. ``why`` must hold no secret."""
        self._throttle.failed(name, address)
        self._log_failure(why, name, address)
        raise RefusedError

    def _key(self, credentials: Credentials) -> bytes:
        # The name has no colon, so the joined text is as unambiguous as it was in the header.
        return hmac.digest(self._secret, f"{credentials.name}:{credentials.password}".encode(), hashlib.sha256)

    def _log_failure(self, why: str, name: str | None, address: str) -> None:
        _log.warning("authentication failed", why=why, user=name, address=address)
