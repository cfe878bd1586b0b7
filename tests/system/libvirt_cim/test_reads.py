"""Every class of libvirt-cim's schema on real hosts: what is enumerated, got, and joined both ways."""

from __future__ import annotations

from collections import Counter

import pytest
import pywbem
from tests.system.libvirt_cim.classes import (
    ALL,
    ASSOCIATIONS,
    INDICATIONS,
    INSTANCES,
    INTEROP,
    NEVER,
    SETTING,
    TEMPLATES,
    VIRT,
    Row,
    names,
    shown,
)
from tests.system.libvirt_cim.joins import JOINS
from tests.system.libvirt_cim.place import FILTER, NESTED, NETWORK, POOL, VOLUMES, Place, here

pytestmark = pytest.mark.lab

ROWS = {row.name: row for row in INSTANCES}
BY_POOL = "SettingsDefineCapabilities"
"""What may be asked of pools has no paths of its own, so what joins it to them has none."""
NAMESPACE_OF = {"ReferencedProfile": INTEROP, "ElementConformsToProfile": INTEROP}
CHANGING = {"DiskPool": "Reserved"}
"""What of the host's own may change between two reads."""
POINTS = ("Default", "Minimum", "Maximum", "Increment")
COUNTS = {
    "ProcessorPool/0": 4,
    "MemoryPool/0": 4,
    f"NetworkPool/{NETWORK}": 40,
    "NetworkPool/0": 20,
    f"DiskPool/{POOL}": 4 * len(VOLUMES) + 4 + 4 + 8,
    "DiskPool/0": 28,
    "ControllerPool/0": 0,
}
"""How many templates the pools of a host of machines have."""
FAMILIES = ("KVM", "LXC", "Xen")


def enumerated(place: Place, row: Row) -> list[pywbem.CIMInstanceName]:
    return place.enumerated(row.name, row.namespace)


def alike(one: pywbem.CIMInstance, other: pywbem.CIMInstance) -> bool:
    """In their class, and property for property: NULL is NULL."""
    changing = CHANGING.get(one.classname.partition("_")[2])
    told = [{name: each for name, each in i.properties.items() if name != changing} for i in (one, other)]
    return one.classname == other.classname and told[0] == told[1]


def test_every_class_is_driven(place):
    """What the server has and no table names, or the other way round."""
    declared = {
        name.removeprefix(f"{place.kind.prefix}_")
        for namespace in (VIRT, INTEROP)
        for name in place.conn.EnumerateClassNames(namespace=namespace, DeepInheritance=True)
        if name.startswith(f"{place.kind.prefix}_")
    }
    assert declared == set(ALL)
    assert Counter(ALL).most_common(1)[0][1] == 1
    assert {join.association for join in JOINS} | {"ConcreteComponent"} == set(ASSOCIATIONS)
    assert {end for join in JOINS for end in (join.left, join.right)} == {
        row.name for row in INSTANCES if not row.base_of
    }


@pytest.mark.parametrize("row", INSTANCES, ids=lambda row: row.name)
def test_what_is_enumerated_is_got(place, row):
    paths = enumerated(place, row)
    assert Counter(shown(path) for path in paths) == Counter(names(row, place))
    assert {path.classname for path in paths} <= {place.name(name) for name in row.base_of or (row.name,)}
    whole = place.conn.EnumerateInstances(place.name(row.name), namespace=row.namespace, LocalOnly=False)
    assert here(each.path for each in whole) == paths
    for path, enumerated_instance in zip(paths, whole, strict=True):
        got = place.got(path)
        assert here([got.path]) == [path]
        assert alike(got, enumerated_instance)
        for name, key in path.keybindings.items():
            assert got[name] == key


@pytest.mark.parametrize("name", [*TEMPLATES, *NEVER, *INDICATIONS])
def test_classes_without_instances(place, name):
    assert place.conn.EnumerateInstanceNames(place.name(name)) == []
    assert place.conn.EnumerateInstances(place.name(name)) == []
    with pytest.raises(pywbem.CIMError) as refused:
        place.conn.GetInstance(place.path(name, InstanceID="Default"))
    assert refused.value.status_code in {pywbem.CIM_ERR_NOT_FOUND, pywbem.CIM_ERR_INVALID_PARAMETER}


def test_a_class_of_another_hypervisor_answers_nothing(place):
    others = [family for family in FAMILIES if family != place.kind.prefix]
    asked = [(f"{family}_{name}", namespace) for family in others for name in ALL for namespace in (VIRT, INTEROP)]
    found = {one: place.conn.EnumerateInstanceNames(one[0], namespace=one[1]) for one in asked}
    assert {one: paths for one, paths in found.items() if paths} == {}


def far_ends(place: Place, association: str, near: str, name: str) -> set[tuple[str, str]]:
    """The classes and names of what an association joins to an instance, as the tables say."""
    found = set()
    for join in JOINS:
        if join.association == association and near == join.left:
            found |= {(join.right, far) for far in names(ROWS[join.right], place) if join.relation(name, far)}
        if join.association == association and near == join.right and not join.one_way:
            found |= {(join.left, far) for far in names(ROWS[join.left], place) if join.relation(far, name)}
    return found


