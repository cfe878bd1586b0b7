"""libvirt-cim's clients at a real QEMU host: its own answers of the same guests, and what virsh does in between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import libvirt
import pytest
import pywbem
from tests.lab import lab

from openvman.views.everything import LIBVIRT_CIM
from openvman.views.libvirt_cim.templates import Template

pytestmark = pytest.mark.lab

ANSWERS = Path(__file__).parent / "data" / "libvirt_cim_answers.txt"
FOLDER = "/var/lib/libvirt/images"
IMAGE_SIZE = 33554432
NETWORK = """<network><name>lab-net</name><bridge name='testbr'/>
  <ip address='192.168.77.1' netmask='255.255.255.0'/></network>"""
POOL = "<pool type='dir'><name>lab-pool</name><target><path>{folder}</path></target></pool>"
FILTER = """<filter name='answers' chain='root'>
  <rule action='drop' direction='inout'/>
  <rule action='drop' direction='in'><tcp srcipaddr='10.0.0.1' srcipmask='24' dstipaddr='10.0.0.2' dstipmask='24'
    srcportstart='1' srcportend='2' dstportstart='3' dstportend='4'/></rule>
  <rule action='drop' direction='in'><udp srcipfrom='10.0.0.1' srcipto='10.0.0.2' dstipfrom='10.0.0.1'
    dstipto='10.0.0.2'/></rule>
  <rule action='drop' direction='in'><mac srcmacaddr='00:00:00:00:00:01' srcmacmask='ff:ff:ff:ff:ff:ff'
    dstmacaddr='00:00:00:00:00:02' dstmacmask='ff:ff:ff:ff:ff:ff' protocolid='arp'/></rule>
  <rule action='drop' direction='in'><vlan vlanid='7'/></rule>
</filter>"""
DOMAIN = """
<domain type='qemu'>
  <name>{name}</name><uuid>{uuid}</uuid><memory unit='KiB'>131072</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='{image}'/><target dev='vda' bus='virtio'/>
    </disk>
    <interface type='network'><mac address='{mac}'/><source network='lab-net'/></interface>
    <graphics type='vnc' autoport='yes'><listen type='address' address='127.0.0.1'/></graphics>
  </devices>
</domain>
"""
GUESTS = {
    "ref_defined": ("d830c256-8299-418a-b866-6cf13d38e047", "00:11:22:33:44:50", "default-kvm-dimage"),
    "ref_running": ("ed2cfb4b-77ab-4e7c-8dc2-e30dfbf4d3c5", "00:11:22:33:44:51", "default-kvm-dimage.2ND"),
}

OTHERWISE = {
    ("KVM_ComputerSystem", "Caption"): "the port of a running guest is told",
    ("KVM_GraphicsResourceAllocationSettingData", "Address"): "libvirt chooses the port",
    ("KVM_DisplayController", "VideoProcessor"): "likewise",
    ("KVM_NetResourceAllocationSettingData", "NetworkName"): "the network of a running guest, not its bridge",
    ("KVM_NetResourceAllocationSettingData", "PoolID"): "an adapter is from the pool of its network",
}
"""Properties that are not as libvirt-cim has them, and why."""

NOT_JOINED = {
    ("KVM_ComputerSystem", "KVM_RegisteredProfile"): "a guest conforms to the profile of guests only",
    ("KVM_Controller", "KVM_ConsoleRedirectionService"): "a console does not affect a controller",
    ("KVM_DiskPool", "KVM_DiskPool"): "a pool is not from a pool",
    ("KVM_RegisteredProfile", "KVM_ComputerSystem"): "as above",
    ("KVM_VirtualSystemManagementCapabilities", "KVM_VirtualSystemSettingData"): "settings that nobody finds",
}
"""What libvirt-cim joins and this server does not, by the classes, and why."""
OF_RUNNING_SCREEN = "-1:-1 of ref_running"
"""libvirt-cim does not see that the screen of a running guest is open."""


@dataclass
class Reference:
    """An instance as libvirt-cim tells of it."""

    class_name: str
    keys: dict[str, str]
    properties: dict[str, str] = field(default_factory=dict)
    near: set[str] = field(default_factory=set)


def references(host: str, folder: str) -> list[Reference]:
    text = ANSWERS.read_text(encoding="utf-8").replace("{host}", host).replace("{folder}", folder)
    found: list[Reference] = []
    for line in text.splitlines():
        if line.startswith("  -> "):
            found[-1].near.add(line.removeprefix("  -> "))
        elif line.startswith("  "):
            name, _, value = line.strip().partition(" = ")
            found[-1].properties[name] = value
        elif line and not line.startswith("#"):
            class_name, _, keys = line.partition(".")
            found.append(Reference(class_name, dict(re.findall(r'(\w+)="([^"]*)"', keys))))
    return found


def shown(path: pywbem.CIMInstanceName) -> str:
    """A path as the reference writes it."""
    keys = path.keybindings
    for key in ("InstanceID", "DeviceID"):
        if key in keys:
            return f"{path.classname} {keys[key]}"
    of_guest = keys.get("SystemCreationClassName") == "KVM_ComputerSystem"
    return f"{path.classname} {keys['Name']}" + (f" of {keys['SystemName']}" if of_guest else "")


def written(value: Any) -> str:
    return str([str(each) for each in value]) if isinstance(value, list) else repr(str(value))


@pytest.fixture(scope="module")
def guests(private_host: lab.PrivateHost) -> Iterator[dict[str, Any]]:
    """The reference's guests, network and pool on a private host; the network and the pool are active."""
    connection = libvirt.open(private_host.libvirt_uri)
    folder = private_host.images / "reference"
    folder.mkdir()
    network = connection.networkCreateXML(NETWORK)
    for _uuid, _mac, image in GUESTS.values():
        lab.boot_sector_image(folder, name=image)
        with (folder / image).open("r+b") as file:
            file.truncate(IMAGE_SIZE)
    pool = connection.storagePoolCreateXML(POOL.format(folder=folder))
    filter = connection.nwfilterDefineXML(FILTER)
    domains = []
    for name, (uuid, mac, image) in GUESTS.items():
        xml = DOMAIN.format(name=name, uuid=uuid, mac=mac, image=folder / image)
        domains.append(connection.defineXML(xml))
    yield {"connection": connection, "folder": str(folder), "host": connection.getHostname()}
    for domain in domains:
        if domain.isActive():
            domain.destroy()
        domain.undefine()
    filter.undefine()
    pool.destroy()
    network.destroy()
    connection.close()


