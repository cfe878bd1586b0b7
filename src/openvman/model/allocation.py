"""Resource allocations: what a configuration gives a virtual system, one record per virtual device or group of them.

An allocation's id is ``<configuration id>/<local>``, where local is ``processor``, ``memory``, ``disk:<target>``,
``nic:<MAC address>`` or ``serial:<port>``. The same virtual device has the same local part in every configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What all allocations share. ``system_id`` is the owning virtual system's id."""

    id: str
    system_id: str
    configuration_id: str
    host_id: str

    @property
    def local_id(self) -> str:
        return self.id[len(self.configuration_id) + 1 :]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorAllocation(Allocation):
    """All virtual processors of a system."""

    count: int
    maximum: int
    """How many the system can have without being deactivated; at least ``count``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryAllocation(Allocation):
    """``size`` and ``maximum`` in bytes: what the guest has now (or gets at start), and what it may be given."""

    size: int
    maximum: int


class DiskKind(StrEnum):
    DISK = "disk"
    CDROM = "cdrom"
    FLOPPY = "floppy"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskAllocation(Allocation):
    """``source`` is a host path, None for an empty drive; ``capacity`` the virtual size in bytes, None if unknown."""

    target: str
    kind: DiskKind
    bus: str
    source: str | None
    format: str | None
    capacity: int | None
    read_only: bool
    shareable: bool = False


class NicConnection(StrEnum):
    NETWORK = "network"  # a virtual network known to the hypervisor by name
    BRIDGE = "bridge"  # a bridge of the host by name
    USER = "user"  # user-mode networking: outgoing only, needs nothing of the host
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class NicAllocation(Allocation):
    """``mac`` as six lower-case pairs with colons; ``source`` names the network or bridge."""

    mac: str
    model: str | None
    connection: NicConnection
    source: str | None = None
    target: str | None = None
    """The interface on the host while the system is active."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialAllocation(Allocation):
    """A serial port; ``has_log`` says that its output is kept and can be read."""

    port: int
    has_log: bool
