"""The devices of a host, the pools that they are in (DSP1041), and the guests' devices that are really theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Const, Edge, End, Source
from openvman.model.allocation import DeviceAllocation
from openvman.model.device import devices_of
from openvman.model.host import Attachment, Host
from openvman.model.host_device import HostDevice, host_device, host_devices, passed_through
from openvman.model.picture import Picture
from openvman.model.pool import pools_of
from openvman.model.resource import ResourceKind
from openvman.model.system import VirtualSystem
from openvman.profiles.allocations import device_map_of
from openvman.profiles.device_kinds import ROW_OF_POOL
from openvman.profiles.dsp1041_pools import RESOURCE_POOL
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.dsp1059_generic_device import GENERIC_DEVICES
from openvman.profiles.extents import of_hosts
from openvman.profiles.finding import host_with_id


def _map(
    name: str, cim: str, shows: Callable[[HostDevice], bool], description: str, properties: Mapping[str, Source]
) -> ClassMap:
    def find(picture: Picture, keys: NameMap[Value]) -> HostDevice | None:
        host = picture.objects.host(keys["SystemName"])
        found = None if host is None else host_device(host, keys["DeviceID"])
        return found if found is not None and shows(found) else None

    return ClassMap(
        name=name,
        cim=cim,
        description=description,
        owner=Host,
        extent=of_hosts(lambda host: filter(shows, host_devices(host))),
        find=find,
        found_by={"SystemName": host_with_id},
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
    lambda d: d.kind is ResourceKind.PROCESSOR,
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
    lambda d: d.kind is ResourceKind.MEMORY,
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


def _is(attachment: Attachment) -> Callable[[HostDevice], bool]:
    return lambda device: device.passable is not None and device.passable.attachment is attachment


def _name(device: HostDevice) -> str:
    assert device.passable is not None
    what = device.passable.product_name or f"{device.passable.attachment.value} device"
    return f"{what} {device.passable.address}"


def _pci(part: str) -> Call:
    """One part of the address of a PCI device."""
    return Call(lambda d: int(_PCI.fullmatch(d.passable.address)[part], 16))  # type: ignore[index]


_PCI: Final = re.compile("[0-9a-f]+:(?P<bus>[0-9a-f]+):(?P<device>[0-9a-f]+)[.](?P<function>[0-7])")
_PASSABLE: Final[Mapping[str, Source]] = {
    "ElementName": Call(_name),
    "Name": Attr("passable.address"),
    "VendorID": Attr("passable.vendor"),
}
"""Name is what HostResource of an allocation calls the device."""

HOST_PCI_DEVICE: Final = _map(
    "HostPCIDevice",
    "CIM_PCIDevice",
    _is(Attachment.PCI),
    "A PCI device of a host, which can be passed through to a virtual system.",
    {
        **_PASSABLE,
        "Caption": Attr("passable.vendor_name"),
        "PCIDeviceID": Attr("passable.product"),
        "BusNumber": _pci("bus"),
        "DeviceNumber": _pci("device"),
        "FunctionNumber": _pci("function"),
    },
)
HOST_USB_DEVICE: Final = _map(
    "HostUSBDevice",
    "CIM_USBDevice",
    _is(Attachment.USB),
    "A USB device of a host, which can be passed through to a virtual system.",
    {
        **_PASSABLE,
        "ProductID": Attr("passable.product"),
        "Manufacturer": Attr("passable.vendor_name"),
        "Product": Attr("passable.product_name"),
    },
)
_PASSED: Final = {Attachment.PCI: HOST_PCI_DEVICE, Attachment.USB: HOST_USB_DEVICE}
HOST_DEVICES: Final = (HOST_PROCESSOR, HOST_MEMORY, *_PASSED.values())


def _map_of(device: HostDevice) -> ClassMap:
    if device.passable is not None:
        return _PASSED[device.passable.attachment]
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


def _passed_through(system: VirtualSystem, picture: Picture) -> Iterator[Any]:
    """From what the host has to what the guest sees of it."""
    host = picture.objects.host(system.host_id)
    for device in devices_of(system):
        allocation = device.allocation
        if host is not None and isinstance(allocation, DeviceAllocation):
            behind = passed_through(host, allocation)
            if behind is not None:
                yield (_map_of(behind), behind), (device_map_of(allocation), device)


def _other_devices(before: object | None, after: object | None) -> bool:
    """A host got or lost devices, which systems may name already."""
    had, has = (each.devices if isinstance(each, Host) else None for each in (before, after))
    return had != has


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
    Edge(
        "CIM_HostedDependency",
        End("Antecedent", tuple(_PASSED.values())),
        End("Dependent", (GENERIC_DEVICES[ROW_OF_POOL[ResourceKind.HOST_DEVICE].device],)),
        VirtualSystem,
        _passed_through,
        clause="CIM Schema",
        unsettled_by=_other_devices,
    ),
)
