"""The same questions over a real host with a guest that has many devices: the index agrees with what libvirt told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import cycle, islice
from pathlib import Path

import pytest
from tests.broker.associations.brute_force import BruteForce, Filters
from tests.broker.associations.questions import ASSOCIATORS, REFERENCES, asked_by, check, combinations, singles
from tests.broker.conftest import Client, Clock
from tests.lab.lab import PrivateHost, boot_sector_image

from openvman.broker.broker import Broker
from openvman.cim.graph import ClassGraph
from openvman.drivers.libvirt import create
from openvman.inventory.inventory import Inventory
from openvman.model.server import Server
from openvman.operations.catalogue import USE_CASES
from openvman.operations.jobs.jobs import Jobs
from openvman.operations.operations import Operations
from openvman.operations.policy import Policy
from openvman.views.standard import STANDARD
from openvman.wire.cimxml.decode import decode_embedded
from openvman.wire.cimxml.encode_values import instance as encode_embedded

pytestmark = pytest.mark.lab

NAME = "many-devices"
UUID = "5d0c5b0e-6f0e-4f4e-9f5b-0a0b0c0d0e0f"
DOMAIN = f"""
<domain type='qemu'>
  <name>{NAME}</name>
  <uuid>{UUID}</uuid>
  <memory unit='KiB'>65536</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <on_crash>destroy</on_crash>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='{{image}}'/><target dev='sda' bus='sata'/><boot order='1'/>
    </disk>
    <disk type='file' device='cdrom'><target dev='sdb' bus='sata'/><readonly/></disk>
    <interface type='user'><mac address='52:54:00:00:77:01'/><model type='virtio'/></interface>
    <serial type='pty'><target port='0'/></serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <controller type='usb' model='qemu-xhci'/>
    <controller type='scsi' model='virtio-scsi'/>
    <input type='keyboard' bus='usb'/>
    <input type='tablet' bus='usb'/>
    <graphics type='vnc' autoport='yes'/>
    <video><model type='vga'/></video>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <watchdog model='i6300esb' action='none'/>
    <memballoon model='virtio'/>
  </devices>
</domain>"""


@pytest.fixture
async def on_libvirt(private_host: PrivateHost, schema: ClassGraph, tmp_path: Path) -> AsyncIterator[Client]:
    """A broker over the private host, on which the guest runs."""
    file = tmp_path / "domain.xml"
    file.write_text(DOMAIN.replace("{image}", str(boot_sector_image(tmp_path))), encoding="utf-8")
    private_host.virsh("create", str(file))  # running first, so that it can be destroyed whatever comes
    inventory = Inventory([create(private_host.uri, state=tmp_path, deadline=20)])
    try:
        private_host.virsh("define", str(file))
        await inventory.start()
        clock = Clock()
        broker = Broker(
            inventory,
            Jobs(Operations(inventory, Policy(image_roots=(tmp_path,))), USE_CASES, inventory),
            (STANDARD,),
            schema,
            Server(id="server-1", host_name="here", version="1.2.3"),
            encode_embedded=encode_embedded,
            decode_embedded=decode_embedded,
            clock=clock,
        )
        yield Client(broker, inventory, clock)
        broker.close()
    finally:
        await inventory.close()
        try:
            private_host.virsh("undefine", NAME)
        finally:
            private_host.virsh("destroy", NAME)


async def test_every_association_of_a_real_host(on_libvirt):
    for namespace in ("root/vman", "interop"):
        client = on_libvirt.within(namespace)
        picture = await BruteForce.of(client)
        for source, *operations in zip(picture.nodes, cycle(ASSOCIATORS), cycle(REFERENCES), strict=False):
            for operation in operations:
                await check(client, picture, source, Filters(), operation)
        for source in picture.samples():
            for family in (ASSOCIATORS, REFERENCES):
                # A part of what a simulated fleet is asked: the questions are the same, only the host is another.
                for questions in (singles(picture, source), combinations(picture, source)):
                    asked = islice(asked_by(family[0], questions), 0, None, 6)
                    for wanted, operation in zip(asked, cycle(family), strict=False):
                        await check(client, picture, source, wanted, operation)


async def test_the_guest_stands_where_it_should(on_libvirt):
    """That there was something to ask of: the running guest has its devices and both configurations."""
    picture = await BruteForce.of(on_libvirt)
    (system,) = [path for path in picture.nodes if path.keys.get("Name") == UUID]
    far = {step.far.class_name for step in picture.steps[system]}
    assert far >= {
        "VMAN_HostSystem",
        "VMAN_VirtualSystemSettingData",
        "VMAN_Processor",
        "VMAN_Memory",
        "VMAN_LogicalDisk",
        "VMAN_EthernetPort",
        "VMAN_SerialController",
        "VMAN_Keyboard",
        "VMAN_DisplayController",
        "VMAN_USBController",
        "VMAN_SCSIController",
        "VMAN_Watchdog",
    }
    settings = {path.keys["InstanceID"] for path in picture.nodes if path.class_name == "VMAN_VirtualSystemSettingData"}
    assert settings == {f"VMAN:{UUID}/defined", f"VMAN:{UUID}/state"}
