"""Hosts: computers that run virtual systems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from openvman.model.allocation import DeviceKind
from openvman.model.resource import ResourceKind
from openvman.model.storage import StoragePool
from openvman.model.system import Firmware


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What the host's hypervisor can do: facts that callers ask for instead of asking what kind it is."""

    hypervisors: tuple[str, ...]
    """Ways to execute a guest, best first: ``("kvm", "qemu")``."""
    architecture: str
    machines: tuple[str, ...]
    """Machine types for the host's architecture; the first is the default."""
    maximum_processors: int
    disk_buses: tuple[str, ...]
    nic_models: tuple[str, ...]
    can_suspend: bool = True
    can_autostart: bool = True
    has_networks: bool = True
    """Virtual networks can be named by a NIC."""
    has_console_log: bool = True
    firmwares: tuple[Firmware, ...] = (Firmware.BIOS,)
    disk_caches: tuple[str, ...] = ()
    """Ways to cache a disk, and whether blocks can be given back; none where the hypervisor has no such choice."""
    disk_discards: tuple[str, ...] = ()
    has_disk_limits: bool = False
    """Bytes and requests a second of a disk can be limited, also while a system is active."""
    device_types: Mapping[DeviceKind, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """Types of the kinds of devices whose choice the host tells; any may be asked for of a kind not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildPool:
    """A part of a host's pool that was set aside (DSP1041); its name is unique on the host."""

    name: str
    kind: ResourceKind
    parent: str
    """The name of the pool that it is a part of."""
    quantity: int
    """What the parent gave: bytes or a number of things."""
    resources: tuple[str, ...] = ()
    """The ids of devices of the host that were put into it; see :mod:`openvman.model.host_device`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host. ``id`` is its UUID; ``platform`` is the address that this server reaches it by (no credentials in it)."""

    id: str
    name: str
    platform: str
    hypervisor_name: str
    hypervisor_version: str
    processors: int
    """Logical processors."""
    processor_model: str | None
    processor_mhz: int | None
    memory: int
    """Bytes."""
    facts: HostFacts
    networks: tuple[str, ...] = ()
    """Names of the virtual networks that a NIC can name now."""
    storage: tuple[StoragePool, ...] = ()
    """The hypervisor's own storage pools that are active, by name."""
    online: bool = True
    """False while the hypervisor does not answer."""
    since: datetime | None = None
    pools: tuple[ChildPool, ...] = ()
    """As this server keeps them: no driver tells of them."""
