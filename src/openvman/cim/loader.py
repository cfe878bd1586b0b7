"""Loads the packaged schema (``cim/schema/*.mof``) as a class graph, from a cache file where one is good.

The cache holds what the compiler made of the MOF files, under a name that is a hash of their texts and of the code that
compiles and stores them: a changed file or program finds no cache rather than a wrong one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from openvman.cim.datetime import CIMDateTime
from openvman.cim.declarations import (
    Class,
    MethodDeclaration,
    ParameterDeclaration,
    PropertyDeclaration,
    Qualifier,
    QualifierType,
)
from openvman.cim.graph import ClassGraph
from openvman.cim.names import NameMap
from openvman.cim.resolve import resolve
from openvman.cim.values import CIMType, Value

SCHEMA_DIRECTORY: Final = Path(__file__).parent / "schema"
_FIRST: Final = "qualifiers.mof"
_CODE: Final = tuple(Path(__file__).with_name(name) for name in ("loader.py", "compiler.py"))
_INCLUDE: Final = re.compile(rb'#pragma\s+include\s*\(\s*"([^"\n]+)"', re.IGNORECASE)
_DIGEST_SIZE: Final = hashlib.sha256().digest_size

_Compiled = tuple[Sequence[Class], Sequence[QualifierType]]


def load_schema(extra: Sequence[Path] = ()) -> ClassGraph:
    """The packaged schema, with the declarations of more MOF files added (one of the same name replaces the packaged).

    :class:`openvman.cim.resolve.SchemaError` when an extra file is not MOF, or names classes that are nowhere;
    OSError when it cannot be read.
    """
    packaged = sorted(SCHEMA_DIRECTORY.glob("*.mof"), key=lambda file: (file.name != _FIRST, file.name))
    files = [*packaged, *extra]
    cache = _cache_file(files)
    compiled = None if cache is None else _read(cache)
    if compiled is None:
        # pywbem is slow to import, and a good cache has no need of it
        from openvman.cim.compiler import compile_mof  # noqa: PLC0415

        compiled = compile_mof(files)
        if cache is not None:
            _write(cache, compiled)
    return resolve(*compiled)


def cache_directory() -> Path | None:
    """Where the cache is kept (XDG Base Directory Specification); None when there is no home directory."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if base and Path(base).is_absolute():  # a relative one is to be ignored, says the specification
        return Path(base) / "openvman"
    try:
        return Path.home() / ".cache" / "openvman"
    except RuntimeError:
        return None


def _cache_file(files: Iterable[Path]) -> Path | None:
    directory = cache_directory()
    if directory is None:
        return None
    digest = hashlib.sha256()
    for file in (*_CODE, *_with_included(files)):
        text = file.read_bytes()
        digest.update(f"/{file.name}/{len(text)}/".encode())
        digest.update(text)
    return directory / f"schema-{digest.hexdigest()[:32]}.msgpack"


def _with_included(files: Iterable[Path]) -> Iterable[Path]:
    """The files and all that they include, each once; one that is missing is left for the compiler to report."""
    found: dict[Path, None] = {}
    pending = list(files)
    while pending:
        file = pending.pop()
        if file not in found and file.is_file():
            found[file] = None
            pending += (file.parent / name.decode() for name in _INCLUDE.findall(file.read_bytes()))
    return found


def _read(cache: Path) -> _Compiled | None:
    """What the cache holds; None when it is absent, unreadable, or damaged, as its digest shows."""
    try:
        content = cache.read_bytes()
    except OSError:
        return None
    digest, payload = content[:_DIGEST_SIZE], content[_DIGEST_SIZE:]
    if hashlib.sha256(payload).digest() != digest:
        return None
    stored = _DECODER.decode(payload)
    return [_from_class(c) for c in stored.classes], [_from_qualifier_type(q) for q in stored.qualifier_types]


def _write(cache: Path, compiled: _Compiled) -> None:
    """Written beside and renamed, so that no reader sees half a file. A read-only or full disk costs only time."""
    classes, qualifier_types = compiled
    payload = msgspec.msgpack.encode(
        _Schema([_to_class(c) for c in classes], [_to_qualifier_type(q) for q in qualifier_types])
    )
    with contextlib.suppress(OSError):
        cache.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=cache.parent, prefix=cache.stem, delete=False) as file:
            try:
                file.write(hashlib.sha256(payload).digest() + payload)
                file.close()
                Path(file.name).replace(cache)
            except OSError:
                Path(file.name).unlink(missing_ok=True)
                raise


# The stored form: arrays instead of named fields, and only what a compiled declaration can say.


