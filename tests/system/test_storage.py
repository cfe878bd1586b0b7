"""Storage on a real QEMU host by pywbem and the command: tuned disks, volumes of storage pools, and what is refused."""

from __future__ import annotations

import os
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import pywbem
from tests.system.conftest import VMAN

pytestmark = pytest.mark.lab

NAME = "stores"
DISK = "VMAN_StorageAllocationSettingData"
TUNED = {
    "CacheMode": "none",
    "DiscardMode": "unmap",
    "BytesPerSecondLimit": 1 << 20,
    "ReadOperationsPerSecondLimit": 100,
    "WriteOperationsPerSecondLimit": 50,
}


@pytest.fixture
def server(serve, private_host):
    return serve(private_host.uri)


@pytest.fixture
def manager(server):
    with server.manager() as connected:
        yield connected


@pytest.fixture
def pool(private_host, tmp_path):
    """A storage pool of the host's that somebody else made."""
    folder = tmp_path / "pool"
    folder.mkdir()
    private_host.virsh("pool-create-as", "lab", "dir", "--target", str(folder))
    yield folder
    private_host.virsh("pool-destroy", "lab")


@pytest.fixture
def guest(manager, server, hypervisor, guest_image):
    """A running guest; hypervisor removes it afterwards."""
    (server.images / "guest.img").write_bytes(guest_image.read_bytes())
    system = manager.define(NAME, manager.disk("guest.img", Access=1))
    assert manager.request(system, 2) == 0
    return system


def _xml(host, target, *options):
    root = ET.fromstring(host.virsh("dumpxml", NAME, *options))
    return next((d for d in root.iterfind("devices/disk") if d.find("target").get("dev") == target), None)


def _current(manager, system):
    return manager.conn.AssociatorNames(system, AssocClass="CIM_SettingsDefineState")[0]


def _add(manager, configuration, *settings):
    code, out = manager.conn.InvokeMethod(
        "AddResourceSettings", manager.service, AffectedConfiguration=configuration, ResourceSettings=list(settings)
    )
    assert code == 0
    return [manager.conn.GetInstance(path) for path in out["ResultingResourceSettings"]]


def _modify(manager, setting, **values):
    changed = manager.instance(DISK, InstanceID=setting["InstanceID"], **values)
    return manager.conn.InvokeMethod("ModifyResourceSettings", manager.service, ResourceSettings=[changed])[0]


def _native(manager, name="lab"):
    return next(
        (p for p in manager.conn.EnumerateInstances("VMAN_ResourcePool") if p["PoolID"] == f"storage:{name}"), None
    )


def _tuned(disk):
    return {each.tag: int(each.text) for each in disk.find("iotune")}, disk.find("driver").attrib


def test_a_disk_is_plugged_in_tuned_and_its_limits_change(manager, private_host, guest):
    size = {"VirtualQuantity": 1 << 20, "VirtualQuantityUnits": "byte"}
    [made] = _add(manager, _current(manager, guest), manager.disk(**size, **TUNED))
    limits, driver = _tuned(_xml(private_host, "vdb"))
    assert limits == {"total_bytes_sec": 1 << 20, "read_iops_sec": 100, "write_iops_sec": 50}
    assert (driver["cache"], driver["discard"], driver["type"]) == ("none", "unmap", "qcow2")
    assert {name: made[name] for name in TUNED} == TUNED
    assert made["Format"] == "qcow2"
    assert _modify(manager, made, ReadOperationsPerSecondLimit=0, WriteOperationsPerSecondLimit=75) == 0
    told = dict(line.split(":") for line in private_host.virsh("blkdeviotune", NAME, "vdb").split("\n") if ":" in line)
    told = {name.strip(): int(value) for name, value in told.items() if value.strip().isdigit()}
    assert (told["total_bytes_sec"], told["read_iops_sec"], told["write_iops_sec"]) == (1 << 20, 0, 75)
    before = private_host.virsh("dumpxml", NAME)
    assert _modify(manager, made, CacheMode="writeback") == 1, "not of a running guest's disk"
    with pytest.raises(pywbem.CIMError, match="beside limits of reading or writing"):
        _modify(manager, made, ReadBytesPerSecondLimit=10)
    assert private_host.virsh("dumpxml", NAME) == before


def test_a_change_by_somebody_else_is_seen(manager, private_host, guest, until):
    [disk] = [
        part
        for part in manager.conn.Associators(
            _current(manager, guest), AssocClass="CIM_VirtualSystemSettingDataComponent"
        )
        if part["ResourceType"] == 17
    ]
    private_host.virsh("blkdeviotune", NAME, "vda", "--total-iops-sec", "300", "--live")
    until("the limit is shown", lambda: manager.conn.GetInstance(disk.path)["OperationsPerSecondLimit"] == 300)


