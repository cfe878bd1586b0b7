"""Each of libvirt-cim's methods with good input, and what libvirt has of it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import libvirt
import pytest
import pywbem
from lxml import etree
from tests.lab import containers
from tests.system.libvirt_cim import mof
from tests.system.libvirt_cim.calls import GUESTS, POOLS, call, guest, part, pool, request, whole
from tests.system.libvirt_cim.mof import MAC, NAME, OTHER_MAC
from tests.system.libvirt_cim.place import MACHINES, POOL, VOLUMES, Place

Scenario = Callable[[Place, Path], None]
GOOD: dict[tuple[str, str], Scenario] = {}
"""By class and method. Each gets a folder of its own; what it makes is gone afterwards."""


def good(class_name: str, method: str) -> Callable[[Scenario], Scenario]:
    def kept(scenario: Scenario) -> Scenario:
        GOOD[class_name, method] = scenario
        return scenario

    return kept


def define(place: Place) -> libvirt.virDomain:
    told = call(place, GUESTS, "DefineSystem", SystemSettings=mof.system(place), ResourceSettings=mof.resources(place))
    assert told["ResultingSystem"].keybindings == guest(place).keybindings
    return place.domain(NAME)


def start(place: Place) -> None:
    """And again, until libvirt knows the init of a container: else it cannot plug adapters, nor ask it to restart."""
    request(place, 2)
    while place.kind is not MACHINES and not containers.is_known(place.uri, NAME):
        request(place, 3)
        request(place, 2)


def defined(place: Place) -> etree._Element:
    return etree.fromstring(place.domain(NAME).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))


def sources(tree: etree._Element) -> dict[str, str]:
    """Images and folders of the host, by what the guest calls them."""
    found = {}
    for each in tree.findall("devices/disk"):
        source = each.find("source")
        found[each.find("target").get("dev")] = "" if source is None else source.get("file")
    for each in tree.findall("devices/filesystem"):
        found[each.find("target").get("dir")] = each.find("source").get("dir")
    return found


def macs(tree: etree._Element) -> list[str]:
    return [each.get("address") for each in tree.findall("devices/interface/mac")]


@good(GUESTS, "DefineSystem")
def _define(place: Place, _folder: Path) -> None:
    domain = define(place)
    tree = defined(place)
    assert (domain.isActive(), domain.maxMemory(), macs(tree)) == (0, 64 << 10, [MAC])
    assert tree.findtext("vcpu") == ("2" if place.kind is MACHINES else "1")
    if place.kind is MACHINES:
        assert sources(tree) == {"vda": str(place.folder / VOLUMES[2]), "hdc": ""}
        assert tree.find("devices/graphics").get("type") == "vnc"
    else:
        assert sources(tree) == {"/": str(place.folder / "root")}
        assert tree.findtext("os/init") == "/init"
    like = call(
        place,
        GUESTS,
        "DefineSystem",
        SystemSettings=mof.system(place, f"{NAME}2"),
        ResourceSettings=[mof.memory(place, 32), mof.adapter(place, OTHER_MAC)],
        ReferenceConfiguration=whole(place),
    )["ResultingSystem"]
    other = etree.fromstring(place.domain(like["Name"]).XMLDesc())
    assert (sources(other), macs(other), other.findtext("memory")) == (sources(tree), [OTHER_MAC], str(32 << 10))


@good(GUESTS, "DestroySystem")
def _destroy(place: Place, _folder: Path) -> None:
    for active in (False, True):
        define(place)
        if active:
            request(place, 2)
        call(place, GUESTS, "DestroySystem", AffectedSystem=guest(place))
        assert NAME not in [each.name() for each in place.hypervisor.listAllDomains()]
        assert guest(place) not in place.conn.EnumerateInstanceNames(place.name("ComputerSystem"))


@good(GUESTS, "AddResourceSettings")
def _add(place: Place, _folder: Path) -> None:
    domain = define(place)
    disk = [mof.disk(place, 1)]
    for active, asked, kind in ((False, disk, "Disk"), (True, [mof.bridged(place, OTHER_MAC)], "Net")):
        if active:
            start(place)
        told = call(place, GUESTS, "AddResourceSettings", AffectedConfiguration=whole(place), ResourceSettings=asked)
        [added] = told["ResultingResourceSettings"]
        assert (added.classname, added.host) == (place.name(f"{kind}ResourceAllocationSettingData"), None)
        assert place.conn.GetInstance(added)["InstanceID"] == added["InstanceID"]
    assert len(sources(defined(place))) == (3 if place.kind is MACHINES else 2)
    for tree in (defined(place), etree.fromstring(domain.XMLDesc())):
        assert macs(tree) == [MAC, OTHER_MAC]


@good(GUESTS, "ModifyResourceSettings")
def _modify(place: Place, _folder: Path) -> None:
    domain = define(place)
    asked = [
        mof.setting(place, "Proc", InstanceID=f"{NAME}/proc", ResourceType=3, VirtualQuantity=1),
        mof.memory(place, 131072),
        mof.adapter(place, OTHER_MAC, InstanceID=f"{NAME}/{MAC}"),
        mof.disk(place, Address=str(place.folder / (VOLUMES[0] if place.kind is MACHINES else "root"))),
    ]
    told = call(place, GUESTS, "ModifyResourceSettings", ResourceSettings=asked)["ResultingResourceSettings"]
    first = "vda" if place.kind is MACHINES else "/"
    assert told == [
        part(place, "Proc", "proc"),
        part(place, "Mem", "mem"),
        part(place, "Net", OTHER_MAC),
        part(place, "Disk", first),
    ]
    assert (domain.maxMemory(), defined(place).findtext("vcpu")) == (131072 << 10, "1")
    assert macs(defined(place)) == [OTHER_MAC]
    assert sources(defined(place))[first] == str(place.folder / (VOLUMES[0] if place.kind is MACHINES else "root"))
    [service] = place.conn.EnumerateInstanceNames(place.name(GUESTS))
    call(place, service, "ModifyResourceSettings", ResourceSettings=[mof.memory(place, 48)])
    assert domain.maxMemory() == 48 << 10


@good(GUESTS, "RemoveResourceSettings")
def _remove(place: Place, _folder: Path) -> None:
    define(place)
    gone = [part(place, "Net", MAC)]
    if place.kind is MACHINES:
        gone += [part(place, "Disk", "vda"), part(place, "Graphics", "vnc")]
        gone += [part(place, "Controller", f"controller:{bus}:0") for bus in ("pci", "usb")]
    for one in gone:
        call(place, GUESTS, "RemoveResourceSettings", ResourceSettings=[one])
    tree = defined(place)
    assert (macs(tree), "vda" in sources(tree), tree.find("devices/graphics")) == ([], False, None)


@good(GUESTS, "ModifySystemSettings")
def _modify_whole(place: Place, _folder: Path) -> None:
    domain = define(place)
    told = place.conn.GetInstance(whole(place))
    changed = pywbem.CIMInstance(
        told.classname, {name: each for name, each in told.properties.items() if each.value is not None}
    )
    changed["AutoStart"] = pywbem.Uint16(1)
    changed["AutomaticRecoveryAction"] = pywbem.Uint16(3)
    call(place, GUESTS, "ModifySystemSettings", SystemSettings=changed)
    assert (domain.autostart(), defined(place).findtext("on_crash")) == (1, "restart")
    request(place, 2)
    changes = {"AutoStart": 0, "AutomaticRecoveryAction": 123}
    call(place, GUESTS, "ModifySystemSettings", SystemSettings=mof.system(place, **changes))
    request(place, 3)
    now = place.conn.GetInstance(whole(place))
    assert (domain.autostart(), defined(place).findtext("on_crash")) == (0, "preserve")
    assert {name: now[name] for name in changes} == changes


@good("ComputerSystem", "RequestStateChange")
def _states(place: Place, _folder: Path) -> None:
    domain = define(place)
    ways = ((2, 2), (9, 9), (2, 2), (10, 2), (11, 2), (9, 9), (11, 2), (3, 3))
    if place.kind is not MACHINES:
        ways = ((2, 2), (9, 9), (2, 2), (10, 2), (3, 3))
    libvirts = {2: libvirt.VIR_DOMAIN_RUNNING, 3: libvirt.VIR_DOMAIN_SHUTOFF, 9: libvirt.VIR_DOMAIN_PAUSED}
    assert place.conn.GetInstance(guest(place))["RequestedState"] == 0
    for asked, enabled in ways:
        if domain.isActive() or asked != 2:
            request(place, asked)
        else:
            start(place)
        now = place.conn.GetInstance(guest(place))
        assert (now["EnabledState"], now["RequestedState"]) == (enabled, asked)
        assert domain.state()[0] == libvirts[enabled]
        if asked == 9:
            with pytest.raises(pywbem.CIMError, match="Domain not running") as refused:
                request(place, 9)
            assert refused.value.status_code == pywbem.CIM_ERR_FAILED
            assert domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED


@good(POOLS, "CreateChildResourcePool")
def _create_pools(place: Place, folder: Path) -> None:
    call(place, POOLS, "CreateChildResourcePool", ElementName=NAME, Settings=[mof.network_pool(place, ForwardMode=1)])
    network = place.hypervisor.networkLookupByName(NAME)
    tree = etree.fromstring(network.XMLDesc())
    assert (network.isActive(), network.isPersistent(), tree.find("forward").get("mode")) == (1, 1, "nat")
    assert dict(tree.find("ip/dhcp/range").attrib) == {"start": "10.98.1.2", "end": "10.98.1.254"}
    call(
        place,
        POOLS,
        "CreateChildResourcePool",
        ElementName=NAME,
        Settings=[mof.disk_pool(place, folder, Autostart=1)],
    )
    made = place.hypervisor.storagePoolLookupByName(NAME)
    assert (made.isActive(), made.isPersistent(), made.autostart()) == (1, 1, 1)
    for kind in ("NetworkPool", "DiskPool"):
        assert place.conn.GetInstance(pool(place, f"{kind}/{NAME}"))["PoolID"] == f"{kind}/{NAME}"


@good(POOLS, "DeleteResourcePool")
def _delete_pools(place: Place, folder: Path) -> None:
    _create_pools(place, folder)
    for kind in ("NetworkPool", "DiskPool"):
        call(place, POOLS, "DeleteResourcePool", Pool=pool(place, f"{kind}/{NAME}"))
        names = [path["InstanceID"] for path in place.conn.EnumerateInstanceNames(place.name(kind))]
        assert f"{kind}/{NAME}" not in names
    there = place.hypervisor
    assert NAME not in [each.name() for each in (*there.listAllNetworks(), *there.listAllStoragePools())]


@good(POOLS, "CreateResourceInPool")
def _create_volumes(place: Place, folder: Path) -> None:
    call(place, POOLS, "CreateChildResourcePool", ElementName=NAME, Settings=[mof.disk_pool(place, folder)])
    for name, format, told_format in (("one.img", 1, "raw"), ("two.img", 2, None)):
        told = call(
            place,
            POOLS,
            "CreateResourceInPool",
            Settings=mof.volume(place, VolumeName=name, FormatType=format),
            Pool=pool(place, f"DiskPool/{NAME}"),
        )
        assert told["Resource"]["InstanceID"] == str(folder / name)
        made = place.hypervisor.storageVolLookupByPath(str(folder / name))
        tree = etree.fromstring(made.XMLDesc())
        assert tree.find("target/format").get("type") == (told_format or tree.find("target/format").get("type"))


@good(POOLS, "DeleteResourceInPool")
def _delete_volumes(place: Place, folder: Path) -> None:
    _create_volumes(place, folder)
    for name in ("one.img", "two.img"):
        gone = mof.setting(place, "Disk", ResourceType=17, Address=str(folder / name))
        call(place, POOLS, "DeleteResourceInPool", Resource=gone, Pool=pool(place, f"DiskPool/{NAME}"))
    assert place.hypervisor.storagePoolLookupByName(NAME).listVolumes() == []
    assert place.hypervisor.storagePoolLookupByName(POOL).listVolumes()
