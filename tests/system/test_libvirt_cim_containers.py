"""libvirt-cim's clients at a real host of containers: ``LXC_`` classes, asked for and changed as they do it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libvirt
import pytest
import pywbem
from lxml import etree
from tests.lab import containers
from tests.lab.lab import PrivateHost
from tests.system.conftest import Server

pytestmark = pytest.mark.lab

NAME = "dinghy"
SERVICE = pywbem.CIMClassName("LXC_VirtualSystemManagementService", namespace="root/virt")
SETTING = "ResourceAllocationSettingData"
HAS = {
    "LXC_Processor": {f"{NAME}/0"},
    "LXC_Memory": {f"{NAME}/mem"},
    "LXC_LogicalDisk": {f"{NAME}//", f"{NAME}//shared"},
}
"""The devices of the guest, by their classes."""
GIVEN = {
    f"LXC_Proc{SETTING}": {f"{NAME}/proc"},
    f"LXC_Mem{SETTING}": {f"{NAME}/mem"},
    f"LXC_Disk{SETTING}": {f"{NAME}//", f"{NAME}//shared"},
}
"""The settings that these are made of."""


def reference(class_name: str, **keys: str) -> pywbem.CIMInstanceName:
    return pywbem.CIMInstanceName(f"LXC_{class_name}", keys, namespace="root/virt")


GUEST = reference("ComputerSystem", CreationClassName="LXC_ComputerSystem", Name=NAME)
SETTINGS = reference("VirtualSystemSettingData", InstanceID=f"LXC:{NAME}")


def mof(class_name: str, **values: object) -> str:
    def literal(value: object) -> str:
        return f'"{value}"' if isinstance(value, str) else str(value).lower()

    said = "\n".join(f"{name} = {literal(value)};" for name, value in values.items())
    return f"instance of LXC_{class_name} {{\n{said}\n}};"


def system(**more: object) -> str:
    return mof(
        "VirtualSystemSettingData",
        InstanceID=f"LXC:{NAME}",
        Caption="Virtual System",
        VirtualSystemIdentifier=NAME,
        ElementName=NAME,
        VirtualSystemType="LXC",
        CreationClassName="LXC_VirtualSystemSettingData",
        isFullVirt=False,
        EnablePAE=False,
        EnableACPI=False,
        EnableAPIC=False,
        **more,
    )


def disk(source: Path, target: str) -> str:
    return mof(f"Disk{SETTING}", MountPoint=target, Address=str(source), InstanceID=f"{NAME}/{target}")


def allocated(folder: Path) -> list[str]:
    return [
        disk(folder / "root", "/"),
        disk(folder / "shared", "/shared"),
        mof(f"Proc{SETTING}", ResourceType=3, InstanceID=f"{NAME}/proc"),
        mof(f"Mem{SETTING}", ResourceType=4, VirtualQuantity=64, AllocationUnits="MegaBytes", InstanceID=f"{NAME}/mem"),
    ]


@pytest.fixture
def hypervisor(private_host: PrivateHost) -> Iterator[libvirt.virConnect]:
    """The host's libvirt; the guest is gone afterwards."""
    connection = libvirt.open(private_host.container_uri)
    yield connection
    for domain in connection.listAllDomains():
        if domain.name() == NAME:
            if domain.isActive():
                domain.destroy()
            domain.undefine()
    connection.close()


