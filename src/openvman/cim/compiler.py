"""Compiles MOF files with pywbem's MOF compiler into class values that hold what each class itself says.

For files of the owner's choice only: ``#pragma include`` reads files. MOF from a client goes to
:func:`openvman.cim.mof.parse_instance`. Importing this module imports pywbem, which is slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pywbem

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
from openvman.cim.resolve import SchemaError
from openvman.cim.values import Value

_NAMESPACE = "root"


def compile_mof(files: Sequence[Path]) -> tuple[list[Class], list[QualifierType]]:
    """The classes and qualifier types of the files, in order; a later declaration of a name replaces an earlier one.

    SchemaError where the text is not MOF or holds instances; OSError when a file cannot be read.
    """
    repository = _Repository()
    compiler = pywbem.MOFCompiler(repository, log_func=None)
    for file in files:
        try:
            compiler.compile_file(str(file), _NAMESPACE)
        except pywbem.MOFCompileError as error:
            raise SchemaError(f"{file}: {error}") from error
    return list(repository.classes.values()), list(repository.qualifier_types.values())


class _Repository(pywbem.BaseRepositoryConnection):  # type: ignore[misc]  # pywbem has no types
    """What the compiler creates goes into two dictionaries; names are checked when the schema is resolved."""

    def __init__(self) -> None:
        self.classes: dict[str, Class] = {}
        self.qualifier_types: dict[str, QualifierType] = {}
        self._declared: dict[str, Any] = {}

    def _getns(self) -> str:
        return _NAMESPACE

    def _setns(self, value: str) -> None:
        """One namespace only: a ``#pragma namespace`` changes nothing."""

    default_namespace = property(_getns, _setns)

    def CreateClass(self, NewClass: Any, namespace: str | None = None) -> None:  # noqa: N802, N803, ARG002
        cls = _class(NewClass)
        self.classes[cls.name.lower()] = cls

    def SetQualifier(self, QualifierDeclaration: Any, namespace: str | None = None) -> None:  # noqa: N802, N803, ARG002
        folded = QualifierDeclaration.name.lower()
        self._declared[folded] = QualifierDeclaration
        self.qualifier_types[folded] = _qualifier_type(QualifierDeclaration)

    def EnumerateQualifiers(self, namespace: str | None = None) -> list[Any]:  # noqa: N802, ARG002
        return list(self._declared.values())

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise pywbem.CIMError(pywbem.CIM_ERR_NOT_SUPPORTED, "a schema holds classes and qualifier types only")

    GetClass = ModifyClass = DeleteClass = GetQualifier = DeleteQualifier = _refuse
    EnumerateInstanceNames = CreateInstance = ModifyInstance = DeleteInstance = _refuse


def _class(cls: Any) -> Class:
    return Class(
        cls.classname,
        cls.superclass,
        NameMap((p.name, _property(p)) for p in cls.properties.values()),
        NameMap((m.name, _method(m)) for m in cls.methods.values()),
        _qualifiers(cls),
    )


def _property(item: Any) -> PropertyDeclaration:
    return PropertyDeclaration(
        item.name,
        item.type,
        bool(item.is_array),
        item.array_size,
        _value(item.value),
        item.reference_class,
        qualifiers=_qualifiers(item),
    )


def _method(item: Any) -> MethodDeclaration:
    parameters = NameMap(
        (
            p.name,
            ParameterDeclaration(p.name, p.type, bool(p.is_array), p.array_size, p.reference_class, _qualifiers(p)),
        )
        for p in item.parameters.values()
    )
    return MethodDeclaration(item.name, item.return_type, parameters, qualifiers=_qualifiers(item))


def _qualifiers(element: Any) -> NameMap[Qualifier]:
    return NameMap(
        (
            q.name,
            Qualifier(
                q.name,
                q.type,
                _value(q.value),
                isinstance(q.value, list),
                overridable=q.overridable,
                tosubclass=q.tosubclass,
                toinstance=q.toinstance,
                translatable=q.translatable,
            ),
        )
        for q in element.qualifiers.values()
    )


def _qualifier_type(declaration: Any) -> QualifierType:
    return QualifierType(
        declaration.name,
        declaration.type,
        bool(declaration.is_array),
        _value(declaration.value),
        NameMap((scope, bool(on)) for scope, on in declaration.scopes.items() if on),
        declaration.overridable,
        declaration.tosubclass,
        declaration.toinstance,
        declaration.translatable,
    )


def _value(value: Any) -> Value:
    """pywbem's value as ours: plain numbers, arrays as tuples."""
    if isinstance(value, list):
        return tuple(_value(item) for item in value)
    if isinstance(value, pywbem.CIMDateTime):
        return CIMDateTime(str(value))
    if isinstance(value, pywbem.CIMFloat):
        return float(value)
    if isinstance(value, pywbem.CIMInt):
        return int(value)
    return value
