"""Changes of a configuration: what each kind of it allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any, Final, TypeVar

from openvman.drivers.simulated.configure import (
    Capacity,
    check_allocation,
    check_once,
    check_setting,
    native_pool,
)
from openvman.messages import hypervisor_devices, simulated
from openvman.model.allocation import (
    IDENTITY,
    OF_DIRECT,
    Allocation,
    DeviceAllocation,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    ProcessorAllocation,
)
from openvman.model.errors import ModelError
from openvman.model.live import check_live, check_live_password
from openvman.model.spec import DeviceSpec, DiskSpec, MemorySpec, NicSpec, ProcessorSpec, ResourceSpec, SystemSpec
from openvman.model.system import Configuration, ConfigurationKind

A = TypeVar("A", bound=Allocation)

_ALLOCATION: Final[dict[type[ResourceSpec], type[Allocation]]] = {
    ProcessorSpec: ProcessorAllocation,
    MemorySpec: MemoryAllocation,
    DiskSpec: DiskAllocation,
    NicSpec: NicAllocation,
    DeviceSpec: DeviceAllocation,
}

_ZERO_IS_NONE: Final = frozenset({"weight", "limit", "reservation", "page_size"})
_MAY_BE_NONE: Final = ("description", "kernel", "initrd", "command_line")
_AT_ONCE: Final = ("description", "autostart")
_SETTINGS: Final = (
    *_AT_ONCE,
    "name",
    "hypervisor",
    "on_crash",
    "machine",
    "boot_order",
    "firmware",
    "acpi",
    "apic",
    "pae",
    *_MAY_BE_NONE[1:],
)


def with_settings(configuration: Configuration, spec: SystemSpec) -> Configuration:
    """The configuration with what ``spec`` says of the system as a whole. Raises INVALID_PARAMETER, NOT_SUPPORTED."""
    said = _said(spec, _SETTINGS)
    for name, value in said.items():
        check_setting(name, value)
    return replace(configuration, **said)


def with_settings_at_once(configuration: Configuration, spec: SystemSpec) -> Configuration:
    """The same for the configuration of an activation, which only some settings reach."""
    return replace(configuration, **_said(spec, _AT_ONCE))


def _said(spec: SystemSpec, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(spec, name) for name in names}
    said = {name: value for name, value in values.items() if value is not None}
    return {name: None if value == "" and name in _MAY_BE_NONE else value for name, value in said.items()}


def modified(configuration: Configuration, spec: ResourceSpec, capacity: Capacity) -> Configuration:
    """The configuration with what ``spec`` says of the allocation that it names.

    Raises NOT_FOUND (no such allocation), INVALID_PARAMETER, and NOT_SUPPORTED for what an active system cannot do.
    """
    kind = _ALLOCATION.get(type(spec))
    before = next((a for a in configuration.allocations() if a.id == spec.allocation_id), None)
    if before is None:
        local = (spec.allocation_id or "").removeprefix(f"{configuration.id}/")
        raise ModelError(hypervisor_devices.NO_ALLOCATION, local, allocation=local)
    if kind is None or not isinstance(before, kind):
        local, name = before.local_id, type(spec).__name__
        raise ModelError(hypervisor_devices.UNFIT_SPEC, local, allocation=local, spec=name)
    if isinstance(before, DeviceAllocation) and configuration.kind is ConfigurationKind.STATE:
        check_live_password(before.local_id, getattr(spec, "has_password", None), has_one=before.has_password)
    said = {f.name: getattr(spec, f.name) for f in fields(spec) if f.name not in {"allocation_id", "pool", "password"}}
    said = {name: value for name, value in said.items() if value is not None}
    said = {name: None if value == 0 and name in _ZERO_IS_NONE else value for name, value in said.items()}
    if said.get("source") == "":
        said["source"] = None  # nothing in the drive, nothing plugged in
    if said.get("filter") == "":
        said["filter"] = None
    if isinstance(spec, NicSpec) and spec.connection is not None:
        said |= {name: getattr(spec, name) for name in OF_DIRECT}
    if "source" in said:
        said.pop("capacity", None)  # said how large the new image shall be; it has been made by now
    changed = {name: value for name, value in said.items() if getattr(before, name) != value}
    if "capacity" in changed:
        raise ModelError(hypervisor_devices.DISK_CAPACITY, "capacity")
    if configuration.kind is ConfigurationKind.STATE:
        disk = before.kind if isinstance(before, DiskAllocation) else None
        check_live(kind, before.local_id, changed, disk=disk)
    after = _changed(before, changed, capacity)
    check_allocation(after, changed)
    made = _put(configuration, before, after)
    check_once(made)
    return made


def _changed(before: Allocation, changed: dict[str, Any], capacity: Capacity) -> Allocation:
    if isinstance(before, DiskAllocation) and "source" in changed:
        source = changed["source"]
        if source is None and before.kind is DiskKind.DISK:
            raise ModelError(simulated.NEVER_EMPTY, "source", device=before.local_id)
        changed = {**changed, "pool": native_pool(before.kind, source)}
        changed |= {"capacity": capacity(source)} if source else {"capacity": None, "format": None}
    if isinstance(before, DeviceAllocation):
        fixed = {"kind", *IDENTITY.get(before.kind, ())} & set(changed)
        if fixed:
            setting, local = min(fixed), before.local_id
            raise ModelError(hypervisor_devices.UNCHANGEABLE, setting, setting=setting, device=local)
    after = replace(before, **changed)
    match after:
        case DiskAllocation():
            return replace(after, id=f"{after.configuration_id}/disk:{after.target}")
        case NicAllocation():
            return replace(after, id=f"{after.configuration_id}/nic:{after.mac}")
        case _:
            return after


def _put(configuration: Configuration, before: Allocation, after: Allocation) -> Configuration:
    match after:
        case ProcessorAllocation():
            return replace(configuration, processor=after)
        case MemoryAllocation():
            return replace(configuration, memory=after)
        case DiskAllocation():
            return replace(configuration, disks=_swap(configuration.disks, before, after))
        case NicAllocation():
            return replace(configuration, nics=_swap(configuration.nics, before, after))
        case DeviceAllocation():
            return replace(configuration, devices=_swap(configuration.devices, before, after))
        case _:
            raise AssertionError(f"no spec changes {before.id}")


def _swap(allocations: Iterable[A], before: Allocation, after: A) -> tuple[A, ...]:
    return tuple(after if allocation is before else allocation for allocation in allocations)
