"""Which owners' links reach an object that is not their own: the inverse of the edges, kept by differences.

An edge's pairs are local to their owner at one end at least, so only the other, outer ends need an index: outer
object id -> ids of the owners that point at it. An edge is indexed when it is first asked for; from then on the index
follows each change at a cost in proportion to the changed owner. What rarely changes beside the owners may unsettle an
edge, which is then indexed anew when it is next asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from openvman.mapping.bind import BoundEdge, BoundView
from openvman.mapping.declare import Picture


class EdgeIndex:
    def __init__(self, view: BoundView) -> None:
        self._view = view
        self._edges: dict[BoundEdge, _OneEdge] = {}

    def owners(self, edge: BoundEdge, outer_id: str, picture: Picture) -> Iterable[Any]:
        """The owners whose links of this edge reach the object, in their order."""
        index = self._edges.get(edge)
        owner = self._view.owners[edge.edge.owner]
        if index is None:
            index = self._edges[edge] = _OneEdge(edge)
            for one in owner.extent(picture):
                index.put(one, picture)
        found = (owner.get(picture, owner_id) for owner_id in index.reach(outer_id))
        return sorted((one for one in found if one is not None), key=owner.order)

    def change(self, before: Any | None, after: Any | None, picture: Picture) -> None:
        """An owner changed, came (before None) or went (after None); ``picture`` is the one after."""
        for edge in [edge for edge in self._edges if edge.edge.unsettled_by(before, after)]:
            del self._edges[edge]  # until it is asked for again
        kind = type(after if after is not None else before)
        for edge, index in self._edges.items():
            if edge.edge.owner is kind:
                if after is None:
                    index.drop(before.id)  # type: ignore[union-attr]  # one of the two is there
                else:
                    index.put(after, picture)


class _OneEdge:
    def __init__(self, edge: BoundEdge) -> None:
        self._edge = edge
        self._inverse: dict[str, dict[str, None]] = {}
        self._outer: dict[str, frozenset[str]] = {}
        self._known: dict[frozenset[str], frozenset[str]] = {}  # most owners share the same few sets

    def reach(self, outer_id: str) -> Iterable[str]:
        return self._inverse.get(outer_id, ())

    def put(self, owner: Any, picture: Picture) -> None:
        outer = frozenset(
            node.obj.id
            for link in self._edge.links_of(owner, picture)
            for node in (link.left, link.right)
            if node.bound.map.owner is not self._edge.edge.owner
        )
        outer = self._known.setdefault(outer, outer)
        before = self._outer.get(owner.id)
        if outer is before:
            return
        if before is not None:
            self.drop(owner.id)
        self._outer[owner.id] = outer
        for outer_id in outer:
            self._inverse.setdefault(outer_id, {})[owner.id] = None

    def drop(self, owner_id: str) -> None:
        for outer_id in self._outer.pop(owner_id, ()):
            reached = self._inverse[outer_id]
            del reached[owner_id]
            if not reached:
                del self._inverse[outer_id]
