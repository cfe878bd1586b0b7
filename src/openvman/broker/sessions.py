"""Enumeration sessions of the Open…/Pull… operations (DSP0200 5.4.2): bounded, owned, expiring.

An answer may have fewer objects than were asked for, and none, before the end: a filter that finds little looks at a
bounded number of objects for each, so that others are served in between.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from openvman.cim.errors import CIMError
from openvman.cim.operations import Answer, Row, Shape
from openvman.messages import requests

Found: TypeAlias = Row | None
"""A row, or None after some work that found none."""
LOOKED_AT: Final = 500
"""How many objects that work looks at, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times in seconds. ``searches_per_pull`` is how often one answer may look at some objects, and find none."""

    sessions_per_user: int = 64
    default_timeout: int = 60
    maximum_timeout: int = 600
    objects_per_pull: int = 100_000
    searches_per_pull: int = 40


@dataclass(slots=True)
class _Session:
    owner: str
    shape: Shape
    rows: Iterator[Found]
    ahead: list[Row]
    timeout: int
    continue_on_error: bool
    expires: float = 0.0
    is_exhausted: bool = False

    @property
    def is_over(self) -> bool:
        return self.is_exhausted and not self.ahead


class Sessions:
    """``clock`` gives seconds that only go forward."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._sessions: dict[str, _Session] = {}

    def __len__(self) -> int:
        self._expire()
        return len(self._sessions)

    def open(
        self,
        owner: str,
        shape: Shape,
        rows: Iterator[Found],
        *,
        timeout: int | None,
        count: int,
        continue_on_error: bool,
    ) -> Answer:
        """Start an enumeration and give its first ``count`` objects (DSP0200 5.4.2.1)."""
        self._expire()
        session = _Session(owner, shape, rows, [], self._timeout(timeout), continue_on_error)
        first = self._take(session, self._count(count))
        if session.is_over:
            return Answer(first, enumeration_context="", end_of_sequence=True)
        held = sum(1 for s in self._sessions.values() if s.owner == owner)
        if held >= self._limits.sessions_per_user:
            raise CIMError(requests.TOO_MANY_ENUMERATIONS, owner=owner, count=held)
        context = secrets.token_urlsafe(18)
        self._sessions[context] = session
        session.expires = self._clock() + session.timeout
        return Answer(first, enumeration_context=context, end_of_sequence=False)

    def pull(self, owner: str, shape: Shape, context: str, count: int) -> Answer:
        """The next objects. A pull of another kind than the session was opened for ends in INVALID_PARAMETER."""
        session = self._find(owner, context)
        if session.shape is not shape:
            raise CIMError(requests.OTHER_PULL)
        try:
            rows = self._take(session, self._count(count))
        except CIMError:
            if not session.continue_on_error:
                del self._sessions[context]
            raise
        ended = session.is_over
        if ended:
            del self._sessions[context]
        else:
            session.expires = self._clock() + session.timeout
        return Answer(rows, enumeration_context="" if ended else context, end_of_sequence=ended)

    def close(self, owner: str, context: str) -> None:
        self._find(owner, context)
        del self._sessions[context]

    def _find(self, owner: str, context: str) -> _Session:
        self._expire()
        session = self._sessions.get(context)
        if session is None or session.owner != owner:
            raise CIMError(requests.NO_ENUMERATION)
        return session

    def _take(self, session: _Session, count: int) -> list[Row]:
        ahead, searches = session.ahead, 0
        # One more than asked for, which tells whether these are the last.
        while len(ahead) <= count and searches < self._limits.searches_per_pull:
            try:
                row = next(session.rows)
            except StopIteration:
                session.is_exhausted = True
                break
            if row is None:
                searches += 1
            else:
                ahead.append(row)
        session.ahead = ahead[count:]
        return ahead[:count]

    def _count(self, count: int) -> int:
        return min(count, self._limits.objects_per_pull)

    def _timeout(self, timeout: int | None) -> int:
        if timeout is None:
            return self._limits.default_timeout
        if not 0 < timeout <= self._limits.maximum_timeout:
            raise CIMError(requests.BAD_TIMEOUT, timeout=timeout, most=self._limits.maximum_timeout)
        return timeout

    def _expire(self) -> None:
        now = self._clock()
        for context in [c for c, s in self._sessions.items() if s.expires <= now]:
            del self._sessions[context]
