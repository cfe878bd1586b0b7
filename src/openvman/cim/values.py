"""Instances, properties and paths as immutable values (DSP0004 5.2, 8.2).

Python carries CIM values as: boolean ``bool``; string and char16 ``str``; integers ``int``; reals ``float``; datetime
:class:`openvman.cim.datetime.CIMDateTime`; reference :class:`InstancePath` (or :class:`ClassPath`); embedded instance
:class:`Instance`; an array is a ``tuple`` of these (items may be None); NULL is None. A property that is absent from
an :class:`Instance` is absent: that is not the same as present with None.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

from openvman.cim.names import NameMap

CIMType: TypeAlias = Literal[
    "boolean",
    "string",
    "char16",
    "uint8",
    "sint8",
    "uint16",
    "sint16",
    "uint32",
    "sint32",
    "uint64",
    "sint64",
    "real32",
    "real64",
    "datetime",
    "reference",
]
Embedded: TypeAlias = Literal["instance", "object"]
Value: TypeAlias = Any  # see the module docstring; mypy has no finite recursive form that stays readable

INTEGER_RANGES: Final[dict[str, tuple[int, int]]] = {
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    **{f"sint{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
}


@dataclass(frozen=True, slots=True)
class ClassPath:
    """A class in a namespace; namespace and host are None when the sender left them out."""

    class_name: str
    namespace: str | None = None
    host: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class InstancePath:
    """An instance's identity: class, key bindings, and where it lives (DSP0004 8.2.5).

    A path off the wire may bind its only key without naming it (DSP0201 INSTANCENAME): the key's name is then empty.

    Class, key and namespace names compare without case. Key values off the wire may still be untyped text: the broker
    types them from the schema.
    """

    class_name: str
    keys: NameMap[Value] = field(default_factory=NameMap)
    namespace: str | None = None
    host: str | None = None

    def _identity(self) -> tuple[object, ...]:
        return (
            self.class_name.lower(),
            self.keys,
            None if self.namespace is None else self.namespace.lower(),
            None if self.host is None else self.host.lower(),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InstancePath) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def within(self, namespace: str, host: str | None = None) -> InstancePath:
        """The same path with its location set."""
        return replace(self, namespace=namespace, host=host)


@dataclass(frozen=True, slots=True)
class Property:
    """A property with its value. ``type`` is None only for input that did not say it (e.g. from MOF text)."""

    name: str
    type: CIMType | None
    value: Value
    is_array: bool = False
    embedded: Embedded | None = None
    reference_class: str | None = None
    class_origin: str | None = None
    propagated: bool = False


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance: its class, its properties in order, and its path where it has one."""

    class_name: str
    properties: NameMap[Property]
    path: InstancePath | None = None

    @classmethod
    def of(cls, class_name: str, properties: Iterable[Property], path: InstancePath | None = None) -> Instance:
        """Build one from properties, keyed by their names."""
        return cls(class_name, NameMap((p.name, p) for p in properties), path)

    def get(self, name: str, default: Value = None) -> Value:
        """The property's value, or ``default`` when the property is absent."""
        found = self.properties.get(name)
        return default if found is None else found.value
