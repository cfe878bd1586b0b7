"""MOF text of classes, qualifier types and instances (DSP0004 Annex A), the reverse of what the compiler reads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

from openvman.cim.datetime import CIMDateTime
from openvman.cim.declarations import (
    Class,
    MethodDeclaration,
    ParameterDeclaration,
    PropertyDeclaration,
    Qualifier,
    QualifierType,
)
from openvman.cim.names import NameMap
from openvman.cim.uri import format_path
from openvman.cim.values import CIMType, ClassPath, Instance, InstancePath, Value

_WIDTH: Final = 120
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_CHAR16_ESCAPES: Final = {**_ESCAPES, '"': '"', "'": "\\'"}
_FIRST_PRINTABLE: Final = 0x20
_QUALIFIER_ORDER: Final = ("Association", "Indication", "Abstract", "Version", "Key", "Description")
_SCOPES: Final = (
    "ANY",
    "CLASS",
    "ASSOCIATION",
    "INDICATION",
    "PROPERTY",
    "REFERENCE",
    "METHOD",
    "PARAMETER",
)


def quote(text: str) -> str:
    """A MOF string literal (DSP0004 5.11.2 has the escapes)."""
    return f'"{_escape(text, _ESCAPES)}"'


def format_value(value: Value, type_: CIMType | None) -> str:
    """A literal of one value or, for a tuple, an array initializer."""
    if value is None:
        return "NULL"
    if isinstance(value, tuple):
        return "{ " + ", ".join(format_value(item, type_) for item in value) + " }" if value else "{ }"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _real(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Instance):
        return quote(format_instance(value))
    if isinstance(value, InstancePath | ClassPath):
        return quote(format_path(value))
    if isinstance(value, CIMDateTime):
        return quote(value.text)
    if type_ == "char16":
        return f"'{_escape(value, _CHAR16_ESCAPES)}'"
    return quote(value)


def format_instance(instance: Instance) -> str:
    """``instance of`` the class, every property that is present on a line of its own; the path is not in it."""
    lines = (f"    {p.name} = {format_value(p.value, p.type)};" for p in instance.properties.values())
    return "\n".join((f"instance of {instance.class_name} {{", *lines, "};\n"))


def format_class(cls: Class, *, inherited: bool = False) -> str:
    """The class declaration: what the class itself says, or with ``inherited`` everything that it has.

    Flavors are left out: they follow from the qualifier types.
    """
    superclass = "" if cls.superclass is None else f" : {cls.superclass}"
    members = [
        *(_property(p, inherited) for p in cls.properties.values() if inherited or not p.propagated),
        *(_method(m, inherited) for m in cls.methods.values() if inherited or not m.propagated),
    ]
    head = _qualifiers(cls.qualifiers, 0, inherited)
    return f"{head}class {cls.name}{superclass} {{\n" + "".join(f"\n{member}" for member in members) + "};\n"


def format_qualifier_type(declaration: QualifierType) -> str:
    """The qualifier declaration with its scopes and the flavors that it states."""
    array = "[]" if declaration.is_array else ""
    default = "" if declaration.default is None else f" = {format_value(declaration.default, declaration.type)}"
    scopes = ", ".join(name.lower() for name in _SCOPES if declaration.scopes.get(name))
    flavors = [
        word
        for given, yes, no in (
            (declaration.overridable, "EnableOverride", "DisableOverride"),
            (declaration.tosubclass, "ToSubclass", "Restricted"),
            (declaration.translatable, "Translatable", ""),
        )
        if given is not None and (word := yes if given else no)
    ]
    flavor = f",\n    Flavor({', '.join(flavors)})" if flavors else ""
    return f"Qualifier {declaration.name} : {declaration.type}{array}{default},\n    Scope({scopes}){flavor};\n"


def _real(value: float) -> str:
    """realValue wants a point (DSP0004 Annex A); INF and NaN are DSP0201's, which our own reader takes."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"
    mantissa, exponent, power = repr(value).partition("e")
    return mantissa + ("" if "." in mantissa else ".0") + exponent + power


def _escape(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(c) or (c if ord(c) >= _FIRST_PRINTABLE else f"\\x{ord(c):04X}") for c in text)


def _qualifiers(qualifiers: NameMap[Qualifier], indent: int, inherited: bool) -> str:
    shown = sorted(
        (q for q in qualifiers.values() if inherited or not q.propagated),
        key=lambda q: _QUALIFIER_ORDER.index(q.name) if q.name in _QUALIFIER_ORDER else len(_QUALIFIER_ORDER),
    )
    if not shown:
        return ""
    margin = " " * indent
    return f"{margin}[" + f",\n{margin} ".join(_qualifier(q, indent + 4) for q in shown) + "]\n"


def _qualifier(qualifier: Qualifier, indent: int) -> str:
    if qualifier.value is True:
        return qualifier.name
    if isinstance(qualifier.value, tuple):
        items = (format_value(item, qualifier.type) for item in qualifier.value)
        return f"{qualifier.name} {{" + "".join(_wrapped(items, indent)) + "}"
    return f"{qualifier.name}({format_value(qualifier.value, qualifier.type)})"


def _wrapped(items: Iterable[str], indent: int) -> Iterator[str]:
    """The items with commas, broken into lines that end before the page does."""
    column = _WIDTH
    separator = ""
    for item in items:
        yield separator
        if column + len(item) + 2 > _WIDTH:
            yield "\n" + " " * indent
            column = indent
        elif separator:
            yield " "
        yield item
        column += len(item) + 2
        separator = ","


def _typed(item: PropertyDeclaration | ParameterDeclaration) -> str:
    type_ = f"{item.reference_class} REF" if item.type == "reference" else item.type
    size = "" if item.array_size is None else str(item.array_size)
    return f"{type_} {item.name}" + (f"[{size}]" if item.is_array else "")


def _property(item: PropertyDeclaration, inherited: bool) -> str:
    default = "" if item.default is None else f" = {format_value(item.default, item.type)}"
    return f"{_qualifiers(item.qualifiers, 6, inherited)}   {_typed(item)}{default};\n"


def _method(item: MethodDeclaration, inherited: bool) -> str:
    parameters = ",\n".join(
        f"{_qualifiers(p.qualifiers, 9, inherited)}      {_typed(p)}" for p in item.parameters.values()
    )
    opening = f"   {item.return_type} {item.name}("
    return _qualifiers(item.qualifiers, 6, inherited) + opening + (f"\n{parameters}" if parameters else "") + ");\n"
