"""From the inventory's differences to indications: only for what somebody subscribed to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from openvman.broker.indications.compose import Composer, Encode
from openvman.broker.indications.filters import Event, Matcher, Occurrence, Query
from openvman.broker.indications.occurrences import occurrences, owner_type
from openvman.broker.indications.outbox import Outbox
from openvman.broker.visibility import Visibility
from openvman.cim.errors import CIMError
from openvman.inventory.difference import Difference
from openvman.mapping.bind import Bound, BoundClass, BoundView
from openvman.mapping.declare import AlertRow, Space
from openvman.messages import subscriptions
from openvman.model.errors import ModelError
from openvman.model.indication import IndicationFilter, ListenerDestination, Posting, Subscriptions
from openvman.model.picture import Picture

log = structlog.get_logger()

_LIFE = (Event.CREATION, Event.MODIFICATION, Event.DELETION)


@dataclass(frozen=True, slots=True)
class _Route:
    """A matcher, and the destinations of the subscriptions to its filter."""

    matcher: Matcher
    destinations: tuple[ListenerDestination, ...]


class Engine:
    """Watches differences. ``view`` is what all views are bound to; ``encode`` turns an indication into what is sent.

    What a difference costs is in proportion to what changed in it and to the classes that active subscriptions can
    match; without subscriptions it is next to nothing.
    """

    def __init__(
        self,
        view: BoundView,
        outbox: Outbox,
        encode: Encode,
        visibility: Visibility,
        host_name: str,
        now: Callable[[], datetime],
    ) -> None:
        self._view = view
        self._outbox = outbox
        self._visibility = visibility
        self._composer = Composer(encode, host_name, now)
        self._routes: dict[tuple[Event, Bound | None], list[_Route]] = {}
        self._watched: dict[type, list[Bound]] = {}

    # What is asked for

    def check(self, made: IndicationFilter) -> None:
        """Raises ModelError INVALID_PARAMETER for a filter that cannot be answered."""
        for namespace in made.namespaces:
            if not self._view.shows(namespace):
                raise ModelError(subscriptions.FILTER_NAMESPACE, made.name, filter=made, namespace=namespace)
        try:
            Query(made.language, made.query, self._view)
        except CIMError as error:
            raise ModelError(subscriptions.FILTER_QUERY, made.name, filter=made, reason=error.description) from None

    def subscribe(self, subscriptions: Subscriptions) -> None:
        """Watch for what these ask for, from now on."""
        wanted: dict[str, tuple[IndicationFilter, dict[ListenerDestination, None]]] = {}
        for subscription in subscriptions.active():
            for one in subscription.filters:
                wanted.setdefault(one.id, (one, {}))[1][subscription.destination] = None
        routes: dict[tuple[Event, Bound | None], list[_Route]] = {}
        for one, destinations in wanted.values():
            for matcher in self._matchers(one):
                routes.setdefault((matcher.event, matcher.bound), []).append(_Route(matcher, tuple(destinations)))
        self._routes = routes
        watched: dict[type, dict[Bound, None]] = {}
        for event, bound in routes:
            if event in _LIFE and bound is not None:
                watched.setdefault(owner_type(bound), {})[bound] = None
        self._watched = {owner: list(bounds) for owner, bounds in watched.items()}

    def _matchers(self, one: IndicationFilter) -> Iterator[Matcher]:
        try:
            query = Query(one.language, one.query, self._view)
        except CIMError as error:  # the schema is another one than when the filter was made
            log.warning("an indication filter cannot be answered", filter=one.name, reason=error.description)
            return
        for number, (namespace, spaces) in enumerate(self._places(one)):
            for event in query.events:
                if event is Event.ALERT and number > 0:
                    continue  # an alert is of no namespace: it is told once
                for bound in self._bounds(spaces, event):
                    matcher = query.matcher(one, event, bound, namespace)
                    if matcher is not None:
                        yield matcher

    def _places(self, one: IndicationFilter) -> list[tuple[str, tuple[Space, ...]]]:
        """The namespaces that a filter looks at, with their spaces: those it names, else each space that tells
        unasked, by its first name."""
        if one.namespaces:
            found = [(name, self._view.shows(name)) for name in one.namespaces]
            return [(name, spaces) for name, spaces in found if spaces]
        return [(s.namespaces[0], (s,)) for s in self._view.spaces if s.manners.is_told_unasked]

    def _bounds(self, spaces: tuple[Space, ...], event: Event) -> list[Bound | None]:
        """The classes whose instances can be in an event; None for an event without one."""
        if event is Event.ALERT:
            return [None]
        found: list[Bound | None] = [bound for bound in self._view.bound.values() if bound.space in spaces]
        if event is not Event.METHOD_CALL:
            found += [edge for edge in self._view.edges if not edge.spaces.isdisjoint(spaces)]
        return found

    # What happens

    def follow(self, difference: Difference, before: Picture, after: Picture) -> None:
        """Tell of a difference, between these two pictures."""
        if not self._routes or difference.first:
            return
        postings: list[Posting] = []
        for occurrence, bound in occurrences(difference, before, after, self._watched):
            postings += self._postings(occurrence, bound, occurrence.source)
        for view in self._view.views:
            for change in difference.changes:
                postings += self._alerts(view.alerts(change.before, change.after))
            for fault in difference.faults:
                postings += self._alerts(view.faults(after, fault))
        if postings:
            self._outbox.post(postings)

    def called(self, bound: BoundClass, obj: Any, values: Mapping[str, Any]) -> None:
        """A method of an object is about to be called, or was (``values`` of CIM_InstMethodCall)."""
        if (Event.METHOD_CALL, bound) in self._routes:
            self._outbox.post(self._postings(Occurrence(Event.METHOD_CALL, obj, values=values), bound, obj))

    def is_asked(self, event: Event, bound: Bound) -> bool:
        """Whether somebody subscribed to such an event of a class."""
        return (event, bound) in self._routes

    def _alerts(self, rows: Iterable[AlertRow]) -> Iterator[Posting]:
        for row in rows:
            classmap, obj = row.about
            bound = self._view.bound[classmap]
            path = bound.path(obj, bound.space.namespaces[0])
            values = self._composer.alert(path, row.properties)
            yield from self._postings(Occurrence(Event.ALERT, None, values=values), None, obj)

    def _postings(self, occurrence: Occurrence, bound: Bound | None, about: Any) -> list[Posting]:
        """The indications of one occurrence: one for each form in which it is shown, to everyone who wants it so and
        may read what it is ``about``."""
        routes = self._routes.get((occurrence.event, bound))
        if routes is None:
            return []
        forms: dict[tuple[str, str, Any], tuple[Matcher, list[tuple[str, str]]]] = {}
        common = self._composer.stamped(occurrence)
        for route in routes:
            matcher = route.matcher
            if matcher.test is not None and not matcher.test(common):
                continue
            readers = [d.id for d in route.destinations if self._visibility.reaches(d, about)]
            if readers:
                form = matcher.class_name, matcher.namespace, matcher.shown
                targets = forms.setdefault(form, (matcher, []))[1]
                targets += ((destination, matcher.filter.name) for destination in readers)
        return [
            Posting(self._composer.body(common, matcher), tuple(dict.fromkeys(targets)))
            for matcher, targets in forms.values()
        ]
