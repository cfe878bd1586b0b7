"""What a host says that it gives (DSP1043), by pywbem: walked to and back without a dead end, and then asked for."""

from __future__ import annotations

import pytest
import pywbem
from tests.system.conftest import ReturnedError

GIB = 2**30
PLACES = ["simulated", pytest.param("on_qemu", marks=pytest.mark.lab)]
DEFAULT = (0, 0)
UNITS = ("AllocationUnits", "VirtualQuantityUnits")
NEEDS_MORE = {("MappingBehavior", "3"), ("MappingBehavior", "5")}
"""Choices that go with something else: with the processors to map to."""
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


APART = {"InstanceID", "ElementName", "PoolID", "ResourceType", "OtherResourceType", *UNITS}


def _said(setting):
    """What a setting says of an allocation, beside what it is of and in what units."""
    return {name: setting.properties[name] for name in setting if setting[name] is not None and name not in APART}


def test_every_choice_that_is_offered_can_be_had(manager):
    tried, refused = set(), {}
    for name, points, supported in _offers(manager):
        if DEFAULT not in points or name == "floppy":
            continue
        for path in supported:
            default = manager.conn.GetInstance(points[DEFAULT])
            said = _said(manager.conn.GetInstance(path))
            chosen, value = next((n, v) for n, v in said.items() if n != "Format" or len(said) == 1)
            if (chosen, str(value.value)) in NEEDS_MORE:
                continue
            default.properties.update(said)
            if chosen == "HugePageSize":
                default["VirtualQuantity"] = pywbem.Uint64(2**20)  # whole pages of any size
            try:
                system = manager.define(f"choice-{name}-{len(tried)}", default)
            except (pywbem.CIMError, ReturnedError) as error:
                refused[name, chosen, str(value.value)] = str(error)
                continue
            tried.add((name, chosen))
            [configuration] = manager.conn.AssociatorNames(system, AssocClass="CIM_SettingsDefineState")
            parts = manager.conn.Associators(configuration, AssocClass="CIM_VirtualSystemSettingDataComponent")
            assert value.value in [part.get(chosen) for part in parts], (name, chosen)
            assert manager.destroy(system) == 0
    assert refused == {}
    assert {
        *(("disk", said) for said in ("CacheMode", "DiscardMode", "Format", "Access", "Shareable", "ResourceSubType")),
        *(("network", said) for said in ("ResourceSubType", "Connection", "LinkUp")),
        *(("disk", "VirtualResourceBlockSize"), ("watchdog", "Action"), ("channel", "Backend")),
    } <= tried


def test_what_is_beside_the_range_is_refused_naming_it(manager):
    looked = set()
    for name, points, _ in _offers(manager):
        if MINIMUM not in points:
            continue
        low, high, step = (_said(manager.conn.GetInstance(points[p])) for p in (MINIMUM, MAXIMUM, INCREMENT))
        assert low.keys() == high.keys() == step.keys()
        before = manager.names()
        for said in low:
            bottom, top, increment = (each[said].value for each in (low, high, step))
            beside = {top + increment, bottom + increment // 2} - {bottom} | ({bottom - 1} if bottom > 1 else set())
            for wrong in beside:
                default = manager.conn.GetInstance(points[DEFAULT])
                if name in {"processor", "memory"}:
                    default.properties["VirtualQuantity"] = low["VirtualQuantity"]
                default.properties[said] = pywbem.CIMProperty(said, wrong, type=low[said].type)
                with pytest.raises(pywbem.CIMError, match=r"from \d+ to \d+ .* in steps of \d+"):
                    manager.define(f"beside-{name}", default)
            looked.add((name, said))
        assert manager.names() == before
    assert looked >= {
        *(("processor", said) for said in ("VirtualQuantity", "Reservation")),
        *(("memory", said) for said in ("VirtualQuantity", "MaximumVirtualQuantity", "Reservation")),
        *(("disk", said) for said in ("VirtualQuantity", "BytesPerSecondLimit", "WriteOperationsPerSecondLimit")),
        *(("network", said) for said in ("ReceiveBandwidthLimit", "TransmitBandwidthLimit")),
    }


def _changes(conn, system):
    """What may be said of each allocation of the defined system, beside its InstanceID."""
    [configuration] = conn.AssociatorNames(system, AssocClass="CIM_SettingsDefineState")
    for path in conn.AssociatorNames(configuration, AssocClass="CIM_VirtualSystemSettingDataComponent"):
        [mutability] = conn.AssociatorNames(path, AssocClass="CIM_ElementCapabilities")
        for link in conn.References(mutability, ResultClass="CIM_SettingsDefineCapabilities"):
            said = _said(conn.GetInstance(link["PartComponent"]))
            if link["ValueRange"] != INCREMENT[1]:
                yield from ((path, {name: value}) for name, value in said.items())


def test_every_change_that_is_told_can_be_made(manager, system):
    told, refused = [*_changes(manager.conn, system)], {}
    seen = {name for _, said in told for name in said}
    assert {
        *("Connection", "ResourceSubType", "VirtualQuantity", "Limit", "Weight", "MappingBehavior", "CacheMode"),
        *("BytesPerSecondLimit", "ReadOperationsPerSecondLimit", "LinkUp"),
    } <= seen
    for path, said in told:
        [(name, value)] = said.items()
        before, change = manager.conn.GetInstance(path), dict(said)
        if name == "MaximumVirtualQuantity":
            change["VirtualQuantity"] = value
        try:
            code = _modify(manager, path, change)
        except pywbem.CIMError as error:
            code = error.status_description
        if code:
            refused[path["InstanceID"], name, str(value.value)] = code
            continue
        shown = manager.conn.GetInstance(path)[name]
        assert (shown or 0) == value.value, (path, name)
        back = [name] if not name.endswith("VirtualQuantity") else ["VirtualQuantity", "MaximumVirtualQuantity"]
        none = pywbem.CIMProperty(name, 0, type=value.type)
        assert _modify(manager, path, {n: none if before[n] is None else before.properties[n] for n in back}) == 0
    assert refused == {}


def _modify(manager, path, said):
    setting = pywbem.CIMInstance(path.classname, {"InstanceID": path["InstanceID"]})
    for name, value in said.items():
        setting.properties[name] = pywbem.CIMProperty(name, value.value, type=value.type, is_array=value.is_array)
    return manager.conn.InvokeMethod("ModifyResourceSettings", manager.service, ResourceSettings=[setting])[0]
