"""Consoles and boot order of a real QEMU guest, by pywbem: who follows the addresses told reaches the guest."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

pytestmark = pytest.mark.lab

ENABLED, DISABLED = 2, 3
LINE = "hello from the guest"

READ = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 20) as connected:
    data = b""
    while len(data) < int(sys.argv[3]) and (more := connected.recv(4096)):
        data += more
sys.stdout.write(data.decode("latin-1"))
"""


@pytest.fixture
def server(serve, private_host):
    return serve(private_host.uri)


@pytest.fixture
def manager(server, hypervisor):
    with server.manager() as connected:
        yield connected


def _points(conn, system, kind):
    return conn.Associators(system, AssocClass="CIM_SAPAvailableForElement", ResultClass=kind)


def _reached(conn, point):
    """The address and port of an access point: by its URL, which agrees with its endpoint."""
    [url] = conn.Associators(point.path, AssocClass="CIM_RemoteAccessAvailableToElement")
    [endpoint] = conn.Associators(point.path, AssocClass="CIM_BindsTo")
    address, _, port = url["AccessInfo"].partition("://")[2].rpartition(":")
    assert int(port) == endpoint["PortNumber"]
    return address, port


def _hear(host, address, port, count):
    """What is said first to somebody on the host who connects."""
    return host.run(sys.executable, "-S", "-E", "-c", READ, address, port, str(count))


def test_a_viewer_finds_the_screen_where_it_is_said_to_be(manager, private_host):
    vnc = manager.instance("VMAN_ResourceAllocationSettingData", ResourceType=24, ResourceSubType="vnc")
    system = manager.define("seen", vnc)
    [point] = _points(manager.conn, system, "CIM_KVMRedirectionSAP")
    assert (point["EnabledState"], point["KVMProtocol"]) == (DISABLED, 4)
    assert manager.conn.Associators(point.path, AssocClass="CIM_BindsTo") == []
    assert manager.request(system, 2) == 0
    [point] = _points(manager.conn, system, "CIM_KVMRedirectionSAP")
    assert point["EnabledState"] == ENABLED
    address, port = _reached(manager.conn, point)
    display = private_host.virsh("vncdisplay", "seen").rpartition(":")[2]
    assert int(port) == 5900 + int(display)
    assert _hear(private_host, address, port, 3).startswith("RFB")
    assert manager.request(system, 3) == 0
    [point] = _points(manager.conn, system, "CIM_KVMRedirectionSAP")
    assert point["EnabledState"] == DISABLED
    assert manager.conn.Associators(point.path, AssocClass="CIM_RemoteAccessAvailableToElement") == []


def test_a_password_of_a_screen_is_nowhere(manager, private_host, until, tmp_path):
    domain = tmp_path / "locked.xml"
    domain.write_text(
        "<domain type='qemu'><name>locked</name><memory unit='MiB'>32</memory><os><type>hvm</type></os><devices>"
        "<graphics type='vnc' autoport='yes' listen='127.0.0.1' passwd='top5ecr3'/></devices></domain>"
    )
    private_host.virsh("define", str(domain))
    private_host.virsh("start", "locked")
    until("it is seen active", lambda: [s for s in manager.systems().values() if s["EnabledState"] == ENABLED])
    told = [manager.conn.EnumerateInstances(name) for name in ("CIM_ManagedElement", "CIM_Dependency")]
    assert "locked" in str([i.items() for i in told[0]])
    assert "top5ecr3" not in str([[i.items(), i.path] for instances in told for i in instances])


@pytest.mark.parametrize("port", ["0", "1"])
def test_a_terminal_on_the_host_is_answered_by_the_serial_port(manager, private_host, until, server, guest_image, port):
    (server.images / "guest.img").write_bytes(guest_image.read_bytes())
    listening = f"127.0.0.1:46{port}7"
    settings = manager.instance(
        "VMAN_SerialAllocationSettingData", ResourceType=21, AddressOnParent=port, Address=listening
    )
    system = manager.define("talks", manager.disk("guest.img", Access=1), settings)
    [point] = _points(manager.conn, system, "CIM_TextRedirectionSAP")
    assert point["EnabledState"] == DISABLED
    assert manager.request(system, 2) == 0
    [point] = _points(manager.conn, system, "CIM_TextRedirectionSAP")
    assert point["EnabledState"] == ENABLED
    address, told = _reached(manager.conn, point)
    assert f"{address}:{told}" == listening
    live = ET.fromstring(private_host.virsh("dumpxml", "talks"))
    [source] = live.iterfind("devices/serial[@type='tcp']/source")
    assert (source.get("mode"), source.get("host"), source.get("service")) == ("bind", address, told)
    if port != "0":
        assert _hear(private_host, address, told, 0) == "", "it takes a connection; the guest prints on port 0"
        return
    with ThreadPoolExecutor(1) as beside:
        heard = beside.submit(_hear, private_host, address, told, 3 * len(LINE))
        # What it printed before somebody listened is in its log only, so it is started again until it is heard.
        until("it is heard", lambda: manager.request(system, 11) == 0 and wait([heard], 2).done)
    assert LINE in heard.result()
    assert len(manager.conn.AssociatorNames(system, AssocClass="CIM_UseOfMessageLog")) == 1, "it is kept as well"


def test_pywbem_changes_what_libvirt_starts_from(manager, private_host, server, guest_image):
    (server.images / "guest.img").write_bytes(guest_image.read_bytes())
    network = manager.nic(ResourceType=10, Connection=["user"])
    system = manager.define("ordered", manager.disk("guest.img", Access=1), network)
    [config] = [
        path
        for path in manager.conn.AssociatorNames(system, ResultClass="CIM_BootConfigSetting")
        if "/defined/" in path["InstanceID"]
    ]
    sources = {
        source["BootString"]: source.path
        for source in manager.conn.Associators(config, AssocClass="CIM_OrderedComponent")
    }
    assert set(sources) == {"disk", "network"}

    def change(*names):
        return manager.conn.InvokeMethod("ChangeBootOrder", config, Source=[sources[name] for name in names])[0]

    assert change("network", "disk") == 0
    assert _boot_devices(private_host) == ["network", "hd"]
    assert change("disk") == 0
    assert _boot_devices(private_host) == ["hd"]
    assert change("disk", "disk") == 5
    assert change() == 5
    assert _boot_devices(private_host) == ["hd"]


def _boot_devices(host):
    root = ET.fromstring(host.virsh("dumpxml", "ordered", "--inactive"))
    return [boot.get("dev") for boot in root.iterfind("os/boot")]


def test_the_host_is_what_its_hypervisor_says(manager, private_host):
    said = dict(line.split(":", 1) for line in private_host.virsh("nodeinfo").splitlines() if ":" in line)
    processors = manager.conn.EnumerateInstances("VMAN_HostProcessor")
    assert len(processors) == int(said["CPU(s)"])
    assert {p["CPUStatus"] for p in processors} == {1}
    assert {p["Family"] != 2 for p in processors} == {True}
    [memory] = manager.conn.EnumerateInstances("VMAN_HostMemory")
    assert memory["NumberOfBlocks"] == memory["ConsumableBlocks"] > 0
    assert manager.conn.EnumerateInstances("VMAN_HostEthernetPort") == [], "the host has a loopback and bridges only"
