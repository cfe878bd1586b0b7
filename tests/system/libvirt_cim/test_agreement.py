"""One domain, two views: what root/virt and root/vman both tell of it, they tell alike, and as libvirt does."""

from __future__ import annotations

from typing import Any

import pytest
import pywbem
from lxml import etree
from tests.system.conftest import Manager, eventually
from tests.system.libvirt_cim.place import CONTAINERS, POOL, Place, running
from tests.system.libvirt_cim.shared_facts import DEVICES, GUEST, POOLS, SETTINGS, WHOLE, Alike, told

pytestmark = pytest.mark.lab

STATES = (2, 3, 9, 10, 11)
"""What libvirt-cim's clients ask for."""


@pytest.fixture
def manager(place):
    with place.server.manager() as connected:
        yield connected


def guest_here(place: Place, name: str) -> pywbem.CIMInstance:
    key = place.path("ComputerSystem", CreationClassName=place.name("ComputerSystem"), Name=name)
    return place.conn.GetInstance(key)


def system_there(place: Place, manager: Manager, name: str) -> pywbem.CIMInstance:
    return manager.systems()[place.domain(name).UUIDString()]


def disagreements(facts: Any, here: pywbem.CIMInstance, there: pywbem.CIMInstance) -> dict[str, tuple[Any, Any]]:
    found = {fact: (told(here, one), told(there, other)) for fact, (one, other) in facts.items()}
    return {fact: both for fact, both in found.items() if both[0] != both[1]}


def paired(
    rule: Alike, place: Place, here: list[pywbem.CIMInstance], there: list[pywbem.CIMInstance]
) -> list[tuple[pywbem.CIMInstance, pywbem.CIMInstance]]:
    """Those that are about the same; neither view has any that the other has not."""
    ours = {told(each, rule.keys[0]): each for each in here if each.classname == place.name(rule.here)}
    theirs = {told(each, rule.keys[1]): each for each in there if each.classname == rule.there and rule.fits(each)}
    assert len(theirs) >= rule.least[place.kind is CONTAINERS]
    if rule.least[place.kind is CONTAINERS]:
        assert theirs.keys() <= ours.keys()
    return [(ours[key], theirs[key]) for key in theirs]


@pytest.mark.parametrize("name", ["resting", "active"])
def test_a_guest_and_its_settings(place, manager, name):
    here, there = guest_here(place, name), system_there(place, manager, name)
    assert disagreements(GUEST, here, there) == {}
    domain = place.domain(name)
    assert (here["Name"], here["UUID"], here["EnabledState"]) == (
        domain.name(),
        domain.UUIDString(),
        2 if domain.isActive() else 3,
    )
    [able] = place.conn.Associators(here.path, AssocClass=place.name("ElementCapabilities"))
    [offered] = manager.conn.Associators(there.path, AssocClass="VMAN_ElementCapabilities")
    asked = [state for state in offered["RequestedStatesSupported"] if state in STATES]
    assert able["RequestedStatesSupported"] == asked
    [whole] = place.conn.Associators(here.path, AssocClass=place.name("SettingsDefineState"))
    [configuration] = manager.conn.Associators(there.path, AssocClass="VMAN_SettingsDefineState")
    assert disagreements(WHOLE, whole, configuration) == {}
    assert bool(whole["AutoStart"]) == bool(domain.autostart()) == (name == place.resting)
    parts = place.conn.Associators(whole.path, AssocClass=place.name("VirtualSystemSettingDataComponent"))
    others = manager.conn.Associators(configuration.path, AssocClass="VMAN_VirtualSystemSettingDataComponent")
    seen = 0
    for rule in SETTINGS:
        for one, other in paired(rule, place, parts, others):
            assert disagreements(rule.facts, one, other) == {}, one.path
            seen += 1
    assert seen == len(parts), "each setting of root/virt is compared"


