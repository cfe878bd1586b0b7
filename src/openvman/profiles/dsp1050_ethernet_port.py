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

_NAMED: Final = {
    NicConnection.NETWORK: "network",
    NicConnection.BRIDGE: "bridge",
    NicConnection.DIRECT: "device of the host",
}
_NAMELESS: Final = (NicConnection.USER, NicConnection.ETHERNET)
_OTHER_ID: Final = 1
"""NetworkPortProfileIDType of what OtherNetworkPortProfileIDTypeInfo names."""


def _connection(nic: NicAllocation) -> tuple[str, ...]:
    return (nic.connection.value if nic.source is None else f"{nic.connection.value}:{nic.source}",)


def _split(value: Value) -> tuple[NicConnection, str | None]:
    if len(value) != 1 or not value[0]:
        raise ValueError("exactly one connection is needed")
    kind, colon, name = value[0].partition(":")
    if not colon and kind not in _NAMELESS:
        kind, name = NicConnection.NETWORK, kind  # a bare name is a network's
    if kind not in {*_NAMED, *_NAMELESS}:
        named = ", ".join(f"{each}:<name>" for each in _NAMED)
        raise ValueError(f"say one of {named}, {', '.join(_NAMELESS)}")
    if kind in _NAMED and not name:
        raise ValueError(f"name the {_NAMED[NicConnection(kind)]}: {kind}:<name>")
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
        "HostInterface": Attr("target", Write("target", modifying=False)),
        "DirectMode": Attr("mode", Write("mode")),
        "NetworkPortProfileID": Attr("profile", Write("profile")),
        "NetworkPortProfileIDType": Call(lambda a: None if a.profile is None else _OTHER_ID, Write(None)),
        "OtherNetworkPortProfileIDTypeInfo": Call(lambda a: None if a.profile is None else a.station, Write(None)),
        "ManagerID": Attr("vsi_manager", Write("vsi_manager")),
        "VSITypeID": Attr("vsi_type", Write("vsi_type")),
        "VSITypeIDVersion": Attr("vsi_version", Write("vsi_version")),
        "PortCorrelationID": Attr("vsi_instance", Write("vsi_instance", lambda value, _values: value.lower())),
        "VirtualQuantityUnits": Const("count"),
        "VirtualQuantity": Const(1),
    },
    extras=(
        own_property("TransmitBandwidthLimit", "uint64", "The most bandwidth from the port, in AllocationUnits."),
        own_property("LinkUp", "boolean", "Whether the cable is plugged in, as the guest sees it."),
        own_property(
            "HostInterface",
            "string",
            "The interface on the host: of an active system's adapter, the one that there is; of a defined one, the "
            "name that was asked for.",
        ),
        own_property(
            "DirectMode",
            "string",
            "How a direct connection shares the device of the host: vepa, bridge, private or passthrough.",
        ),
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
