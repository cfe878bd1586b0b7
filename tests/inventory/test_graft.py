"""What did not change keeps its identity."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest

from openvman.drivers.simulated.address import parse
from openvman.drivers.simulated.fleet import populate
from openvman.drivers.simulated.hypervisor import Hypervisor
from openvman.inventory.graft import graft


@pytest.fixture(scope="module")
def system():
    hypervisor = Hypervisor(lambda _: None)
    populate(hypervisor, parse("sim://?vms=1&active=1"))
    return next(iter(hypervisor.systems.values()))


def test_an_equal_object_is_the_old_one(system) -> None:
    assert graft(system, deepcopy(system)) is system


def test_a_changed_object_keeps_its_equal_parts(system) -> None:
    new = deepcopy(system)
    new = replace(new, current=replace(new.current, memory=replace(new.current.memory, size=1)))
    made = graft(system, new)
    assert made == new
    assert made.defined is system.defined
    assert made.current is not system.current
    assert made.current.processor is system.current.processor
    assert made.current.disks is system.current.disks
    assert made.current.memory == new.current.memory


def test_members_of_a_tuple_are_found_wherever_they_stand(system) -> None:
    disk = system.defined.disks[0]
    other = replace(disk, target="vdb", id=disk.id.replace("vda", "vdb"))
    new = deepcopy(replace(system.defined, disks=(other, disk)))
    made = graft(system.defined, new)
    assert made == new
    assert made.disks[1] is disk


@pytest.mark.parametrize(("old", "new"), [(None, "x"), ("x", None), (1, 2), ((1,), (1, 2))])
def test_values_without_parts_are_the_new_ones(old, new) -> None:
    assert graft(old, new) == new
