"""Ethernet Port Resource Virtualization (DSP1050): the network adapters of a virtual system."""

from __future__ import annotations

from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, Const, Write, own_property
from openvman.model.allocation import NicAllocation, NicConnection
from openvman.model.device import VirtualDevice
from openvman.model.spec import NicSpec
from openvman.profiles.devices import device_map
from openvman.profiles.resource_allocation import PARENT, allocation_map
from openvman.profiles.units import in_unit


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


def _nic_spec(attachment: tuple[NicConnection, str | None] | None = None, **fields: Any) -> NicSpec:
    connection, source = attachment or (None, None)
    return NicSpec(connection=connection, source=source, **fields)


_BITS: Final = "bit / second"


def _bandwidth(amount: Value, values: NameMap[Value]) -> int:
    """Bandwidth counts what AllocationUnits says: bits or bytes a second, or a multiple."""
    return in_unit(int(amount), values.get("AllocationUnits") or _BITS, _BITS)


_BANDWIDTHS: Final = {
    "ReceiveBandwidthLimit": "receive_limit",
    "ReceiveBandwidthReservation": "receive_reservation",
    "TransmitBandwidthLimit": "transmit_limit",
}
BANDWIDTH: Final = frozenset(_BANDWIDTHS)
"""Names of the properties."""

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
        "AllocationUnits": Call(lambda _a: _BITS, Write(None)),
        **{name: Attr(into, Write(into, _bandwidth)) for name, into in _BANDWIDTHS.items()},
        "LinkUp": Attr("link_up", Write("link_up")),
        "VirtualQuantityUnits": Const("count"),
        "VirtualQuantity": Const(1),
    },
    extras=(
        own_property("TransmitBandwidthLimit", "uint64", "The most bandwidth from the port, in AllocationUnits."),
        own_property("LinkUp", "boolean", "Whether the cable is plugged in, as the guest sees it."),
    ),
)

_ETHERNET: Final = 2
_UNKNOWN, _OTHER = 0, 1
_OK, _STOPPED, _NO_CONTACT = 2, 10, 12


def _status(nic: VirtualDevice) -> tuple[int, ...]:
    """An adapter whose cable is not plugged in reaches nobody."""
    if not nic.active:
        return (_STOPPED,)
    return (_OK if isinstance(nic.allocation, NicAllocation) and nic.allocation.link_up else _NO_CONTACT,)


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
        "OtherNetworkPortType": Attr("allocation.model"),
        "PortType": Call(lambda d: _OTHER if d.allocation.model else _UNKNOWN),
        "FullDuplex": Const(True),
        "OperationalStatus": Call(_status),
    },
)
