"""Modifying settings and allocations: what is filled in, what is refused, and that a request is done whole or not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from openvman.drivers.contract import Image
from openvman.messages.problem import Problem
from openvman.model.actor import Actor, Role
from openvman.model.allocation import DiskKind, NicConnection
from openvman.model.errors import ModelError
from openvman.model.spec import DiskSpec, MemorySpec, NicSpec, ProcessorSpec, SystemSpec
from openvman.model.states import Action
from openvman.model.system import OnCrash

GIB = 1 << 30
ADMIN = Actor("admin", Role.ADMIN)
MAC = "52:54:00:00:00:01"


async def refused(awaitable) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await awaitable
    return caught.value


@pytest.fixture
async def system(world):
    """Two processors, a disk, an empty drive and a NIC; not active."""
    return await world.define(
        ProcessorSpec(count=2, maximum=4),
        MemorySpec(size=GIB, maximum=2 * GIB),
        DiskSpec(source="small.qcow2"),
        DiskSpec(kind=DiskKind.CDROM),
        NicSpec(mac=MAC),
        name="web",
        description="old",
    )


@pytest.fixture
async def active(world, system):
    return await world.act(system, Action.START)


def defined(system, local: str) -> str:
    return f"{system.id}/defined/{local}"


def current(system, local: str) -> str:
    return f"{system.id}/state/{local}"


# Settings of the system


async def test_settings_change_and_the_rest_stays(world, system):
    spec = SystemSpec(system_id=system.id, name="db", description="new", autostart=True, on_crash=OnCrash.RESTART)
    after = await world.operations.modify_system(None, spec=spec)
    assert after is world.system(system.id)
    assert (after.name, after.description) == ("db", "new")
    assert (after.defined.autostart, after.defined.on_crash, after.defined.machine) == (True, OnCrash.RESTART, "q35")
    assert after.defined.disks == system.defined.disks
    assert world.named("web") is None


async def test_what_is_as_it_is_is_no_change(world, active):
    """Clients send back all that they read, with one thing changed."""
    world.inject(operation="modify_*", problem=Problem.FAILED)
    spec = SystemSpec(
        system_id=active.id, name="web", host_id=active.host_id, hypervisor="simulated", description="old"
    )
    assert await world.operations.modify_system(None, spec=spec) is world.system(active.id)
    again = ProcessorSpec(allocation_id=current(active, "processor"), count=2, maximum=4)
    (found,) = await world.modify(again)
    assert found is world.system(active.id).current.processor


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ({"name": "a/b"}, Problem.INVALID_PARAMETER),
        ({"name": ""}, Problem.INVALID_PARAMETER),
        ({"name": "other"}, Problem.ALREADY_EXISTS),
        ({"description": "\x00"}, Problem.INVALID_PARAMETER),
        ({"machine": "vax"}, Problem.INVALID_PARAMETER),
        ({"hypervisor": "xen"}, Problem.INVALID_PARAMETER),
        ({"host_id": "another"}, Problem.NOT_SUPPORTED),
    ],
)
async def test_settings_that_cannot_be(world, system, setting, problem):
    await world.define(name="other")
    error = await refused(world.operations.modify_system(None, spec=SystemSpec(system_id=system.id, **setting)))
    assert error.problem is problem
    assert world.system(system.id) == system


async def test_a_system_that_runs_keeps_its_name(world, active):
    error = await refused(world.operations.modify_system(None, spec=SystemSpec(system_id=active.id, name="db")))
    assert error.problem is Problem.INVALID_STATE
    after = await world.operations.modify_system(None, spec=SystemSpec(system_id=active.id, description=""))
    assert not after.description


async def test_a_transient_system_has_no_settings_to_modify(world, active):
    world.make_transient(active)
    error = await refused(world.operations.modify_system(None, spec=SystemSpec(system_id=active.id, machine="pc")))
    assert error.problem is Problem.INVALID_STATE
    error = await refused(world.modify(MemorySpec(allocation_id=defined(active, "memory"), size=GIB)))
    assert error.problem is Problem.NOT_FOUND


@pytest.mark.parametrize("id", [None, "", "nothing"])
async def test_a_system_that_is_not(world, id):
    assert (await refused(world.operations.modify_system(None, spec=SystemSpec(system_id=id)))).problem is (
        Problem.NOT_FOUND
    )


async def test_of_two_renamed_to_one_name_one_wins(world):
    systems = [await world.define(), await world.define()]
    specs = [SystemSpec(system_id=system.id, name="web") for system in systems]
    results = await asyncio.gather(
        *(world.operations.modify_system(None, spec=spec) for spec in specs), return_exceptions=True
    )
    assert [e.problem for e in results if isinstance(e, ModelError)] == [Problem.ALREADY_EXISTS]


# Allocations


async def test_allocations_of_both_configurations(world, active):
    found = await world.modify(
        MemorySpec(allocation_id=current(active, "memory"), size=GIB // 2),
        ProcessorSpec(allocation_id=defined(active, "processor"), count=1),
        ProcessorSpec(allocation_id=current(active, "processor"), count=3),
    )
    assert [allocation.id for allocation in found] == [
        current(active, "memory"),
        defined(active, "processor"),
        current(active, "processor"),
    ]
    after = world.system(active.id)
    assert found == [after.current.memory, after.defined.processor, after.current.processor]
    assert (after.current.memory.size, after.defined.memory.size) == (GIB // 2, GIB)
    assert (after.current.processor.count, after.defined.processor.count) == (3, 1)


async def test_more_than_the_maximum_raises_the_maximum_of_the_next_activation(world, active):
    await world.modify(
        ProcessorSpec(allocation_id=defined(active, "processor"), count=8),
        MemorySpec(allocation_id=defined(active, "memory"), size=3 * GIB + 1024),
    )
    after = world.system(active.id).defined
    assert (after.processor.count, after.processor.maximum) == (8, 8)
    assert (after.memory.size, after.memory.maximum) == (3 * GIB + 1024, 3 * GIB + 1024)
    error = await refused(world.modify(ProcessorSpec(allocation_id=current(active, "processor"), count=5)))
    assert (error.problem, error.subject) == (Problem.INVALID_PARAMETER, "count")


async def test_another_image_for_a_disk(world, system):
    (disk,) = await world.modify(DiskSpec(allocation_id=defined(system, "disk:vda"), source="plain.raw"))
    assert (disk.source, disk.format) == ("/simulated/images/plain.raw", "raw")
    (disk,) = await world.modify(DiskSpec(allocation_id=disk.id, source="new.qcow2", capacity=GIB))
    assert (disk.source, disk.format, disk.capacity) == ("/simulated/images/new.qcow2", "qcow2", GIB)


async def test_a_medium_is_put_in_and_taken_out(world, active):
    drive = current(active, "disk:sda")
    (inserted,) = await world.modify(DiskSpec(allocation_id=drive, source="installer.iso"))
    assert inserted.source == "/simulated/images/installer.iso"
    (ejected,) = await world.modify(DiskSpec(allocation_id=drive, source=""))
    assert not ejected.source
    assert (await refused(world.modify(DiskSpec(allocation_id=current(active, "disk:vda"), source="")))).problem


async def test_a_driver_is_told_what_changes_and_what_belongs_to_it(world):
    """A format goes with its image, and a capacity is never the disk's."""
    small = Image(path="/simulated/images/small.qcow2", format="qcow2", capacity=7 * GIB)
    system = await world.define(DiskSpec(source="plain.raw"), NicSpec(mac=MAC, source="isolated"))
    world.driver.known[small.path] = replace(small, format="raw")
    disk, nic = system.defined.disks[0].id, system.defined.nics[0].id
    world.driver.calls.clear()
    await world.modify(DiskSpec(allocation_id=disk, source="small.qcow2", format="raw"))
    await world.modify(NicSpec(allocation_id=nic, source="default"))
    await world.modify(DiskSpec(allocation_id=disk, shareable=True))
    told = [call.removeprefix("modify ") for call in world.driver.calls if call.startswith("modify")]
    assert told == [
        str(DiskSpec(allocation_id=disk, source=small.path, format="raw")),
        str(NicSpec(allocation_id=nic, connection=NicConnection.NETWORK, source="default")),
        str(DiskSpec(allocation_id=disk, shareable=True)),
    ]


