"""Classes and qualifiers as values (DSP0004 5.1): what the schema says.

``Class`` values in :class:`openvman.cim.graph.ClassGraph` are whole: inherited properties, methods and qualifiers are
in them, each with its ``class_origin`` and ``propagated`` flag.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from openvman.cim.names import NameMap
from openvman.cim.values import CIMType, Embedded, Value


def _none() -> NameMap[Qualifier]:
    return NameMap()


@dataclass(frozen=True, slots=True)
class Qualifier:
    """A qualifier's value on an element. Flavors are None when the qualifier type's defaults hold."""

    name: str
    type: CIMType
    value: Value
    is_array: bool = False
    propagated: bool = False
    overridable: bool | None = None
    tosubclass: bool | None = None
    toinstance: bool | None = None
    translatable: bool | None = None


def embedded_kind(qualifiers: NameMap[Qualifier]) -> Embedded | None:
    """What a string element holds besides text: an instance of a known class, or any object (DSP0004 5.6.3)."""
    if (instance := qualifiers.get("EmbeddedInstance")) is not None and instance.value is not None:
        return "instance"
    found = qualifiers.get("EmbeddedObject")
    return "object" if found is not None and found.value else None


@dataclass(frozen=True, slots=True)
class QualifierType:
    """A qualifier declaration (DSP0004 5.6.1): type, default, scopes (``{"ANY": True}`` or names in capitals)."""

    name: str
    type: CIMType
    is_array: bool
    default: Value
    scopes: NameMap[bool]
    overridable: bool | None = None
    tosubclass: bool | None = None
    toinstance: bool | None = None
    translatable: bool | None = None


@dataclass(frozen=True, slots=True)
class PropertyDeclaration:
    name: str
    type: CIMType
    is_array: bool = False
    array_size: int | None = None
    default: Value = None
    reference_class: str | None = None
    class_origin: str = ""
    propagated: bool = False
    qualifiers: NameMap[Qualifier] = field(default_factory=_none)

    @property
    def is_key(self) -> bool:
        key = self.qualifiers.get("Key")
        return key is not None and bool(key.value)

    @property
    def embedded(self) -> Embedded | None:
        return embedded_kind(self.qualifiers)


@dataclass(frozen=True, slots=True)
class ParameterDeclaration:
    """``is_in`` defaults to true and ``is_out`` to false, as the In and Out qualifiers do (DSP0004 5.6.3)."""

    name: str
    type: CIMType
    is_array: bool = False
    array_size: int | None = None
    reference_class: str | None = None
    qualifiers: NameMap[Qualifier] = field(default_factory=_none)

    @property
    def is_in(self) -> bool:
        found = self.qualifiers.get("In")
        return True if found is None else bool(found.value)

    @property
    def is_out(self) -> bool:
        found = self.qualifiers.get("Out")
        return False if found is None else bool(found.value)

    @property
    def embedded(self) -> Embedded | None:
        return embedded_kind(self.qualifiers)


@dataclass(frozen=True, slots=True)
class MethodDeclaration:
    name: str
    return_type: CIMType
    parameters: NameMap[ParameterDeclaration]
    class_origin: str = ""
    propagated: bool = False
    qualifiers: NameMap[Qualifier] = field(default_factory=_none)


@dataclass(frozen=True, slots=True)
class Class:
    name: str
    superclass: str | None
    properties: NameMap[PropertyDeclaration]
    methods: NameMap[MethodDeclaration]
    qualifiers: NameMap[Qualifier] = field(default_factory=_none)

    @property
    def is_association(self) -> bool:
        return "Association" in self.qualifiers and bool(self.qualifiers["Association"].value)

    @property
    def is_abstract(self) -> bool:
        return "Abstract" in self.qualifiers and bool(self.qualifiers["Abstract"].value)

    @property
    def keys(self) -> tuple[PropertyDeclaration, ...]:
        return tuple(p for p in self.properties.values() if p.is_key)
