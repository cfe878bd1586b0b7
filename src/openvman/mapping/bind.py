"""Declarations bound to a view's class names: checked against the schema, with getters compiled.

A view has two name spaces (``Space``), each with one or more namespaces that show the same instances.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from openvman.cim.declarations import Class, PropertyDeclaration
from openvman.cim.derive import derive
from openvman.cim.graph import ClassGraph
from openvman.cim.names import NameMap
from openvman.cim.plan import Column, InstancePlan
from openvman.cim.values import InstancePath, Value
from openvman.mapping.declare import (
    AlertRow,
    Attr,
    Call,
    ClassMap,
    ClassName,
    Coded,
    Const,
    Edge,
    Owner,
    Picture,
    Source,
    Space,
    WriteOnly,
)


class DeclarationError(Exception):
    """A declaration contradicts the schema or another declaration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How the model is shown: class prefix, namespaces (canonical name first), declarations."""

    prefix: str
    namespaces: Mapping[Space, tuple[str, ...]]
    classes: tuple[ClassMap, ...]
    edges: tuple[Edge, ...]
    owners: tuple[Owner, ...]
    collections: tuple[Any, ...] = ()
    """The application's own: collections of indication filters that come with the view."""
    alerts: Callable[[Any, Any], Iterable[AlertRow]] = lambda _before, _after: ()
    """The alerts that the change of an aggregate means."""
    faults: Callable[[Picture, Any], Iterable[AlertRow]] = lambda _picture, _fault: ()
    """The alerts that a fault means, which the application's platforms told of."""


class Node(NamedTuple):
    """An object seen through a class map."""

    bound: BoundClass
    obj: Any


class Link(NamedTuple):
    """An instance of an association: its ends, and what the edge says of the pair."""

    left: Node
    right: Node
    data: Any

    @property
    def id(self) -> str:
        """Unique among the links of one edge."""
        return "|".join(f"{node.bound.class_name}:{node.obj.id}" for node in (self.left, self.right))


_PLANS_KEPT = 256


class Bound(ABC):
    """What bound classes and bound edges share: a class of the view's graph and plans for its instances."""

    lasting = True

    def __init__(self, view: BoundView, declaration: Class) -> None:
        self.view = view
        self.declaration = declaration
        self.class_name = declaration.name
        self.plan = lru_cache(maxsize=_PLANS_KEPT)(self._make_plan)

    @abstractmethod
    def _getters(self, namespace: str) -> Mapping[str, Callable[[Any], Value]]:
        """How each property (lower-case name) is read for clients that asked in a namespace; the others are NULL."""

    def _make_plan(
        self, namespace: str, properties: frozenset[str] | None = None, with_class_origin: bool = False
    ) -> InstancePlan:
        """The plan for a namespace and a property list (lower-case names; None is all)."""
        getters = self._getters(namespace)
        columns = {
            name: _column(declared, getters.get(name.lower(), _null))
            for name, declared in self.declaration.properties.items()
        }
        return InstancePlan(
            self.class_name,
            namespace,
            tuple(columns[k.name] for k in self.declaration.keys),
            tuple(c for n, c in columns.items() if properties is None or n.lower() in properties),
            with_class_origin,
            lasting=self.lasting,
            whole=None if properties is None else self.plan(namespace),
        )


class BoundClass(Bound):
    """A class map under its name in a view."""

    def __init__(self, view: BoundView, classmap: ClassMap, declaration: Class) -> None:
        super().__init__(view, declaration)
        self.map = classmap
        self.sources = classmap.sources
        self.lasting = classmap.lasting
        for name in classmap.sources:
            if name not in declaration.properties:
                raise DeclarationError(f"{declaration.name}: the schema has no property {name}")
        keys = {k.name for k in declaration.keys}
        if keys != set(classmap.keys):
            raise DeclarationError(f"{declaration.name}: keys are {sorted(keys)}, declared {sorted(classmap.keys)}")
        for method in classmap.methods:
            if method.name not in declaration.methods:
                raise DeclarationError(f"{declaration.name}: the schema has no method {method.name}")
            parameters = declaration.methods[method.name].parameters
            for parameter in (*method.inputs, *method.outputs):
                if parameter not in parameters:
                    raise DeclarationError(f"{declaration.name}.{method.name}: no parameter {parameter}")
        self.methods = NameMap((m.name, m) for m in classmap.methods)

    def _getters(self, namespace: str) -> Mapping[str, Callable[[Any], Value]]:  # noqa: ARG002
        return {name.lower(): self.view.getter(source, self) for name, source in self.map.sources.items()}

    def path(self, obj: Any, namespace: str) -> InstancePath:
        return self.plan(namespace).path(obj)


