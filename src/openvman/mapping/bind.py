"""Declarations bound to their views' class names: checked against the schema, with getters compiled.

A view is a family of classes with one prefix, in spaces (``Space``) of its own. All views of an application are bound
together: they share one graph of classes, and a namespace shows whatever spaces name it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, NamedTuple

from openvman.cim.declarations import Class, PropertyDeclaration
from openvman.cim.derive import derive
from openvman.cim.graph import ClassGraph
from openvman.cim.names import NameMap
from openvman.cim.plan import Column, InstancePlan
from openvman.cim.values import InstancePath, Value
from openvman.mapping.declare import (
    AlertRow,
    Attr,
    Base,
    Call,
    ClassMap,
    ClassName,
    Coded,
    Const,
    Edge,
    End,
    IndicationClass,
    OfEach,
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
    """How the model is shown by one family of classes: their prefix, where they are, their declarations.

    ``spaces`` are all that its classes are in; the first is that of those which name none. ``bases`` are declared
    before what derives from them. Views that are bound together have the same ``owners``.
    """

    prefix: str
    spaces: tuple[Space, ...]
    classes: tuple[ClassMap, ...]
    edges: tuple[Edge, ...]
    owners: tuple[Owner, ...]
    bases: tuple[Base, ...] = ()
    indications: tuple[IndicationClass, ...] = ()
    collections: tuple[Any, ...] = ()
    """The application's own: collections of indication filters that come with the view."""
    alerts: Callable[[Any, Any], Iterable[AlertRow]] = lambda _before, _after: ()
    """The alerts that the change of an aggregate means."""
    faults: Callable[[Picture, Any], Iterable[AlertRow]] = lambda _picture, _fault: ()
    """The alerts that a fault means, which the application's platforms told of."""

    def declared(self) -> Iterator[ClassMap | Edge]:
        yield from self.classes
        yield from self.edges


class Node(NamedTuple):
    """An object seen through a class map."""

    bound: BoundClass
    obj: Any

    @property
    def subject(self) -> Any:
        """What operations get of it."""
        return self.bound.map.subject(self.obj)


class Link(NamedTuple):
    """An instance of an association: its ends, and what the edge says of the pair."""

    left: Node
    right: Node
    data: Any

    @property
    def id(self) -> str:
        """Unique among the links of one edge."""
        return "|".join(f"{node.bound.class_name}:{node.obj.id}" for node in (self.left, self.right))


class Question(NamedTuple):
    """What a request asks about, as far as it is plain before anything is looked for."""

    namespace: str
    class_name: str | None
    follows: bool = False
    """Whether associations are followed from there."""
    association: str | None = None
    """The only one, where it says so."""
    method: str | None = None


class Getter(NamedTuple):
    """How a property's value is read off an object; the fields are as in :class:`Column`."""

    get: Callable[[Any], Value]
    constant: bool = False
    attribute: str | None = None
    refers: Callable[[Any], tuple[InstancePlan, Any]] | None = None


_PLANS_KEPT = 256
_NAMES_KEPT = 1024


class Bound(ABC):
    """What bound classes and bound edges share: a class of the view's graph and plans for its instances."""

    is_borne = True
    """Whether objects may change without their owner, with what bears it (:class:`openvman.mapping.declare.Owner`)."""

    def __init__(self, view: BoundView, declaration: Class) -> None:
        self.view = view
        self.declaration = declaration
        self.class_name = declaration.name
        self.property_names = frozenset(name.lower() for name in declaration.properties)
        self.plan = lru_cache(maxsize=_PLANS_KEPT)(self._make_plan)

    @abstractmethod
    def _getters(self, namespace: str) -> Mapping[str, Getter]:
        """How each property (lower-case name) is read for clients that asked in a namespace; the others are NULL."""

    def _make_plan(
        self, namespace: str, properties: frozenset[str] | None = None, with_class_origin: bool = False
    ) -> InstancePlan:
        """The plan for a namespace and a property list (lower-case names; None is all)."""
        getters = self._getters(namespace)
        columns = {
            name: _column(declared, getters.get(name.lower(), _NULL))
            for name, declared in self.declaration.properties.items()
        }
        return InstancePlan(
            self.class_name,
            namespace,
            tuple(columns[k.name] for k in self.declaration.keys),
            tuple(c for n, c in columns.items() if properties is None or n.lower() in properties),
            with_class_origin,
            whole=None if properties is None else self.plan(namespace),
        )