async def test_an_address_that_changes_changes_the_id(world, system):
    (nic,) = await world.modify(NicSpec(allocation_id=defined(system, f"nic:{MAC}"), mac="52-54-00-00-00-02"))
    assert nic.id == defined(system, "nic:52:54:00:00:00:02")
    assert world.system(system.id).defined.nics == (nic,)


async def test_a_nic_is_connected_elsewhere(world, active, admin):
    id = current(active, f"nic:{MAC}")
    (nic,) = await world.modify(NicSpec(allocation_id=id, source="isolated"))
    assert (nic.connection, nic.source) == (NicConnection.NETWORK, "isolated")
    error = await refused(world.modify(NicSpec(allocation_id=id, connection=NicConnection.BRIDGE, source="br0")))
    assert error.problem is Problem.ACCESS_DENIED
    bridge = NicSpec(allocation_id=id, connection=NicConnection.BRIDGE, source="br0")
    (nic,) = await world.modify(bridge, actor=admin)
    assert (nic.connection, nic.source) == (NicConnection.BRIDGE, "br0")
    (nic,) = await world.modify(NicSpec(allocation_id=id, connection=NicConnection.USER))
    assert nic.connection is NicConnection.USER
    assert not nic.source
    (nic,) = await world.modify(NicSpec(allocation_id=id, connection=NicConnection.NETWORK))
    assert nic.source == "default"