class BoundEdge(Bound):
    """An edge under its class name in a view; its objects are links, made by each read."""

    lasting = False

    def __init__(self, view: BoundView, edge: Edge, declaration: Class) -> None:
        super().__init__(view, declaration)
        self.edge = edge
        self.sources = edge.properties
        for end in (edge.left, edge.right):
            declared = declaration.properties.get(end.role)
            if declared is None or declared.reference_class is None:
                raise DeclarationError(f"{edge.cim}: the schema has no reference {end.role}")
            for classmap in end.maps:
                if not view.graph.is_a(classmap.cim, declared.reference_class):
                    raise DeclarationError(
                        f"{edge.cim}.{end.role} takes {declared.reference_class}, not {classmap.cim}"
                    )
        for name in edge.properties:
            if name not in declaration.properties:
                raise DeclarationError(f"{edge.cim}: the schema has no property {name}")
        self.spaces = frozenset(m.space for end in (edge.left, edge.right) for m in end.maps)

    def ends(self, link: Link) -> tuple[tuple[str, Node], tuple[str, Node]]:
        return (self.edge.left.role, link.left), (self.edge.right.role, link.right)

    def links_of(self, owner: Any, picture: Picture) -> Iterator[Link]:
        """The links that one owner declares."""
        bound = self.view.bound
        for left, right, *data in self.edge.pairs(owner, picture):
            yield Link(Node(bound[left[0]], left[1]), Node(bound[right[0]], right[1]), data[0] if data else None)

    def links(self, picture: Picture) -> Iterator[Link]:
        """Every link there is."""
        for owner in self.view.owners[self.edge.owner].extent(picture):
            yield from self.links_of(owner, picture)

    def _getters(self, namespace: str) -> Mapping[str, Callable[[Any], Value]]:
        view = self.view
        extra = {name.lower(): _of_data(view.getter(source, self)) for name, source in self.edge.properties.items()}
        return {
            self.edge.left.role.lower(): lambda link: view.path(link.left, namespace),
            self.edge.right.role.lower(): lambda link: view.path(link.right, namespace),
            **extra,
        }


class BoundView:
    """A view over a schema. Raises :class:`DeclarationError` when a declaration does not fit."""

    def __init__(self, view: View, schema: ClassGraph) -> None:
        self.view = view
        for cim in (*(m.cim for m in view.classes), *(e.cim for e in view.edges)):
            if cim not in schema:
                raise DeclarationError(f"the schema has no class {cim}")
        own = {m.name: (m.extras, m.extra_methods) for m in view.classes}
        derived = [
            derive(
                schema,
                f"{view.prefix}_{name}",
                cim,
                description=description,
                properties=own.get(name, ((), ()))[0],
                methods=own.get(name, ((), ()))[1],
            )
            for name, cim, description in dict.fromkeys(
                (
                    *((m.name, m.cim, m.description) for m in view.classes if m.derived),
                    *((e.name, e.cim, f"{e.clause}, as this server shows it.") for e in view.edges if e.derived),
                )
            )
        ]
        self.graph = schema.deriving(derived)
        self.owners = {owner.type: owner for owner in view.owners}
        self.bound: dict[ClassMap, BoundClass] = {}
        for classmap in view.classes:
            self.bound[classmap] = BoundClass(self, classmap, self.graph[self.name_of(classmap)])
        self.edges = tuple(BoundEdge(self, e, self.graph[self.name_of(e)]) for e in view.edges)
        self._space_of = {name.lower(): space for space, names in view.namespaces.items() for name in names}
        self._concrete: dict[tuple[Space, str], list[Bound]] = {}
        for classes in self.bound.values():
            self._register(classes, (classes.map.space,))
        for edge in self.edges:
            self._register(edge, edge.spaces)

    def _register(self, bound: Bound, spaces: Iterable[Space]) -> None:
        for ancestor in self.graph.ancestors(bound.class_name):
            for space in spaces:
                self._concrete.setdefault((space, ancestor.lower()), []).append(bound)

    def name_of(self, declared: ClassMap | Edge) -> str:
        return f"{self.view.prefix}_{declared.name}" if declared.derived else declared.cim

    def space(self, namespace: str) -> Space | None:
        """The space that a namespace shows; None when the view has no such namespace."""
        return self._space_of.get(namespace.lower())

    def concrete(self, namespace: str, class_name: str) -> list[Bound]:
        """What has instances of the class or of its subclasses in the namespace."""
        space = self._space_of[namespace.lower()]
        return self._concrete.get((space, class_name.lower()), [])

    def namespace_for(self, space: Space, asked: str) -> str:
        """Where an instance of ``space`` is shown to a client that asked in the namespace ``asked``."""
        return asked if self._space_of.get(asked.lower()) is space else self.view.namespaces[space][0]

    def path(self, node: Node, asked: str) -> InstancePath:
        return node.bound.path(node.obj, self.namespace_for(node.bound.map.space, asked))

    def owner_of(self, node: Node, picture: Picture) -> Any | None:
        return self.owners[node.bound.map.owner].of(picture, node.obj)

    def getter(self, source: Source, bound: Bound) -> Callable[[Any], Value]:
        match source:
            case Const(value):
                return lambda _obj: value
            case ClassName(of):
                name = bound.class_name if of is None else self.name_of(of)
                return lambda _obj: name
            case Attr(path):
                return _attribute(path)
            case Coded(path, codes):
                read, table = _attribute(path), dict(codes)
                return lambda obj: table.get(read(obj))
            case Call(read):
                return read
            case WriteOnly():
                return _null


def _attribute(path: str) -> Callable[[Any], Any]:
    if "." not in path:
        return attrgetter(path)
    steps = path.split(".")

    def read(obj: Any) -> Any:
        for step in steps:
            if obj is None:
                return None
            obj = getattr(obj, step)
        return obj

    return read


def _of_data(read: Callable[[Any], Value]) -> Callable[[Link], Value]:
    return lambda link: read(link.data)


def _null(_obj: Any) -> None:
    return None


def _column(declared: PropertyDeclaration, get: Callable[[Any], Value]) -> Column:
    return Column(
        declared.name,
        declared.type,
        get,
        declared.is_array,
        declared.embedded,
        declared.reference_class,
        declared.class_origin,
        declared.propagated,
    )
