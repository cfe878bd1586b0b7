"""Makes classes whole: what each inherits is put into it (DSP0004 5.1, 5.6.3 and the qualifier flavors of 5.6.1).

The compiled schema says only what each class says itself; a resolved class has its superclasses' properties and
methods as well. An element that is inherited unchanged is one object shared by all classes below, so a resolved schema
costs little more than the compiled one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from openvman.cim.declarations import (
    Class,
    MethodDeclaration,
    ParameterDeclaration,
    PropertyDeclaration,
    Qualifier,
    QualifierType,
)
from openvman.cim.graph import ClassGraph
from openvman.cim.names import NameMap

Element = TypeVar("Element", PropertyDeclaration, MethodDeclaration)

_NONE: Final[NameMap[Qualifier]] = NameMap()


class SchemaError(ValueError):
    """The classes contradict each other or a class that they name is missing."""


def resolve(classes: Iterable[Class], qualifier_types: Iterable[QualifierType]) -> ClassGraph:
    """The graph of ``classes``, which hold only their own elements, in any order.

    SchemaError for an unknown superclass, a circle of superclasses, an unknown class in a reference or
    EmbeddedInstance, or a broken override.
    """
    types = NameMap((q.name, q) for q in qualifier_types)
    local = NameMap((c.name, c) for c in classes)
    resolver = _Resolver(local, types)
    whole = [resolver.whole(name) for name in local]
    graph = ClassGraph(whole, types.values())
    for cls in local.values():
        check_names(cls, graph)
    return graph


def resolve_class(cls: Class, graph: ClassGraph) -> Class:
    """``cls`` made whole from its superclass in ``graph``. SchemaError as :func:`resolve`."""
    if cls.superclass is not None and cls.superclass not in graph:
        raise SchemaError(f"{cls.name}: superclass {cls.superclass} is not in the schema")
    superclass = None if cls.superclass is None else graph[cls.superclass]
    return _Merger(graph.qualifier_types).merge(cls, superclass)


def check_names(cls: Class, graph: ClassGraph) -> None:
    """SchemaError when ``cls`` names a class that is neither itself nor in ``graph``."""
    own = cls.name.lower()
    elements: list[PropertyDeclaration | MethodDeclaration | ParameterDeclaration] = [*cls.properties.values()]
    for method in cls.methods.values():
        elements += (method, *method.parameters.values())
    for element in elements:
        named = None if isinstance(element, MethodDeclaration) else element.reference_class
        embedded = element.qualifiers.get("EmbeddedInstance")
        for target in (named, None if embedded is None else embedded.value):
            if target is not None and target.lower() != own and target not in graph:
                raise SchemaError(f"{cls.name}.{element.name}: class {target} is not in the schema")


class _Resolver:
    def __init__(self, local: NameMap[Class], types: NameMap[QualifierType]) -> None:
        self._local = local
        self._merger = _Merger(types)
        self._whole: dict[str, Class] = {}

    def whole(self, name: str) -> Class:
        chain: list[Class] = []
        seen: set[str] = set()
        current: str | None = name
        while current is not None and current.lower() not in self._whole:
            if current not in self._local:
                raise SchemaError(f"{chain[-1].name}: superclass {current} is not in the schema")
            if current.lower() in seen:
                raise SchemaError(f"{name}: its superclasses lead back to {current}")
            seen.add(current.lower())
            chain.append(self._local[current])
            current = chain[-1].superclass
        for cls in reversed(chain):
            superclass = None if cls.superclass is None else self._whole[cls.superclass.lower()]
            self._whole[cls.name.lower()] = self._merger.merge(cls, superclass)
        return self._whole[name.lower()]


class _Merger:
    """Merges a class with its whole superclass, keeping the propagated copy of each element it has made."""

    def __init__(self, types: NameMap[QualifierType]) -> None:
        self._types = types
        self._propagated: dict[int, _Kept] = {}

    def merge(self, cls: Class, superclass: Class | None) -> Class:
        inherited = superclass or Class("", None, NameMap(), NameMap())
        return Class(
            cls.name,
            None if superclass is None else superclass.name,
            self._elements(cls, cls.properties, inherited.properties),
            self._elements(cls, cls.methods, inherited.methods),
            self._qualifiers(cls.name, cls.qualifiers, inherited.qualifiers),
        )

    def _elements(self, cls: Class, own: NameMap[Element], inherited: NameMap[Element]) -> NameMap[Element]:
        merged = [
            (name, self._override(cls, own[name], element) if name in own else self._inherit(element))
            for name, element in inherited.items()
        ]
        merged += [(name, self._introduce(cls, e)) for name, e in own.items() if name not in inherited]
        return NameMap(merged)

    def _inherit(self, element: Element) -> Element:
        """The element as a subclass shows it: same declaration, marked propagated."""
        if element.propagated:
            return element
        kept = self._propagated.get(id(element))
        if kept is None:
            copy = replace(element, propagated=True, qualifiers=_all_propagated(element.qualifiers))
            kept = self._propagated[id(element)] = _Kept(element, copy)
        return kept.copy  # type: ignore[return-value]  # the table holds both kinds of element

    def _introduce(self, cls: Class, element: Element) -> Element:
        if "Override" in element.qualifiers:
            raise SchemaError(f"{cls.name}.{element.name} overrides what no superclass has")
        element = replace(
            element,
            class_origin=cls.name,
            propagated=False,
            qualifiers=self._qualifiers(f"{cls.name}.{element.name}", element.qualifiers, _NONE),
        )
        return self._with_parameters(cls, element, None)

    def _override(self, cls: Class, element: Element, inherited: Element) -> Element:
        """An overriding element keeps the class that first defined it as its origin, and counts as the class's own."""
        where = f"{cls.name}.{element.name}"
        if _signature(element) != _signature(inherited):
            raise SchemaError(f"{where} has another type than the one it overrides")
        element = replace(
            element,
            class_origin=inherited.class_origin,
            propagated=False,
            qualifiers=self._qualifiers(where, element.qualifiers, inherited.qualifiers),
        )
        return self._with_parameters(cls, element, inherited)

    def _with_parameters(self, cls: Class, element: Element, inherited: Element | None) -> Element:
        if not isinstance(element, MethodDeclaration):
            return element
        above = inherited.parameters if isinstance(inherited, MethodDeclaration) else NameMap[ParameterDeclaration]()
        return replace(
            element,
            parameters=NameMap(
                (
                    name,
                    replace(
                        parameter,
                        qualifiers=self._qualifiers(
                            f"{cls.name}.{element.name}.{name}",
                            parameter.qualifiers,
                            above[name].qualifiers if name in above else _NONE,
                        ),
                    ),
                )
                for name, parameter in element.parameters.items()
            ),
        )

    def _qualifiers(self, where: str, own: NameMap[Qualifier], inherited: NameMap[Qualifier]) -> NameMap[Qualifier]:
        """Own qualifiers, then those inherited with flavor ToSubclass; DisableOverride ones keep their value."""
        merged = [(q.name, q) for q in (self._with_flavors(where, q) for q in own.values())]
        for name, above in inherited.items():
            if above.tosubclass is False:
                continue
            below = own.get(name)
            if below is None:
                merged.append((name, above if above.propagated else replace(above, propagated=True)))
            elif above.overridable is False and below.value != above.value:
                raise SchemaError(f"{where}: qualifier {name} cannot be overridden")
        return NameMap(merged)

    def _with_flavors(self, where: str, qualifier: Qualifier) -> Qualifier:
        declared = self._types.get(qualifier.name)
        if declared is None:
            raise SchemaError(f"{where}: qualifier {qualifier.name} is not declared")
        return replace(
            qualifier,
            name=declared.name,
            propagated=False,
            overridable=_first(qualifier.overridable, declared.overridable, default=True),
            tosubclass=_first(qualifier.tosubclass, declared.tosubclass, default=True),
            translatable=_first(qualifier.translatable, declared.translatable, default=False),
        )


@dataclass(frozen=True, slots=True)
class _Kept:
    """``original`` is held so that its id stays its own."""

    original: PropertyDeclaration | MethodDeclaration
    copy: PropertyDeclaration | MethodDeclaration


def _all_propagated(qualifiers: NameMap[Qualifier]) -> NameMap[Qualifier]:
    return NameMap((name, replace(q, propagated=True)) for name, q in qualifiers.items())


def _first(*choices: bool | None, default: bool) -> bool:
    return next((choice for choice in choices if choice is not None), default)


def _signature(element: PropertyDeclaration | MethodDeclaration) -> tuple[object, ...]:
    if isinstance(element, MethodDeclaration):
        return (element.return_type,)
    return (element.type, element.is_array)
