"""What the association operations must answer, worked out from nothing but what enumerations show.

Independent of the server's own engine: classes by EnumerateClasses, instances by EnumerateInstances, and then the rules
of DSP0200 5.3.2.14 to 5.3.2.17 read literally. A filter that is None filters nothing; a class filter takes subclasses
too; roles are compared without case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from openvman.cim.values import Instance, InstancePath


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The arguments of Associators; References knows ``assoc_class`` as ResultClass, and ``role``."""

    assoc_class: str | None = None
    result_class: str | None = None
    role: str | None = None
    result_role: str | None = None

    @property
    def for_associators(self) -> dict[str, str]:
        given = {
            "AssocClass": self.assoc_class,
            "ResultClass": self.result_class,
            "Role": self.role,
            "ResultRole": self.result_role,
        }
        return {name: value for name, value in given.items() if value is not None}

    @property
    def for_references(self) -> dict[str, str]:
        given = {"ResultClass": self.assoc_class, "Role": self.role}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(self.for_associators)


@dataclass(frozen=True, slots=True)
class Step:
    """One way over one association instance: from the near end to the far one."""

    association: str
    role: str
    near: InstancePath
    result_role: str
    far: InstancePath
    link: InstancePath

    @property
    def kind(self) -> tuple[str, str, str, str, str]:
        """Steps of one kind differ in nothing that a filter could see."""
        return self.association, self.role, self.near.class_name, self.result_role, self.far.class_name


def _same(one: str, other: str | None) -> bool:
    return other is None or one.lower() == other.lower()


@dataclass
class BruteForce:
    """One namespace as its enumerations show it."""

    namespace: str
    parents: dict[str, str | None] = field(default_factory=dict)
    associations: set[str] = field(default_factory=set)
    nodes: dict[InstancePath, None] = field(default_factory=dict)
    links: dict[InstancePath, Instance] = field(default_factory=dict)
    steps: dict[InstancePath, list[Step]] = field(default_factory=dict)
    _lineages: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    async def of(cls, client: Any, without: frozenset[str] = frozenset()) -> BruteForce:
        """From the namespace that the client (see tests/broker/conftest.py) asks in, ``without`` some classes."""
        made = cls(client.namespace)
        for declared in await client.ask("EnumerateClasses", DeepInheritance=True, LocalOnly=False):
            made.parents[declared.name] = declared.superclass
            qualifier = declared.qualifiers.get("Association")
            if qualifier is not None and qualifier.value:
                made.associations.add(declared.name)
        tops = [name for name, parent in made.parents.items() if parent is None]
        for top in tops:
            for instance in await client.instances(top):
                if instance.class_name not in without:
                    made._enter(instance)
        return made

    def _enter(self, instance: Instance) -> None:
        assert instance.path is not None
        if instance.class_name not in self.associations:
            assert instance.path not in self.nodes, f"{instance.path} is enumerated twice"
            self.nodes[instance.path] = None
            return
        assert instance.path not in self.links, f"{instance.path} is enumerated twice"
        self.links[instance.path] = instance
        ends = [(p.name, p.value) for p in instance.properties.values() if p.type == "reference"]
        for role, near in ends:
            for result_role, far in ends:
                if result_role != role:
                    step = Step(instance.class_name, role, near, result_role, far, instance.path)
                    self.steps.setdefault(near, []).append(step)

    def lineage(self, class_name: str) -> Iterator[str]:
        """The class, then its superclasses."""
        current: str | None = class_name
        while current is not None:
            yield current
            current = self.parents[current]

    def _is_a(self, class_name: str, wanted: str | None) -> bool:
        if wanted is None:
            return True
        if class_name not in self._lineages:
            self._lineages[class_name] = frozenset(name.lower() for name in self.lineage(class_name))
        return wanted.lower() in self._lineages[class_name]

    def taken(self, source: InstancePath, wanted: Filters) -> list[Step]:
        """The steps from an instance that pass all filters."""
        return [
            step
            for step in self.steps.get(source, ())
            if self._is_a(step.association, wanted.assoc_class)
            and self._is_a(step.far.class_name, wanted.result_class)
            and _same(step.role, wanted.role)
            and _same(step.result_role, wanted.result_role)
        ]

    def associators(self, source: InstancePath, wanted: Filters) -> set[InstancePath]:
        return {step.far for step in self.taken(source, wanted)}

    def references(self, source: InstancePath, wanted: Filters) -> set[InstancePath]:
        known = replace(wanted, result_class=None, result_role=None)
        return {step.link for step in self.taken(source, known)}

    def samples(self) -> list[InstancePath]:
        """Few instances that between them take every kind of step; those with many kinds first."""
        of = {node: {step.kind for step in self.steps.get(node, ())} for node in self.nodes}
        covered: set[tuple[str, ...]] = set()
        found = []
        for node in sorted(of, key=lambda each: -len(of[each])):  # stable: the same at every run
            if not of[node] <= covered:
                covered |= of[node]
                found.append(node)
        return found
