"""Virtual devices: what the guest sees of the allocations in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from openvman.model.allocation import NO_DEVICE, Allocation, DeviceAllocation, ProcessorAllocation
from openvman.model.system import VirtualSystem


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualDevice:
    """A device of a virtual system; its id is ``<system id>/<local id of the allocation>``, and a number for
    processors, of which one allocation makes several.

    ``active`` says whether the guest has it now, or would have it when the system is next activated.
    """

    id: str
    system_id: str
    allocation: Allocation
    active: bool


def devices_of(system: VirtualSystem) -> Iterator[VirtualDevice]:
    """The devices of a virtual system by the configuration in force."""
    configuration = system.effective
    active = configuration is system.current
    for allocation in configuration.allocations():
        if isinstance(allocation, DeviceAllocation) and allocation.type == NO_DEVICE:
            continue
        base = f"{system.id}/{allocation.local_id}"
        count = allocation.count if isinstance(allocation, ProcessorAllocation) else None
        for device_id in [base] if count is None else [f"{base}:{number}" for number in range(count)]:
            yield VirtualDevice(id=device_id, system_id=system.id, allocation=allocation, active=active)
