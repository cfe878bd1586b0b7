"""Slows down guessing: after some failures, each further one doubles the wait before the next is looked at.

Failures are counted three ways. By user and address: one guesser, or one program with an old password. By address: one
guesser of many names; only a pair's first failures count here, so that a program with an old password does not shut
out the others on its machine. By user: many addresses that guess one name; the wait is short, since the user shares
it, and loopback is spared, since whoever is on this machine must be able to get in. The tables are bounded.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from time import monotonic
from typing import Final

_FORGET_AFTER: Final = 900.0
_CAPACITY: Final = 4096


@dataclass(slots=True)
class _Record:
    failures: int
    last: float
    until: float


class _Table:
    """Failures by key: ``free`` cost nothing, then the wait doubles from 1 s to ``ceiling``."""

    def __init__(self, free: int, ceiling: float, capacity: int) -> None:
        self._free = free
        self._ceiling = ceiling
        self._capacity = capacity
        self._records: OrderedDict[Hashable, _Record] = OrderedDict()

    def wait(self, key: Hashable, now: float) -> float:
        record = self._records.get(key)
        return 0.0 if record is None else max(0.0, record.until - now)

    def fail(self, key: Hashable, now: float) -> bool:
        """Count one; whether it was still free."""
        record = self._records.pop(key, None)
        if record is None or now - record.last > _FORGET_AFTER:
            record = _Record(0, now, now)
        record.failures += 1
        record.last = now
        excess = record.failures - self._free
        # The exponent is bounded: floats overflow long before an attacker tires.
        record.until = now + min(self._ceiling, 2.0 ** min(excess - 1, 20)) if excess > 0 else now
        self._records[key] = record
        while len(self._records) > self._capacity:
            self._records.popitem(last=False)
        return excess <= 0

    def forget(self, key: Hashable) -> None:
        self._records.pop(key, None)


class Throttle:
    """``clock`` gives monotonic seconds. To be used from one thread. Names that no user has are treated as others."""

    def __init__(self, clock: Callable[[], float] = monotonic, capacity: int = _CAPACITY) -> None:
        self._clock = clock
        self._pairs = _Table(free=5, ceiling=60.0, capacity=capacity)
        self._addresses = _Table(free=20, ceiling=60.0, capacity=capacity)
        self._users = _Table(free=20, ceiling=10.0, capacity=capacity)

    def wait(self, user: str | None, address: str) -> float:
        """Seconds until the next attempt is looked at; 0 when now."""
        now = self._clock()
        source, is_local = _source(address)
        waits = [self._pairs.wait((user, source), now), self._addresses.wait(source, now)]
        if not is_local:
            waits.append(self._users.wait(user, now))
        return max(waits)

    def failed(self, user: str | None, address: str) -> None:
        """``user`` is None where the credentials had no name."""
        now = self._clock()
        source, _ = _source(address)
        if self._pairs.fail((user, source), now):
            self._addresses.fail(source, now)
        if user is not None:
            self._users.fail(user, now)

    def succeeded(self, user: str, address: str) -> None:
        """The user's failures from there were typing errors. The address keeps its own: it may have guessed others."""
        self._pairs.forget((user, _source(address)[0]))


def _source(address: str) -> tuple[str, bool]:
    """What counts as one address, and whether it is this machine. An IPv6 /64 is one: its owner has all of it."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address, False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((parsed, 64), strict=False)), parsed.is_loopback
        parsed = parsed.ipv4_mapped
    return str(parsed), parsed.is_loopback
