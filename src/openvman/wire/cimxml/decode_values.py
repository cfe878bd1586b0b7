"""CIM-XML elements to the values of :mod:`openvman.cim.values`: one function per element of DSP0201 5.2.

Every function raises :class:`CIMError` INVALID_PARAMETER when the element does not hold what its name says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.status import Status
from openvman.cim.values import CIMType, ClassPath, Embedded, Instance, InstancePath, Property, Value
from openvman.wire.cimxml.document import LIMITS, Element, Limits, NotWellFormedError, parse_text
from openvman.wire.cimxml.lexical import TYPES, parse_boolean, parse_number, parse_scalar


def refuse(message: str) -> NoReturn:
    """Raise the status for an argument that is not what it should be (DSP0200 Table 4)."""
    raise CIMError(Status.INVALID_PARAMETER, message)


def attribute(element: Element, name: str) -> str:
    """A required attribute."""
    found = element.get(name)
    if found is None:
        refuse(f"a {element.tag} element lacks its {name} attribute")
    return found


def flag(element: Element, name: str) -> bool | None:
    """A boolean attribute, None when it is absent."""
    found = element.get(name)
    if found is None:
        return None
    try:
        return parse_boolean(found)
    except ValueError as error:
        refuse(f"{name} of a {element.tag} element: {error}")


def type_of(element: Element, name: str = "TYPE") -> CIMType | None:
    """A CIM type attribute, None when it is absent."""
    found = element.get(name)
    if found is None:
        return None
    try:
        return TYPES[found.lower()]
    except KeyError:
        refuse(f"{found[:40]!r} is no CIM type")


def only_child(element: Element) -> Element:
    """The single child of an element that must have one."""
    if len(element) != 1:
        refuse(f"a {element.tag} element holds {len(element)} elements instead of one")
    return element[0]


def text_of(element: Element) -> str:
    """The text of an element that holds nothing else."""
    if len(element):
        refuse(f"a {element.tag} element holds an element instead of text")
    return element.text or ""


def scalar(text: str, type: CIMType | None, where: str) -> Value:
    """The typed value of ``text``, or the text itself when no type was said."""
    if type is None:
        return text
    try:
        return parse_scalar(text, type)
    except ValueError as error:
        refuse(f"{where}: {error}")


def value(element: Element, type: CIMType | None, where: str) -> Value:
    """VALUE or VALUE.NULL."""
    if element.tag == "VALUE":
        return scalar(text_of(element), type, where)
    if element.tag == "VALUE.NULL":
        return None
    refuse(f"{where}: a {element.tag} element stands where a VALUE is expected")


def value_array(element: Element, type: CIMType | None, where: str) -> tuple[Value, ...]:
    """VALUE.ARRAY; its NULL items are None."""
    return tuple(value(child, type, where) for child in element)


def reference(element: Element) -> InstancePath | ClassPath:
    """VALUE.REFERENCE: any of the six path elements in it."""
    if element.tag != "VALUE.REFERENCE":
        refuse(f"a {element.tag} element stands where a VALUE.REFERENCE is expected")
    return path(only_child(element))


def reference_array(element: Element) -> tuple[InstancePath | ClassPath | None, ...]:
    """VALUE.REFARRAY; its NULL items are None."""
    return tuple(None if child.tag == "VALUE.NULL" else reference(child) for child in element)


# --- paths (DSP0201 5.2.5) ------------------------------------------------------------------------------------------


def namespace(element: Element) -> str:
    """LOCALNAMESPACEPATH, with its components joined by slashes."""
    if element.tag != "LOCALNAMESPACEPATH":
        refuse(f"a {element.tag} element stands where a LOCALNAMESPACEPATH is expected")
    parts = [attribute(child, "NAME").strip("/") for child in element if child.tag == "NAMESPACE"]
    if len(parts) != len(element) or not all(parts):
        refuse("a LOCALNAMESPACEPATH holds named NAMESPACE elements, at least one")
    if not parts:
        refuse("a LOCALNAMESPACEPATH element is empty")
    return "/".join(parts)


def _hosted(element: Element) -> tuple[str, str]:
    if element.tag != "NAMESPACEPATH" or len(element) != 2 or element[0].tag != "HOST":
        refuse("a path with a host begins with a NAMESPACEPATH of a HOST and a LOCALNAMESPACEPATH")
    return text_of(element[0]), namespace(element[1])


def _pair(element: Element, second: str) -> tuple[Element, Element]:
    if len(element) != 2 or element[1].tag != second:
        refuse(f"a {element.tag} element holds where the object is and its {second}")
    return element[0], element[1]


def class_name(element: Element) -> str:
    """CLASSNAME."""
    if element.tag != "CLASSNAME":
        refuse(f"a {element.tag} element stands where a CLASSNAME is expected")
    return attribute(element, "NAME")


def instance_name(element: Element) -> InstancePath:
    """INSTANCENAME. A KEYVALUE or VALUE.REFERENCE that stands without its name gets the name ``""``."""
    if element.tag != "INSTANCENAME":
        refuse(f"a {element.tag} element stands where an INSTANCENAME is expected")
    name = attribute(element, "CLASSNAME")
    if len(element) == 1 and element[0].tag != "KEYBINDING":
        return InstancePath(name, NameMap([("", _key_value(element[0]))]))
    bindings: list[tuple[str, Value]] = []
    for child in element:
        if child.tag != "KEYBINDING":
            refuse(f"the INSTANCENAME of {name} holds a {child.tag} among its KEYBINDING elements")
        bindings.append((attribute(child, "NAME"), _key_value(only_child(child))))
    keys = NameMap(bindings)
    if len(keys) != len(bindings):
        refuse(f"the INSTANCENAME of {name} gives a key twice")
    return InstancePath(name, keys)


def _key_value(element: Element) -> Value:
    if element.tag == "VALUE.REFERENCE":
        return reference(element)
    if element.tag != "KEYVALUE":
        refuse(f"a {element.tag} element stands where a key value is expected")
    text = text_of(element)
    type = type_of(element)
    if type is not None:
        return scalar(text, type, "a key value")
    kind = element.get("VALUETYPE", "string").lower()
    try:
        if kind == "numeric":
            return parse_number(text.strip())
        if kind == "boolean":
            return parse_boolean(text)
    except ValueError as error:
        refuse(f"a key value: {error}")
    if kind != "string":
        refuse("the VALUETYPE of a key value is string, boolean or numeric")
    return text


def _local_instance_path(element: Element) -> InstancePath:
    where, name = _pair(element, "INSTANCENAME")
    return instance_name(name).within(namespace(where))


def _instance_path(element: Element) -> InstancePath:
    where, name = _pair(element, "INSTANCENAME")
    host, space = _hosted(where)
    return instance_name(name).within(space, host)


def _local_class_path(element: Element) -> ClassPath:
    where, name = _pair(element, "CLASSNAME")
    return ClassPath(class_name(name), namespace(where))


def _class_path(element: Element) -> ClassPath:
    where, name = _pair(element, "CLASSNAME")
    host, space = _hosted(where)
    return ClassPath(class_name(name), space, host)


_PATHS: Final[dict[str, Callable[[Element], InstancePath | ClassPath]]] = {
    "INSTANCENAME": instance_name,
    "LOCALINSTANCEPATH": _local_instance_path,
    "INSTANCEPATH": _instance_path,
    "CLASSNAME": lambda element: ClassPath(class_name(element)),
    "LOCALCLASSPATH": _local_class_path,
    "CLASSPATH": _class_path,
    "VALUE.REFERENCE": reference,
    "OBJECTPATH": lambda element: path(only_child(element)),
}


def path(element: Element) -> InstancePath | ClassPath:
    """Any element that names a class or an instance."""
    try:
        decode = _PATHS[str(element.tag)]
    except KeyError:
        refuse(f"a {element.tag} element stands where a path is expected")
    return decode(element)


def instance_path(element: Element) -> InstancePath:
    """Any element that names an instance."""
    found = path(element)
    if not isinstance(found, InstancePath):
        refuse(f"the class {found.class_name} stands where an instance is expected")
    return found


# --- instances ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Depth:
    """How far inside embedded instances an element is."""

    limits: Limits = LIMITS
    level: int = 0

    def deeper(self) -> Depth:
        if self.level >= self.limits.embedded_depth:
            refuse(f"embedded instances stand deeper than {self.limits.embedded_depth} in one another")
        return Depth(self.limits, self.level + 1)


def instance(element: Element, depth: Depth, path: InstancePath | None = None) -> Instance:
    """INSTANCE. Qualifiers on it are passed over: DSP0200 no longer has qualifiers on instances."""
    if element.tag != "INSTANCE":
        refuse(f"a {element.tag} element stands where an INSTANCE is expected")
    name = attribute(element, "CLASSNAME")
    found = [_property(child, depth) for child in element if child.tag != "QUALIFIER"]
    decoded = Instance.of(name, found, path)
    if len(decoded.properties) != len(found):
        refuse(f"the INSTANCE of {name} gives a property twice")
    return decoded


def named_instance(element: Element, depth: Depth) -> Instance:
    """VALUE.NAMEDINSTANCE and its relatives with fuller paths."""
    if element.tag not in _WITH_PATH or len(element) != 2:
        refuse(f"a {element.tag} element stands where a VALUE.NAMEDINSTANCE is expected")
    return instance(element[1], depth, instance_path(element[0]))


_WITH_PATH: Final = (
    "VALUE.NAMEDINSTANCE",
    "VALUE.INSTANCEWITHPATH",
    "VALUE.OBJECTWITHPATH",
    "VALUE.OBJECTWITHLOCALPATH",
)


def embedded(text: str, depth: Depth) -> Instance | None:
    """The embedded instance that ``text`` holds; None for an empty text."""
    if not text.strip():
        return None
    try:
        root = parse_text(text.strip(), depth.limits)
    except NotWellFormedError as error:
        refuse(f"an embedded instance is not well-formed: {error}")
    if root.tag in _WITH_PATH:
        return named_instance(root, depth.deeper())
    if root.tag == "CLASS":
        refuse("an embedded class stands where an embedded instance is expected")
    return instance(root, depth.deeper())


def embedded_kind(element: Element) -> Embedded | None:
    """The EmbeddedObject attribute, whose name clients spell in any case (DSP0201 5.1.1.8)."""
    for name, kind in element.items():
        if str(name).lower() == "embeddedobject":
            folded = str(kind).lower()
            if folded == "instance":
                return "instance"
            if folded == "object":
                return "object"
            refuse("EmbeddedObject is instance or object")
    return None


def _property(element: Element, depth: Depth) -> Property:
    try:
        decode = _PROPERTIES[str(element.tag)]
    except KeyError:
        refuse(f"a {element.tag} element stands where a property is expected")
    content = [child for child in element if child.tag != "QUALIFIER"]
    if len(content) > 1:
        refuse(f"the property {attribute(element, 'NAME')} holds more than one value")
    return decode(element, content[0] if content else None, depth)


def _plain(element: Element, content: Element | None, depth: Depth) -> Property:
    name, type, kind = attribute(element, "NAME"), type_of(element), embedded_kind(element)
    read = None if content is None else value(content, "string" if kind else type, f"the property {name}")
    if kind is not None and read is not None:
        read = embedded(read, depth)
    return Property(name, type, read, False, kind, class_origin=element.get("CLASSORIGIN"))


def _array(element: Element, content: Element | None, depth: Depth) -> Property:
    name, type, kind = attribute(element, "NAME"), type_of(element), embedded_kind(element)
    if content is not None and content.tag != "VALUE.ARRAY":
        refuse(f"the array property {name} holds a {content.tag}")
    read = None if content is None else value_array(content, "string" if kind else type, f"the property {name}")
    if kind is not None and read is not None:
        read = tuple(None if item is None else embedded(item, depth) for item in read)
    return Property(name, type, read, True, kind, class_origin=element.get("CLASSORIGIN"))


def _reference(element: Element, content: Element | None, _depth: Depth) -> Property:
    return Property(
        attribute(element, "NAME"),
        "reference",
        None if content is None else reference(content),
        reference_class=element.get("REFERENCECLASS"),
        class_origin=element.get("CLASSORIGIN"),
    )


_PROPERTIES: Final[dict[str, Callable[[Element, Element | None, Depth], Property]]] = {
    "PROPERTY": _plain,
    "PROPERTY.ARRAY": _array,
    "PROPERTY.REFERENCE": _reference,
}
