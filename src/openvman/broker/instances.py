"""Reads of instances and associations (DSP0200 5.3.2.2, 5.3.2.11 to 5.3.2.17).

LocalOnly and IncludeQualifiers are not honoured on instances: DSP0200 deprecates both there, and clients cannot rely
on them. Answers always hold all properties that the property list and DeepInheritance leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openvman.broker.classes import shown_with_path
from openvman.broker.context import Context
from openvman.cim.errors import CIMError
from openvman.cim.operations import Answer, Call, Row
from openvman.cim.plan import Extent, Extents, InstancePlan
from openvman.cim.values import ClassPath, InstancePath
from openvman.mapping.bind import Bound, BoundClass, Node
from openvman.mapping.read import Filter
from openvman.messages import requests

_PATHS: frozenset[str] = frozenset()


def property_list(call: Call) -> frozenset[str] | None:
    """The property list in lower case; None for all."""
    listed = call.argument("PropertyList") if "PropertyList" in call.operation.parameters else None
    return None if listed is None else frozenset(name.lower() for name in listed)


def _plan(bound: Bound, namespace: str, properties: frozenset[str] | None, *, origin: bool) -> InstancePlan:
    if properties is not None:
        properties &= bound.property_names  # bounds what the plan cache keeps
    return bound.plan(namespace, properties, origin)


def _extents(
    ctx: Context, class_name: str, properties: frozenset[str] | None, *, origin: bool = False
) -> Iterator[Extent]:
    """Every instance of a class and its subclasses, lazily, over the context's picture."""
    for bound in ctx.view.concrete(ctx.namespace, class_name):
        plan = _plan(bound, ctx.namespace, properties, origin=origin)
        yield ctx.reader.shown(bound, plan, ctx.picture)


def enumerated(ctx: Context, call: Call) -> Extents:
    """What EnumerateInstances shows of a class."""
    class_name = call.argument("ClassName")
    declared = ctx.known_class(class_name)
    properties = property_list(call)
    if not call.argument("DeepInheritance"):
        own = frozenset(name.lower() for name in declared.properties)
        properties = own if properties is None else properties & own
    return Extents(_extents(ctx, class_name, properties, origin=call.argument("IncludeClassOrigin")))


def paths(ctx: Context, call: Call) -> Extents:
    """What EnumerateInstanceNames shows of a class."""
    class_name = call.argument("ClassName")
    ctx.known_class(class_name)
    return Extents(_extents(ctx, class_name, _PATHS))


def get_instance(ctx: Context, call: Call) -> Answer:
    bound, obj = ctx.reader.find(call.argument("InstanceName"), ctx.namespace, ctx.picture)
    plan = _plan(bound, ctx.namespace, property_list(call), origin=call.argument("IncludeClassOrigin"))
    return Answer((plan, obj))


def get_property(ctx: Context, call: Call) -> Answer:
    bound, obj = ctx.reader.find(call.argument("InstanceName"), ctx.namespace, ctx.picture)
    name = call.argument("PropertyName")
    if name not in bound.declaration.properties:
        raise CIMError(requests.NO_PROPERTY, class_name=bound.class_name, name=name)
    plan = bound.plan(ctx.namespace, frozenset((name.lower(),)))
    return Answer(plan.columns[0].get(obj))


def enumerate_instances(ctx: Context, call: Call) -> Answer:
    return Answer(enumerated(ctx, call))


def enumerate_instance_names(ctx: Context, call: Call) -> Answer:
    return Answer(paths(ctx, call))


# --- associations ---------------------------------------------------------------------------------------------------


