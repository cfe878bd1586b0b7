"""Calls of libvirt-cim's methods, and what libvirt has before and after."""

from __future__ import annotations

from typing import Any

import libvirt
import pywbem
from tests.system.libvirt_cim.classes import SETTING
from tests.system.libvirt_cim.mof import NAME
from tests.system.libvirt_cim.place import Place

GUESTS, POOLS = "VirtualSystemManagementService", "ResourcePoolConfigurationService"
_NEVER = pywbem.CIMDateTime("00000000000000.000000:000")


def call(place: Place, on: str | pywbem.CIMInstanceName, method: str, **parameters: Any) -> dict[str, Any]:
    """Invoke a method on a class, as clients do with services, or on an instance; what it tells beside 0."""
    target = pywbem.CIMClassName(place.name(on), namespace="root/virt") if isinstance(on, str) else on
    code, told = place.conn.InvokeMethod(method, target, **parameters)
    assert code == 0
    return dict(told)


def guest(place: Place, name: str = NAME) -> pywbem.CIMInstanceName:
    return place.path("ComputerSystem", CreationClassName=place.name("ComputerSystem"), Name=name)


def whole(place: Place, name: str = NAME) -> pywbem.CIMInstanceName:
    """The path of a guest's settings, with a key too many."""
    class_name = "VirtualSystemSettingData"
    return place.path(class_name, InstanceID=f"{place.kind.prefix}:{name}", CreationClassName=place.name(class_name))


def part(place: Place, kind: str, local: str, name: str = NAME) -> pywbem.CIMInstanceName:
    return place.path(f"{kind}{SETTING}", InstanceID=f"{name}/{local}")


def pool(place: Place, name: str) -> pywbem.CIMInstanceName:
    return place.path(name.partition("/")[0], InstanceID=name)


def request(place: Place, state: int | None, name: str = NAME) -> dict[str, Any]:
    asked = {} if state is None else {"RequestedState": pywbem.Uint16(state)}
    return call(place, guest(place, name), "RequestStateChange", **asked, TimeoutPeriod=_NEVER)


def picture(place: Place) -> dict[str, Any]:
    """All that libvirt has of what the methods change."""
    there = place.hypervisor
    domains = {
        domain.name(): (
            domain.state()[0],
            domain.autostart(),
            domain.XMLDesc(),
            domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE),
        )
        for domain in there.listAllDomains()
    }
    pools = {each.name(): (each.XMLDesc(), sorted(each.listVolumes())) for each in there.listAllStoragePools()}
    for name, (xml, volumes) in pools.items():
        # How much is taken changes whoever writes to the disk.
        pools[name] = ("".join(line for line in xml.splitlines() if "<a" not in line), volumes)
    return {
        "domains": domains,
        "networks": {each.name(): each.XMLDesc() for each in there.listAllNetworks()},
        "pools": pools,
        "filters": {each.name(): each.XMLDesc() for each in there.listAllNWFilters()},
    }
