"""CIM values from and to the command line. Imports pywbem."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import click
import pywbem

from openvman.cli import output
from openvman.cli.texts import harmless
from openvman.client.errors import ClientError, Reason
from openvman.client.session import Session


def parse_path(session: Session, text: str) -> Any:
    """The instance path that ``CLASS.KEY="VALUE"`` or a WBEM URI names, or the class's only instance."""
    if "." not in text and "=" not in text:
        return _only_instance(session, text)
    try:
        path = pywbem.CIMInstanceName.from_wbem_uri(text)
    except ValueError as error:
        raise ClientError(
            Reason.USAGE, f"'{text}' is not an instance path; it looks like VMAN_HostSystem.Name=\"…\",…"
        ) from error
    path.host = None
    path.namespace = path.namespace or session.target.namespace
    return path


def _only_instance(session: Session, class_name: str) -> Any:
    found = session.enumerate(class_name, [])
    if len(found) != 1:
        listed = "".join(f"\n  {_short(instance.path)}" for instance in found[:20])
        raise ClientError(Reason.NOT_FOUND, f"{class_name} has {len(found)} instances; say which by its path.{listed}")
    return found[0].path


def parse_parameters(session: Session, target: Any, method: str, texts: Sequence[str]) -> list[tuple[str, Any]]:
    """Parameters of a method from ``NAME=VALUE``, typed as its class declares them."""
    declared = session.get_class(target.classname).methods.get(method)
    if declared is None:
        raise ClientError(Reason.NOT_FOUND, f"{target.classname} has no method {method}.")
    given: dict[str, list[str]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name not in declared.parameters:
            known = ", ".join(declared.parameters) or "none"
            raise click.UsageError(f"'{text}' is not NAME=VALUE of a parameter of {method}; it has: {known}.")
        given.setdefault(name, []).append(value)
    return [(name, _typed(session, declared.parameters[name], values)) for name, values in given.items()]


def _typed(session: Session, parameter: Any, texts: list[str]) -> Any:
    if not parameter.is_array and len(texts) > 1:
        raise click.UsageError(f"{parameter.name} is not an array; say it once.")
    values = [_value(session, parameter, text) for text in texts]
    return values if parameter.is_array else values[0]


def _value(session: Session, parameter: Any, text: str) -> Any:
    kind = parameter.reference_class if parameter.type == "reference" else parameter.type
    try:
        if parameter.type == "reference":
            return parse_path(session, text)
        if parameter.type == "boolean":
            return {"true": True, "false": False}[text.lower()]
        if parameter.type in ("string", "char16", "datetime"):
            return pywbem.cimvalue(text, parameter.type)
        if parameter.type.startswith("real"):
            return pywbem.cimvalue(float(text), parameter.type)
        return pywbem.cimvalue(int(text, 0), parameter.type)
    except (ValueError, KeyError) as error:
        raise click.UsageError(f"{parameter.name}: '{text}' is not a {kind}.") from error


def print_paths(paths: Iterable[Any], as_json: bool) -> None:
    texts = [_short(path) for path in paths]
    if as_json:
        output.emit_json(texts)
    else:
        for text in texts:
            output.say(text)


def print_instances(instances: Sequence[Any], as_json: bool) -> None:
    """As MOF-like blocks without the empty properties, or as JSON with all of them."""
    if as_json:
        output.emit_json([plain(instance) for instance in instances])
        return
    for number, instance in enumerate(instances):
        if number:
            output.say("")
        said = [(p.name, shown(p.value)) for p in instance.properties.values() if p.value is not None]
        output.facts(said, title=_short(instance.path) if instance.path else instance.classname, indent=2)


def plain(value: Any) -> Any:
    """A CIM value as JSON: integers and booleans as they are, references as path texts, instances as objects."""
    if isinstance(value, pywbem.CIMInstance):
        told = {name: plain(item) for name, item in value.items()}
        return {"class": value.classname, "path": _short(value.path) if value.path else None, "properties": told}
    if isinstance(value, pywbem.CIMInstanceName):
        return _short(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, pywbem.CIMFloat):
        return float(value)
    if isinstance(value, int):
        return int(value)
    return str(value)


def shown(value: Any) -> Any:
    """A CIM value for a person."""
    if isinstance(value, list):
        return ", ".join(harmless(str(plain(item))) for item in value)
    return harmless(str(plain(value)))


def _short(path: Any) -> str:
    """``CLASS.KEY="VALUE"`` without host and namespace."""
    bare = path.copy()
    bare.host = bare.namespace = None
    text: str = bare.to_wbem_uri(format="cimobject")
    return text.removeprefix(":")
