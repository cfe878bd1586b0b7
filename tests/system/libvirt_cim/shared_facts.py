"""The facts that ``root/virt`` and ``root/vman`` both tell of a guest and of pools, and how each says them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pywbem
from tests.system.libvirt_cim.classes import SETTING

Read = str | Callable[[pywbem.CIMInstance], Any]
"""A property, or what is worked out of several."""
MIB: Final = 1 << 20
_NEVER_ASKED, _NO_CHANGE = 0, 5
_STARTS_ALWAYS: Final = 4
_EMULATED: Final = {17: 0, 15: 1, 14: 2}
"""EmulatedType by the ResourceType of disks and drives."""
_BOOT: Final = {"disk": "hd", "cdrom": "cdrom", "floppy": "fd", "network": "network"}


@dataclass(frozen=True)
class Alike:
    """Instances of a class here and of one there are about the same when their keys are equal.

    ``facts`` are read here and there. ``least`` is how many of them a guest has, of machines and of containers.
    """

    here: str
    there: str
    keys: tuple[Read, Read]
    facts: Mapping[str, tuple[Read, Read]]
    least: tuple[int, int] = (1, 1)
    fits: Callable[[pywbem.CIMInstance], bool] = lambda _there: True


def told(instance: pywbem.CIMInstance, read: Read) -> Any:
    value = instance.get(read) if isinstance(read, str) else read(instance)
    return list(value) if isinstance(value, list | tuple) else value


def _local(instance: pywbem.CIMInstance) -> str:
    """What follows the guest in an InstanceID or DeviceID of ``root/virt``."""
    return str(instance.get("InstanceID") or instance["DeviceID"]).partition("/")[2]


def _part(instance: pywbem.CIMInstance) -> str:
    """What follows the kind in one of ``root/vman``: ``…/state/disk:vda`` is ``vda``."""
    return str(instance.get("InstanceID") or instance["DeviceID"]).rpartition("/")[2].partition(":")[2]


def _of_kind(kind: str) -> Callable[[pywbem.CIMInstance], bool]:
    return lambda there: f"/{kind}:" in str(there.get("InstanceID") or there["DeviceID"])


def _requested(there: pywbem.CIMInstance) -> int:
    state = int(there["RequestedState"])
    return _NEVER_ASKED if state == _NO_CHANGE else state


def _connection(there: pywbem.CIMInstance) -> list[str | None]:
    kind, _, name = there["Connection"][0].partition(":")
    return [kind, name or None]


def _port(address: str | None) -> int | None:
    """Of ``127.0.0.1:5900``; None where it is to be chosen."""
    port = int((address or "").rpartition(":")[2]) if ":" in (address or "") else -1
    return None if port == -1 else port


def _slot(here: pywbem.CIMInstance) -> str | None:
    """Where on PCI a device is, as ``root/vman`` writes it."""
    names, values = here.get("AddressProperties"), here.get("AddressValues")
    if not values:
        return None
    place = dict(zip(names, values, strict=True))
    return f"{int(place['slot'], 16):02x}.{int(place['function'], 16):x}"


def _on_pci(there: pywbem.CIMInstance) -> str | None:
    return there["AddressOnParent"] if "/controller:pci:" in str(there.get("Parent")) else None


GUEST: Final[dict[str, tuple[Read, Read]]] = {
    "name": ("Name", "ElementName"),
    "UUID": ("UUID", "Name"),
    "state": ("EnabledState", "EnabledState"),
    "last request": ("RequestedState", _requested),
    "transition": ("TransitioningToState", "TransitioningToState"),
}
WHOLE: Final[dict[str, tuple[Read, Read]]] = {
    "name": ("ElementName", "ElementName"),
    "UUID": ("UUID", "VirtualSystemIdentifier"),
    "what a crash leads to": ("AutomaticRecoveryAction", "AutomaticRecoveryAction"),
    "what the host's end leads to": ("AutomaticShutdownAction", "AutomaticShutdownAction"),
    "start with the host": (
        lambda here: bool(here["AutoStart"]),
        lambda there: there["AutomaticStartupAction"] == _STARTS_ALWAYS,
    ),
    "machine": (lambda here: here.get("Machine"), "MachineType"),
    "boot devices": (
        lambda here: here.get("BootDevices"),
        lambda there: there["BootDevices"] and [_BOOT[name] for name in there["BootDevices"]],
    ),
    "init": (lambda here: here.get("InitPath"), "InitPath"),
}
_PROCESSORS: Final = Alike(
    f"Proc{SETTING}",
    "VMAN_ProcessorAllocationSettingData",
    (lambda _here: "", lambda _there: ""),
    {
        "count": ("VirtualQuantity", "VirtualQuantity"),
        "weight": ("Weight", lambda there: there["Weight"] or 1024),
        "limit": ("Limit", lambda there: (there["Limit"] or 0) // 1000),
    },
)
_MEMORY: Final = Alike(
    f"Mem{SETTING}",
    "VMAN_MemoryAllocationSettingData",
    (lambda _here: "", lambda _there: ""),
    {
        "size": ("VirtualQuantity", "VirtualQuantity"),
        "maximum": ("Limit", "MaximumVirtualQuantity"),
    },
)
_ADAPTERS: Final = Alike(
    f"Net{SETTING}",
    "VMAN_EthernetPortAllocationSettingData",
    (_local, _part),
    {
        "MAC address": ("Address", "Address"),
        "model": ("ResourceSubType", "ResourceSubType"),
        "connection": (lambda here: [here["NetworkType"], here["NetworkName"]], _connection),
        "place": (_slot, _on_pci),
    },
    (3, 1),
)
_DISKS: Final = Alike(
    f"Disk{SETTING}",
    "VMAN_StorageAllocationSettingData",
    ("VirtualDevice", "AddressOnParent"),
    {
        "path": ("Address", lambda there: (there["HostResource"] or [""])[0]),
        "kind": ("EmulatedType", lambda there: _EMULATED[there["ResourceType"]]),
        "bus": ("BusType", "ResourceSubType"),
        "size": ("VirtualQuantity", "VirtualQuantity"),
        "format": ("DriverType", "Format"),
        "cache": ("cache", lambda there: None if there["CacheMode"] == "default" else there["CacheMode"]),
        "read only": ("readonly", lambda there: True if there["Access"] == 1 else None),
    },
    (3, 0),
)
_FILE_SYSTEMS: Final = Alike(
    f"Disk{SETTING}",
    "VMAN_ResourceAllocationSettingData",
    ("MountPoint", "TargetName"),
    {
        "folder": ("Address", lambda there: there["HostResource"][0]),
        "read only": ("readonly", lambda there: there["ReadOnly"] or None),
    },
    (0, 2),
    _of_kind("filesystem"),
)
_SCREENS: Final = Alike(
    f"Graphics{SETTING}",
    "VMAN_ResourceAllocationSettingData",
    (_local, _part),
    {
        "protocol": ("ResourceSubType", "ResourceSubType"),
        "key map": ("KeyMap", "KeyMap"),
        "address": (lambda here: here["Address"].rpartition(":")[0], lambda there: there["Address"].partition(":")[0]),
        "port": (lambda here: _port(here["Address"]), lambda there: _port(there["Address"])),
    },
    (1, 0),
    _of_kind("graphics"),
)
_INPUTS: Final = Alike(
    f"Input{SETTING}",
    "VMAN_ResourceAllocationSettingData",
    (_local, _part),
    {"type": ("ResourceSubType", "ResourceSubType"), "bus": ("BusType", "Bus")},
    (3, 0),
    _of_kind("input"),
)
_CONTROLLERS: Final = Alike(
    f"Controller{SETTING}",
    "VMAN_ResourceAllocationSettingData",
    (lambda here: _local(here).partition(":")[2], _part),
    {
        "bus": ("ResourceSubType", "Bus"),
        "index": (lambda here: str(here["Index"]), "Address"),
        "model": ("Model", "ResourceSubType"),
        "place": (_slot, _on_pci),
    },
    (6, 0),
    _of_kind("controller"),
)
SETTINGS: Final = (
    _PROCESSORS, _MEMORY, _ADAPTERS, _DISKS, _FILE_SYSTEMS, _SCREENS, _INPUTS, _CONTROLLERS,
)  # fmt: skip
"""Of a guest's settings in force."""
_BLOCKS: Final[dict[str, tuple[Read, Read]]] = {
    name: (name, name) for name in ("BlockSize", "NumberOfBlocks", "ConsumableBlocks")
}
DEVICES: Final = (
    Alike(
        "Processor",
        "VMAN_Processor",
        (_local, _part),
        {"cores": ("NumberOfEnabledCores", "NumberOfEnabledCores")},
        (2, 2),
    ),
    Alike("Memory", "VMAN_Memory", (lambda _here: "", lambda _there: ""), _BLOCKS),
    Alike("LogicalDisk", "VMAN_LogicalDisk", ("Name", "Name"), {"name": ("Name", "Name")}, (1, 0)),
    Alike(
        "NetworkPort",
        "VMAN_EthernetPort",
        (_local, _part),
        {
            "MAC address": (
                lambda here: [each.replace(":", "") for each in here["NetworkAddresses"]],
                "NetworkAddresses",
            ),
            "technology": ("LinkTechnology", "LinkTechnology"),
        },
        (3, 1),
    ),
)
"""Of a guest's devices."""
POOLS: Final[dict[str, tuple[str, dict[str, tuple[Read, Read]]]]] = {
    "ProcessorPool/0": (
        "processor",
        {name: (name, name) for name in ("Capacity", "Reserved", "Primordial", "ResourceType")},
    ),
    "MemoryPool/0": (
        "memory",
        {
            name: (name, name)
            for name in (
                "AllocationUnits",
                "Capacity",
                "Reserved",
                "CurrentlyConsumedResource",
                "Primordial",
                "ResourceType",
            )
        },
    ),
    "DiskPool/{storage}": (
        "storage:{storage}",
        {
            "Capacity": ("Capacity", lambda there: there["Capacity"] // MIB),
            "Reserved": ("Reserved", lambda there: there["Reserved"] // MIB),
            "type": ("OtherResourceType", "ResourceSubType"),
            "Primordial": ("Primordial", "Primordial"),
            "ResourceType": ("ResourceType", "ResourceType"),
        },
    ),
    "DiskPool/0": ("disk", {name: (name, name) for name in ("Primordial", "ResourceType")}),
    "NetworkPool/0": ("network", {name: (name, name) for name in ("Primordial", "ResourceType")}),
    "GraphicsPool/0": ("graphics", {name: (name, name) for name in ("Primordial", "ResourceType")}),
    "InputPool/0": ("input", {name: (name, name) for name in ("Primordial", "ResourceType")}),
}
"""Of pools: the facts by their PoolIDs here and there."""