def _filter(ctx: Context, call: Call) -> Filter:
    given = {
        field: call.argument(name) if name in call.operation.parameters else None
        for field, name in (
            ("association_class", "AssocClass"),
            ("result_class", "ResultClass"),
            ("role", "Role"),
            ("result_role", "ResultRole"),
        )
    }
    for name in (given["association_class"], given["result_class"]):
        if name is not None:
            ctx.known_class(name, requests.CLASS_OF_PARAMETER)
    if "AssocClass" not in call.operation.parameters:
        # For References, ResultClass names the association itself (DSP0200 5.3.2.16).
        given["association_class"], given["result_class"] = given["result_class"], None
    return Filter(**given)


def _source(ctx: Context, path: InstancePath, wanted: Filter) -> Node | None:
    """The node to start from; None for an association, which nothing is associated with."""
    ctx.known_class(path.class_name, requests.CLASS_OF_PARAMETER)
    bound, obj = ctx.reader.find(path, ctx.namespace, ctx.picture, wanted)
    if not isinstance(bound, BoundClass):
        return None
    lost = bound.space.manners.words.lost(bound.map, obj, wanted.association_class)
    if lost is not None:
        raise lost
    return Node(bound, obj)


def associated(ctx: Context, call: Call, path: InstancePath, properties: frozenset[str] | None) -> Iterator[Row]:
    """The instances at the far ends, each once."""
    return _touching(ctx, call, path, properties, far_ends=True)


def referring(ctx: Context, call: Call, path: InstancePath, properties: frozenset[str] | None) -> Iterator[Row]:
    """The association instances that refer to an instance, each once."""
    return _touching(ctx, call, path, properties, far_ends=False)


def _touching(
    ctx: Context, call: Call, path: InstancePath, properties: frozenset[str] | None, *, far_ends: bool
) -> Iterator[Row]:
    origin = "IncludeClassOrigin" in call.operation.parameters and call.argument("IncludeClassOrigin")
    wanted = _filter(ctx, call)
    node = _source(ctx, path, wanted)
    rows: dict[tuple[Bound, str], Row] = {}
    if node is not None:
        for edge, link, far in ctx.reader.references(node, wanted, ctx.picture):
            bound: Bound = far.bound if far_ends else edge
            obj: Any = far.obj if far_ends else link
            namespace = ctx.view.namespace_for(far.bound.space, ctx.namespace) if far_ends else ctx.namespace
            if (bound, obj.id) not in rows:
                rows[bound, obj.id] = _plan(bound, namespace, properties, origin=origin), obj
    return iter(rows.values())


def associators(ctx: Context, call: Call) -> Answer:
    source = call.argument("ObjectName")
    if isinstance(source, InstancePath):
        return Answer(associated(ctx, call, source, property_list(call)))
    return Answer([(p, shown_with_path(ctx, p.class_name, call)) for p in _class_ends(ctx, call, source, far=True)])


def associator_names(ctx: Context, call: Call) -> Answer:
    source = call.argument("ObjectName")
    if isinstance(source, InstancePath):
        return Answer(associated(ctx, call, source, _PATHS))
    return Answer(_class_ends(ctx, call, source, far=True))


def references(ctx: Context, call: Call) -> Answer:
    source = call.argument("ObjectName")
    if isinstance(source, InstancePath):
        return Answer(referring(ctx, call, source, property_list(call)))
    return Answer([(p, shown_with_path(ctx, p.class_name, call)) for p in _class_ends(ctx, call, source, far=False)])


def reference_names(ctx: Context, call: Call) -> Answer:
    source = call.argument("ObjectName")
    if isinstance(source, InstancePath):
        return Answer(referring(ctx, call, source, _PATHS))
    return Answer(_class_ends(ctx, call, source, far=False))


def _class_ends(ctx: Context, call: Call, source: ClassPath, *, far: bool) -> list[ClassPath]:
    ctx.known_class(source.class_name, requests.CLASS_OF_PARAMETER)
    found = ctx.reader.class_references(source.class_name, _filter(ctx, call))
    names = dict.fromkeys(end if far else association for association, _role, _result_role, end in found)
    return [ClassPath(name, ctx.namespace) for name in names]