class BoundClass(Bound):
    """A class map under its name in a view."""

    def __init__(self, view: BoundView, classmap: ClassMap, declaration: Class) -> None:
        super().__init__(view, declaration)
        self.map = classmap
        self.space = view.space_of(classmap)
        self.sources = classmap.sources
        self.is_borne = not isinstance(classmap.extent, OfEach)
        for name in classmap.sources:
            if name not in declaration.properties:
                raise DeclarationError(f"{declaration.name}: the schema has no property {name}")
        for name in classmap.found_by:
            if name not in classmap.sources:
                raise DeclarationError(f"{declaration.name}: nothing is found by {name}, which is not read")
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

    def _getters(self, namespace: str) -> Mapping[str, Getter]:  # noqa: ARG002
        return {name.lower(): self.view.getter(source, self) for name, source in self.map.sources.items()}

    def path(self, obj: Any, namespace: str) -> InstancePath:
        return self.plan(namespace).path(obj)

    def keys_among(self, values: NameMap[Value]) -> NameMap[Value] | None:
        """The values of all keys, of which some are the same for all instances; None where one is not among them."""
        found: dict[str, Value] = {}
        for name, source in self.map.keys.items():
            getter = self.view.getter(source, self)
            if name in values:
                found[name] = values[name]
            elif getter.constant:
                found[name] = getter.get(None)
            else:
                return None
        return NameMap(found)


class BoundEdge(Bound):
    """An edge under its class name in a view; its objects are links, made by each read."""

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
        self.spaces = frozenset(view.space_of(m) for end in (edge.left, edge.right) for m in end.maps)

    def ends(self, link: Link) -> tuple[tuple[str, Node], tuple[str, Node]]:
        return (self.edge.left.role, link.left), (self.edge.right.role, link.right)

    def links_of(self, owner: Any, picture: Picture) -> Iterator[Link]:
        """The links that one owner declares."""
        return self._linked(self.edge.pairs(owner, picture))

    def links_near(self, node: Node, picture: Picture) -> Iterator[Link] | None:
        """Those that an object may be in, where the edge tells them of itself."""
        return None if self.edge.near is None else self._linked(self.edge.near(node.obj, picture))

    def _linked(self, pairs: Iterable[Any]) -> Iterator[Link]:
        bound = self.view.bound
        for left, right, *data in pairs:
            yield Link(Node(bound[left[0]], left[1]), Node(bound[right[0]], right[1]), data[0] if data else None)

    def links(self, picture: Picture) -> Iterator[Link]:
        """Every link there is."""
        for owner in self.view.owners[self.edge.owner].extent(picture):
            yield from self.links_of(owner, picture)

    def _getters(self, namespace: str) -> Mapping[str, Getter]:
        extra = {
            name.lower(): _of_data(self.view.getter(source, self)) for name, source in self.edge.properties.items()
        }
        return {
            self.edge.left.role.lower(): self._end(namespace, self.edge.left, attrgetter("left")),
            self.edge.right.role.lower(): self._end(namespace, self.edge.right, attrgetter("right")),
            **extra,
        }

    def _end(self, namespace: str, end: End, node_of: Callable[[Any], Node]) -> Getter:
        plans = {
            bound: bound.plan(self.view.namespace_for(bound.space, namespace))
            for bound in (self.view.bound[classmap] for classmap in end.maps)
        }

        def refers(link: Any) -> tuple[InstancePlan, Any]:
            node = node_of(link)
            return plans[node.bound], node.obj

        def get(link: Any) -> InstancePath:
            plan, obj = refers(link)
            return plan.path(obj)

        return Getter(get, refers=refers)


