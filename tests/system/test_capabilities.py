"""What a host says that it gives (DSP1043), by pywbem: walked to and back without a dead end, and then asked for."""

from __future__ import annotations

import pytest
import pywbem
from tests.system.conftest import ReturnedError

GIB = 2**30
PLACES = ["simulated", pytest.param("on_qemu", marks=pytest.mark.lab)]
DEFAULT = (0, 0)
MINIMUM, MAXIMUM, INCREMENT = (3, 1), (3, 2), (3, 3)


@pytest.fixture(params=PLACES)
def manager(request):
    """Virtual systems on a simulated host, and on a real one."""
    server = request.getfixturevalue(request.param)
    with server.manager() as connected:
        yield connected


@pytest.fixture
def system(manager):
    """A defined system with some devices."""
    made = manager.define(
        "walked",
        manager.instance("VMAN_StorageAllocationSettingData", VirtualQuantity=GIB),
        manager.instance("VMAN_StorageAllocationSettingData", ResourceType=15),
        manager.nic(),
        manager.instance("VMAN_ResourceAllocationSettingData", ResourceType=24, ResourceSubType="vnc"),
    )
    yield made
    assert manager.destroy(made) == 0


class Walk:
    """Goes along associations, and at each hop looks whether it leads back."""

    def __init__(self, conn: pywbem.WBEMConnection) -> None:
        self.conn = conn
        self.seen: set[str] = set()

    def hop(self, start, association, role, result_role, result_class=None):
        found = self._far(start, AssocClass=association, Role=role, ResultRole=result_role, ResultClass=result_class)
        references = self.conn.References(start, ResultClass=association, Role=role)
        assert set(found) <= {_local(reference[result_role]) for reference in references}
        assert {_local(reference[role]) for reference in references} <= {start}
        for far in found:
            assert start in self._far(far, AssocClass=association, Role=result_role, ResultRole=role)
            self.seen.add(far.classname)
        return found

    def _far(self, start, **filters):
        return [_local(path) for path in self.conn.AssociatorNames(start, **filters)]

    def one(self, *arguments):
        [found] = self.hop(*arguments)
        return found


def _local(path):
    return pywbem.CIMInstanceName(path.classname, path.keybindings, namespace=path.namespace)


def test_from_a_host_to_what_can_be_asked_of_it_and_back(manager, system):
    conn, walk = manager.conn, Walk(manager.conn)
    [host] = [_local(h) for h in conn.AssociatorNames(system, AssocClass="CIM_HostedDependency")]
    devices = set()
    for pool in walk.hop(host, "CIM_HostedResourcePool", "GroupComponent", "PartComponent"):
        for setting in walk.hop(pool, "CIM_ResourceAllocationFromPool", "Antecedent", "Dependent"):
            assert walk.one(setting, "CIM_ResourceAllocationFromPool", "Dependent", "Antecedent") == pool
        devices |= set(walk.hop(pool, "CIM_ElementAllocatedFromPool", "Antecedent", "Dependent", "CIM_LogicalDevice"))
        for capabilities in walk.hop(pool, "CIM_ElementCapabilities", "ManagedElement", "Capabilities"):
            settings = walk.hop(capabilities, "CIM_SettingsDefineCapabilities", "GroupComponent", "PartComponent")
            assert settings
            assert walk.one(settings[0], "CIM_SettingsDefineCapabilities", "PartComponent", "GroupComponent") == (
                capabilities
            )
    mine = [d for d in devices if d["SystemName"] == system["Name"]]
    assert len(mine) >= 5  # a processor, memory, a disk, a drive and an adapter at least
    for device in mine:
        assert walk.one(device, "CIM_SystemDevice", "PartComponent", "GroupComponent") == _local(system)
        for setting in walk.hop(device, "CIM_SettingsDefineState", "ManagedElement", "SettingData"):
            whole = walk.one(setting, "CIM_VirtualSystemSettingDataComponent", "PartComponent", "GroupComponent")
            assert walk.one(whole, "CIM_SettingsDefineState", "SettingData", "ManagedElement") == _local(system)
            mutable = walk.one(setting, "CIM_ElementCapabilities", "ManagedElement", "Capabilities")
            assert mutable == walk.one(device, "CIM_ElementCapabilities", "ManagedElement", "Capabilities")
            walk.hop(mutable, "CIM_SettingsDefineCapabilities", "GroupComponent", "PartComponent")
    assert walk.one(_local(system), "CIM_HostedDependency", "Dependent", "Antecedent") == host
    assert {"VMAN_AllocationMutability", "VMAN_MemoryAllocationRange", "VMAN_MemoryAllocationTemplate"} <= walk.seen


