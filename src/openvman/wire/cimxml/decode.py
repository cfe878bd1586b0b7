"""A request's bytes to a :class:`Message` (DSP0200 5.3, 5.4, 7.3; DSP0201 5.2.6).

Any bytes end in a Message, a :class:`ProtocolError` (no message) or a :class:`RequestError` (a message whose operation
is wrong), within bounded time and memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.operations import OPERATIONS, Argument, Call, Kind, MethodCall, Operation
from openvman.cim.values import ClassPath, Instance, InstancePath, Value
from openvman.messages import cimxml, requests
from openvman.wire.cimxml import decode_declarations as declarations
from openvman.wire.cimxml import decode_values as values
from openvman.wire.cimxml.decode_values import Depth
from openvman.wire.cimxml.document import (
    LIMITS,
    Element,
    Limits,
    NotWellFormedError,
    UnsupportedEncodingError,
    parse_document,
)
from openvman.wire.cimxml.errors import CIMErrorToken, ProtocolError, RequestError
from openvman.wire.cimxml.lexical import parse_boolean


@dataclass(frozen=True, slots=True)
class Message:
    """A simple operation request; the response repeats its id (DSP0201 5.2.6.1 MESSAGE)."""

    id: str
    protocol_version: str
    request: Call | MethodCall


def decode_request(body: bytes, *, charset: str | None = None, limits: Limits = LIMITS) -> Message:
    """The message in ``body``; ``charset`` is the Content-Type's, None when it has none.

    Raises :class:`ProtocolError` or :class:`RequestError`, nothing else.
    """
    try:
        root = parse_document(body, charset, limits)
    except UnsupportedEncodingError as error:
        raise ProtocolError(415, None, str(error)) from None
    except NotWellFormedError as error:
        raise ProtocolError(400, "request-not-well-formed", str(error)) from None
    message = _message(root)
    id = _attribute(message, "ID")
    version = _version(message, "PROTOCOLVERSION", "1", "unsupported-protocol-version")
    call = _only(_only(message, "SIMPLEREQ"), "IMETHODCALL", "METHODCALL")
    name = _attribute(call, "NAME")
    is_extrinsic = call.tag == "METHODCALL"
    try:
        request = _method_call(call, name, limits) if is_extrinsic else _intrinsic_call(call, name, limits)
    except CIMError as error:
        raise RequestError(id, name, is_extrinsic=is_extrinsic, error=error) from None
    return Message(id, version, request)


def decode_embedded(text: str, limits: Limits = LIMITS) -> Instance:
    """The instance in a string that holds ``<INSTANCE ...>`` text; CIMError INVALID_PARAMETER when it holds none."""
    found = values.embedded(text, Depth(limits))
    if found is None:
        raise CIMError(cimxml.EMBEDDED_NOTHING)
    return found


# --- the message ----------------------------------------------------------------------------------------------------


def _message(root: Element) -> Element:
    if root.tag != "CIM":
        raise ProtocolError(400, "request-not-valid", "the root element is not CIM")
    _version(root, "CIMVERSION", "2", "unsupported-cim-version")
    _version(root, "DTDVERSION", "2", "unsupported-dtd-version")
    message = _only(root, "MESSAGE")
    if len(message) == 1 and message[0].tag == "MULTIREQ":
        raise ProtocolError(501, "multiple-requests-unsupported", "send one SIMPLEREQ a message")
    return message


def _attribute(element: Element, name: str) -> str:
    found = element.get(name)
    if found is None:
        raise ProtocolError(400, "request-not-valid", f"the {element.tag} element lacks its {name} attribute")
    return found


def _version(element: Element, name: str, major: str, refusal: CIMErrorToken) -> str:
    found = _attribute(element, name)
    if found.partition(".")[0] != major:
        raise ProtocolError(501, refusal, f"{name} {found[:20]!r} is not supported: send {major}.0")
    return found


def _only(element: Element, *tags: str) -> Element:
    if len(element) != 1 or element[0].tag not in tags:
        raise ProtocolError(400, "request-not-valid", f"the {element.tag} element must hold one {' or '.join(tags)}")
    return element[0]


# --- intrinsic operations -------------------------------------------------------------------------------------------


def _intrinsic_call(call: Element, name: str, limits: Limits) -> Call:
    operation = OPERATIONS.get(name)
    if operation is None:
        raise CIMError(cimxml.NO_OPERATION, name=name)
    if not len(call):
        raise CIMError(cimxml.PART_MISSING, tag="IMETHODCALL", name=name, part="LOCALNAMESPACEPATH")
    namespace = values.namespace(call[0])
    depth = Depth(limits)
    given: list[tuple[str, Value]] = []
    for element in list(call)[1:]:
        if element.tag != "IPARAMVALUE":
            raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="an IPARAMVALUE")
        given.append(_intrinsic_argument(operation, element, depth))
    arguments = NameMap(given)
    if len(arguments) != len(given):
        raise CIMError(cimxml.PARAMETER_TWICE, name=name)
    for required in operation.required:
        if arguments.get(required) is None:
            raise CIMError(requests.PARAMETER_MISSING, operation=name, name=required)
    return Call(operation, namespace, arguments)


def _intrinsic_argument(operation: Operation, element: Element, depth: Depth) -> tuple[str, Value]:
    name = values.attribute(element, "NAME")
    parameter = operation.parameters.get(name)
    if parameter is None:
        raise CIMError(requests.NO_PARAMETER, operation=operation.name, name=name)
    if not len(element):
        if (element.text or "").strip():
            raise CIMError(cimxml.TEXT_OUTSIDE, name=name, operation=operation.name)
        return parameter.name, None
    try:
        return parameter.name, _KINDS[parameter.kind](values.only_child(element), depth)
    except CIMError as error:
        raise error.within(f"the parameter {name} of {operation.name}") from None


def _boolean(element: Element, _depth: Depth) -> bool:
    try:
        return parse_boolean(_string(element, _depth))
    except ValueError as error:
        raise CIMError(cimxml.BAD_VALUE, where="the value", reason=error) from None


def _string(element: Element, _depth: Depth) -> str:
    if element.tag != "VALUE":
        raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="a VALUE")
    return values.text_of(element)


def _uint32(element: Element, depth: Depth) -> int:
    return int(values.scalar(_string(element, depth), "uint32", "the value"))


def _property_list(element: Element, _depth: Depth) -> tuple[str, ...]:
    if element.tag != "VALUE.ARRAY":
        raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="a VALUE.ARRAY")
    names = values.value_array(element, "string", "the property list")
    if None in names:
        raise CIMError(cimxml.NULL_NAME)
    return names


def _property_value(element: Element, _depth: Depth) -> Value:
    if element.tag == "VALUE.ARRAY":
        return values.value_array(element, None, "the value")
    if element.tag == "VALUE.REFARRAY":
        return values.reference_array(element)
    return values.reference(element) if element.tag == "VALUE.REFERENCE" else _string(element, _depth)


_KINDS: Final[dict[Kind, Callable[[Element, Depth], Value]]] = {
    Kind.BOOLEAN: _boolean,
    Kind.STRING: _string,
    Kind.UINT32: _uint32,
    Kind.CLASS_NAME: lambda element, _depth: values.class_name(element),
    Kind.INSTANCE_NAME: lambda element, _depth: values.instance_path(element),
    Kind.OBJECT_NAME: lambda element, _depth: values.path(element),
    Kind.PROPERTY_LIST: _property_list,
    Kind.NEW_INSTANCE: values.instance,
    Kind.MODIFIED_INSTANCE: values.named_instance,
    Kind.CLASS: lambda element, _depth: declarations.class_declaration(element),
    Kind.QUALIFIER: lambda element, _depth: declarations.qualifier_declaration(element),
    Kind.PROPERTY_VALUE: _property_value,
}


# --- extrinsic methods ----------------------------------------------------------------------------------------------


def _method_call(call: Element, name: str, limits: Limits) -> MethodCall:
    if not len(call):
        raise CIMError(cimxml.PART_MISSING, tag="METHODCALL", name=name, part="target")
    depth = Depth(limits)
    given: list[tuple[str, Argument]] = []
    for element in list(call)[1:]:
        if element.tag != "PARAMVALUE":
            raise CIMError(cimxml.MISPLACED, tag=element.tag, wanted="a PARAMVALUE")
        given.append((values.attribute(element, "NAME"), _argument(element, depth)))
    arguments = NameMap(given)
    if len(arguments) != len(given):
        raise CIMError(cimxml.PARAMETER_TWICE, name=name)
    return MethodCall(name, _target(call[0]), arguments)


def _target(element: Element) -> InstancePath | ClassPath:
    if element.tag not in ("LOCALINSTANCEPATH", "LOCALCLASSPATH"):
        raise CIMError(cimxml.NO_TARGET)
    return values.path(element)


def _argument(element: Element, depth: Depth) -> Argument:
    """PARAMVALUE. Some servers' clients write TYPE for PARAMTYPE."""
    where = f"the parameter {values.attribute(element, 'NAME')}"
    type = values.type_of(element, "PARAMTYPE") or values.type_of(element)
    kind = values.embedded_kind(element)
    if not len(element):
        return Argument(None, type, embedded=kind)
    content = values.only_child(element)
    lexical = "string" if kind else type
    if content.tag == "VALUE.ARRAY":
        items = values.value_array(content, lexical, where)
        if kind:
            items = tuple(None if item is None else values.embedded(item, depth) for item in items)
        return Argument(items, type, is_array=True, embedded=kind)
    if content.tag == "VALUE.REFARRAY":
        return Argument(values.reference_array(content), "reference", is_array=True)
    if content.tag == "INSTANCE":
        return Argument(values.instance(content, depth), "string", embedded="instance")
    if content.tag in ("VALUE.REFERENCE", "INSTANCENAME", "CLASSNAME"):
        return Argument(values.path(content), "reference")
    text = values.value(content, lexical, where)
    return Argument(values.embedded(text, depth) if kind and text is not None else text, type, embedded=kind)
