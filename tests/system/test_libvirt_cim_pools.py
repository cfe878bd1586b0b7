"""libvirt-cim's pool service at a real QEMU host, seen by libvirt: networks, storage pools and volumes come and go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import libvirt
import pytest
import pywbem
from lxml import etree
from tests.lab import block, lab

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


def refused(conn, method: str, **parameters: Any) -> str:
    with pytest.raises(pywbem.CIMError) as error:
        conn.InvokeMethod(method, SERVICE, **parameters)
    assert error.value.status_code == pywbem.CIM_ERR_FAILED
    return str(error.value.status_description)


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


def test_a_network_of_a_running_guest_is_not_deleted(conn, host):
    asked = template(conn, "NetworkPool/0", ForwardMode=0).replace("192.168.122.", "10.99.9.")
    change(conn, "CreateChildResourcePool", ElementName="made-net", Settings=[asked])
    guest = host.createXML(
        "<domain type='qemu'><name>joined</name><memory>65536</memory><os><type>hvm</type></os>"
        "<devices><interface type='network'><source network='made-net'/></interface></devices></domain>",
        libvirt.VIR_DOMAIN_START_PAUSED,
    )
    pool = reference("NetworkPool", "NetworkPool/made-net")
    try:
        assert "joined" in refused(conn, "DeleteResourcePool", Pool=pool)
        assert host.networkLookupByName("made-net").isActive()
    finally:
        guest.destroy()
    change(conn, "DeleteResourcePool", Pool=pool)
    assert pool["InstanceID"] not in names(conn, "NetworkPool")


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


# --- storage pools of other types, on disks of the host ---------------------------------------------------------------


@pytest.fixture
def disk(private_host, tmp_path) -> Iterator[Path]:
    block.needed()
    with block.disk(private_host, tmp_path / "disk.img") as device:
        yield device


@pytest.fixture
def folder(private_host) -> Iterator[Path]:
    """Where a pool is mounted; libvirt makes it."""
    made = private_host.folder / "mounted"
    yield made
    private_host.run("rmdir", str(made))


def default_pool(conn, number: int, **changes: str) -> str:
    """The default of a type of storage pools, with other values of properties that it has."""
    said = template(conn, "DiskPool/0", Type=number)
    for name, value in changes.items():
        before = next(line for line in said.splitlines() if line.strip().startswith(f"{name} ="))
        quoted = f'{{ "{value}" }}' if name == "DevicePaths" else f'"{value}"'
        said = said.replace(before, f"   {name} = {value if name == 'Autostart' else quoted};")
    return said


@contextmanager
def storage_pool(conn, host, name: str, asked: str) -> Iterator[pywbem.CIMInstanceName]:
    """Made by one client, seen by libvirt, and deleted."""
    path = change(conn, "CreateChildResourcePool", ElementName=name, Settings=[asked])["Pool"]
    assert path == reference("DiskPool", f"DiskPool/{name}")
    pool = host.storagePoolLookupByName(name)
    assert (pool.isActive(), pool.isPersistent()) == (1, 1)
    yield path
    change(conn, "DeleteResourcePool", Pool=path)
    assert name not in [each.name() for each in host.listAllStoragePools()]


def volume_of(conn, pool: pywbem.CIMInstanceName, name: str, format: int = 1) -> str:
    said = template(conn, pool["InstanceID"], ResourceType=32768, AllocationUnits=None)
    said = said.replace("tmp.img", name).replace("FormatType = 1", f"FormatType = {format}")
    return said.replace("Capacity = 0", f"Capacity = {8 * block.MIB}")


def addresses(conn, pool: pywbem.CIMInstanceName) -> list[str]:
    """Of the disks that are templates of the pool, each once."""
    capabilities = reference("AllocationCapabilities", pool["InstanceID"])
    rows = conn.Associators(capabilities, AssocClass=TEMPLATES)
    found = [row["Address"] for row in rows if row.get("EmulatedType") == 0]
    assert sorted(found) == sorted([*{*found}] * 4)
    return sorted({*found})


@pytest.mark.parametrize("autostart", [0, 1])
def test_a_pool_of_a_file_system_is_mounted(conn, host, private_host, disk, folder, autostart):
    private_host.run("mkfs.ext4", "-q", str(disk))
    asked = default_pool(conn, 2, DevicePaths=str(disk), Path=str(folder), Autostart=str(autostart))
    with storage_pool(conn, host, "made-fs", asked) as pool:
        assert f"{disk} {folder} ext4" in private_host.run("cat", "/proc/mounts")
        shown = conn.GetInstance(pool)
        assert (shown["OtherResourceType"], shown["Path"], shown["Autostart"]) == ("fs", str(folder), autostart)
        assert host.storagePoolLookupByName("made-fs").autostart() == autostart
        assert 40 < shown["Capacity"] <= 64
        for name, format in (("one.img", 1), ("two.img", 2)):
            told = change(conn, "CreateResourceInPool", Settings=volume_of(conn, pool, name, format), Pool=pool)
            assert told["Resource"]["InstanceID"] == str(folder / name)
        made = [str(folder / name) for name in ("lost+found", "one.img", "two.img")]
        assert addresses(conn, pool) == made
        assert "has volumes" in refused(conn, "DeleteResourcePool", Pool=pool)
        for name in ("one.img", "two.img"):
            gone = template(conn, pool["InstanceID"], Address=str(folder / name))
            change(conn, "DeleteResourceInPool", Resource=gone, Pool=pool)
        assert addresses(conn, pool) == made[:1]
    assert str(folder) not in private_host.run("cat", "/proc/mounts")


def test_a_pool_of_a_disk_has_its_partitions(conn, host, private_host, disk):
    """libvirt looks for partition ``p1`` when it deletes the first one of a loop device: others take it away here."""
    block.needed("parted")
    private_host.run("parted", "--script", str(disk), "mklabel", "msdos")
    asked = default_pool(conn, 4, DevicePaths=str(disk), Path=str(disk.parent))
    with storage_pool(conn, host, "made-disk", asked) as pool:
        assert conn.GetInstance(pool)["OtherResourceType"] == "disk"
        assert "raw" in refused(
            conn, "CreateResourceInPool", Settings=volume_of(conn, pool, f"{disk.name}p1", 2), Pool=pool
        )
        told = change(conn, "CreateResourceInPool", Settings=volume_of(conn, pool, f"{disk.name}p1"), Pool=pool)
        assert told["Resource"]["InstanceID"] == f"{disk}p1"
        assert addresses(conn, pool) == [f"{disk}p1"]
        assert private_host.run("lsblk", "--noheadings", "--output", "NAME", f"{disk}p1").strip() == f"{disk.name}p1"
        private_host.run("parted", "--script", str(disk), "rm", "1")
        private_host.virsh("pool-refresh", "made-disk")
        assert addresses(conn, pool) == []


def test_a_pool_of_a_volume_group(conn, host, private_host, disk):
    """The pool's name is the group's. Without a device mapper in the kernel the volume is refused, and says so."""
    block.needed("vgcreate", "lvcreate")
    with block.volume_group(private_host, disk, "made-group"):
        asked = default_pool(conn, 6, Path="/dev/made-group", Autostart="1")
        with storage_pool(conn, host, "made-group", asked) as pool:
            shown = conn.GetInstance(pool)
            assert (shown["OtherResourceType"], shown["Capacity"], shown["Autostart"]) == ("logical", 60, 1)
            volume = volume_of(conn, pool, "one")
            if not block.has_mapper():
                assert "lvcreate" in refused(conn, "CreateResourceInPool", Settings=volume, Pool=pool)
                assert addresses(conn, pool) == []
                return
            told = change(conn, "CreateResourceInPool", Settings=volume, Pool=pool)
            assert told["Resource"]["InstanceID"] == "/dev/made-group/one"
            assert addresses(conn, pool) == ["/dev/made-group/one"]
            gone = template(conn, pool["InstanceID"], Address="/dev/made-group/one")
            change(conn, "DeleteResourceInPool", Resource=gone, Pool=pool)


@pytest.fixture
def exported(private_host) -> Iterator[str]:
    """A folder that a server has, which what libvirt mounts by has instead: there is no NFS in most test kernels."""
    real, script = private_host.folder / "real-mount", private_host.folder / "mount-of-share"
    private_host.run("cp", "/bin/mount", str(real))
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *127.0.0.1:/share*) for place; do :; done\n'
        f'exec {real} -t tmpfs 127.0.0.1:/share "$place";; esac\nexec {real} "$@"\n'
    )
    script.chmod(0o755)
    private_host.run("mount", "--bind", str(script), "/bin/mount")
    yield "/share"
    private_host.run("umount", "/bin/mount")


def test_a_pool_of_a_servers_folder_has_the_volumes_of_others(conn, host, private_host, exported, folder):
    asked = default_pool(conn, 3, Host="127.0.0.1", SourceDirectory=exported, Path=str(folder))
    with storage_pool(conn, host, "made-netfs", asked) as pool:
        assert f"127.0.0.1:{exported} {folder}" in private_host.run("cat", "/proc/mounts")
        assert conn.GetInstance(pool)["OtherResourceType"] == "netfs"
        volume = volume_of(conn, pool, "one.img")
        said = refused(conn, "CreateResourceInPool", Settings=volume, Pool=pool)
        assert "This function does not support this resource type" in said
        private_host.virsh("vol-create-as", "made-netfs", "theirs.img", "1M")
        assert addresses(conn, pool) == [str(folder / "theirs.img")]
        gone = template(conn, pool["InstanceID"], Address=str(folder / "theirs.img"))
        change(conn, "DeleteResourceInPool", Resource=gone, Pool=pool)


@pytest.mark.parametrize(
    ("number", "changes", "reason"),
    [
        (3, {"Host": "127.0.0.1", "SourceDirectory": "/nowhere"}, "mount"),
        (5, {"Host": "127.0.0.1", "DevicePaths": "iqn.2026-01.com.example:none"}, "iscsiadm|iSCSI|iscsi"),
        (6, {}, "volume group"),
        (7, {"AdapterName": "host99"}, "host99"),
    ],
    ids=["netfs", "iscsi", "logical", "scsi"],
)
def test_what_is_not_there_makes_no_pool(conn, host, private_host, number, changes, reason):
    """And nothing is left of it: the definition was taken by libvirt, and its start failed."""
    place = private_host.folder / "nowhere"
    asked = default_pool(conn, number, Path=str(place), **changes)
    if number == 7:
        asked = "\n".join(line for line in asked.splitlines() if "NodeName" not in line and "PortName" not in line)
    said = refused(conn, "CreateChildResourcePool", ElementName="made-none", Settings=[asked])
    assert any(word in said for word in reason.split("|")), said
    assert "made-none" not in [each.name() for each in host.listAllStoragePools()]
    assert "DiskPool/made-none" not in names(conn, "DiskPool")
    private_host.run("rm", "--dir", "--force", str(place))