@pytest.fixture
def conn(on_lxc: Server, hypervisor: libvirt.virConnect) -> Iterator[pywbem.WBEMConnection]:
    connection = on_lxc.connection("root/virt")
    yield connection
    connection.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With the folders ``root``, ``shared`` and ``more``."""
    containers.root_folder(tmp_path / "root")
    for name in ("shared", "more"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def guest(conn: pywbem.WBEMConnection, folder: Path) -> pywbem.CIMInstanceName:
    told = change(conn, "DefineSystem", SystemSettings=system(InitPath="/init"), ResourceSettings=allocated(folder))
    assert told["ResultingSystem"].keybindings == GUEST.keybindings
    return GUEST


def change(conn: pywbem.WBEMConnection, method: str, **parameters: Any) -> dict[str, Any]:
    code, told = conn.InvokeMethod(method, SERVICE, **parameters)
    assert code == 0
    return dict(told)


def request(conn: pywbem.WBEMConnection, state: int) -> None:
    never = pywbem.CIMDateTime("00000000000000.000000:000")
    code, _ = conn.InvokeMethod("RequestStateChange", GUEST, RequestedState=pywbem.Uint16(state), TimeoutPeriod=never)
    assert code == 0


def states(conn: pywbem.WBEMConnection) -> tuple[int, int]:
    now = conn.GetInstance(GUEST)
    return now["EnabledState"], now["RequestedState"]


def file_systems(hypervisor: libvirt.virConnect) -> dict[str, str]:
    """The folders of the host by where the guest has them, as libvirt tells."""
    tree = etree.fromstring(hypervisor.lookupByName(NAME).XMLDesc())
    found = tree.findall("devices/filesystem")
    return {each.find("target").get("dir"): each.find("source").get("dir") for each in found}


def named(paths: list[pywbem.CIMInstanceName], key: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in paths:
        found.setdefault(path.classname, set()).add(path.keybindings[key])
    return found


def test_a_definition_is_libvirts(conn, guest, hypervisor, folder):
    domain = hypervisor.lookupByName(NAME)
    tree = etree.fromstring(domain.XMLDesc())
    assert tree.findtext("os/init") == "/init"
    assert (tree.findtext("vcpu"), domain.maxMemory()) == ("1", 65536)
    assert file_systems(hypervisor) == {"/": str(folder / "root"), "/shared": str(folder / "shared")}


def test_what_is_enumerated_is_got(conn, guest, folder):
    assert conn.EnumerateInstanceNames("LXC_ComputerSystem") == [guest]
    paths = conn.EnumerateInstanceNames(f"LXC_{SETTING}")
    assert named(paths, "InstanceID") == GIVEN
    for path in paths:
        assert conn.GetInstance(path)["InstanceID"] == path["InstanceID"]
    settings = conn.GetInstance(SETTINGS)
    assert (settings["InitPath"], settings["VirtualSystemType"]) == ("/init", "LXC")
    for kind, local, expected in (
        ("Proc", "/proc", {"VirtualQuantity": 1, "ResourceType": 3}),
        ("Mem", "/mem", {"VirtualQuantity": 65536, "AllocationUnits": "KiloBytes"}),
        ("Disk", "//", {"MountPoint": "/", "Address": str(folder / "root"), "ResourceType": 17}),
        ("Disk", "//shared", {"MountPoint": "/shared", "Address": str(folder / "shared"), "PoolID": "DiskPool/0"}),
    ):
        found = conn.GetInstance(reference(f"{kind}{SETTING}", InstanceID=f"{NAME}{local}"))
        assert {name: found[name] for name in expected} == expected
    for class_name, names in HAS.items():
        assert named(conn.EnumerateInstanceNames(class_name), "DeviceID") == {class_name: names}


def test_a_container_lives(conn, guest, hypervisor, folder, until):
    assert states(conn) == (3, 0)
    lines = folder / "shared/lines"
    for asked, enabled, told in (
        (2, 2, libvirt.VIR_DOMAIN_RUNNING),
        (9, 9, libvirt.VIR_DOMAIN_PAUSED),
        (2, 2, libvirt.VIR_DOMAIN_RUNNING),
        (3, 3, libvirt.VIR_DOMAIN_SHUTOFF),
    ):
        request(conn, asked)
        assert states(conn) == (enabled, asked)
        assert hypervisor.lookupByName(NAME).state()[0] == told
        if asked == 2:
            until("its init has run", lines.exists)
    change(conn, "DestroySystem", AffectedSystem=guest)
    assert NAME not in [domain.name() for domain in hypervisor.listAllDomains()]
    assert conn.EnumerateInstanceNames("LXC_ComputerSystem") == []
    with pytest.raises(pywbem.CIMError, match="No such instance"):
        conn.GetInstance(reference(f"Disk{SETTING}", InstanceID=f"{NAME}//"))


def test_only_what_a_container_can_do_is_offered(conn, guest, until, folder):
    offered = conn.GetInstance(reference("EnabledLogicalElementCapabilities", InstanceID=NAME))
    assert offered["RequestedStatesSupported"] == [2, 3, 9, 10]
    with pytest.raises(pywbem.CIMError):
        request(conn, 9)
    request(conn, 2)
    until("its init has run", (folder / "shared/lines").exists)
    with pytest.raises(pywbem.CIMError):
        request(conn, 11)
    assert states(conn)[0] == 2


def joined(conn: pywbem.WBEMConnection, of: pywbem.CIMInstanceName, by: str) -> list[pywbem.CIMInstance]:
    """Each is what it is when it is got, and has ``of`` in turn."""
    found = conn.Associators(of, AssocClass=f"LXC_{by}")
    for one in found:
        got = conn.GetInstance(one.path)
        assert got.properties == one.properties
        back = conn.AssociatorNames(one.path, AssocClass=f"LXC_{by}")
        assert of.keybindings in [each.keybindings for each in back]
    return found


@pytest.mark.parametrize("state", [3, 2], ids=["defined", "active"])
def test_a_guest_its_devices_and_their_settings_are_joined(conn, guest, until, folder, state):
    if state == 2:
        request(conn, 2)
        until("its init has run", (folder / "shared/lines").exists)
    devices = [one.path for one in joined(conn, guest, "SystemDevice")]
    assert named(devices, "DeviceID") == HAS
    of_devices = []
    for device in devices:
        [setting] = joined(conn, device, "SettingsDefineState")
        of_devices.append(setting.path)
        [pool] = conn.AssociatorNames(device, AssocClass="LXC_ElementAllocatedFromPool")
        assert conn.AssociatorNames(setting.path, AssocClass="LXC_ResourceAllocationFromPool") == [pool]
    assert named(of_devices, "InstanceID") == GIVEN
    [settings] = joined(conn, guest, "SettingsDefineState")
    parts = [one.path for one in joined(conn, settings.path, "VirtualSystemSettingDataComponent")]
    assert named(parts, "InstanceID") == GIVEN
    [host] = joined(conn, guest, "HostedDependency")
    assert host.classname == "LXC_HostSystem"


def test_file_systems_come_change_and_go(conn, guest, hypervisor, folder):
    told = change(
        conn,
        "AddResourceSettings",
        AffectedConfiguration=SETTINGS,
        ResourceSettings=[disk(folder / "more", "/more")],
    )
    [added] = told["ResultingResourceSettings"]
    assert added["InstanceID"] == f"{NAME}//more"
    assert file_systems(hypervisor)["/more"] == str(folder / "more")
    change(conn, "ModifyResourceSettings", ResourceSettings=[disk(folder / "shared", "/more")])
    assert file_systems(hypervisor)["/more"] == str(folder / "shared")
    change(conn, "RemoveResourceSettings", ResourceSettings=[added])
    assert set(file_systems(hypervisor)) == {"/", "/shared"}


def test_another_init_is_chosen(conn, guest, hypervisor):
    change(conn, "ModifySystemSettings", SystemSettings=system(InitPath="/sbin/init"))
    assert conn.GetInstance(SETTINGS)["InitPath"] == "/sbin/init"
    assert etree.fromstring(hypervisor.lookupByName(NAME).XMLDesc()).findtext("os/init") == "/sbin/init"


def modified(conn: pywbem.WBEMConnection, kind: str, local: str, **values: object) -> pywbem.CIMInstance:
    """What an allocation is after a modification as text."""
    text = mof(f"{kind}{SETTING}", InstanceID=f"{NAME}/{local}", **values)
    [path] = change(conn, "ModifyResourceSettings", ResourceSettings=[text])["ResultingResourceSettings"]
    return conn.GetInstance(path)


def test_memory_and_processors_change(conn, guest, hypervisor, folder, until):
    domain = hypervisor.lookupByName(NAME)
    assert (
        modified(conn, "Mem", "mem", ResourceType=4, VirtualQuantity=96, AllocationUnits="MegaBytes")["VirtualQuantity"]
        == 96 << 10
    )
    assert domain.maxMemory() == 96 << 10
    assert modified(conn, "Proc", "proc", ResourceType=3, VirtualQuantity=2)["VirtualQuantity"] == 2
    assert named(conn.EnumerateInstanceNames("LXC_Processor"), "DeviceID") == {
        "LXC_Processor": {f"{NAME}/0", f"{NAME}/1"}
    }
    request(conn, 2)
    until("its init has run", (folder / "shared/lines").exists)
    less = modified(conn, "Mem", "mem", ResourceType=4, VirtualQuantity=32, AllocationUnits="MegaBytes")
    assert (less["VirtualQuantity"], domain.memoryParameters()["hard_limit"]) == (32 << 10, 32 << 10)
    heavier = modified(conn, "Proc", "proc", ResourceType=3, Weight=300)
    assert (heavier["Weight"], domain.schedulerParameters()["cpu_shares"]) == (300, 300)
    with pytest.raises(pywbem.CIMError, match="count of processor cannot be changed while"):
        modified(conn, "Proc", "proc", ResourceType=3, VirtualQuantity=1)


def test_a_container_starts_anew(conn, guest, hypervisor, folder, until, harbour):
    lines = folder / "shared/lines"
    request(conn, 2)
    until("its init has run", lines.exists)
    while not containers.is_known(harbour.container_uri, NAME):
        count = len(lines.read_text().split())
        request(conn, 3)
        request(conn, 2)
        until("its init has run again", lambda count=count: len(lines.read_text().split()) > count)
    count = len(lines.read_text().split())
    request(conn, 10)
    until("it has started afresh", lambda: len(lines.read_text().split()) > count)
    until("it runs", lambda: states(conn) == (2, 10))


@pytest.fixture
def hold(hypervisor, folder) -> Iterator[libvirt.virStoragePool]:
    """A storage pool of the folder, whose volumes are the folders in it."""
    pool = hypervisor.storagePoolCreateXML(
        f"<pool type='dir'><name>hold</name><target><path>{folder}</path></target></pool>"
    )
    yield pool
    pool.destroy()


def templates(conn: pywbem.WBEMConnection, pool: str, kind: str) -> list[pywbem.CIMInstance]:
    found = conn.Associators(
        reference("AllocationCapabilities", InstanceID=pool), AssocClass="LXC_SettingsDefineCapabilities"
    )
    return [each for each in found if each.classname == f"LXC_{kind}{SETTING}"]


def text(template: pywbem.CIMInstance) -> str:
    """As clients pass it back."""
    return "\n".join(line for line in template.tomof().splitlines() if "NULL" not in line)


POINTS = {"Minimum", "Maximum", "Default", "Increment"}
IDENTITY = {"InstanceID", "PoolID", "ResourceType", "VirtualQuantityUnits"}


def said(template: pywbem.CIMInstance) -> dict[str, Any]:
    return {name: template[name] for name in template if template[name] is not None and name not in IDENTITY}


def test_templates_of_a_storage_pool_are_file_systems(conn, hold, folder):
    disks = templates(conn, "DiskPool/hold", "Disk")
    assert {each["InstanceID"] for each in disks} == POINTS
    for point in POINTS:
        told = [said(each) for each in disks if each["InstanceID"] == point]
        volumes = [{"Address": str(folder / name), "MountPoint": "/"} for name in ("more", "root", "shared")]
        assert sorted(told, key=lambda each: each["Address"])[1:] == volumes
        assert {"Address": str(folder), "MountPoint": "/mnt"} in told
    assert {each["ResourceType"] for each in disks} == {17}


def test_templates_of_networks_are_what_a_container_can_join(conn, hold):
    adapters = templates(conn, "NetworkPool/quay", "Net")
    kinds = {(each["NetworkType"], each["ResourceSubType"], each["VirtualDevice"]) for each in adapters}
    assert kinds == {("network", None, None), ("bridge", None, None)}
    assert {each["InstanceID"] for each in adapters} == POINTS


def test_networks_pools_and_volumes_are_made_for_containers(conn, hypervisor, folder):
    """libvirt has the same for all its hypervisors."""
    service = pywbem.CIMClassName("LXC_ResourcePoolConfigurationService", namespace="root/virt")

    def told(method: str, **parameters: Any) -> dict[str, Any]:
        code, found = conn.InvokeMethod(method, service, **parameters)
        assert code == 0
        return dict(found)

    network = mof(f"NetPool{SETTING}", Address="10.96.2.1", Netmask="255.255.255.0", ForwardMode=0)
    storage = mof(f"DiskPool{SETTING}", Type=1, Path=str(folder))
    made = [
        told("CreateChildResourcePool", ElementName="sluice", Settings=[network])["Pool"],
        told("CreateChildResourcePool", ElementName="hold", Settings=[storage])["Pool"],
    ]
    assert [(each.classname, each["InstanceID"]) for each in made] == [
        ("LXC_NetworkPool", "NetworkPool/sluice"),
        ("LXC_DiskPool", "DiskPool/hold"),
    ]
    assert hypervisor.networkLookupByName("sluice").isActive()
    volume = mof(f"StorageVolume{SETTING}", VolumeName="one.img", FormatType=1, Capacity=512)
    path = told("CreateResourceInPool", Settings=volume, Pool=made[1])["Resource"]
    assert path["InstanceID"] == str(folder / "one.img")
    assert "one.img" in hypervisor.storagePoolLookupByName("hold").listVolumes()
    told("DeleteResourceInPool", Resource=mof(f"Disk{SETTING}", Address=path["InstanceID"]), Pool=made[1])
    told("DeleteResourcePool", Pool=made[0])
    hypervisor.storagePoolLookupByName("hold").destroy()  # it is not ours to delete while it has volumes
    hypervisor.storagePoolLookupByName("hold").undefine()
    assert "DiskPool/hold" not in {each["InstanceID"] for each in conn.EnumerateInstanceNames("LXC_DiskPool")}


def test_no_template_is_of_what_a_container_cannot_have(conn, hold):
    told = {
        (pool["InstanceID"], template.classname)
        for pool in conn.EnumerateInstanceNames("LXC_AllocationCapabilities")
        for template in conn.Associators(pool, AssocClass="LXC_SettingsDefineCapabilities")
    }
    assert told == {
        ("ProcessorPool/0", f"LXC_Proc{SETTING}"),
        ("MemoryPool/0", f"LXC_Mem{SETTING}"),
        ("NetworkPool/quay", f"LXC_Net{SETTING}"),
        ("NetworkPool/0", f"LXC_NetPool{SETTING}"),
        ("DiskPool/hold", f"LXC_Disk{SETTING}"),
        ("DiskPool/hold", f"LXC_StorageVolume{SETTING}"),
        ("DiskPool/0", f"LXC_DiskPool{SETTING}"),
    }


@pytest.mark.parametrize("point", ["Minimum", "Maximum", "Default"])
def test_a_container_is_made_of_templates(conn, hold, hypervisor, folder, point):
    """Each as it is, but for the folders' names."""
    asked = [
        next(each for each in templates(conn, pool, kind) if each["InstanceID"] == point)
        for pool, kind in (("ProcessorPool/0", "Proc"), ("MemoryPool/0", "Mem"), ("NetworkPool/quay", "Net"))
    ]
    asked += [
        each
        for each in templates(conn, "DiskPool/hold", "Disk")
        if each["InstanceID"] == point and each["Address"] in {str(folder / "root"), str(folder)}
    ]
    change(conn, "DefineSystem", SystemSettings=system(InitPath="/init"), ResourceSettings=[*map(text, asked)])
    tree = etree.fromstring(hypervisor.lookupByName(NAME).XMLDesc())
    assert (int(tree.findtext("vcpu")), int(tree.findtext("memory"))) == (
        asked[0]["VirtualQuantity"],
        asked[1]["VirtualQuantity"],
    )
    assert file_systems(hypervisor) == {"/": str(folder / "root"), "/mnt": str(folder)}
    assert tree.find("devices/interface/source").get("network") == "quay"


