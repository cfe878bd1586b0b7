"""What a host says that it gives (DSP1043), by pywbem: walked to and back without a dead end, and then asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pywbem
from tests.lab import containers
from tests.system.conftest import Manager, ReturnedError

GIB = 2**30
DEFAULT = (0, 0)
UNITS = ("AllocationUnits", "VirtualQuantityUnits")
NEEDS_MORE = {("MappingBehavior", "3"), ("MappingBehavior", "5")}
"""Choices that go with something else: with the processors to map to."""
MINIMUM, MAXIMUM, INCREMENT = (3, 1), (3, 2), (3, 3)


GENERIC = "VMAN_ResourceAllocationSettingData"
RUN, STOP, PAUSE = 2, 3, 9


def _each(*of: tuple[str, tuple[str, ...]]) -> frozenset[tuple[str, str]]:
    return frozenset((offer, said) for offer, names in of for said in names)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A host, by the fixture of its server; and what is told there, or more."""

    server: str
    defaults: frozenset[str]
    choices: frozenset[tuple[str, str]]
    ranges: frozenset[tuple[str, str]]
    changes: frozenset[str]
    live_changes: frozenset[str]
    """Of an active system."""
    of_the_guest: frozenset[str] = frozenset()
    """Those that need a guest which takes part, or what not every machine can do."""
    classes: frozenset[str]
    removed: frozenset[tuple[str, int]]
    devices: int
    """Of the system that is looked at."""
    is_of_containers: bool = False


_QUANTITIES = _each(
    ("processor", ("VirtualQuantity", "Reservation")),
    ("memory", ("VirtualQuantity", "MaximumVirtualQuantity", "Reservation")),
    ("network", ("ReceiveBandwidthLimit", "TransmitBandwidthLimit")),
)
_CLASSES = frozenset({"VMAN_AllocationMutability", "VMAN_MemoryAllocationRange", "VMAN_MemoryAllocationTemplate"})


def _of_machines(server: str, of_the_guest: Iterable[str] = ()) -> Place:
    return Place(
        server=server,
        defaults=frozenset({"processor", "memory", "disk", "cdrom", "network", "graphics", "video", "rng", "watchdog"}),
        choices=_each(
            ("disk", ("CacheMode", "DiscardMode", "Format", "Access", "Shareable", "ResourceSubType")),
            ("network", ("ResourceSubType", "Connection", "LinkUp")),
            ("disk", ("VirtualResourceBlockSize",)),
            ("watchdog", ("Action",)),
            ("channel", ("Backend",)),
        ),
        ranges=_QUANTITIES
        | _each(("disk", ("VirtualQuantity", "BytesPerSecondLimit", "WriteOperationsPerSecondLimit"))),
        changes=frozenset(
            {
                *("Connection", "ResourceSubType", "VirtualQuantity", "Limit", "Weight", "MappingBehavior"),
                *("CacheMode", "BytesPerSecondLimit", "ReadOperationsPerSecondLimit", "LinkUp"),
            }
        ),
        live_changes=frozenset({"Connection", "Limit", "Weight", "BytesPerSecondLimit"}),
        of_the_guest=frozenset(of_the_guest),
        classes=_CLASSES,
        removed=frozenset({("disk", STOP), ("graphics", STOP), ("watchdog", STOP)}),
        devices=5,
    )


MACHINES = _of_machines("simulated")
CONTAINERS = Place(
    server="on_lxc",
    defaults=frozenset({"processor", "memory", "console"}),
    choices=_each(
        ("processor", ("MappingBehavior",)),
        ("network", ("Connection", "LinkUp")),
        ("console", ("ResourceSubType", "Backend")),
        ("filesystem", ("ResourceSubType",)),
    ),
    ranges=_QUANTITIES,
    changes=frozenset(
        {"Connection", "LinkUp", "VirtualQuantity", "Limit", "Weight", "MappingBehavior", "ResourceSubType"}
    ),
    live_changes=frozenset({"VirtualQuantity", "Limit", "Weight"}),
    of_the_guest=frozenset({"MaximumVirtualQuantity"}),
    classes=_CLASSES,
    removed=frozenset({("filesystem", STOP), ("nic", STOP), ("nic", RUN)}),
    devices=4,
    is_of_containers=True,
)
PLACES = [
    MACHINES,
    pytest.param(_of_machines("on_qemu", ("VirtualQuantity",)), marks=pytest.mark.lab),
    pytest.param(CONTAINERS, marks=pytest.mark.lab),
]


