"""Computer System (DSP1052): the host."""

from __future__ import annotations

from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Const
from openvman.model.host import Host
from openvman.profiles.extents import of_hosts

_OK = 2
_LOST_COMMUNICATION = 13

HOST_SYSTEM = ClassMap(
    name="HostSystem",
    cim="CIM_ComputerSystem",
    description="A host: a computer that runs virtual systems.",
    owner=Host,
    extent=of_hosts(),
    find=lambda p, keys: p.objects.host(keys["Name"]),
    keys={"CreationClassName": ClassName(), "Name": Attr("id")},
    properties={
        "ElementName": Attr("name"),
        "Caption": Call(lambda host: f"{host.hypervisor_name} {host.hypervisor_version}"),
        "Description": Call(lambda host: f"Host {host.name}, reached as {host.platform}"),
        "NameFormat": Const("Other"),
        "Dedicated": Const((0,)),
        "EnabledState": Call(lambda host: 2 if host.online else 6),
        "RequestedState": Const(12),
        "EnabledDefault": Const(2),
        "OperationalStatus": Call(lambda host: (_OK if host.online else _LOST_COMMUNICATION,)),
        "HealthState": Call(lambda host: 5 if host.online else 0),
        "OtherIdentifyingInfo": Call(lambda host: (host.name, host.platform)),
        "IdentifyingDescriptions": Const(("openvman:HostName", "openvman:Platform")),
        "TimeOfLastStateChange": Attr("since"),
    },
)
