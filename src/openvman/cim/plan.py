"""Plans: how the instances of one class are read off model objects.

An answer is a stream of (plan, object) rows, which may come in extents. ``mapping`` makes one plan per class
and property list; ``wire`` compiles an encoder per plan and may keep what it wrote for a part of an extent: plans and
parts compare by identity, objects are immutable, and a getter reads nothing but its object, so what is kept never goes
stale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from openvman.cim.names import NameMap
from openvman.cim.values import CIMType, Embedded, Instance, InstancePath, Property, Value


@dataclass(frozen=True, slots=True)
class Column:
    """One property of the plan's class: its declaration and how its value is read off an object.

    ``get`` returns the value as :mod:`openvman.cim.values` describes it; for datetime also an aware
    ``datetime.datetime`` or a ``datetime.timedelta``; for arrays any sequence.
    """

    name: str
    type: CIMType
    get: Callable[[Any], Value]
    is_array: bool = False
    embedded: Embedded | None = None
    reference_class: str | None = None
    class_origin: str | None = None
    propagated: bool = False
    constant: bool = False
    """Whether ``get`` returns the same for every object, and for None."""
    attribute: str | None = None
    """The attribute that ``get`` reads, where it does no more: an encoder reads that itself."""
    refers: Callable[[Any], tuple[InstancePlan, Any]] | None = None
    """Of a reference: the object whose path ``get`` gives, with a plan that shows it."""


@dataclass(frozen=True, slots=True, eq=False)
class InstancePlan:
    """``keys`` make the path, ``columns`` the properties shown (a property list or LocalOnly leaves some out).

    ``with_class_origin`` asks the encoder for CLASSORIGIN attributes.
    """

    class_name: str
    namespace: str
    keys: tuple[Column, ...]
    columns: tuple[Column, ...]
    with_class_origin: bool = False
    whole: InstancePlan | None = None
    """The plan of all properties, where this one shows some."""
    memo: dict[Any, Any] = field(default_factory=dict, repr=False)
    """For the encoder's own use: its compiled form, kept for the life of the plan."""

    def path(self, obj: object) -> InstancePath:
        """The object's instance path in the plan's namespace."""
        return InstancePath(self.class_name, NameMap((k.name, k.get(obj)) for k in self.keys), self.namespace)

    def instance(self, obj: object) -> Instance:
        """The object as an instance value: the slow way, for embedded instances, queries and tests."""
        return Instance.of(
            self.class_name,
            (
                Property(
                    c.name,
                    c.type,
                    _frozen(c.get(obj), c.is_array),
                    c.is_array,
                    c.embedded,
                    c.reference_class,
                    c.class_origin,
                    c.propagated,
                )
                for c in self.columns
            ),
            self.path(obj),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """The rows of all objects that one plan shows, in parts.

    ``objects`` gives those of a part. Where the extent is ``lasting``, it reads nothing but the part, which is
    immutable, and which comes again at the same place, as the same object, as long as it is the same: so what is made
    of its objects is good for as long.
    """

    plan: InstancePlan
    parts: Iterable[Any]
    objects: Callable[[Any], Iterable[Any]]
    lasting: bool = False

    def __iter__(self) -> Iterator[tuple[InstancePlan, Any]]:
        return ((self.plan, obj) for part in self.parts for obj in self.objects(part))


@dataclass(frozen=True, slots=True, eq=False)
class Extents:
    """The rows of some extents, for those who can make use of their parts."""

    extents: Iterable[Extent]

    def __iter__(self) -> Iterator[tuple[InstancePlan, Any]]:
        return chain.from_iterable(self.extents)


def _frozen(value: Value, is_array: bool) -> Value:
    return tuple(value) if is_array and value is not None else value
