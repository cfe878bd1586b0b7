"""Enumeration sessions of the Open…/Pull… operations (DSP0200 5.4.2): bounded, owned, expiring."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from openvman.cim.errors import CIMError
from openvman.cim.operations import Answer, Row, Shape
from openvman.messages import requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times in seconds."""

    sessions_per_user: int = 64
    default_timeout: int = 60
    maximum_timeout: int = 600
    objects_per_pull: int = 100_000


@dataclass(slots=True)
class _Session:
    owner: str
    shape: Shape
    rows: Iterator[Row]
    ahead: list[Row]
    timeout: int
    continue_on_error: bool
    expires: float = 0.0


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
        rows: Iterator[Row],
        *,
        timeout: int | None,
        count: int,
        continue_on_error: bool,
    ) -> Answer:
        """Start an enumeration and give its first ``count`` objects (DSP0200 5.4.2.1)."""
        self._expire()
        session = _Session(owner, shape, rows, [], self._timeout(timeout), continue_on_error)
        first = self._take(session, self._count(count))
        if self._at_end(session):
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
            ended = self._at_end(session)
        except CIMError:
            if not session.continue_on_error:
                del self._sessions[context]
            raise
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
        taken = session.ahead[:count]
        session.ahead = session.ahead[count:]
        taken.extend(islice(session.rows, count - len(taken)))
        return taken

    def _at_end(self, session: _Session) -> bool:
        if not session.ahead:
            session.ahead = list(islice(session.rows, 1))
        return not session.ahead

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
