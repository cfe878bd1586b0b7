"""Reading: extents, one instance by its path, and associations in both directions with all filters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from openvman.cim.convert import typed_path
from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.plan import Extent, InstancePlan
from openvman.cim.uri import format_path
from openvman.cim.values import InstancePath, Value
from openvman.mapping.bind import Bound, BoundClass, BoundEdge, BoundView, Link, Node
from openvman.mapping.declare import OfEach, Picture, Unfound
from openvman.mapping.index import EdgeIndex
from openvman.messages import requests


@dataclass(frozen=True, slots=True)
class Filter:
    """The filters of the association operations; None filters nothing (DSP0200 5.3.2.5.4)."""

    association_class: str | None = None
    result_class: str | None = None
    role: str | None = None
    result_role: str | None = None


def not_found(path: InstancePath) -> CIMError:
    return CIMError(requests.NO_INSTANCE, path=format_path(path))


class Reader:
    """Answers from pictures. ``index`` must have been told of every change between the pictures used."""

    def __init__(self, view: BoundView, index: EdgeIndex) -> None:
        self.view = view
        self.graph = view.graph
        self._index = index

    def extent(self, bound: Bound, picture: Picture) -> Iterator[Any]:
        """The objects of a bound class, or the links of a bound edge."""
        if isinstance(bound, BoundEdge):
            return bound.links(picture)
        assert isinstance(bound, BoundClass)
        return iter(bound.map.extent(picture))

    def having(self, bound: Bound, values: NameMap[Value], picture: Picture) -> Iterable[Any] | None:
        """Where to look for what has these values of properties: all of the extent that has, and perhaps more.

        None where only the whole extent tells.
        """
        if not isinstance(bound, BoundClass):
            return None
        for name, owners_with in bound.map.found_by.items():
            if name in values:
                within, owners = self.view.owners[bound.map.owner].within, owners_with(picture, values[name])
                return [obj for owner in owners for obj in bound.map.extent(within(picture, owner))]
        keys = bound.keys_among(values)
        found = None if keys is None else bound.map.find(picture, keys)
        return None if keys is None else [] if found is None else [found]

    def shown(self, bound: Bound, plan: InstancePlan, picture: Picture) -> Extent:
        """What :meth:`extent` gives, as a plan of the class shows it; in parts where the declaration knows some."""
        extent = bound.map.extent if isinstance(bound, BoundClass) else None
        if isinstance(extent, OfEach):
            return Extent(plan, extent.parts(picture), extent.of, lasting=True)
        return Extent(plan, (picture,), lambda whole: self.extent(bound, whole))

    def find(
        self, path: InstancePath, namespace: str, picture: Picture, along: Filter | None = None
    ) -> tuple[Bound, Any]:
        """The object that a path names. CIMError INVALID_CLASS, INVALID_PARAMETER (its keys) or NOT_FOUND.

        ``along`` says what is to be followed from there, which some spaces have words of their own for.
        """
        if path.class_name not in self.graph:
            raise CIMError(requests.NO_CLASS, name=path.class_name, namespace=namespace)
        # A path names the creation class: a superclass in its place is another path (DSP0004 8.2.5).
        named = path.class_name.lower()
        meant = [b for b in self.view.concrete(namespace, path.class_name) if b.class_name.lower() == named]
        try:
            typed = typed_path(self.graph, path, ignore_unknown=any(_ignores_surplus(bound) for bound in meant))
            for bound in meant:
                if isinstance(bound, BoundEdge):
                    link = self._find_link(bound, typed, namespace, picture)
                    if link is not None:
                        return bound, link
                elif isinstance(bound, BoundClass):
                    found = bound.map.find(picture, typed.keys)
                    if found is not None and _has_keys(bound.plan(namespace), found, typed):
                        return bound, found
            raise not_found(path.within(namespace))
        except CIMError as error:
            raise _in_own_words(meant, path, along, picture) or error from None

    def find_node(self, path: InstancePath, namespace: str, picture: Picture) -> Node:
        """Like :meth:`find`, for instances that are not associations; the path's own namespace goes first."""
        bound, obj = self.find(path, self._namespace_of(path, namespace), picture)
        if not isinstance(bound, BoundClass):
            raise not_found(path)
        return Node(bound, obj)

    def _namespace_of(self, path: InstancePath, asked: str) -> str:
        if path.namespace is None:
            return asked
        if not self.view.shows(path.namespace):
            raise not_found(path)  # the same keys there are another instance, which is none of this view's
        return path.namespace

    def _find_link(self, bound: BoundEdge, path: InstancePath, namespace: str, picture: Picture) -> Link | None:
        ends: list[Node] = []
        for role in (bound.edge.left.role, bound.edge.right.role):
            end = path.keys.get(role)
            if not isinstance(end, InstancePath):
                return None
            try:
                ends.append(self.find_node(end, namespace, picture))
            except CIMError:
                return None
        for link in self._links(bound, ends[0], picture):
            if _same(link.left, ends[0]) and _same(link.right, ends[1]):
                return link
        return None

    def _links(self, edge: BoundEdge, node: Node, picture: Picture) -> Iterator[Link]:
        """The links of one edge that touch a node."""
        found = edge.links_near(node, picture)
        if found is None:
            if node.bound.map.owner is edge.edge.owner:
                owner = self.view.owner_of(node, picture)
                owners = () if owner is None else (owner,)
            else:
                owners = tuple(self._index.owners(edge, node.obj.id, picture))
            found = (link for owner in owners for link in edge.links_of(owner, picture))
        for link in found:
            if _same(link.left, node) or _same(link.right, node):
                yield link

    def references(self, node: Node, wanted: Filter, picture: Picture) -> Iterator[tuple[BoundEdge, Link, Node]]:
        """The links that touch a node, each with the node at its far end."""
        graph = self.graph
        for edge in self.view.edges_at(node.bound.map):
            if wanted.association_class is not None and not graph.is_a(edge.class_name, wanted.association_class):
                continue
            for link in self._links(edge, node, picture):
                near_role, far_role = edge.edge.left.role, edge.edge.right.role
                pairs = ((near_role, link.left, far_role, link.right), (far_role, link.right, near_role, link.left))
                for role, near, result_role, far in pairs:
                    if not _same(near, node):
                        continue
                    if edge.edge.one_way and role != near_role and wanted.role is None and wanted.result_role is None:
                        continue
                    if wanted.role is not None and wanted.role.lower() != role.lower():
                        continue
                    if wanted.result_role is not None and wanted.result_role.lower() != result_role.lower():
                        continue
                    if wanted.result_class is not None and not graph.is_a(far.bound.class_name, wanted.result_class):
                        continue
                    yield edge, link, far

    def class_references(self, class_name: str, wanted: Filter) -> Iterator[tuple[str, str, str, str]]:
        """On classes: (association class, role, result role, far class) from the schema's own declarations."""
        graph = self.graph
        for cls in graph.classes.values():
            if not cls.is_association:
                continue
            if wanted.association_class is not None and not graph.is_a(cls.name, wanted.association_class):
                continue
            ends = [p for p in cls.properties.values() if p.reference_class is not None]
            for near in ends:
                if not graph.is_a(class_name, near.reference_class or ""):
                    continue
                if wanted.role is not None and wanted.role.lower() != near.name.lower():
                    continue
                for far in ends:
                    if far is near or far.reference_class is None:
                        continue
                    if wanted.result_role is not None and wanted.result_role.lower() != far.name.lower():
                        continue
                    if wanted.result_class is not None and not graph.is_a(far.reference_class, wanted.result_class):
                        continue
                    yield cls.name, near.name, far.name, far.reference_class


def _has_keys(plan: InstancePlan, obj: Any, path: InstancePath) -> bool:
    return all(key.get(obj) == path.keys[key.name] for key in plan.keys)


def _ignores_surplus(bound: Bound) -> bool:
    return isinstance(bound, BoundClass) and bound.space.manners.ignores_surplus


def _in_own_words(meant: list[Bound], path: InstancePath, along: Filter | None, picture: Picture) -> CIMError | None:
    """What the space says of a path that names nothing; None where it leaves that to the standard's words."""
    for bound in meant:
        if isinstance(bound, BoundClass):
            association = None if along is None else along.association_class
            return bound.space.manners.words.unfound(
                Unfound(bound.map, path.class_name, path.keys, association, follows=along is not None, picture=picture)
            )
    return None


def _same(one: Node, other: Node) -> bool:
    return one.bound is other.bound and (one.obj is other.obj or one.obj.id == other.obj.id)
