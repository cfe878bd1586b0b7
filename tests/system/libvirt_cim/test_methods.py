"""Each method of libvirt-cim on real hosts, with good and with bad input."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libvirt
import pytest
import pywbem
from lxml import etree
from tests.system.libvirt_cim.bad_calls import BAD, FAILED, INVALID, NOT_SUPPORTED
from tests.system.libvirt_cim.calls import POOLS, guest, picture, request, whole
from tests.system.libvirt_cim.classes import ALL, INSTANCES, VIRT
from tests.system.libvirt_cim.good_calls import GOOD
from tests.system.libvirt_cim.mof import MAC, NAME
from tests.system.libvirt_cim.place import CONTAINERS, FILTER, MACHINES, NESTED, Place

pytestmark = pytest.mark.lab

HAVE_INSTANCES = {row.name: row.namespace for row in INSTANCES}
UNKNOWN = {(POOLS, "AddResourcesToResourcePool"): (FAILED, "Unknown Method")}
"""What libvirt-cim refuses in other words."""
SNAPSHOTS, MIGRATIONS = "VirtualSystemSnapshotService", "VirtualSystemMigrationService"


@pytest.fixture
def kept(place: Place) -> Iterator[Place]:
    """A place, where what a test makes under its name is gone afterwards."""
    yield place
    there = place.hypervisor
    made: list[Any] = [each for each in there.listAllDomains() if each.name().startswith(NAME)]
    made += [each for each in (*there.listAllNetworks(), *there.listAllStoragePools()) if each.name() == NAME]
    made += [each for each in there.listAllNWFilters() if each.name() == NAME]
    for each in made:
        if not isinstance(each, libvirt.virNWFilter) and each.isActive():
            each.destroy()
        each.undefine()


def declared(place: Place) -> set[tuple[str, str]]:
    """The methods of all classes, as the server declares them."""
    found = set()
    for name in ALL:
        namespace = HAVE_INSTANCES.get(name, VIRT)
        of_class = place.name(name)
        methods = place.conn.GetClass(of_class, namespace, LocalOnly=False, IncludeQualifiers=False).methods
        found |= {(name, method) for method in methods}
    return found


def test_every_method_is_driven(place):
    """Well and badly, or it is not supported; what the tables name is there."""
    done = {(row.class_name, row.method) for row in BAD}
    assert done == GOOD.keys()
    assert done <= declared(place)
    for name, method in sorted(declared(place) - done):
        expected = UNKNOWN.get(
            (name, method), (NOT_SUPPORTED if place.enumerated(name, HAVE_INSTANCES.get(name, VIRT)) else INVALID, "")
        )
        assert refused(place, name, method) == expected, (name, method)


def refused(place: Place, name: str, method: str) -> tuple[int, str]:
    """How a method is: on a class where there is no instance, or the class has one."""
    paths = place.enumerated(name, HAVE_INSTANCES.get(name, VIRT))
    target = paths[0] if paths else pywbem.CIMClassName(place.name(name), namespace=VIRT)
    with pytest.raises(pywbem.CIMError) as error:
        place.conn.InvokeMethod(method, target)
    text = error.value.status_description
    return error.value.status_code, "Unknown Method" if "Unknown Method" in text else ""


@pytest.mark.parametrize(("name", "method"), GOOD, ids=lambda each: each)
def test_good_input(kept, tmp_path: Path, name, method):
    GOOD[name, method](kept, tmp_path)


@pytest.mark.parametrize(
    ("place", "row"),
    [
        pytest.param(kind, row, id=f"{kind.prefix}-{row.id}")
        for kind in (MACHINES, CONTAINERS)
        for row in BAD
        if kind.prefix in row.prefixes
    ],
    indirect=["place"],
)
def test_bad_input(kept, row):
    before = picture(kept)
    on = guest(kept, row.on) if row.on is not None else pywbem.CIMClassName(kept.name(row.class_name), VIRT)
    with pytest.raises(pywbem.CIMError) as error:
        kept.conn.InvokeMethod(row.method, on, **row.arguments(kept))
    assert error.value.status_code == row.status, error.value
    assert row.text in error.value.status_description
    assert picture(kept) == before


def unsupported(place: Place) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """What no snapshot and no migration can be asked with: what clients send, and nonsense."""
    settings = place.conn.GetInstance(place.enumerated("VirtualSystemMigrationSettingData")[0])
    [capabilities] = place.conn.EnumerateInstances(place.name("VirtualSystemSnapshotServiceCapabilities"))
    system, nobody = guest(place, place.active), guest(place, "nobody")
    host = place.enumerated("HostSystem")[0]
    snapshots = [
        {"AffectedSystem": system, "SnapshotSettings": capabilities.tomof(), "SnapshotType": pywbem.Uint16(32769)},
        {"AffectedSystem": nobody, "SnapshotSettings": "wrong", "SnapshotType": pywbem.Uint16(77)},
    ]
    to_host = [
        {"ComputerSystem": system, "DestinationHost": "127.0.0.1", "MigrationSettingData": settings},
        {"ComputerSystem": nobody, "DestinationHost": "", "MigrationSettingData": "wrong"},
    ]
    to_system = [
        {"ComputerSystem": system, "DestinationSystem": host, "MigrationSettingData": settings},
        {"ComputerSystem": nobody, "DestinationSystem": nobody},
    ]
    return {
        (SNAPSHOTS, "CreateSnapshot"): snapshots,
        (SNAPSHOTS, "DestroySnapshot"): [{"AffectedSnapshot": whole(place, name)} for name in (place.active, "nobody")],
        (SNAPSHOTS, "ApplySnapshot"): [{"Snapshot": whole(place, name)} for name in (place.active, "nobody")],
        (MIGRATIONS, "MigrateVirtualSystemToHost"): to_host,
        (MIGRATIONS, "CheckVirtualSystemIsMigratableToHost"): to_host,
        (MIGRATIONS, "MigrateVirtualSystemToSystem"): to_system,
        (MIGRATIONS, "CheckVirtualSystemIsMigratableToSystem"): to_system,
    }


def test_snapshots_and_migrations_are_not_supported(place):
    """Whatever is asked, on the class and on the instance."""
    asked = unsupported(place)
    own = {(name, method) for name, method in declared(place) if name in (SNAPSHOTS, MIGRATIONS)}
    inherited = {method for name, method in declared(place) if name == "ConsoleRedirectionService"}
    assert asked.keys() == {(name, method) for name, method in own if method not in inherited}
    before = picture(place)
    for (name, method), inputs in asked.items():
        for parameters in inputs:
            for target in (pywbem.CIMClassName(place.name(name), namespace=VIRT), place.enumerated(name)[0]):
                with pytest.raises(pywbem.CIMError, match="not supported") as error:
                    place.conn.InvokeMethod(method, target, **parameters)
                assert error.value.status_code == NOT_SUPPORTED
    assert picture(place) == before


def test_methods_of_another_hypervisor_are_refused(place):
    """They have no host to work on: neither the classes, nor instances that would be named alike."""
    before = picture(place)
    other = "LXC" if place.kind.prefix == "KVM" else "KVM"
    for row in BAD:
        with pytest.raises(pywbem.CIMError) as error:
            place.conn.InvokeMethod(row.method, pywbem.CIMClassName(f"{other}_{row.class_name}", namespace=VIRT))
        assert error.value.status_code == INVALID
    named = {"CreationClassName": f"{other}_ComputerSystem", "Name": place.active}
    path = pywbem.CIMInstanceName(f"{other}_ComputerSystem", named, namespace=VIRT)
    with pytest.raises(pywbem.CIMError, match=r"Referenced domain `active' does not exist") as error:
        place.conn.InvokeMethod("RequestStateChange", path, RequestedState=pywbem.Uint16(3))
    assert error.value.status_code == pywbem.CIM_ERR_NOT_FOUND
    assert picture(place) == before


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ({"network": "nowhere"}, dict.fromkeys(("KVM", "LXC"), "Network not found")),
        ({"bridge": "invalid"}, {"KVM": "Cannot get interface MTU on 'invalid'", "LXC": "bridge invalid"}),
    ],
    ids=["network", "bridge"],
)
def test_a_guest_that_cannot_start(kept, source, texts):
    """Defined by another client; the hypervisor's own words are told."""
    tree = kept.xml(kept.resting)
    tree.find("name").text = NAME
    tree.remove(tree.find("uuid"))
    adapter = tree.find("devices/interface")
    adapter.set("type", next(iter(source)))
    adapter.replace(adapter.find("source"), etree.Element("source", source))
    adapter.find("mac").set("address", MAC)
    domain = kept.hypervisor.defineXML(etree.tostring(tree, encoding="unicode"))
    with pytest.raises(pywbem.CIMError) as error:
        request(kept, 2)
    assert error.value.status_code == FAILED
    assert "Unable to start domain" in error.value.status_description
    assert texts[kept.kind.prefix] in error.value.status_description
    assert not domain.isActive()
    assert kept.conn.GetInstance(guest(kept))["EnabledState"] == 3


