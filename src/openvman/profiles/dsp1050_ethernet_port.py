"""Ethernet Port Resource Virtualization (DSP1050): the network adapters of a virtual system."""

from __future__ import annotations

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, Const, Write
from openvman.model.allocation import NicAllocation, NicConnection
from openvman.model.spec import NicSpec
from openvman.profiles.devices import device_map
from openvman.profiles.resource_allocation import PARENT, allocation_map


def _connection(nic: NicAllocation) -> tuple[str, ...]:
    return (nic.connection.value if nic.source is None else f"{nic.connection.value}:{nic.source}",)


def _split(value: Value) -> tuple[NicConnection, str | None]:
    if len(value) != 1 or not value[0]:
        raise ValueError("exactly one connection is needed")
    kind, colon, name = value[0].partition(":")
    if not colon and kind != NicConnection.USER:
        kind, name = NicConnection.NETWORK, kind  # a bare name is a network's
    if kind not in (NicConnection.NETWORK, NicConnection.BRIDGE, NicConnection.USER):
        raise ValueError("say network:<name>, bridge:<name> or user")
    if kind != NicConnection.USER and not name:
        raise ValueError(f"name the {kind}: {kind}:<name>")
    return NicConnection(kind), name or None


def _pair(value: Value, _values: NameMap[Value]) -> tuple[NicConnection, str | None]:
    return _split(value)


def _nic_spec(attachment: tuple[NicConnection, str | None] | None = None, **fields: str | None) -> NicSpec:
    connection, source = attachment or (None, None)
    return NicSpec(connection=connection, source=source, **fields)


ETHERNET_SETTING = allocation_map(
    "EthernetPortAllocationSettingData",
    "CIM_EthernetPortAllocationSettingData",
    kind=NicAllocation,
    description="A network adapter that a configuration gives a virtual system.",
    resource_types=(10,),
    resource_type=Const(10),
    element_name=lambda a: f"network adapter {a.mac}",
    spec=_nic_spec,
    properties={
        "Parent": PARENT,
        "AddressOnParent": Attr("place"),
        "ResourceSubType": Attr("model", Write("model")),
        "Address": Attr("mac", Write("mac", lambda value, _values: value.lower().replace("-", ":"))),
        "Connection": Call(_connection, Write("attachment", _pair)),
        "AllocationUnits": Const("count"),
        "VirtualQuantityUnits": Const("count"),
        "VirtualQuantity": Const(1),
    },
)

_ETHERNET = 2

ETHERNET_PORT = device_map(
    "EthernetPort",
    shows=lambda a: isinstance(a, NicAllocation),
    description="A virtual network adapter.",
    element_name=lambda d: f"network adapter {d.allocation.mac}",
    properties={
        # The schema wants addresses unformatted.
        "PermanentAddress": Call(lambda d: d.allocation.mac.replace(":", "")),
        "NetworkAddresses": Call(lambda d: (d.allocation.mac.replace(":", ""),)),
        "LinkTechnology": Const(_ETHERNET),
    },
)
