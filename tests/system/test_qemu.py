"""The server over a real QEMU host: compared with libvirt, changed behind its back, killed in the middle."""

from __future__ import annotations

import signal
import xml.etree.ElementTree as ET
from uuid import uuid4

import libvirt
import pytest
import pywbem

pytestmark = pytest.mark.lab

DOMAIN = """
<domain type='qemu'>
  <name>{name}</name><uuid>{uuid}</uuid>
  <memory unit='MiB'>48</memory><currentMemory unit='MiB'>32</currentMemory>
  <vcpu current='1'>2</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='{image}'/><target dev='vda' bus='virtio'/><readonly/>
    </disk>
    <interface type='user'><mac address='52:54:00:12:34:56'/><model type='virtio'/></interface>
    <memballoon model='virtio'/>
  </devices>
</domain>
"""


@pytest.fixture
def server(serve, private_host):
    return serve(private_host.uri)


@pytest.fixture
def manager(server):
    with server.manager() as connected:
        yield connected


@pytest.fixture
def conn(manager):
    return manager.conn


@pytest.fixture
def domain(hypervisor, guest_image):
    name = f"guest-{uuid4().hex[:6]}"
    return hypervisor.defineXML(DOMAIN.format(name=name, uuid=uuid4(), image=guest_image))


def _shows(manager, uuid, **values):
    found = manager.systems().get(uuid)
    return found is not None and all(found[n] == v for n, v in values.items())


def test_what_virsh_does_is_seen(manager, hypervisor, domain, until):
    """A domain made, changed and removed behind the server's back appears, changes and disappears."""
    uuid = domain.UUIDString()
    until("the domain appears", lambda: _shows(manager, uuid, ElementName=domain.name(), EnabledState=3))
    domain.create()
    until("it is active", lambda: _shows(manager, uuid, EnabledState=2))
    domain.suspend()
    until("it is paused", lambda: _shows(manager, uuid, EnabledState=9))
    domain.resume()
    until("it is active again", lambda: _shows(manager, uuid, EnabledState=2))
    domain.destroy()
    until("it is stopped", lambda: _shows(manager, uuid, EnabledState=3))
    domain.undefine()
    until("it disappears", lambda: uuid not in manager.systems())


def test_answers_agree_with_libvirt(conn, manager, domain, until):
    domain.create()
    uuid = domain.UUIDString()
    until("the domain is active", lambda: _shows(manager, uuid, EnabledState=2))
    system = manager.systems()[uuid].path
    [setting] = conn.Associators(system, AssocClass="CIM_SettingsDefineState")
    following = conn.Associators(setting.path, AssocClass="CIM_ElementSettingData", ResultRole="SettingData")
    assert [i["InstanceID"] for i in following] == [f"VMAN:{uuid}/defined"]
    for configuration, flags in ((setting, 0), (following[0], libvirt.VIR_DOMAIN_XML_INACTIVE)):
        xml = ET.fromstring(domain.XMLDesc(flags))
        components = conn.Associators(configuration.path, AssocClass="CIM_VirtualSystemSettingDataComponent")
        parts = {i["ResourceType"]: i for i in components}
        assert configuration["ElementName"] == xml.findtext("name")
        assert parts[3]["VirtualQuantity"] == int(xml.find("vcpu").get("current"))
        assert parts[4]["VirtualQuantity"] == int(xml.findtext("currentMemory"))
        assert parts[4]["MaximumVirtualQuantity"] == int(xml.findtext("memory"))
        assert parts[17]["HostResource"] == [xml.find("devices/disk/source").get("file")]
        assert parts[17]["AddressOnParent"] == xml.find("devices/disk/target").get("dev")
        assert parts[17]["ResourceSubType"] == xml.find("devices/disk/target").get("bus")
        assert parts[17]["Access"] == 1
        assert parts[10]["Address"] == xml.find("devices/interface/mac").get("address")
        assert parts[10]["Connection"] == ["user"]


def test_the_host_is_the_one_libvirt_describes(conn, hypervisor, private_host):
    [host] = conn.EnumerateInstances("VMAN_HostSystem")
    assert host["Name"] == private_host.id
    assert host["ElementName"] == hypervisor.getHostname()
    assert host["EnabledState"] == 2


def test_the_whole_life_of_a_machine(conn, manager, hypervisor, server, guest_image, until):
    image = server.images / "guest.img"
    image.write_bytes(guest_image.read_bytes())
    system = manager.define(
        "whole-life",
        manager.instance("VMAN_ProcessorAllocationSettingData", VirtualQuantity=2),
        manager.instance("VMAN_MemoryAllocationSettingData", VirtualQuantity=64, VirtualQuantityUnits="byte*2^20"),
        manager.instance("VMAN_StorageAllocationSettingData", HostResource=["guest.img"], Access=1),
        manager.instance("VMAN_EthernetPortAllocationSettingData", Connection=["user"]),
    )
    domain = hypervisor.lookupByUUIDString(system["Name"])
    assert not domain.isActive()
    assert domain.maxMemory() == 64 * 1024
    assert manager.request(system, 2) == 0
    assert domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING
    [log] = conn.AssociatorNames(system, AssocClass="CIM_UseOfMessageLog")
    until("the guest's line is in its log", lambda: b"hello from the guest" in _console(conn, log))
    assert manager.request(system, 9) == 0
    assert domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED
    assert manager.request(system, 9) == 4097
    assert manager.request(system, 2) == 0
    assert domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING
    assert manager.request(system, 11) == 0
    until("the guest began anew", lambda: _console(conn, log).count(b"hello from the guest") == 2)
    assert manager.request(system, 6) == 0
    assert domain.hasManagedSaveImage()
    assert conn.GetInstance(system)["EnabledState"] == 6
    assert manager.request(system, 2) == 0
    assert domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING
    assert manager.request(system, 4) == 0, "the guest answers to its power button"
    assert not domain.isActive()
    assert manager.destroy(system) == 0
    with pytest.raises(libvirt.libvirtError, match="not found"):
        hypervisor.lookupByUUIDString(system["Name"])