class Harbour(Manager):
    """Of containers: each that it defines has a root beside what is asked for."""

    root: pywbem.CIMInstance
    uri: str

    def define(self, name: str, *settings: pywbem.CIMInstance, **more: Any) -> pywbem.CIMInstanceName:
        has_root = any(setting.get("TargetName") == "/" for setting in settings)
        return super().define(name, *(() if has_root else (self.root,)), *settings, **more)

    def request(self, system: pywbem.CIMInstanceName, state: int) -> int:
        """What libvirt has not heard of when it started is started again (see ``containers.is_known``)."""
        code = super().request(system, state)
        name = self.conn.GetInstance(system)["ElementName"]
        while code == 0 and state == RUN and not containers.is_known(self.uri, name):
            assert super().request(system, STOP) == 0
            code = super().request(system, state)
        return code


@pytest.fixture(params=PLACES, ids=lambda place: place.server)
def place(request) -> Place:
    return request.param


@pytest.fixture
def manager(request, place: Place, tmp_path: Path) -> Iterator[Manager]:
    """Virtual systems on a simulated host, on a real one, and on one of containers."""
    server = request.getfixturevalue(place.server)
    with ExitStack() as opened:
        if not place.is_of_containers:
            yield opened.enter_context(server.manager())
            return
        harbour = opened.enter_context(Harbour(server.connection()))
        harbour.uri = request.getfixturevalue("harbour").container_uri
        harbour.root = harbour.instance(
            GENERIC,
            OtherResourceType="file system",
            ResourceType=1,
            HostResource=[str(containers.root_folder(tmp_path / "root"))],
            TargetName="/",
        )
        yield harbour


@pytest.fixture
def system(manager, place):
    """A defined system with some devices."""
    has = [manager.nic(Connection=["network:quay"]) if place.is_of_containers else manager.nic()]
    if not place.is_of_containers:
        has += [
            manager.instance("VMAN_StorageAllocationSettingData", VirtualQuantity=GIB),
            manager.instance("VMAN_StorageAllocationSettingData", ResourceType=15),
            manager.instance(GENERIC, ResourceType=24, ResourceSubType="vnc"),
        ]
    made = manager.define("walked", *has)
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


def test_from_a_host_to_what_can_be_asked_of_it_and_back(manager, place, system):
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
    assert len(mine) >= place.devices
    for device in mine:
        assert walk.one(device, "CIM_SystemDevice", "PartComponent", "GroupComponent") == _local(system)
        for setting in walk.hop(device, "CIM_SettingsDefineState", "ManagedElement", "SettingData"):
            whole = walk.one(setting, "CIM_VirtualSystemSettingDataComponent", "PartComponent", "GroupComponent")
            assert walk.one(whole, "CIM_SettingsDefineState", "SettingData", "ManagedElement") == _local(system)
            mutable = walk.one(setting, "CIM_ElementCapabilities", "ManagedElement", "Capabilities")
            assert mutable == walk.one(device, "CIM_ElementCapabilities", "ManagedElement", "Capabilities")
            walk.hop(mutable, "CIM_SettingsDefineCapabilities", "GroupComponent", "PartComponent")
    assert walk.one(_local(system), "CIM_HostedDependency", "Dependent", "Antecedent") == host
    assert place.classes <= walk.seen


def _offers(manager):
    """The settings of all that the first host offers, by what they stand for; and the kinds to choose from."""
    for _, *offer in _all_offers(manager):
        yield offer


def _all_offers(manager):
    """With the path of the capabilities before."""
    conn = manager.conn
    [host] = conn.AssociatorNames(manager.service, AssocClass="CIM_HostedService")
    for capabilities in conn.AssociatorNames(
        host, AssocClass="CIM_ElementCapabilities", ResultClass="CIM_AllocationCapabilities"
    ):
        links = conn.References(capabilities, ResultClass="CIM_SettingsDefineCapabilities")
        points = {(link["ValueRole"], link["ValueRange"]): link["PartComponent"] for link in links}
        supported = [link["PartComponent"] for link in links if (link["ValueRole"], link["ValueRange"]) == (3, 0)]
        yield capabilities, capabilities["InstanceID"].split("/")[2], points, supported


