"""Reads of classes and qualifier types (DSP0200 5.3.2.1, 5.3.2.9, 5.3.2.10, 5.3.2.25)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from openvman.broker.context import Context
from openvman.cim.declarations import Class, MethodDeclaration, ParameterDeclaration, PropertyDeclaration
from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.operations import Answer, Call
from openvman.messages import requests


def get_class(ctx: Context, call: Call) -> Answer:
    found = ctx.known_class(call.argument("ClassName"), requests.CLASS_NOT_FOUND)
    return Answer(_shown(found, call, call.argument("PropertyList")))


def _names(ctx: Context, call: Call) -> Iterator[str]:
    name = call.argument("ClassName")
    if name is not None:
        ctx.known_class(name)
    return ctx.view.graph.subclasses(name, deep=call.argument("DeepInheritance"))


def enumerate_classes(ctx: Context, call: Call) -> Answer:
    return Answer([_shown(ctx.view.graph[name], call, None) for name in _names(ctx, call)])


def enumerate_class_names(ctx: Context, call: Call) -> Answer:
    return Answer(list(_names(ctx, call)))


def get_qualifier(ctx: Context, call: Call) -> Answer:
    name = call.argument("QualifierName")
    found = ctx.view.graph.qualifier_types.get(name)
    if found is None:
        raise CIMError(requests.NO_QUALIFIER_TYPE, name=name)
    return Answer(found)


def enumerate_qualifiers(ctx: Context, _call: Call) -> Answer:
    return Answer(list(ctx.view.graph.qualifier_types.values()))


def shown_with_path(ctx: Context, name: str, call: Call) -> Class:
    """A class as the association operations show it: they know no LocalOnly."""
    return _filtered(
        ctx.view.graph[name],
        local_only=False,
        qualifiers=call.argument("IncludeQualifiers"),
        origin=call.argument("IncludeClassOrigin"),
        properties=call.argument("PropertyList"),
    )


def _shown(cls: Class, call: Call, properties: tuple[str, ...] | None) -> Class:
    return _filtered(
        cls,
        local_only=call.argument("LocalOnly"),
        qualifiers=call.argument("IncludeQualifiers"),
        origin=call.argument("IncludeClassOrigin"),
        properties=properties,
    )


def _filtered(
    cls: Class, *, local_only: bool, qualifiers: bool, origin: bool, properties: tuple[str, ...] | None
) -> Class:
    wanted = None if properties is None else {p.lower() for p in properties}

    def of_property(declared: PropertyDeclaration) -> PropertyDeclaration:
        return replace(
            declared,
            class_origin=declared.class_origin if origin else "",
            qualifiers=declared.qualifiers if qualifiers else NameMap(),
        )

    def of_parameter(declared: ParameterDeclaration) -> ParameterDeclaration:
        return declared if qualifiers else replace(declared, qualifiers=NameMap())

    def of_method(declared: MethodDeclaration) -> MethodDeclaration:
        return replace(
            declared,
            class_origin=declared.class_origin if origin else "",
            qualifiers=declared.qualifiers if qualifiers else NameMap(),
            parameters=NameMap((p.name, of_parameter(p)) for p in declared.parameters.values()),
        )

    return replace(
        cls,
        qualifiers=NameMap(
            (q.name, q) for q in cls.qualifiers.values() if qualifiers and not (local_only and q.propagated)
        ),
        properties=NameMap(
            (p.name, of_property(p))
            for p in cls.properties.values()
            if not (local_only and p.propagated) and (wanted is None or p.name.lower() in wanted)
        ),
        methods=NameMap((m.name, of_method(m)) for m in cls.methods.values() if not (local_only and m.propagated)),
    )