@pytest.mark.parametrize(
    ("spec", "local", "problem"),
    [
        (ProcessorSpec(count=0), "processor", Problem.INVALID_PARAMETER),
        (ProcessorSpec(count=4000), "processor", Problem.INVALID_PARAMETER),
        (ProcessorSpec(maximum=1), "processor", Problem.INVALID_PARAMETER),
        (ProcessorSpec(count=1), "memory", Problem.INVALID_PARAMETER),
        (MemorySpec(size=1), "serial:0", Problem.NOT_SUPPORTED),
        (MemorySpec(size=1 << 60), "memory", Problem.INVALID_PARAMETER),
        (DiskSpec(kind=DiskKind.CDROM), "disk:vda", Problem.NOT_SUPPORTED),
        (DiskSpec(capacity=2 * GIB), "disk:vda", Problem.NOT_SUPPORTED),
        (DiskSpec(source="none.img"), "disk:vda", Problem.NOT_FOUND),
        (DiskSpec(source=""), "disk:vda", Problem.INVALID_PARAMETER),
        (DiskSpec(source="/etc/passwd"), "disk:vda", Problem.ACCESS_DENIED),
        (DiskSpec(source="../x"), "disk:vda", Problem.INVALID_PARAMETER),
        (DiskSpec(bus="fdc"), "disk:vda", Problem.INVALID_PARAMETER),
        (DiskSpec(target="sda"), "disk:vda", Problem.INVALID_PARAMETER),
        (DiskSpec(format="raw", source="other.qcow2", capacity=0), "disk:vda", Problem.INVALID_PARAMETER),
        (NicSpec(mac="53:54:00:00:00:01"), f"nic:{MAC}", Problem.INVALID_PARAMETER),
        (NicSpec(source="none"), f"nic:{MAC}", Problem.NOT_FOUND),
        (NicSpec(model="cable"), f"nic:{MAC}", Problem.INVALID_PARAMETER),
    ],
)
async def test_changes_that_cannot_be(world, system, spec, local, problem):
    error = await refused(world.modify(replace(spec, allocation_id=defined(system, local))))
    assert error.problem is problem, error.message
    assert world.system(system.id) == system


@pytest.mark.parametrize("id", [None, "", "nothing", "x/defined/memory", "{id}/defined/disk:vdz", "{id}/state/memory"])
async def test_allocations_that_are_not(world, system, id):
    error = await refused(world.modify(MemorySpec(allocation_id=id and id.format(id=system.id), size=GIB)))
    assert error.problem is Problem.NOT_FOUND


async def test_one_allocation_twice(world, system):
    specs = [MemorySpec(allocation_id=defined(system, "memory"), size=size) for size in (GIB, 2 * GIB)]
    assert (await refused(world.modify(*specs))).problem is Problem.INVALID_PARAMETER