@pytest.mark.parametrize("association", ASSOCIATIONS)
def test_what_is_joined_is_found_from_both_ends(place, association):
    """Each as it is when it is got."""
    ends = {end for join in JOINS if join.association == association for end in (join.left, join.right)}
    for near in sorted(ends):
        for path in enumerated(place, ROWS[near]):
            expected = far_ends(place, association, near, shown(path))
            found = place.conn.Associators(path, AssocClass=place.name(association))
            paths = here(each.path for each in found)
            assert Counter((each.classname, shown(each)) for each in paths) == Counter(
                (place.name(far), name) for far, name in expected
            ), path
            if path == enumerated(place, ROWS[near])[-1]:
                named = place.conn.AssociatorNames(path, AssocClass=place.name(association))
                assert here(named) == paths
            for each in found:
                assert alike(place.got(here([each.path])[0]), each), each.path


@pytest.mark.parametrize("association", sorted({*ASSOCIATIONS} - {BY_POOL}))
def test_associations_are_instances(place, association):
    """As many as there are pairs. Each is got, and is among the references of both its ends."""
    namespace = NAMESPACE_OF.get(association, VIRT)
    paths = place.enumerated(association, namespace)
    joined = [join for join in JOINS if join.association == association]
    assert len(paths) == sum(
        join.relation(one, other)
        for join in joined
        for one in names(ROWS[join.left], place)
        for other in names(ROWS[join.right], place)
    )
    for path in paths[:: max(1, len(paths) // 4)]:
        assert here([place.got(path).path]) == [path]
        for role, end in path.keybindings.items():
            needed = {"Role": role} if any(join.one_way for join in joined) else {}
            links = place.conn.ReferenceNames(end, ResultClass=place.name(association), **needed)
            assert path.keybindings in [link.keybindings for link in links]


def test_a_list_that_another_refers_to_is_found_by_its_role(place):
    """Who says no role looks for what a list refers to, and counts it."""
    [inner] = [path for path in place.enumerated("FilterList") if path["Name"] == NESTED]
    nested = {"AssocClass": place.name("NestedFilterList")}
    assert place.conn.AssociatorNames(inner, **nested) == []
    assert [path["Name"] for path in place.conn.AssociatorNames(inner, Role="Dependent", **nested)] == [FILTER]


def templates(place: Place, pool: str) -> list[pywbem.CIMInstance]:
    capabilities = place.path("AllocationCapabilities", InstanceID=pool)
    return place.conn.Associators(capabilities, AssocClass=place.name(BY_POOL))


def test_what_may_be_asked_of_pools_is_told_by_their_capabilities(place):
    """Each as often as the others; none can be got by itself."""
    told = set()
    for path in place.enumerated("AllocationCapabilities"):
        found = templates(place, path["InstanceID"])
        points = Counter(next(p for p in POINTS if p in each["InstanceID"]) for each in found)
        assert len(set(points.values())) <= 1, path
        told |= {each.classname.removeprefix(f"{place.kind.prefix}_") for each in found}
        for each in found[:4]:
            with pytest.raises(pywbem.CIMError) as refused:
                place.conn.GetInstance(here([each.path])[0])
            assert refused.value.status_code == pywbem.CIM_ERR_NOT_FOUND
    assert set(TEMPLATES) <= told <= {*TEMPLATES, *ROWS[SETTING].base_of}


@pytest.mark.parametrize(("pool", "count"), COUNTS.items())
def test_how_much_may_be_asked_of_machines_pools(machines, pool, count):
    assert len(templates(machines, pool)) == count


def test_nothing_else_is_joined(place):
    """Who names no association finds what all of them join, and no more."""
    for row in INSTANCES:
        for path in enumerated(place, row) if not row.base_of else ():
            expected = {
                (place.name(far), name)
                for association in ASSOCIATIONS
                for far, name in far_ends(place, association, row.name, shown(path))
            }
            found = {(each.classname, shown(each)) for each in place.conn.AssociatorNames(path)}
            if row.name == "AllocationCapabilities":
                found = {each for each in found if not each[0].endswith("SettingData")}
            assert found == expected, path


def test_the_console_service_affects_things_in_order(place):
    """Of each guest itself, what points, and then its screen; those of a class as they are enumerated."""
    [service] = place.enumerated("ConsoleRedirectionService")
    found = here(place.conn.AssociatorNames(service, AssocClass=place.name("ServiceAffectsElement")))
    classes = [place.name(name) for name in ("ComputerSystem", "PointingDevice", "DisplayController")]
    for guest in place.guests:
        of_guest = [
            each.classname
            for each in found
            if guest in (each.keybindings.get("SystemName"), each.keybindings.get("Name"))
        ]
        assert of_guest == sorted(of_guest, key=classes.index)
        assert of_guest[0] == classes[0]
    for name in classes:
        own = [each for each in found if each.classname == name]
        assert own == here(place.conn.EnumerateInstanceNames(name))


def test_one_server_shows_both_kinds(machines, container_host, serve):
    """Each under its own names, though their guests are called alike."""
    server = serve(machines.kind.uri(machines.private), container_host.kind.uri(container_host.private))
    conn = server.connection("root/virt")
    for place in (machines, container_host):
        for row in INSTANCES:
            paths = conn.EnumerateInstanceNames(place.name(row.name), namespace=row.namespace)
            assert here(paths) == here(place.conn.EnumerateInstanceNames(place.name(row.name), namespace=row.namespace))
            for path in here(paths[:2]):
                assert here([conn.GetInstance(path).path]) == [path]
    everything = conn.EnumerateInstanceNames("CIM_ComputerSystem")
    of_guests = sorted(
        (path.classname, path["Name"]) for path in everything if path.classname.endswith("_ComputerSystem")
    )
    assert of_guests == sorted(
        (p.name("ComputerSystem"), guest) for p in (machines, container_host) for guest in p.guests
    )
    conn.close()
