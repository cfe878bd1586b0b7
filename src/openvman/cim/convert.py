"""Values of any origin to typed CIM values (DSP0004 5.2): text from CIM-XML and key bindings, Python values, JSON.

What cannot be the type is CIM_ERR_TYPE_MISMATCH; what is of the type but outside its bounds, and a path with wrong
keys, is CIM_ERR_INVALID_PARAMETER.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from openvman.cim.datetime import CIMDateTime
from openvman.cim.declarations import PropertyDeclaration
from openvman.cim.errors import CIMError
from openvman.cim.graph import ClassGraph
from openvman.cim.literals import parse_integer, parse_real
from openvman.cim.names import NameMap
from openvman.cim.uri import PathError, parse_path
from openvman.cim.values import INTEGER_RANGES, CIMType, ClassPath, Embedded, Instance, InstancePath, Value
from openvman.messages import values

_SHOWN: Final = 60
_MAX_CHAR16: Final = 0xFFFF
_MAX_REAL32: Final = float.fromhex("0x1.fffffep+127")
_BOOLEANS: Final = {"true": True, "false": False}


def convert(value: Any, type: CIMType, *, is_array: bool = False, embedded: Embedded | None = None, what: str) -> Value:
    """``value`` as the typed value that :mod:`openvman.cim.values` describes; None stays None.

    ``what`` names the element in the error. An array takes a list or tuple, whose items may be None. ``embedded``
    lets a string element take an :class:`Instance` as well.
    """
    if value is None:
        return None
    if is_array:
        if not isinstance(value, list | tuple):
            raise _mismatch(what, value, f"it is an array of {type}")
        return tuple(
            None if item is None else _convert_one(item, type, embedded, f"{what}[{index}]")
            for index, item in enumerate(value)
        )
    return _convert_one(value, type, embedded, what)


def typed_path(graph: ClassGraph, path: InstancePath, *, ignore_unknown: bool = False) -> InstancePath:
    """``path`` with its key values typed as its class declares them, names spelt and ordered as the class has them.

    A reference key given as text is parsed, and one without namespace is in the namespace of the path. An only key may
    come without its name (see :class:`InstancePath`). CIMError
    INVALID_PARAMETER for a missing key, an unknown one (unless ``ignore_unknown``) or a NULL; TYPE_MISMATCH as
    :func:`convert`. KeyError when the class is not in the graph: what that means is the caller's to say.
    """
    cls = graph[path.class_name]
    declared = graph.keys(path.class_name)
    given = path.keys
    if len(declared) == 1 and list(given) == [""]:
        given = NameMap({declared[0].name: given[""]})
    missing = [key.name for key in declared if key.name not in given]
    if missing:
        wanted = tuple(key.name for key in declared)
        raise CIMError(values.KEY_MISSING, class_name=cls.name, keys=wanted, missing=missing[0])
    if len(given) > len(declared) and not ignore_unknown:
        wanted = tuple(key.name for key in declared)
        names = {name.lower() for name in wanted}
        unknown = next(name for name in given if name.lower() not in names)
        raise CIMError(values.KEY_UNKNOWN, class_name=cls.name, keys=wanted, unknown=_shown(unknown))
    keys = NameMap((key.name, _key_value(graph, path, cls.name, key, given[key.name])) for key in declared)
    return InstancePath(cls.name, keys, path.namespace, path.host)


def _key_value(graph: ClassGraph, path: InstancePath, class_name: str, key: PropertyDeclaration, given: Value) -> Value:
    what = f"{class_name}.{key.name}"
    value = convert(given, key.type, what=what)
    if value is None:
        raise CIMError(values.KEY_NULL, what=what)
    if isinstance(value, InstancePath):
        if value.namespace is None:
            value = replace(value, namespace=path.namespace)
        if value.class_name in graph:
            value = typed_path(graph, value)
    return value


def _convert_one(value: Any, type_: CIMType, embedded: Embedded | None, what: str) -> Value:
    if type_ in INTEGER_RANGES:
        return _integer(value, type_, what)
    if embedded is not None and isinstance(value, Instance):
        return value
    return _CONVERTERS[type_](value, type_, what)


def _boolean(value: Any, type_: str, what: str) -> bool:
    if isinstance(value, str):
        value = _BOOLEANS.get(value.strip().lower(), value)
    if not isinstance(value, bool):
        raise _mismatch(what, value, f"{type_} takes true or false")
    return value


def _integer(value: Any, type_: str, what: str) -> int:
    least, most = INTEGER_RANGES[type_]
    number = parse_integer(value.strip()) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int):
        raise _mismatch(what, value, f"{type_} takes {least} to {most}")
    if not least <= number <= most:
        raise _invalid(what, value, f"{type_} takes {least} to {most}")
    return number


def _real(value: Any, type_: str, what: str) -> float:
    number = parse_real(value.strip()) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise _mismatch(what, value, f"{type_} takes a number, INF, -INF or NaN")
    try:
        real = float(number)
    except OverflowError:
        raise _invalid(what, value, f"{type_} takes numbers up to 1.8e308") from None
    if type_ == "real32" and _MAX_REAL32 < abs(real) < float("inf"):
        raise _invalid(what, value, "real32 takes numbers up to 3.4e38")
    return real


def _string(value: Any, type_: str, what: str) -> str:
    if not isinstance(value, str):
        raise _mismatch(what, value, f"{type_} takes text")
    return value


def _char16(value: Any, type_: str, what: str) -> str:
    text = _string(value, type_, what)
    if len(text) != 1 or ord(text) > _MAX_CHAR16:
        raise _invalid(what, value, "char16 takes one character of the Basic Multilingual Plane")
    return text


def _datetime(value: Any, type_: str, what: str) -> CIMDateTime:
    try:
        if isinstance(value, str):
            return CIMDateTime(value.strip())
        if isinstance(value, dt.datetime):
            return CIMDateTime.from_datetime(value)
        if isinstance(value, dt.timedelta):
            return CIMDateTime.from_timedelta(value)
    except ValueError as error:
        raise _mismatch(what, value, str(error)) from None
    if not isinstance(value, CIMDateTime):
        raise _mismatch(what, value, f"{type_} takes yyyymmddhhmmss.mmmmmm+ooo or ddddddddhhmmss.mmmmmm:000")
    return value


def _reference(value: Any, type_: str, what: str) -> InstancePath | ClassPath:
    if isinstance(value, str):
        try:
            return parse_path(value.strip())
        except PathError as error:
            raise _mismatch(what, value, str(error)) from None
    if not isinstance(value, InstancePath | ClassPath):
        raise _mismatch(what, value, f"{type_} takes an object path")
    return value


_CONVERTERS: Final[dict[str, Callable[[Any, str, str], Value]]] = {
    "boolean": _boolean,
    "string": _string,
    "char16": _char16,
    "real32": _real,
    "real64": _real,
    "datetime": _datetime,
    "reference": _reference,
}


def _shown(value: object) -> str:
    """The value for a message, cut short, and before it is written out where that would be long."""
    text = repr(value[: _SHOWN + 1] if isinstance(value, str) else value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _mismatch(what: str, value: object, rule: str) -> CIMError:
    return CIMError(values.MISMATCH, what=what, value=_shown(value), rule=rule)


def _invalid(what: str, value: object, rule: str) -> CIMError:
    return CIMError(values.OUT_OF_BOUNDS, what=what, value=_shown(value), rule=rule)