class BoundView:
    """Views over a schema. Raises :class:`DeclarationError` when a declaration does not fit."""

    def __init__(self, views: Sequence[View], schema: ClassGraph) -> None:
        self.views = tuple(views)
        self._view_of: dict[ClassMap | Edge, View] = {declared: view for view in views for declared in view.declared()}
        self.graph = _derived(views, schema)
        self.owners = {owner.type: owner for view in views for owner in view.owners}
        self.spaces = tuple(dict.fromkeys(space for view in views for space in view.spaces))
        self._spaces_in: dict[str, tuple[Space, ...]] = {}
        for space in self.spaces:
            for name in space.namespaces:
                self._spaces_in[name.lower()] = (*self.shows(name), space)
        self.bound = {m: BoundClass(self, m, self.graph[self.name_of(m)]) for view in views for m in view.classes}
        self.edges = tuple(BoundEdge(self, e, self.graph[self.name_of(e)]) for view in views for e in view.edges)
        self._edges_at: dict[ClassMap, list[BoundEdge]] = {}
        for edge in self.edges:
            for classmap in dict.fromkeys((*edge.edge.left.maps, *edge.edge.right.maps)):
                self._edges_at.setdefault(classmap, []).append(edge)
        self.indications = NameMap((_name(view, told), told) for view in views for told in view.indications)
        self._concrete: dict[tuple[Space, str], list[Bound]] = {}
        for classes in self.bound.values():
            self._register(classes, (classes.space,))
        for edge in self.edges:
            self._register(edge, edge.spaces)
        self.concrete = lru_cache(maxsize=_NAMES_KEPT)(self._find_concrete)

    def _register(self, bound: Bound, spaces: Iterable[Space]) -> None:
        for ancestor in self.graph.ancestors(bound.class_name):
            for space in spaces:
                self._concrete.setdefault((space, ancestor.lower()), []).append(bound)

    def spaces_of(self, bound: Bound) -> frozenset[Space]:
        """The spaces that the instances are in."""
        if isinstance(bound, BoundEdge):
            return bound.spaces
        assert isinstance(bound, BoundClass)
        return frozenset((bound.space,))

    def view_of(self, declared: ClassMap | Edge) -> View:
        return self._view_of[declared]

    def name_of(self, declared: ClassMap | Edge) -> str:
        return _name(self._view_of[declared], declared)

    def space_of(self, classmap: ClassMap) -> Space:
        return classmap.space or self._view_of[classmap].spaces[0]

    @property
    def namespaces(self) -> list[str]:
        """Every namespace by its canonical name: of those that show the same, the first."""
        found: list[str] = []
        known: set[str] = set()
        for space in self.spaces:
            if space.namespaces[0].lower() not in known:
                found.append(space.namespaces[0])
            known |= {name.lower() for name in space.namespaces}
        return found

    def shows(self, namespace: str) -> tuple[Space, ...]:
        """The spaces that a namespace shows; none when there is no such namespace."""
        return self._spaces_in.get(namespace.lower(), ())

    def _find_concrete(self, namespace: str, class_name: str) -> tuple[Bound, ...]:
        """What has instances of the class or of its subclasses in the namespace."""
        found = (self._concrete.get((s, class_name.lower()), ()) for s in self.shows(namespace))
        return tuple(dict.fromkeys(bound for bounds in found for bound in bounds))

    def edges_at(self, classmap: ClassMap) -> list[BoundEdge]:
        """The edges that may touch an object shown by the class map."""
        return self._edges_at.get(classmap, [])

    def is_fenced(self, namespace: str, class_name: str | None) -> bool:
        """Whether an answer about a class waits for what happened before the question; without a class, whether every
        answer in the namespace does."""
        spaces = self.shows(namespace)
        fenced = {space for space in spaces if space.manners.fenced}
        if not fenced or len(fenced) == len(spaces):
            return bool(fenced)
        key = (class_name or "").lower()
        return any((space, key) in self._concrete for space in fenced)

    def untold(self, question: Question, picture: Picture) -> frozenset[Any]:
        """What must be read anew for a fenced answer, as the declarations that it may show say."""
        found: set[Any] = set()
        for bound in self.concrete(question.namespace, question.class_name or ""):
            if isinstance(bound, BoundEdge):
                found |= self._untold_of(bound, picture)
            elif isinstance(bound, BoundClass) and bound.space.manners.fenced:
                method = bound.methods.get(question.method or "")
                found |= {*bound.map.untold(picture)} if question.method is None else set()
                found |= set() if method is None else {*method.untold(picture)}
                for edge in self.edges_at(bound.map) if question.follows else ():
                    association = question.association or edge.class_name
                    if self.graph.is_a(edge.class_name, association):
                        found |= self._untold_of(edge, picture)
        return frozenset(found)

    def _untold_of(self, edge: BoundEdge, picture: Picture) -> set[Any]:
        if not any(space.manners.fenced for space in edge.spaces):
            return set()
        maps = dict.fromkeys((*edge.edge.left.maps, *edge.edge.right.maps))
        return {*edge.edge.untold(picture), *(part for each in maps for part in each.untold(picture))}

    def namespace_for(self, space: Space, asked: str) -> str:
        """Where an instance of ``space`` is shown to a client that asked in the namespace ``asked``."""
        return asked if space in self.shows(asked) else space.namespaces[0]

    def path(self, node: Node, asked: str) -> InstancePath:
        return node.bound.path(node.obj, self.namespace_for(node.bound.space, asked))

    def owner_of(self, node: Node, picture: Picture) -> Any | None:
        return self.owners[node.bound.map.owner].of(picture, node.obj)

    def getter(self, source: Source, bound: Bound) -> Getter:
        match source:
            case Const(value):
                return _constant(value)
            case ClassName(of):
                return _constant(bound.class_name if of is None else self.name_of(of))
            case Attr(path):
                return Getter(_attribute(path), attribute=None if "." in path else path)
            case Coded(path, codes):
                read, table = _attribute(path), dict(codes)
                return Getter(lambda obj: table.get(read(obj)))
            case Call(read):
                return Getter(read)
            case WriteOnly(shown=shown):
                return _NULL if shown is None else Getter(shown)


