"""Devices that come and go on a real QEMU host, by pywbem, compared with what virsh prints."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
import pywbem

pytestmark = pytest.mark.lab

MAC = "52:54:00:12:34:0a"


@pytest.fixture
def server(serve, private_host):
    return serve(private_host.uri)


@pytest.fixture
def manager(server):
    with server.manager() as connected:
        yield connected


@pytest.fixture
def guest(manager, server, hypervisor, guest_image, until):
    """A running guest that lets go of devices, with an empty drive; hypervisor removes it afterwards."""
    (server.images / "guest.img").write_bytes(guest_image.read_bytes())
    (server.images / "disc.iso").write_bytes(bytes(4096))
    system = manager.define(
        "comes-and-goes", manager.disk("guest.img", Access=1), manager.instance(DRIVE, ResourceType=15)
    )
    assert manager.request(system, 2) == 0
    [log] = manager.conn.AssociatorNames(system, AssocClass="CIM_UseOfMessageLog")
    until("the guest has started", lambda: _printed(manager.conn, log))
    return system


DRIVE = "VMAN_StorageAllocationSettingData"


def _printed(conn, log):
    position = conn.InvokeMethod("PositionToFirstRecord", log)[1]["IterationIdentifier"]
    code, out = conn.InvokeMethod("GetRecord", log, IterationIdentifier=position, PositionToNext=True)
    return code == 0 and bytes(out["RecordData"])


def _configurations(conn, system):
    """The one in force, and the next."""
    [now] = conn.AssociatorNames(system, AssocClass="CIM_SettingsDefineState")
    [following] = conn.AssociatorNames(now, AssocClass="CIM_ElementSettingData", ResultRole="SettingData")
    return now, following


def _add(manager, configuration, *settings):
    code, out = manager.conn.InvokeMethod(
        "AddResourceSettings", manager.service, AffectedConfiguration=configuration, ResourceSettings=list(settings)
    )
    return code, out.get("ResultingResourceSettings")


def _remove(manager, *settings):
    return manager.conn.InvokeMethod("RemoveResourceSettings", manager.service, ResourceSettings=list(settings))[0]


def _virsh(host, *options):
    """The disks by target and the NICs by address that virsh prints: where each leads to."""
    root = ET.fromstring(host.virsh("dumpxml", "comes-and-goes", *options))
    disks = {d.find("target").get("dev"): _file(d) for d in root.iterfind("devices/disk")}
    return disks | {n.find("mac").get("address"): n.get("type") for n in root.iterfind("devices/interface")}


def _file(disk):
    source = disk.find("source")
    return None if source is None else source.get("file")


def _shown(manager, configuration):
    """The same as CIM shows it."""
    parts = manager.conn.Associators(configuration, AssocClass="CIM_VirtualSystemSettingDataComponent")
    disks = {p["AddressOnParent"]: (p["HostResource"] or [None])[0] for p in parts if p["ResourceType"] in (15, 17)}
    return disks | {p["Address"]: p["Connection"][0] for p in parts if p["ResourceType"] == 10}


def test_a_running_guest_gets_and_loses_devices(manager, server, private_host, guest):
    now, following = _configurations(manager.conn, guest)
    before = _virsh(private_host), _virsh(private_host, "--inactive")
    disk = manager.disk(VirtualQuantity=1 << 20, VirtualQuantityUnits="byte")
    nic = manager.nic(Connection=["user"], Address=MAC)
    code, added = _add(manager, now, nic, disk)
    assert code == 0
    shown = [manager.conn.GetInstance(path) for path in added]
    assert [each["ResourceType"] for each in shown] == [10, 17], "in the order asked"
    assert shown[0]["Address"] == MAC
    image = str(server.images / "comes-and-goes-vdb.qcow2")
    assert shown[1]["HostResource"] == [image]
    assert _virsh(private_host) == before[0] | {"vdb": image, MAC: "user"} == _shown(manager, now)
    assert _virsh(private_host, "--inactive") == before[1] == _shown(manager, following)
    assert _remove(manager, *added) == 0
    assert _virsh(private_host) == before[0] == _shown(manager, now)
    with pytest.raises(pywbem.CIMError) as caught:
        _remove(manager, *added)
    assert caught.value.status_code == pywbem.CIM_ERR_NOT_FOUND
    assert server.mishaps() == []


def test_the_next_start_has_what_was_added(manager, private_host, guest):
    now, following = _configurations(manager.conn, guest)
    running = _virsh(private_host)
    code, added = _add(manager, following, manager.disk(VirtualQuantity=1 << 20), manager.nic(Connection=["user"]))
    assert code == 0
    planned = _virsh(private_host, "--inactive")
    assert planned == _shown(manager, following)
    assert len(planned) == len(running) + 2
    assert _virsh(private_host) == running == _shown(manager, now)
    assert manager.request(guest, 3) == 0
    assert manager.request(guest, 2) == 0
    assert _virsh(private_host) == planned
    assert _remove(manager, *added) == 0
    assert _virsh(private_host, "--inactive") == running


def test_what_cannot_be_is_refused_and_changes_nothing(manager, private_host, guest):
    now, _following = _configurations(manager.conn, guest)
    before = _virsh(private_host), _virsh(private_host, "--inactive")
    parts = {
        part["InstanceID"].rpartition("/")[2]: part.path
        for part in manager.conn.Associators(now, AssocClass="CIM_VirtualSystemSettingDataComponent")
    }
    assert _remove(manager, parts["disk:vda"]) == 5, "the guest was booted from it"
    for name, settings in (("no-such.img", {}), ("guest.img", {"AddressOnParent": "vda", "Access": 1})):
        with pytest.raises(pywbem.CIMError):
            _add(manager, now, manager.nic(Connection=["user"]), manager.disk(name, **settings))
    with pytest.raises(pywbem.CIMError, match="memory"):
        _remove(manager, parts["memory"])
    assert manager.request(guest, 9) == 0
    code, added = _add(manager, now, manager.nic(Connection=["user"], Address=MAC))
    assert code == 0
    assert _remove(manager, *added) == 5, "a paused guest cannot let go"
    assert manager.request(guest, 2) == 0
    assert _remove(manager, *added) == 0
    assert (_virsh(private_host), _virsh(private_host, "--inactive")) == before


def test_a_cd_goes_in_and_out(manager, server, private_host, guest):
    now, _following = _configurations(manager.conn, guest)
    [drive] = [
        part
        for part in manager.conn.Associators(now, AssocClass="CIM_VirtualSystemSettingDataComponent")
        if part["ResourceType"] == 15
    ]
    target, disc = drive["AddressOnParent"], str(server.images / "disc.iso")
    for source, inside in (("disc.iso", disc), ("", None)):
        medium = manager.instance(DRIVE, InstanceID=drive["InstanceID"], HostResource=[source])
        code, _out = manager.conn.InvokeMethod("ModifyResourceSettings", manager.service, ResourceSettings=[medium])
        assert code == 0
        assert _virsh(private_host)[target] == inside
        assert _shown(manager, now)[target] == inside
