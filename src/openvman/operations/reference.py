"""A reference configuration complements what a definition does not say (DSP1042, DefineSystem).

- Settings of the system, processors and memory: each value not said is the reference's.
- Disks: one that is asked for stands for the reference's disk of the same target, or else (without a target) for the
  first disk of the same kind that nothing else stands for, and takes from it what it does not say. It keeps that
  disk's image only if it says neither a source nor a capacity. The reference's other disks are copied.
- The disk with the reference's cloud-init data stays the reference's.
- Serial ports and other devices: those of a kind that is not asked for are copied, but for devices of the host, which
  one system at a time can have, and for controllers where the machine is another.
- NICs: the first asked for stands for the reference's first, and so on; the others are copied, each with a new address.

What the host of the new system does not have (hypervisor, machine type) is not taken from the reference.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import overload

from openvman.model.allocation import (
    OF_DIRECT,
    Affinity,
    Allocation,
    DeviceAllocation,
    DeviceKind,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    ProcessorAllocation,
)
from openvman.model.host import Host, HostFacts
from openvman.model.seed import seed_owner
from openvman.model.spec import DeviceSpec, DiskSpec, MemorySpec, NicSpec, ProcessorSpec, ResourceSpec, SystemSpec
from openvman.model.system import Configuration
from openvman.operations.specs import Resources, memory, merged, processors, sort, spec_of


def complement(
    system: SystemSpec, resources: Resources, reference: Configuration, host: Host
) -> tuple[SystemSpec, Resources]:
    """What was asked for, with what it did not say taken from ``reference``."""
    facts = host.facts
    kept = reference.machine if reference.machine in facts.machines else None
    machine = system.machine or kept
    base = SystemSpec(
        hypervisor=reference.hypervisor if reference.hypervisor in facts.hypervisors else None,
        description=reference.description,
        autostart=reference.autostart,
        on_crash=reference.on_crash,
        machine=kept,
        boot_order=reference.boot_order or None,
        firmware=reference.firmware if reference.firmware in facts.firmwares else None,
        kernel=reference.kernel,
        initrd=reference.initrd,
        command_line=reference.command_line,
        init=reference.init if facts.is_for_containers else None,
        acpi=reference.acpi,
        apic=reference.apic,
        pae=reference.pae,
    )
    return merged(system, base), sort(
        [
            processors(resources.processor, _processors_of(reference.processor, host)),
            memory(resources.memory, _said_of(reference.memory, host)),
            *_disks(resources.disks, reference.disks, host),
            *_nics(resources.nics, reference.nics, host),
            *(resources.serials or [spec_of(serial) for serial in reference.serials]),
            *_devices(
                resources.devices,
                reference.devices,
                same_machine=machine == reference.machine,
                not_offered=_not_offered(facts),
            ),
        ]
    )


def _processors_of(allocation: ProcessorAllocation, host: Host) -> ProcessorSpec:
    """Without a mapping to processors of another host, or to some that only one system can have."""
    like = _said_of(allocation, host)
    shared = allocation.host_id == host.id and allocation.affinity is not Affinity.DEDICATED
    return like if shared else replace(like, affinity=None, processors=None)


@overload
def _said_of(allocation: ProcessorAllocation, host: Host) -> ProcessorSpec: ...
@overload
def _said_of(allocation: MemoryAllocation, host: Host) -> MemorySpec: ...
@overload
def _said_of(allocation: DiskAllocation, host: Host) -> DiskSpec: ...
@overload
def _said_of(allocation: Allocation, host: Host) -> ResourceSpec: ...
def _said_of(allocation: Allocation, host: Host) -> ResourceSpec:
    """All that the allocation says, for a system on ``host``: another host's pool is none there."""
    return replace(spec_of(allocation), pool=allocation.pool if allocation.host_id == host.id else None)


def _disks(asked: tuple[DiskSpec, ...], of_reference: tuple[DiskAllocation, ...], host: Host) -> tuple[DiskSpec, ...]:
    left = {disk.target: disk for disk in of_reference if seed_owner(disk.source) is None}
    bases = [left.pop(disk.target, None) if disk.target is not None else None for disk in asked]
    found: list[DiskSpec] = []
    for disk, base in zip(asked, bases, strict=True):
        if base is None and disk.target is None:
            kind = disk.kind or DiskKind.DISK
            base = next((other for other in left.values() if other.kind is kind), None)  # noqa: PLW2901
            if base is not None:
                del left[base.target]
        found.append(disk if base is None else _like(disk, base, host))
    return (*found, *(_like(DiskSpec(), base, host) for base in left.values()))


def _like(disk: DiskSpec, base: DiskAllocation, host: Host) -> DiskSpec:
    """``disk`` in the place of ``base``. A copied capacity would ask for a new image, so it stays behind."""
    like = replace(_said_of(base, host), capacity=None)
    if disk.source is not None or disk.capacity is not None:
        like = replace(like, source=None, format=None)
    if disk.kind not in {None, base.kind} or disk.bus not in {None, base.bus}:
        like = replace(like, bus=None, target=None, read_only=None, pool=None)
    return merged(disk, like)


def _devices(
    asked: tuple[DeviceSpec, ...],
    of_reference: tuple[DeviceAllocation, ...],
    *,
    same_machine: bool,
    not_offered: Iterable[DeviceKind],
) -> tuple[DeviceSpec, ...]:
    left_out = {DeviceKind.HOST_DEVICE, *not_offered, *(device.kind for device in asked)}
    if not same_machine:
        left_out.add(DeviceKind.CONTROLLER)
    return (*asked, *(spec_of(device) for device in of_reference if device.kind not in left_out))


def _not_offered(facts: HostFacts) -> set[DeviceKind]:
    """What the new system's hypervisor gives it without being asked, or never."""
    return {kind for kind, types in facts.device_types.items() if not types}


def _nics(asked: tuple[NicSpec, ...], of_reference: tuple[NicAllocation, ...], host: Host) -> tuple[NicSpec, ...]:
    found: list[NicSpec] = []
    for place in range(max(len(asked), len(of_reference))):
        nic = asked[place] if place < len(asked) else NicSpec()
        if place < len(of_reference):
            base = of_reference[place]
            pool = base.pool if base.host_id == host.id else None
            of_direct = {name: getattr(base, name) for name in OF_DIRECT}
            like = NicSpec(
                model=base.model,
                connection=base.connection,
                source=base.source,
                filter=base.filter,
                pool=pool,
                **of_direct,
            )
            if nic.connection is not None or nic.source is not None:
                like = replace(like, connection=None, source=None, **dict.fromkeys(OF_DIRECT))
            nic = merged(nic, like)
        found.append(nic)
    return tuple(found)
