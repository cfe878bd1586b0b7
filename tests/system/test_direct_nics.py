"""Adapters on a device of the host itself (macvtap) at a real QEMU, in both namespaces."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
import pywbem

pytestmark = pytest.mark.lab

SETTING = "VMAN_EthernetPortAllocationSettingData"
MAC = "52:54:00:12:34:56"
INSTANCE = "09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f"
START, STOP = 2, 3
SERVICE = pywbem.CIMClassName("KVM_VirtualSystemManagementService", namespace="root/virt")


@pytest.fixture
def device(private_host):
    """A network device of the host with a link: one end of a pair."""
    private_host.run("ip", "link", "add", "lower0", "type", "veth", "peer", "name", "peer0")
    for end in ("lower0", "peer0"):
        private_host.run("ip", "link", "set", end, "up")
    yield "lower0"
    private_host.run("ip", "link", "delete", "lower0")


@pytest.fixture
def server(serve, private_host, device):
    return serve(private_host.uri)


@pytest.fixture
def manager(server, hypervisor):
    with server.manager() as connected:
        yield connected


@pytest.fixture
def conn(server, hypervisor):
    with server.connection("root/virt") as connected:
        yield connected


def _interface(host, name, *options):
    [found] = ET.fromstring(host.virsh("dumpxml", name, *options)).iterfind("devices/interface")
    return found


def _net(**said):
    """Settings of an adapter as libvirt-cim's clients send them."""
    text = " ".join(f'{name} = "{value}";' for name, value in {"Address": MAC, **said}.items())
    return f"instance of KVM_NetResourceAllocationSettingData {{ ResourceType = 10; {text} }};"


def _define(conn, name, *settings):
    system = f'instance of KVM_VirtualSystemSettingData {{ VirtualSystemIdentifier = "{name}"; }};'
    code, _ = conn.InvokeMethod("DefineSystem", SERVICE, SystemSettings=system, ResourceSettings=list(settings))
    assert code == 0


def _read(conn, name, mac=MAC):
    path = pywbem.CIMInstanceName("KVM_NetResourceAllocationSettingData", {"InstanceID": f"{name}/{mac}"})
    found = conn.GetInstance(path)
    names = ("NetworkType", "SourceDevice", "NetworkMode", "NetworkName", "VirtualDevice", "ProfileID")
    return {each: found[each] for each in (*names, *(n for n in found if n.startswith("VSI"))) if found[each]}


def _system(manager, name):
    return next(s.path for s in manager.systems().values() if s["ElementName"] == name)


def test_a_guest_runs_on_a_device_of_the_host(manager, conn, private_host, device):
    nic = manager.nic(ResourceType=10, Connection=[f"direct:{device}"], DirectMode="bridge", Address=MAC)
    system = manager.define("direct", nic)
    assert _interface(private_host, "direct").find("source").attrib == {"dev": device, "mode": "bridge"}
    assert _read(conn, "direct") == {"NetworkType": "direct", "SourceDevice": device, "NetworkMode": "bridge"}
    with private_host.tap_devices():
        assert manager.request(system, START) == 0
    [now] = [i for i in manager.conn.EnumerateInstances(SETTING) if f"{system['Name']}/state" in i["InstanceID"]]
    assert (now["Connection"], now["DirectMode"]) == ([f"direct:{device}"], "bridge")
    on_host = private_host.run("ip", "-d", "link", "show", now["HostInterface"])
    assert f"@{device}" in on_host
    assert "macvtap mode bridge" in on_host
    assert MAC in on_host
    assert _read(conn, "direct")["VirtualDevice"] == now["HostInterface"]
    assert manager.request(system, STOP) == 0