async def test_what_another_system_has(world, system):
    await world.define(DiskSpec(source="plain.raw"), NicSpec(mac="52:54:00:00:00:09"), name="db")
    error = await refused(world.modify(DiskSpec(allocation_id=defined(system, "disk:vda"), source="plain.raw")))
    assert error.problem is Problem.INVALID_STATE
    assert "'db'" in error.message
    error = await refused(world.modify(NicSpec(allocation_id=defined(system, f"nic:{MAC}"), mac="52:54:00:00:00:09")))
    assert error.problem is Problem.ALREADY_EXISTS


async def test_of_two_that_take_one_address_or_image_at_once_one_wins(world):
    systems = [await world.define(DiskSpec(capacity=GIB), NicSpec()) for _ in range(2)]
    for change in (
        lambda system: NicSpec(allocation_id=system.defined.nics[0].id, mac=MAC),
        lambda system: DiskSpec(allocation_id=system.defined.disks[0].id, source="plain.raw"),
    ):
        results = await asyncio.gather(*(world.modify(change(system)) for system in systems), return_exceptions=True)
        assert sorted(isinstance(result, ModelError) for result in results) == [False, True]


async def test_two_disks_of_one_system_cannot_have_one_image(world):
    system = await world.define(DiskSpec(source="small.qcow2"), DiskSpec(capacity=GIB))
    error = await refused(world.modify(DiskSpec(allocation_id=defined(system, "disk:vdb"), source="small.qcow2")))
    assert error.problem is Problem.INVALID_STATE
    specs = [DiskSpec(allocation_id=defined(system, f"disk:vd{x}"), source="plain.raw") for x in "ab"]
    assert (await refused(world.modify(*specs))).problem is Problem.INVALID_STATE


async def test_a_shared_disk_cannot_be_made_writable_alone(world):
    one = await world.define(DiskSpec(source="plain.raw", read_only=True))
    await world.define(DiskSpec(source="plain.raw", read_only=True))
    error = await refused(world.modify(DiskSpec(allocation_id=defined(one, "disk:vda"), read_only=False)))
    assert error.problem is Problem.INVALID_STATE


async def test_an_operator_cannot_make_a_raw_disk_of_another_format_that_reaches_out(world, system):
    """The guest wrote a qcow2 header that names a host's file."""
    path = "/simulated/images/plain.raw"
    await world.modify(DiskSpec(allocation_id=defined(system, "disk:vda"), source="plain.raw"))
    world.driver.known[path] = Image(path=path, format="qcow2", capacity=GIB, backing="/etc/shadow")
    error = await refused(world.modify(DiskSpec(allocation_id=defined(system, "disk:vda"), format="qcow2")))
    assert error.problem is Problem.ACCESS_DENIED


async def test_an_operator_keeps_a_disk_that_an_admin_gave(world, admin, tmp_path):
    (tmp_path / "disk.img").write_bytes(bytes(512))
    system = await world.define(DiskSpec(source=f"{tmp_path}/disk.img", read_only=True), actor=admin)
    disk = defined(system, "disk:vda")
    assert await world.modify(DiskSpec(allocation_id=disk, source=f"{tmp_path}/disk.img"))
    assert (await refused(world.modify(DiskSpec(allocation_id=disk, read_only=False)))).problem is Problem.ACCESS_DENIED


async def test_oddities_do_not_stand_in_the_way(world, system):
    """What somebody else configured breaks our rules; what does not touch it can still be modified."""
    (nic,), (disk, *_) = system.defined.nics, system.defined.disks
    odd = replace(nic, mac="53:00:00:00:00:00", id=defined(system, "nic:odd"), connection=NicConnection.OTHER)
    old = replace(disk, source="/old/disk.vmdk", format="vmdk", target="hdz", id=defined(system, "disk:hdz"))
    hypervisor = world.driver.hypervisor
    hypervisor.systems[system.id] = replace(system, defined=replace(system.defined, nics=(odd,), disks=(old,)))
    await world.inventory.refresh(system.id, system.host_id)
    (found,) = await world.modify(DiskSpec(allocation_id=old.id, bus="scsi"))
    assert (found.bus, found.source, found.format, found.target) == ("scsi", "/old/disk.vmdk", "vmdk", "hdz")
    (found,) = await world.modify(NicSpec(allocation_id=odd.id, model="e1000"))
    assert (found.model, found.mac, found.connection) == ("e1000", odd.mac, odd.connection)


