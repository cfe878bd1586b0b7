"""Devices that come and go, in a configuration of either kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from openvman.drivers.simulated.configure import (
    Capacity,
    boot_disk,
    check_allocation,
    device,
    disk,
    needed,
    nic,
    owner,
    serial,
)
from openvman.messages import hypervisor_devices
from openvman.model.allocation import (
    IDENTITY,
    Allocation,
    DeviceAllocation,
    DeviceKind,
    DiskKind,
    MemoryAllocation,
    ProcessorAllocation,
)
from openvman.model.errors import ModelError
from openvman.model.plugging import why_fixed
from openvman.model.spec import DeviceSpec, DiskSpec, NicSpec, ResourceSpec, SerialSpec
from openvman.model.system import Configuration, ConfigurationKind

_PLUGGABLE: Final = frozenset({"virtio", "scsi", "usb"})
"""The buses that an active system takes a disk on."""


def with_added(configuration: Configuration, specs: Sequence[ResourceSpec], capacity: Capacity) -> Configuration:
    """The configuration with the devices. Raises ALREADY_EXISTS, INVALID_PARAMETER, NOT_SUPPORTED."""
    owned = owner(configuration.id, configuration.system_id, configuration.host_id)
    live = configuration.kind is ConfigurationKind.STATE
    for spec in specs:
        match spec:
            case DiskSpec(target=str()):
                new = disk(owned, spec, capacity)
                if live and (new.kind is not DiskKind.DISK or new.bus not in _PLUGGABLE):
                    raise ModelError(hypervisor_devices.BUS_NOT_PLUGGED, "bus", kind=new.kind, bus=new.bus)
                if new.kind is DiskKind.DISK:
                    needed(new.source, "source", "a disk")
                _put_in(configuration, new)
                configuration = replace(configuration, disks=(*configuration.disks, new))
            case NicSpec(mac=str(mac)):
                plugged = nic(owned, spec, mac)
                _put_in(configuration, plugged)
                if live:
                    plugged = replace(plugged, target=plugged.target or _free_target(configuration))
                configuration = replace(configuration, nics=(*configuration.nics, plugged))
            case SerialSpec(port=int()):
                port = serial(owned, spec)
                _put_in(configuration, port)
                configuration = replace(configuration, serials=(*configuration.serials, port))
            case DeviceSpec(kind=DeviceKind()):
                number = sum(each.kind is spec.kind for each in configuration.devices)
                added = device(owned, spec, number)
                _put_in(configuration, added)
                configuration = replace(configuration, devices=(*configuration.devices, added))
            case _:
                raise ModelError(hypervisor_devices.NO_DEVICE, "resource", spec=type(spec).__name__)
    return configuration if live else replace(configuration, boot_disk=boot_disk(configuration.disks))


def without(configuration: Configuration, allocation_ids: Sequence[str]) -> Configuration:
    """The configuration without the devices. Raises NOT_FOUND, INVALID_PARAMETER."""
    there = {allocation.id: allocation for allocation in configuration.allocations()}
    for allocation_id in allocation_ids:
        found = there.get(allocation_id)
        if found is None:
            local = allocation_id.removeprefix(f"{configuration.id}/")
            raise ModelError(hypervisor_devices.NO_ALLOCATION, local, allocation=local)
        if isinstance(found, ProcessorAllocation | MemoryAllocation):
            raise ModelError(hypervisor_devices.INDISPENSABLE, found.local_id, device=found.local_id)
        if configuration.kind is ConfigurationKind.STATE:
            _check_pluggable(found)
    gone = set(allocation_ids)
    left = replace(
        configuration,
        disks=tuple(each for each in configuration.disks if each.id not in gone),
        nics=tuple(each for each in configuration.nics if each.id not in gone),
        serials=tuple(each for each in configuration.serials if each.id not in gone),
        devices=_numbered(each for each in configuration.devices if each.id not in gone),
    )
    return left if left.kind is ConfigurationKind.STATE else replace(left, boot_disk=boot_disk(left.disks))


def _numbered(devices: Iterable[DeviceAllocation]) -> tuple[DeviceAllocation, ...]:
    """With the local ids that they have where others are gone: those behind them move up."""
    numbers: Counter[DeviceKind] = Counter()
    left: list[DeviceAllocation] = []
    for each in devices:
        if each.kind not in IDENTITY:
            each = replace(each, id=f"{each.configuration_id}/{each.kind}:{numbers[each.kind]}")  # noqa: PLW2901
            numbers[each.kind] += 1
        left.append(each)
    return tuple(left)


def _check_pluggable(device: ResourceSpec | Allocation) -> None:
    reason = why_fixed(device)
    if reason is not None:
        raise ModelError(hypervisor_devices.NOT_PLUGGED, "kind", reason=reason)


def _put_in(configuration: Configuration, new: Allocation) -> None:
    """Refuse what cannot be, or is there."""
    if configuration.kind is ConfigurationKind.STATE:
        _check_pluggable(new)
    check_allocation(new, ("bus", "model", "connection", "type"))
    if any(each.id == new.id for each in configuration.allocations()):
        raise ModelError(hypervisor_devices.DEVICE_TAKEN, new.local_id, device=new.local_id)


def _free_target(configuration: Configuration) -> str:
    """The interface on the host of a NIC that is plugged in."""
    taken = {each.target for each in configuration.nics}
    names = (f"sim-{configuration.system_id[:6]}-{number}" for number in range(len(taken) + 1))
    return next(name for name in names if name not in taken)
