"""Object paths as text, both ways: untyped WBEM URIs (DSP0207) and the historical form without leading slash.

Text does not say the type of a quoted key: it stays text here, and :func:`openvman.cim.convert.typed_path` types it
from the class.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from openvman.cim.datetime import CIMDateTime
from openvman.cim.literals import parse_integer, parse_real
from openvman.cim.names import NameMap
from openvman.cim.values import ClassPath, InstancePath, Value

PathForm: TypeAlias = Literal["standard", "historical"]

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?=/)")
_AUTHORITY: Final = re.compile(r"[\w.:@\[\]%-]+")
_NAMESPACE: Final = re.compile(r"[\w-]+(?:/[\w-]+)*")
_NAME: Final = re.compile(r"\w+")
_KEY: Final = re.compile(r"(\w+)=")
_DOUBLE_QUOTED: Final = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_SINGLE_QUOTED: Final = re.compile(r"'([^'\\]*(?:\\.[^'\\]*)*)'", re.DOTALL)
_BARE: Final = re.compile(r"[^,\"'\\]+")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_SINGLETON: Final = "=@"
_SHOWN: Final = 80


class PathError(ValueError):
    """The text is not an object path; the message says where it stops being one."""


def format_path(path: InstancePath | ClassPath, *, form: PathForm = "standard") -> str:
    """The path as an untyped WBEM URI, keys in the order of their names.

    The historical form has no slash before a namespace without host and no colon before a class without namespace.
    """
    parts: list[str] = []
    if path.host is not None:
        parts.append(f"//{path.host}/")
    elif form == "standard":
        parts.append("/")
    if path.namespace is not None:
        parts.append(path.namespace)
    if path.namespace is not None or form == "standard":
        parts.append(":")
    parts.append(path.class_name)
    if isinstance(path, InstancePath):
        bindings = ",".join(f"{name}={_format_key(path.keys[name], form)}" for name in sorted(path.keys))
        parts.append(f".{bindings}" if bindings else _SINGLETON)
    return "".join(parts)


def parse_path(text: str) -> InstancePath | ClassPath:
    """The path that ``text`` writes: quoted keys as str, other keys as bool, int or float. PathError when it is none.

    Takes ``https://host:port/ns:Class.key="v"``, ``//host/ns:Class``, ``/ns:Class``, ``ns:Class``, ``:Class`` and
    ``Class``; the scheme is dropped.
    """
    host, start = _parse_authority(text)
    dot = text.find(".", start)
    head = text[start : len(text) if dot < 0 else dot]
    singleton = dot < 0 and head.endswith(_SINGLETON)
    namespace, class_name = _parse_head(text, head.removesuffix(_SINGLETON) if singleton else head)
    if singleton:
        return InstancePath(class_name, NameMap(), namespace, host)
    if dot < 0:
        return ClassPath(class_name, namespace, host)
    return InstancePath(class_name, _parse_keys(text, dot + 1), namespace, host)


def _format_key(value: Value, form: PathForm) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, InstancePath | ClassPath):
        value = format_path(value, form=form)
    elif isinstance(value, CIMDateTime):
        value = value.text
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _parse_authority(text: str) -> tuple[str | None, int]:
    """The host, and where the namespace begins."""
    scheme = _SCHEME.match(text)
    start = scheme.end() if scheme else 0
    if not text.startswith("//", start):
        return None, start
    slash = text.find("/", start + 2)
    authority = text[start + 2 : slash]
    if slash < 0 or not _AUTHORITY.fullmatch(authority):
        raise PathError(f"{_shown(text)} is not an object path: '//' wants a host and a '/' after it")
    return authority, slash


def _parse_head(text: str, head: str) -> tuple[str | None, str]:
    namespace, _, class_name = head.removeprefix("/").rpartition(":")
    if not _NAME.fullmatch(class_name):
        raise PathError(f"{_shown(text)} is not an object path: a class name is expected after namespace and ':'")
    if namespace and not _NAMESPACE.fullmatch(namespace):
        raise PathError(f"{_shown(text)} is not an object path: {_shown(namespace)} is not a namespace name")
    return namespace or None, class_name


def _parse_keys(text: str, position: int) -> NameMap[Value]:
    keys: list[tuple[str, Value]] = []
    seen: set[str] = set()
    while True:
        name = _KEY.match(text, position)
        if name is None:
            raise PathError(f"{_shown(text)} is not an object path: key=value is expected at character {position + 1}")
        if name[1].lower() in seen:
            raise PathError(f"{_shown(text)} is not an object path: key {name[1]} stands there twice")
        seen.add(name[1].lower())
        value, position = _parse_key_value(text, name[1], name.end())
        keys.append((name[1], value))
        if position == len(text):
            return NameMap(keys)
        if text[position] != ",":
            raise PathError(f"{_shown(text)} is not an object path: ',' is expected at character {position + 1}")
        position += 1


def _parse_key_value(text: str, key: str, position: int) -> tuple[Value, int]:
    if quoted := _DOUBLE_QUOTED.match(text, position):
        return _ESCAPED.sub(r"\1", quoted[1]), quoted.end()
    if quoted := _SINGLE_QUOTED.match(text, position):
        character = _ESCAPED.sub(r"\1", quoted[1])
        if len(character) != 1:
            raise PathError(f"{_shown(text)} is not an object path: '' holds one character, in key {key}")
        return character, quoted.end()
    if bare := _BARE.match(text, position):
        value = _bare_value(bare[0])
        if value is not None:
            return value, bare.end()
    raise PathError(
        f'{_shown(text)} is not an object path: the value of key {key} is neither "quoted" nor a number or boolean'
    )


def _bare_value(text: str) -> bool | int | float | str | None:
    folded = text.lower()
    if folded in ("true", "false"):
        return folded == "true"
    integer = parse_integer(text)
    if integer is not None:
        return integer
    real = parse_real(text)
    if real is not None:
        return real
    try:  # DSP0207 wants quotes around a datetime; older clients leave them out
        return CIMDateTime(text).text
    except ValueError:
        return None


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