@pytest.mark.parametrize("row", [row for row in INSTANCES if not row.base_of], ids=lambda row: row.name)
def test_instances_are_neither_made_nor_changed_nor_deleted(place, row):
    """But lists of filters, and what joins them to others and to adapters."""
    before = picture(place)
    for path in place.enumerated(row.name, row.namespace)[:1]:
        instance = place.conn.GetInstance(path, LocalOnly=False)
        steps = [lambda instance=instance: place.conn.ModifyInstance(instance)]
        if row.name != "FilterList":
            steps.append(lambda path=path: place.conn.DeleteInstance(path))
            steps.append(lambda i=instance, path=path: place.conn.CreateInstance(i, namespace=path.namespace))
        for step in steps:
            with pytest.raises(pywbem.CIMError) as error:
                step()
            assert error.value.status_code == NOT_SUPPORTED
    assert picture(place) == before


def filters(place: Place, name: str) -> pywbem.CIMInstanceName:
    keys = {"SystemCreationClassName": place.name("HostSystem"), "SystemName": place.host, "Name": name}
    return place.path("FilterList", CreationClassName=place.name("FilterList"), **keys)


def port(place: Place) -> pywbem.CIMInstanceName:
    """The adapter on a bridge of the guest that rests; of containers, that on the network."""
    mac = place.kind.macs(place.resting)[1 if place.kind is MACHINES else 0]
    return next(p for p in place.enumerated("NetworkPort") if p["DeviceID"] == f"{place.resting}/{mac}")


