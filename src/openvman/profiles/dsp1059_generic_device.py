"""Generic Device Resource Virtualization (DSP1059): devices without a profile of their own."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, Const, Write, WriteOnly, own_property
from openvman.model.allocation import Allocation, DeviceAllocation, DeviceKind, SerialAllocation
from openvman.model.device import VirtualDevice
from openvman.model.spec import DeviceSpec, SerialSpec
from openvman.profiles.device_kinds import CODES, OTHER, ROWS, meant, name_of, row_of
from openvman.profiles.devices import device_map
from openvman.profiles.resource_allocation import PARENT, allocation_map, first_text

_ONE: Final = {"AllocationUnits": Const("count"), "VirtualQuantityUnits": Const("count"), "VirtualQuantity": Const(1)}


def _port(address: Value, _values: NameMap[Value]) -> int:
    if not (address.isascii() and address.isdigit()):
        raise ValueError("the number of a port is needed")
    return int(address)


SERIAL_SETTING = allocation_map(
    "SerialAllocationSettingData",
    "CIM_ResourceAllocationSettingData",
    kind=SerialAllocation,
    description="A serial port that a configuration gives a virtual system.",
    resource_types=(21,),
    resource_type=Const(21),
    element_name=lambda a: f"serial port {a.port}",
    spec=SerialSpec,
    properties={
        "AddressOnParent": Call(lambda a: str(a.port), Write("port", _port)),
        "Address": Attr("address", Write("address")),
        **_ONE,
    },
)

SERIAL_CONTROLLER = device_map(
    "SerialController",
    shows=lambda a: isinstance(a, SerialAllocation),
    description="A virtual serial port.",
    element_name=lambda d: f"serial port {d.allocation.port}",
    properties={},
)


def _device_spec(
    what: tuple[DeviceKind, str | None] | None = None,
    bus: str | None = None,
    password: str | None = None,
    has_password: bool | None = None,
    **said: Any,
) -> DeviceSpec:
    kind, made = what or (None, None)
    secret = {"has_password": False} if password == "" else {"password": password, "has_password": has_password}
    return DeviceSpec(kind=kind, bus=made or bus, **said, **secret)


def _other_type(device: DeviceAllocation) -> str | None:
    row = row_of(device)
    return row.name if row.code == OTHER else None


DEVICE_SETTING = allocation_map(
    "ResourceAllocationSettingData",
    "CIM_ResourceAllocationSettingData",
    kind=DeviceAllocation,
    description="A device without a profile of its own that a configuration gives a virtual system.",
    resource_types=CODES,
    resource_type=Call(lambda a: row_of(a).code, Write("what", meant, modifying=False)),
    element_name=name_of,
    spec=_device_spec,
    properties={
        "OtherResourceType": Call(_other_type, Write(None, modifying=False)),
        "ResourceSubType": Attr("type", Write("type")),
        "Address": Attr("address", Write("address")),
        "HostResource": Call(lambda a: None if a.source is None else (a.source,), first_text("source")),
        "Parent": PARENT,
        "AddressOnParent": Attr("place"),
        "Bus": Attr("bus", Write("bus")),
        "Backend": Attr("backend", Write("backend")),
        "TargetName": Attr("target", Write("target")),
        "Action": Attr("action", Write("action")),
        "ReadOnly": Attr("read_only", Write("read_only")),
        "KeyMap": Attr("keymap", Write("keymap")),
        "Password": WriteOnly(Write("password")),
        "HasPassword": Call(lambda a: a.has_password if a.kind is DeviceKind.GRAPHICS else None, Write("has_password")),
        **_ONE,
    },
    extras=(
        own_property("Bus", "string", "The bus that an input or redirected device is on, or that a controller makes."),
        own_property("Backend", "string", "How the hypervisor provides the device, for example emulator or unix."),
        own_property("TargetName", "string", "The name by which the guest finds a channel or a file system."),
        own_property("Action", "string", "What a watchdog does to the system when the guest does not feed it."),
        own_property("ReadOnly", "boolean", "Whether the guest may only read what the device gives access to."),
        own_property("KeyMap", "string", "The keyboard's layout that a viewer of graphics has, for example en-us."),
        own_property(
            "Password",
            "string",
            "What a viewer of graphics has to say: 8 characters at most for vnc, 60 for spice. It is never read back: "
            "HasPassword tells that it is there. An empty text takes it away.",
        ),
        own_property(
            "HasPassword",
            "boolean",
            "Whether a viewer of graphics has to say a password. Written without one, true means a password that "
            "nobody knows until another is set.",
        ),
    ),
)

_DESCRIPTIONS: Final = {
    "LogicalDevice": "A virtual device of a kind that the schema has no class for.",
    "DisplayController": "A virtual graphics adapter.",
    "Keyboard": "A virtual keyboard.",
    "PointingDevice": "A virtual mouse or tablet.",
    "IDEController": "A virtual IDE controller.",
    "SCSIController": "A virtual SCSI controller.",
    "USBController": "A virtual USB controller.",
    "PCIController": "A virtual PCI controller or bridge.",
    "Watchdog": "A virtual watchdog.",
}


def _name(device: VirtualDevice) -> str:
    assert isinstance(device.allocation, DeviceAllocation)
    return name_of(device.allocation)


def _is_a(name: str, allocation: Allocation) -> bool:
    return isinstance(allocation, DeviceAllocation) and row_of(allocation).device == name


GENERIC_DEVICES: Final = {
    name: device_map(
        name,
        shows=partial(_is_a, name),
        description=_DESCRIPTIONS[name],
        element_name=_name,
        properties={"Caption": Call(lambda d: row_of(d.allocation).name)},
    )
    for name in dict.fromkeys(row.device for row in ROWS)
}
"""By the name that a row gives them."""
