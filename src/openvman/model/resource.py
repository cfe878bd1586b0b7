"""Kinds of resources, and how much of one an allocation takes."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from openvman.model.allocation import (
    NO_DEVICE,
    Allocation,
    DeviceAllocation,
    DeviceKind,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    ProcessorAllocation,
    SerialAllocation,
)


class ResourceKind(StrEnum):
    """What pools hold one of; each is also the name of a host's own pool of the kind."""

    PROCESSOR = "processor"
    MEMORY = "memory"
    DISK = "disk"
    CDROM = "cdrom"
    FLOPPY = "floppy"
    NETWORK = "network"
    SERIAL = "serial"
    GRAPHICS = "graphics"
    VIDEO = "video"
    INPUT = "input"
    SOUND = "sound"
    RNG = "rng"
    TPM = "tpm"
    WATCHDOG = "watchdog"
    BALLOON = "balloon"
    CHANNEL = "channel"
    CONSOLE = "console"
    PARALLEL = "parallel"
    IDE_CONTROLLER = "ide-controller"
    SCSI_CONTROLLER = "scsi-controller"
    USB_CONTROLLER = "usb-controller"
    PCI_CONTROLLER = "pci-controller"
    SATA_CONTROLLER = "sata-controller"
    VIRTIO_SERIAL_CONTROLLER = "virtio-serial-controller"
    FDC_CONTROLLER = "fdc-controller"
    CCID_CONTROLLER = "ccid-controller"
    CONTROLLER = "controller"  # of any other bus
    HOST_DEVICE = "hostdev"
    FILE_SYSTEM = "filesystem"
    REDIRECTION = "redirection"
    HUB = "hub"
    SMARTCARD = "smartcard"
    PANIC = "panic"
    VSOCK = "vsock"
    IOMMU = "iommu"


IN_BYTES: Final = frozenset({ResourceKind.MEMORY, ResourceKind.DISK})
"""Quantities of these are bytes, of all others numbers of things."""

KIND_OF_DISK: Final = {
    DiskKind.DISK: ResourceKind.DISK,
    DiskKind.CDROM: ResourceKind.CDROM,
    DiskKind.FLOPPY: ResourceKind.FLOPPY,
}
_KINDS: Final[dict[type[Allocation], ResourceKind]] = {
    ProcessorAllocation: ResourceKind.PROCESSOR,
    MemoryAllocation: ResourceKind.MEMORY,
    NicAllocation: ResourceKind.NETWORK,
    SerialAllocation: ResourceKind.SERIAL,
}
_DEVICES: Final = {kind: ResourceKind(kind.value) for kind in DeviceKind}
_CONTROLLERS: Final = {
    bus: ResourceKind(f"{bus}-controller")
    for bus in ("ide", "scsi", "usb", "pci", "sata", "virtio-serial", "fdc", "ccid")
}

DEVICE_OF: Final = {
    **{resource: kind for kind, resource in _DEVICES.items()},
    **dict.fromkeys(_CONTROLLERS.values(), DeviceKind.CONTROLLER),
}
"""The kinds of devices by the kinds of resources that they take."""


def device_resource(kind: DeviceKind, bus: str | None) -> ResourceKind:
    """The kind of resource that a device of this kind takes; controllers are told apart by the bus that they make."""
    if kind is DeviceKind.CONTROLLER:
        return _CONTROLLERS.get(bus or "", ResourceKind.CONTROLLER)
    return _DEVICES[kind]


def kind_of(allocation: Allocation) -> ResourceKind:
    """The kind of resource that an allocation takes."""
    if isinstance(allocation, DiskAllocation):
        return KIND_OF_DISK[allocation.kind]
    if isinstance(allocation, DeviceAllocation):
        return device_resource(allocation.kind, allocation.bus)
    return _KINDS[type(allocation)]


def pool_name(allocation: Allocation) -> str:
    """The name of the pool that the allocation is from."""
    return allocation.pool if allocation.pool is not None else kind_of(allocation).value


def quantity(allocation: Allocation) -> int:
    """How much it takes: bytes or a number of things. A disk of unknown size counts nothing, nor does no device."""
    match allocation:
        case ProcessorAllocation():
            return allocation.count
        case MemoryAllocation():
            return allocation.size
        case DiskAllocation(kind=DiskKind.DISK):
            return allocation.capacity or 0
        case DeviceAllocation(type=type) if type == NO_DEVICE:
            return 0
    return 1
