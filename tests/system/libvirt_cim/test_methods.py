"""Each method of libvirt-cim on real hosts, with good and with bad input."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pywbem
from tests.system.libvirt_cim.bad_calls import BAD, FAILED, INVALID, NOT_SUPPORTED
from tests.system.libvirt_cim.calls import POOLS, guest, picture
from tests.system.libvirt_cim.classes import ALL, INSTANCES, VIRT
from tests.system.libvirt_cim.good_calls import GOOD
from tests.system.libvirt_cim.mof import NAME
from tests.system.libvirt_cim.place import CONTAINERS, MACHINES, Place, running

pytestmark = pytest.mark.lab

HAVE_INSTANCES = {row.name: row.namespace for row in INSTANCES}
UNKNOWN = {(POOLS, "AddResourcesToResourcePool"): (FAILED, "Unknown Method")}
"""What libvirt-cim refuses in other words."""
SNAPSHOTS, MIGRATIONS = "VirtualSystemSnapshotService", "VirtualSystemMigrationService"


@pytest.fixture
def kept(place: Place) -> Iterator[Place]:
    """A place, where what a test makes under its name is gone afterwards."""
    running(place)
    yield place
    there = place.hypervisor
    made: list[Any] = [each for each in there.listAllDomains() if each.name().startswith(NAME)]
    made += [each for each in (*there.listAllNetworks(), *there.listAllStoragePools()) if each.name() == NAME]
    for each in made:
        if each.isActive():
            each.destroy()
        each.undefine()


def declared(place: Place) -> set[tuple[str, str]]:
    """The methods of all classes, as the server declares them."""
    found = set()
    for name in ALL:
        namespace = HAVE_INSTANCES.get(name, VIRT)
        methods = place.conn.GetClass(place.name(name), namespace=namespace, LocalOnly=False).methods
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
