"""Hosts: computers that run virtual systems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from openvman.model.allocation import Affinity, Allocation, DeviceKind, NicConnection
from openvman.model.network import VirtualNetwork
from openvman.model.network_filter import NetworkFilter
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
    kernel_machines: tuple[str, ...] = ()
    """The machine types that have no firmware: their guests know that they are virtual, and start by a kernel."""
    is_for_containers: bool = False
    """Guests share the host's kernel: one starts with a program (init) of a file system of its own, and has no
    firmware, boot order or kernel. Else they are whole machines."""
    can_autostart: bool = True
    has_networks: bool = True
    """Virtual networks can be named by a NIC."""
    nic_connections: tuple[NicConnection, ...] = (NicConnection.NETWORK, NicConnection.BRIDGE, NicConnection.USER)
    """Where a NIC can be plugged in; none where guests have no NICs."""
    has_filters: bool = False
    """It has network filters."""
    has_nic_filters: bool = False
    """They can be named by a NIC."""
    has_serial_ports: bool = True
    has_console_log: bool = True
    firmwares: tuple[Firmware, ...] = (Firmware.BIOS,)
    disk_caches: tuple[str, ...] = ()
    """Ways to cache a disk, and whether blocks can be given back; none where the hypervisor has no such choice."""
    disk_discards: tuple[str, ...] = ()
    has_disk_limits: bool = False
    """Bytes and requests a second of a disk can be limited, also while a system is active."""
    device_types: Mapping[DeviceKind, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """Types of the kinds of devices whose choice the host tells; any may be asked for of a kind not there."""
    device_backends: Mapping[DeviceKind, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """The same of backends."""
    weights: tuple[int, int] | None = None
    """The least and the greatest weight of processors; None where processors are not shared by weight."""
    can_limit_processors: bool = False
    can_limit_memory: bool = False
    """Beside its size, which a container's memory never exceeds anyway."""
    affinities: tuple[Affinity, ...] = (Affinity.NONE,)
    """How virtual processors can be mapped to the host's."""
    page_sizes: tuple[int, ...] = ()
    """Bytes of the huge pages that memory can be made of."""
    fixed_live: Mapping[type[Allocation], frozenset[str]] = field(default_factory=dict, hash=False)
    """Settings that an active system's could change by :mod:`openvman.model.live`, and here cannot."""


@dataclass(frozen=True, slots=True)
class PoolShare:
    """What a child pool has of one parent, by the parent's name: bytes or a number of things."""

    parent: str
    quantity: int


class Attachment(StrEnum):
    """How a device of a host is attached to it, and so how it can be passed through to a guest."""

    PCI = "pci"
    USB = "usb"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassableDevice:
    """A device of the host that a virtual system may be given whole.

    ``address`` is ``0000:00:1f.2`` of a PCI device, ``001/004`` (bus and device) of a USB device. ``vendor`` and
    ``product`` are the numbers that tell models apart; the names may be unknown.
    """

    attachment: Attachment
    address: str
    vendor: int
    product: int
    vendor_name: str | None = None
    product_name: str | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """Everything that an allocation may call it by; a USB device is also found by its model."""
        if self.attachment is Attachment.USB:
            return (self.address, f"{self.vendor:04x}:{self.product:04x}")
        return (self.address,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildPool:
    """Parts of a host's pools that were set aside together (DSP1041); its name is unique on the host."""

    name: str
    kind: ResourceKind
    shares: tuple[PoolShare, ...]
    """What it has of its parents, at least one; each is named once."""
    resources: tuple[str, ...] = ()
    """The ids of devices of the host that were put into it; see :mod:`openvman.model.host_device`.
    What they carry comes from the host's own pool of the kind, which is then one of the parents.
    """

    @property
    def parents(self) -> tuple[str, ...]:
        return tuple(share.parent for share in self.shares)


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A network port of a host's hardware; what software makes (bridges, taps of guests, loopback) is none."""

    name: str
    """As the host calls the interface: ``eth0``."""
    mac: str
    """Six lower-case pairs with colons."""
    speed: int | None
    """Bits per second of the link; None while there is none, or where it is not known."""
    up: bool
    """Whether it has a link, as it was when the host was last read."""


class ControllerKind(StrEnum):
    """What a controller's bus or devices are."""

    SCSI = "scsi"
    SAS = "sas"
    FIBRE_CHANNEL = "fibre-channel"
    IDE = "ide"
    SATA = "sata"
    NVME = "nvme"
    RAID = "raid"
    USB = "usb"
    PCI = "pci"
    DISPLAY = "display"
    SERIAL = "serial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """A controller of a host's hardware, which other devices are attached to.

    ``name`` is its address ``0000:00:1f.2`` on PCI, else what the host calls it; the other names may be unknown.
    """

    name: str
    kind: ControllerKind
    vendor_name: str | None = None
    product_name: str | None = None
    interface: int | None = None
    """How it is programmed, by the number that PCI gives to that: 0 of USB is UHCI, 0x10 is OHCI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host. ``id`` is its UUID; ``platform`` is the address that this server reaches it by (no credentials in it)."""

    id: str
    name: str
    platform: str
    hypervisor_name: str
    hypervisor_version: str
    manager_version: str | None = None
    """The version of what manages the hypervisor on the host, where there is such a thing."""
    processors: int
    """Logical processors."""
    processor_model: str | None
    processor_mhz: int | None
    memory: int
    """Bytes."""
    facts: HostFacts
    networks: tuple[VirtualNetwork, ...] = ()
    """By name."""
    filters: tuple[NetworkFilter, ...] = ()
    """By name."""
    storage: tuple[StoragePool, ...] = ()
    """The hypervisor's own storage pools, by name. What is in them is in a part of the picture of its own."""
    online: bool = True
    """False while the hypervisor does not answer."""
    since: datetime | None = None
    processor_maximum_mhz: int | None = None
    """The most that a processor's clock can do; None where it is not known."""
    ports: tuple[Port, ...] = ()
    interfaces: tuple[str, ...] | None = None
    """The names of all its network devices, those that software makes too, but loopback; None where the hypervisor
    does not tell."""
    devices: tuple[PassableDevice, ...] | None = None
    """What can be passed through; None where the hypervisor does not tell."""
    controllers: tuple[Controller, ...] = ()
    pools: tuple[ChildPool, ...] = ()
    """As this server keeps them: no driver tells of them."""

    @property
    def network_names(self) -> tuple[str, ...]:
        """The virtual networks that a NIC can name now."""
        return tuple(network.name for network in self.networks if network.active)

    @property
    def filter_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.filters)

    @property
    def active_storage(self) -> tuple[StoragePool, ...]:
        """The storage pools that give volumes now."""
        return tuple(pool for pool in self.storage if pool.active)
