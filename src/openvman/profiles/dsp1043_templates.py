"""Allocation Capabilities (DSP1043): the settings that say what is possible, of the classes that requests are of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, Const, Edge, End, Source
from openvman.model.allocation import Allocation
from openvman.model.capability import RANGE, Point, Possible
from openvman.model.picture import Picture
from openvman.profiles.allocations import MAP_OF
from openvman.profiles.identity import id_in, instance_id

_OF_WHAT: Final = frozenset({"OtherResourceType", "PoolID", "ResourceType"})
"""What every setting says: what it is of."""
_QUANTITIES: Final = frozenset(
    {"AllocationUnits", "VirtualQuantity", "VirtualQuantityUnits", "VirtualResourceBlockSize"}
)
"""What a default and a range say."""
_CHOICES: Final = {
    "Access": "read_only",
    "Action": "action",
    "Address": "address",
    "Backend": "backend",
    "Bus": "bus",
    "Connection": "connection",
    "MaximumVirtualQuantity": "maximum",
    "ResourceSubType": "type",
    "TargetName": "target",
}
"""What a default says beside: what the server would choose. Others do if they are about that setting of the model."""
_SUB_TYPES: Final = frozenset({"bus", "model", "type"})
"""The settings that a ResourceSubType is, of one kind or another."""


def _same(value: Value, _allocation: Allocation) -> Value:
    return value


def _reader(name: str, source: Source) -> Callable[[Any], Value]:
    match source:
        case Attr(path):
            return attrgetter(path)
        case Call(getter):
            return getter
        case Const(value):
            return partial(_same, value)
    raise TypeError(f"{name} of an allocation is read in a way that templates do not know")


def _says(name: str, possible: Possible) -> bool:
    if name in _OF_WHAT:
        return True
    if name in _QUANTITIES:
        return possible.point is not Point.SUPPORTED
    if possible.point is Point.DEFAULT:
        return name != "MaximumVirtualQuantity"  # it follows the quantity that a client makes of the default
    if name == "ResourceSubType":
        return not possible.says.isdisjoint(_SUB_TYPES)
    # The range of a pool is that of the limit too; that of an allocation may not be.
    return _CHOICES[name] in possible.says or (
        name == "MaximumVirtualQuantity" and not possible.says and possible.point in RANGE
    )


def _reading(name: str, source: Source) -> Source:
    """The same property of an allocation, read through a possible one."""
    read = _reader(name, source)
    return Call(lambda p: read(p.allocation) if _says(name, p) else None)


def template(
    setting: ClassMap,
    *,
    name: str,
    description: str,
    owner: type,
    all_of: Callable[[Picture], Iterable[Possible]],
    find: Callable[[Picture, str], Possible | None],
    only: frozenset[str] | None = None,
) -> ClassMap:
    """The class of the settings that describe what of one kind of allocation is possible; with ``only`` these
    properties, where no setting says others.

    It derives from the same schema class as the allocations' own class, so that the default can be sent as a request.
    It is another class, so that those who list the allocations of systems get no others.
    """

    def fits(possible: Possible | None) -> bool:
        return possible is not None and MAP_OF[type(possible.allocation)] is setting

    def find_one(picture: Picture, keys: NameMap[Value]) -> Possible | None:
        found = find(picture, id_in(keys))
        return found if fits(found) else None

    shown = _OF_WHAT | _QUANTITIES | _CHOICES.keys() if only is None else _OF_WHAT | only
    # Of all but devices an address is the device's own, and new for each.
    own = shown if "OtherResourceType" in setting.properties else shown - {"Address"}
    properties = {name: _reading(name, source) for name, source in setting.properties.items() if name in own}
    return replace(
        setting,
        name=setting.name.replace("SettingData", name),
        description=description,
        owner=owner,
        lasting=False,
        kind=None,
        spec=None,
        modify=None,
        extent=lambda picture: filter(fits, all_of(picture)),
        find=find_one,
        keys={"InstanceID": instance_id()},
        properties={**properties, "ElementName": Attr("name")},
        extras=tuple(extra for extra in setting.extras if extra.name in properties),
    )


_DEFAULT, _SUPPORTED = 0, 3
_POINT: Final = 0
_RANGES: Final = {Point.MINIMUM: 1, Point.MAXIMUM: 2, Point.INCREMENT: 3}


def settings_edge(
    capabilities: ClassMap, templates: tuple[ClassMap, ...], pairs: Callable[[Any, Picture], Iterator[Any]]
) -> Edge:
    """From capabilities to the settings that say what is possible; the third item of a pair is the setting's point."""
    return Edge(
        "CIM_SettingsDefineCapabilities",
        End("GroupComponent", (capabilities,)),
        End("PartComponent", templates),
        capabilities.owner,
        pairs,
        clause="DSP1043",
        properties={
            "PropertyPolicy": Const(0),
            "ValueRole": Call(lambda point: _DEFAULT if point is Point.DEFAULT else _SUPPORTED),
            "ValueRange": Call(lambda point: _RANGES.get(point, _POINT)),
        },
    )
