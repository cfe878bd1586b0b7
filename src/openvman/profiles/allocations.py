"""Every kind of allocation, and how configurations hold them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from openvman.mapping.declare import Call, ClassMap, Const, Edge, End
from openvman.model.allocation import (
    Allocation,
    DeviceAllocation,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    ProcessorAllocation,
    SerialAllocation,
)
from openvman.model.device import devices_of
from openvman.model.picture import Picture
from openvman.model.system import VirtualSystem
from openvman.profiles.device_kinds import row_of
from openvman.profiles.dsp1044_processor import PROCESSOR, PROCESSOR_SETTING
from openvman.profiles.dsp1045_memory import MEMORY, MEMORY_SETTING
from openvman.profiles.dsp1047_storage import CDROM_DRIVE, DISKETTE_DRIVE, LOGICAL_DISK, STORAGE_SETTING
from openvman.profiles.dsp1050_ethernet_port import ETHERNET_PORT, ETHERNET_SETTING
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM, SETTING_DATA
from openvman.profiles.dsp1059_generic_device import (
    DEVICE_SETTING,
    GENERIC_DEVICES,
    SERIAL_CONTROLLER,
    SERIAL_SETTING,
)

MAP_OF: Final[dict[type[Allocation], ClassMap]] = {
    ProcessorAllocation: PROCESSOR_SETTING,
    MemoryAllocation: MEMORY_SETTING,
    DiskAllocation: STORAGE_SETTING,
    NicAllocation: ETHERNET_SETTING,
    SerialAllocation: SERIAL_SETTING,
    DeviceAllocation: DEVICE_SETTING,
}
SETTINGS: Final = tuple(MAP_OF.values())
DEVICES: Final = (
    PROCESSOR,
    MEMORY,
    LOGICAL_DISK,
    CDROM_DRIVE,
    DISKETTE_DRIVE,
    ETHERNET_PORT,
    SERIAL_CONTROLLER,
    *GENERIC_DEVICES.values(),
)
_DRIVES: Final = {
    DiskKind.DISK: LOGICAL_DISK,
    DiskKind.CDROM: CDROM_DRIVE,
    DiskKind.FLOPPY: DISKETTE_DRIVE,
}
_DEVICE_OF: Final[dict[type[Allocation], ClassMap]] = {
    ProcessorAllocation: PROCESSOR,
    MemoryAllocation: MEMORY,
    NicAllocation: ETHERNET_PORT,
    SerialAllocation: SERIAL_CONTROLLER,
}
ALLOCATIONS: Final = tuple(m for m in SETTINGS if m.spec is not None)
"""Those that a client may ask for."""


def _components(system: VirtualSystem, _picture: Picture) -> Iterator[Any]:
    for configuration in system.configurations():
        for allocation in configuration.allocations():
            yield (SETTING_DATA, configuration), (MAP_OF[type(allocation)], allocation)


def _next_allocations(system: VirtualSystem, _picture: Picture) -> Iterator[Any]:
    """From the allocation in force to the defined one of the same virtual device."""
    if system.defined is None:
        return
    defined = {a.local_id: a for a in system.defined.allocations()}
    for allocation in system.effective.allocations():
        following = defined.get(allocation.local_id)
        if following is not None:
            kind = MAP_OF[type(allocation)]
            yield (kind, allocation), (kind, following), allocation is following


def device_map_of(allocation: Allocation) -> ClassMap:
    """The class map of the devices that an allocation makes."""
    match allocation:
        case DiskAllocation(kind=kind):
            return _DRIVES[kind]
        case DeviceAllocation():
            return GENERIC_DEVICES[row_of(allocation).device]
    return _DEVICE_OF[type(allocation)]


def _system_devices(system: VirtualSystem, _picture: Picture) -> Iterator[Any]:
    for device in devices_of(system):
        yield (COMPUTER_SYSTEM, system), (device_map_of(device.allocation), device)


def _device_settings(system: VirtualSystem, _picture: Picture) -> Iterator[Any]:
    for device in devices_of(system):
        allocation = device.allocation
        yield (device_map_of(allocation), device), (MAP_OF[type(allocation)], allocation)


EDGES = (
    Edge(
        "CIM_SystemDevice",
        End("GroupComponent", (COMPUTER_SYSTEM,)),
        End("PartComponent", DEVICES),
        VirtualSystem,
        _system_devices,
        clause="DSP1057",
    ),
    Edge(
        "CIM_SettingsDefineState",
        End("ManagedElement", DEVICES),
        End("SettingData", SETTINGS),
        VirtualSystem,
        _device_settings,
        clause="DSP1041",
    ),
    Edge(
        "CIM_VirtualSystemSettingDataComponent",
        End("GroupComponent", (SETTING_DATA,)),
        End("PartComponent", SETTINGS),
        VirtualSystem,
        _components,
        clause="DSP1057",
    ),
    Edge(
        "CIM_ElementSettingData",
        End("ManagedElement", SETTINGS),
        End("SettingData", SETTINGS),
        VirtualSystem,
        _next_allocations,
        clause="DSP1041",
        properties={
            "IsDefault": Const(1),
            "IsCurrent": Call(lambda is_current: 1 if is_current else 2),
            "IsNext": Const(1),
        },
    ),
)
