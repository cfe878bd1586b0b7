"""What hardware the host has, by libvirt's node devices: read once, for all that is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import libvirt

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.xml import Element

_LISTED: Final = (
    libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_PCI_DEV
    | libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_USB_DEV
    | libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET
    | libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_SCSI_HOST
)
COMPUTER: Final = "computer"
"""The parent of what hangs on no bus: loopback, bridges, taps of guests, hosts of SCSI that software makes."""


def node_devices(connection: Any) -> tuple[Element, ...] | None:
    """The ``<device>`` elements; None where the hypervisor has no node devices. Blocks; raises libvirt's own errors."""
    try:
        listed = connection.listAllDevices(_LISTED)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise
        return None
    return tuple(root for node in listed for root in _described(node))


def _described(node: Any) -> Iterator[Element]:
    try:
        described = node.XMLDesc(0)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_NODE_DEVICE:
            raise
        return  # it was pulled meanwhile
    yield xml.parse(described)


def pci_address(pci: Element) -> str:
    """``0000:00:1f.2`` of the capability of a PCI device."""
    domain, bus, slot, function = (xml.number(xml.text(pci, part), 0) for part in ("domain", "bus", "slot", "function"))
    return f"{domain:04x}:{bus:02x}:{slot:02x}.{function:x}"


def number_of(capability: Element, name: str) -> int:
    """The number of a vendor or product; 0 where there is none."""
    try:
        return int(xml.attribute(capability, name, "id") or "0", 16)
    except ValueError:
        return 0