# Whole or not


@pytest.mark.parametrize(
    ("problem", "after"), [(Problem.FAILED, False), (Problem.TIMEOUT, False), (Problem.TIMEOUT, True)]
)
@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
async def test_a_failure_of_any_step_takes_the_others_back(world, system, nth, problem, after):
    world.inject(operation="modify_resource", nth=nth, problem=problem, after=after)
    error = await refused(
        world.modify(
            MemorySpec(allocation_id=defined(system, "memory"), size=GIB // 2),
            ProcessorSpec(allocation_id=defined(system, "processor"), count=1, maximum=2),
            DiskSpec(allocation_id=defined(system, "disk:vda"), source="new.img", capacity=GIB, shareable=True),
            DiskSpec(allocation_id=defined(system, "disk:sda"), source="installer.iso"),
            NicSpec(allocation_id=defined(system, f"nic:{MAC}"), mac="52:54:00:00:00:02", source="isolated"),
        )
    )
    assert error.problem is problem
    after_all = world.driver.hypervisor.systems[system.id]
    assert _plain(after_all.defined) == _plain(system.defined)
    assert _plain(world.system(system.id).defined) == _plain(system.defined)
    assert not world.has_image("/simulated/images/new.img")


def _plain(configuration):
    """Everything; what an empty drive keeps of its last medium does not matter."""
    emptied = (disk if disk.source else replace(disk, source=None, format=None) for disk in configuration.disks)
    return replace(configuration, disks=tuple(emptied))


async def test_nothing_is_changed_when_one_of_many_cannot_be(world, system):
    error = await refused(
        world.modify(
            MemorySpec(allocation_id=defined(system, "memory"), size=GIB // 2),
            ProcessorSpec(allocation_id=defined(system, "processor"), count=0),
        )
    )
    assert error.problem is Problem.INVALID_PARAMETER
    assert not [call for call in world.driver.calls if call.startswith("modify")]


async def test_systems_are_modified_together(world, system):
    other = await world.define(name="db")
    world.inject(operation="modify_resource", subject="db", problem=Problem.FAILED)
    specs = [MemorySpec(allocation_id=defined(each, "memory"), size=GIB // 4) for each in (system, other)]
    assert (await refused(world.modify(*specs))).problem is Problem.FAILED
    assert world.system(system.id) == system
    world.driver.clear_faults()
    assert [memory.size for memory in await world.modify(*specs)] == [GIB // 4] * 2


async def test_a_cancelled_modification_is_taken_back(world, system, until):
    world.inject(operation="modify_resource", nth=2, delay=0.02)
    modifying = asyncio.create_task(
        world.modify(
            MemorySpec(allocation_id=defined(system, "memory"), size=GIB // 2),
            ProcessorSpec(allocation_id=defined(system, "processor"), count=1),
        )
    )
    await until(lambda: len([call for call in world.driver.calls if call.startswith("modify")]) == 2)
    modifying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await modifying
    assert world.driver.hypervisor.systems[system.id].defined == system.defined


async def test_a_system_that_goes_meanwhile(world, system, until):
    world.inject(operation="modify_resource", nth=1, delay=0.02)
    modifying = asyncio.create_task(world.modify(MemorySpec(allocation_id=defined(system, "memory"), size=2 * GIB)))
    await until(lambda: any(call.startswith("modify") for call in world.driver.calls))
    world.driver.hypervisor.undefine(system.id)
    assert (await refused(modifying)).problem is Problem.NOT_FOUND
    assert world.inventory.generation.system(system.id) is None


async def test_a_definition_may_ask_for_more_memory_than_the_host_has_where_that_is_wanted(world, active):
    more = world.host.memory + GIB
    asked = MemorySpec(allocation_id=defined(active, "memory"), size=more)
    assert (await refused(world.modify(asked))).problem is Problem.INVALID_PARAMETER
    [memory] = await world.operations.modify_resources(ADMIN, specs=[asked], beyond_host=True)
    assert memory.size == more
    now = replace(asked, allocation_id=current(active, "memory"))
    error = await refused(world.operations.modify_resources(ADMIN, specs=[now], beyond_host=True))
    assert error.problem is Problem.INVALID_PARAMETER
