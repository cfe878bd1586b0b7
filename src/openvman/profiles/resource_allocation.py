"""What the allocation profiles share (DSP1041): settings of one virtual device, aggregated by a configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from openvman.cim.declarations import PropertyDeclaration
from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Call, ClassMap, Source, Write
from openvman.mapping.methods import Modify
from openvman.model.actor import Role
from openvman.model.allocation import Allocation
from openvman.model.picture import Picture
from openvman.model.resource import pool_name
from openvman.model.system import VirtualSystem
from openvman.profiles.extents import of_systems
from openvman.profiles.identity import id_in, instance_id, instance_id_of


def allocation_map(
    name: str,
    cim: str,
    *,
    kind: type[Allocation],
    resource_types: tuple[int, ...],
    resource_type: Source,
    element_name: Callable[[Any], str],
    properties: Mapping[str, Source],
    description: str,
    spec: Callable[..., Any] | None = None,
    extras: tuple[PropertyDeclaration, ...] = (),
) -> ClassMap:
    """The class map of one kind of allocation. ``resource_types`` are those that an instance may ask for."""

    def of(system: VirtualSystem) -> Iterator[Allocation]:
        return (a for c in system.configurations() for a in c.allocations() if isinstance(a, kind))

    def find(picture: Picture, keys: NameMap[Value]) -> Allocation | None:
        found = picture.objects.allocation(id_in(keys))
        return found if isinstance(found, kind) else None

    return ClassMap(
        name=name,
        cim=cim,
        description=description,
        owner=VirtualSystem,
        extent=of_systems(of),
        find=find,
        keys={"InstanceID": instance_id()},
        properties={
            "ElementName": Call(element_name),
            "ResourceType": resource_type,
            "PoolID": Call(pool_name, Write("pool") if spec else None),
            **properties,
        },
        extras=extras,
        kind=kind,
        identity=lambda allocation: {"allocation_id": allocation.id},
        spec=spec,
        accepts=lambda values: values.get("ResourceType") in (None, *resource_types),
        modify=None if spec is None else Modify("modify_resources", "specs", Role.OPERATOR, many=True),
    )


def _parent(allocation: Allocation) -> str | None:
    """The InstanceID of the setting of the controller that the device sits on, in the same configuration."""
    return allocation.parent and instance_id_of(f"{allocation.configuration_id}/{allocation.parent}")


PARENT: Final = Call(_parent)


def first_text(into: str) -> Write:
    """Takes the only item of a string array."""

    def parse(value: Value, _values: NameMap[Value]) -> str:
        if len(value) != 1 or value[0] is None:
            raise ValueError("exactly one item is needed")
        return str(value[0])

    return Write(into, parse)
