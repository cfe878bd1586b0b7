"""What a difference of the inventory means for the instances of some classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openvman.broker.indications.filters import Event, Occurrence
from openvman.inventory.difference import Difference
from openvman.mapping.bind import Bound, BoundClass, BoundEdge
from openvman.model.picture import Picture


def owner_type(bound: Bound) -> type:
    """The type of the aggregate that the class's objects belong to."""
    if isinstance(bound, BoundEdge):
        return bound.edge.owner
    assert isinstance(bound, BoundClass)
    return bound.map.owner


def occurrences(
    difference: Difference, before: Picture, after: Picture, watched: Mapping[type, Sequence[Bound]]
) -> Iterator[tuple[Occurrence, Bound]]:
    """The creations, modifications and deletions among the classes ``watched``, which are by the type of their owner.

    The pictures are those before and after the difference. A modification is one only if a mapped property changed.
    """
    changed: set[tuple[type, str]] = set()
    borne: dict[tuple[type, str], None] = {}
    for change in difference.changes:
        known = change.after if change.after is not None else change.before
        assert known is not None
        changed.add((type(known), known.id))
        borne |= dict.fromkeys(_borne(watched, change.before, change.after))
        for bound in watched.get(type(known), ()):
            yield from _compared(bound, change.before, before, change.after, after)
    for kind, id in borne:
        if (kind, id) in changed:
            continue
        for bound in watched.get(kind, ()):
            if bound.is_borne:
                owner = bound.view.owners[kind]
                yield from _compared(bound, owner.get(before, id), before, owner.get(after, id), after)


def _borne(watched: Mapping[type, Sequence[Bound]], *states: Any) -> Iterator[tuple[type, str]]:
    """The other aggregates whose computed objects may have changed, as far as somebody looks at such."""
    views = {bound.view for bounds in watched.values() for bound in bounds if bound.is_borne}
    for view in views:
        for one in states:
            if one is not None:
                yield from view.owners[type(one)].bears(one)


def _compared(bound: Bound, was: Any, before: Picture, now: Any, after: Picture) -> Iterator[tuple[Occurrence, Bound]]:
    """What became of one owner's objects of one class."""
    old = {} if was is None else _objects(bound, was, before)
    new = {} if now is None else _objects(bound, now, after)
    for id, obj in new.items():
        previous = old.get(id)
        if previous is None:
            yield Occurrence(Event.CREATION, obj), bound
        elif previous is not obj and (names := _differing(bound, previous, obj)):
            yield Occurrence(Event.MODIFICATION, obj, previous, {"ChangedPropertyNames": names}), bound
    for id, obj in old.items():
        if id not in new:
            yield Occurrence(Event.DELETION, obj), bound


def _objects(bound: Bound, owner: Any, picture: Picture) -> dict[str, Any]:
    """One owner's objects by id."""
    if isinstance(bound, BoundEdge):
        return {link.id: link for link in bound.links_of(owner, picture)}
    assert isinstance(bound, BoundClass)
    declared = bound.view.owners[bound.map.owner]
    return {obj.id: obj for obj in bound.map.extent(declared.within(picture, owner))}


def _differing(bound: Bound, previous: Any, obj: Any) -> tuple[str, ...]:
    """The properties whose values differ."""
    columns = bound.plan(bound.view.namespaces[0]).columns
    return tuple(column.name for column in columns if column.get(previous) != column.get(obj))
