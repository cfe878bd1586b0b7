"""Classes and qualifier declarations as CIM-XML elements (DSP0201 5.2.3).

What a class value holds is shown: who asked for no qualifiers or no class origin gives values without them.
"""

from __future__ import annotations

from openvman.cim.declarations import (
    Class,
    MethodDeclaration,
    ParameterDeclaration,
    PropertyDeclaration,
    Qualifier,
    QualifierType,
)
from openvman.wire.cimxml.encode_values import value_element
from openvman.wire.cimxml.escape import quote


def class_declaration(declared: Class) -> str:
    """CLASS."""
    return _element(
        "CLASS",
        {"NAME": declared.name, "SUPERCLASS": declared.superclass},
        *map(_qualifier, declared.qualifiers.values()),
        *map(_property, declared.properties.values()),
        *map(_method, declared.methods.values()),
    )


def qualifier_declaration(declared: QualifierType) -> str:
    """QUALIFIER.DECLARATION."""
    scopes = {name.upper(): allowed for name, allowed in declared.scopes.items()}
    if scopes.pop("ANY", False):
        scopes = dict.fromkeys(_SCOPES, True)
    return _element(
        "QUALIFIER.DECLARATION",
        {
            "NAME": declared.name,
            "TYPE": declared.type,
            "ISARRAY": _flag(declared.is_array),
            **_flavors(declared),
        },
        _element("SCOPE", {name: _flag(allowed) for name, allowed in scopes.items()}),
        value_element(declared.default, declared.type, is_array=declared.is_array),
    )


_SCOPES = ("CLASS", "ASSOCIATION", "REFERENCE", "PROPERTY", "METHOD", "PARAMETER", "INDICATION")


def _element(tag: str, attributes: dict[str, str | None], *content: str) -> str:
    written = "".join(f' {name}="{quote(value)}"' for name, value in attributes.items() if value is not None)
    # Not an empty-element tag where there is no content: wbemcli does not read it.
    return f"<{tag}{written}>{''.join(content)}</{tag}>"


def _flag(value: bool | None) -> str | None:
    return None if value is None else "true" if value else "false"


def _flavors(declared: Qualifier | QualifierType) -> dict[str, str | None]:
    return {
        "OVERRIDABLE": _flag(declared.overridable),
        "TOSUBCLASS": _flag(declared.tosubclass),
        "TOINSTANCE": _flag(declared.toinstance),
        "TRANSLATABLE": _flag(declared.translatable),
    }


def _qualifier(declared: Qualifier) -> str:
    return _element(
        "QUALIFIER",
        {
            "NAME": declared.name,
            "TYPE": declared.type,
            "PROPAGATED": _flag(declared.propagated or None),
            **_flavors(declared),
        },
        value_element(declared.value, declared.type, is_array=declared.is_array),
    )


def _size(declared: PropertyDeclaration | ParameterDeclaration) -> str | None:
    return None if declared.array_size is None else str(declared.array_size)


def _origin(declared: PropertyDeclaration | MethodDeclaration) -> dict[str, str | None]:
    return {"CLASSORIGIN": declared.class_origin or None, "PROPAGATED": _flag(declared.propagated or None)}


def _property(declared: PropertyDeclaration) -> str:
    if declared.type == "reference":
        tag, kind = "PROPERTY.REFERENCE", {"REFERENCECLASS": declared.reference_class}
    else:
        tag, kind = "PROPERTY.ARRAY" if declared.is_array else "PROPERTY", {"TYPE": str(declared.type)}
    return _element(
        tag,
        {"NAME": declared.name, **kind, "ARRAYSIZE": _size(declared), **_origin(declared)},
        *map(_qualifier, declared.qualifiers.values()),
        value_element(declared.default, declared.type, is_array=declared.is_array),
    )


def _method(declared: MethodDeclaration) -> str:
    return _element(
        "METHOD",
        {"NAME": declared.name, "TYPE": declared.return_type, **_origin(declared)},
        *map(_qualifier, declared.qualifiers.values()),
        *map(_parameter, declared.parameters.values()),
    )


def _parameter(declared: ParameterDeclaration) -> str:
    if declared.type == "reference":
        tag = "PARAMETER.REFARRAY" if declared.is_array else "PARAMETER.REFERENCE"
        kind: dict[str, str | None] = {"REFERENCECLASS": declared.reference_class}
    else:
        tag = "PARAMETER.ARRAY" if declared.is_array else "PARAMETER"
        kind = {"TYPE": declared.type}
    return _element(
        tag,
        {"NAME": declared.name, **kind, "ARRAYSIZE": _size(declared)},
        *map(_qualifier, declared.qualifiers.values()),
    )