def test_a_system_gets_a_new_volume_of_a_storage_pool(manager, private_host, hypervisor, pool, until):
    native = until("the pool is shown", lambda: _native(manager))
    assert native["ResourceSubType"] == "dir"
    assert not native["Primordial"]
    size = {"VirtualQuantity": 8 << 20, "VirtualQuantityUnits": "byte"}
    system = manager.define(NAME, manager.disk(PoolID="storage:lab", **size))
    disk = _xml(private_host, "vda")
    assert (disk.get("type"), disk.find("source").attrib) == ("volume", {"pool": "lab", "volume": f"{NAME}-vda.qcow2"})
    assert f"{NAME}-vda.qcow2" in private_host.virsh("vol-list", "lab")
    [setting] = [
        each
        for each in manager.conn.Associators(native.path, AssocClass="CIM_ResourceAllocationFromPool")
        if each["InstanceID"].endswith("disk:vda")
    ]
    assert setting["HostResource"] == [f"volume:lab/{NAME}-vda.qcow2"]
    assert (setting["VirtualQuantity"], setting["PoolID"]) == (8 << 20, "storage:lab")
    assert _native(manager)["CurrentlyConsumedResource"] == 8 << 20
    assert manager.request(system, 2) == 0
    again = manager.conn.GetInstance(setting.path)
    for source in (again["HostResource"][0], str(pool / f"{NAME}-vda.qcow2")):
        assert manager.refusal(manager.disk(source)) == pywbem.CIM_ERR_FAILED, "it is in use"
    assert manager.request(system, 3) == 0
    assert manager.destroy(system) == 0
    copy = manager.define("copy", manager.disk(setting["HostResource"][0], Format=setting["Format"]))
    found = ET.fromstring(private_host.virsh("dumpxml", "copy")).find("devices/disk")
    assert found.find("source").attrib == disk.find("source").attrib
    assert found.find("driver").attrib == disk.find("driver").attrib
    assert manager.destroy(copy) == 0


def test_what_fails_leaves_no_volume(manager, private_host, pool, until):
    until("the pool is shown", lambda: _native(manager))
    size = {"VirtualQuantity": 8 << 20, "VirtualQuantityUnits": "byte"}
    first = manager.disk(PoolID="storage:lab", **size)
    assert manager.refusal(first, manager.disk("no-such.img")) == pywbem.CIM_ERR_NOT_FOUND
    assert manager.refusal(first, manager.nic(Connection=["network:no-such"])) == pywbem.CIM_ERR_NOT_FOUND
    private_host.virsh("pool-refresh", "lab")
    assert private_host.virsh("vol-list", "lab").strip() == ""


def test_what_storage_pools_cannot_give_is_refused(manager, private_host, pool, until):
    until("the pool is shown", lambda: _native(manager))
    private_host.virsh("vol-create-as", "lab", "there.img", "1M", "--format", "raw")
    (pool / "link.img").symlink_to("/etc/hostname")
    private_host.virsh("pool-refresh", "lab")
    size = {"VirtualQuantity": 1 << 20, "VirtualQuantityUnits": "byte"}
    invalid = pywbem.CIM_ERR_INVALID_PARAMETER
    for setting, status in (
        (manager.disk("volume:no-such/a.img"), invalid),
        (manager.disk("volume:lab/link.img"), pywbem.CIM_ERR_ACCESS_DENIED),
        (manager.disk("volume:lab/no-such.img"), pywbem.CIM_ERR_NOT_FOUND),
        (manager.disk("volume:lab/../there.img"), invalid),
        (manager.disk("volume:lab"), invalid),
        (manager.disk("volume:lab/there.img", PoolID="storage:other"), invalid),
        (manager.disk("volume:lab/there.img", PoolID="disk"), invalid),
        (manager.disk("/there.img", PoolID="storage:lab"), invalid),
        (manager.disk("volume:lab/there.img", Format="qcow2"), invalid),
        (manager.disk(PoolID="storage:no-such", **size), invalid),
        (manager.disk(PoolID="storage:lab", Format="vmdk", **size), -1),
        (manager.disk("volume:lab/there.img", CacheMode="sometimes"), -1),
        (manager.disk("volume:lab/there.img", Weight=500), invalid),
    ):
        assert manager.refusal(setting) == status, dict(setting.properties)
    too_much = manager.disk(PoolID="storage:lab", VirtualQuantity=1 << 45, VirtualQuantityUnits="byte")
    with pytest.raises(pywbem.CIMError, match=r"storage pool lab, which has \d+ left"):
        manager.define("too-much", too_much)
    assert sorted(path.name for path in pool.iterdir()) == ["link.img", "there.img"]


