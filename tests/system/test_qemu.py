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
def conn(server):
    with server.connection() as connection:
        yield connection


@pytest.fixture
def hypervisor(private_host):
    """libvirt itself, beside the server; the test's domains are gone afterwards."""
    connection = libvirt.open(private_host.libvirt_uri)
    yield connection
    for domain in connection.listAllDomains():
        if domain.isActive():
            domain.destroy()
        if domain.isPersistent():
            domain.undefine()
    connection.close()


@pytest.fixture
def domain(hypervisor, guest_image):
    name = f"guest-{uuid4().hex[:6]}"
    return hypervisor.defineXML(DOMAIN.format(name=name, uuid=uuid4(), image=guest_image))


def _systems(conn):
    return {i["Name"]: i for i in conn.EnumerateInstances("VMAN_ComputerSystem")}


def _shows(conn, uuid, **values):
    found = _systems(conn).get(uuid)
    return found is not None and all(found[n] == v for n, v in values.items())


def _service(conn):
    return conn.EnumerateInstanceNames("VMAN_VirtualSystemManagementService")[0]


def _instance(conn, class_name, **values):
    declared = conn.GetClass(class_name, LocalOnly=False).properties
    return pywbem.CIMInstance(
        class_name,
        [pywbem.CIMProperty(n, v, type=declared[n].type, is_array=declared[n].is_array) for n, v in values.items()],
    )


def _define(conn, name, *settings):
    code, out = conn.InvokeMethod(
        "DefineSystem",
        _service(conn),
        SystemSettings=_instance(conn, "VMAN_VirtualSystemSettingData", ElementName=name),
        ResourceSettings=list(settings),
    )
    assert code == 0
    return out["ResultingSystem"]


def _request(conn, system, state):
    return conn.InvokeMethod("RequestStateChange", system, RequestedState=pywbem.Uint16(state))[0]


def test_what_virsh_does_is_seen(conn, hypervisor, domain, until):
    """A domain made, changed and removed behind the server's back appears, changes and disappears."""
    uuid = domain.UUIDString()
    until("the domain appears", lambda: _shows(conn, uuid, ElementName=domain.name(), EnabledState=3))
    domain.create()
    until("it is active", lambda: _shows(conn, uuid, EnabledState=2))
    domain.suspend()
    until("it is paused", lambda: _shows(conn, uuid, EnabledState=9))
    domain.resume()
    until("it is active again", lambda: _shows(conn, uuid, EnabledState=2))
    domain.destroy()
    until("it is stopped", lambda: _shows(conn, uuid, EnabledState=3))
    domain.undefine()
    until("it disappears", lambda: uuid not in _systems(conn))


def test_answers_agree_with_libvirt(conn, domain, until):
    domain.create()
    uuid = domain.UUIDString()
    until("the domain is active", lambda: _shows(conn, uuid, EnabledState=2))
    system = _systems(conn)[uuid].path
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
        assert parts[4]["Limit"] == int(xml.findtext("memory"))
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


