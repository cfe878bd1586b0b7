"""Leaf subclasses of our own, made from the schema instead of written out (DSP0004 5.1.2)."""

from __future__ import annotations

from collections.abc import Iterable

from openvman.cim.declarations import Class, MethodDeclaration, PropertyDeclaration, Qualifier
from openvman.cim.graph import ClassGraph
from openvman.cim.names import NameMap
from openvman.cim.resolve import check_names, resolve_class


def derive(
    graph: ClassGraph,
    name: str,
    superclass: str,
    *,
    description: str,
    properties: Iterable[PropertyDeclaration] = (),
    methods: Iterable[MethodDeclaration] = (),
    qualifiers: Iterable[Qualifier] = (),
) -> Class:
    """The class ``name``, whole: everything that it inherits is in it, marked propagated.

    ``properties`` and ``methods`` are its own; one of an inherited name overrides it. Qualifiers of the superclass
    come along as their flavors say, so Abstract and Version do not.
    :class:`openvman.cim.resolve.SchemaError` for an unknown superclass, class reference or qualifier, or an override
    of another type.
    """
    own = Class(
        name,
        superclass,
        NameMap((p.name, p) for p in properties),
        NameMap((m.name, m) for m in methods),
        NameMap((q.name, q) for q in (Qualifier("Description", "string", description), *qualifiers)),
    )
    whole = resolve_class(own, graph)
    check_names(whole, graph)
    return whole
