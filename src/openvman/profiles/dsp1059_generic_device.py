"""Generic Device Resource Virtualization (DSP1059): devices without a profile of their own."""

from __future__ import annotations

from openvman.mapping.declare import Call, Const
from openvman.model.allocation import SerialAllocation
from openvman.profiles.devices import device_map
from openvman.profiles.resource_allocation import allocation_map

SERIAL_SETTING = allocation_map(
    "SerialAllocationSettingData",
    "CIM_ResourceAllocationSettingData",
    kind=SerialAllocation,
    description="A serial port that a configuration gives a virtual system.",
    resource_types=(21,),
    resource_type=Const(21),
    element_name=lambda a: f"serial port {a.port}",
    properties={
        "AddressOnParent": Call(lambda a: str(a.port)),
        "AllocationUnits": Const("count"),
        "VirtualQuantityUnits": Const("count"),
        "VirtualQuantity": Const(1),
    },
)

SERIAL_CONTROLLER = device_map(
    "SerialController",
    shows=lambda a: isinstance(a, SerialAllocation),
    description="A virtual serial port.",
    element_name=lambda d: f"serial port {d.allocation.port}",
    properties={},
)