@pytest.mark.parametrize(
    ("kind", "values", "reason"),
    [
        ("Disk", {"Address": "/tmp", "MountPoint": "tmp", "ResourceType": 17}, "no place in a container's file system"),
        ("Graphics", {"ResourceSubType": "vnc", "ResourceType": 24}, "graphics"),
        ("Input", {"ResourceSubType": "mouse", "BusType": "usb", "ResourceType": 13}, "input"),
        ("Net", {"NetworkType": "user", "ResourceType": 10}, "user"),
    ],
)
def test_what_is_not_told_is_refused(conn, hypervisor, folder, kind, values, reason):
    wrong = mof(f"{kind}{SETTING}", **values)
    with pytest.raises(pywbem.CIMError, match=reason):
        change(conn, "DefineSystem", SystemSettings=system(), ResourceSettings=[*allocated(folder), wrong])
    assert hypervisor.listAllDomains() == []


def test_a_container_never_has_its_hosts_root(conn, hypervisor, folder):
    """libvirt-cim's would have."""
    with pytest.raises(pywbem.CIMError, match="would have the host's"):
        change(conn, "DefineSystem", SystemSettings=system(), ResourceSettings=[disk(folder / "more", "/tmp")])
    assert hypervisor.listAllDomains() == []


def test_both_views_tell_the_same(conn, guest, on_lxc, folder, until):
    request(conn, 2)
    until("its init has run", (folder / "shared/lines").exists)
    with on_lxc.manager() as manager:
        [right] = manager.systems().values()
        assert (right["ElementName"], right["EnabledState"]) == (NAME, conn.GetInstance(guest)["EnabledState"])
        assert right["Name"] == conn.GetInstance(guest)["UUID"]
        [settings] = manager.conn.Associators(right.path, AssocClass="CIM_SettingsDefineState")
        assert settings["InitPath"] == conn.GetInstance(SETTINGS)["InitPath"]
        parts = manager.conn.Associators(settings.path, AssocClass="CIM_VirtualSystemSettingDataComponent")
        mounts = {
            part["TargetName"]: part["HostResource"][0]
            for part in parts
            if part.get("OtherResourceType") == "file system"
        }
        disks = conn.EnumerateInstances(f"LXC_Disk{SETTING}")
        assert {one["MountPoint"]: one["Address"] for one in disks} == mounts
        assert manager.request(right.path, 3) == 0
    assert conn.GetInstance(guest)["EnabledState"] == 3
