"""The class graph: every class of the schema, whole, with its place in the inheritance tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openvman.cim.declarations import Class, PropertyDeclaration, QualifierType
from openvman.cim.names import NameMap


class ClassGraph:
    """Immutable. ``classes`` are whole: inherited elements are in them (see :mod:`openvman.cim.declarations`)."""

    def __init__(self, classes: Iterable[Class], qualifier_types: Iterable[QualifierType]) -> None:
        self.classes: NameMap[Class] = NameMap((c.name, c) for c in classes)
        self.qualifier_types: NameMap[QualifierType] = NameMap((q.name, q) for q in qualifier_types)
        self._children: dict[str | None, list[str]] = {}
        for cls in self.classes.values():
            parent = None if cls.superclass is None else cls.superclass.lower()
            self._children.setdefault(parent, []).append(cls.name)
        self._lineage: dict[str, frozenset[str]] = {}
        self._keys: dict[str, tuple[PropertyDeclaration, ...]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.classes

    def __getitem__(self, name: str) -> Class:
        """KeyError when there is no such class."""
        return self.classes[name]

    def keys(self, name: str) -> tuple[PropertyDeclaration, ...]:
        """The key properties of a class. KeyError when there is no such class."""
        folded = name.lower()
        found = self._keys.get(folded)
        if found is None:
            found = self._keys[folded] = self.classes[name].keys
        return found

    def ancestors(self, name: str) -> Iterator[str]:
        """The class itself, then its superclasses upwards."""
        current: str | None = name
        while current is not None:
            cls = self.classes[current]
            yield cls.name
            current = cls.superclass

    def is_a(self, name: str, ancestor: str) -> bool:
        """Whether ``name`` is ``ancestor`` or derives from it."""
        folded = name.lower()
        lineage = self._lineage.get(folded)
        if lineage is None:
            lineage = self._lineage[folded] = frozenset(a.lower() for a in self.ancestors(name))
        return ancestor.lower() in lineage

    def subclasses(self, name: str | None, *, deep: bool) -> Iterator[str]:
        """Names of the direct subclasses (of the top classes' parent: None), or with ``deep`` of all below."""
        for child in self._children.get(None if name is None else name.lower(), ()):
            yield child
            if deep:
                yield from self.subclasses(child, deep=True)

    def deriving(self, classes: Iterable[Class]) -> ClassGraph:
        """A graph with more classes."""
        return ClassGraph((*self.classes.values(), *classes), self.qualifier_types.values())
