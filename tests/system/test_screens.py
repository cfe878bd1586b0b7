"""Passwords of screens at a real QEMU: a viewer who says it is let in, no other is, and nobody else hears of it."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import pywbem
from tests.lab import rfb

pytestmark = pytest.mark.lab

SETTING = "VMAN_ResourceAllocationSettingData"
FIRST, SECOND, WRONG = "Zr7pQ2vX", "k9 #&<'>", "password"
VMAN = Path(sys.executable).with_name("vman")
START, STOP = 2, 3
NOT_SUPPORTED = 1


@pytest.fixture
def server(serve, private_host):
    return serve(private_host.uri, OPENVMAN_LOG_LEVEL="debug")


@pytest.fixture
def manager(server, hypervisor):
    with server.manager() as connected:
        yield connected


@pytest.fixture
def viewer(manager, private_host):
    """What a screen offers, and who is let in; by the address that its access point tells."""

    def look(system, *passwords):
        [point] = manager.conn.Associators(system, AssocClass="CIM_SAPAvailableForElement")
        [url] = manager.conn.Associators(point.path, AssocClass="CIM_RemoteAccessAvailableToElement")
        address, _, port = url["AccessInfo"].partition("://")[2].rpartition(":")
        offered, *answers = private_host.run(sys.executable, "-E", rfb.__file__, address, port, *passwords).splitlines()
        return offered, answers

    return look


def _modify(manager, *settings):
    code, _ = manager.conn.InvokeMethod("ModifyResourceSettings", manager.service, ResourceSettings=list(settings))
    return code


def _screens(manager, system):
    """The settings of the screen by the configuration: state, defined."""
    found = manager.conn.EnumerateInstances(SETTING)
    mine = [s for s in found if system["Name"] in s["InstanceID"] and s["ResourceType"] == 24 and s["HasPassword"]]
    return {s["InstanceID"].split("/")[1]: s for s in mine if s["ResourceSubType"] == "vnc"}


def test_a_viewer_says_the_password(server, manager, viewer, private_host, tmp_path):
    vnc = manager.instance(SETTING, ResourceType=24, ResourceSubType="vnc", Password=FIRST, KeyMap="de")
    system = manager.define("locked", vnc)
    assert manager.request(system, START) == 0
    assert viewer(system, FIRST, WRONG, FIRST) == (str(rfb.VNC_AUTHENTICATION), ["in", "out", "in"])
    screens = _screens(manager, system)
    assert {name: (s["Password"], s["KeyMap"]) for name, s in screens.items()} == {
        "state": (None, "de"),
        "defined": (None, "de"),
    }

    larger = manager.instance(
        "VMAN_MemoryAllocationSettingData",
        InstanceID=f"VMAN:{system['Name']}/defined/memory",
        VirtualQuantity=700,
        AllocationUnits="byte*2^20",
        VirtualQuantityUnits="byte*2^20",
    )
    other_map = manager.instance(SETTING, InstanceID=screens["defined"]["InstanceID"], KeyMap="fr")
    assert _modify(manager, larger, other_map) == 0
    code, _ = manager.conn.InvokeMethod(
        "ModifySystemSettings",
        manager.service,
        SystemSettings=manager.instance(
            "VMAN_VirtualSystemSettingData", InstanceID=f"VMAN:{system['Name']}/defined", Description="changed"
        ),
    )
    assert code == 0
    assert manager.request(system, STOP) == 0
    assert manager.request(system, START) == 0
    assert viewer(system, FIRST, WRONG) == (str(rfb.VNC_AUTHENTICATION), ["in", "out"])
    assert _screens(manager, system)["state"]["KeyMap"] == "fr"

    file = tmp_path / "screen"
    file.write_text(f"{SECOND}\n")
    asked = [VMAN, "vm", "set", "locked", "--live", "--screen-password-file", file, "--server", server.url]
    asked += ["--user", "admin", "--password-file", server.state / "admin.password"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert SECOND not in done.stdout + done.stderr
    assert viewer(system, SECOND, FIRST) == (str(rfb.VNC_AUTHENTICATION), ["in", "out"])

    told = [manager.conn.EnumerateInstances(name) for name in ("CIM_ManagedElement", "CIM_Dependency")]
    told += [private_host.virsh("dumpxml", "locked")]
    _is_nowhere(server, told)


def _is_nowhere(server, told):
    """Of the server's: not in what it tells, its log, or a file of its state."""
    for secret in (FIRST, SECOND):
        assert secret not in str([i.items() if isinstance(i, pywbem.CIMInstance) else i for i in told])
        assert secret not in server.log.read_text()
        for path in server.state.rglob("*"):
            if path.is_file():
                assert secret.encode() not in path.read_bytes(), path


