"""Limits, weights, reservations and mappings on a real QEMU host, by pywbem, compared with what virsh prints."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
import pywbem

pytestmark = pytest.mark.lab

PROCESSOR, MEMORY = "VMAN_ProcessorAllocationSettingData", "VMAN_MemoryAllocationSettingData"
MIB = 2**20


@pytest.fixture
def server(serve, private_host):
    return serve(private_host.uri)


@pytest.fixture
def manager(server):
    with server.manager() as connected:
        yield connected


@pytest.fixture
def define(manager, server, hypervisor, guest_image):
    """Defines a system with settings; hypervisor removes it afterwards."""
    (server.images / "guest.img").write_bytes(guest_image.read_bytes())

    def call(name, *settings):
        return manager.define(name, manager.disk("guest.img", Access=1), *settings)

    return call


def _settings(manager, system):
    """Settings now, and at the next start, by class."""
    conn = manager.conn
    [now] = conn.AssociatorNames(system, AssocClass="CIM_SettingsDefineState")
    [following] = conn.AssociatorNames(now, AssocClass="CIM_ElementSettingData", ResultRole="SettingData")
    return tuple(
        {p.classname: p for p in conn.Associators(each, AssocClass="CIM_VirtualSystemSettingDataComponent")}
        for each in (now, following)
    )


def _modify(manager, setting, **values):
    named = manager.instance(setting.classname, InstanceID=setting["InstanceID"], **values)
    code, out = manager.conn.InvokeMethod("ModifyResourceSettings", manager.service, ResourceSettings=[named])
    assert code == 0
    return manager.conn.GetInstance(out["ResultingResourceSettings"][0])


def _schedule(host, name, *options):
    lines = host.virsh("schedinfo", name, *options).splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines) if value}


def _xml(host, name, *options):
    return ET.fromstring(host.virsh("dumpxml", name, *options))


def _processors(manager):
    paths = manager.conn.EnumerateInstanceNames("VMAN_HostProcessor")
    found = sorted(paths, key=lambda path: path["DeviceID"])
    return [f"/{pywbem.CIMInstanceName(p.classname, p.keybindings, namespace=p.namespace)}" for p in found]


def test_what_is_defined_reaches_the_hypervisor(manager, private_host, define):
    processors = _processors(manager)
    asked = {"AllocationUnits": "percent", "Limit": 50, "Reservation": 10, "Weight": 300}
    asked |= {"VirtualQuantity": 2, "MappingBehavior": 3, "HostResource": [processors[1], processors[0]]}
    system = define("tuned", manager.instance(PROCESSOR, ResourceType=3, **asked))
    assert manager.request(system, 2) == 0
    told = _schedule(private_host, "tuned")
    assert (told["cpu_shares"], told["global_quota"], told["global_period"]) == ("300", "50000", "100000")
    for options in ((), ("--inactive",)):
        pins = _xml(private_host, "tuned", *options).findall("cputune/vcpupin")
        assert [(pin.get("vcpu"), pin.get("cpuset")) for pin in pins] == [("0", "1"), ("1", "0")]
    for settings in _settings(manager, system):
        found = settings[PROCESSOR]
        assert (found["Limit"], found["Reservation"], found["Weight"]) == (50_000, 10_000, 300)
        assert found["MappingBehavior"] == 3
        assert found["HostResource"] == [processors[1], processors[0]], "one for each, in order"
        assert found["ProcessorArchitecture"] == "DMTF:x86"
    [pool] = [p for p in manager.conn.EnumerateInstances("VMAN_ResourcePool") if p["PoolID"] == "processor"]
    assert pool["Reserved"] == 1, "a tenth of a processor makes one that is not whole any more"


def test_a_running_guest_is_tuned(manager, server, private_host, define):
    system = define("runs")
    assert manager.request(system, 2) == 0
    before = _xml(private_host, "runs", "--inactive")
    now, _following = _settings(manager, system)
    clock = manager.conn.EnumerateInstances("VMAN_HostProcessor")[0]["CurrentClockSpeed"]
    found = _modify(manager, now[PROCESSOR], AllocationUnits="hertz*10^6", Limit=clock // 4, Weight=500)
    told = _schedule(private_host, "runs")
    assert told["cpu_shares"] == "500"
    assert int(told["global_quota"]) == found["Limit"] == pytest.approx(25_000, rel=0.01)
    found = _modify(manager, now[PROCESSOR], HostResource=_processors(manager)[1:2])
    assert found["MappingBehavior"] == 5
    assert "1" in private_host.virsh("vcpupin", "runs").split()[-1]
    found = _modify(manager, now[PROCESSOR], MappingBehavior=2, Limit=0)
    assert (found["MappingBehavior"], found["HostResource"], found["Limit"]) == (2, None, None)
    assert int(_schedule(private_host, "runs")["global_quota"]) == -1

    size = now[MEMORY]["MaximumVirtualQuantity"] * 1024
    found = _modify(manager, now[MEMORY], AllocationUnits="byte", Limit=size + 256 * MIB, Reservation=16 * MIB)
    assert (found["Limit"], found["Reservation"]) == ((size + 256 * MIB) // 1024, 16 * 1024)
    assert f"hard_limit     : {(size + 256 * MIB) // 1024}" in private_host.virsh("memtune", "runs")
    with pytest.raises(pywbem.CIMError, match="hypervisor's own needs"):
        _modify(manager, now[MEMORY], AllocationUnits="byte", Limit=size)
    found = _modify(manager, now[MEMORY], Limit=0)
    assert found["Limit"] is None
    assert "hard_limit     : unlimited" in private_host.virsh("memtune", "runs")
    after = _xml(private_host, "runs", "--inactive")
    assert ET.tostring(after) == ET.tostring(before), "the next start is as it was"
    assert server.mishaps() == []


def test_what_somebody_else_has_set_is_read_and_kept(manager, private_host, define):
    system = define("others", manager.instance(PROCESSOR, ResourceType=3, VirtualQuantity=2))
    [[setting], _] = [[s[PROCESSOR]] for s in _settings(manager, system)]
    private_host.virsh("schedinfo", "others", "--config", "--set", "vcpu_quota=20000", "vcpu_period=50000")
    private_host.virsh("vcpupin", "others", "0", "1", "--config")
    private_host.virsh("memtune", "others", "--config", "--hard-limit", "1048576", "--soft-limit", "524288")
    found = _modify(manager, setting, Weight=77)
    assert found["Limit"] == 80_000, "40 percent for each of two"
    assert found["MappingBehavior"] == 5
    root = _xml(private_host, "others", "--inactive")
    tune = {each.tag: each.text for each in root.find("cputune") if each.text}
    assert tune == {"shares": "77", "quota": "20000", "period": "50000"}
    assert root.findtext("memtune/soft_limit") == "524288"
    _now, following = _settings(manager, system)
    assert following[MEMORY]["Limit"] == 1048576
    found = _modify(manager, following[PROCESSOR], Limit=100_000)
    tune = {each.tag: each.text for each in _xml(private_host, "others", "--inactive").find("cputune") if each.text}
    assert tune == {"shares": "77", "global_quota": "100000", "global_period": "100000"}


def test_huge_pages_stand_in_the_definition(manager, private_host, define):
    asked = {"VirtualQuantity": 64, "AllocationUnits": "byte*2^20", "HugePageSize": 2 * MIB}
    system = define("huge", manager.instance(MEMORY, ResourceType=4, **asked))
    page = _xml(private_host, "huge", "--inactive").find("memoryBacking/hugepages/page")
    assert (page.get("size"), page.get("unit")) == ("2048", "KiB")
    [settings, _] = _settings(manager, system)
    assert settings[MEMORY]["HugePageSize"] == 2 * MIB
    found = _modify(manager, settings[MEMORY], HugePageSize=0)
    assert found["HugePageSize"] is None
    assert _xml(private_host, "huge", "--inactive").find("memoryBacking") is None