def test_every_default_can_be_had(manager, place):
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
    assert place.defaults <= asked
    assert not place.is_of_containers or asked == place.defaults


APART = {"InstanceID", "ElementName", "PoolID", "ResourceType", "OtherResourceType", *UNITS}


def _said(setting):
    """What a setting says of an allocation, beside what it is of and in what units."""
    return {name: setting.properties[name] for name in setting if setting[name] is not None and name not in APART}


def _asked_with(manager, name, points, supported):
    """What choices are made beside: the default; where there is none, the one that has to be named."""
    if DEFAULT in points:
        return manager.conn.GetInstance(points[DEFAULT])
    if name == "filesystem" and isinstance(manager, Harbour):
        return manager.root.copy()
    named = (manager.conn.GetInstance(path) for path in supported)
    return next((setting for setting in named if setting.get("Connection")), None)


def test_every_choice_that_is_offered_can_be_had(manager, place):
    tried, refused = set(), {}
    for name, points, supported in _offers(manager):
        for path in () if name == "floppy" else supported:
            default = _asked_with(manager, name, points, supported)
            if default is None:
                continue
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
    assert place.choices <= tried
    assert not place.is_of_containers or tried == place.choices


LEANING = {"balloon", "floppy", "hostdev", "channel", "redirection", "smartcard", "video", "vsock"}
"""What depends on what else a machine has: one balloon, a controller, a SPICE display; or on devices of its host."""


def test_more_is_given_in_the_states_that_are_told_and_in_no_other(manager):
    conn = manager.conn
    offers = [
        (name, asked, conn.GetInstance(capabilities)["SupportedAddStates"])
        for capabilities, name, points, supported in _all_offers(manager)
        if name not in LEANING and (asked := _asked_with(manager, name, points, supported)) is not None
    ]
    wrong = {}
    for number, states in enumerate(((STOP,), (RUN,), (RUN, PAUSE))):
        system, state = manager.define(f"more-{number}"), states[-1]
        assert [manager.request(system, each) for each in states if each != STOP] == [0] * number
        for name, asked, told in offers:
            [configuration] = conn.AssociatorNames(system, AssocClass="CIM_SettingsDefineState")
            if asked.get("TargetName"):
                asked["TargetName"] = f"/more-{state}"
            try:
                code, _ = conn.InvokeMethod(
                    "AddResourceSettings",
                    manager.service,
                    AffectedConfiguration=configuration,
                    ResourceSettings=[asked],
                )
            except pywbem.CIMError as error:
                code = error.status_description
            if (code == 0) is not (state in told):
                wrong[name, state] = code
        if state != STOP:
            assert manager.request(system, STOP) == 0
        assert manager.destroy(system) == 0
    assert wrong == {}, "\n".join(map(str, wrong.items()))


def test_what_can_be_removed_is_told_of_each(manager, place):
    """Of containers in each state; a guest that does not run its system's devices lets nothing go."""
    conn, wrong, gone = manager.conn, {}, set()
    more = [
        manager.instance(GENERIC, ResourceType=1, OtherResourceType="watchdog"),
        manager.instance(GENERIC, ResourceType=24, ResourceSubType="vnc"),
        manager.instance("VMAN_StorageAllocationSettingData", VirtualQuantity=GIB),
    ]
    if isinstance(manager, Harbour):
        folder = manager.root.copy()
        folder["TargetName"] = "/more"
        more = [folder, manager.nic(Connection=["network:quay"])]
    for number, states in enumerate(((STOP,), (RUN,), (RUN, PAUSE)) if place.is_of_containers else ((STOP,),)):
        system, state = manager.define(f"less-{number}", *more), states[-1]
        assert [manager.request(system, each) for each in states if each != STOP] == [0] * number
        [configuration] = conn.AssociatorNames(system, AssocClass="CIM_SettingsDefineState")
        # From the last, for those that have only numbers move up.
        for path in conn.AssociatorNames(configuration, AssocClass="CIM_VirtualSystemSettingDataComponent")[::-1]:
            [mutability] = conn.Associators(path, AssocClass="CIM_ElementCapabilities")
            setting, name = conn.GetInstance(path), path["InstanceID"].rpartition("/")[2]
            if name.partition(":")[0] in LEANING:
                continue
            try:
                code, _ = conn.InvokeMethod("RemoveResourceSettings", manager.service, ResourceSettings=[path])
            except pywbem.CIMError as error:
                code = error.status_description
            told = state in mutability["SupportedRemoveStates"] and setting.get("TargetName") != "/"
            if (code == 0) is not told:
                wrong[name, state] = code
            elif code == 0:
                gone.add((name.partition(":")[0], state))
        if state != STOP:
            assert manager.request(system, STOP) == 0
        assert manager.destroy(system) == 0
    assert wrong == {}, "\n".join(map(str, wrong.items()))
    assert place.removed <= gone


