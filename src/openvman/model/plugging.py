"""Which devices an active system can get and lose: what a guest finds only when it starts stays as it is until then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from openvman.model.allocation import Allocation, DeviceAllocation, DeviceKind, SerialAllocation
from openvman.model.spec import DeviceSpec, ResourceSpec, SerialSpec

_FIXED: Final[Mapping[DeviceKind, str]] = {
    DeviceKind.GRAPHICS: "a display is opened when the system starts",
    DeviceKind.VIDEO: "a graphics adapter is found by the firmware",
    DeviceKind.SOUND: "a sound card is found when the guest starts",
    DeviceKind.TPM: "a trusted platform module measures the start itself",
    DeviceKind.BALLOON: "the memory balloon is part of the machine",
    DeviceKind.CONSOLE: "a console is opened when the guest starts",
    DeviceKind.PARALLEL: "a parallel port is part of the machine",
    DeviceKind.HUB: "a hub is part of the machine",
    DeviceKind.SMARTCARD: "a smartcard reader is part of the machine",
    DeviceKind.PANIC: "a panic notifier is announced by the firmware",
    DeviceKind.IOMMU: "an IOMMU is part of the machine",
}


def why_fixed(device: ResourceSpec | Allocation) -> str | None:
    """Why an active system can neither get nor lose the device; None where it may be tried."""
    match device:
        case SerialSpec() | SerialAllocation():
            return "a serial port is part of the machine"
        case DeviceSpec(kind=DeviceKind() as kind) | DeviceAllocation(kind=kind):
            pass
        case _:
            return None
    match kind, device.bus, device.backend:
        case DeviceKind.INPUT, "ps2", _:
            return "a PS/2 device is part of the machine, unlike one on usb or virtio"
        case DeviceKind.CONTROLLER, str() as bus, _ if bus != "scsi":
            return f"a {bus} controller is part of the machine, unlike one of scsi"
        case DeviceKind.FILE_SYSTEM, _, backend if backend != "virtiofs":
            return "a file system by path is part of the machine, unlike one by virtiofs"
    return _FIXED.get(kind)
