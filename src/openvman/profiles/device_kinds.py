"""The devices without a profile of their own, as resource types and device classes: one table for both directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.model.allocation import NO_DEVICE, DeviceAllocation, DeviceKind
from openvman.model.resource import ResourceKind, device_resource

OTHER: Final = 1
"""ResourceType of what the schema has no code for; OtherResourceType then says what it is."""
_IDE_CONTROLLER, _SCSI_HBA, _IO_DEVICE, _PARALLEL, _USB_CONTROLLER, _GRAPHICS = 5, 6, 13, 22, 23, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A kind of device, or those of a kind that have one of ``types`` or make the ``bus``.

    ``device`` is the class of the device that the guest has; ``name`` what people call it, and with OTHER what
    OtherResourceType says.
    """

    kind: DeviceKind
    name: str
    code: int = OTHER
    device: str = "LogicalDevice"
    types: frozenset[str] | None = None
    bus: str | None = None

    @property
    def resource(self) -> ResourceKind:
        """What pools have of it."""
        return device_resource(self.kind, self.bus)


_REMOTE: Final = frozenset({"vnc", "spice", "rdp", "dbus", "sdl", "desktop", "egl-headless"})

ROWS: Final = (
    Row(kind=DeviceKind.GRAPHICS, name="graphics", code=_GRAPHICS, types=_REMOTE),
    Row(kind=DeviceKind.VIDEO, name="video", code=_GRAPHICS, device="DisplayController"),
    Row(kind=DeviceKind.INPUT, name="input", code=_IO_DEVICE, device="Keyboard", types=frozenset({"keyboard"})),
    Row(kind=DeviceKind.INPUT, name="input", code=_IO_DEVICE, device="PointingDevice"),
    Row(kind=DeviceKind.CONTROLLER, name="controller", code=_IDE_CONTROLLER, device="IDEController", bus="ide"),
    Row(kind=DeviceKind.CONTROLLER, name="controller", code=_SCSI_HBA, device="SCSIController", bus="scsi"),
    Row(kind=DeviceKind.CONTROLLER, name="controller", code=_USB_CONTROLLER, device="USBController", bus="usb"),
    Row(kind=DeviceKind.CONTROLLER, name="pci controller", device="PCIController", bus="pci"),
    Row(kind=DeviceKind.CONTROLLER, name="sata controller", bus="sata"),
    Row(kind=DeviceKind.CONTROLLER, name="virtio-serial controller", bus="virtio-serial"),
    Row(kind=DeviceKind.CONTROLLER, name="fdc controller", bus="fdc"),
    Row(kind=DeviceKind.CONTROLLER, name="ccid controller", bus="ccid"),
    Row(kind=DeviceKind.CONTROLLER, name="controller"),
    Row(kind=DeviceKind.PARALLEL, name="parallel port", code=_PARALLEL),
    Row(kind=DeviceKind.WATCHDOG, name="watchdog", device="Watchdog"),
    Row(kind=DeviceKind.SOUND, name="sound"),
    Row(kind=DeviceKind.RNG, name="random number generator"),
    Row(kind=DeviceKind.TPM, name="trusted platform module"),
    Row(kind=DeviceKind.BALLOON, name="memory balloon"),
    Row(kind=DeviceKind.CHANNEL, name="channel"),
    Row(kind=DeviceKind.CONSOLE, name="console"),
    Row(kind=DeviceKind.HOST_DEVICE, name="host device"),
    Row(kind=DeviceKind.FILE_SYSTEM, name="file system"),
    Row(kind=DeviceKind.REDIRECTION, name="redirected device"),
    Row(kind=DeviceKind.HUB, name="hub"),
    Row(kind=DeviceKind.SMARTCARD, name="smartcard reader"),
    Row(kind=DeviceKind.PANIC, name="panic notifier"),
    Row(kind=DeviceKind.VSOCK, name="vsock"),
    Row(kind=DeviceKind.IOMMU, name="IOMMU"),
)
"""The first row that fits a device is the device's."""

ROW_OF_POOL: Final = {row.resource: row for row in ROWS}
"""What a pool of devices has, by its kind."""

CODES: Final = tuple(sorted({row.code for row in ROWS}))


def row_of(device: DeviceAllocation) -> Row:
    return next(
        row
        for row in ROWS
        if row.kind is device.kind and (row.types is None or device.type in row.types) and row.bus in (None, device.bus)
    )


def name_of(device: DeviceAllocation) -> str:
    """What people call it: ``vnc graphics``, ``usb controller 0``."""
    words = [device.type or "", row_of(device).name]
    if device.type == NO_DEVICE:
        words = ["no", row_of(device).name]
    elif device.kind is DeviceKind.CONTROLLER:
        words = [device.bus or "", "controller", device.address or "0"]
    return " ".join(filter(None, words))


def meant(code: Value, values: NameMap[Value]) -> tuple[DeviceKind, str | None]:
    """The kind of device that an instance asks for, and the bus that a controller makes.

    ValueError when ResourceType, OtherResourceType and ResourceSubType together name none.
    """
    name, sub_type = str(values.get("OtherResourceType") or ""), values.get("ResourceSubType")
    for row in ROWS:
        if row.code != code or (row.types is not None and sub_type not in row.types):
            continue
        if code != OTHER or row.name.lower() == name.lower():
            return row.kind, row.bus
    if code != OTHER:
        raise ValueError(f"ResourceType {code} is none of {', '.join(map(str, CODES))}")
    names = ", ".join(sorted({row.name for row in ROWS if row.code == OTHER}))
    raise ValueError(f"OtherResourceType {name!r} is none of {names}")
