"""What a request gets where it says nothing: plain values, shared by the use cases and by what capabilities show.

``operations.defaults`` applies them. Lists are in order of preference: the first that the host offers is taken.
"""

from __future__ import annotations

from typing import Final

from openvman.model.allocation import DeviceKind, DiskKind
from openvman.model.system import BootDevice, Firmware, OnCrash

PROCESSORS: Final = 1
MEMORY: Final = 512 * 1024**2
"""Bytes."""
CAPACITY: Final = 10 * 1024**3
"""Bytes of a new image as capabilities propose it; a request for a disk has to say its size or its source."""
ON_CRASH: Final = OnCrash.DESTROY

FIRMWARE: Final = Firmware.BIOS
INIT: Final = "/sbin/init"
"""What a container starts with."""
ROOT: Final = "/"
"""Where a container sees the file system that it cannot be without."""
BOOT_ORDER: Final = (
    (DiskKind.DISK, BootDevice.DISK),
    (DiskKind.CDROM, BootDevice.CDROM),
    (DiskKind.FLOPPY, BootDevice.FLOPPY),
)
"""What kinds of disks are tried in; the network comes last."""

DISK_BUSES: Final[dict[DiskKind, tuple[str, ...]]] = {
    DiskKind.DISK: ("virtio", "scsi", "sata", "ide", "usb", "xen"),
    DiskKind.CDROM: ("sata", "scsi", "ide", "usb", "xen"),
    DiskKind.FLOPPY: ("fdc",),
}
"""Buses that each kind of disk can be on: only fdc takes a floppy drive, and virtio takes no drive with a tray."""

TARGET_PREFIXES: Final[dict[str, str]] = {
    "virtio": "vd",
    "scsi": "sd",
    "sata": "sd",
    "usb": "sd",
    "ide": "hd",
    "fdc": "fd",
    "xen": "xvd",
}
"""How a disk's target begins, by its bus; letters follow."""
OTHER_PREFIX: Final = "sd"
"""For a bus that the table does not know."""

NIC_MODELS: Final = ("virtio", "e1000e", "e1000", "rtl8139")
NETWORK: Final = "default"
"""The virtual network that a NIC joins if the host has one of this name; else it gets user-mode networking."""

DEVICES: Final[dict[DeviceKind, dict[str, tuple[str, ...]]]] = {
    DeviceKind.GRAPHICS: {"type": ("vnc",), "address": ("127.0.0.1",)},
    DeviceKind.VIDEO: {"type": ("virtio", "qxl", "vga", "cirrus")},
    DeviceKind.INPUT: {"type": ("tablet",), "bus": ("usb",)},
    DeviceKind.SOUND: {"type": ("ich6",)},
    DeviceKind.RNG: {"type": ("virtio",), "backend": ("random",)},
    DeviceKind.TPM: {"type": ("tpm-crb", "tpm-tis", "tpm-spapr"), "backend": ("emulator",)},
    DeviceKind.WATCHDOG: {"type": ("i6300esb",), "action": ("reset",)},
    DeviceKind.BALLOON: {"type": ("virtio",)},
    DeviceKind.CHANNEL: {"type": ("virtio",), "backend": ("unix",), "target": ("org.qemu.guest_agent.0",)},
    DeviceKind.CONSOLE: {"type": ("virtio",), "backend": ("pty",)},
    DeviceKind.PARALLEL: {"backend": ("pty",)},
    DeviceKind.FILE_SYSTEM: {"type": ("mount",), "backend": ("path",)},
    DeviceKind.REDIRECTION: {"bus": ("usb",), "backend": ("spicevmc",)},
    DeviceKind.HUB: {"type": ("usb",)},
    DeviceKind.SMARTCARD: {"type": ("passthrough",), "backend": ("spicevmc",)},
    DeviceKind.PANIC: {"type": ("isa",)},
    DeviceKind.VSOCK: {"type": ("virtio",)},
}
"""Settings of devices, of which graphics listen where nobody on another machine reaches them."""
KEYMAP: Final = "en-us"
"""The keyboard's layout where a viewer's protocol needs one, and none is said."""
ENTROPY: Final = "/dev/urandom"
"""Where a random number generator with the backend random gets its numbers."""

IMAGE_FORMAT: Final = "qcow2"
"""Of a new image."""
FORMAT_OF_SUFFIX: Final = {".qcow2": "qcow2", ".img": "raw", ".raw": "raw", ".iso": "raw"}
"""The format of an existing image by its file name. The image's bytes are the guest's to write and decide nothing."""
UNKNOWN_FORMAT: Final = "raw"
"""For a file name without a suffix in the table: the one format whose content is never interpreted."""
SUFFIX_OF_FORMAT: Final = {"qcow2": ".qcow2", "raw": ".img"}
"""The formats that images may have, and how the file name of a new one ends."""

ACPI: Final = frozenset({"x86_64", "i686", "aarch64"})
"""Architectures whose machines have it; likewise an APIC."""
APIC: Final = frozenset({"x86_64", "i686"})
