"""What a configuration can be started from, and in which order it is tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openvman.model.allocation import DiskKind
from openvman.model.system import BootDevice, Configuration

_OF_DISK: Final = {
    DiskKind.DISK: BootDevice.DISK,
    DiskKind.CDROM: BootDevice.CDROM,
    DiskKind.FLOPPY: BootDevice.FLOPPY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BootSource:
    """A kind of device to start from; its id is ``<configuration id>/boot/<device>``."""

    id: str
    configuration_id: str
    system_id: str
    device: BootDevice
    place: int
    """From 1, in the order of trying; 0 for what is there and not tried."""


def boot_sources(configuration: Configuration) -> Iterator[BootSource]:
    """What is tried, in order, and then the other kinds of device that the configuration has."""
    there = {_OF_DISK[disk.kind] for disk in configuration.disks}
    if configuration.nics:
        there.add(BootDevice.NETWORK)
    tried = configuration.boot_order
    others = (device for device in BootDevice if device in there and device not in tried)
    for place, device in (*enumerate(tried, 1), *((0, device) for device in others)):
        yield BootSource(
            id=f"{configuration.id}/boot/{device}",
            configuration_id=configuration.id,
            system_id=configuration.system_id,
            device=device,
            place=place,
        )
