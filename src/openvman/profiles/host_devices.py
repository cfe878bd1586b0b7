"""The devices of a host, and the pools that they are in (DSP1041)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Const, Edge, End, Source
from openvman.model.host import Host
from openvman.model.host_device import HostDevice, host_device, host_devices
from openvman.model.picture import Picture
from openvman.model.pool import pools_of
from openvman.model.resource import ResourceKind
from openvman.profiles.dsp1041_pools import RESOURCE_POOL
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM


def _map(name: str, cim: str, kind: ResourceKind, description: str, properties: Mapping[str, Source]) -> ClassMap:
    def find(picture: Picture, keys: NameMap[Value]) -> HostDevice | None:
        host = picture.objects.host(keys["SystemName"])
        found = None if host is None else host_device(host, keys["DeviceID"])
        return found if found is not None and found.kind is kind else None

    return ClassMap(
        name=name,
        cim=cim,
        description=description,
        owner=Host,
        lasting=False,
        extent=lambda p: (d for host in p.objects.hosts.values() for d in host_devices(host) if d.kind is kind),
        find=find,
        keys={
            "SystemCreationClassName": ClassName(HOST_SYSTEM),
            "SystemName": Attr("host.id"),
            "CreationClassName": ClassName(),
            "DeviceID": Attr("id"),
        },
        properties={
            "EnabledState": Call(lambda d: 2 if d.host.online else 6),
            "RequestedState": Const(12),
            "EnabledDefault": Const(2),
            "OperationalStatus": Call(lambda d: (2 if d.host.online else 13,)),
            "HealthState": Call(lambda d: 5 if d.host.online else 0),
            **properties,
        },
    )


_OTHER_FAMILY, _UNKNOWN_FAMILY = 1, 2
_FAMILIES: Final = {
    "Xeon": 179,
    "Core(TM) i9": 207,
    "Core(TM) i7": 198,
    "Core(TM) i5": 205,
    "Core(TM) i3": 206,
    "EPYC": 107,
    "Ryzen": 107,
}
"""Codes of the SMBIOS table that the schema points to, by what the processor's own name has in it."""
_LONGEST_DESCRIPTION: Final = 64


def _family(model: str | None) -> int:
    if model is None:
        return _UNKNOWN_FAMILY
    return next((code for part, code in _FAMILIES.items() if part in model), _OTHER_FAMILY)


def _other_family(device: HostDevice) -> str | None:
    """The schema has it beside Family 1 (Other) only."""
    model = device.host.processor_model
    return model[:_LONGEST_DESCRIPTION] if model is not None and _family(model) == _OTHER_FAMILY else None


HOST_PROCESSOR: Final = _map(
    "HostProcessor",
    "CIM_Processor",
    ResourceKind.PROCESSOR,
    "A logical processor of a host: what pools count, shown as a processor of one core.",
    {
        "ElementName": Call(lambda d: f"processor {d.id.rpartition(':')[2]} of {d.host.name}"),
        "Role": Const("Central Processor"),
        "Family": Call(lambda d: _family(d.host.processor_model)),
        "OtherFamilyDescription": Call(_other_family),
        "CPUStatus": Call(lambda d: 1 if d.host.online else 0),
        "NumberOfEnabledCores": Const(1),
        "MaxClockSpeed": Call(lambda d: d.host.processor_maximum_mhz or 0),  # 0 is the schema's word for unknown
        "CurrentClockSpeed": Call(lambda d: d.host.processor_mhz or 0),
    },
)
_BLOCK: Final = 4096
HOST_MEMORY: Final = _map(
    "HostMemory",
    "CIM_Memory",
    ResourceKind.MEMORY,
    "The memory of a host.",
    {
        "ElementName": Call(lambda d: f"memory of {d.host.name}"),
        "Volatile": Const(True),
        "Access": Const(3),
        "BlockSize": Const(_BLOCK),
        "NumberOfBlocks": Call(lambda d: d.amount // _BLOCK),
        "ConsumableBlocks": Call(lambda d: d.amount // _BLOCK),
        "Primordial": Const(True),
    },
)
HOST_DEVICES: Final = (HOST_PROCESSOR, HOST_MEMORY)


def _map_of(device: HostDevice) -> ClassMap:
    return HOST_PROCESSOR if device.kind is ResourceKind.PROCESSOR else HOST_MEMORY


def _devices(host: Host, _picture: Picture) -> Iterator[Any]:
    for device in host_devices(host):
        yield (HOST_SYSTEM, host), (_map_of(device), device)


def _aggregated(host: Host, picture: Picture) -> Iterator[Any]:
    """A device is in the pool that it was put into, else in the host's own."""
    pools = {pool.name: pool for pool in pools_of(host, picture.objects.consumed)}
    put = {device_id: child.name for child in host.pools for device_id in child.resources}
    for device in host_devices(host):
        yield (RESOURCE_POOL, pools[put.get(device.id, device.kind.value)]), (_map_of(device), device)


EDGES: Final = (
    Edge(
        "CIM_SystemDevice",
        End("GroupComponent", (HOST_SYSTEM,)),
        End("PartComponent", HOST_DEVICES),
        Host,
        _devices,
        clause="DSP1041",
    ),
    Edge(
        "CIM_ConcreteComponent",
        End("GroupComponent", (RESOURCE_POOL,)),
        End("PartComponent", HOST_DEVICES),
        Host,
        _aggregated,
        clause="DSP1041",
    ),
)
