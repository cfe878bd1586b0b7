"""Values, paths and instances as CIM-XML elements (DSP0201 5.2): one function per element, text in text out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from openvman.cim.datetime import CIMDateTime, format_datetime
from openvman.cim.values import INTEGER_RANGES, CIMType, ClassPath, Embedded, Instance, InstancePath, Property, Value
from openvman.wire.cimxml.escape import escape, quote

# --- values ---------------------------------------------------------------------------------------------------------


def _integer(value: Value) -> str:
    return f"{value:d}"


def _real(value: Value) -> str:
    """DSP0201 5.2.4.4: a real has a decimal point, infinities and NaN are words."""
    number = float(value)
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "INF" if number > 0 else "-INF"
    text = repr(number)
    return text if "." in text else text.replace("e", ".0e")


def _boolean(value: Value) -> str:
    return "TRUE" if value else "FALSE"


FORMATS: Final[dict[str, Callable[[Value], str]]] = {
    "boolean": _boolean,
    "string": escape,
    "char16": escape,
    "real32": _real,
    "real64": _real,
    "datetime": format_datetime,
    **dict.fromkeys(INTEGER_RANGES, _integer),
}
"""The content of a VALUE or KEYVALUE, by type."""


def embedded_text(value: Instance | str) -> str:
    """An embedded instance, or the text of one, as the content of a VALUE."""
    return escape(value if isinstance(value, str) else instance(value))


def formatter(type: CIMType, embedded: Embedded | None) -> Callable[[Value], str]:
    """How one value that is not NULL is written between the tags of its element."""
    if embedded is not None:
        return embedded_text
    return reference if type == "reference" else FORMATS[type]


def values(items: Sequence[Value], write: Callable[[Value], str], tag: str = "VALUE") -> str:
    """The items of a VALUE.ARRAY, or with that ``tag`` of a VALUE.REFARRAY."""
    if None in items:
        return "".join(["<VALUE.NULL/>" if item is None else f"<{tag}>{write(item)}</{tag}>" for item in items])
    return f"<{tag}>{f'</{tag}><{tag}>'.join(map(write, items))}</{tag}>" if items else ""


def value_element(value: Value, type: CIMType, *, is_array: bool, embedded: Embedded | None = None) -> str:
    """VALUE, VALUE.ARRAY, VALUE.REFERENCE or VALUE.REFARRAY; nothing for NULL."""
    if value is None:
        return ""
    write = formatter(type, embedded)
    tag = "VALUE.REFERENCE" if type == "reference" else "VALUE"
    if not is_array:
        return f"<{tag}>{write(value)}</{tag}>"
    array = "VALUE.REFARRAY" if type == "reference" else "VALUE.ARRAY"
    return f"<{array}>{values(value, write, tag)}</{array}>"


def type_of(value: Value) -> CIMType:
    """The type that a bare value shows: a reference, a boolean, text; for a number the widest type that holds it."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "uint64" if value >= 0 else "sint64"
    if isinstance(value, float):
        return "real64"
    if isinstance(value, InstancePath | ClassPath):
        return "reference"
    return "datetime" if isinstance(value, CIMDateTime) else "string"


# --- paths ----------------------------------------------------------------------------------------------------------


def key_frame(name: str, type: CIMType | None, value_type: str) -> tuple[str, str]:
    """What stands before and after a key's value in its KEYBINDING."""
    if value_type == "reference":
        return f'<KEYBINDING NAME="{quote(name)}"><VALUE.REFERENCE>', "</VALUE.REFERENCE></KEYBINDING>"
    typed = "" if type is None else f' TYPE="{type}"'
    return f'<KEYBINDING NAME="{quote(name)}"><KEYVALUE VALUETYPE="{value_type}"{typed}>', "</KEYVALUE></KEYBINDING>"


def value_type(type: CIMType) -> str:
    """The VALUETYPE of a key (DSP0201 5.2.5.12), and "reference" for one."""
    if type in ("boolean", "reference"):
        return type
    return "numeric" if type in INTEGER_RANGES or type in ("real32", "real64") else "string"


