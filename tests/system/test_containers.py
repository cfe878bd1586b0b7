"""Containers on a real host through CIM: what they are, what becomes of them, and what they are not."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pywbem
from lxml import etree
from tests.lab import containers
from tests.lab.lab import PrivateHost
from tests.system.conftest import VMAN, Manager, ReturnedError, Server

pytestmark = pytest.mark.lab

MIB = 1 << 20
UNSUPPORTED = 1
"""The code of methods."""
ACCESS_DENIED, INVALID = 2, 4
"""The status of operations."""
GENERIC = "VMAN_ResourceAllocationSettingData"
SPECIFIC, GENERAL = 2, 3
"""RequestTypesSupported: whether a request has to name what it wants, as an adapter its network here."""


@pytest.fixture
def manager(on_lxc: Server) -> Iterator[Manager]:
    with on_lxc.manager() as connected:
        yield connected
        for system in connected.systems().values():
            connected.destroy(system.path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With the folders ``root``, ``shared`` and ``more``."""
    containers.root_folder(tmp_path / "root")
    for name in ("shared", "more"):
        (tmp_path / name).mkdir()
    return tmp_path


def mount(manager: Manager, source: Path, target: str, **more: Any) -> pywbem.CIMInstance:
    return manager.instance(
        GENERIC,
        ResourceType=1,
        OtherResourceType="file system",
        HostResource=[str(source)],
        TargetName=target,
        **more,
    )


def define(manager: Manager, folder: Path, *more: pywbem.CIMInstance, **system: Any) -> pywbem.CIMInstanceName:
    memory = manager.instance("VMAN_MemoryAllocationSettingData", ResourceType=4, VirtualQuantity=64 << 10)
    mounts = (mount(manager, folder / "root", "/"), mount(manager, folder / "shared", "/shared"))
    return manager.define("barge", memory, *mounts, *more, **system)


def lines(folder: Path) -> list[str]:
    file = folder / "shared/lines"
    return file.read_text().split() if file.exists() else []


def start(manager: Manager, harbour: PrivateHost, system: pywbem.CIMInstanceName, folder: Path, until: Any) -> None:
    """And again, until libvirt knows its init (see ``containers.is_known``)."""
    while True:
        count = len(lines(folder))
        assert manager.request(system, 2) == 0
        until("its init has run", lambda count=count: len(lines(folder)) > count)
        if containers.is_known(harbour.container_uri, "barge"):
            return
        assert manager.request(system, 3) == 0


def state(manager: Manager, system: pywbem.CIMInstanceName) -> int:
    return int(manager.conn.GetInstance(system)["EnabledState"])


def settings(manager: Manager, system: pywbem.CIMInstanceName) -> pywbem.CIMInstance:
    """The configuration in force."""
    [found] = manager.conn.Associators(system, AssocClass="CIM_SettingsDefineState")
    return found


def parts(manager: Manager, configuration: pywbem.CIMInstance, class_name: str) -> list[pywbem.CIMInstance]:
    return manager.conn.Associators(
        configuration.path, AssocClass="CIM_VirtualSystemSettingDataComponent", ResultClass=class_name
    )


def domain(harbour: PrivateHost, *options: str) -> etree._Element:
    return etree.fromstring(harbour.virsh("dumpxml", "barge", *options, uri=harbour.container_uri))


def limit(harbour: PrivateHost) -> int:
    """Bytes of memory, as the control group has it."""
    told = harbour.virsh("memtune", "barge", "--live", uri=harbour.container_uri)
    return int(told.split("hard_limit", 1)[1].split(":", 1)[1].split()[0]) << 10


