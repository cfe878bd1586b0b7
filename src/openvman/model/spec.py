"""What a caller may ask for. None means "not said": defaults fill it, or on modification it stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Final

from openvman.model.allocation import Affinity, DeviceKind, DiskKind, NicConnection
from openvman.model.resource import ResourceKind
from openvman.model.system import BootDevice, Firmware, OnCrash


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSpec:
    """``allocation_id`` names the allocation to modify; None in a definition. ``pool`` names the pool to take it from,
    which no driver looks at.
    """

    allocation_id: str | None = None
    pool: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorSpec(ResourceSpec):
    """As :class:`ProcessorAllocation` has it; a weight, limit or reservation of 0 and no ``processors`` mean none.

    A limit or reservation may be said in Hz of the host's clock instead, which no driver looks at.
    """

    count: int | None = None
    maximum: int | None = None
    weight: int | None = None
    limit: int | None = None
    limit_hertz: int | None = None
    reservation: int | None = None
    reservation_hertz: int | None = None
    affinity: Affinity | None = None
    processors: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySpec(ResourceSpec):
    """Bytes. A limit, reservation or page size of 0 means none."""

    size: int | None = None
    maximum: int | None = None
    limit: int | None = None
    reservation: int | None = None
    page_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSpec(ResourceSpec):
    """``source`` is a host path, absolute or relative to an image folder, or a volume (see
    :mod:`openvman.model.storage`); an empty one means an empty drive. Limits are as in :class:`DiskAllocation`.

    With ``capacity`` (bytes) and no source, a new image of that size is made for the system. What a driver gets has an
    absolute source with its ``format``, or an empty or no source in a drive that may be empty.
    """

    target: str | None = None
    kind: DiskKind | None = None
    bus: str | None = None
    source: str | None = None
    format: str | None = None
    capacity: int | None = None
    read_only: bool | None = None
    shareable: bool | None = None
    cache: str | None = None
    discard: str | None = None
    block_size: int | None = None
    bytes_limit: int | None = None
    read_bytes_limit: int | None = None
    write_bytes_limit: int | None = None
    iops_limit: int | None = None
    read_iops_limit: int | None = None
    write_iops_limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NicSpec(ResourceSpec):
    """``source`` names the network, bridge or device; an empty one means none, as user-mode networking has none. An
    empty ``filter`` means none. Who says a connection to a driver says all of :data:`OF_DIRECT` that it shall have.
    """

    mac: str | None = None
    model: str | None = None
    connection: NicConnection | None = None
    source: str | None = None
    link_up: bool | None = None
    receive_limit: int | None = None
    receive_reservation: int | None = None
    transmit_limit: int | None = None
    filter: str | None = None
    target: str | None = None
    mode: str | None = None
    profile: str | None = None
    vsi_manager: int | None = None
    vsi_type: int | None = None
    vsi_version: int | None = None
    vsi_instance: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialSpec(ResourceSpec):
    """``address`` is where TCP connections to the port shall be taken, as :class:`SerialAllocation` has it."""

    port: int | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSpec(ResourceSpec):
    """A device without a spec of its own; the settings are those of :class:`DeviceAllocation`.

    Graphics get the ``password``; with ``has_password`` false they lose it. A password never leaves here but to a
    driver: nobody reads, keeps or tells it. What a driver gets with ``has_password`` true in a definition has one.
    """

    kind: DeviceKind | None = None
    type: str | None = None
    bus: str | None = None
    address: str | None = None
    source: str | None = None
    backend: str | None = None
    target: str | None = None
    action: str | None = None
    read_only: bool | None = None
    keymap: str | None = None
    password: str | None = field(default=None, repr=False)
    has_password: bool | None = None

    def __post_init__(self) -> None:
        if self.password is not None:
            object.__setattr__(self, "has_password", True)


DEVICE_SETTINGS: Final = tuple(
    each.name for each in fields(DeviceSpec) if each.name not in {"allocation_id", "pool", "password"}
)
"""What a :class:`DeviceSpec` and a :class:`DeviceAllocation` both have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSpec:
    """What a child pool shall have of a parent: bytes or a number of things. ``parent`` is that one's name.

    ``folder`` instead makes it one of the hypervisor's storage pools, with what is there.
    """

    kind: ResourceKind | None = None
    quantity: int | None = None
    parent: str | None = None
    folder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemSpec:
    """The settings of the system as a whole.

    ``system_id`` names the system to modify; in a definition it is the UUID that the new system shall have. An empty
    description, kernel, initrd or command line means none, an empty init the usual one. ``user_data``, ``meta_data``
    and ``network_config`` are for cloud-init in the guest, which gets them by a disk that the use cases make: no driver
    looks at them. Empty user data means none.
    """

    system_id: str | None = None
    name: str | None = None
    host_id: str | None = None
    acpi: bool | None = None
    apic: bool | None = None
    pae: bool | None = None
    hypervisor: str | None = None
    description: str | None = None
    autostart: bool | None = None
    on_crash: OnCrash | None = None
    machine: str | None = None
    boot_order: tuple[BootDevice, ...] | None = None
    firmware: Firmware | None = None
    kernel: str | None = None
    initrd: str | None = None
    command_line: str | None = None
    init: str | None = None
    user_data: str | None = field(default=None, repr=False)
    meta_data: str | None = field(default=None, repr=False)
    network_config: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """Everything a driver needs to define a system: every value that matters is filled in."""

    id: str
    """The UUID the system gets, or has."""
    host_id: str
    name: str
    hypervisor: str
    description: str | None
    autostart: bool
    on_crash: OnCrash
    machine: str | None
    processor: ProcessorSpec
    memory: MemorySpec
    disks: tuple[DiskSpec, ...]
    nics: tuple[NicSpec, ...]
    console_log: bool = True
    """Give the system serial port 0, with its output kept."""
    boot_order: tuple[BootDevice, ...] = ()
    firmware: Firmware | None = Firmware.BIOS
    kernel: str | None = None
    initrd: str | None = None
    command_line: str | None = None
    init: str | None = None
    serials: tuple[SerialSpec, ...] = ()
    """Serial ports beside that one."""
    devices: tuple[DeviceSpec, ...] = ()
    """What the hypervisor needs beside these (buses, a memory balloon) it adds itself."""
    acpi: bool = True
    apic: bool = True
    pae: bool = False
