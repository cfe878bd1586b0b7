"""Ethernet Port (DSP1014): the network ports of a host's hardware."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Const, Edge, End
from openvman.model.host import Host
from openvman.model.host_port import HostPort, host_port, host_ports
from openvman.model.picture import Picture
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.extents import of_hosts
from openvman.profiles.finding import host_with_id

_ETHERNET: Final = 2
_ENABLED, _OFFLINE = 2, 6
_OK, _STOPPED, _LOST = 2, 10, 13


def _find(picture: Picture, keys: NameMap[Value]) -> HostPort | None:
    host = picture.objects.host(keys["SystemName"])
    return None if host is None else host_port(host, keys["DeviceID"])


def _enabled_state(port: HostPort) -> int:
    """A port without a link is enabled and can do nothing."""
    return _ENABLED if port.host.online and port.port.up else _OFFLINE


def _status(port: HostPort) -> tuple[int, ...]:
    if not port.host.online:
        return (_LOST,)
    return (_OK if port.port.up else _STOPPED,)


def _plain(port: HostPort) -> str:
    """The schema wants addresses unformatted."""
    return port.port.mac.replace(":", "")


HOST_PORT: Final = ClassMap(
    name="HostEthernetPort",
    cim="CIM_EthernetPort",
    description="A network port of a host's hardware.",
    owner=Host,
    extent=of_hosts(host_ports),
    find=_find,
    found_by={"SystemName": host_with_id},
    keys={
        "SystemCreationClassName": ClassName(HOST_SYSTEM),
        "SystemName": Attr("host.id"),
        "CreationClassName": ClassName(),
        "DeviceID": Attr("id"),
    },
    properties={
        "ElementName": Attr("port.name"),
        "Name": Attr("port.name"),
        "PermanentAddress": Call(_plain),
        "NetworkAddresses": Call(lambda port: (_plain(port),)),
        "PortType": Const(0),
        "LinkTechnology": Const(_ETHERNET),
        "Speed": Attr("port.speed"),
        "EnabledState": Call(_enabled_state),
        "RequestedState": Const(12),
        "EnabledDefault": Const(2),
        "OperationalStatus": Call(_status),
        "HealthState": Call(lambda port: 5 if port.host.online else 0),
    },
)

_ETHERNET_INTERFACE: Final = 6


def _of_endpoint(picture: Picture, keys: NameMap[Value]) -> HostPort | None:
    host = picture.objects.host(keys["SystemName"])
    return None if host is None else host_port(host, keys["Name"])


HOST_ENDPOINT: Final = ClassMap(
    name="HostLANEndpoint",
    cim="CIM_LANEndpoint",
    description="Where a network port of a host meets the local network.",
    owner=Host,
    extent=HOST_PORT.extent,
    find=_of_endpoint,
    found_by={"SystemName": host_with_id},
    keys={
        "SystemCreationClassName": ClassName(HOST_SYSTEM),
        "SystemName": Attr("host.id"),
        "CreationClassName": ClassName(),
        "Name": Attr("id"),
    },
    properties={
        "ElementName": Attr("port.name"),
        "NameFormat": Const("<host>/port/<interface>"),
        "MACAddress": Call(_plain),
        "ProtocolIFType": Const(_ETHERNET_INTERFACE),
        "EnabledState": Call(_enabled_state),
        "RequestedState": Const(12),
        "EnabledDefault": Const(2),
        "OperationalStatus": Call(_status),
        "HealthState": Call(lambda port: 5 if port.host.online else 0),
    },
)


def _ports(host: Host, _picture: Picture) -> Iterator[Any]:
    for port in host_ports(host):
        yield (HOST_SYSTEM, host), (HOST_PORT, port)


def _endpoints(host: Host, _picture: Picture) -> Iterator[Any]:
    for port in host_ports(host):
        yield (HOST_SYSTEM, host), (HOST_ENDPOINT, port)


def _implemented(host: Host, _picture: Picture) -> Iterator[Any]:
    for port in host_ports(host):
        yield (HOST_PORT, port), (HOST_ENDPOINT, port)


EDGES: Final = (
    Edge(
        "CIM_SystemDevice",
        End("GroupComponent", (HOST_SYSTEM,)),
        End("PartComponent", (HOST_PORT,)),
        Host,
        _ports,
        clause="DSP1014",
    ),
    Edge(
        "CIM_HostedAccessPoint",
        End("Antecedent", (HOST_SYSTEM,)),
        End("Dependent", (HOST_ENDPOINT,)),
        Host,
        _endpoints,
        clause="DSP1014",
    ),
    Edge(
        "CIM_DeviceSAPImplementation",
        End("Antecedent", (HOST_PORT,)),
        End("Dependent", (HOST_ENDPOINT,)),
        Host,
        _implemented,
        clause="DSP1014",
    ),
)