def vman(server: Server, *arguments: str) -> str:
    """What the command, against the server and as its owner, prints."""
    here = {
        "OPENVMAN_SERVER": server.url,
        "OPENVMAN_USER": "admin",
        "OPENVMAN_PASSWORD_FILE": str(server.state / "admin.password"),
    }
    done = subprocess.run(
        [str(VMAN), *arguments], capture_output=True, text=True, timeout=60, env={**os.environ, **here}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_container_lives(
    manager: Manager, harbour: PrivateHost, folder: Path, until: Callable[[str, Callable[[], Any]], Any]
) -> None:
    system = define(manager, folder, manager.nic(Connection=["network:quay"]), InitPath="/init")
    shown = settings(manager, system)
    assert (shown["VirtualSystemType"], shown["InitPath"]) == ("DMTF:Linux:LXC", "/init")
    assert [shown[name] for name in ("Kernel", "Firmware", "MachineType", "BootDevices")] == [None] * 4
    assert state(manager, system) == 3

    start(manager, harbour, system, folder, until)
    assert state(manager, system) == 2
    assert set(lines(folder)) == {"started"}
    mounts = [p for p in parts(manager, settings(manager, system), GENERIC) if p["OtherResourceType"] == "file system"]
    assert [(m["HostResource"], m["TargetName"]) for m in mounts] == [
        ([str(folder / "root")], "/"),
        ([str(folder / "shared")], "/shared"),
    ]

    assert manager.request(system, 9) == 0
    assert state(manager, system) == 9
    assert harbour.virsh("domstate", "barge", uri=harbour.container_uri).strip() == "paused"
    assert manager.request(system, 2) == 0

    [memory] = parts(manager, settings(manager, system), "VMAN_MemoryAllocationSettingData")
    less = manager.instance(memory.classname, InstanceID=memory["InstanceID"], VirtualQuantity=32 << 10)
    code, _ = manager.conn.InvokeMethod("ModifyResourceSettings", manager.service, ResourceSettings=[less])
    assert (code, limit(harbour)) == (0, 32 * MIB)

    count = len(lines(folder))
    assert manager.request(system, 10) == 0
    until("it has started afresh", lambda: len(lines(folder)) > count)
    until("it runs", lambda: state(manager, system) == 2)

    assert manager.request(system, 3) == 0
    assert state(manager, system) == 3
    assert manager.destroy(system) == 0
    assert "barge" not in harbour.virsh("list", "--all", "--name", uri=harbour.container_uri).split()
    assert (folder / "root/init").exists(), "folders of the host stay"


def scheduled(harbour: PrivateHost) -> dict[str, int]:
    """How the control group weighs and limits processors."""
    told = harbour.virsh("schedinfo", "barge", uri=harbour.container_uri)
    rows = (line.partition(":") for line in told.splitlines())
    return {name.strip(): int(value) for name, _, value in rows if value.strip().lstrip("-").isdigit()}


def test_processors_change(
    manager: Manager, harbour: PrivateHost, folder: Path, until: Callable[[str, Callable[[], Any]], Any]
) -> None:
    system = define(manager, folder)

    def changed(**values: Any) -> int:
        [processor] = parts(manager, settings(manager, system), "VMAN_ProcessorAllocationSettingData")
        said = manager.instance(processor.classname, InstanceID=processor["InstanceID"], **values)
        return int(manager.conn.InvokeMethod("ModifyResourceSettings", manager.service, ResourceSettings=[said])[0])

    assert changed(VirtualQuantity=2, MaximumVirtualQuantity=2) == 0
    assert domain(harbour).findtext("vcpu") == "2"
    start(manager, harbour, system, folder, until)
    assert changed(Weight=300, Limit=50_000) == 0
    now = scheduled(harbour)
    assert (now["cpu_shares"], now["vcpu_quota"] / now["vcpu_period"]) == (300, 0.5), "half a processor for all"
    assert changed(VirtualQuantity=1) == UNSUPPORTED
    assert domain(harbour).findtext("vcpu") == "2"


def test_a_container_ends_when_it_is_asked_to(
    manager: Manager, harbour: PrivateHost, folder: Path, until: Callable[[str, Callable[[], Any]], Any]
) -> None:
    system = define(manager, folder)
    assert settings(manager, system)["InitPath"] == "/sbin/init"
    start(manager, harbour, system, folder, until)
    assert manager.request(system, 4) == 0
    assert state(manager, system) == 3


def test_a_file_system_is_added_and_removed(manager: Manager, harbour: PrivateHost, folder: Path) -> None:
    system = define(manager, folder)
    configuration = settings(manager, system)
    code, out = manager.conn.InvokeMethod(
        "AddResourceSettings",
        manager.service,
        AffectedConfiguration=configuration.path,
        ResourceSettings=[mount(manager, folder / "more", "/more", ReadOnly=True)],
    )
    assert code == 0
    added = domain(harbour).findall("devices/filesystem")[2]
    assert (added.find("source").get("dir"), added.find("target").get("dir")) == (str(folder / "more"), "/more")
    assert added.find("readonly") is not None
    assert manager.request(system, 2) == 0
    assert manager.request(system, 3) == 0
    code, _ = manager.conn.InvokeMethod(
        "RemoveResourceSettings", manager.service, ResourceSettings=out["ResultingResourceSettings"]
    )
    assert (code, len(domain(harbour).findall("devices/filesystem"))) == (0, 2)


def test_a_container_goes_into_a_file_and_comes_back(
    on_lxc: Server, manager: Manager, harbour: PrivateHost, folder: Path, tmp_path: Path
) -> None:
    system = define(manager, folder, mount(manager, folder / "more", "/more", ReadOnly=True), InitPath="/init")
    before = domain(harbour)
    file = tmp_path / "barge.yaml"
    file.write_text(vman(on_lxc, "vm", "export", "barge"))
    manager.destroy(system)
    vman(on_lxc, "vm", "define", "--file", str(file))
    after = domain(harbour)
    assert [etree.tostring(each) for each in after.iterfind("os")] == [
        etree.tostring(each) for each in before.iterfind("os")
    ]
    assert etree.tostring(after.find("devices")) == etree.tostring(before.find("devices"))


def test_a_container_is_never_without_a_root(manager: Manager, harbour: PrivateHost, folder: Path) -> None:
    assert manager.refusal(mount(manager, folder / "shared", "/shared")) == INVALID
    assert manager.refusal(mount(manager, folder / "root", "/"), mount(manager, folder / "more", "//")) == INVALID
    system = define(manager, folder)
    [root, *_] = [p for p in parts(manager, settings(manager, system), GENERIC) if p["TargetName"] == "/"]
    with pytest.raises(pywbem.CIMError, match="would have the host's"):
        manager.conn.InvokeMethod("RemoveResourceSettings", manager.service, ResourceSettings=[root.path])
    elsewhere = manager.instance(GENERIC, InstanceID=root["InstanceID"], TargetName="/elsewhere")
    with pytest.raises(pywbem.CIMError, match="would have the host's"):
        manager.conn.InvokeMethod("ModifyResourceSettings", manager.service, ResourceSettings=[elsewhere])
    assert domain(harbour).find("devices/filesystem/target").get("dir") == "/"


def test_what_a_container_cannot_do_is_told(
    manager: Manager, harbour: PrivateHost, folder: Path, until: Callable[[str, Callable[[], Any]], Any]
) -> None:
    system = define(manager, folder)
    [capabilities] = manager.conn.Associators(system, AssocClass="CIM_ElementCapabilities")
    assert capabilities["RequestedStatesSupported"] == [2, 3, 4, 9, 10]
    assert manager.conn.GetInstance(system)["AvailableRequestedStates"] == [2]
    start(manager, harbour, system, folder, until)
    assert manager.conn.GetInstance(system)["AvailableRequestedStates"] == [3, 4, 9, 10]
    for impossible in (6, 11):
        assert manager.request(system, impossible) == UNSUPPORTED
    assert state(manager, system) == 2


def test_what_a_host_of_containers_offers(manager: Manager) -> None:
    offered = manager.conn.EnumerateInstances("VMAN_AllocationCapabilities")
    kinds = {
        each["OtherResourceType"] or int(each["ResourceType"]): int(each["RequestTypesSupported"]) for each in offered
    }
    assert kinds == {3: GENERAL, 4: GENERAL, "console": GENERAL, 10: SPECIFIC, "file system": SPECIFIC}
    [systems] = manager.conn.EnumerateInstances("VMAN_VirtualSystemManagementCapabilities")
    assert systems["VirtualSystemTypesSupported"] == ["DMTF:Linux:LXC"]


def test_an_adapter_names_its_network(manager: Manager, folder: Path) -> None:
    with pytest.raises(pywbem.CIMError, match="no network that NICs join when they name none; it has 'quay'"):
        define(manager, folder, manager.nic())
    assert manager.names() == []


@pytest.mark.parametrize(
    "system",
    [{"Kernel": "/boot/vmlinuz"}, {"Firmware": "uefi"}, {"BootDevices": ["disk"]}, {"CloudInitUserData": "#!/bin/sh"}],
    ids=lambda system: next(iter(system)),
)
def test_what_only_machines_have_is_refused(manager: Manager, folder: Path, system: dict[str, Any]) -> None:
    with pytest.raises(ReturnedError, check=lambda error: error.code == UNSUPPORTED):
        define(manager, folder, **system)
    assert manager.names() == []


def test_a_disk_or_a_serial_port_is_refused(manager: Manager, folder: Path) -> None:
    root = mount(manager, folder / "root", "/")
    serial = manager.instance("VMAN_SerialAllocationSettingData", ResourceType=21)
    assert manager.refusal(root, serial) == -UNSUPPORTED
    assert manager.refusal(root, manager.nic(Connection=["user"])) == -UNSUPPORTED
    assert manager.refusal(root, manager.disk(VirtualQuantity=1 << 20, VirtualQuantityUnits="byte")) == INVALID


def test_folders_of_the_host_and_programs_are_for_administrators(
    on_lxc: Server, manager: Manager, folder: Path
) -> None:
    system = define(manager, folder)
    operator = on_lxc.add_user("olive", "operator", "the long way round the harbour")
    with on_lxc.manager(operator) as limited:
        assert limited.refusal(mount(limited, folder / "root", "/")) == ACCESS_DENIED
        changed = limited.instance(
            "VMAN_VirtualSystemSettingData",
            InstanceID=settings(manager, system)["InstanceID"],
            InitPath="/bin/sh",
        )
        with pytest.raises(pywbem.CIMError) as error:
            limited.conn.InvokeMethod("ModifySystemSettings", limited.service, SystemSettings=changed)
        assert error.value.status_code == ACCESS_DENIED
        assert limited.request(system, 2) == 0
        assert limited.request(system, 3) == 0
    assert settings(manager, system)["InitPath"] == "/sbin/init"
