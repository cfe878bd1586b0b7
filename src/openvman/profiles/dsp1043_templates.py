"""Allocation Capabilities (DSP1043): the settings that say what is possible, of the classes that requests are of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Any, Final, TypeAlias

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, Coded, Const, Edge, End, Source, WriteOnly
from openvman.model.allocation import Allocation
from openvman.model.capability import Point, Possible
from openvman.model.picture import Picture
from openvman.profiles.allocations import MAP_OF
from openvman.profiles.identity import id_in, instance_id

Fits: TypeAlias = Callable[[Possible | None], bool]

_OF_WHAT: Final = frozenset({"OtherResourceType", "PoolID", "ResourceType"})
"""What every setting says: what it is of."""
_UNITS: Final = frozenset({"AllocationUnits", "VirtualQuantityUnits"})
"""What quantities are read with."""
_OWN: Final = frozenset(
    {
        "Address",
        "AddressOnParent",
        "HostInterface",
        "HostResource",
        "ManagerID",
        "NetworkPortProfileID",
        "PortCorrelationID",
        "VSITypeID",
        "VSITypeIDVersion",
    }
)
"""What is an allocation's own, and new for each. Of devices some of it is usual all the same."""
_FIELDS: Final = {"attachment": "connection", "what": "kind"}
"""The settings that requests call otherwise than allocations."""


def _same(value: Value, _allocation: Allocation) -> Value:
    return value


def _reader(name: str, source: Source) -> Callable[[Any], Value]:
    match source:
        case Attr(path):
            return attrgetter(path)
        case Call(getter):
            return getter
        case Coded(path, codes):
            return lambda allocation: codes.get(getattr(allocation, path))
        case Const(value):
            return partial(_same, value)
    raise TypeError(f"{name} of an allocation is read in a way that templates do not know")


def _setting(source: Source) -> str | None:
    """The setting of the allocation that a property says; None for one that no request says."""
    write = source.write
    return None if write is None or write.into is None else _FIELDS.get(write.into, write.into)


def _says(name: str, setting: str | None, possible: Possible) -> bool:
    if name in _OF_WHAT:
        return True
    if name in _UNITS:
        return possible.point is not Point.SUPPORTED
    if possible.point is Point.DEFAULT:
        return name != "MaximumVirtualQuantity"  # it follows the quantity that a client makes of the default
    return setting in possible.says


def _is_said(name: str, source: Source, *, of_device: bool) -> bool:
    """Whether settings that say what is possible have the property; what nobody reads, none has."""
    if isinstance(source, WriteOnly):
        return False
    if name in _OF_WHAT or name in _UNITS or name == "VirtualQuantity":
        return True
    return _setting(source) is not None and (name not in _OWN or (of_device and name != "AddressOnParent"))


def _reading(name: str, source: Source) -> Source:
    """The same property of an allocation, read through a possible one."""
    read, setting = _reader(name, source), _setting(source)
    return Call(lambda p: read(p.allocation) if _says(name, setting, p) else None)


def template(
    setting: ClassMap,
    *,
    name: str,
    description: str,
    owner: type,
    extent: Callable[[Fits], Callable[[Picture], Iterable[Possible]]],
    find: Callable[[Picture, str], Possible | None],
    only: frozenset[str] | None = None,
) -> ClassMap:
    """The class of the settings that describe what of one kind of allocation is possible; with ``only`` these
    properties, where no setting says others. ``extent`` makes that of those settings that fit.

    It derives from the same schema class as the allocations' own class, so that the default can be sent as a request.
    It is another class, so that those who list the allocations of systems get no others.
    """

    def fits(possible: Possible | None) -> bool:
        return possible is not None and MAP_OF[type(possible.allocation)] is setting

    def find_one(picture: Picture, keys: NameMap[Value]) -> Possible | None:
        found = find(picture, id_in(keys))
        return found if fits(found) else None

    of_device = "OtherResourceType" in setting.properties
    properties = {
        name: _reading(name, source)
        for name, source in setting.properties.items()
        if _is_said(name, source, of_device=of_device) and (only is None or name in _OF_WHAT or name in only)
    }
    return replace(
        setting,
        name=setting.name.replace("SettingData", name),
        description=description,
        owner=owner,
        kind=None,
        spec=None,
        modify=None,
        extent=extent(fits),
        find=find_one,
        keys={"InstanceID": instance_id()},
        properties={**properties, "ElementName": Attr("name")},
        extras=tuple(extra for extra in setting.extras if extra.name in properties),
    )


_DEFAULT, _SUPPORTED = 0, 3
_POINT: Final = 0
_RANGES: Final = {Point.MINIMUM: 1, Point.MAXIMUM: 2, Point.INCREMENT: 3}
_INDEPENDENT, _CORRELATED = 0, 1


def _policy(possible: Possible) -> int:
    """A choice that goes with another is one together with it; ranges stand each for itself."""
    return _CORRELATED if possible.point is Point.SUPPORTED and len(possible.says) > 1 else _INDEPENDENT


def settings_edge(
    capabilities: ClassMap,
    templates: Mapping[ClassMap, ClassMap],
    *,
    all_of: Callable[[Any, Picture], Iterable[Any]],
    settings_of: Callable[[Any, Picture], Iterable[Possible]],
    of_setting: Callable[[Picture, Any], Any | None],
) -> Edge:
    """From capabilities to the settings that say what is possible.

    ``templates`` are by the class maps of the allocations; ``all_of`` gives the capabilities of one owner.
    """

    def pairs_of(found: Any, picture: Picture) -> Iterator[Any]:
        for possible in settings_of(found, picture):
            kind = templates[MAP_OF[type(possible.allocation)]]
            yield (capabilities, found), (kind, possible), possible

    def pairs(owner: Any, picture: Picture) -> Iterator[Any]:
        for found in all_of(owner, picture):
            yield from pairs_of(found, picture)

    def near(obj: Any, picture: Picture) -> Iterator[Any]:
        found = of_setting(picture, obj) if isinstance(obj, Possible) else obj
        return iter(()) if found is None else pairs_of(found, picture)

    return Edge(
        "CIM_SettingsDefineCapabilities",
        End("GroupComponent", (capabilities,)),
        End("PartComponent", tuple(templates.values())),
        capabilities.owner,
        pairs,
        near=near,
        clause="DSP1043",
        properties={
            "PropertyPolicy": Call(_policy),
            "ValueRole": Call(lambda possible: _DEFAULT if possible.point is Point.DEFAULT else _SUPPORTED),
            "ValueRange": Call(lambda possible: _RANGES.get(possible.point, _POINT)),
        },
    )
