"""Resource allocations: what a configuration gives a virtual system, one record per virtual device or group of them.

An allocation's id is ``<configuration id>/<local>``, where local is ``processor``, ``memory``, ``disk:<target>``,
``nic:<MAC address>``, ``serial:<port>`` or what :func:`device_local_id` says. The same virtual device has the same
local part in every configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What all allocations share. ``system_id`` is the owning virtual system's id.

    ``parent`` is the local id of the controller that the device sits on, and ``place`` where on it, in the words of
    the controller's bus: ``02.0`` (slot and function) on PCI, a port on USB, ``bus:target:unit`` for a drive.
    """

    id: str
    system_id: str
    configuration_id: str
    host_id: str
    parent: str | None = None
    place: str | None = None
    pool: str | None = None
    """The name of the pool that it is from, where that is not the host's own pool of the kind."""

    @property
    def local_id(self) -> str:
        return self.id[len(self.configuration_id) + 1 :]


class Affinity(StrEnum):
    """How firmly virtual processors are bound to processors of the host."""

    NONE = "none"  # they run wherever the host's scheduler puts them
    DEDICATED = "dedicated"  # each has one for itself, which no other mapped system has
    SOFT = "soft"  # there by preference
    HARD = "hard"  # there and nowhere else


WHOLE_PROCESSOR: Final = 100_000
"""One processor of a host, as limits and reservations count: in thousandths of a percent of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorAllocation(Allocation):
    """All virtual processors of a system; None is "nothing of the kind was set".

    ``limit`` and ``reservation`` are for all of them together, in :data:`WHOLE_PROCESSOR` parts of a processor of the
    host. A reservation is kept by admission to the pool alone: no hypervisor here guarantees time.
    """

    count: int
    maximum: int
    """How many the system can have without being deactivated; at least ``count``."""
    weight: int | None = None
    """The share of the host's time, beside the weights of the others, when there is not enough for all."""
    limit: int | None = None
    reservation: int | None = None
    affinity: Affinity = Affinity.NONE
    processors: tuple[str, ...] = ()
    """Ids of the host's processors (see :mod:`openvman.model.host_device`) that they are mapped to: with DEDICATED one
    for each virtual processor up to the maximum, in order."""
    architecture: str | None = None
    """As hypervisors call it: ``x86_64``, ``aarch64`` …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryAllocation(Allocation):
    """``size`` and ``maximum`` in bytes: what the guest has now (or gets at start), and what it may be given.

    None is "nothing of the kind was set". A reservation is kept by admission to the pool alone.
    """

    size: int
    maximum: int
    limit: int | None = None
    """The most of the host's memory, in bytes, that the system's process may have: the guest's and the hypervisor's
    own for it."""
    reservation: int | None = None
    """Bytes."""
    page_size: int | None = None
    """Bytes of the huge pages that the memory is made of; None for ordinary pages."""


DEFAULT_MODE: Final = "default"
"""The mode of a disk that leaves it to the hypervisor."""


SHARED_FORMAT: Final = "raw"
"""The format of a disk that several systems have at a time: the others are written by one alone."""


class DiskKind(StrEnum):
    DISK = "disk"
    CDROM = "cdrom"
    FLOPPY = "floppy"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskAllocation(Allocation):
    """``source`` is a host path or a volume (see :mod:`openvman.model.storage`), None for an empty drive; ``capacity``
    the virtual size in bytes, None if unknown. Limits are bytes or requests a second; 0 means none.
    """

    target: str
    kind: DiskKind
    bus: str
    source: str | None
    format: str | None
    capacity: int | None
    read_only: bool
    shareable: bool = False
    cache: str = DEFAULT_MODE
    """How the host caches it: ``none``, ``writeback`` and the like."""
    discard: str = DEFAULT_MODE
    """What becomes of blocks that the guest discards: ``unmap`` gives them back, ``ignore`` does not."""
    block_size: int = 0
    """Bytes of a block as the guest sees it; 0 as usual, which is 512."""
    bytes_limit: int = 0
    read_bytes_limit: int = 0
    write_bytes_limit: int = 0
    iops_limit: int = 0
    read_iops_limit: int = 0
    write_iops_limit: int = 0


DIRECT_MODES: Final = ("vepa", "bridge", "private", "passthrough")
"""How a direct connection shares the device of the host; the first is the usual one."""
STATIONS: Final = ("802.1Qbg", "802.1Qbh")
"""The standards by which a direct connection tells the switch beyond what it is."""


class NicConnection(StrEnum):
    NETWORK = "network"  # a virtual network known to the hypervisor by name
    BRIDGE = "bridge"  # a bridge of the host by name
    USER = "user"  # user-mode networking: outgoing only, needs nothing of the host
    DIRECT = "direct"  # a network device of the host itself by name (macvtap)
    ETHERNET = "ethernet"  # an interface on the host that is connected to nothing
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class NicAllocation(Allocation):
    """``mac`` as six lower-case pairs with colons; ``source`` names the network, bridge or device of the host.
    Bandwidth is in bits a second; 0 means no limit, and nothing guaranteed.
    """

    mac: str
    model: str | None
    connection: NicConnection
    source: str | None = None
    target: str | None = None
    """The interface on the host while the system is active; in a definition, the one that was asked for."""
    link_up: bool = True
    """Whether the cable is plugged in, as the guest sees it."""
    receive_limit: int = 0
    receive_reservation: int = 0
    transmit_limit: int = 0
    filter: str | None = None
    """The network filter that says what may pass, by name."""
    mode: str | None = None
    """Of a direct connection, one of :data:`DIRECT_MODES`."""
    profile: str | None = None
    """Of a direct connection, the port profile by its name (802.1Qbh)."""
    vsi_manager: int | None = None
    """Of a direct connection, the virtual station interface that it is (802.1Qbg): by the manager of the database of
    types, the type, its version, and the UUID of the instance."""
    vsi_type: int | None = None
    vsi_version: int | None = None
    vsi_instance: str | None = None

    @property
    def station(self) -> str | None:
        """The standard that says what it is to the switch beyond, of :data:`STATIONS`."""
        if self.vsi_manager is not None:
            return STATIONS[0]
        return None if self.profile is None else STATIONS[1]


OF_DIRECT: Final = ("mode", "profile", "vsi_manager", "vsi_type", "vsi_version", "vsi_instance")
"""Settings that belong to a connection, and go with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialAllocation(Allocation):
    """A serial port; ``has_log`` says that its output is kept and can be read."""

    port: int
    has_log: bool
    address: str | None = None
    """``<IP address>:<port>`` where the hypervisor takes TCP connections to it; None where it takes none."""


