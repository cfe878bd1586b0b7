"""cloud-init data on a real QEMU host, by pywbem: the guest prints what is on the disk that it got."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET

import libvirt
import pytest
import pywbem
from tests.lab.disc_reader import END, disc_reader_image

pytestmark = pytest.mark.lab

SECRET = "correct-horse-battery"
DATA = f"#cloud-config\npassword: {SECRET}\n"
OTHER = "#!/bin/sh\necho staple-and-clip\n"


@pytest.fixture
def server(serve, private_host):
    return serve(private_host.uri)


@pytest.fixture
def manager(server):
    disc_reader_image(server.images)
    with server.manager() as connected:
        yield connected


def settings(manager, system):
    """The defined configuration."""
    found = manager.conn.EnumerateInstances("VMAN_VirtualSystemSettingData")
    [defined] = [i for i in found if i["InstanceID"] == f"VMAN:{system['Name']}/defined"]
    return defined


def modify(manager, system, **values):
    wanted = manager.instance("VMAN_VirtualSystemSettingData", InstanceID=f"VMAN:{system['Name']}/defined", **values)
    return manager.conn.InvokeMethod("ModifySystemSettings", manager.service, SystemSettings=wanted)[0]


def printed(private_host, system, until):
    """All that the guest says of its disc, once it has said all."""

    def read():
        return "".join(log.read_text(errors="replace") for log in folder.glob(f"*{system['Name']}*"))

    folder = private_host.folder / "log/console"
    until("the guest has read its disc", lambda: END in read())
    return read()


def restart(manager, system):
    assert manager.request(system, 3) == 0
    assert manager.request(system, 2) == 0


def test_a_guest_reads_its_data(manager, server, hypervisor, private_host, until):
    system = manager.define("wanted", manager.disk("reader.img", Access=1), CloudInitUserData=DATA)
    assert manager.request(system, 2) == 0
    lines = printed(private_host, system, until)
    assert "cidata" in lines
    assert "user-data" in lines
    assert f"password: {SECRET}" in lines
    assert f"instance-id: {system['Name']}" in lines
    assert "local-hostname: wanted" in lines

    # While it runs, another is made for the next activation; a reset is none.
    assert modify(manager, system, CloudInitUserData=OTHER) == 0
    assert manager.request(system, 11) == 0
    until("it has read again", lambda: printed(private_host, system, until).count(END) == 2)
    assert "staple" not in printed(private_host, system, until)
    restart(manager, system)
    assert "echo staple-and-clip" in printed(private_host, system, until)

    assert manager.destroy(system) == 0
    assert sorted(path.name for path in server.images.iterdir()) == ["openvman-demo.img", "reader.img"]
    assert server.mishaps() == []


def test_the_data_is_read_nowhere(manager, server, hypervisor, private_host):
    system = manager.define(
        "secretive", manager.disk("reader.img", Access=1), CloudInitUserData=DATA, CloudInitMetaData="key: " + SECRET
    )
    found = settings(manager, system)
    for name in ("CloudInitUserData", "CloudInitMetaData", "CloudInitNetworkConfig"):
        assert found[name] is None
    xml = hypervisor.lookupByUUIDString(system["Name"]).XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)
    drive = next(
        d for d in ET.fromstring(xml).iterfind("devices/disk") if d.find("target").get("dev") == found["CloudInitDisk"]
    )
    assert drive.get("device") == "cdrom"
    assert drive.find("readonly") is not None
    assert drive.find("source").get("file") == str(server.images / f"cloud-init-{system['Name']}-1.iso")
    for path in server.images.glob("*.iso"):
        assert path.stat().st_mode & 0o777 == 0o600

    # Refusals repeat nothing of it either, whatever its type is.
    for bad in (SECRET, f"#!{SECRET}" + "x" * 2**20):
        with pytest.raises(pywbem.CIMError) as refused:
            modify(manager, system, CloudInitUserData=bad)
        assert refused.value.status_code == pywbem.CIM_ERR_INVALID_PARAMETER
        assert SECRET not in str(refused.value)
    with pytest.raises(pywbem.CIMError) as refused:
        modify(manager, system, CloudInitUserData=OTHER, CloudInitMetaData=f"- {SECRET}")
    assert SECRET not in str(refused.value)
    wrong = manager.instance("VMAN_VirtualSystemSettingData", InstanceID=found["InstanceID"])
    wrong.properties["CloudInitUserData"] = pywbem.CIMProperty("CloudInitUserData", [SECRET], type="string")
    with pytest.raises(pywbem.CIMError) as refused:
        manager.conn.InvokeMethod("ModifySystemSettings", manager.service, SystemSettings=wrong)
    assert SECRET not in str(refused.value)

    assert manager.request(system, 2) == 0
    with pytest.raises(pywbem.CIMError) as refused:
        manager.define("thief", manager.disk(f"cloud-init-{system['Name']}-1.iso", Access=1, ResourceType=15))
    assert refused.value.status_code == pywbem.CIM_ERR_ACCESS_DENIED
    everything = manager.conn.EnumerateInstances("CIM_ManagedElement")
    assert [str(i.path) for i in everything if SECRET in i.tomof()] == []
    commands = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert SECRET not in commands
    assert SECRET not in xml
    assert SECRET not in server.log.read_text(errors="replace")
    assert all(
        SECRET.encode() not in p.read_bytes() for p in server.state.rglob("*") if p.suffix != ".iso" and p.is_file()
    )
    assert manager.destroy(system) == 0


def test_a_killed_server_leaves_nothing_that_blocks(manager, server, hypervisor):
    """What a crash leaves beside or without its system is written over, and goes with the system."""
    id = "11111111-2222-4333-8444-555555555555"
    for left in (f"cloud-init-{id}-1.iso", f".cloud-init-{id}-1.iso.openvman-part", f"cloud-init-{id}-2.iso"):
        (server.images / left).write_bytes(b"half of it")
    server.kill()
    server.start()
    system = manager.define("again", VirtualSystemIdentifier=id, CloudInitUserData=DATA)
    assert b"cidata" in (server.images / f"cloud-init-{id}-1.iso").read_bytes()
    server.kill()
    server.start()
    assert modify(manager, system, CloudInitUserData=OTHER) == 0
    assert manager.destroy(system) == 0
    assert sorted(path.name for path in server.images.iterdir()) == ["openvman-demo.img", "reader.img"]
