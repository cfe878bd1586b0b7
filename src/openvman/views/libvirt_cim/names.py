"""How libvirt-cim calls things: by the guest's name, and what the guest has by what libvirt calls it."""

from __future__ import annotations

from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Source
from openvman.model.allocation import (
    Allocation,
    DeviceAllocation,
    DeviceKind,
    DiskAllocation,
    MemoryAllocation,
    NicAllocation,
)
from openvman.model.device import VirtualDevice
from openvman.model.storage import StoragePool, place_of, volume_in
from openvman.views.libvirt_cim.scope import INSTANCE_ID, Seen

PROCESSORS: Final = "proc"
MEMORY: Final = "mem"


def local_name(allocation: Allocation) -> str:
    """What follows the guest's name."""
    match allocation:
        case MemoryAllocation():
            return MEMORY
        case DiskAllocation(target=target):
            return target
        case NicAllocation(mac=mac):
            return mac
        case DeviceAllocation(kind=DeviceKind.GRAPHICS):
            return allocation.type or ""
        case DeviceAllocation(kind=DeviceKind.INPUT):
            return f"{allocation.type}:{allocation.bus}"
        case DeviceAllocation(kind=DeviceKind.FILE_SYSTEM):
            return allocation.target or ""
        case DeviceAllocation(kind=DeviceKind.CONTROLLER):
            return f"controller:{allocation.bus}:{allocation.address or 0}"
    return PROCESSORS


def setting_name(seen: Seen) -> str:
    """The InstanceID of an allocation."""
    return f"{seen.system.name}/{local_name(seen.of)}"


def device_name(seen: Seen) -> str:
    """The DeviceID of a device; processors are counted."""
    device: VirtualDevice = seen.of
    local = local_name(device.allocation)
    return f"{seen.system.name}/{device.id.rpartition(':')[2] if local == PROCESSORS else local}"


def guest_in_id(keys: NameMap[Value]) -> str:
    """The guest's name in an InstanceID ``guest/what``; neither QEMU's nor LXC's names have a slash.

    Of a container's file system there are two, for where it is begins with one: ``guest//tmp``.
    """
    return str(keys[INSTANCE_ID]).partition("/")[0]


def guest_system(keys: NameMap[Value]) -> str:
    return str(keys["SystemName"])


GUEST_NAME: Final = Attr("system.name")


def keys_on_guest(computer_system: ClassMap, name: str, source: Source) -> dict[str, Source]:
    """The keys of what a guest has, of which ``name`` tells them apart."""
    return {
        "SystemCreationClassName": ClassName(computer_system),
        "SystemName": GUEST_NAME,
        "CreationClassName": ClassName(),
        name: source,
    }


def keys_on_host(host_system: ClassMap, name: Source) -> dict[str, Source]:
    """The keys of what a host has."""
    return {
        "SystemCreationClassName": ClassName(host_system),
        "SystemName": Attr("name"),
        "CreationClassName": ClassName(),
        "Name": name,
    }


# --- pools -----------------------------------------------------------------------------------------------------------


def pool_name(kind: str, name: str = "0") -> str:
    return f"{kind}/{name}"


def storage_pool_of(seen: Seen, source: str | None) -> StoragePool | None:
    """The storage pool that a disk's source is in: the one it says, or whose folder has the file."""
    volume = volume_in(source)
    if volume is not None:
        return next((pool for pool in seen.host.active_storage if pool.name == volume.pool), None)
    if source is None:
        return None
    folder = source.rpartition("/")[0]
    return next((pool for pool in seen.host.active_storage if pool.folder is not None and pool.folder == folder), None)


def disk_address(seen: Seen) -> str:
    """The host path of a disk; an empty drive has an empty one."""
    source = seen.of.source
    return "" if source is None else place_of(seen.host.active_storage, source)


def pci_address(allocation: Allocation) -> tuple[str, ...] | None:
    """Where a device is on PCI, as libvirt writes it: domain, bus, slot, function."""
    controller, place = allocation.parent or "", allocation.place
    prefix = f"{DeviceKind.CONTROLLER}:pci:"
    if place is None or not controller.startswith(prefix):
        return None
    slot, _, function = place.partition(".")
    bus = int(controller.removeprefix(prefix))
    return ("pci", "0x0000", f"0x{bus:02x}", f"0x{slot}", f"0x{function}")


PCI_ADDRESS: Final[dict[str, Any]] = {
    "AddressProperties": Call(
        lambda seen: ("type", "domain", "bus", "slot", "function") if pci_address(seen.of) else None
    ),
    "AddressValues": Call(lambda seen: pci_address(seen.of)),
}