class _Qualifier(msgspec.Struct, array_like=True):
    name: str
    type: CIMType
    value: Any
    flavors: tuple[bool | None, bool | None, bool | None, bool | None]


class _QualifierType(msgspec.Struct, array_like=True):
    name: str
    type: CIMType
    is_array: bool
    default: Any
    scopes: list[str]
    flavors: tuple[bool | None, bool | None, bool | None, bool | None]


class _Parameter(msgspec.Struct, array_like=True):
    name: str
    type: CIMType
    is_array: bool
    array_size: int | None
    reference_class: str | None
    qualifiers: list[_Qualifier]


class _Property(_Parameter, array_like=True):
    default: Any


class _Method(msgspec.Struct, array_like=True):
    name: str
    return_type: CIMType
    parameters: list[_Parameter]
    qualifiers: list[_Qualifier]


class _Class(msgspec.Struct, array_like=True):
    name: str
    superclass: str | None
    properties: list[_Property]
    methods: list[_Method]
    qualifiers: list[_Qualifier]


class _Schema(msgspec.Struct, array_like=True):
    classes: list[_Class]
    qualifier_types: list[_QualifierType]


_DECODER: Final = msgspec.msgpack.Decoder(_Schema)


def _to_value(value: Value) -> Any:
    if isinstance(value, tuple):
        return [_to_value(item) for item in value]
    return value.text if isinstance(value, CIMDateTime) else value


def _from_value(value: Any, type_: CIMType) -> Value:
    if isinstance(value, list):
        return tuple(_from_value(item, type_) for item in value)
    return CIMDateTime(value) if type_ == "datetime" and value is not None else value


def _to_qualifiers(qualifiers: NameMap[Qualifier]) -> list[_Qualifier]:
    return [
        _Qualifier(q.name, q.type, _to_value(q.value), (q.overridable, q.tosubclass, q.toinstance, q.translatable))
        for q in qualifiers.values()
    ]


def _from_qualifiers(stored: list[_Qualifier]) -> NameMap[Qualifier]:
    return NameMap(
        (q.name, Qualifier(q.name, q.type, _from_value(q.value, q.type), isinstance(q.value, list), False, *q.flavors))
        for q in stored
    )


def _to_qualifier_type(q: QualifierType) -> _QualifierType:
    flavors = (q.overridable, q.tosubclass, q.toinstance, q.translatable)
    return _QualifierType(q.name, q.type, q.is_array, _to_value(q.default), list(q.scopes), flavors)


def _from_qualifier_type(q: _QualifierType) -> QualifierType:
    scopes = NameMap((scope, True) for scope in q.scopes)
    return QualifierType(q.name, q.type, q.is_array, _from_value(q.default, q.type), scopes, *q.flavors)


def _to_parameter(p: ParameterDeclaration) -> _Parameter:
    return _Parameter(p.name, p.type, p.is_array, p.array_size, p.reference_class, _to_qualifiers(p.qualifiers))


def _from_parameter(p: _Parameter) -> ParameterDeclaration:
    return ParameterDeclaration(
        p.name, p.type, p.is_array, p.array_size, p.reference_class, _from_qualifiers(p.qualifiers)
    )


def _to_class(cls: Class) -> _Class:
    properties = [
        _Property(
            p.name,
            p.type,
            p.is_array,
            p.array_size,
            p.reference_class,
            _to_qualifiers(p.qualifiers),
            _to_value(p.default),
        )
        for p in cls.properties.values()
    ]
    methods = [
        _Method(m.name, m.return_type, [_to_parameter(p) for p in m.parameters.values()], _to_qualifiers(m.qualifiers))
        for m in cls.methods.values()
    ]
    return _Class(cls.name, cls.superclass, properties, methods, _to_qualifiers(cls.qualifiers))


def _from_class(cls: _Class) -> Class:
    return Class(
        cls.name,
        cls.superclass,
        NameMap((p.name, _from_property(p)) for p in cls.properties),
        NameMap((m.name, _from_method(m)) for m in cls.methods),
        _from_qualifiers(cls.qualifiers),
    )


def _from_property(p: _Property) -> PropertyDeclaration:
    return PropertyDeclaration(
        p.name,
        p.type,
        p.is_array,
        p.array_size,
        _from_value(p.default, p.type),
        p.reference_class,
        qualifiers=_from_qualifiers(p.qualifiers),
    )


def _from_method(m: _Method) -> MethodDeclaration:
    parameters = NameMap((p.name, _from_parameter(p)) for p in m.parameters)
    return MethodDeclaration(m.name, m.return_type, parameters, qualifiers=_from_qualifiers(m.qualifiers))
