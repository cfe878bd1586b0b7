"""All classes of libvirt-cim's schema, by the names behind their prefix, and which instances a furnished place has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pywbem
from tests.system.libvirt_cim.place import FILTER, MACHINES, NESTED, NETWORK, POOL, Place

SETTING: Final = "ResourceAllocationSettingData"
VIRT, INTEROP = "root/virt", "root/interop"

DEVICES: Final = {
    "Processor": "Proc",
    "Memory": "Mem",
    "LogicalDisk": "Disk",
    "NetworkPort": "Net",
    "DisplayController": "Graphics",
    "PointingDevice": "Input",
    "Controller": "Controller",
}
"""The classes of devices, and what the classes of their settings and pools begin with."""
SETTINGS: Final = tuple(f"{kind}{SETTING}" for kind in DEVICES.values())
POOLS: Final = {
    "Processor": "ProcessorPool",
    "Memory": "MemoryPool",
    "LogicalDisk": "DiskPool",
    "NetworkPort": "NetworkPool",
    "DisplayController": "GraphicsPool",
    "PointingDevice": "InputPool",
    "Controller": "ControllerPool",
}
SERVICES: Final = {
    "VirtualSystemManagementService": "VirtualSystemManagementCapabilities",
    "ResourcePoolConfigurationService": "ResourcePoolConfigurationCapabilities",
    "VirtualSystemMigrationService": "VirtualSystemMigrationCapabilities",
    "VirtualSystemSnapshotService": "VirtualSystemSnapshotServiceCapabilities",
    "ConsoleRedirectionService": "ConsoleRedirectionServiceCapabilities",
}
"""The services, and what each is capable of."""
ENTRIES: Final = ("FilterEntry", "IPHeadersFilter", "Hdr8021Filter")
PROFILES: Final = {
    "CIM:DSP1042-SystemVirtualization-1.0.0": ("HostSystem",),
    "CIM:DSP1057-VirtualSystem-1.0.0a": ("ComputerSystem",),
    "CIM:DSP1059-GenericDeviceResourceVirtualization-1.0.0_d": ("DiskPool",),
    "CIM:DSP1059-GenericDeviceResourceVirtualization-1.0.0_n": ("NetworkPool",),
    "CIM:DSP1059-GenericDeviceResourceVirtualization-1.0.0_p": ("ProcessorPool",),
    "CIM:DSP1045-MemoryResourceVirtualization-1.0.0": ("MemoryPool",),
    "CIM:DSP1081-VirtualSystemMigration-0.8.1": ("VirtualSystemMigrationService",),
    "CIM:DSP1076-KVMRedirection-1.0.0": ("HostSystem", "ConsoleRedirectionService"),
    "CIM:DSP1043-AllocationCapabilities-1.0.0a": ("AllocationCapabilities",),
    "CIM:DSP1041-ResourceAllocation-1.1.0c_d": ("DiskPool",),
    "CIM:DSP1041-ResourceAllocation-1.1.0c_n": ("NetworkPool",),
    "CIM:DSP1041-ResourceAllocation-1.1.0c_p": ("ProcessorPool",),
    "CIM:DSP1041-ResourceAllocation-1.1.0c_m": ("MemoryPool",),
}
"""The profiles, the first of which references all others, and the classes whose instances conform to them."""

# Patterns of names (see shown): {guest} stands for each guest, {mac} for each adapter of it.
_BUSES: Final = ("fdc:0", "ide:0", "pci:0", "scsi:0", "usb:0", "virtio-serial:0")
_OF_GUESTS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "Processor": (("{guest}/0", "{guest}/1"), ("{guest}/0", "{guest}/1")),
    "Memory": (("{guest}/mem",), ("{guest}/mem",)),
    "LogicalDisk": (("{guest}/vda", "{guest}/hdc", "{guest}/fda"), ("{guest}//", "{guest}//shared")),
    "NetworkPort": (("{guest}/{mac}",), ("{guest}/{mac}",)),
    "DisplayController": (("{guest}/vnc",), ()),
    "PointingDevice": (("{guest}/tablet:usb", "{guest}/mouse:ps2", "{guest}/keyboard:ps2"), ()),
    "Controller": (tuple(f"{{guest}}/controller:{bus}" for bus in _BUSES), ()),
}
"""On a host of machines, and on one of containers."""
_OF_BOTH: Final[dict[str, tuple[str, ...]]] = {
    "ComputerSystem": ("{guest}",),
    "EnabledLogicalElementCapabilities": ("{guest}",),
    "VirtualSystemSettingData": ("{prefix}:{guest}",),
    "HostSystem": ("{host}",),
    **{pool: (f"{pool}/0",) for pool in POOLS.values()},
    "DiskPool": (f"DiskPool/{POOL}", "DiskPool/0"),
    "NetworkPool": (f"NetworkPool/{NETWORK}", "NetworkPool/0"),
    "VirtualSystemManagementService": ("Management Service",),
    "ResourcePoolConfigurationService": ("RPCS",),
    "VirtualSystemMigrationService": ("MigrationService",),
    "VirtualSystemSnapshotService": ("SnapshotService",),
    "ConsoleRedirectionService": ("ConsoleRedirectionService",),
    "VirtualSystemManagementCapabilities": ("ManagementCapabilities",),
    "ResourcePoolConfigurationCapabilities": ("RPCC",),
    "VirtualSystemMigrationCapabilities": ("MigrationCapabilities",),
    "VirtualSystemMigrationSettingData": ("MigrationSettingData",),
    "VirtualSystemSnapshotServiceCapabilities": ("SnapshotCapabilities",),
    "ConsoleRedirectionServiceCapabilities": ("ConsoleRedirectionCapabilities",),
    "FilterList": (FILTER, NESTED),
    "FilterEntry": (f"{NESTED}:0",),
    "IPHeadersFilter": (f"{FILTER}:0",),
    "Hdr8021Filter": (f"{FILTER}:1",),
}


@dataclass(frozen=True)
class Row:
    """A class, and the patterns of the names of its instances on a host of machines and on one of containers."""

    name: str
    machines: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    namespace: str = VIRT
    base_of: tuple[str, ...] = ()
    """Whose instances are its own too."""


def _row(name: str, *both: str) -> Row:
    return Row(name, both, both)


_ALL_POOLS: Final = tuple(dict.fromkeys(id for pool in POOLS.values() for id in _OF_BOTH[pool]))
INSTANCES: Final = (
    *(_row(name, *both) for name, both in _OF_BOTH.items()),
    _row("AllocationCapabilities", *_ALL_POOLS),
    *(Row(name, *names) for name, names in _OF_GUESTS.items()),
    _row(f"Proc{SETTING}", "{guest}/proc"),
    *(Row(f"{kind}{SETTING}", *_OF_GUESTS[device]) for device, kind in DEVICES.items() if device != "Processor"),
    Row(SETTING, base_of=SETTINGS),
    Row("KVMRedirectionSAP", ("{screen}",)),
    Row("RegisteredProfile", tuple(PROFILES), tuple(PROFILES), namespace=INTEROP),
)
"""The classes that have instances."""
TEMPLATES: Final = tuple(f"{kind}{SETTING}" for kind in ("DiskPool", "NetPool", "StorageVolume"))
"""The classes of which there is only what may be asked of pools, which their capabilities alone show."""
NEVER: Final = (
    f"Character{SETTING}",
    f"Console{SETTING}",
    "ConsoleDisplayController",
    "MigrationJob",
    "SwitchService",
)
"""The classes that libvirt-cim has for what it shows otherwise, or for what this server does not do."""
INDICATIONS: Final = tuple(
    f"{of}{event}Indication"
    for of in ("ComputerSystem", SETTING, "ComputerSystemMigrationJob")
    for event in ("Created", "Modified", "Deleted")
)
ASSOCIATIONS: Final = (
    "AppliedFilterList", "ConcreteComponent", "ElementAllocatedFromPool", "ElementCapabilities",
    "ElementConformsToProfile", "ElementSettingData", "EntriesInFilterList", "HostedAccessPoint", "HostedDependency",
    "HostedFilterList", "HostedResourcePool", "HostedService", "NestedFilterList", "ReferencedProfile",
    "ResourceAllocationFromPool", "SAPAvailableForElement", "ServiceAccessBySAP", "ServiceAffectsElement",
    "SettingsDefineCapabilities", "SettingsDefineState", "SystemDevice", "VirtualSystemSettingDataComponent",
)  # fmt: skip
ALL: Final = (*(row.name for row in INSTANCES), *TEMPLATES, *NEVER, *INDICATIONS, *ASSOCIATIONS)


def names(row: Row, place: Place) -> set[str]:
    """Of the instances that the place has of a class."""
    patterns = row.machines if place.kind is MACHINES else row.containers
    own = {name for pattern in patterns for name in _expanded(pattern, place)}
    return own.union(*(names(each, place) for each in INSTANCES if each.name in row.base_of))


def _expanded(pattern: str, place: Place) -> Iterator[str]:
    for guest in place.guests if "{" in pattern else ("",):
        for mac in place.kind.macs(guest) if "{mac}" in pattern else ("",):
            yield (
                screen(guest, place)
                if pattern == "{screen}"
                else pattern.format(guest=guest, mac=mac, prefix=place.kind.prefix, host=place.host)
            )


def screen(guest: str, place: Place) -> str:
    """The name of a guest's screen: the port that viewers connect to, and whether it takes any."""
    found = place.xml(guest).find("devices/graphics")
    return (
        "" if found is None else f"{found.get('port', '-1')}:{0 if place.domain(guest).isActive() else -1} of {guest}"
    )


def shown(path: pywbem.CIMInstanceName) -> str:
    """What tells an instance from the others of its class."""
    keys = path.keybindings
    for key in ("InstanceID", "DeviceID"):
        if key in keys:
            return str(keys[key])
    of_guest = str(keys.get("SystemCreationClassName", "")).endswith("_ComputerSystem")
    return f"{keys['Name']} of {keys['SystemName']}" if of_guest else str(keys["Name"])