@pytest.fixture(scope="module")
def conn(guests, on_qemu) -> Iterator[pywbem.WBEMConnection]:
    """Of a client of libvirt-cim; the second guest runs."""
    connection = on_qemu.connection("root/virt")
    request(connection, "ref_running", 2)
    yield connection
    connection.close()


def request(conn, name: str, state: int) -> None:
    guest = pywbem.CIMInstanceName(
        "KVM_ComputerSystem", {"CreationClassName": "KVM_ComputerSystem", "Name": name}, namespace="root/virt"
    )
    never = pywbem.CIMDateTime("00000000000000.000000:000")
    code, _ = conn.InvokeMethod("RequestStateChange", guest, RequestedState=pywbem.Uint16(state), TimeoutPeriod=never)
    assert code == 0


def test_instances_are_as_libvirt_cim_tells_them(conn, guests):
    wrong = []
    expected = references(guests["host"], guests["folder"])
    assert len(expected) > 80
    for reference in expected:
        if reference.class_name == "KVM_KVMRedirectionSAP" and reference.keys["SystemName"] == "ref_running":
            continue
        namespace = "root/interop" if reference.class_name == "KVM_RegisteredProfile" else "root/virt"
        path = pywbem.CIMInstanceName(reference.class_name, reference.keys, namespace=namespace)
        instance = conn.GetInstance(path)
        assert {k: str(v) for k, v in instance.path.keybindings.items()} == reference.keys
        found = {n: written(p.value) for n, p in instance.properties.items() if p.value is not None}
        for name in found.keys() | reference.properties.keys():
            if (reference.class_name, name) in OTHERWISE:
                continue
            here, there = found.get(name), reference.properties.get(name)
            if here != there and (there != "*" or here is None):
                wrong.append(f"{shown(path)}: {name} is {here}, libvirt-cim has {there}")
    assert wrong == []


def test_what_libvirt_cim_joins_is_joined(conn, guests):
    """It forgets some, as the associators of an adapter on a network: what is more here is wanted there too."""
    wrong = []
    for reference in references(guests["host"], guests["folder"]):
        if reference.class_name == "KVM_KVMRedirectionSAP" and reference.keys["SystemName"] == "ref_running":
            continue
        namespace = "root/interop" if reference.class_name == "KVM_RegisteredProfile" else "root/virt"
        path = pywbem.CIMInstanceName(reference.class_name, reference.keys, namespace=namespace)
        near = {shown(found) for found in conn.AssociatorNames(path)}
        for lacking in reference.near - near:
            classes = reference.class_name, lacking.partition(" ")[0]
            if classes not in NOT_JOINED and OF_RUNNING_SCREEN not in lacking:
                wrong.append(f"{shown(path)} -> {lacking}")
    assert wrong == []


