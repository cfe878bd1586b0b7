"""Devices of the host that can be passed through, as libvirt's list of node devices shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import libvirt

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.xml import Element
from openvman.model.host import Attachment, PassableDevice

_LISTED: Final = libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_PCI_DEV | libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_USB_DEV
_BRIDGES: Final = "0x06"
"""How the class of PCI bridges begins: what leads to other devices stays with the host."""
_ROOT_HUBS: Final = 0x1D6B
"""The vendor that the kernel gives for the hubs inside of USB controllers."""


def passable_devices(connection: Any) -> tuple[PassableDevice, ...] | None:
    """The PCI and USB devices by their addresses; None where the hypervisor does not list them. Blocks."""
    try:
        listed = connection.listAllDevices(_LISTED)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise
        return None
    found = [device for node in listed for device in _read(node)]
    return tuple(sorted(found, key=lambda device: (device.attachment, device.address)))


def _read(node: Any) -> Iterator[PassableDevice]:
    try:
        root = xml.parse(node.XMLDesc(0))
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_NODE_DEVICE:
            raise
        return  # it was unplugged meanwhile
    yield from devices_of(root)


def devices_of(root: Element) -> Iterator[PassableDevice]:
    """The device that a ``<device>`` element describes, if it is one that can be passed through."""
    pci = root.find("capability[@type='pci']")
    if pci is not None and not (xml.text(pci, "class") or "").startswith(_BRIDGES):
        domain, bus, slot, function = (xml.number(xml.text(pci, p), 0) for p in ("domain", "bus", "slot", "function"))
        yield _device(Attachment.PCI, f"{domain:04x}:{bus:02x}:{slot:02x}.{function:x}", pci)
    usb = root.find("capability[@type='usb_device']")
    if usb is not None and _id(usb, "vendor") != _ROOT_HUBS:
        bus, device = (xml.number(xml.text(usb, part), 0) for part in ("bus", "device"))
        yield _device(Attachment.USB, f"{bus:03d}/{device:03d}", usb)


def _device(attachment: Attachment, address: str, capability: Element) -> PassableDevice:
    return PassableDevice(
        attachment=attachment,
        address=address,
        vendor=_id(capability, "vendor"),
        product=_id(capability, "product"),
        vendor_name=xml.text(capability, "vendor"),
        product_name=xml.text(capability, "product"),
    )


def _id(capability: Element, name: str) -> int:
    try:
        return int(xml.attribute(capability, name, "id") or "0", 16)
    except ValueError:
        return 0
