"""CIM-XML elements to the values of :mod:`openvman.cim.values`: one function per element of DSP0201 5.2.

Every function raises :class:`CIMError` INVALID_PARAMETER when the element does not hold what its name says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.values import CIMType, ClassPath, Embedded, Instance, InstancePath, Property, Value
from openvman.messages import cimxml
from openvman.wire.cimxml.document import LIMITS, Element, Limits, NotWellFormedError, parse_text
from openvman.wire.cimxml.lexical import TYPES, parse_boolean, parse_number, parse_scalar


def attribute(element: Element, name: str) -> str:
    """A required attribute."""
    found = element.get(name)
    if found is None:
        raise CIMError(cimxml.NO_ATTRIBUTE, tag=element.tag, name=name)
    return found


def flag(element: Element, name: str) -> bool | None:
    """A boolean attribute, None when it is absent."""
    found = element.get(name)
    if found is None:
        return None
    try:
        return parse_boolean(found)
    except ValueError as error:
        raise CIMError(cimxml.BAD_ATTRIBUTE, name=name, tag=element.tag, reason=error) from None


def type_of(element: Element, name: str = "TYPE") -> CIMType | None:
    """A CIM type attribute, None when it is absent."""
    found = element.get(name)
    if found is None:
        return None
    try:
        return TYPES[found.lower()]
    except KeyError:
        raise CIMError(cimxml.NO_TYPE, name=found[:40]) from None


def only_child(element: Element) -> Element:
    """The single child of an element that must have one."""
    if len(element) != 1:
        raise CIMError(cimxml.NOT_ONE_ELEMENT, tag=element.tag, count=len(element))
    return element[0]


def text_of(element: Element) -> str:
    """The text of an element that holds nothing else."""
    if len(element):
        raise CIMError(cimxml.NOT_TEXT, tag=element.tag)
    return element.text or ""


def scalar(text: str, type: CIMType | None, where: str) -> Value:
    """The typed value of ``text``, or the text itself when no type was said."""
    if type is None:
        return text
    try:
        return parse_scalar(text, type)
    except ValueError as error:
        raise CIMError(cimxml.BAD_VALUE, where=where, reason=error) from None


def value(element: Element, type: CIMType | None, where: str) -> Value:
    """VALUE or VALUE.NULL."""
    if element.tag == "VALUE":
        return scalar(text_of(element), type, where)
    if element.tag == "VALUE.NULL":
        return None
    raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="a VALUE").within(where)


def value_array(element: Element, type: CIMType | None, where: str) -> tuple[Value, ...]:
    """VALUE.ARRAY; its NULL items are None."""
    return tuple(value(child, type, where) for child in element)


def reference(element: Element) -> InstancePath | ClassPath:
    """VALUE.REFERENCE: any of the six path elements in it."""
    if element.tag != "VALUE.REFERENCE":
        raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="a VALUE.REFERENCE")
    return path(only_child(element))


def reference_array(element: Element) -> tuple[InstancePath | ClassPath | None, ...]:
    """VALUE.REFARRAY; its NULL items are None."""
    return tuple(None if child.tag == "VALUE.NULL" else reference(child) for child in element)


# --- paths (DSP0201 5.2.5) ------------------------------------------------------------------------------------------


def namespace(element: Element) -> str:
    """LOCALNAMESPACEPATH, with its components joined by slashes."""
    if element.tag != "LOCALNAMESPACEPATH":
        raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="a LOCALNAMESPACEPATH")
    parts = [attribute(child, "NAME").strip("/") for child in element if child.tag == "NAMESPACE"]
    if not parts or len(parts) != len(element) or not all(parts):
        raise CIMError(cimxml.UNNAMED_NAMESPACE)
    return "/".join(parts)


def _hosted(element: Element) -> tuple[str, str]:
    if element.tag != "NAMESPACEPATH" or len(element) != 2 or element[0].tag != "HOST":
        raise CIMError(cimxml.NO_HOST)
    return text_of(element[0]), namespace(element[1])


def _pair(element: Element, second: str) -> tuple[Element, Element]:
    if len(element) != 2 or element[1].tag != second:
        raise CIMError(cimxml.NO_PAIR, tag=element.tag, second=second)
    return element[0], element[1]


def class_name(element: Element) -> str:
    """CLASSNAME."""
    if element.tag != "CLASSNAME":
        raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="a CLASSNAME")
    return attribute(element, "NAME")


def instance_name(element: Element) -> InstancePath:
    """INSTANCENAME. A KEYVALUE or VALUE.REFERENCE that stands without its name gets the name ``""``."""
    if element.tag != "INSTANCENAME":
        raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="an INSTANCENAME")
    name = attribute(element, "CLASSNAME")
    if len(element) == 1 and element[0].tag != "KEYBINDING":
        return InstancePath(name, NameMap([("", _key_value(element[0]))]))
    bindings: list[tuple[str, Value]] = []
    for child in element:
        if child.tag != "KEYBINDING":
            raise CIMError(cimxml.NO_KEY_BINDING, name=name, tag=child.tag)
        bindings.append((attribute(child, "NAME"), _key_value(only_child(child))))
    keys = NameMap(bindings)
    if len(keys) != len(bindings):
        raise CIMError(cimxml.GIVEN_TWICE, tag="INSTANCENAME", name=name, part="key")
    return InstancePath(name, keys)


def _key_value(element: Element) -> Value:
    if element.tag == "VALUE.REFERENCE":
        return reference(element)
    if element.tag != "KEYVALUE":
        raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="a key value")
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
        raise CIMError(cimxml.BAD_VALUE, where="a key value", reason=error) from None
    if kind != "string":
        raise CIMError(cimxml.NO_VALUE_TYPE)
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
        raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="a path") from None
    return decode(element)


def instance_path(element: Element) -> InstancePath:
    """Any element that names an instance."""
    found = path(element)
    if not isinstance(found, InstancePath):
        raise CIMError(cimxml.CLASS_GIVEN, name=found.class_name)
    return found


# --- instances ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Depth:
    """How far inside embedded instances an element is."""

    limits: Limits = LIMITS
    level: int = 0

    def deeper(self) -> Depth:
        if self.level >= self.limits.embedded_depth:
            raise CIMError(cimxml.TOO_DEEP, most=self.limits.embedded_depth)
        return Depth(self.limits, self.level + 1)


def instance(element: Element, depth: Depth, path: InstancePath | None = None) -> Instance:
    """INSTANCE. Qualifiers on it are passed over: DSP0200 no longer has qualifiers on instances."""
    if element.tag != "INSTANCE":
        raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="an INSTANCE")
    name = attribute(element, "CLASSNAME")
    found = [_property(child, depth) for child in element if child.tag != "QUALIFIER"]
    decoded = Instance.of(name, found, path)
    if len(decoded.properties) != len(found):
        raise CIMError(cimxml.GIVEN_TWICE, tag="INSTANCE", name=name, part="property")
    return decoded


def named_instance(element: Element, depth: Depth) -> Instance:
    """VALUE.NAMEDINSTANCE and its relatives with fuller paths."""
    if element.tag not in _WITH_PATH or len(element) != 2:
        raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="a VALUE.NAMEDINSTANCE")
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
        raise CIMError(cimxml.NOT_WELL_FORMED, reason=error) from None
    if root.tag in _WITH_PATH:
        return named_instance(root, depth.deeper())
    if root.tag == "CLASS":
        raise CIMError(cimxml.EMBEDDED_CLASS)
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
            raise CIMError(cimxml.EMBEDDED_KIND)
    return None


def _property(element: Element, depth: Depth) -> Property:
    try:
        decode = _PROPERTIES[str(element.tag)]
    except KeyError:
        raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="a property") from None
    content = [child for child in element if child.tag != "QUALIFIER"]
    if len(content) > 1:
        raise CIMError(cimxml.MORE_VALUES, name=attribute(element, "NAME"))
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
        raise CIMError(cimxml.NO_ARRAY, name=name, tag=content.tag)
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
