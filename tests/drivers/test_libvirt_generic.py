"""What libvirt gives every machine, and what of the host can be passed through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import libvirt
import pytest
from tests.drivers.conformance import Recorder, Subject
from tests.drivers.subject import refuses
from tests.lab import lab

from openvman.drivers.libvirt import create, xml
from openvman.drivers.libvirt.host_device import devices_of, passable_devices
from openvman.drivers.libvirt.nodes import node_devices
from openvman.messages.problem import Problem
from openvman.model.allocation import DeviceKind
from openvman.model.host import Attachment, PassableDevice
from openvman.model.spec import DeviceSpec
from openvman.model.states import Action
from openvman.model.system import ConfigurationKind

DEFINED, STATE = ConfigurationKind.DEFINED, ConfigurationKind.STATE
GPU = DeviceSpec(kind=DeviceKind.HOST_DEVICE, type="pci", source="0000:ff:1f.7")
STICK = DeviceSpec(kind=DeviceKind.HOST_DEVICE, type="usb", source="1d6b:beef")


PCI = """
<capability type='pci'>
  <class>0x030000</class><domain>0</domain><bus>65</bus><slot>31</slot><function>2</function>
  <product id='0x1050'>Virtio GPU</product><vendor id='0x1af4'>Red Hat</vendor>
</capability>
"""
USB = """
<capability type='usb_device'>
  <bus>1</bus><device>4</device><product id='0x0001'/><vendor id='0x0627'/>
</capability>
"""


@pytest.mark.parametrize(
    ("capability", "expected"),
    [
        (
            PCI,
            PassableDevice(
                attachment=Attachment.PCI,
                address="0000:41:1f.2",
                vendor=0x1AF4,
                product=0x1050,
                vendor_name="Red Hat",
                product_name="Virtio GPU",
            ),
        ),
        (
            USB,
            PassableDevice(attachment=Attachment.USB, address="001/004", vendor=0x0627, product=1),
        ),
        ("<capability type='pci'><class>0x060400</class><vendor id='0x8086'/></capability>", None),  # a bridge
        ("<capability type='usb_device'><bus>1</bus><device>1</device><vendor id='0x1d6b'/></capability>", None),
        ("<capability type='net'><interface>eth0</interface></capability>", None),
    ],
)
def test_what_can_be_passed_through(capability: str, expected: PassableDevice | None) -> None:
    found = list(devices_of(xml.parse(f"<device><name>x</name>{capability}</device>")))
    assert found == ([] if expected is None else [expected])
    for device in found:
        assert device.address in device.sources


class _Node:
    def __init__(self, error: int | None = None) -> None:
        self._error = error

    def XMLDesc(self, _flags: int) -> str:  # noqa: N802 - libvirt's name
        if self._error is not None:
            failure = libvirt.libvirtError("gone")
            failure.err = (self._error, 0, "gone", 0, "", None, None, 0, 0)
            raise failure
        return "<device><capability type='usb_device'><bus>2</bus><device>9</device></capability></device>"


def test_a_device_that_is_unplugged_meanwhile_is_no_failure() -> None:
    class Connection:
        def listAllDevices(self, _flags: int) -> list[_Node]:  # noqa: N802
            return [_Node(libvirt.VIR_ERR_NO_NODE_DEVICE), _Node()]

    (left,) = passable_devices(node_devices(Connection()) or ())
    assert left.address == "002/009"


@pytest.fixture
async def subject(private_host: lab.PrivateHost, tmp_path: Path) -> AsyncIterator[Subject]:
    driver, events = create(private_host.uri, state=tmp_path, deadline=20), Recorder()
    await driver.open(events)
    made = Subject(
        driver=driver,
        events=events,
        host=(await driver.load()).hosts[0],
        image=str(lab.boot_sector_image(tmp_path)),
        other_image=str(lab.boot_sector_image(tmp_path, name="other.img")),
        folder=str(private_host.images),
        line=b"hello from the guest",
    )
    try:
        yield made
    finally:
        await made.clean()
        await driver.close()


@pytest.mark.lab
async def test_the_host_tells_what_it_could_pass_through(subject: Subject, private_host: lab.PrivateHost) -> None:
    """As many as libvirt lists, but for what leads to other devices; a machine in a container may have none."""
    connection = libvirt.open(private_host.libvirt_uri)
    try:
        nodes = [xml.parse(node.XMLDesc(0)) for node in connection.listAllDevices(0)]
    finally:
        connection.close()
    pci = [each for each in nodes if each.find("capability[@type='pci']") is not None]
    ends = [each for each in pci if not (xml.text(each, "capability/class") or "").startswith("0x06")]
    assert subject.host.devices is not None
    assert sum(device.attachment is Attachment.PCI for device in subject.host.devices) == len(ends)


@pytest.mark.lab
@pytest.mark.parametrize("name", ["input:mouse:ps2", "balloon:0", "controller:pci:0", "controller:usb:0"])
async def test_what_every_machine_has_is_put_back_and_that_is_told(subject: Subject, name: str) -> None:
    vnc = DeviceSpec(kind=DeviceKind.GRAPHICS, type="vnc", address="127.0.0.1")
    system = await subject.define(devices=(vnc,))
    assert system.defined is not None
    assert name in {each.local_id for each in system.defined.devices}
    with refuses(Problem.NOT_SUPPORTED) as caught:
        gone = [f"{system.id}/defined/graphics:vnc", f"{system.id}/defined/{name}"]
        await subject.driver.remove_resources(system.id, DEFINED, gone)
    assert name in caught.value.message
    assert await subject.read(system.id) == system


@pytest.mark.lab
async def test_one_device_that_cannot_be_plugged_takes_the_others_back(subject: Subject) -> None:
    """By the hypervisor's own word: there is no such device to pass through."""
    system = await subject.active()
    await subject.printed(system.id)
    mouse = DeviceSpec(kind=DeviceKind.INPUT, type="mouse", bus="virtio")
    for wanted in (GPU, STICK):
        with refuses(Problem.FAILED, Problem.NOT_FOUND, Problem.NOT_SUPPORTED, Problem.INVALID_PARAMETER):
            await subject.driver.add_resources(system.id, STATE, [mouse, wanted])
        await subject.becomes(system)


@pytest.mark.lab
async def test_devices_of_the_host_are_in_the_next_activation(subject: Subject) -> None:
    """Defined only: a virtual machine of the test machine has no IOMMU that a device could be passed through."""
    system = await subject.define()
    await subject.driver.add_resources(system.id, DEFINED, [GPU, STICK])
    defined = (await subject.read(system.id)).defined
    assert defined is not None
    passed = {each.local_id: each.source for each in defined.devices if each.kind is DeviceKind.HOST_DEVICE}
    assert passed == {f"hostdev:{each.type}:{each.source}": each.source for each in (GPU, STICK)}
    with refuses(Problem.FAILED, Problem.NOT_FOUND, Problem.NOT_SUPPORTED, Problem.INVALID_PARAMETER) as caught:
        await subject.driver.act(system.id, Action.START)
    reason = caught.value.message
    await subject.driver.remove_resources(system.id, DEFINED, [f"{system.id}/defined/{name}" for name in passed])
    assert await subject.read(system.id) == system
    pytest.skip(f"as far as here all was well; a device of the host cannot be passed through on this one: {reason}")