def test_the_whole_life_of_a_machine(conn, hypervisor, server, guest_image, until):
    image = server.images / "guest.img"
    image.write_bytes(guest_image.read_bytes())
    system = _define(
        conn,
        "whole-life",
        _instance(conn, "VMAN_ProcessorAllocationSettingData", VirtualQuantity=2),
        _instance(conn, "VMAN_MemoryAllocationSettingData", VirtualQuantity=64, VirtualQuantityUnits="byte*2^20"),
        _instance(conn, "VMAN_StorageAllocationSettingData", HostResource=["guest.img"], Access=1),
        _instance(conn, "VMAN_EthernetPortAllocationSettingData", Connection=["user"]),
    )
    domain = hypervisor.lookupByUUIDString(system["Name"])
    assert not domain.isActive()
    assert domain.maxMemory() == 64 * 1024
    assert _request(conn, system, 2) == 0
    assert domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING
    [log] = conn.AssociatorNames(system, AssocClass="CIM_UseOfMessageLog")
    until("the guest's line is in its log", lambda: b"hello from the guest" in _console(conn, log))
    assert _request(conn, system, 9) == 0
    assert domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED
    assert _request(conn, system, 9) == 4097
    assert _request(conn, system, 2) == 0
    assert domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING
    assert _request(conn, system, 11) == 0
    until("the guest began anew", lambda: _console(conn, log).count(b"hello from the guest") == 2)
    assert _request(conn, system, 6) == 0
    assert domain.hasManagedSaveImage()
    assert conn.GetInstance(system)["EnabledState"] == 6
    assert _request(conn, system, 2) == 0
    assert domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING
    assert _request(conn, system, 4) == 0, "the guest answers to its power button"
    assert not domain.isActive()
    assert conn.InvokeMethod("DestroySystem", _service(conn), AffectedSystem=system)[0] == 0
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
def test_what_the_host_cannot_give_is_refused_and_leaves_nothing(conn, hypervisor, settings, status, named):
    before = {d.name() for d in hypervisor.listAllDomains()}
    given = [_instance(conn, name, **values) for name, values in settings.items()]
    with pytest.raises(pywbem.CIMError) as caught:
        _define(conn, "refused", *given)
    assert status is None or caught.value.status_code == status
    assert named in caught.value.status_description.lower()
    assert {d.name() for d in hypervisor.listAllDomains()} == before


def test_a_machine_that_vanishes_is_not_found(conn, hypervisor, domain, until):
    uuid = domain.UUIDString()
    until("the domain appears", lambda: uuid in _systems(conn))
    system = _systems(conn)[uuid].path
    domain.undefine()
    with pytest.raises(pywbem.CIMError) as caught:
        _request(conn, system, 2)
    assert caught.value.status_code == pywbem.CIM_ERR_NOT_FOUND
    assert conn.EnumerateInstanceNames("VMAN_HostSystem")


def test_a_killed_server_knows_everything_again(serve, private_host, hypervisor, domain, until, tmp_path):
    server = serve(private_host.uri, state=tmp_path / "kept")
    with server.connection() as conn:
        until("the domain appears", lambda: domain.UUIDString() in _systems(conn))
        system = _systems(conn)[domain.UUIDString()].path
        assert _request(conn, system, 2) == 0
        password = server.password
    server.kill()
    domain.suspend()
    server.start()
    assert server.password == password
    with server.connection() as conn:
        assert _shows(conn, domain.UUIDString(), EnabledState=9)
        assert _request(conn, system, 3) == 0


def test_a_killed_libvirtd_comes_back(serve, private_hosts, guest_image, until):
    """While it is away its systems are shown as unknown, afterwards as they are."""
    host = private_hosts()
    connection = libvirt.open(host.libvirt_uri)
    domain = connection.defineXML(DOMAIN.format(name="survivor", uuid=uuid4(), image=guest_image))
    domain.create()
    uuid = domain.UUIDString()
    connection.close()
    server = serve(host.uri)
    with server.connection() as conn:
        until("the domain is active", lambda: _shows(conn, uuid, EnabledState=2))
        host.kill_daemon()
        until("the loss is seen", lambda: _shows(conn, uuid, EnabledState=0))
        with pytest.raises(pywbem.CIMError):
            _request(conn, _systems(conn)[uuid].path, 3)
        host.start_daemon()
        host.virsh("suspend", "survivor")
        until("the domain is paused", lambda: _shows(conn, uuid, EnabledState=9))
        assert _request(conn, _systems(conn)[uuid].path, 3) == 0
        assert host.virsh("list", "--name").split() == []


def test_reads_go_on_while_libvirtd_hangs(serve, private_hosts, until):
    host = private_hosts()
    server = serve(host.uri)
    with server.connection() as conn:
        host.signal_daemon(signal.SIGSTOP)
        try:
            # The client gives up after 60 s; a read that waited for the hypervisor would be one of those.
            assert len(conn.EnumerateInstances("VMAN_HostSystem")) == 1
        finally:
            host.signal_daemon(signal.SIGCONT)
        until("the host answers", lambda: conn.EnumerateInstances("VMAN_HostSystem")[0]["EnabledState"] == 2)
