"""Instances as MOF text, as libvirt-cim's clients send them."""

from __future__ import annotations

from typing import Any

from tests.system.libvirt_cim.classes import SETTING
from tests.system.libvirt_cim.place import BRIDGE, MACHINES, NETWORK, VOLUMES, Place

NAME = "sloop"
"""The guest that tests define."""
MAC, OTHER_MAC = "00:11:22:33:44:55", "00:11:22:33:44:66"


def mof(class_name: str, **values: object) -> str:
    def literal(value: object) -> str:
        return f'"{value}"' if isinstance(value, str) else str(value).lower()

    said = "\n".join(f"{name} = {literal(value)};" for name, value in values.items())
    return f"instance of {class_name} {{\n{said}\n}};"


def setting(place: Place, kind: str, **values: object) -> str:
    return mof(place.name(f"{kind}{SETTING}"), **values)


def system(place: Place, name: str = NAME, **more: object) -> str:
    """The settings of a guest as a whole, with all that clients say whether or not it means something."""
    is_machine = place.kind is MACHINES
    said: dict[str, Any] = {
        "InstanceID": f"{place.kind.prefix}:{name}",
        "Caption": "Virtual System",
        "Description": "Virtual System",
        "VirtualSystemIdentifier": name,
        "ElementName": name,
        "VirtualSystemType": place.kind.prefix,
        "CreationClassName": place.name("VirtualSystemSettingData"),
        "AutomaticShutdownAction": 2,
        "AutomaticRecoveryAction": 2,
        "isFullVirt": is_machine,
        "EnablePAE": False,
        "EnableACPI": is_machine,
        "EnableAPIC": False,
        **({"BootDevice": "hd"} if is_machine else {"InitPath": "/init"}),
    }
    return mof(place.name("VirtualSystemSettingData"), **{**said, **more})


def disk(place: Place, number: int = 0, **more: object) -> str:
    """A disk, the second with the image of another guest; of containers, a folder."""
    if place.kind is MACHINES:
        target, address = (("vda", place.folder / VOLUMES[2]), ("vdb", place.folder / VOLUMES[0]))[number]
        said = {"ResourceType": 17, "VirtualDevice": target, "Address": str(address), "EmulatedType": 0}
        return setting(place, "Disk", **{**said, "InstanceID": f"{NAME}/{target}", **more})
    target, folder = (("/", "root"), ("/more", "shared"))[number]
    said = {"MountPoint": target, "Address": str(place.folder / folder), "InstanceID": f"{NAME}/{target}"}
    return setting(place, "Disk", **{**said, **more})


def memory(place: Place, megabytes: int = 64, **more: object) -> str:
    said = {"ResourceType": 4, "VirtualQuantity": megabytes, "AllocationUnits": "MegaBytes"}
    return setting(place, "Mem", **{**said, "InstanceID": f"{NAME}/mem", **more})


def adapter(place: Place, mac: str = MAC, **more: object) -> str:
    said = {"ResourceType": 10, "NetworkType": "network", "PoolID": f"NetworkPool/{NETWORK}", "Address": mac}
    return setting(place, "Net", **{**said, **more})


def bridged(place: Place, mac: str = MAC, **more: object) -> str:
    said = {"ResourceType": 10, "NetworkType": "bridge", "NetworkName": BRIDGE, "Address": mac}
    return setting(place, "Net", **{**said, **more})


def resources(place: Place) -> list[str]:
    """Of each kind that guests of the host's kind have."""
    found = [disk(place), memory(place), adapter(place)]
    if place.kind is not MACHINES:
        return [*found, setting(place, "Proc", ResourceType=3, InstanceID=f"{NAME}/proc")]
    return [
        *found,
        setting(place, "Proc", ResourceType=3, VirtualQuantity=2, InstanceID=f"{NAME}/proc"),
        setting(place, "Disk", ResourceType=17, VirtualDevice="hdc", EmulatedType=1, Address=""),
        setting(place, "Graphics", ResourceType=24, ResourceSubType="vnc", IsIPv6Only=False),
        setting(place, "Input", ResourceType=13, ResourceSubType="mouse", BusType="ps2"),
        setting(place, "Controller", ResourceType=32771, ResourceSubType="pci", Index=0, Model="pci-root"),
    ]


def network_pool(place: Place, **more: object) -> str:
    said = {"ResourceType": 10, "PoolID": "NetworkPool/0", "Address": "10.98.1.1", "Netmask": "255.255.255.0"}
    ranged = {"IPRangeStart": "10.98.1.2", "IPRangeEnd": "10.98.1.254", "ForwardMode": 0}
    return setting(place, "NetPool", **{**said, **ranged, **more})


def disk_pool(place: Place, folder: object, **more: object) -> str:
    said = {"ResourceType": 17, "PoolID": "DiskPool/0", "Type": 1, "Path": str(folder)}
    return setting(place, "DiskPool", **{**said, **more})


def volume(place: Place, **more: object) -> str:
    said = {"ResourceType": 32768, "VolumeName": "made.img", "FormatType": 1, "Capacity": 1 << 20, "Path": "/nowhere"}
    return setting(place, "StorageVolume", **{**said, **more})