def _console(conn, log):
    position = conn.InvokeMethod("PositionToFirstRecord", log)[1]["IterationIdentifier"]
    printed = b""
    while True:
        code, out = conn.InvokeMethod("GetRecord", log, IterationIdentifier=position, PositionToNext=True)
        if code != 0:
            return printed
        position = out["IterationIdentifier"]
        printed += bytes(out["RecordData"]) + b"\n"


@pytest.mark.parametrize(
    ("settings", "status", "named"),
    [
        ({"VMAN_MemoryAllocationSettingData": {"VirtualQuantity": 2**60, "VirtualQuantityUnits": "byte"}}, 4, "memory"),
        ({"VMAN_ProcessorAllocationSettingData": {"VirtualQuantity": 100_000}}, 4, "processor"),
        ({"VMAN_StorageAllocationSettingData": {"HostResource": ["no-such.img"]}}, 6, "no-such.img"),
        ({"VMAN_EthernetPortAllocationSettingData": {"Connection": ["network:no-such"]}}, None, "no-such"),
    ],
)
def test_what_the_host_cannot_give_is_refused_and_leaves_nothing(manager, hypervisor, settings, status, named):
    before = {d.name() for d in hypervisor.listAllDomains()}
    given = [manager.instance(name, **values) for name, values in settings.items()]
    with pytest.raises(pywbem.CIMError) as caught:
        manager.define("refused", *given)
    assert status is None or caught.value.status_code == status
    assert named in caught.value.status_description.lower()
    assert {d.name() for d in hypervisor.listAllDomains()} == before


def test_a_machine_that_vanishes_is_not_found(conn, manager, hypervisor, domain, until):
    uuid = domain.UUIDString()
    until("the domain appears", lambda: uuid in manager.systems())
    system = manager.systems()[uuid].path
    domain.undefine()
    with pytest.raises(pywbem.CIMError) as caught:
        manager.request(system, 2)
    assert caught.value.status_code == pywbem.CIM_ERR_NOT_FOUND
    assert conn.EnumerateInstanceNames("VMAN_HostSystem")


def test_a_killed_server_knows_everything_again(serve, private_host, hypervisor, domain, until, tmp_path):
    server = serve(private_host.uri, state=tmp_path / "kept")
    with server.manager() as manager:
        until("the domain appears", lambda: domain.UUIDString() in manager.systems())
        system = manager.systems()[domain.UUIDString()].path
        assert manager.request(system, 2) == 0
        password = server.password
    server.kill()
    domain.suspend()
    server.start()
    assert server.password == password
    with server.manager() as manager:
        assert _shows(manager, domain.UUIDString(), EnabledState=9)
        assert manager.request(system, 3) == 0


def test_a_killed_libvirtd_comes_back(serve, private_hosts, guest_image, until):
    """While it is away its systems are shown as unknown, afterwards as they are."""
    host = private_hosts()
    connection = libvirt.open(host.libvirt_uri)
    domain = connection.defineXML(DOMAIN.format(name="survivor", uuid=uuid4(), image=guest_image))
    domain.create()
    uuid = domain.UUIDString()
    connection.close()
    server = serve(host.uri)
    with server.manager() as manager:
        until("the domain is active", lambda: _shows(manager, uuid, EnabledState=2))
        host.kill_daemon()
        until("the loss is seen", lambda: _shows(manager, uuid, EnabledState=0))
        with pytest.raises(pywbem.CIMError):
            manager.request(manager.systems()[uuid].path, 3)
        host.start_daemon()
        host.virsh("suspend", "survivor")
        until("the domain is paused", lambda: _shows(manager, uuid, EnabledState=9))
        assert manager.request(manager.systems()[uuid].path, 3) == 0
        assert host.virsh("list", "--name").split() == []


def test_reads_go_on_while_libvirtd_hangs(serve, private_hosts, until):
    host = private_hosts()
    server = serve(host.uri)
    with server.manager() as manager:
        host.signal_daemon(signal.SIGSTOP)
        try:
            # The client gives up after 60 s; a read that waited for the hypervisor would be one of those.
            assert len(manager.conn.EnumerateInstances("VMAN_HostSystem")) == 1
        finally:
            host.signal_daemon(signal.SIGCONT)
        until("the host answers", lambda: manager.conn.EnumerateInstances("VMAN_HostSystem")[0]["EnabledState"] == 2)