@pytest.mark.parametrize("name", ["resting", "active"])
def test_devices(place, manager, name):
    here, there = guest_here(place, name), system_there(place, manager, name)
    ours = place.conn.Associators(here.path, AssocClass=place.name("SystemDevice"))
    theirs = manager.conn.Associators(there.path, AssocClass="VMAN_SystemDevice")
    for rule in DEVICES:
        for one, other in paired(rule, place, ours, theirs):
            assert disagreements(rule.facts, one, other) == {}, one.path
    tree = place.xml(name)
    assert {each["DeviceID"].partition("/")[2] for each in ours if each.classname == place.name("NetworkPort")} == {
        each.get("address") for each in tree.findall("devices/interface/mac")
    }
    assert len([each for each in ours if each.classname == place.name("Processor")]) == int(tree.findtext("vcpu"))


@pytest.mark.parametrize("state", [2, 3, 9, 10, 11])
def test_what_is_asked_of_one_view_both_tell(place, manager, state):
    """Also what a host of containers refuses: then nothing has changed in either."""
    before = guest_here(place, place.active)  # which waits for what libvirt has to tell: root/vman does not
    there = system_there(place, manager, place.active)
    code = manager.request(there.path, state)
    assert (code == 0) == (state in there["AvailableRequestedStates"])
    here, there = guest_here(place, place.active), system_there(place, manager, place.active)
    assert disagreements(GUEST, here, there) == {}
    if code != 0:
        assert here.properties == before.properties


def test_screens(machines):
    place = machines
    running(place)
    endpoints = place.server.connection("root/vman").EnumerateInstances("VMAN_TCPProtocolEndpoint")
    uuid = place.domain(place.active).UUIDString()
    [port] = [each["PortNumber"] for each in endpoints if each["Name"] == f"{uuid}/graphics:vnc"]
    [screen] = [p for p in place.conn.EnumerateInstanceNames("KVM_KVMRedirectionSAP") if p["SystemName"] == "active"]
    assert screen["Name"] == f"{port}:0"
    [display] = [p for p in place.conn.EnumerateInstances("KVM_DisplayController") if p["SystemName"] == "active"]
    assert display["VideoProcessor"] == f"vnc/127.0.0.1:{port}"
    assert guest_here(place, place.active)["Caption"].endswith(f":{port})")
    assert place.xml(place.active).find("devices/graphics").get("port") == str(port)


def test_pools(place, manager):
    """What a storage pool has taken changes all the time, so it is asked again until both were asked in between."""

    def wrong() -> dict[str, Any]:
        theirs = {each["PoolID"]: each for each in manager.conn.EnumerateInstances("VMAN_ResourcePool")}
        found = {}
        for ours, (other, facts) in POOLS.items():
            name = ours.format(storage=POOL)
            here = place.conn.GetInstance(place.path(name.partition("/")[0], InstanceID=name))
            found[name] = disagreements(facts, here, theirs[other.format(storage=POOL)])
        return {name: each for name, each in found.items() if each}

    eventually("both views tell the same of pools", lambda: wrong() == {})
    info = place.hypervisor.storagePoolLookupByName(POOL).info()
    shown = place.conn.GetInstance(place.path("DiskPool", InstanceID=f"DiskPool/{POOL}"))
    assert shown["Capacity"] == info[1] >> 20
    assert shown["Path"] == etree.fromstring(place.hypervisor.storagePoolLookupByName(POOL).XMLDesc()).findtext(
        "target/path"
    )
    memory = place.conn.GetInstance(place.path("MemoryPool", InstanceID="MemoryPool/0"))
    assert memory["CurrentlyConsumedResource"] == place.domain(place.active).maxMemory()


def test_the_host(place, manager):
    [here] = place.conn.EnumerateInstances(place.name("HostSystem"))
    [there] = manager.conn.EnumerateInstances("VMAN_HostSystem")
    assert here["Name"] == there["ElementName"] == place.host
    [service] = place.conn.EnumerateInstances(place.name("VirtualSystemManagementService"))
    assert service["Caption"] == there["Caption"]
