"""Allocation Capabilities (DSP1043), mutability: what may be changed of the allocations that systems have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from openvman.mapping.declare import Call, ClassMap, Const, Edge, End
from openvman.model.allocation import Allocation
from openvman.model.capability import Requests
from openvman.model.changes import PossibleChange, changes_of, find_change, find_mutability
from openvman.model.device import VirtualDevice, devices_of
from openvman.model.host import Host
from openvman.model.mutability import Mutability, decisive_of
from openvman.model.picture import Picture
from openvman.model.resource import ResourceKind, kind_of
from openvman.model.system import VirtualSystem
from openvman.profiles.allocations import DEVICES, MAP_OF, SETTINGS, device_map_of
from openvman.profiles.dsp1043_capabilities import DEDICATED, REQUESTS, of_allocation, states
from openvman.profiles.dsp1043_templates import Fits, settings_edge, template
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
    return (m for host_id in picture.objects.hosts for m in picture.objects.mutabilities_of(host_id))


MUTABILITY = ClassMap(
    name="AllocationMutability",
    cim="CIM_AllocationCapabilities",
    description="What may be changed of allocations that agree in all that this depends on.",
    owner=Host,
    extent=_all,
    find=lambda picture, keys: find_mutability(picture.objects, id_in(keys)),
    keys={"InstanceID": instance_id()},
    properties={
        "ElementName": Call(lambda m: f"What can change of {m.name}"),
        "ResourceType": of_allocation("ResourceType", lambda m: m.example),
        "OtherResourceType": of_allocation("OtherResourceType", lambda m: m.example),
        "RequestTypesSupported": Const(REQUESTS[Requests.SPECIFIC]),
        "SharingMode": Call(lambda m: _SHARED if kind_of(m.example) in _SHARED_KINDS else DEDICATED),
        "SupportedAddStates": Const(()),  # they are there
        "SupportedRemoveStates": Call(lambda m: states(m.removed_in)),
    },
)


def _changes(fits: Fits) -> Callable[[Picture], Iterator[PossibleChange]]:
    def extent(picture: Picture) -> Iterator[PossibleChange]:
        return (c for mutability in _all(picture) for c in changes_of(mutability, picture.objects) if fits(c))

    return extent


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
        description="A minimum, maximum, increment or kind that allocations can be changed to.",
        owner=Host,
        extent=_changes,
        find=lambda picture, wanted: find_change(picture.objects, wanted),
        only=changing,
    )
    for setting, changing in _CHANGING.items()
}
RANGES: Final = tuple(_RANGE_OF.values())


def _mutabilities(system: VirtualSystem, picture: Picture) -> Iterator[Any]:
    return _pairs(system, picture, lambda _allocation, _key: True)


def _near(obj: Any, picture: Picture) -> Iterator[Any]:
    """Of one element; or of a mutability, with what has it on its host."""
    if isinstance(obj, Mutability):
        for one in picture.objects.systems_of(obj.host_id):
            yield from _pairs(one, picture, lambda _allocation, key: key == obj.decisive.key)
        return
    system, wanted = picture.objects.system(obj.system_id), obj.allocation if isinstance(obj, VirtualDevice) else obj
    if system is not None:
        yield from _pairs(system, picture, lambda allocation, _key: allocation.id == wanted.id)


def _pairs(system: VirtualSystem, picture: Picture, regards: Callable[[Allocation, str], bool]) -> Iterator[Any]:
    """Of each allocation that it regards, by its mutability's key too, and of the devices that one in force makes."""
    of: dict[str, Mutability] = {}
    for allocation, decisive in decisive_of(system):
        if regards(allocation, decisive.key):
            found = picture.objects.mutability(system.host_id, decisive.key)
            if found is not None:
                of[allocation.id] = found
                yield (MAP_OF[type(allocation)], allocation), (MUTABILITY, found)
    for device in devices_of(system) if of else ():
        if device.allocation.id in of:
            yield (device_map_of(device.allocation), device), (MUTABILITY, of[device.allocation.id])


EDGES: Final = (
    Edge(
        "CIM_ElementCapabilities",
        End("ManagedElement", (*SETTINGS, *DEVICES)),
        End("Capabilities", (MUTABILITY,)),
        VirtualSystem,
        _mutabilities,
        near=_near,
        clause="DSP1043",
    ),
    settings_edge(
        MUTABILITY,
        _RANGE_OF,
        all_of=lambda host, picture: picture.objects.mutabilities_of(host.id),
        settings_of=lambda mutability, picture: changes_of(mutability, picture.objects),
        of_setting=lambda picture, change: find_mutability(picture.objects, change.id),
    ),
)
