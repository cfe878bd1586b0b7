"""Whose turn it is: :class:`Lanes`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Lane(Generic[T]):
    """``waiting`` is owner -> what he wants, the owner who is next first."""

    running: int = 0
    waiting: dict[str, deque[T]] = field(default_factory=dict)


class Lanes(Generic[T]):
    """What is begun on each host, and what waits: so many at a time, and each owner in turn.

    Somebody who asks for a thousand things does not keep others waiting for more than one of them per place.
    """

    def __init__(self, width: int, begin: Callable[[T], None]) -> None:
        self._width = width
        self._begin = begin
        self._lanes: dict[str | None, _Lane[T]] = {}

    def put(self, host_id: str | None, owner: str, item: T) -> None:
        """Begin it as soon as it is its owner's turn and there is a place on the host (None: on no host)."""
        lane = self._lanes.setdefault(host_id, _Lane())
        lane.waiting.setdefault(owner, deque()).append(item)
        self._fill(host_id)

    def take(self, host_id: str | None, owner: str, item: T) -> bool:
        """Take out what has not begun; whether it was there."""
        lane = self._lanes.get(host_id)
        queue = None if lane is None else lane.waiting.get(owner)
        if lane is None or queue is None or item not in queue:
            return False
        queue.remove(item)
        if not queue:
            del lane.waiting[owner]
        self._tidy(host_id)
        return True

    def done(self, host_id: str | None) -> None:
        """One that was begun has ended."""
        self._lanes[host_id].running -= 1
        self._fill(host_id)
        self._tidy(host_id)

    def stop(self) -> None:
        """Begin nothing more."""
        self._width = 0

    def _fill(self, host_id: str | None) -> None:
        lane = self._lanes[host_id]
        while lane.waiting and lane.running < self._width:
            owner, queue = next(iter(lane.waiting.items()))
            item = queue.popleft()
            del lane.waiting[owner]
            if queue:
                lane.waiting[owner] = queue  # behind all others
            lane.running += 1
            self._begin(item)

    def _tidy(self, host_id: str | None) -> None:
        lane = self._lanes.get(host_id)
        if lane is not None and not lane.running and not lane.waiting:
            del self._lanes[host_id]
