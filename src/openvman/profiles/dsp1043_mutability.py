"""Allocation Capabilities (DSP1043), mutability: what may be changed of the allocations that systems have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Call, ClassMap, Const, Edge, End
from openvman.model.capability import Requests
from openvman.model.device import devices_of
from openvman.model.mutability import Mutability, PossibleChange, changes_of, find_mutability, mutability_of
from openvman.model.picture import Picture
from openvman.model.resource import ResourceKind, kind_of
from openvman.model.system import VirtualSystem
from openvman.profiles.allocations import DEVICES, MAP_OF, SETTINGS, device_map_of
from openvman.profiles.dsp1043_capabilities import DEDICATED, REQUESTS, of_allocation, states
from openvman.profiles.dsp1043_templates import settings_edge, template
from openvman.profiles.dsp1044_processor import PROCESSOR_SETTING
from openvman.profiles.dsp1045_memory import MEMORY_SETTING
from openvman.profiles.dsp1047_storage import STORAGE_SETTING
from openvman.profiles.dsp1047_storage import TUNING as STORAGE_TUNING
from openvman.profiles.dsp1050_ethernet_port import BANDWIDTH, ETHERNET_SETTING
from openvman.profiles.dsp1059_generic_device import DEVICE_SETTING
from openvman.profiles.identity import id_in, instance_id

_SHARED: Final = 3
_SHARED_KINDS: Final = (ResourceKind.PROCESSOR, ResourceKind.NETWORK)


def _all(picture: Picture) -> Iterator[Mutability]:
    return (m for system in picture.objects.systems.values() for m in mutability_of(system, picture.objects))


def _find(picture: Picture, keys: NameMap[Value]) -> Mutability | None:
    return find_mutability(picture.objects, id_in(keys))


MUTABILITY = ClassMap(
    name="AllocationMutability",
    cim="CIM_AllocationCapabilities",
    description="What may be changed of an allocation, in the configuration that it is in.",
    owner=VirtualSystem,
    lasting=False,
    extent=_all,
    find=_find,
    keys={"InstanceID": instance_id()},
    properties={
        "ElementName": Call(lambda m: f"What can change of {m.allocation.local_id} of {m.system.name}"),
        "ResourceType": of_allocation("ResourceType", lambda m: m.allocation),
        "OtherResourceType": of_allocation("OtherResourceType", lambda m: m.allocation),
        "RequestTypesSupported": Const(REQUESTS[Requests.SPECIFIC]),
        "SharingMode": Call(lambda m: _SHARED if kind_of(m.allocation) in _SHARED_KINDS else DEDICATED),
        "SupportedAddStates": Const(()),  # it is there
        "SupportedRemoveStates": Call(lambda m: states(m.removed_in)),
    },
)


def _all_changes(picture: Picture) -> Iterator[PossibleChange]:
    return (change for mutability in _all(picture) for change in changes_of(mutability))


def _find_change(picture: Picture, wanted: str) -> PossibleChange | None:
    system = picture.objects.system(wanted.partition("/")[0])
    of = () if system is None else mutability_of(system, picture.objects)
    return next((c for m in of if wanted.startswith(f"{m.id}/") for c in changes_of(m) if c.id == wanted), None)


_AMOUNT: Final = frozenset({"AllocationUnits", "VirtualQuantity", "VirtualQuantityUnits", "MaximumVirtualQuantity"})
_TUNING: Final = frozenset({"Limit", "Reservation"})
_CHANGING: Final = {
    PROCESSOR_SETTING: _AMOUNT | _TUNING | {"MappingBehavior", "Weight"},
    MEMORY_SETTING: _AMOUNT | _TUNING | {"HugePageSize"},
    STORAGE_SETTING: frozenset({"Access", "ResourceSubType", "VirtualResourceBlockSize"})
    | ({name for name, *_ in STORAGE_TUNING} - {"Format"}),  # what is in an image stays what it is
    ETHERNET_SETTING: frozenset({"AllocationUnits", "Connection", "LinkUp", "ResourceSubType"}) | BANDWIDTH,
    DEVICE_SETTING: frozenset({"Action", "Backend", "ResourceSubType"}),
}
"""What of each kind of allocation has a range, or kinds to choose from."""
_RANGE_OF: Final = {
    setting: template(
        setting,
        name="Range",
        description="A minimum, maximum, increment or kind that an allocation can be changed to.",
        owner=VirtualSystem,
        all_of=_all_changes,
        find=_find_change,
        only=changing,
    )
    for setting, changing in _CHANGING.items()
}
RANGES: Final = tuple(_RANGE_OF.values())


def _mutability(system: VirtualSystem, picture: Picture) -> Iterator[Any]:
    """Of each allocation, and of the device that one in force makes."""
    found = {m.allocation.id: m for m in mutability_of(system, picture.objects)}
    for mutability in found.values():
        yield (MAP_OF[type(mutability.allocation)], mutability.allocation), (MUTABILITY, mutability)
    for device in devices_of(system) if found else ():
        yield (device_map_of(device.allocation), device), (MUTABILITY, found[device.allocation.id])


def _settings(system: VirtualSystem, picture: Picture) -> Iterator[Any]:
    for mutability in mutability_of(system, picture.objects):
        for change in changes_of(mutability):
            yield (MUTABILITY, mutability), (_RANGE_OF[MAP_OF[type(change.allocation)]], change), change


EDGES: Final = (
    Edge(
        "CIM_ElementCapabilities",
        End("ManagedElement", (*SETTINGS, *DEVICES)),
        End("Capabilities", (MUTABILITY,)),
        VirtualSystem,
        _mutability,
        clause="DSP1043",
    ),
    settings_edge(MUTABILITY, RANGES, _settings),
)
