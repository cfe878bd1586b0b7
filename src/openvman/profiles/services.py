"""What services share: a thing of a host, or of this server, that clients call methods of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from openvman.cim.declarations import MethodDeclaration
from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Const, Source
from openvman.mapping.methods import MethodMap
from openvman.model.host import Host
from openvman.model.picture import Picture
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.extents import of_hosts

RUNNING: Final[Mapping[str, Source]] = {
    "EnabledState": Const(2),
    "RequestedState": Const(12),
    "EnabledDefault": Const(2),
    "Started": Const(True),
    "OperationalStatus": Const((2,)),
    "HealthState": Const(5),
}
"""The state of a service that is there for as long as this server is."""

RUNNING_WITH_HOST: Final[Mapping[str, Source]] = {
    "EnabledState": Call(lambda host: 2 if host.online else 6),
    "RequestedState": Const(12),
    "EnabledDefault": Const(2),
    "Started": Attr("online"),
    "OperationalStatus": Call(lambda host: (2 if host.online else 13,)),
    "HealthState": Call(lambda host: 5 if host.online else 0),
}
"""The state of a service of a host that needs the host's hypervisor for what it does."""


def service_map(
    name: str,
    title: str,
    *,
    cim: str | None = None,
    description: str,
    state: Mapping[str, Source] = RUNNING_WITH_HOST,
    properties: Mapping[str, Source] | None = None,
    methods: tuple[MethodMap, ...] = (),
    extra_methods: tuple[MethodDeclaration, ...] = (),
) -> ClassMap:
    """The class map of a service that every host has one of; the class is ``cim``, else ``CIM_<name>``.

    ``title`` is the service's Name, which stands in its path for good, and what people call it.
    """

    def find(picture: Picture, keys: NameMap[Value]) -> Host | None:
        return picture.objects.host(keys["SystemName"])

    return ClassMap(
        name=name,
        cim=cim or f"CIM_{name}",
        description=description,
        owner=Host,
        extent=of_hosts(),
        find=find,
        keys={
            "SystemCreationClassName": ClassName(HOST_SYSTEM),
            "SystemName": Attr("id"),
            "CreationClassName": ClassName(),
            "Name": Const(title),
        },
        properties={"ElementName": Call(lambda host: f"{title} of {host.name}"), **state, **(properties or {})},
        methods=methods,
        extra_methods=extra_methods,
    )
