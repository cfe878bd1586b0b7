"""What the device profiles share: a virtual device of a virtual system, and the allocation that defines its state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Const, Source
from openvman.model.allocation import Allocation
from openvman.model.device import VirtualDevice, devices_of
from openvman.model.picture import Picture
from openvman.model.system import VirtualSystem
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM
from openvman.profiles.extents import of_systems
from openvman.profiles.finding import system_with_id, system_with_part

_ENABLED, _DISABLED = 2, 3
_OK, _STOPPED = 2, 10


def device_map(
    name: str,
    *,
    shows: Callable[[Allocation], bool],
    element_name: Callable[[Any], str],
    properties: Mapping[str, Source],
    description: str,
) -> ClassMap:
    """The class map of the devices whose allocation ``shows`` says yes to; the class is ``CIM_<name>``."""

    def of(system: VirtualSystem) -> Iterator[VirtualDevice]:
        return (d for d in devices_of(system) if shows(d.allocation))

    def find(picture: Picture, keys: NameMap[Value]) -> VirtualDevice | None:
        system = picture.objects.system(keys["SystemName"])
        return None if system is None else next((d for d in of(system) if d.id == keys["DeviceID"]), None)

    common: dict[str, Source] = {
        "ElementName": Call(element_name),
        "EnabledState": Call(lambda d: _ENABLED if d.active else _DISABLED),
        "RequestedState": Const(12),
        "EnabledDefault": Const(2),
        "OperationalStatus": Call(lambda d: (_OK if d.active else _STOPPED,)),
        "HealthState": Const(5),
    }
    return ClassMap(
        name=name,
        cim=f"CIM_{name}",
        description=description,
        owner=VirtualSystem,
        extent=of_systems(of),
        find=find,
        found_by={"SystemName": system_with_id, "DeviceID": system_with_part},
        keys={
            "SystemCreationClassName": ClassName(COMPUTER_SYSTEM),
            "SystemName": Attr("system_id"),
            "CreationClassName": ClassName(),
            "DeviceID": Attr("id"),
        },
        properties={**common, **properties},
    )