def join(place: Place, association: str, antecedent: Any, dependent: Any) -> pywbem.CIMInstance:
    return pywbem.CIMInstance(place.name(association), {"Antecedent": antecedent, "Dependent": dependent})


def test_lists_of_filters_are_made_joined_and_deleted(kept):
    path = kept.conn.CreateInstance(pywbem.CIMInstance(kept.name("FilterList"), {"Name": NAME}), namespace=VIRT)
    made = kept.hypervisor.nwfilterLookupByName(NAME)
    assert kept.conn.GetInstance(path)["InstanceID"] == made.UUIDString()
    before = picture(kept)

    def joined(association: str, antecedent: pywbem.CIMInstanceName, far: pywbem.CIMInstanceName) -> None:
        link = kept.conn.CreateInstance(join(kept, association, antecedent, far))
        assert picture(kept) != before
        found = kept.conn.AssociatorNames(antecedent, AssocClass=kept.name(association))
        assert [each["Name"] for each in found] == [far["Name"]]
        kept.conn.DeleteInstance(link)
        with pytest.raises(pywbem.CIMError) as error:
            kept.conn.DeleteInstance(link)
        assert error.value.status_code == pywbem.CIM_ERR_NOT_FOUND
        assert picture(kept) == before

    joined("NestedFilterList", path, filters(kept, NESTED))
    if kept.kind is MACHINES:
        joined("AppliedFilterList", port(kept), path)
    else:
        with pytest.raises(pywbem.CIMError, match="can give none of them") as error:
            joined("AppliedFilterList", port(kept), path)
        assert error.value.status_code == NOT_SUPPORTED
    kept.conn.DeleteInstance(path)
    with pytest.raises(pywbem.CIMError) as error:
        kept.conn.DeleteInstance(path)
    assert error.value.status_code == pywbem.CIM_ERR_NOT_FOUND
    assert NAME not in [each.name() for each in kept.hypervisor.listAllNWFilters()]


def test_lists_of_filters_that_cannot_be(place):
    before = picture(place)
    nothing = filters(place, "nothing")
    create, delete = place.conn.CreateInstance, place.conn.DeleteInstance
    name = place.name("FilterList")
    told = {}
    for said, step in {
        "no name": lambda: create(pywbem.CIMInstance(name), namespace=VIRT),
        "a name that there is": lambda: create(pywbem.CIMInstance(name, {"Name": FILTER}), namespace=VIRT),
        "nested nothing": lambda: create(join(place, "NestedFilterList", filters(place, FILTER), nothing)),
        "nested in nothing": lambda: create(join(place, "NestedFilterList", nothing, filters(place, FILTER))),
        "nested in itself": lambda: create(join(place, "NestedFilterList", *[filters(place, FILTER)] * 2)),
        "nested in what is nested": lambda: create(
            join(place, "NestedFilterList", filters(place, NESTED), filters(place, FILTER))
        ),
        "applied nothing": lambda: create(join(place, "AppliedFilterList", port(place), nothing)),
        "applied to a guest": lambda: create(
            join(place, "AppliedFilterList", guest(place, place.resting), filters(place, FILTER))
        ),
        "without an end": lambda: create(
            pywbem.CIMInstance(place.name("NestedFilterList"), {"Antecedent": filters(place, FILTER)})
        ),
        "deleted while it is nested": lambda: delete(filters(place, NESTED)),
        "nothing deleted": lambda: delete(nothing),
    }.items():
        with pytest.raises(pywbem.CIMError) as error:
            step()
        told[said] = error.value.status_code
    assert told == {
        "no name": FAILED,
        "a name that there is": FAILED,
        "nested nothing": INVALID,
        "nested in nothing": INVALID,
        "nested in itself": FAILED,
        "nested in what is nested": FAILED,
        "applied nothing": INVALID,
        "applied to a guest": INVALID,
        "without an end": INVALID,
        "deleted while it is nested": FAILED,
        "nothing deleted": pywbem.CIM_ERR_NOT_FOUND,
    }
    assert picture(place) == before
