"""CLASS and QUALIFIER.DECLARATION elements to the values of :mod:`openvman.cim.declarations` (DSP0201 5.2.3).

The operations that take them answer CIM_ERR_NOT_SUPPORTED, but their requests are requests like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from openvman.cim.declarations import (
    Class,
    MethodDeclaration,
    ParameterDeclaration,
    PropertyDeclaration,
    Qualifier,
    QualifierType,
)
from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.values import CIMType, Value
from openvman.messages import cimxml
from openvman.wire.cimxml.decode_values import attribute, flag, reference, type_of, value, value_array
from openvman.wire.cimxml.document import Element

_FLAVORS: Final = ("OVERRIDABLE", "TOSUBCLASS", "TOINSTANCE", "TRANSLATABLE")


def class_declaration(element: Element) -> Class:
    """CLASS."""
    if element.tag != "CLASS":
        raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="a CLASS")
    return Class(
        attribute(element, "NAME"),
        element.get("SUPERCLASS"),
        NameMap((p.name, p) for p in map(_property, _with_tag(element, *_PROPERTIES))),
        NameMap((m.name, m) for m in map(_method, _with_tag(element, "METHOD"))),
        _qualifiers(element),
    )


def qualifier_declaration(element: Element) -> QualifierType:
    """QUALIFIER.DECLARATION."""
    if element.tag != "QUALIFIER.DECLARATION":
        raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="a QUALIFIER.DECLARATION")
    type = _required_type(element)
    scopes = [
        (name, flag(scope, str(name)) is True)
        for scope in _with_tag(element, "SCOPE")
        for name in map(str, scope.keys())
    ]
    return QualifierType(
        attribute(element, "NAME"),
        type,
        flag(element, "ISARRAY") is True,
        _content(element, type),
        NameMap(scopes),
        *(flag(element, name) for name in _FLAVORS),
    )


def _with_tag(element: Element, *tags: str) -> list[Element]:
    return [child for child in element if child.tag in tags]


def _required_type(element: Element) -> CIMType:
    found = type_of(element)
    if found is None:
        raise CIMError(cimxml.NO_ATTRIBUTE, tag=element.tag, name="TYPE")
    return found


def _content(element: Element, type: CIMType) -> Value:
    """The value inside a qualifier, a qualifier declaration or a property declaration."""
    where = attribute(element, "NAME")
    found = _with_tag(element, "VALUE", "VALUE.ARRAY", "VALUE.REFERENCE")
    if not found:
        return None
    if found[0].tag == "VALUE.ARRAY":
        return value_array(found[0], type, where)
    return reference(found[0]) if found[0].tag == "VALUE.REFERENCE" else value(found[0], type, where)


def _qualifiers(element: Element) -> NameMap[Qualifier]:
    return NameMap((q.name, q) for q in map(_qualifier, _with_tag(element, "QUALIFIER")))


def _qualifier(element: Element) -> Qualifier:
    type = _required_type(element)
    return Qualifier(
        attribute(element, "NAME"),
        type,
        _content(element, type),
        bool(_with_tag(element, "VALUE.ARRAY")),
        flag(element, "PROPAGATED") is True,
        *(flag(element, name) for name in _FLAVORS),
    )


def _array_size(element: Element) -> int | None:
    found = element.get("ARRAYSIZE")
    if found is None:
        return None
    if not (found.isascii() and found.isdigit() and len(found) < 10):
        raise CIMError(cimxml.ARRAY_SIZE)
    return int(found)


def _property(element: Element) -> PropertyDeclaration:
    type = _PROPERTIES[str(element.tag)](element)
    return PropertyDeclaration(
        attribute(element, "NAME"),
        type,
        element.tag == "PROPERTY.ARRAY",
        _array_size(element),
        _content(element, type),
        element.get("REFERENCECLASS"),
        element.get("CLASSORIGIN", ""),
        flag(element, "PROPAGATED") is True,
        _qualifiers(element),
    )


def _method(element: Element) -> MethodDeclaration:
    return MethodDeclaration(
        attribute(element, "NAME"),
        type_of(element) or "uint32",
        NameMap((p.name, p) for p in map(_parameter, _with_tag(element, *_PARAMETERS))),
        element.get("CLASSORIGIN", ""),
        flag(element, "PROPAGATED") is True,
        _qualifiers(element),
    )


def _parameter(element: Element) -> ParameterDeclaration:
    return ParameterDeclaration(
        attribute(element, "NAME"),
        _PARAMETERS[str(element.tag)](element),
        element.tag in ("PARAMETER.ARRAY", "PARAMETER.REFARRAY"),
        _array_size(element),
        element.get("REFERENCECLASS"),
        _qualifiers(element),
    )


def _is_reference(_element: Element) -> CIMType:
    return "reference"


_PROPERTIES: Final[dict[str, Callable[[Element], CIMType]]] = {
    "PROPERTY": _required_type,
    "PROPERTY.ARRAY": _required_type,
    "PROPERTY.REFERENCE": _is_reference,
}
_PARAMETERS: Final[dict[str, Callable[[Element], CIMType]]] = {
    "PARAMETER": _required_type,
    "PARAMETER.ARRAY": _required_type,
    "PARAMETER.REFERENCE": _is_reference,
    "PARAMETER.REFARRAY": _is_reference,
}
