"""The controllers of a host, from its node devices: PCI devices by their class, and SCSI hosts that are none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.nodes import COMPUTER, pci_address
from openvman.drivers.libvirt.xml import Element
from openvman.model.host import Controller, ControllerKind

_CLASSES: Final = {
    "0100": ControllerKind.SCSI,
    "0101": ControllerKind.IDE,
    "0104": ControllerKind.RAID,
    "0105": ControllerKind.IDE,
    "0106": ControllerKind.SATA,
    "0107": ControllerKind.SAS,
    "0108": ControllerKind.NVME,
    "03": ControllerKind.DISPLAY,
    "06": ControllerKind.PCI,
    "0700": ControllerKind.SERIAL,
    "0c03": ControllerKind.USB,
    "0c04": ControllerKind.FIBRE_CHANNEL,
}
"""By base class and subclass of PCI, or by the base class alone. Others, which nothing is attached to, are none."""
_CLASS: Final = re.compile(r"0x(?P<class>(?P<base>[0-9a-fA-F]{2})[0-9a-fA-F]{2})(?P<interface>[0-9a-fA-F]{2})")


def controllers_of(nodes: Iterable[Element]) -> tuple[Controller, ...]:
    """All of them by their names. The SCSI host of a PCI controller is that controller, and is told once."""
    nodes = tuple(nodes)
    found = [controller for node in nodes for controller in (*_of_pci(node), *_of_scsi(node))]
    return tuple(sorted(found, key=lambda controller: controller.name))


def _of_pci(node: Element) -> Iterator[Controller]:
    pci = node.find("capability[@type='pci']")
    found = _CLASS.fullmatch(xml.text(pci, "class") or "")
    kind = None if found is None else _CLASSES.get(found["class"].lower()) or _CLASSES.get(found["base"].lower())
    if pci is not None and found is not None and kind is not None:
        yield Controller(
            name=pci_address(pci),
            kind=kind,
            vendor_name=xml.text(pci, "vendor"),
            product_name=xml.text(pci, "product"),
            interface=int(found["interface"], 16),
        )


def _of_scsi(node: Element) -> Iterator[Controller]:
    scsi = node.find("capability[@type='scsi_host']")
    name, parent = xml.text(node, "name"), xml.text(node, "parent") or COMPUTER
    if scsi is None or name is None or parent.startswith("pci_"):
        return
    fibre = scsi.find("capability[@type='fc_host']") is not None
    yield Controller(name=name, kind=ControllerKind.FIBRE_CHANNEL if fibre else ControllerKind.SCSI)
