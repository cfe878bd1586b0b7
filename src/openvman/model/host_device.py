"""Devices of a host that can be put into pools one by one: its processors, and its memory as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from openvman.model.host import Host
from openvman.model.resource import ResourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDevice:
    """Its id is ``<host id>/device/<local>``; ``amount`` is what it adds to a pool, as the pool counts."""

    id: str
    host: Host
    kind: ResourceKind
    amount: int


def host_devices(host: Host) -> Iterator[HostDevice]:
    """The devices of a host: logical processors from 0, then the memory."""
    for number in range(host.processors):
        yield HostDevice(id=f"{host.id}/device/processor:{number}", host=host, kind=ResourceKind.PROCESSOR, amount=1)
    yield HostDevice(id=f"{host.id}/device/memory", host=host, kind=ResourceKind.MEMORY, amount=host.memory)


def host_device(host: Host, device_id: str) -> HostDevice | None:
    """The device of an id."""
    return next((device for device in host_devices(host) if device.id == device_id), None)
