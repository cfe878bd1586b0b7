"""Defining a virtual system: what is filled in, what is refused, and that a failure leaves nothing."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from openvman.messages.problem import Problem
from openvman.model.allocation import DiskKind, NicConnection
from openvman.model.errors import ModelError
from openvman.model.spec import DiskSpec, MemorySpec, NicSpec, ProcessorSpec, SystemSpec
from openvman.model.states import Action, State
from openvman.model.system import OnCrash

GIB = 1 << 30


async def refused(awaitable) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await awaitable
    assert caught.value.message
    return caught.value


async def test_nothing_said_gets_defaults(world):
    made = await world.define()
    assert made is world.system(made.id)
    assert made.state is State.DEFINED
    assert made.name.startswith("vm-")
    defined = made.defined
    assert (defined.hypervisor, defined.machine, defined.on_crash) == ("simulated", "q35", OnCrash.DESTROY)
    assert (defined.processor.count, defined.processor.maximum) == (1, 1)
    assert (defined.memory.size, defined.memory.maximum) == (512 << 20, 512 << 20)
    assert (defined.disks, defined.nics) == ((), ())
    assert defined.serials[0].has_log


async def test_what_is_said_is_kept(world):
    made = await world.define(
        ProcessorSpec(count=2, maximum=4),
        MemorySpec(size=GIB, maximum=2 * GIB),
        DiskSpec(source="small.qcow2", target="sdb", bus="scsi", shareable=True),
        NicSpec(mac="52-54-00-AB-CD-EF", model="e1000", connection=NicConnection.USER),
        system_id="0B5E6F1C-5A1B-4E43-9D5D-0A4C2F1F7A11",
        name="web 1",
        description="serves\npages",
        autostart=True,
        machine="pc",
        on_crash=OnCrash.RESTART,
    )
    defined = made.defined
    assert made.id == "0b5e6f1c-5a1b-4e43-9d5d-0a4c2f1f7a11"
    assert (made.name, made.description, defined.autostart) == ("web 1", "serves\npages", True)
    assert (defined.machine, defined.on_crash) == ("pc", OnCrash.RESTART)
    assert (defined.processor.count, defined.processor.maximum) == (2, 4)
    (disk,), (nic,) = defined.disks, defined.nics
    assert (disk.target, disk.bus, disk.source, disk.format) == (
        "sdb",
        "scsi",
        "/simulated/images/small.qcow2",
        "qcow2",
    )
    assert disk.shareable
    assert (nic.mac, nic.model, nic.connection, nic.source) == ("52:54:00:ab:cd:ef", "e1000", NicConnection.USER, None)


async def test_devices_get_buses_targets_and_addresses_of_their_own(world):
    made = await world.define(
        DiskSpec(capacity=GIB),
        DiskSpec(capacity=GIB, target="vda"),
        DiskSpec(capacity=GIB, target="hdc"),
        DiskSpec(kind=DiskKind.CDROM, source="installer.iso"),
        DiskSpec(kind=DiskKind.FLOPPY),
        NicSpec(),
        NicSpec(),
        name="many",
    )
    disks = [(disk.target, disk.bus, disk.read_only, disk.source) for disk in made.defined.disks]
    assert disks == [
        ("vdb", "virtio", False, "/simulated/images/many-vdb.qcow2"),
        ("vda", "virtio", False, "/simulated/images/many-vda.qcow2"),
        ("hdc", "ide", False, "/simulated/images/many-hdc.qcow2"),
        ("sda", "sata", True, "/simulated/images/installer.iso"),
        ("fda", "fdc", False, None),
    ]
    nics = made.defined.nics
    assert len({nic.mac for nic in nics}) == 2
    assert {nic.mac[:9] for nic in nics} == {"52:54:00:"}
    assert {(nic.model, nic.connection, nic.source) for nic in nics} == {("virtio", NicConnection.NETWORK, "default")}


@pytest.mark.parametrize(
    "spec", [MemorySpec(size=10**9), MemorySpec(maximum=10**9), DiskSpec(capacity=10**6 + 1)], ids=repr
)
async def test_what_is_off_the_increment_is_refused_and_not_rounded(world, spec):
    error = await refused(world.define(spec, name="odd"))
    assert error.problem is Problem.INVALID_PARAMETER
    assert re.search(r"from \d+ to \d+ bytes of \w+.* in steps of (1024|512)$", error.message)
    assert not world.names()


async def test_the_second_image_of_a_name_gets_a_number(world):
    first = await world.define(DiskSpec(capacity=GIB), name="web")
    await world.operations.destroy_system(None, system=first)
    assert world.has_image("/simulated/images/web-vda.qcow2")
    second = await world.define(DiskSpec(capacity=GIB), name="web")
    assert second.defined.disks[0].source == "/simulated/images/web-vda-2.qcow2"


async def test_a_new_image_keeps_off_a_path_that_a_disk_claims(world):
    first = await world.define(DiskSpec(capacity=GIB), name="web")
    await world.driver.delete_image(world.host.id, first.defined.disks[0].source)
    await world.operations.modify_system(None, spec=_rename(first, "old"))
    second = await world.define(DiskSpec(capacity=GIB), name="web")
    assert second.defined.disks[0].source == "/simulated/images/web-vda-2.qcow2"


def _rename(system, name):
    return SystemSpec(system_id=system.id, name=name)


async def test_an_image_can_be_made_where_the_request_says(world):
    made = await world.define(DiskSpec(source="sub/data.raw", capacity=GIB))
    (disk,) = made.defined.disks
    assert (disk.source, disk.format) == ("/simulated/images/sub/data.raw", "raw")
    assert disk.capacity == GIB


@pytest.mark.parametrize(
    "name",
    ["", "a/b", "-rf", ".", "..", " x", "x ", "a\nb", "a\0b", "a\x85b", "\ud800", "x" * 201, "é" * 101, "\ufffe"],
)
async def test_names_that_cannot_be(world, name):
    error = await refused(world.define(name=name))
    assert (error.problem, error.subject) == (Problem.INVALID_PARAMETER, "name")
    assert world.names() == set()


@pytest.mark.parametrize("name", ["a", "x" * 200, "web 1", "ümläut", "日本", "<b>&amp;", "x.y"])
async def test_names_that_can_be(world, name):
    assert (await world.define(name=name)).name == name


@pytest.mark.parametrize(
    ("spec", "problem", "subject"),
    [
        (ProcessorSpec(count=0), Problem.INVALID_PARAMETER, "count"),
        (ProcessorSpec(count=289), Problem.INVALID_PARAMETER, "count"),
        (ProcessorSpec(count=1, maximum=289), Problem.INVALID_PARAMETER, "maximum"),
        (ProcessorSpec(count=4, maximum=2), Problem.INVALID_PARAMETER, "count"),
        (MemorySpec(size=0), Problem.INVALID_PARAMETER, "size"),
        (MemorySpec(size=-GIB), Problem.INVALID_PARAMETER, "size"),
        (MemorySpec(size=1 << 60), Problem.INVALID_PARAMETER, "size"),
        (MemorySpec(size=2 * GIB, maximum=GIB), Problem.INVALID_PARAMETER, "size"),
        (DiskSpec(), Problem.INVALID_PARAMETER, "source"),
        (DiskSpec(kind=DiskKind.CDROM, capacity=GIB), Problem.INVALID_PARAMETER, "capacity"),
        (DiskSpec(capacity=0), Problem.INVALID_PARAMETER, "capacity"),
        (DiskSpec(capacity=1 << 60), Problem.INVALID_PARAMETER, "capacity"),
        (DiskSpec(capacity=GIB, bus="nvme"), Problem.INVALID_PARAMETER, "bus"),
        (DiskSpec(kind=DiskKind.CDROM, bus="virtio"), Problem.INVALID_PARAMETER, "bus"),
        (DiskSpec(kind=DiskKind.FLOPPY, bus="sata"), Problem.INVALID_PARAMETER, "bus"),
        (DiskSpec(capacity=GIB, kind=DiskKind.DISK, bus="fdc"), Problem.INVALID_PARAMETER, "bus"),
        (DiskSpec(capacity=GIB, target="../x"), Problem.INVALID_PARAMETER, "target"),
        (DiskSpec(capacity=GIB, target="vd"), Problem.INVALID_PARAMETER, "target"),
        (DiskSpec(capacity=GIB, target="vda", bus="sata"), Problem.INVALID_PARAMETER, "target"),
        (DiskSpec(capacity=GIB, target="hde"), Problem.INVALID_PARAMETER, "target"),
        (DiskSpec(capacity=GIB, format="vmdk"), Problem.NOT_SUPPORTED, "format"),
        (DiskSpec(kind=DiskKind.CDROM, read_only=False), Problem.INVALID_PARAMETER, "read_only"),
        (DiskSpec(source="no-such.qcow2"), Problem.NOT_FOUND, "source"),
        (DiskSpec(source="small.qcow2", capacity=2 * GIB), Problem.INVALID_PARAMETER, "capacity"),
        (NicSpec(mac="52:54:00:00:00"), Problem.INVALID_PARAMETER, "mac"),
        (NicSpec(mac="53:54:00:00:00:01"), Problem.INVALID_PARAMETER, "mac"),
        (NicSpec(mac="00:00:00:00:00:00"), Problem.INVALID_PARAMETER, "mac"),
        (NicSpec(mac="52:54:00:00:00:01\n"), Problem.INVALID_PARAMETER, "mac"),
        (NicSpec(model="cable"), Problem.INVALID_PARAMETER, "model"),
        (NicSpec(source="no-such"), Problem.NOT_FOUND, "source"),
        (NicSpec(connection=NicConnection.NETWORK, source="no-such"), Problem.NOT_FOUND, "source"),
        (NicSpec(connection=NicConnection.USER, source="default"), Problem.INVALID_PARAMETER, "source"),
        (NicSpec(connection=NicConnection.OTHER), Problem.NOT_SUPPORTED, "connection"),
        (NicSpec(connection=NicConnection.BRIDGE), Problem.INVALID_PARAMETER, "source"),
        (NicSpec(connection=NicConnection.BRIDGE, source="br0"), Problem.ACCESS_DENIED, "source"),
    ],
)
async def test_resources_that_cannot_be(world, spec, problem, subject):
    error = await refused(world.define(spec, name="web"))
    assert (error.problem, error.subject) == (problem, subject), error.message
    assert world.names() == set()


@pytest.mark.parametrize(
    "setting", [{"hypervisor": "xen"}, {"machine": "vax"}, {"description": "a\x1bb"}, {"description": "x" * 10_000}]
)
async def test_settings_that_cannot_be(world, setting):
    error = await refused(world.define(**setting))
    assert error.problem in {Problem.INVALID_PARAMETER, Problem.UNAVAILABLE}
    assert "web" not in world.names()


async def test_two_of_what_a_system_has_one_of(world):
    assert (await refused(world.define(ProcessorSpec(), ProcessorSpec()))).subject == "processors"
    assert (await refused(world.define(MemorySpec(), MemorySpec()))).subject == "memory"


@pytest.mark.parametrize(
    ("specs", "subject"),
    [
        ([DiskSpec(capacity=GIB, target="vda")] * 2, "target"),
        ([NicSpec(mac="52:54:00:00:00:01"), NicSpec(mac="52-54-00-00-00-01")], "mac"),
        ([DiskSpec(capacity=GIB)] * 65, "disks"),
        ([NicSpec()] * 33, "nics"),
    ],
)
async def test_devices_that_cannot_be_together(world, specs, subject):
    error = await refused(world.define(*specs))
    assert (error.problem, error.subject) == (Problem.INVALID_PARAMETER, subject)


async def test_what_another_system_has_is_refused(world):
    first = await world.define(NicSpec(mac="52:54:00:00:00:01"), name="web")
    assert (await refused(world.define(DiskSpec(capacity=GIB), name="web"))).problem is Problem.ALREADY_EXISTS
    assert world.driver.calls == []
    error = await refused(world.define(system_id=first.id.upper()))
    assert error.problem is Problem.ALREADY_EXISTS
    assert "'web'" in error.message
    error = await refused(world.define(NicSpec(mac="52:54:00:00:00:01")))
    assert (error.problem, error.subject) == (Problem.ALREADY_EXISTS, "mac")
    assert world.names() == {"web"}


@pytest.mark.parametrize("id", ["", "web", "00000000-0000-0000-0000-000000000000", "x" * 1000])
async def test_what_is_no_uuid_is_refused(world, id):
    error = await refused(world.define(system_id=id))
    assert (error.problem, error.subject) == (Problem.INVALID_PARAMETER, "system_id")


async def test_bridges_are_for_those_the_policy_says_and_admins(world, admin):
    nic = NicSpec(connection=NicConnection.BRIDGE, source="br0")
    assert (await refused(world.define(nic))).problem is Problem.ACCESS_DENIED
    assert (await world.define(nic, actor=admin)).defined.nics[0].source == "br0"
    world.with_policy(bridges=("br0",))
    assert (await world.define(nic)).defined.nics[0].connection is NicConnection.BRIDGE


async def test_without_a_default_network_a_nic_gets_user_mode(world, until):
    hypervisor = world.driver.hypervisor
    isolated = next(each for each in world.host.networks if each.name == "isolated")
    other = replace(isolated, uuid="6ac5acc7-2e1e-4b5f-8b3c-96d0e5a86b5e", name="other")
    stopped = replace(isolated, uuid="0e14d6b2-5d1c-41ef-9d0c-4f1b6c3f2f0e", name="stopped", active=False)
    hypervisor.add_host(replace(world.host, networks=(isolated, other, stopped)))
    await until(lambda: world.host.network_names == ("isolated", "other"))
    made = await world.define(NicSpec())
    assert (made.defined.nics[0].connection, made.defined.nics[0].source) == (NicConnection.USER, None)
    error = await refused(world.define(NicSpec(connection=NicConnection.NETWORK)))
    assert error.problem is Problem.NOT_FOUND
    assert "'isolated', 'other'" in error.message


# Failures


_CALLS = [("inspect_image", 1), ("inspect_image", 2), ("create_image", 1), ("create_image", 2), ("define", 1)]
_CALLS += [("read_system", None)]  # each: an event may have it read too
_PROBLEMS = [Problem.FAILED, Problem.TIMEOUT, Problem.UNAVAILABLE]
_FAILURES = [(*call, problem, after) for call in _CALLS for problem in _PROBLEMS for after in (False, True)]
_FAILURES.remove(("define", 1, Problem.FAILED, True))  # a driver that says FAILED has defined nothing


@pytest.mark.parametrize(("operation", "nth", "problem", "after"), _FAILURES)
async def test_a_failure_at_any_call_leaves_nothing(world, operation, nth, problem, after):
    found = [DiskSpec(source="small.qcow2"), DiskSpec(source="plain.raw")]
    disks = [*found, DiskSpec(capacity=GIB), DiskSpec(source="own.qcow2", capacity=GIB)]
    world.inject(operation=operation, nth=nth, problem=problem, after=after)
    error = await refused(world.define(*disks, NicSpec(), name="web"))
    assert error.problem is problem
    assert world.names() == set()
    assert world.named("web") is None
    left = ["web-vdc.qcow2", "own.qcow2"]
    if operation == "create_image" and after:
        # The platform said that it failed although it had not: what stands there may be another's.
        del left[nth - 1]
    for path in left:
        assert not world.has_image(f"/simulated/images/{path}")
    # What was claimed is free again.
    world.driver.clear_faults()
    assert (await world.define(DiskSpec(capacity=GIB), name="web")).name == "web"


async def test_a_definition_taken_for_failed_is_taken_back(world):
    """The answer is lost: the system is there, and goes."""
    world.inject(operation="define", problem=Problem.TIMEOUT, after=True)
    await refused(world.define(name="web"))
    assert world.names() == set()
    assert list(world.inventory.generation.systems) == []


async def test_a_system_that_somebody_removes_at_once(world, monkeypatch):
    define = world.driver.define

    async def define_and_remove(definition):
        await define(definition)
        world.driver.hypervisor.undefine(definition.id)

    monkeypatch.setattr(world.driver, "define", define_and_remove)
    error = await refused(world.define(DiskSpec(capacity=GIB), name="web"))
    assert error.problem is Problem.NOT_FOUND
    assert not hasattr(error, "__notes__")
    assert not world.has_image("/simulated/images/web-vda.qcow2")


async def test_what_cannot_be_undone_is_noted(world):
    world.inject(operation="define", problem=Problem.FAILED)
    world.inject(operation="delete_image", problem=Problem.BUSY)
    error = await refused(world.define(DiskSpec(capacity=GIB), name="web"))
    assert error.problem is Problem.FAILED
    assert any("/simulated/images/web-vda.qcow2" in note for note in error.__notes__)


@pytest.mark.parametrize("operation", ["create_image", "define", "read_system"])
async def test_a_cancelled_definition_leaves_nothing(world, until, operation):
    world.inject(operation=operation, delay=0.05, after=operation != "read_system")
    task = asyncio.create_task(world.define(DiskSpec(capacity=GIB), name="web"))
    if operation == "create_image":
        await until(lambda: "create /simulated/images/web-vda.qcow2" in world.driver.calls)
    else:
        await until(lambda: bool(world.names()))
    for _ in range(3):
        task.cancel()  # again and again: the undoing goes to its end
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert world.names() == set()
    assert not world.has_image("/simulated/images/web-vda.qcow2")


# At the same time


async def test_of_many_of_one_name_exactly_one_wins(world):
    results = await asyncio.gather(
        *(world.define(DiskSpec(capacity=GIB), NicSpec(), name="web") for _ in range(8)), return_exceptions=True
    )
    won = [result for result in results if not isinstance(result, BaseException)]
    assert len(won) == 1
    assert {error.problem for error in results if isinstance(error, ModelError)} == {Problem.ALREADY_EXISTS}
    assert world.names() == {"web"}
    assert not world.has_image("/simulated/images/web-vda-2.qcow2")


async def test_of_many_that_want_one_image_exactly_one_wins(world):
    results = await asyncio.gather(
        *(world.define(DiskSpec(source="small.qcow2"), name=f"vm{n}") for n in range(8)), return_exceptions=True
    )
    problems = [error.problem for error in results if isinstance(error, ModelError)]
    assert problems == [Problem.INVALID_STATE] * 7
    assert len(world.names()) == 1


async def test_of_two_that_want_one_address_one_wins(world):
    results = await asyncio.gather(
        *(world.define(NicSpec(mac="52:54:00:00:00:01")) for _ in range(2)), return_exceptions=True
    )
    assert sorted(isinstance(result, ModelError) for result in results) == [False, True]


async def test_who_waits_too_long_is_told_that_it_is_busy(new_world):
    async with new_world("vms=0", patience=timedelta(milliseconds=20)) as world:
        world.inject(operation="define", nth=1, delay=0.3)
        first = asyncio.create_task(world.define(name="web"))
        await asyncio.sleep(0)
        error = await refused(world.define(name="web"))
        assert error.problem is Problem.BUSY
        assert (await first).name == "web"


async def test_others_do_not_wait(new_world):
    async with new_world("vms=0") as world:
        world.inject(operation="define", subject="slow", delay=5)
        slow = asyncio.create_task(world.define(name="slow"))
        await world.define(name="fast")
        assert not slow.done()
        slow.cancel()
        world.driver.disconnect("over")
        with pytest.raises((asyncio.CancelledError, ModelError)):
            await slow


# Where to


async def test_the_host_with_most_free_memory_is_chosen(new_world):
    async with new_world("hosts=3&vms=0&memory=8GiB") as world:
        chosen = []
        for number in range(6):
            made = await world.define(MemorySpec(size=2 * GIB), name=f"vm{number}")
            await world.act(made, Action.START)
            chosen.append(made.host_id)
        assert sorted(chosen.count(host_id) for host_id in world.inventory.generation.hosts) == [2, 2, 2]


async def test_a_host_that_does_not_answer_is_not_chosen(new_world, until):
    async with new_world("hosts=2&vms=0") as world:
        first, second = sorted(world.inventory.generation.hosts)
        world.driver.hypervisor.set_online(first, online=False)
        await until(lambda: not world.inventory.generation.hosts[first].online)
        assert (await world.define()).host_id == second
        assert (await refused(world.define(host_id=first))).problem is Problem.UNAVAILABLE
        world.driver.hypervisor.set_online(second, online=False)
        await until(lambda: not world.inventory.generation.hosts[second].online)
        assert (await refused(world.define())).problem is Problem.UNAVAILABLE


async def test_an_unknown_host(world):
    error = await refused(world.define(host_id="nowhere"))
    assert (error.problem, error.subject) == (Problem.NOT_FOUND, "host_id")