def _key(name: str, value: Value) -> str:
    type = type_of(value)
    kind = value_type(type)
    # The width of a number is not known here, and a wrong TYPE is worse than none.
    before, after = key_frame(name, None if kind == "numeric" else type, kind)
    return f"{before}{formatter(type, None)(value)}{after}"


def instance_name(path: InstancePath) -> str:
    """INSTANCENAME."""
    keys = "".join(_key(name, value) for name, value in path.keys.items())
    return f'<INSTANCENAME CLASSNAME="{quote(path.class_name)}">{keys}</INSTANCENAME>'


def class_name(name: str) -> str:
    """CLASSNAME."""
    return f'<CLASSNAME NAME="{quote(name)}"/>'


@lru_cache(maxsize=64)
def local_namespace(namespace: str) -> str:
    """LOCALNAMESPACEPATH."""
    parts = "".join(f'<NAMESPACE NAME="{quote(part)}"/>' for part in namespace.split("/"))
    return f"<LOCALNAMESPACEPATH>{parts}</LOCALNAMESPACEPATH>"


def namespace_path(host: str, namespace: str) -> str:
    """NAMESPACEPATH."""
    return f"<NAMESPACEPATH><HOST>{escape(host)}</HOST>{local_namespace(namespace)}</NAMESPACEPATH>"


def class_path(path: ClassPath) -> str:
    """CLASSPATH, LOCALCLASSPATH or CLASSNAME: as much as the path knows."""
    return _located(path, class_name(path.class_name), "CLASSPATH")


def reference(path: InstancePath | ClassPath) -> str:
    """The content of a VALUE.REFERENCE: as much as the path knows."""
    if isinstance(path, ClassPath):
        return class_path(path)
    return _located(path, instance_name(path), "INSTANCEPATH")


def _located(path: InstancePath | ClassPath, name: str, tag: str) -> str:
    if path.namespace is None:
        return name
    if path.host is None:
        return f"<LOCAL{tag}>{local_namespace(path.namespace)}{name}</LOCAL{tag}>"
    return f"<{tag}>{namespace_path(path.host, path.namespace)}{name}</{tag}>"


# --- instances ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a property's value, and what stands for the property when it is NULL."""

    before: str
    after: str
    null: str


def property_frame(declared: Property, *, with_class_origin: bool = True) -> Frame:
    """The frame of a property; its value is not looked at."""
    attributes = [f'NAME="{quote(declared.name)}"']
    if declared.type == "reference":
        tag, value = "PROPERTY.REFERENCE", "VALUE.REFERENCE"
        if declared.reference_class is not None:
            attributes.append(f'REFERENCECLASS="{quote(declared.reference_class)}"')
    else:
        tag, value = ("PROPERTY.ARRAY", "VALUE.ARRAY") if declared.is_array else ("PROPERTY", "VALUE")
        attributes.append(f'TYPE="{declared.type or "string"}"')
    if with_class_origin and declared.class_origin is not None:
        attributes.append(f'CLASSORIGIN="{quote(declared.class_origin)}"')
    if declared.propagated:
        attributes.append('PROPAGATED="true"')
    if declared.embedded is not None:
        attributes.append(f'EmbeddedObject="{declared.embedded}"')
    opening = f"<{tag} {' '.join(attributes)}"
    # Not an empty-element tag: wbemcli knows those only for elements that never have content.
    return Frame(f"{opening}><{value}>", f"</{value}></{tag}>", f"{opening}></{tag}>")


def property_element(declared: Property) -> str:
    """PROPERTY, PROPERTY.ARRAY or PROPERTY.REFERENCE."""
    frame = property_frame(declared)
    if declared.value is None:
        return frame.null
    write = formatter(declared.type or "string", declared.embedded)
    content = values(declared.value, write) if declared.is_array else write(declared.value)
    return f"{frame.before}{content}{frame.after}"


def instance(value: Instance) -> str:
    """INSTANCE."""
    properties = "".join(map(property_element, value.properties.values()))
    return f'<INSTANCE CLASSNAME="{quote(value.class_name)}">{properties}</INSTANCE>'
