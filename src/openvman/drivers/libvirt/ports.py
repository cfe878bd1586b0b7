"""The network ports of a host, from its node devices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import libvirt

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.nodes import COMPUTER
from openvman.drivers.libvirt.xml import Element
from openvman.model.host import Port

_LOOPBACK: Final = "lo"
_MEGABIT: Final = 10**6
_NO_SPEED: Final = 2**32 - 1
"""The kernel's -1 of a port that has no such thing, as a paravirtual one."""


def ports_of(nodes: Iterable[Element]) -> tuple[Port, ...]:
    """The ports by name. libvirt tells of no change of a link, so the links are as they are now."""
    found = (port for node in nodes if (port := port_of(node)) is not None)
    return tuple(sorted(found, key=lambda port: port.name))


def interfaces_of(connection: Any) -> tuple[str, ...] | None:
    """The names of all network devices but loopback; None where the hypervisor does not tell. Blocks.

    They are asked for by themselves: of node devices libvirt knows those that udev has told it of, and no others.
    """
    try:
        listed = connection.listAllInterfaces(0)
    except libvirt.libvirtError:
        return None  # a daemon beside the hypervisor's own tells of them, which need not be there
    return tuple(sorted(name for each in listed if (name := each.name()) != _LOOPBACK))


def port_of(device: Element) -> Port | None:
    """The port that a ``<device>`` is; None for one without hardware, or of another kind than Ethernet."""
    net = device.find("capability[@type='net']")
    name, mac = xml.text(net, "interface"), xml.text(net, "address")
    if net is None or name is None or mac is None or xml.text(device, "parent") in {None, COMPUTER}:
        return None
    if net.find("capability[@type='80211']") is not None:
        return None
    link = net.find("link")
    up = link is not None and link.get("state") == "up"
    megabits = xml.number(link.get("speed") if link is not None else None, 0)
    known = up and 0 < megabits < _NO_SPEED
    return Port(name=name, mac=mac.lower(), speed=megabits * _MEGABIT if known else None, up=up)
