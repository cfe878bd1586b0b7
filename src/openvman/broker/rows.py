"""One row per generic operation: what answers it and the least role that may ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from openvman.broker import classes, instances, pulls
from openvman.broker.changes import Changes
from openvman.broker.context import Context
from openvman.broker.query.parse import Select
from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.operations import OPERATIONS, Answer, Call
from openvman.messages import requests
from openvman.model.actor import Role


@dataclass(frozen=True, slots=True)
class Read:
    answer: Callable[[Context, Call], Answer]
    role: Role = Role.VIEWER


@dataclass(frozen=True, slots=True)
class Queried:
    """A read whose text says what it asks about: it is parsed first, once, so that the fence knows it."""

    parse: Callable[[Context, Call], Select]
    answer: Callable[[Context, Call, Select], Answer]
    role: Role = Role.VIEWER


@dataclass(frozen=True, slots=True)
class Change:
    """``role`` is the least that may try; the class's own declaration may ask for more."""

    answer: Callable[[Changes, Context, Call], Awaitable[Answer]]
    role: Role = Role.OPERATOR


def _fixed_schema(_ctx: Context, call: Call) -> Answer:
    raise CIMError(requests.FIXED_SCHEMA, operation=call.operation.name)


def _no_count(_ctx: Context, _call: Call) -> Answer:
    raise CIMError(requests.NO_COUNT)


_ROWS: Final[dict[str, Read | Queried | Change]] = {
    "GetClass": Read(classes.get_class),
    "EnumerateClasses": Read(classes.enumerate_classes),
    "EnumerateClassNames": Read(classes.enumerate_class_names),
    "GetQualifier": Read(classes.get_qualifier),
    "EnumerateQualifiers": Read(classes.enumerate_qualifiers),
    **{
        name: Read(_fixed_schema, Role.ADMIN)
        for name in ("CreateClass", "ModifyClass", "DeleteClass", "SetQualifier", "DeleteQualifier")
    },
    "GetInstance": Read(instances.get_instance),
    "GetProperty": Read(instances.get_property),
    "EnumerateInstances": Read(instances.enumerate_instances),
    "EnumerateInstanceNames": Read(instances.enumerate_instance_names),
    "Associators": Read(instances.associators),
    "AssociatorNames": Read(instances.associator_names),
    "References": Read(instances.references),
    "ReferenceNames": Read(instances.reference_names),
    "ExecQuery": Queried(pulls.parse_exec, pulls.exec_query),
    "OpenEnumerateInstances": Read(pulls.open_instances),
    "OpenEnumerateInstancePaths": Read(pulls.open_paths),
    "OpenReferenceInstances": Read(pulls.open_references),
    "OpenReferenceInstancePaths": Read(pulls.open_reference_paths),
    "OpenAssociatorInstances": Read(pulls.open_associators),
    "OpenAssociatorInstancePaths": Read(pulls.open_associator_paths),
    "OpenQueryInstances": Queried(pulls.parse_open, pulls.open_query),
    "PullInstancesWithPath": Read(pulls.pull),
    "PullInstancePaths": Read(pulls.pull),
    "PullInstances": Read(pulls.pull),
    "CloseEnumeration": Read(pulls.close),
    "EnumerationCount": Read(_no_count),
    "CreateInstance": Change(Changes.create_instance),
    "ModifyInstance": Change(Changes.modify_instance),
    "SetProperty": Change(Changes.set_property),
    "DeleteInstance": Change(Changes.delete_instance),
}
ROWS: Final = NameMap(_ROWS)
assert set(ROWS) == set(OPERATIONS), "every operation of cim.operations has its row here"
