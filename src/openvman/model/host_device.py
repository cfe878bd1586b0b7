"""Devices of a host that can be put into pools one by one: its processors, its memory as a whole, and what can be
passed through to a guest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openvman.model.allocation import DeviceAllocation, DeviceKind
from openvman.model.host import Host, PassableDevice
from openvman.model.resource import ResourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDevice:
    """Its id is ``<host id>/device/<local>``; ``amount`` is what it adds to a pool, as the pool counts."""

    id: str
    host: Host
    kind: ResourceKind
    amount: int
    passable: PassableDevice | None = None
    """What it is, of a device that can be passed through."""


_PROCESSOR: Final = "/device/processor:"


def processor_id(host_id: str, number: int) -> str:
    """The id of a host's logical processor."""
    return f"{host_id}{_PROCESSOR}{number}"


def processor_number(device_id: str) -> int | None:
    """The number of the logical processor that the id is of; None for another device's id."""
    found = re.fullmatch(rf"[^/]+{_PROCESSOR}(0|[1-9][0-9]{{0,5}})", device_id)
    return None if found is None else int(found[1])


def host_devices(host: Host) -> Iterator[HostDevice]:
    """The devices of a host: logical processors from 0, the memory, then what can be passed through."""
    for number in range(host.processors):
        yield HostDevice(id=processor_id(host.id, number), host=host, kind=ResourceKind.PROCESSOR, amount=1)
    yield HostDevice(id=f"{host.id}/device/memory", host=host, kind=ResourceKind.MEMORY, amount=host.memory)
    for device in host.devices or ():
        yield _passable(host, device)


def host_device(host: Host, device_id: str) -> HostDevice | None:
    """The device of an id."""
    return next((device for device in host_devices(host) if device.id == device_id), None)


def passed_through(host: Host, allocation: DeviceAllocation) -> HostDevice | None:
    """The device of the host behind a host device of a guest; None where the host has, or tells of, none such.

    Of several of the model that a USB device is asked for by, nobody says which it is before the guest has it.
    """
    if allocation.kind is not DeviceKind.HOST_DEVICE:
        return None
    found = [d for d in host.devices or () if d.attachment == allocation.type and allocation.source in d.sources]
    return _passable(host, found[0]) if len(found) == 1 else None


def _passable(host: Host, device: PassableDevice) -> HostDevice:
    return HostDevice(
        id=f"{host.id}/device/{device.attachment}:{device.address}",
        host=host,
        kind=ResourceKind.HOST_DEVICE,
        amount=1,
        passable=device,
    )
