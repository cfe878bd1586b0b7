"""Virtual systems and their configurations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Final

from openvman.model.allocation import (
    Allocation,
    DeviceAllocation,
    DiskAllocation,
    MemoryAllocation,
    NicAllocation,
    ProcessorAllocation,
    SerialAllocation,
)
from openvman.model.seed import seed_owner
from openvman.model.states import TRANSITIONS, Action, State, Transition


class ConfigurationKind(StrEnum):
    DEFINED = "defined"
    """What the next activation uses."""
    STATE = "state"
    """What the active system has now."""


class OnCrash(StrEnum):
    """What happens when the guest crashes."""

    DESTROY = "destroy"
    RESTART = "restart"
    PRESERVE = "preserve"


class BootDevice(StrEnum):
    """What a system looks for its guest on."""

    DISK = "disk"
    CDROM = "cdrom"
    FLOPPY = "floppy"
    NETWORK = "network"


class Firmware(StrEnum):
    BIOS = "bios"
    UEFI = "uefi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One configuration of a virtual system; its id is ``<system id>/<kind>``."""

    id: str
    system_id: str
    host_id: str
    kind: ConfigurationKind
    name: str
    hypervisor: str
    """How the guest is executed: ``kvm``, ``qemu`` (emulated), ``lxc``, ``simulated`` …"""
    description: str | None
    autostart: bool
    on_crash: OnCrash
    architecture: str | None
    machine: str | None
    processor: ProcessorAllocation
    memory: MemoryAllocation
    boot_order: tuple[BootDevice, ...] = ()
    """What is tried, in order; empty where the hypervisor has no such thing."""
    firmware: Firmware | None = None
    kernel: str | None = None
    """A host path: the kernel that is started instead of what the boot order would find, with ``initrd`` (a host
    path) and ``command_line``."""
    initrd: str | None = None
    command_line: str | None = None
    init: str | None = None
    """The path of the program that a container starts with, as seen in its own file system."""
    disks: tuple[DiskAllocation, ...] = ()
    nics: tuple[NicAllocation, ...] = ()
    serials: tuple[SerialAllocation, ...] = ()
    devices: tuple[DeviceAllocation, ...] = ()
    boot_disk: str | None = None
    """The target of the disk or drive that a guest of this configuration is booted from first; None for none."""
    acpi: bool = False
    """Whether the machine has ACPI; likewise an APIC, and PAE."""
    apic: bool = False
    pae: bool = False
    emulator: str | None = None
    """A host path: the program that runs the guest; None where that is not told."""

    @property
    def cloud_init_disk(self) -> str | None:
        """The target of the drive that brings the system its cloud-init data; None where it has none."""
        return next((disk.target for disk in self.disks if seed_owner(disk.source) == self.system_id), None)

    def allocations(self) -> Iterator[Allocation]:
        """Every allocation of the configuration, in a fixed order."""
        yield self.processor
        yield self.memory
        yield from self.disks
        yield from self.nics
        yield from self.serials
        yield from self.devices


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualSystem:
    """A virtual system. ``id`` is its UUID (lower case, with hyphens); ``name`` is unique on its host.

    ``defined`` is None for a transient system, ``current`` is None while the system is not active or paused.
    """

    id: str
    host_id: str
    name: str
    state: State
    defined: Configuration | None
    current: Configuration | None
    description: str | None = None
    since: datetime | None = None
    """When the state was last seen to change, as far as this server knows."""
    transition: Transition | None = None
    """Under way now."""
    requested: Action | None = None
    """The last change of state asked for through this server."""
    saved: Configuration | None = None
    """What a suspended system had, and has again when it is started; None where the hypervisor does not say."""
    actions: frozenset[Action] = frozenset(Action)
    """What its hypervisor can do to its state, whatever that is now."""

    @property
    def possible(self) -> tuple[Action, ...]:
        """What can be asked of it in the state that it is in. What is not defined would not outlive its end."""
        return _possible(self.state, self.actions, self.defined is not None)

    def configurations(self) -> Iterator[Configuration]:
        if self.current is not None:
            yield self.current
        if self.defined is not None:
            yield self.defined

    def remembered(self) -> Iterator[Configuration]:
        """Those and what is saved, whose ids are those of a configuration that is not there now."""
        yield from self.configurations()
        if self.saved is not None:
            yield self.saved

    @property
    def effective(self) -> Configuration:
        """The configuration in force: the current one while there is one, else the defined one."""
        found = self.current or self.defined
        assert found is not None, f"virtual system {self.id} has no configuration"
        return found


BY_NAME: Final = attrgetter("name", "id")
"""What systems are sorted by, wherever their order is shown."""


@cache
def _possible(state: State, actions: frozenset[Action], lasting: bool) -> tuple[Action, ...]:
    return tuple(a for a in TRANSITIONS[state] if a in actions and (lasting or a is not Action.SUSPEND))
