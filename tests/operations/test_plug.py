"""Adding and removing devices: what is filled in, what is refused, and that a request is done whole or not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from openvman.messages.problem import Problem
from openvman.model.allocation import DiskKind, NicConnection
from openvman.model.errors import ModelError
from openvman.model.spec import DiskSpec, MemorySpec, NicSpec, ProcessorSpec, ResourceSpec
from openvman.model.states import Action
from openvman.model.system import ConfigurationKind

GIB = 1 << 30
MAC = "52:54:00:00:00:01"
DATA = "/simulated/images/web-vdb.qcow2"
KINDS = list(ConfigurationKind)
FAILURES = [(Problem.FAILED, False), (Problem.TIMEOUT, False), (Problem.TIMEOUT, True), (Problem.UNAVAILABLE, True)]


async def refused(awaitable) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await awaitable
    return caught.value


@pytest.fixture
async def active(world):
    """A disk, an empty drive and a NIC; it runs."""
    system = await world.define(
        DiskSpec(source="small.qcow2"), DiskSpec(kind=DiskKind.CDROM), NicSpec(mac=MAC), name="web"
    )
    return await world.act(system, Action.START)


@pytest.fixture
def add(world, admin):
    """Adds to the configuration of a kind, as an operator does."""

    def call(system, kind, *specs, actor=None):
        configuration = configuration_of(world.system(system.id), kind)
        operator = replace(admin, role=admin.role - 1)
        return world.operations.add_resources(actor or operator, configuration=configuration, specs=specs)

    return call


@pytest.fixture
def remove(world):
    return lambda *allocations: world.operations.remove_resources(None, allocations=allocations)


def configuration_of(system, kind):
    return system.defined if kind is ConfigurationKind.DEFINED else system.current


def there(world, system):
    """What the platform itself has, whatever the inventory shows."""
    found = world.driver.hypervisor.systems[system.id]
    return found.defined, found.current


# Adding


@pytest.mark.parametrize("kind", KINDS)
async def test_devices_are_added_with_defaults_and_given_in_the_order_asked(world, active, add, kind):
    nic, disk, other = await add(active, kind, NicSpec(), DiskSpec(capacity=GIB), NicSpec(source="isolated"))
    prefix = f"{active.id}/{kind}"
    assert (disk.id, disk.kind, disk.bus, disk.source) == (f"{prefix}/disk:vdb", DiskKind.DISK, "virtio", DATA)
    assert (disk.format, disk.capacity, disk.read_only) == ("qcow2", GIB, False)
    assert world.has_image(DATA)
    assert (nic.id, nic.model, nic.connection, nic.source) == (
        f"{prefix}/nic:{nic.mac}",
        "virtio",
        NicConnection.NETWORK,
        "default",
    )
    assert other.source == "isolated"
    assert len({MAC, nic.mac, other.mac}) == 3
    after = world.system(active.id)
    changed = configuration_of(after, kind)
    assert changed.disks[-1:] == (disk,)
    assert changed.nics[-2:] == (nic, other)
    rest = next(each for each in KINDS if each is not kind)
    assert configuration_of(after, rest) == configuration_of(active, rest)
    assert (after.defined, after.current) == there(world, active)


async def test_the_same_device_in_both_configurations(world, active, add):
    disk, nic = await add(active, ConfigurationKind.STATE, DiskSpec(capacity=GIB), NicSpec())
    again = [
        DiskSpec(target=disk.target, bus=disk.bus, source=disk.source),
        NicSpec(mac=nic.mac, connection=nic.connection, source=nic.source),
    ]
    found = await add(active, ConfigurationKind.DEFINED, *again)
    assert [each.local_id for each in found] == [disk.local_id, nic.local_id]


async def test_a_place_that_is_made_is_free_in_every_configuration(active, add):
    (first,) = await add(active, ConfigurationKind.DEFINED, DiskSpec(capacity=GIB))
    (second,) = await add(active, ConfigurationKind.STATE, DiskSpec(capacity=GIB))
    assert (first.target, second.target) == ("vdb", "vdc")


async def test_nothing_asked_is_nothing_done(world, active, add, remove):
    world.inject(operation="*_resources", problem=Problem.FAILED)
    assert await add(active, ConfigurationKind.STATE) == []
    await remove()
    assert world.system(active.id) == active


@pytest.mark.parametrize(
    ("spec", "problem", "named"),
    [
        (ProcessorSpec(count=1), Problem.ALREADY_EXISTS, "processors"),
        (MemorySpec(size=GIB), Problem.ALREADY_EXISTS, "memory"),
        (ResourceSpec(), Problem.NOT_SUPPORTED, "which device"),
        (DiskSpec(), Problem.INVALID_PARAMETER, "source"),
        (DiskSpec(source="none.img"), Problem.NOT_FOUND, "none.img"),
        (DiskSpec(source="/etc/passwd"), Problem.ACCESS_DENIED, "/etc/passwd"),
        (DiskSpec(source="../x"), Problem.INVALID_PARAMETER, ".."),
        (DiskSpec(source="small.qcow2"), Problem.INVALID_STATE, "in use"),
        (DiskSpec(source="plain.raw", target="vda"), Problem.INVALID_PARAMETER, "same target"),
        (DiskSpec(source="plain.raw", bus="nubus"), Problem.INVALID_PARAMETER, "nubus"),
        (NicSpec(mac=MAC.upper()), Problem.INVALID_PARAMETER, "same MAC"),
        (NicSpec(mac="52:54:00:00:00:77"), Problem.ALREADY_EXISTS, "in use"),
        (NicSpec(source="none"), Problem.NOT_FOUND, "none"),
        (NicSpec(connection=NicConnection.BRIDGE, source="br0"), Problem.ACCESS_DENIED, "br0"),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", KINDS)
async def test_what_cannot_be_added_is_refused_before_anything_is_done(world, active, add, kind, spec, problem, named):
    await world.define(NicSpec(mac="52:54:00:00:00:77"))
    world.inject(operation="create_image", problem=Problem.FAILED)
    world.inject(operation="add_resources", problem=Problem.FAILED)
    error = await refused(add(active, kind, NicSpec(), spec))
    assert error.problem is problem, error.message
    assert named in error.message
    assert there(world, active) == (active.defined, active.current)


async def test_an_image_of_another_system_is_refused_by_its_name(world, active, add):
    await world.define(DiskSpec(source="plain.raw"), name="db")
    error = await refused(add(active, ConfigurationKind.STATE, DiskSpec(source="plain.raw")))
    assert error.problem is Problem.INVALID_STATE
    assert "'db'" in error.message
    (shared,) = await add(active, ConfigurationKind.DEFINED, DiskSpec(source="installer.iso", kind=DiskKind.CDROM))
    assert shared.read_only


async def test_an_active_system_takes_no_drive_and_an_admin_reaches_everywhere(active, add, admin, tmp_path):
    drive = DiskSpec(kind=DiskKind.CDROM)
    assert (await refused(add(active, ConfigurationKind.STATE, drive))).problem is Problem.NOT_SUPPORTED
    assert await add(active, ConfigurationKind.DEFINED, drive)
    (tmp_path / "disk.img").write_bytes(bytes(512))
    assert await add(active, ConfigurationKind.STATE, DiskSpec(source=f"{tmp_path}/disk.img"), actor=admin)


async def test_of_two_that_add_the_same_one_wins(world, add):
    systems = [await world.define() for _ in range(2)]
    for spec in (NicSpec(mac=MAC), DiskSpec(source="plain.raw")):
        adding = (add(system, ConfigurationKind.DEFINED, spec) for system in systems)
        results = await asyncio.gather(*adding, return_exceptions=True)
        assert sorted(isinstance(result, ModelError) for result in results) == [False, True]


async def test_a_configuration_that_is_gone(world, active, add, admin):
    current = active.current
    await world.act(active, Action.STOP)
    adding = world.operations.add_resources(admin, configuration=current, specs=[NicSpec()])
    assert (await refused(adding)).problem is Problem.NOT_FOUND
    await world.operations.destroy_system(admin, system=active)
    adding = world.operations.add_resources(admin, configuration=active.defined, specs=[NicSpec()])
    assert (await refused(adding)).problem is Problem.NOT_FOUND


@pytest.mark.parametrize(("problem", "after"), FAILURES)
@pytest.mark.parametrize(
    ("operation", "nth"),
    [("read_system", 1), ("inspect_image", 1), ("create_image", 1), ("create_image", 2), ("add_resources", 1)],
)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_failed_addition_leaves_nothing(world, active, add, kind, operation, nth, problem, after):
    world.inject(operation=operation, nth=nth, problem=problem, after=after)
    specs = [DiskSpec(source="plain.raw"), DiskSpec(capacity=GIB, target="vdb"), NicSpec()]
    specs.append(DiskSpec(source="new.img", capacity=GIB))
    error = await refused(add(active, kind, *specs))
    assert error.problem is problem
    assert there(world, active) == (active.defined, active.current)
    # When the answer to the making of an image is lost, nobody knows whose the image is that stands there.
    lost = operation == "create_image" and after
    assert lost or not (world.has_image(DATA) or world.has_image("/simulated/images/new.img"))


async def test_a_cancelled_addition_is_taken_back(world, active, add, until):
    world.inject(operation="add_resources", delay=0.02)
    adding = asyncio.create_task(add(active, ConfigurationKind.STATE, DiskSpec(capacity=GIB)))
    await until(lambda: world.has_image(DATA))
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding
    assert there(world, active) == (active.defined, active.current)
    assert not world.has_image(DATA)


# Removing


@pytest.mark.parametrize("kind", KINDS)
async def test_devices_are_removed_and_their_images_stay(world, active, add, remove, kind):
    disk, nic = await add(active, kind, DiskSpec(capacity=GIB), NicSpec())
    await remove(nic, disk, disk)
    assert there(world, active) == (active.defined, active.current)
    assert (world.system(active.id).defined, world.system(active.id).current) == (active.defined, active.current)
    assert world.has_image(DATA)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_nic_of_the_first_hour_is_removed(world, active, remove, kind):
    await remove(configuration_of(active, kind).nics[0])
    assert configuration_of(world.system(active.id), kind).nics == ()


async def test_devices_of_both_configurations_and_of_many_systems(world, active, add, remove):
    other = await world.define(NicSpec())
    await remove(active.defined.nics[0], other.defined.nics[0], active.current.nics[0])
    after = world.system(active.id)
    assert (after.defined.nics, after.current.nics, world.system(other.id).defined.nics) == ((), (), ())


async def test_the_disk_that_a_guest_was_booted_from_stays_while_it_runs(world, active, add, remove):
    (data,) = await add(active, ConfigurationKind.STATE, DiskSpec(capacity=GIB))
    error = await refused(remove(data, active.current.disks[0]))
    assert error.problem is Problem.INVALID_STATE
    assert "'web'" in error.message
    assert "booted from disk vda" in error.message
    assert data in world.system(active.id).current.disks
    await remove(active.defined.disks[0])
    assert [disk.target for disk in world.system(active.id).defined.disks] == ["sda"]


async def test_a_paused_guest_cannot_let_go(world, active, remove):
    await world.act(active, Action.PAUSE)
    error = await refused(remove(active.current.nics[0]))
    assert (error.problem, "paused" in error.message) == (Problem.INVALID_STATE, True)
    await remove(active.defined.nics[0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("processor", Problem.INVALID_PARAMETER),
        ("memory", Problem.INVALID_PARAMETER),
    ],
)
async def test_what_every_system_has_cannot_be_removed(world, active, remove, kind, place, problem):
    configuration = configuration_of(active, kind)
    error = await refused(remove(configuration.nics[0], getattr(configuration, place)))
    assert error.problem is problem
    assert there(world, active) == (active.defined, active.current)


async def test_an_allocation_that_vanished(world, active, remove, admin):
    gone = active.current.nics[0]
    await world.act(active, Action.STOP)
    assert (await refused(remove(gone))).problem is Problem.NOT_FOUND
    await remove(active.defined.nics[0])
    assert (await refused(remove(active.defined.nics[0]))).problem is Problem.NOT_FOUND
    await world.operations.destroy_system(admin, system=active)
    assert (await refused(remove(active.defined.disks[0]))).problem is Problem.NOT_FOUND


@pytest.mark.parametrize(("problem", "after"), FAILURES)
@pytest.mark.parametrize(("operation", "nth"), [("read_system", 1), ("remove_resources", 1), ("remove_resources", 2)])
async def test_a_failed_removal_takes_nothing(world, active, add, remove, operation, nth, problem, after):
    (data,) = await add(active, ConfigurationKind.STATE, DiskSpec(capacity=GIB))
    (kept,) = await add(active, ConfigurationKind.DEFINED, DiskSpec(source=data.source, target=data.target))
    before = there(world, active)
    world.inject(operation=operation, nth=nth, problem=problem, after=after)
    error = await refused(remove(kept, data, active.defined.nics[0]))
    assert error.problem is problem
    assert [_plain(one) for one in there(world, active)] == [_plain(one) for one in before]


def _plain(configuration):
    """Everything; the order of what was put back does not matter."""
    by_id = {"key": lambda each: each.id}
    return replace(
        configuration,
        disks=tuple(sorted(configuration.disks, **by_id)),
        nics=tuple(sorted(configuration.nics, **by_id)),
    )


async def test_a_guest_that_does_not_let_go_keeps_all(world, active, add, remove):
    """What was removed of another system before is put back."""
    (data,) = await add(active, ConfigurationKind.STATE, DiskSpec(capacity=GIB))
    other = await world.define(NicSpec(), name="db")
    world.inject(operation="remove_resources", subject="db", problem=Problem.TIMEOUT)
    assert (await refused(remove(data, other.defined.nics[0]))).problem is Problem.TIMEOUT
    assert data in world.system(active.id).current.disks
    assert world.system(other.id).defined.nics == other.defined.nics


async def test_another_change_of_the_system_waits_its_turn(world, active, add, remove):
    world.inject(operation="add_resources", delay=0.02)
    adding = asyncio.create_task(add(active, ConfigurationKind.STATE, NicSpec(mac="52:54:00:00:00:02")))
    await asyncio.sleep(0)
    await remove(active.current.nics[0])
    await adding
    assert [nic.mac for nic in world.system(active.id).current.nics] == ["52:54:00:00:00:02"]