class DeviceKind(StrEnum):
    """Devices that have no record of their own."""

    GRAPHICS = "graphics"  # a display served to viewers elsewhere
    VIDEO = "video"
    INPUT = "input"
    SOUND = "sound"
    RNG = "rng"
    TPM = "tpm"
    WATCHDOG = "watchdog"
    BALLOON = "balloon"
    CHANNEL = "channel"
    CONSOLE = "console"
    PARALLEL = "parallel"
    CONTROLLER = "controller"
    HOST_DEVICE = "hostdev"
    FILE_SYSTEM = "filesystem"
    REDIRECTION = "redirection"
    HUB = "hub"
    SMARTCARD = "smartcard"
    PANIC = "panic"
    VSOCK = "vsock"
    IOMMU = "iommu"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAllocation(Allocation):
    """A device of a kind without a record of its own. What a kind has no use for is None. No secret is in it."""

    kind: DeviceKind
    type: str | None
    """Which of its kind: ``vnc``, ``tablet``, ``pci`` of a host device; else the model: ``ich9``, ``pcie-root``."""
    bus: str | None = None
    """Of an input or redirected device, the bus it is on; of a controller, the bus it makes."""
    address: str | None = None
    """Listen address of graphics, with ``:<port>`` unless that is chosen at start; index of a controller; number of a
    port or of a vsock."""
    source: str | None = None
    """What of the host is behind it: a path, ``0000:00:1f.2`` of a PCI or ``1d6b:0002`` of a USB host device."""
    backend: str | None = None
    """How the hypervisor provides it: ``emulator``, ``random``, ``unix``, ``pty``."""
    target: str | None = None
    """The name that the guest sees: of a channel, of a file system."""
    action: str | None = None
    """What a watchdog does when it is not fed."""
    read_only: bool = False
    keymap: str | None = None
    """The layout of the keyboard that a viewer of graphics has, as the hypervisor calls it: ``en-us``, ``de``."""
    has_password: bool = False
    """A viewer of graphics has to say a password; which, only the hypervisor knows."""


IDENTITY: Final[Mapping[DeviceKind, frozenset[str]]] = {
    DeviceKind.GRAPHICS: frozenset({"type"}),
    DeviceKind.INPUT: frozenset({"type", "bus"}),
    DeviceKind.CONTROLLER: frozenset({"bus", "address"}),
    DeviceKind.HOST_DEVICE: frozenset({"type", "source"}),
}
"""The settings that a device's local id is made of: with another value it would be another device."""

NO_DEVICE: Final = "none"
"""The type that says that there shall be no device of the kind."""


def device_local_id(
    kind: DeviceKind, number: int, *, type: str | None, bus: str | None, address: str | None, source: str | None
) -> str:
    """The local id of the ``number``-th device of its kind in a configuration, counted from 0."""
    if kind not in IDENTITY:
        return f"{kind}:{number}"
    match kind:
        case DeviceKind.GRAPHICS:
            return f"{kind}:{type}"
        case DeviceKind.INPUT:
            return f"{kind}:{type}:{bus}"
        case DeviceKind.CONTROLLER:
            return f"{kind}:{bus}:{address or 0}"
    return f"{kind}:{type}:{source or 'unknown'}"
