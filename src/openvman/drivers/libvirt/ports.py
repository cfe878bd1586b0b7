"""The network ports of a host, from libvirt's node devices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import libvirt

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.xml import Element
from openvman.model.host import Port

_MEGABIT: Final = 10**6
_NO_SPEED: Final = 2**32 - 1
"""The kernel's -1 of a port that has no such thing, as a paravirtual one."""
_NO_HARDWARE: Final = "computer"
"""The parent of what hangs on no bus: loopback, bridges, taps of guests."""


def read_ports(connection: Any) -> tuple[Port, ...]:
    """The ports by name; none where the hypervisor has no node devices. Raises libvirt's own errors.

    libvirt tells of no change of a link, so the links are as they are now.
    """
    try:
        devices = connection.listAllDevices(libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise
        return ()
    found = (port for device in devices for port in _described(device))
    return tuple(sorted(found, key=lambda port: port.name))


def _described(device: Any) -> Iterator[Port]:
    try:
        described = device.XMLDesc(0)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_NODE_DEVICE:
            raise
        return  # it was pulled meanwhile
    port = port_of(xml.parse(described))
    if port is not None:
        yield port


def port_of(device: Element) -> Port | None:
    """The port that a ``<device>`` is; None for one without hardware, or of another kind than Ethernet."""
    net = device.find("capability[@type='net']")
    name, mac = xml.text(net, "interface"), xml.text(net, "address")
    if net is None or name is None or mac is None or xml.text(device, "parent") in {None, _NO_HARDWARE}:
        return None
    if net.find("capability[@type='80211']") is not None:
        return None
    link = net.find("link")
    up = link is not None and link.get("state") == "up"
    megabits = xml.number(link.get("speed") if link is not None else None, 0)
    known = up and 0 < megabits < _NO_SPEED
    return Port(name=name, mac=mac.lower(), speed=megabits * _MEGABIT if known else None, up=up)
