"""Devices of the host that can be passed through, from its node devices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.nodes import number_of, pci_address
from openvman.drivers.libvirt.xml import Element
from openvman.model.host import Attachment, PassableDevice

_BRIDGES: Final = "0x06"
"""How the class of PCI bridges begins: what leads to other devices stays with the host."""
_ROOT_HUBS: Final = 0x1D6B
"""The vendor that the kernel gives for the hubs inside of USB controllers."""


def passable_devices(nodes: Iterable[Element]) -> tuple[PassableDevice, ...]:
    """The PCI and USB devices by their addresses."""
    found = [device for node in nodes for device in devices_of(node)]
    return tuple(sorted(found, key=lambda device: (device.attachment, device.address)))


def devices_of(root: Element) -> Iterator[PassableDevice]:
    """The device that a ``<device>`` element describes, if it is one that can be passed through."""
    pci = root.find("capability[@type='pci']")
    if pci is not None and not (xml.text(pci, "class") or "").startswith(_BRIDGES):
        yield _device(Attachment.PCI, pci_address(pci), pci)
    usb = root.find("capability[@type='usb_device']")
    if usb is not None and number_of(usb, "vendor") != _ROOT_HUBS:
        bus, device = (xml.number(xml.text(usb, part), 0) for part in ("bus", "device"))
        yield _device(Attachment.USB, f"{bus:03d}/{device:03d}", usb)


def _device(attachment: Attachment, address: str, capability: Element) -> PassableDevice:
    return PassableDevice(
        attachment=attachment,
        address=address,
        vendor=number_of(capability, "vendor"),
        product=number_of(capability, "product"),
        vendor_name=xml.text(capability, "vendor"),
        product_name=xml.text(capability, "product"),
    )
