"""Network ports of a host from node devices as libvirt describes them."""

from __future__ import annotations

import pytest
from lxml import etree

from openvman.drivers.libvirt.ports import port_of
from openvman.model.host import Port

DEVICE = """<device>
  <name>net_eth0_52_54_00_AA_bb_cc</name><path>/sys/devices/pci0000:00/0000:00:03.0/virtio2/net/eth0</path>
  <parent>{parent}</parent>
  <capability type='net'>
    <interface>eth0</interface><address>52:54:00:AA:bb:cc</address>
    {link}<feature name='rx'/>{kind}
  </capability>
</device>"""
ETHERNET = "<capability type='80203'/>"


def _read(parent="pci_0000_00_03_0", link="<link speed='10000' state='up'/>", kind=ETHERNET):
    return port_of(etree.fromstring(DEVICE.format(parent=parent, link=link, kind=kind)))


@pytest.mark.parametrize(
    ("link", "speed", "up"),
    [
        ("<link speed='10000' state='up'/>", 10**10, True),
        ("<link state='up'/>", None, True),
        ("<link speed='4294967295' state='up'/>", None, True),
        ("<link speed='4294967295' state='down'/>", None, False),
        ("<link state='unknown'/>", None, False),
        ("", None, False),
    ],
)
def test_a_port_is_read_with_its_link(link, speed, up):
    assert _read(link=link) == Port(name="eth0", mac="52:54:00:aa:bb:cc", speed=speed, up=up)


def test_what_software_made_is_no_port():
    assert _read(parent="computer") is None


def test_a_wireless_interface_is_no_ethernet_port():
    assert _read(kind="<capability type='80211'/>") is None