def _offers(manager):
    """The settings of all that the first host offers, by what they stand for."""
    conn = manager.conn
    [host] = conn.AssociatorNames(manager.service, AssocClass="CIM_HostedService")
    for capabilities in conn.AssociatorNames(
        host, AssocClass="CIM_ElementCapabilities", ResultClass="CIM_AllocationCapabilities"
    ):
        links = conn.References(capabilities, ResultClass="CIM_SettingsDefineCapabilities")
        points = {(link["ValueRole"], link["ValueRange"]): link["PartComponent"] for link in links}
        supported = [link["PartComponent"] for link in links if (link["ValueRole"], link["ValueRange"]) == (3, 0)]
        yield capabilities["InstanceID"].split("/")[2], points, supported


def test_every_default_can_be_had(manager):
    asked, refused = set(), {}
    for name, points, _ in _offers(manager):
        if DEFAULT not in points:
            continue
        try:
            system = manager.define(f"default-{name}", manager.conn.GetInstance(points[DEFAULT]))
        except (pywbem.CIMError, ReturnedError) as error:
            refused[name] = str(error)
            continue
        asked.add(name)
        assert manager.destroy(system) == 0
    assert refused == {}
    assert {"processor", "memory", "disk", "cdrom", "network", "graphics", "video", "rng", "watchdog"} <= asked


def test_every_kind_that_is_supported_can_be_had(manager):
    tried, refused = 0, {}
    for name, points, supported in _offers(manager):
        if DEFAULT not in points or name == "floppy":
            continue
        default = manager.conn.GetInstance(points[DEFAULT])
        for path in supported:
            default["ResourceSubType"] = manager.conn.GetInstance(path)["ResourceSubType"]
            tried += 1
            try:
                system = manager.define(f"kind-{tried}", default)
            except (pywbem.CIMError, ReturnedError) as error:
                refused[name, default["ResourceSubType"]] = str(error)
                continue
            assert manager.destroy(system) == 0
    assert refused == {}
    assert tried > 10


def test_what_is_beside_the_range_is_refused_naming_it(manager):
    looked = 0
    for name, points, _ in _offers(manager):
        if MINIMUM not in points:
            continue
        default, low, high, step = (manager.conn.GetInstance(points[p]) for p in (DEFAULT, MINIMUM, MAXIMUM, INCREMENT))
        before = manager.names()
        for wrong in (
            low["VirtualQuantity"] - 1,
            high["VirtualQuantity"] + step["VirtualQuantity"],
            low["VirtualQuantity"] + step["VirtualQuantity"] // 2 if step["VirtualQuantity"] > 1 else 0,
        ):
            default["VirtualQuantity"] = pywbem.Uint64(wrong)
            with pytest.raises(pywbem.CIMError, match=r"from \d+ to \d+ .* in steps of \d+"):
                manager.define(f"beside-{name}", default)
        assert manager.names() == before
        looked += 1
    assert looked == 3


def _changes(conn, system):
    """What may be said of each allocation of the defined system, beside its InstanceID."""
    [configuration] = conn.AssociatorNames(system, AssocClass="CIM_SettingsDefineState")
    for path in conn.AssociatorNames(configuration, AssocClass="CIM_VirtualSystemSettingDataComponent"):
        [mutability] = conn.AssociatorNames(path, AssocClass="CIM_ElementCapabilities")
        for link in conn.References(mutability, ResultClass="CIM_SettingsDefineCapabilities"):
            setting = conn.GetInstance(link["PartComponent"])
            names = [n for n in ("Connection", "ResourceSubType", "VirtualQuantity") if setting.get(n) is not None]
            if link["ValueRange"] != INCREMENT[1]:
                yield path, {name: setting.properties[name] for name in names}


def test_every_change_that_is_told_can_be_made(manager, system):
    told, refused = [*_changes(manager.conn, system)], {}
    seen = {tuple(said) for _, said in told}
    assert seen == {("Connection",), ("ResourceSubType",), ("VirtualQuantity",)}
    for path, said in told:
        setting = pywbem.CIMInstance(path.classname, {"InstanceID": path["InstanceID"]})
        setting.properties.update(said)
        try:
            code, _ = manager.conn.InvokeMethod("ModifyResourceSettings", manager.service, ResourceSettings=[setting])
        except pywbem.CIMError as error:
            refused[path["InstanceID"], *(p.value for p in said.values())] = error.status_description
        else:
            if code:
                refused[path["InstanceID"], *(p.value for p in said.values())] = code
    assert refused == {}
