"""Devices of a host that can be put into pools one by one: its processors, and its memory as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openvman.model.host import Host
from openvman.model.resource import ResourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDevice:
    """Its id is ``<host id>/device/<local>``; ``amount`` is what it adds to a pool, as the pool counts."""

    id: str
    host: Host
    kind: ResourceKind
    amount: int


_PROCESSOR: Final = "/device/processor:"


def processor_id(host_id: str, number: int) -> str:
    """The id of a host's logical processor."""
    return f"{host_id}{_PROCESSOR}{number}"


def processor_number(device_id: str) -> int | None:
    """The number of the logical processor that the id is of; None for another device's id."""
    found = re.fullmatch(rf"[^/]+{_PROCESSOR}(0|[1-9][0-9]{{0,5}})", device_id)
    return None if found is None else int(found[1])


def host_devices(host: Host) -> Iterator[HostDevice]:
    """The devices of a host: logical processors from 0, then the memory."""
    for number in range(host.processors):
        yield HostDevice(id=processor_id(host.id, number), host=host, kind=ResourceKind.PROCESSOR, amount=1)
    yield HostDevice(id=f"{host.id}/device/memory", host=host, kind=ResourceKind.MEMORY, amount=host.memory)


def host_device(host: Host, device_id: str) -> HostDevice | None:
    """The device of an id."""
    return next((device for device in host_devices(host) if device.id == device_id), None)
