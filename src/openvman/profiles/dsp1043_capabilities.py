"""Allocation Capabilities (DSP1043): what may be asked of a pool, as settings that a request can be made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, Coded, Const, Edge, End, Source
from openvman.model.allocation import Allocation
from openvman.model.capability import Point, PossibleAllocation, may_be_asked, possible_of
from openvman.model.host import Host
from openvman.model.picture import Picture
from openvman.model.pool import ResourcePool, find_pool, pools_of
from openvman.profiles.allocations import MAP_OF
from openvman.profiles.dsp1041_pools import RESOURCE_POOL, RESOURCE_TYPE
from openvman.profiles.dsp1044_processor import PROCESSOR_SETTING
from openvman.profiles.dsp1045_memory import MEMORY_SETTING
from openvman.profiles.dsp1047_storage import STORAGE_SETTING
from openvman.profiles.dsp1050_ethernet_port import ETHERNET_SETTING
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.dsp1059_generic_device import SERIAL_SETTING
from openvman.profiles.identity import id_in, instance_id

_SUFFIX: Final = "/capabilities"
_GENERAL, _SHARED = 3, 3
_QUANTITIES: Final = frozenset(
    {
        "AllocationUnits",
        "PoolID",
        "ResourceType",
        "VirtualQuantity",
        "VirtualQuantityUnits",
        "VirtualResourceBlockSize",
    }
)
"""What every setting says: the quantities, and what they are of."""
_BOUNDS: Final = frozenset({"MaximumVirtualQuantity"})
"""What a range says beside. A default does not: a limit follows the quantity that a client makes of it."""
_CHOICES: Final = frozenset({"Access", "Connection", "ResourceSubType"})
"""What a default says beside: what the server would choose, save what is new for each device, as addresses are."""


def able_of(host: Host, picture: Picture) -> Iterator[ResourcePool]:
    """The pools of a host that can be asked for something."""
    return filter(may_be_asked, pools_of(host, picture.objects.consumed))


def _find(picture: Picture, keys: NameMap[Value]) -> ResourcePool | None:
    pool = find_pool(picture.objects, id_in(keys, suffix=_SUFFIX))
    return pool if pool is not None and may_be_asked(pool) else None


ALLOCATION_CAPABILITIES = ClassMap(
    name="AllocationCapabilities",
    cim="CIM_AllocationCapabilities",
    description="What may be asked of a resource pool.",
    owner=Host,
    lasting=False,
    extent=lambda p: (pool for host in p.objects.hosts.values() for pool in able_of(host, p)),
    find=_find,
    keys={"InstanceID": instance_id(suffix=_SUFFIX)},
    properties={
        "ElementName": Call(lambda pool: f"What pool {pool.name} of {pool.host.name} gives"),
        "ResourceType": Coded("kind", RESOURCE_TYPE),
        "RequestTypesSupported": Const(_GENERAL),
        "SharingMode": Const(_SHARED),
        # DSP1042's methods to add and to remove are not there: resources come with a definition.
        "SupportedAddStates": Const(()),
        "SupportedRemoveStates": Const(()),
    },
)


def _same(value: Value, _allocation: Allocation) -> Value:
    return value


def _reading(name: str, source: Source) -> Source:
    """The same property of an allocation, read through a possible allocation."""
    read: Callable[[Any], Value]
    match source:
        case Attr(path):
            read = attrgetter(path)
        case Call(getter):
            read = getter
        case Const(value):
            read = partial(_same, value)
        case _:
            raise TypeError(f"{name} of an allocation is read in a way that templates do not know")
    if name in _QUANTITIES:
        return Call(lambda p: read(p.allocation))
    return Call(lambda p: read(p.allocation) if (p.point is Point.DEFAULT) is (name in _CHOICES) else None)


def _template(setting: ClassMap) -> ClassMap:
    """The class of the settings that describe what of one kind of allocation is possible.

    It derives from the same schema class as the allocations' own class, so that the default can be sent as a request.
    It is another class, so that those who list the allocations of systems get no others.
    """

    def kinds(allocation: Allocation) -> bool:
        return MAP_OF[type(allocation)] is setting

    def extent(picture: Picture) -> Iterable[PossibleAllocation]:
        pools = (pool for host in picture.objects.hosts.values() for pool in able_of(host, picture))
        return (p for pool in pools for p in possible_of(pool) if kinds(p.allocation))

    def find(picture: Picture, keys: NameMap[Value]) -> PossibleAllocation | None:
        wanted = id_in(keys)
        pool = find_pool(picture.objects, wanted.rpartition("/")[0])
        possible = () if pool is None else possible_of(pool)
        return next((p for p in possible if p.id == wanted and kinds(p.allocation)), None)

    return replace(
        setting,
        name=setting.name.replace("SettingData", "Template"),
        description="A default, minimum, maximum or increment of what may be asked of a resource pool.",
        owner=Host,
        lasting=False,
        kind=None,
        spec=None,
        modify=None,
        extent=extent,
        find=find,
        keys={"InstanceID": instance_id()},
        properties={
            **{
                name: _reading(name, source)
                for name, source in setting.properties.items()
                if name in _QUANTITIES | _BOUNDS | _CHOICES
            },
            "ElementName": Call(lambda p: f"{p.point.value} of pool {p.pool.name}"),
        },
    )


_SETTINGS_OF_POOLS: Final = (PROCESSOR_SETTING, MEMORY_SETTING, STORAGE_SETTING, ETHERNET_SETTING, SERIAL_SETTING)
_TEMPLATE_OF: Final = {setting: _template(setting) for setting in _SETTINGS_OF_POOLS}
TEMPLATES: Final = tuple(_TEMPLATE_OF.values())


def _capabilities(host: Host, picture: Picture) -> Iterator[Any]:
    """Of each pool; and of the host, what its own pools give."""
    for pool in able_of(host, picture):
        yield (RESOURCE_POOL, pool), (ALLOCATION_CAPABILITIES, pool)
        if pool.is_primordial:
            yield (HOST_SYSTEM, host), (ALLOCATION_CAPABILITIES, pool)


def _settings(host: Host, picture: Picture) -> Iterator[Any]:
    for pool in able_of(host, picture):
        for possible in possible_of(pool):
            template = _TEMPLATE_OF[MAP_OF[type(possible.allocation)]]
            yield (ALLOCATION_CAPABILITIES, pool), (template, possible), possible.point


_DEFAULT, _SUPPORTED = 0, 3
_RANGES: Final = {Point.DEFAULT: 0, Point.MINIMUM: 1, Point.MAXIMUM: 2, Point.INCREMENT: 3}

EDGES: Final = (
    Edge(
        "CIM_ElementCapabilities",
        End("ManagedElement", (RESOURCE_POOL, HOST_SYSTEM)),
        End("Capabilities", (ALLOCATION_CAPABILITIES,)),
        Host,
        _capabilities,
        clause="DSP1043 10.2",
    ),
    Edge(
        "CIM_SettingsDefineCapabilities",
        End("GroupComponent", (ALLOCATION_CAPABILITIES,)),
        End("PartComponent", TEMPLATES),
        Host,
        _settings,
        clause="DSP1043 10.3",
        properties={
            "PropertyPolicy": Const(0),
            "ValueRole": Call(lambda point: _DEFAULT if point is Point.DEFAULT else _SUPPORTED),
            "ValueRange": Call(_RANGES.get),
        },
    ),
)