@pytest.mark.parametrize("mode", ["vepa", "bridge", "private", "passthrough"])
def test_each_mode_goes_there_and_back(conn, private_host, device, mode):
    _define(conn, "modes", _net(NetworkType="direct", SourceDevice=device, NetworkMode=mode))
    assert _interface(private_host, "modes").find("source").get("mode") == mode
    assert _read(conn, "modes") == {"NetworkType": "direct", "SourceDevice": device, "NetworkMode": mode}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            {
                "VSIType": "802.1Qbg",
                "VSIManagerID": "11",
                "VSITypeID": "0x123456",
                "VSITypeIDVersion": "2",
                "VSIInstanceID": INSTANCE,
            },
            {"managerid": "11", "typeid": "1193046", "typeidversion": "2", "instanceid": INSTANCE},
        ),
        ({"VSIType": "802.1Qbh", "ProfileID": "finance"}, {"profileid": "finance"}),
    ],
)
def test_what_the_switch_is_told_goes_there_and_back(manager, conn, private_host, device, said, told):
    """It is not started: that takes a switch, and lldpad on the host."""
    _define(conn, "station", _net(NetworkType="direct", SourceDevice=device, NetworkMode="vepa", **said))
    port = _interface(private_host, "station").find("virtualport")
    assert port.get("type") == said["VSIType"]
    assert port.find("parameters").attrib == told
    read = _read(conn, "station")
    decimal = {**said, **({"VSITypeID": "1193046"} if "VSITypeID" in said else {})}
    assert read == {"NetworkType": "direct", "SourceDevice": device, "NetworkMode": "vepa", **decimal}
    again = _net(InstanceID=f"station/{MAC}", **read)
    assert conn.InvokeMethod("ModifyResourceSettings", SERVICE, ResourceSettings=[again])[0] == 0
    assert _read(conn, "station") == read
    [standard] = [
        i
        for i in manager.conn.EnumerateInstances(SETTING)
        if _system(manager, "station")["Name"] in i["InstanceID"] and i["Address"] == MAC
    ]
    shown = (standard["ManagerID"], standard["VSITypeID"], standard["PortCorrelationID"])
    assert shown == ((11, 1193046, INSTANCE) if "VSITypeID" in said else (None, None, None))
    assert standard["NetworkPortProfileID"] == said.get("ProfileID")
    there = _net(InstanceID=f"station/{MAC}", NetworkType="user")
    assert conn.InvokeMethod("ModifyResourceSettings", SERVICE, ResourceSettings=[there])[0] == 0
    assert _read(conn, "station") == {"NetworkType": "user"}
    assert _interface(private_host, "station").find("virtualport") is None


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({}, "No Source Device specified"),
        ({"SourceDevice": ""}, "No Source Device specified"),
        ({"SourceDevice": "nothere0"}, "has no network device 'nothere0'; it has .*lower0"),
        ({"SourceDevice": "lower0", "NetworkMode": "hairpin"}, "vepa, bridge, private, passthrough"),
        ({"SourceDevice": "lower0", "VSIType": "802.1Qxx"}, "use 802.1Qbg or 802.1Qbh"),
        ({"SourceDevice": "lower0", "VSITypeID": "typeid"}, "VSITypeID"),
    ],
)
def test_what_the_host_has_not_is_refused_with_nothing_defined(manager, conn, said, text):
    with pytest.raises(pywbem.CIMError, match=text):
        _define(conn, "refused", _net(NetworkType="direct", **said))
    assert "refused" not in manager.names()


def test_an_interface_on_nothing_has_the_name_that_it_is_given(manager, conn, private_host):
    _define(conn, "lonely", _net(NetworkType="ethernet", VirtualDevice="vtap7"))
    assert _read(conn, "lonely") == {"NetworkType": "ethernet", "VirtualDevice": "vtap7"}
    assert manager.request(_system(manager, "lonely"), START) == 0
    assert _read(conn, "lonely") == {"NetworkType": "ethernet", "VirtualDevice": "vtap7"}
    assert "vtap7" in private_host.run("ip", "link", "show", "vtap7")
    same = _net(InstanceID=f"lonely/{MAC}", **_read(conn, "lonely"))
    assert conn.InvokeMethod("ModifyResourceSettings", SERVICE, ResourceSettings=[same])[0] == 0
    assert manager.request(_system(manager, "lonely"), STOP) == 0


def test_user_mode_has_no_interface(conn, private_host):
    """As templates ask for one all the same."""
    _define(conn, "outgoing", _net(NetworkType="user", VirtualDevice="vtap1", ResourceSubType="e1000"))
    assert _read(conn, "outgoing") == {"NetworkType": "user"}
    assert _interface(private_host, "outgoing").find("target") is None
