"""Processor Resource Virtualization (DSP1044): the virtual processors of a system."""

from __future__ import annotations

from openvman.mapping.declare import Attr, Call, Const, Write
from openvman.model.allocation import ProcessorAllocation
from openvman.model.spec import ProcessorSpec
from openvman.profiles.devices import device_map
from openvman.profiles.resource_allocation import allocation_map

_ENABLED, _OFFLINE = 1, 4  # CPU Enabled; CPU Is Idle is what the schema has for one that does not run

PROCESSOR_SETTING = allocation_map(
    "ProcessorAllocationSettingData",
    "CIM_ProcessorAllocationSettingData",
    kind=ProcessorAllocation,
    description="The virtual processors that a configuration gives a virtual system.",
    resource_types=(3,),
    resource_type=Const(3),
    element_name=lambda a: f"{a.count} virtual processor{'' if a.count == 1 else 's'}",
    spec=ProcessorSpec,
    properties={
        "AllocationUnits": Const("count"),
        "VirtualQuantityUnits": Const("count"),
        "VirtualQuantity": Attr("count", Write("count")),
    },
)

PROCESSOR = device_map(
    "Processor",
    shows=lambda a: isinstance(a, ProcessorAllocation),
    description="A virtual processor.",
    element_name=lambda d: f"virtual processor {d.id.rpartition(':')[2]}",
    properties={
        "Role": Const("Central Processor"),
        "CPUStatus": Call(lambda d: _ENABLED if d.active else _OFFLINE),
        "NumberOfEnabledCores": Const(1),
    },
)
