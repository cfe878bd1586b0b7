"""An occurrence as an indication: the instance that is sent, but for filter name and sequence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import uuid4

from openvman.broker.indications.filters import Event, Matcher, Occurrence
from openvman.cim.datetime import CIMDateTime
from openvman.cim.plan import InstancePlan
from openvman.cim.uri import format_path
from openvman.cim.values import Instance, InstancePath, Property, Value
from openvman.mapping.bind import Bound

Encode: TypeAlias = Callable[[Instance], bytes]

_OBJECT_PATH: Final = 2
_STAMPS: Final = frozenset({"IndicationIdentifier", "IndicationTime"})


class Composer:
    """Composes indications. ``host_name`` is this server; ``now`` gives the time that indications bear."""

    def __init__(self, encode: Encode, host_name: str, now: Callable[[], datetime]) -> None:
        self._encode = encode
        self._host_name = host_name
        self._now = now

    def stamped(self, occurrence: Occurrence) -> Occurrence:
        """With what every indication has."""
        stamp = {
            "IndicationIdentifier": f"VMAN:{uuid4()}",
            "IndicationTime": CIMDateTime.from_datetime(self._now()),
        }
        return replace(occurrence, values={**occurrence.values, **stamp})

    def alert(self, path: InstancePath, values: Mapping[str, Value]) -> dict[str, Value]:
        """The properties of an alert about the instance at ``path``."""
        return {
            "AlertingManagedElement": format_path(path.within(path.namespace or "", self._host_name)),
            "AlertingElementFormat": _OBJECT_PATH,
            "EventTime": CIMDateTime.from_datetime(self._now()),
            "SystemCreationClassName": "CIM_ComputerSystem",
            "SystemName": self._host_name,
            "ProviderName": "openvman",
            **values,
        }

    def body(self, occurrence: Occurrence, matcher: Matcher) -> bytes:
        """The indication as ``matcher`` shows it."""
        values: dict[str, Value] = dict(occurrence.values)
        if matcher.bound is not None:
            values |= self._instances(occurrence, matcher, matcher.bound)
        return self._encode(
            Instance.of(
                matcher.class_name,
                (
                    _property(name, value)
                    for name, value in values.items()
                    if value is not None and (name in _STAMPS or matcher.shown.has(name))
                ),
            )
        )

    def _instances(self, occurrence: Occurrence, matcher: Matcher, bound: Bound) -> dict[str, Value]:
        shown, source = matcher.shown, bound.plan(matcher.namespace, _known(bound, matcher.shown.source))
        path = source.path(occurrence.source).within(matcher.namespace, self._host_name)
        values: dict[str, Value] = {
            "SourceInstanceModelPath": format_path(path),
            "SourceInstanceHost": self._host_name,
        }
        if shown.has("SourceInstance"):
            values["SourceInstance"] = _instance(source, occurrence.source)
        if occurrence.event is Event.MODIFICATION and shown.has("PreviousInstance"):
            previous = bound.plan(matcher.namespace, _known(bound, shown.previous))
            values["PreviousInstance"] = _instance(previous, occurrence.previous)
        return values


def _instance(plan: InstancePlan, obj: Any) -> Instance:
    """The object as it is embedded: without class origins, which would make up half of it."""
    values = ((column, column.get(obj)) for column in plan.columns)
    return Instance.of(
        plan.class_name,
        (
            Property(
                c.name,
                c.type,
                tuple(value) if c.is_array and value is not None else value,
                c.is_array,
                c.embedded,
                c.reference_class,
            )
            for c, value in values
        ),
    )


def _known(bound: Bound, properties: frozenset[str] | None) -> frozenset[str] | None:
    """Those of the properties that the class has: it bounds how many plans are kept."""
    return None if properties is None else properties & {name.lower() for name in bound.declaration.properties}


def _property(name: str, value: Value) -> Property:
    if isinstance(value, Instance):
        return Property(name, "string", value, embedded="object")
    items = value if isinstance(value, tuple) else (value,)
    return Property(name, _type(items), value, is_array=isinstance(value, tuple))


def _type(items: tuple[Any, ...]) -> Any:
    first = next((item for item in items if item is not None), "")
    if isinstance(first, bool):
        return "boolean"
    if isinstance(first, int):
        return "uint16"
    return "datetime" if isinstance(first, CIMDateTime) else "string"