def test_a_screen_begins_and_ceases_to_want_one_at_a_start(manager, viewer, private_host):
    system = manager.define("opened", manager.instance(SETTING, ResourceType=24, ResourceSubType="vnc"))
    assert manager.request(system, START) == 0
    assert viewer(system)[0] == "1"
    id = f"VMAN:{system['Name']}/{{}}/graphics:vnc"
    assert _modify(manager, manager.instance(SETTING, InstanceID=id.format("state"), Password=FIRST)) == NOT_SUPPORTED
    assert _modify(manager, manager.instance(SETTING, InstanceID=id.format("defined"), Password=FIRST)) == 0
    assert manager.request(system, STOP) == 0
    assert manager.request(system, START) == 0
    assert viewer(system, FIRST) == (str(rfb.VNC_AUTHENTICATION), ["in"])
    assert _modify(manager, manager.instance(SETTING, InstanceID=id.format("defined"), Password="")) == 0
    assert manager.request(system, STOP) == 0
    graphics = ET.fromstring(private_host.virsh("dumpxml", "--security-info", "opened")).find("devices/graphics")
    assert graphics.get("passwd") is None


def test_spice_has_one_too(manager, private_host):
    spice = manager.instance(SETTING, ResourceType=24, ResourceSubType="spice", Password="a long one of spice")
    system = manager.define("spiced", spice)
    assert manager.request(system, START) == 0
    now = manager.instance(SETTING, InstanceID=f"VMAN:{system['Name']}/state/graphics:spice", Password=SECOND)
    assert _modify(manager, now) == 0
    [process] = [
        path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if b"guest=spiced" in path.read_bytes()
    ]
    assert b"disable-ticketing" not in process


@pytest.mark.parametrize("password", ["123456789", "\u00fcml"])
def test_what_no_viewer_can_say_is_refused_and_not_repeated(manager, password):
    vnc = manager.instance(SETTING, ResourceType=24, ResourceSubType="vnc", Password=password)
    with pytest.raises(pywbem.CIMError) as refused:
        manager.define("refused", vnc)
    assert password not in str(refused.value)
    assert "refused" not in manager.names()


def test_a_guest_of_libvirt_cim_gets_one(server, manager, viewer, private_host, tmp_path):
    """Defined, then changed while it is active, in libvirt-cim's namespace."""
    service = pywbem.CIMClassName("KVM_VirtualSystemManagementService", namespace="root/virt")
    screen = 'instance of KVM_GraphicsResourceAllocationSettingData { ResourceSubType = "vnc"; %s };'
    with server.connection("root/virt") as conn:
        code, _ = conn.InvokeMethod(
            "DefineSystem",
            service,
            SystemSettings='instance of KVM_VirtualSystemSettingData { VirtualSystemIdentifier = "cim"; };',
            ResourceSettings=[screen % f'Password = "{FIRST}"; KeyMap = "de"; ResourceType = 24;'],
        )
        assert code == 0
        system = next(s.path for s in manager.systems().values() if s["ElementName"] == "cim")
        assert manager.request(system, START) == 0
        assert viewer(system, FIRST, WRONG) == (str(rfb.VNC_AUTHENTICATION), ["in", "out"])
        name = pywbem.CIMInstanceName("KVM_GraphicsResourceAllocationSettingData", {"InstanceID": "cim/vnc"})
        read = conn.GetInstance(name)
        assert set(read["Password"]) == {"*"}
        assert read["KeyMap"] == "de"
        said = f'InstanceID = "cim/vnc"; ResourceType = 24; Password = "{read["Password"]}"; KeyMap = "de";'
        assert conn.InvokeMethod("ModifyResourceSettings", service, ResourceSettings=[screen % said])[0] == 0
        assert viewer(system, FIRST)[1] == ["in"]
        said = f'InstanceID = "cim/vnc"; ResourceType = 24; Password = "{SECOND}";'
        assert conn.InvokeMethod("ModifyResourceSettings", service, ResourceSettings=[screen % said])[0] == 0
        assert viewer(system, SECOND, FIRST)[1] == ["in", "out"]
        assert manager.request(system, STOP) == 0
        assert manager.request(system, START) == 0
        assert viewer(system, SECOND, FIRST)[1] == ["in", "out"]
        _is_nowhere(server, conn.EnumerateInstances("CIM_ManagedElement"))
    done = subprocess.run(["virsh", "-q", "-c", private_host.libvirt_uri, "dumpxml", "cim"], capture_output=True)
    assert SECOND.encode() not in done.stdout
