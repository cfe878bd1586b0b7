"""libvirt-cim's pool service at a real QEMU host, seen by libvirt: networks, storage pools and volumes come and go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import libvirt
import pytest
import pywbem
from lxml import etree
from tests.lab import lab

pytestmark = pytest.mark.lab

SERVICE = pywbem.CIMClassName("KVM_ResourcePoolConfigurationService", namespace="root/virt")
TEMPLATES = "KVM_SettingsDefineCapabilities"


@pytest.fixture
def host(private_host: lab.PrivateHost) -> Iterator[libvirt.virConnect]:
    """What the tests make is gone afterwards."""
    connection = libvirt.open(private_host.libvirt_uri)
    before = {each.name() for each in (*connection.listAllNetworks(), *connection.listAllStoragePools())}
    yield connection
    for made in (*connection.listAllNetworks(), *connection.listAllStoragePools()):
        if made.name() not in before:
            if made.isActive():
                made.destroy()
            if made.isPersistent():
                made.undefine()
    connection.close()


@pytest.fixture
def conn(host, on_qemu) -> Iterator[pywbem.WBEMConnection]:
    connection = on_qemu.connection("root/virt")
    yield connection
    connection.close()


def reference(class_name: str, wanted: str) -> pywbem.CIMInstanceName:
    return pywbem.CIMInstanceName(f"KVM_{class_name}", {"InstanceID": wanted}, namespace="root/virt")


def template(conn, pool: str, **like: object) -> str:
    """A default of a pool as MOF text, as clients pass it back."""
    rows = conn.Associators(reference("AllocationCapabilities", pool), AssocClass=TEMPLATES)
    found = next(
        row for row in rows if "Default" in row["InstanceID"] and all(row.get(name) == like[name] for name in like)
    )
    return "\n".join(line for line in found.tomof().splitlines() if "NULL" not in line)


def change(conn, method: str, **parameters: Any) -> dict[str, Any]:
    code, told = conn.InvokeMethod(method, SERVICE, **parameters)
    assert code == 0
    return dict(told)


def names(conn, class_name: str) -> list[str]:
    return [path["InstanceID"] for path in conn.EnumerateInstanceNames(f"KVM_{class_name}")]


@pytest.mark.parametrize(("mode", "forward"), [(0, None), (1, "nat"), (2, "route")])
def test_a_network_from_the_default_of_its_pool(conn, host, mode, forward):
    asked = template(conn, "NetworkPool/0", ForwardMode=mode, ForwardDevice=None).replace("192.168.122.", "10.99.7.")
    change(conn, "CreateChildResourcePool", ElementName="made-net", Settings=[asked])
    assert "NetworkPool/made-net" in names(conn, "NetworkPool")
    network = host.networkLookupByName("made-net")
    assert (network.isActive(), network.isPersistent()) == (1, 1)
    xml = etree.fromstring(network.XMLDesc())
    assert [each.get("mode") for each in xml.findall("forward")] == ([] if forward is None else [forward])
    [address] = xml.findall("ip")
    assert (address.get("address"), address.get("netmask")) == ("10.99.7.1", "255.255.255.0")
    assert dict(address.find("dhcp/range").attrib) == {"start": "10.99.7.2", "end": "10.99.7.254"}
    rows = conn.Associators(reference("AllocationCapabilities", "NetworkPool/made-net"), AssocClass=TEMPLATES)
    assert len(rows) == 40
    change(conn, "DeleteResourcePool", Pool=reference("NetworkPool", "NetworkPool/made-net"))
    assert "NetworkPool/made-net" not in names(conn, "NetworkPool")
    assert "made-net" not in [each.name() for each in host.listAllNetworks()]


def test_what_is_made_can_be_stopped_and_forgotten_by_others(conn, host, tmp_path):
    """Clients stop what they made with virsh, and forget it with virsh."""
    network = template(conn, "NetworkPool/0", ForwardMode=0).replace("192.168.122.", "10.99.8.")
    change(conn, "CreateChildResourcePool", ElementName="made-net", Settings=[network])
    pool = template(conn, "DiskPool/0", Type=1).replace("/dev/null", str(tmp_path))
    change(conn, "CreateChildResourcePool", ElementName="made-pool", Settings=[pool])
    assert {"NetworkPool/made-net", "DiskPool/made-pool"} <= {*names(conn, "NetworkPool"), *names(conn, "DiskPool")}
    for made in (host.networkLookupByName("made-net"), host.storagePoolLookupByName("made-pool")):
        made.destroy()
        made.undefine()
    assert not {"NetworkPool/made-net", "DiskPool/made-pool"} & {*names(conn, "NetworkPool"), *names(conn, "DiskPool")}


@pytest.mark.parametrize("autostart", [0, 1])
def test_a_storage_pool_of_a_folder(conn, host, tmp_path, autostart):
    asked = template(conn, "DiskPool/0", Type=1).replace("/dev/null", str(tmp_path))
    asked = asked.replace("Autostart = 0", f"Autostart = {autostart}")
    told = change(conn, "CreateChildResourcePool", ElementName="made-pool", Settings=[asked])
    assert told["Pool"] == reference("DiskPool", "DiskPool/made-pool")
    pool = host.storagePoolLookupByName("made-pool")
    assert (pool.isActive(), pool.isPersistent(), pool.autostart()) == (1, 1, autostart)
    shown = conn.GetInstance(told["Pool"])
    assert (shown["Path"], shown["Autostart"]) == (str(tmp_path), autostart)
    change(conn, "DeleteResourcePool", Pool=told["Pool"])
    assert "made-pool" not in [each.name() for each in host.listAllStoragePools()]


def test_a_volume_and_its_templates(conn, host, tmp_path):
    asked = template(conn, "DiskPool/0", Type=1).replace("/dev/null", str(tmp_path))
    pool = change(conn, "CreateChildResourcePool", ElementName="made-pool", Settings=[asked])["Pool"]
    for name, format in (("one.img", 1), ("two.img", 2)):
        volume = template(conn, "DiskPool/made-pool", ResourceType=32768, AllocationUnits=None)
        volume = volume.replace("tmp.img", name).replace("FormatType = 1", f"FormatType = {format}")
        told = change(conn, "CreateResourceInPool", Settings=volume, Pool=pool)
        assert told["Resource"]["InstanceID"] == str(tmp_path / name)
        with pytest.raises(pywbem.CIMError, match="Unable to create storage volume") as refused:
            conn.InvokeMethod("CreateResourceInPool", SERVICE, Settings=volume, Pool=pool)
        assert refused.value.status_code == pywbem.CIM_ERR_FAILED
    listed = host.storagePoolLookupByName("made-pool").listVolumes()
    assert sorted(listed) == ["one.img", "two.img"]
    capabilities = reference("AllocationCapabilities", "DiskPool/made-pool")
    rows = conn.Associators(capabilities, AssocClass=TEMPLATES)
    assert len(rows) == 4 * len(listed) + 4 + 4 + 8
    for name in listed:
        gone = template(conn, "DiskPool/made-pool", Address=str(tmp_path / name))
        change(conn, "DeleteResourceInPool", Resource=gone, Pool=pool)
    assert host.storagePoolLookupByName("made-pool").listVolumes() == []
    assert len(conn.Associators(capabilities, AssocClass=TEMPLATES)) == 16


def test_what_libvirt_tells_nobody_is_there_at_once(conn, host, tmp_path):
    """Volumes, and what starts with the host: each question is answered from what there is when it comes."""
    xml = f"<pool type='dir'><name>made-pool</name><target><path>{tmp_path}</path></target></pool>"
    pool = host.storagePoolDefineXML(xml)
    pool.create()
    shown = reference("DiskPool", "DiskPool/made-pool")
    capabilities = reference("AllocationCapabilities", "DiskPool/made-pool")
    guest = host.defineXML(
        "<domain type='qemu'><name>quiet</name><memory>1024</memory><os><type>hvm</type></os></domain>"
    )
    settings = reference("VirtualSystemSettingData", "KVM:quiet")
    try:
        for autostart in (1, 0, 1):
            pool.setAutostart(autostart)
            guest.setAutostart(autostart)
            assert conn.GetInstance(shown)["Autostart"] == autostart
            assert conn.GetInstance(settings)["AutoStart"] == autostart
        for count in range(3):
            rows = conn.Associators(capabilities, AssocClass=TEMPLATES)
            assert len(rows) == 4 * count + 16
            pool.createXML(f"<volume><name>v{count}</name><capacity>512</capacity></volume>")
        host.storageVolLookupByPath(str(tmp_path / "v0")).delete()
        gone = template(conn, "DiskPool/made-pool", EmulatedType=1).replace("/dev/null", str(tmp_path / "v0"))
        with pytest.raises(pywbem.CIMError, match="no storage vol with matching path"):
            conn.InvokeMethod("DeleteResourceInPool", SERVICE, Resource=gone, Pool=shown)
    finally:
        guest.undefine()
