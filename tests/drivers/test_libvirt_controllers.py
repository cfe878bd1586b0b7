"""Controllers of a host from node devices as libvirt describes them."""

from __future__ import annotations

import libvirt
import pytest

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.controllers import controllers_of
from openvman.drivers.libvirt.nodes import node_devices
from openvman.model.host import Controller, ControllerKind

PCI = """<device>
  <name>pci_0000_{bus:02x}_{slot:02x}_{function}</name><parent>pci_0000_00_00_0</parent>
  <driver><name>ahci</name></driver>
  <capability type='pci'>
    <class>{code}</class><domain>0</domain><bus>{bus}</bus><slot>{slot}</slot><function>{function}</function>
    <product id='0x2922'>82801IR AHCI Controller</product><vendor id='0x8086'>Intel Corporation</vendor>
  </capability>
</device>"""
SCSI = """<device>
  <name>scsi_host{number}</name><parent>{parent}</parent>
  <capability type='scsi_host'><host>{number}</host><unique_id>0</unique_id>{more}</capability>
</device>"""
FIBRE = "<capability type='fc_host'><wwnn>2000000012341234</wwnn><wwpn>1000000012341234</wwpn></capability>"


def _read(*devices: str) -> list[Controller]:
    return list(controllers_of(map(xml.parse, devices)))


@pytest.mark.parametrize(
    ("code", "kind", "interface"),
    [
        ("0x010000", ControllerKind.SCSI, 0),
        ("0x01018a", ControllerKind.IDE, 0x8A),
        ("0x010400", ControllerKind.RAID, 0),
        ("0x010601", ControllerKind.SATA, 1),
        ("0x010700", ControllerKind.SAS, 0),
        ("0x010802", ControllerKind.NVME, 2),
        ("0x030000", ControllerKind.DISPLAY, 0),
        ("0x030200", ControllerKind.DISPLAY, 0),
        ("0x060000", ControllerKind.PCI, 0),
        ("0x060400", ControllerKind.PCI, 0),
        ("0x070002", ControllerKind.SERIAL, 2),
        ("0x0c0330", ControllerKind.USB, 0x30),
        ("0x0C0400", ControllerKind.FIBRE_CHANNEL, 0),
    ],
)
def test_the_class_of_a_pci_device_says_what_controller_it_is(code, kind, interface):
    [found] = _read(PCI.format(code=code, bus=0x3A, slot=31, function=2))
    assert found == Controller(
        name="0000:3a:1f.2",
        kind=kind,
        vendor_name="Intel Corporation",
        product_name="82801IR AHCI Controller",
        interface=interface,
    )


@pytest.mark.parametrize("code", ["0x020000", "0x040300", "0x0c0500", "0x120000", "0x01", "nonsense", ""])
def test_what_nothing_is_attached_to_is_no_controller(code):
    assert _read(PCI.format(code=code, bus=0, slot=1, function=0)) == []


def test_a_scsi_host_is_told_once():
    """That of a PCI controller is the controller itself; others stand for themselves."""
    ahci = PCI.format(code="0x010601", bus=0, slot=31, function=2)
    found = _read(
        SCSI.format(number=0, parent="pci_0000_00_1f_2", more=""),
        ahci,
        SCSI.format(number=3, parent="computer", more=FIBRE),
        SCSI.format(number=4, parent="computer", more=""),
    )
    assert [(each.name, each.kind) for each in found] == [
        ("0000:00:1f.2", ControllerKind.SATA),
        ("scsi_host3", ControllerKind.FIBRE_CHANNEL),
        ("scsi_host4", ControllerKind.SCSI),
    ]


def test_the_test_drivers_adapters_are_read():
    connection = libvirt.open("test:///default")
    try:
        found = controllers_of(node_devices(connection) or ())
    finally:
        connection.close()
    kinds = {each.name: each.kind for each in found}
    assert kinds == dict.fromkeys(("scsi_host1", "scsi_host2", "scsi_host11"), ControllerKind.FIBRE_CHANNEL)