def test_what_is_beside_the_range_is_refused_naming_it(manager, place):
    looked = set()
    for name, points, supported in _offers(manager):
        if MINIMUM not in points:
            continue
        low, high, step = (_said(manager.conn.GetInstance(points[p])) for p in (MINIMUM, MAXIMUM, INCREMENT))
        assert low.keys() == high.keys() == step.keys()
        before = manager.names()
        for said in low:
            bottom, top, increment = (each[said].value for each in (low, high, step))
            beside = {top + increment, bottom + increment // 2} - {bottom} | ({bottom - 1} if bottom > 1 else set())
            for wrong in beside:
                default = _asked_with(manager, name, points, supported)
                if name in {"processor", "memory"}:
                    default.properties["VirtualQuantity"] = low["VirtualQuantity"]
                default.properties[said] = pywbem.CIMProperty(said, wrong, type=low[said].type)
                with pytest.raises(pywbem.CIMError, match=r"from \d+ to \d+ .* in steps of \d+"):
                    manager.define(f"beside-{name}", default)
            looked.add((name, said))
        assert manager.names() == before
    assert looked >= place.ranges


def _changes(conn, system):
    """What may be said of each allocation of the defined system, beside its InstanceID."""
    [configuration] = conn.AssociatorNames(system, AssocClass="CIM_SettingsDefineState")
    for path in conn.AssociatorNames(configuration, AssocClass="CIM_VirtualSystemSettingDataComponent"):
        [mutability] = conn.AssociatorNames(path, AssocClass="CIM_ElementCapabilities")
        for link in conn.References(mutability, ResultClass="CIM_SettingsDefineCapabilities"):
            said = _said(conn.GetInstance(link["PartComponent"]))
            if link["ValueRange"] != INCREMENT[1]:
                yield from ((path, {name: value}) for name, value in said.items())


def test_every_change_that_is_told_can_be_made(manager, place, system):
    assert place.changes <= _changed(manager, system)


def test_every_change_of_what_runs_can_be_made(manager, place, system):
    """A container takes them at once; a machine's memory is for its guest to give."""
    assert manager.request(system, RUN) == 0
    assert place.live_changes <= _changed(manager, system, without=place.of_the_guest)
    assert manager.request(system, STOP) == 0


def _changed(manager, system, without=frozenset()):
    """Make each change and take it back; what was told to be changeable."""
    told, refused = [*_changes(manager.conn, system)], {}
    seen = {name for _, said in told for name in said}
    for path, said in told:
        [(name, value)] = said.items()
        if name in without:
            continue
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
        back = [name] if "MaximumVirtualQuantity" in without else back
        none = pywbem.CIMProperty(name, 0, type=value.type)
        assert _modify(manager, path, {n: none if before[n] is None else before.properties[n] for n in back}) == 0
    assert refused == {}, "\n".join(map(str, refused.items()))
    return seen


def _modify(manager, path, said):
    setting = pywbem.CIMInstance(path.classname, {"InstanceID": path["InstanceID"]})
    for name, value in said.items():
        setting.properties[name] = pywbem.CIMProperty(name, value.value, type=value.type, is_array=value.is_array)
    return manager.conn.InvokeMethod("ModifyResourceSettings", manager.service, ResourceSettings=[setting])[0]
