"""A device of the defined configuration that becomes another of its kind."""

from __future__ import annotations

from lxml import etree

from openvman.drivers.libvirt import devices
from openvman.model.spec import DeviceSpec


def test_a_device_of_another_type_keeps_nothing_of_the_type_before():
    root = etree.fromstring(
        "<domain><devices><video><model type='qxl' ram='65536' vgamem='16384'><acceleration accel3d='no'/></model>"
        "<address type='pci' slot='0x02'/></video></devices></domain>"
    )
    devices.patch(root, "video:0", DeviceSpec(allocation_id="x", type="virtio"), lambda value, _: value)
    assert etree.tostring(root.find("devices/video")) == b'<video><model type="virtio"/></video>'


def test_a_device_of_the_same_type_stays_where_it_is():
    before = "<watchdog model='i6300esb' action='reset'><address type='pci' slot='0x02'/></watchdog>"
    root = etree.fromstring(f"<domain><devices>{before}</devices></domain>")
    spec = DeviceSpec(allocation_id="x", type="i6300esb", action="pause")
    devices.patch(root, "watchdog:0", spec, lambda value, _: value)
    assert etree.tostring(root.find("devices/watchdog")) == before.replace("reset", "pause").replace("'", '"').encode()