def _name(view: View, declared: ClassMap | Edge | Base | IndicationClass) -> str:
    derived = isinstance(declared, Base | IndicationClass) or declared.derived
    return f"{view.prefix}_{declared.name}" if derived else declared.cim


def _derived(views: Sequence[View], schema: ClassGraph) -> ClassGraph:
    """The schema with the views' own classes."""
    graph = schema
    for view in views:
        for base in view.bases:
            made = derive(graph, _name(view, base), base.cim, description=base.description, properties=base.extras)
            graph = graph.deriving((made,))
        graph = graph.deriving(
            derive(graph, _name(view, told), told.cim, description=told.description) for told in view.indications
        )
    derived: dict[str, Class] = {}
    for view in views:
        for declared in view.declared():
            if declared.cim not in graph:
                raise DeclarationError(f"the schema has no class {declared.cim}")
            name = _name(view, declared)
            if not declared.derived or name in derived:
                continue
            if isinstance(declared, Edge):
                said = f"{declared.clause}, as this server shows it."
                derived[name] = derive(graph, name, declared.cim, description=said)
            else:
                derived[name] = derive(
                    graph,
                    name,
                    declared.cim,
                    description=declared.description,
                    properties=declared.extras,
                    methods=declared.extra_methods,
                )
    return graph.deriving(derived.values())


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


def _of_data(read: Getter) -> Getter:
    return read if read.constant else Getter(lambda link: read.get(link.data))


def _constant(value: Value) -> Getter:
    return Getter(lambda _obj: value, constant=True)


_NULL: Final = _constant(None)


def _column(declared: PropertyDeclaration, read: Getter) -> Column:
    return Column(
        declared.name,
        declared.type,
        read.get,
        declared.is_array,
        declared.embedded,
        declared.reference_class,
        declared.class_origin,
        declared.propagated,
        read.constant,
        read.attribute,
        read.refers,
    )
