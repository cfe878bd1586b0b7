"""Devices that an active system cannot get or lose, and devices of the host that one system at a time can have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openvman.inventory.generation import Generation
from openvman.messages import devices as devices_rows
from openvman.model.allocation import Allocation, DeviceAllocation, DeviceKind
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.plugging import why_fixed
from openvman.model.spec import DeviceSpec, ResourceSpec
from openvman.model.system import Configuration, ConfigurationKind
from openvman.operations.validate import label


def check_pluggable(device: ResourceSpec | Allocation, there: Configuration) -> None:
    """Refuse what an active system keeps as it was when it started: NOT_SUPPORTED."""
    reason = why_fixed(device) if there.kind is ConfigurationKind.STATE else None
    if reason is not None:
        raise ModelError(devices_rows.FIXED, "kind", system=label(there.name), reason=reason)


def host_device_turns(host: Host, specs: Iterable[ResourceSpec]) -> list[str]:
    """The names of the turns of those who want the same device of the host."""
    devices = (spec for spec in specs if isinstance(spec, DeviceSpec))
    return [f"device {name} of host {host.id}" for device in devices for name in _names(host, device)]


def check_not_in_use(
    generation: Generation,
    host: Host,
    system_id: str,
    name: str,
    new: Iterable[DeviceSpec],
    there: Iterable[DeviceAllocation] = (),
) -> None:
    """Refuse a device of the host that another system has, active or not, or that is had twice: INVALID_STATE.

    ``there`` are the devices that the configuration has already. Of several USB devices of one model, a system that
    asks for the model gets any that is free.
    """
    asked = [(device, wanted) for device in new for wanted in _names(host, device)]
    if not asked:
        return
    holders = {held: name for device in there for held in _names(host, device)}
    holders |= dict(_holders(generation, host, system_id))
    for device, wanted in asked:
        if wanted in holders:
            said = devices_rows.IN_USE.said(device=device, host=host, holder=holders[wanted])
            raise ModelError(said.within(label(name)), "source")
        holders[wanted] = name


def _holders(generation: Generation, host: Host, system_id: str) -> Iterator[tuple[str, str]]:
    for system in generation.systems_of(host.id):
        if system.id != system_id:
            for configuration in system.configurations():
                for device in configuration.devices:
                    for held in _names(host, device):
                        yield held, system.name


def _names(host: Host, device: DeviceSpec | DeviceAllocation) -> list[str]:
    """What the device of the host is called where it is one; nothing where any of several would do."""
    if device.kind is not DeviceKind.HOST_DEVICE or device.source is None:
        return []
    found = [d for d in host.devices or () if d.attachment == device.type and device.source in d.sources]
    if len(found) > 1:
        return []
    return [f"{device.type} {found[0].address if found else device.source}"]