def test_host_files_are_no_disks_for_administrators_either(manager, private_host, tmp_path, hypervisor):
    denied = pywbem.CIM_ERR_ACCESS_DENIED
    link = tmp_path / "link.img"
    link.symlink_to("/etc/shadow")
    for path in ("/etc/shadow", "/etc/hosts", "/proc/kcore", "/dev/mem", "/boot/grub/grub.cfg", str(link)):
        for more in ({}, {"Format": "raw"}, {"Access": 1}):
            assert manager.refusal(manager.disk(path, **more)) == denied, path
    odd = tmp_path / "data"
    odd.write_bytes(bytes(4096))
    with pytest.raises(pywbem.CIMError, match="Say its format"):
        manager.define("odd", manager.disk(str(odd)))
    system = manager.define(NAME, manager.disk(str(odd), Format="raw"))
    assert _xml(private_host, "vda").find("source").get("file") == str(odd)
    assert manager.destroy(system) == 0


@pytest.fixture
def loop(tmp_path):
    """A block device of the host's."""
    image = tmp_path / "loop.img"
    image.write_bytes(bytes(1 << 20))
    made = subprocess.run(["losetup", "--find", "--show", str(image)], capture_output=True, text=True, check=False)
    device = made.stdout.strip()
    if made.returncode != 0 or not Path(device).is_block_device():
        pytest.skip(f"no loop device can be made here: {made.stderr}")
    yield device
    subprocess.run(["losetup", "--detach", device], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="a loop device needs root")
def test_a_block_device_is_a_disk(manager, server, private_host, hypervisor, loop):
    system = manager.define(NAME, manager.disk(loop))
    disk = _xml(private_host, "vda")
    assert (disk.get("type"), disk.find("source").get("dev")) == ("block", loop)
    assert disk.find("driver").get("type") == "raw"
    operator = server.add_user("olga", "operator", "a long password of hers")
    with server.manager(operator) as hers:
        assert hers.refusal(hers.disk(loop)) == pywbem.CIM_ERR_ACCESS_DENIED
    assert manager.destroy(system) == 0


def test_the_pool_service_makes_a_storage_pool_and_deletes_it(manager, server, private_host):
    folder = server.images / "volumes"
    folder.mkdir()
    service = manager.conn.EnumerateInstanceNames("VMAN_ResourcePoolConfigurationService")[0]
    [disk] = [p.path for p in manager.conn.EnumerateInstances("VMAN_ResourcePool") if p["PoolID"] == "disk"]

    def create(name, place):
        share = manager.instance("VMAN_PoolAllocationSettingData", ResourceType=17, HostResource=[str(place)])
        return manager.conn.InvokeMethod(
            "CreateChildResourcePool", service, ElementName=name, Settings=[share], ParentPool=[disk]
        )

    with pytest.raises(pywbem.CIMError) as caught:
        create("made", "/etc")
    assert caught.value.status_code == pywbem.CIM_ERR_ACCESS_DENIED
    code, out = create("made", folder)
    try:
        assert code == 0
        assert manager.conn.GetInstance(out["Pool"])["ResourceSubType"] == "dir"
        assert "made" in private_host.virsh("pool-list", "--name")
        assert create("again", folder)[0] == 6, "the folder is in use"
        private_host.virsh("vol-create-as", "made", "kept.img", "1M", "--format", "raw")
        assert manager.conn.InvokeMethod("DeleteResourcePool", service, Pool=out["Pool"])[0] == 6
        private_host.virsh("vol-delete", "kept.img", "--pool", "made")
        assert manager.conn.InvokeMethod("DeleteResourcePool", service, Pool=out["Pool"])[0] == 0
        assert "made" not in private_host.virsh("pool-list", "--all", "--name")
    finally:
        if "made" in private_host.virsh("pool-list", "--name"):
            private_host.virsh("pool-destroy", "made")
            private_host.virsh("pool-undefine", "made")


def _vman(server, *arguments):
    who = ["--server", server.url, "--user", "admin", "--password-file", server.state / "admin.password"]
    done = subprocess.run([VMAN, "vm", *arguments, *who], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_tunes_and_shows_disks(server, private_host, guest):
    _vman(server, "attach", NAME, "disk", "1MiB,cache=none,iops-limit=200,bytes-limit=1MiB,shareable,format=raw")
    for options in ((), ("--inactive",)):
        disk = _xml(private_host, "vdb", *options)
        limits, driver = _tuned(disk)
        assert limits == {"total_bytes_sec": 1 << 20, "total_iops_sec": 200}
        assert (driver["cache"], driver["type"]) == ("none", "raw")
        assert disk.find("shareable") is not None
    _vman(server, "set", NAME, "--disk", "vdb,iops-limit=0,read-iops-limit=10")
    assert _tuned(_xml(private_host, "vdb"))[0] == {"total_bytes_sec": 1 << 20, "read_iops_sec": 10}
    told = _vman(server, "show", NAME)
    assert "shareable, cache=none, bytes-limit=1 MiB/s, read-iops-limit=10/s" in told
