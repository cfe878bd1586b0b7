"""Method calls as a job remembers them, and back."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import Final

from openvman.cim.datetime import CIMDateTime
from openvman.cim.names import NameMap
from openvman.cim.operations import Argument, MethodAnswer, MethodCall
from openvman.cim.uri import format_path, parse_path
from openvman.cim.values import CIMType, ClassPath, Embedded, Instance, InstancePath, Property, Value
from openvman.mapping.bind import View
from openvman.mapping.declare import WriteOnly
from openvman.model.job import MethodRecord

_PARAMETERS: Final = "__MethodParameters"
"""The class name that CIM_InstMethodCall.MethodParameters has the parameters in."""

_DEPTH: Final = 8
"""How often references are followed: more often than anybody nests instances."""
_NOT_SHOWN: Final = "(not shown)"
_TYPES: Final[dict[type, CIMType]] = {bool: "boolean", int: "sint64", float: "real64", CIMDateTime: "datetime"}


def secrets_of(views: Sequence[View]) -> frozenset[str]:
    """The properties that clients may write and nobody reads, in lower case."""
    return frozenset(
        name.lower()
        for view in views
        for classmap in view.classes
        for name, source in classmap.properties.items()
        if isinstance(source, WriteOnly)
    )


@dataclass(frozen=True, slots=True)
class CallRecorder:
    """``encode`` and ``decode`` are the protocol's own form of an embedded instance.

    ``secrets`` are the names of properties that nobody reads: they are left out.
    """

    encode: Callable[[Instance], str]
    decode: Callable[[str], Instance]
    secrets: frozenset[str] = frozenset()

    def recorded(self, call: MethodCall) -> MethodRecord:
        given = [_property(name, each.type, each.value, each.embedded) for name, each in call.arguments.items()]
        shown = [replace(each, value=self._masked(each.value)) for each in given]
        whole, inputs = self._text(given), self._text(shown)
        return MethodRecord(
            target=format_path(call.target),
            method=call.method,
            inputs=inputs,
            whole=whole == inputs,
        )

    def _masked(self, value: Value) -> Value:
        match value:
            case tuple():
                return tuple(map(self._masked, value))
            case Instance():
                seen = (p for p in value.properties.values() if p.name.lower() not in self.secrets)
                return Instance.of(value.class_name, (replace(p, value=self._masked(p.value)) for p in seen))
            case str() if self._may_tell(value):
                return _NOT_SHOWN
        return value

    def _may_tell(self, text: str) -> bool:
        """Whether the text may be an instance with a secret: as MOF, or as XML, which may say any name by references
        to characters, and in an instance within another by references to references.
        """
        for _ in range(_DEPTH):
            if any(name in text.lower() for name in self.secrets):
                return True
            if text == (plain := unescape(text)):
                return False
            text = plain
        return True

    def answered(self, record: MethodRecord, answer: MethodAnswer) -> MethodRecord:
        given = (_property(each.name, each.type, each.value, each.embedded) for each in answer.outputs)
        return replace(record, outputs=self._text(given), returned=answer.return_value)

    def call(self, record: MethodRecord) -> MethodCall:
        """The call again."""
        arguments = NameMap(
            (name, Argument(each.value, each.type, each.is_array, each.embedded))
            for name, each in self.decode(record.inputs).properties.items()
        )
        return MethodCall(record.method, parse_path(record.target), arguments)

    def _text(self, properties: Iterable[Property]) -> str:
        return self.encode(Instance.of(_PARAMETERS, properties))


def _property(name: str, type: CIMType | None, value: Value, embedded: Embedded | None) -> Property:
    """References stand there as the text of their paths, as CIM_InstMethodCall.MethodParameters wants it."""
    if isinstance(value, tuple):
        items = [_plain(item) for item in value]
        return Property(name, _type(type, items), tuple(items), is_array=True, embedded=_embedded(embedded, items))
    plain = _plain(value)
    return Property(name, _type(type, [plain]), plain, embedded=_embedded(embedded, [plain]))


def _plain(value: Value) -> Value:
    if isinstance(value, Instance):
        given = (_property(each.name, each.type, each.value, each.embedded) for each in value.properties.values())
        return Instance.of(value.class_name, given)
    return format_path(value) if isinstance(value, InstancePath | ClassPath) else value


def _type(type: CIMType | None, items: list[Value]) -> CIMType:
    """The type that was said, else the one that the values show."""
    if type not in (None, "reference"):
        return type
    shown = {builtins.type(item) for item in items if item is not None}
    return next((cim for python, cim in _TYPES.items() if python in shown), "string")


def _embedded(embedded: Embedded | None, items: list[Value]) -> Embedded | None:
    return embedded or ("instance" if any(isinstance(item, Instance) for item in items) else None)
