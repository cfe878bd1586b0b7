"""The newest changes, to be read by whoever watches: a ring of differences, from which events are made when read."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from openvman.broker.indications.filters import Event, Occurrence
from openvman.broker.indications.occurrences import occurrences, owner_type
from openvman.broker.visibility import Visibility
from openvman.cim.uri import format_path
from openvman.inventory.difference import Difference
from openvman.mapping.bind import Bound, BoundClass, BoundView
from openvman.model.actor import Actor
from openvman.model.picture import Picture

KEPT: Final = 4_000
"""Differences in the ring. They share what did not change, so one costs about as much as what it changed."""

KINDS: Final = {
    Event.CREATION: "creation",
    Event.MODIFICATION: "modification",
    Event.DELETION: "deletion",
    Event.ALERT: "alert",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a watcher wants: empty is everything. ``classes`` count with their subclasses; an alert is of the class that
    it is about."""

    classes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


class UnknownWishError(ValueError):
    """A class or kind that there is none of; the message says which there are."""


@dataclass(frozen=True, slots=True)
class _Record:
    number: int
    time: datetime
    difference: Difference
    before: Picture
    after: Picture


class EventLog:
    """Events are plain values: ``id``, ``time`` (ISO 8601), ``kind``, ``class``, ``namespace``, ``path``, ``name``, and
    ``changed`` (of a modification) or ``message`` (of an alert).

    Ids are ordered within the life of a server. While nobody watches, a difference costs its place in the ring.
    """

    def __init__(self, view: BoundView, now: Callable[[], datetime], visibility: Visibility, kept: int = KEPT) -> None:
        self._view = view
        self._now = now
        self._visibility = visibility
        self._run = secrets.token_hex(4)
        self._ring: deque[_Record] = deque(maxlen=kept)
        self._following = 0
        self._listeners: dict[object, Callable[[], None]] = {}

    def follow(self, difference: Difference, before: Picture, after: Picture) -> None:
        """Take in a difference."""
        if difference.first:
            return
        self._ring.append(_Record(self._following, self._now(), difference, before, after))
        self._following += 1
        for listener in tuple(self._listeners.values()):
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` when there may be news; returns the end of it."""
        token = object()
        self._listeners[token] = listener

        def end() -> None:
            self._listeners.pop(token, None)

        return end

    @property
    def end(self) -> str:
        """The id after which everything is still to come."""
        return f"{self._run}-{self._following}-0"

    def check(self, wanted: Wanted) -> None:
        """Raises :class:`UnknownWishError`."""
        for name in wanted.classes:
            if name not in self._view.graph:
                raise UnknownWishError(f"there is no class {name[:80]!r}")
        for kind in wanted.kinds:
            if kind not in KINDS.values():
                raise UnknownWishError(f"{kind[:80]!r} is not one of {', '.join(KINDS.values())}")

    def since(self, id: str, wanted: Wanted, limit: int, actor: Actor) -> tuple[list[dict[str, Any]], str, bool]:
        """The next events for the actor after the one of this id, at most ``limit``; the id to go on from; and whether
        some in between are lost, since the id is too old or another run's."""
        number, place, is_whole = self._position(id)
        found: list[dict[str, Any]] = []
        for record in self._from(number):
            skip = place if record.number == number else 0
            for at, event in enumerate(self._events(record, wanted, actor)):
                if at < skip:
                    continue
                if len(found) == limit:
                    return found, str(found[-1]["id"]), not is_whole
                found.append({"id": f"{self._run}-{record.number}-{at + 1}", **event})
        return found, self.end, not is_whole

    def _position(self, id: str) -> tuple[int, int, bool]:
        oldest = self._ring[0].number if self._ring else self._following
        run, _, rest = id.partition("-")
        number, _, place = rest.partition("-")
        if run != self._run or not number.isdecimal() or not place.isdecimal():
            return oldest, 0, False
        if int(number) < oldest:
            return oldest, 0, False
        return int(number), int(place), True

    def _from(self, number: int) -> Iterator[_Record]:
        if not self._ring:
            return iter(())
        return islice(self._ring, max(0, number - self._ring[0].number), None)

    def _events(self, record: _Record, wanted: Wanted, actor: Actor) -> Iterator[dict[str, Any]]:
        common = {"time": record.time.isoformat()}
        difference = self._visibility.difference(record.difference, actor)
        watched = self._watched(wanted)
        for occurrence, bound in occurrences(difference, record.before, record.after, watched):
            kind = KINDS[occurrence.event]
            if not wanted.kinds or kind in wanted.kinds:
                yield {**common, "kind": kind, **_described(occurrence, bound)}
        if wanted.kinds and KINDS[Event.ALERT] not in wanted.kinds:
            return
        for view in self._view.views:
            rows = [row for change in difference.changes for row in view.alerts(change.before, change.after)]
            rows += [row for fault in difference.faults for row in view.faults(record.after, fault)]
            for row in rows:
                if _is_wanted(self._view.bound[row.about[0]], wanted):
                    yield {**common, **_alert(self._view, row)}

    def _watched(self, wanted: Wanted) -> dict[type, list[Bound]]:
        """Of the spaces that tell unasked: others show the same in other words."""
        found: dict[type, list[Bound]] = {}
        for bound in self._view.bound.values():
            if bound.space.manners.is_told_unasked and _is_wanted(bound, wanted):
                found.setdefault(owner_type(bound), []).append(bound)
        return found


def _is_wanted(bound: BoundClass, wanted: Wanted) -> bool:
    return not wanted.classes or any(bound.view.graph.is_a(bound.class_name, name) for name in wanted.classes)


def _described(occurrence: Occurrence, bound: Bound) -> dict[str, Any]:
    assert isinstance(bound, BoundClass)
    told = _place(bound, occurrence.source)
    changed = occurrence.values.get("ChangedPropertyNames")
    return told if changed is None else {**told, "changed": list(changed)}


def _alert(view: BoundView, row: Any) -> dict[str, Any]:
    classmap, obj = row.about
    return {"kind": KINDS[Event.ALERT], **_place(view.bound[classmap], obj), "message": row.properties["Message"]}


def _place(bound: BoundClass, obj: Any) -> dict[str, Any]:
    namespace = bound.space.namespaces[0]
    name = next((c.get(obj) for c in bound.plan(namespace).columns if c.name == "ElementName"), None)
    return {
        "class": bound.class_name,
        "namespace": namespace,
        "path": format_path(bound.path(obj, namespace)),
        "name": name,
    }