CLASSES = sorted({reference.class_name for reference in references("host", FOLDER)} - {"KVM_RegisteredProfile"})


@pytest.mark.parametrize("class_name", CLASSES)
def test_there_are_no_more_than_libvirt_cim_has(conn, guests, class_name):
    expected = {
        f"{r.class_name} {r.keys.get('InstanceID') or r.keys.get('DeviceID') or r.keys['Name']}"
        for r in references(guests["host"], guests["folder"])
        if r.class_name == class_name and class_name != "KVM_KVMRedirectionSAP"
    }
    found = [path for path in conn.EnumerateInstanceNames(class_name) if path.classname == class_name]
    assert not expected or {shown(path) for path in found} == expected
    for path in found:
        assert conn.GetInstance(path).path.keybindings == path.keybindings


def test_associators_show_what_get_instance_shows(conn):
    [host] = conn.EnumerateInstanceNames("KVM_HostSystem")
    for guest in conn.Associators(host, AssocClass="KVM_HostedDependency"):
        assert guest.properties == conn.GetInstance(guest.path).properties
        for near in conn.Associators(guest.path):
            assert near.properties == conn.GetInstance(near.path).properties, near.path


OF_DIRECT = (
    *("NetworkMode", "ProfileID", "SourceDevice"),
    *("VSIInstanceID", "VSIManagerID", "VSIType", "VSITypeID", "VSITypeIDVersion"),
)
NULL_HERE = {
    ("DiskResourceAllocationSettingData", "cache"): "the guests' disks are cached as usual",
    ("DiskResourceAllocationSettingData", "readonly"): "and are written",
    ("GraphicsResourceAllocationSettingData", "Password"): "the guests' screens have none",
    ("GraphicsResourceAllocationSettingData", "IsIPv6Only"): "said only when there is no address",
    **dict.fromkeys(
        (("NetResourceAllocationSettingData", name) for name in OF_DIRECT),
        "the guests' adapters are on networks, and on no device of the host",
    ),
}


def test_every_property_declared_is_shown_somewhere(conn):
    """But templates, which show what they have of what all have."""
    shown = set()
    for namespace in ("root/virt", "root/interop"):
        for instance in conn.EnumerateInstances("CIM_ManagedElement", namespace=namespace, LocalOnly=False):
            name = instance.classname.partition("_")[2]
            shown |= {(name, each.name) for each in instance.properties.values() if each.value is not None}
    declared = {
        (classmap.name, name)
        for classmap in LIBVIRT_CIM[0].classes
        for name in classmap.sources
        if classmap.kind is not Template and not classmap.name.startswith("StorageVolume")
    }
    assert declared - shown == NULL_HERE.keys()


def test_no_read_is_older_than_what_virsh_did_before_it(conn, guests):
    """Without a pause, a hundred times: a guest made, started, paused, stopped and removed by another client."""
    xml = DOMAIN.format(
        name="fresh",
        uuid="5f0f6f8b-0d3c-4b7e-9a50-6f2d5f5f0b11",
        mac="00:11:22:33:44:5f",
        image=f"{guests['folder']}/default-kvm-dimage",
    )
    guest = pywbem.CIMInstanceName(
        "KVM_ComputerSystem", {"CreationClassName": "KVM_ComputerSystem", "Name": "fresh"}, namespace="root/virt"
    )

    def there() -> bool:
        return any(path["Name"] == "fresh" for path in conn.EnumerateInstanceNames("KVM_ComputerSystem"))

    def state() -> int:
        return int(conn.GetInstance(guest)["EnabledState"])

    for number in range(20):
        domain = guests["connection"].defineXML(xml)
        assert there(), number
        assert state() == 3, number
        domain.create()
        assert state() == 2, number
        domain.suspend()
        assert state() == 9, number
        domain.resume()
        assert state() == 2, number
        domain.destroy()
        assert state() == 3, number
        domain.undefine()
        assert not there(), number
        with pytest.raises(pywbem.CIMError, match="does not exist: Domain not found"):
            conn.GetInstance(guest)
