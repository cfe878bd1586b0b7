"""The simulated platform keeps the rules of a real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from openvman.drivers.contract import ConnectionLost, SystemChanged
from openvman.drivers.simulated import SimulatedDriver, create
from openvman.messages.problem import Problem
from openvman.model.allocation import DiskKind, NicConnection
from openvman.model.errors import ModelError
from openvman.model.spec import Definition, DiskSpec, MemorySpec, NicSpec, ProcessorSpec, ResourceSpec, SystemSpec
from openvman.model.states import TRANSITIONS, Action, State
from openvman.model.system import ConfigurationKind, OnCrash

GIB = 1 << 30
DEFINED, STATE = ConfigurationKind.DEFINED, ConfigurationKind.STATE


class Platform:
    """An open driver, its events, and short ways to say things."""

    def __init__(self, uri: str) -> None:
        driver = create(uri, state=Path("/nonexistent"), deadline=10)
        assert isinstance(driver, SimulatedDriver)
        self.driver = driver
        self.events: list = []

    async def open(self) -> Platform:
        await self.driver.open(self.events.append)
        self.host = (await self.driver.load()).hosts[0]
        return self

    def definition(self, name: str = "new", **changes) -> Definition:
        made = Definition(
            id=str(uuid4()),
            host_id=self.host.id,
            name=name,
            hypervisor="simulated",
            description="first",
            autostart=False,
            on_crash=OnCrash.DESTROY,
            machine=None,
            processor=ProcessorSpec(count=1, maximum=4),
            memory=MemorySpec(size=GIB, maximum=2 * GIB),
            disks=(
                DiskSpec(target="vda", kind=DiskKind.DISK, bus="virtio", source="/simulated/images/small.qcow2"),
                DiskSpec(target="sda", kind=DiskKind.CDROM, bus="sata", read_only=True),
            ),
            nics=(NicSpec(mac="52:54:00:00:00:01", connection=NicConnection.NETWORK, source="default"),),
        )
        return replace(made, **changes)

    async def define(self, name: str = "new", **changes):
        definition = self.definition(name, **changes)
        await self.driver.define(definition)
        return await self.read(definition.id)

    async def active(self, name: str = "new", **changes):
        system = await self.define(name, **changes)
        await self.driver.act(system.id, Action.START)
        return await self.read(system.id)

    async def read(self, system_id: str):
        return await self.driver.read_system(system_id)

    async def state(self, system_id: str) -> State:
        return (await self.read(system_id)).state


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    made = await Platform("sim://?vms=0&memory=8GiB").open()
    yield made
    await made.driver.close()


def refuses(problem: Problem):
    return pytest.raises(ModelError, check=lambda error: error.problem is problem)


# Definitions


async def test_a_definition_becomes_a_system(platform) -> None:
    system = await platform.define()
    assert (system.state, system.name, system.current) == (State.DEFINED, "new", None)
    assert system.defined.id == f"{system.id}/defined"
    assert [a.local_id for a in system.defined.allocations()] == [
        "processor",
        "memory",
        "disk:vda",
        "disk:sda",
        "nic:52:54:00:00:00:01",
        "serial:0",
    ]
    assert system.defined.disks[0].capacity == GIB
    assert system.defined.disks[1].capacity is None


async def test_names_and_ids_are_used_once(platform) -> None:
    system = await platform.define()
    with refuses(Problem.ALREADY_EXISTS):
        await platform.define()
    with refuses(Problem.ALREADY_EXISTS):
        await platform.define("other", id=system.id)
    assert len((await platform.driver.load()).systems) == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"host_id": "nowhere"}, Problem.NOT_FOUND),
        ({"hypervisor": "kvm"}, Problem.NOT_SUPPORTED),
        ({"machine": "vax"}, Problem.NOT_SUPPORTED),
        ({"name": ""}, Problem.INVALID_PARAMETER),
        ({"name": "a/b"}, Problem.INVALID_PARAMETER),
        ({"name": "a\nb"}, Problem.INVALID_PARAMETER),
        ({"processor": ProcessorSpec(count=0)}, Problem.INVALID_PARAMETER),
        ({"processor": ProcessorSpec(count=5, maximum=4)}, Problem.INVALID_PARAMETER),
        ({"processor": ProcessorSpec()}, Problem.INVALID_PARAMETER),
        ({"memory": MemorySpec(size=2, maximum=1)}, Problem.INVALID_PARAMETER),
        ({"disks": (DiskSpec(target="a", kind=DiskKind.DISK, bus="ide"),) * 2}, Problem.INVALID_PARAMETER),
        ({"disks": (DiskSpec(target="a", kind=DiskKind.DISK, bus="mfm"),)}, Problem.NOT_SUPPORTED),
        ({"disks": (DiskSpec(kind=DiskKind.DISK, bus="ide"),)}, Problem.INVALID_PARAMETER),
        ({"nics": (NicSpec(connection=NicConnection.NETWORK),)}, Problem.INVALID_PARAMETER),
        ({"nics": (NicSpec(connection=NicConnection.USER, model="ne2k"),)}, Problem.NOT_SUPPORTED),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(platform, changes, problem) -> None:
    with refuses(problem):
        await platform.define(**{"name": "new", **changes})
    assert (await platform.driver.load()).systems == ()
    await platform.define()  # the name is free


async def test_a_nic_without_an_address_gets_one(platform) -> None:
    system = await platform.define(nics=(NicSpec(connection=NicConnection.USER),) * 2)
    first, second = (nic.mac for nic in system.defined.nics)
    assert first != second
    assert first.startswith("52:54:00:")


async def test_undefine_forgets_the_system(platform) -> None:
    system = await platform.active()
    with refuses(Problem.INVALID_STATE):
        await platform.driver.undefine(system.id)
    await platform.driver.act(system.id, Action.STOP)
    await platform.driver.undefine(system.id)
    assert await platform.read(system.id) is None
    with refuses(Problem.NOT_FOUND):
        await platform.driver.undefine(system.id)
    again = await platform.define(id=system.id)
    assert (await platform.driver.read_console(again.id, 0, 0, 100)).data == b""


async def test_undefine_takes_the_saved_memory(platform) -> None:
    system = await platform.active()
    await platform.driver.act(system.id, Action.SUSPEND)
    await platform.driver.undefine(system.id)
    assert await platform.read(system.id) is None
    await platform.active(id=system.id, memory=MemorySpec(size=2 * GIB))
    assert (await platform.read(system.id)).current.memory.size == 2 * GIB


# States

ROADS = {
    State.DEFINED: (),
    State.ACTIVE: (Action.START,),
    State.PAUSED: (Action.START, Action.PAUSE),
    State.SUSPENDED: (Action.START, Action.SUSPEND),
}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("state", ROADS)
async def test_every_transition_is_legal_as_the_table_says(platform, state, action) -> None:
    system = await platform.define()
    for step in ROADS[state]:
        await platform.driver.act(system.id, step)
    assert await platform.state(system.id) is state
    transition = TRANSITIONS[state].get(action)
    if transition is None:
        with refuses(Problem.INVALID_STATE):
            await platform.driver.act(system.id, action)
        assert await platform.state(system.id) is state
        return
    platform.events.clear()
    await platform.driver.act(system.id, action)
    async with asyncio.timeout(10):
        while await platform.state(system.id) is not transition.target or not platform.events:  # noqa: ASYNC110
            await asyncio.sleep(0)
    system = await platform.read(system.id)
    assert (system.current is not None) == (transition.target in (State.ACTIVE, State.PAUSED))
    assert set(platform.events) == {SystemChanged(system.id)}


async def test_nothing_acts_on_a_system_that_is_not_there(platform) -> None:
    with refuses(Problem.NOT_FOUND):
        await platform.driver.act("nobody", Action.START)


async def test_an_activation_has_a_configuration_of_its_own(platform) -> None:
    system = await platform.active()
    assert system.current.id == f"{system.id}/state"
    assert [a.local_id for a in system.current.allocations()] == [a.local_id for a in system.defined.allocations()]
    assert all(a.configuration_id == system.current.id for a in system.current.allocations())
    assert system.current.nics[0].target is not None
    assert system.defined.nics[0].target is None


async def test_a_suspended_system_resumes_as_it_was(platform) -> None:
    system = await platform.active()
    spec = MemorySpec(allocation_id=system.current.memory.id, size=2 * GIB)
    await platform.driver.modify_resource(system.id, STATE, spec)
    await platform.driver.act(system.id, Action.SUSPEND)
    await platform.driver.modify_system(system.id, SystemSpec(description="meanwhile"))
    await platform.driver.act(system.id, Action.START)
    current = (await platform.read(system.id)).current
    assert current.memory.size == 2 * GIB
    assert current.description == "meanwhile"


async def test_a_stopped_suspended_system_starts_afresh(platform) -> None:
    system = await platform.active()
    spec = MemorySpec(allocation_id=system.current.memory.id, size=2 * GIB)
    await platform.driver.modify_resource(system.id, STATE, spec)
    for action in (Action.SUSPEND, Action.STOP, Action.START):
        await platform.driver.act(system.id, action)
    assert (await platform.read(system.id)).current.memory.size == GIB


async def test_saved_memory_is_used_once(platform) -> None:
    system = await platform.active()
    for action in (Action.SUSPEND, Action.START, Action.SHUT_DOWN):
        await platform.driver.act(system.id, action)
    async with asyncio.timeout(10):
        while await platform.state(system.id) is not State.DEFINED:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert (await platform.driver.read_console(system.id, 0, 0, 1000)).data.count(b"guest") == 1
    await platform.driver.act(system.id, Action.START)
    assert (await platform.driver.read_console(system.id, 0, 0, 1000)).data.count(b"guest") == 2


async def test_a_host_has_only_so_much_memory(platform) -> None:
    one = await platform.active("one", memory=MemorySpec(size=5 * GIB), disks=())
    two = await platform.define("two", memory=MemorySpec(size=5 * GIB), disks=())
    with refuses(Problem.FAILED):
        await platform.driver.act(two.id, Action.START)
    assert await platform.state(two.id) is State.DEFINED
    await platform.driver.act(one.id, Action.STOP)
    await platform.driver.act(two.id, Action.START)
    assert await platform.state(two.id) is State.ACTIVE


async def test_growing_memory_needs_room_too(platform) -> None:
    system = await platform.active(memory=MemorySpec(size=GIB, maximum=100 * GIB))
    for size, fits in ((8 * GIB, True), (9 * GIB, False)):
        spec = MemorySpec(allocation_id=system.current.memory.id, size=size)
        if fits:
            await platform.driver.modify_resource(system.id, STATE, spec)
        else:
            with refuses(Problem.FAILED):
                await platform.driver.modify_resource(system.id, STATE, spec)
    assert (await platform.read(system.id)).current.memory.size == 8 * GIB


async def test_two_cannot_write_one_image(platform) -> None:
    await platform.active("one")
    two = await platform.define("two")
    with refuses(Problem.FAILED):
        await platform.driver.act(two.id, Action.START)


async def test_a_shared_or_read_only_image_is_for_all(platform) -> None:
    disk = DiskSpec(target="vda", kind=DiskKind.DISK, bus="virtio", source="/simulated/images/plain.raw")
    for number, sharing in enumerate(({"shareable": True}, {"read_only": True})):
        for twin in ("a", "b"):
            await platform.active(f"{twin}{number}", disks=(replace(disk, **sharing),))


@pytest.mark.parametrize(
    "changes",
    [
        {"disks": (DiskSpec(target="vda", kind=DiskKind.DISK, bus="virtio", source="/simulated/none"),)},
        {"nics": (NicSpec(connection=NicConnection.NETWORK, source="none"),)},
    ],
)
async def test_what_a_start_needs_must_be_there(platform, changes) -> None:
    with refuses(Problem.FAILED):
        await platform.active(**changes)


# Modifications


async def test_settings_change_in_the_right_configurations(platform) -> None:
    system = await platform.active()
    await platform.driver.modify_system(
        system.id, SystemSpec(description="second", autostart=True, on_crash=OnCrash.RESTART, machine="pc")
    )
    after = await platform.read(system.id)
    assert after.description == "second"
    for configuration in after.configurations():
        assert (configuration.description, configuration.autostart) == ("second", True)
    assert (after.defined.on_crash, after.defined.machine) == (OnCrash.RESTART, "pc")
    assert (after.current.on_crash, after.current.machine) == (OnCrash.DESTROY, "q35")


async def test_renaming(platform) -> None:
    await platform.define("taken")
    system = await platform.define("old")
    with refuses(Problem.ALREADY_EXISTS):
        await platform.driver.modify_system(system.id, SystemSpec(name="taken"))
    await platform.driver.modify_system(system.id, SystemSpec(name="new"))
    assert (await platform.read(system.id)).name == "new"
    await platform.define("old", disks=())  # is free now
    await platform.driver.act(system.id, Action.START)
    with refuses(Problem.INVALID_STATE):
        await platform.driver.modify_system(system.id, SystemSpec(name="newer"))


async def test_a_system_stays_on_its_host(platform) -> None:
    system = await platform.define()
    with refuses(Problem.NOT_SUPPORTED):
        await platform.driver.modify_system(system.id, SystemSpec(host_id="elsewhere"))


@pytest.mark.parametrize(
    ("kind", "local_id", "spec", "problem"),
    [
        (DEFINED, "processor", ProcessorSpec(count=3), None),
        (DEFINED, "processor", ProcessorSpec(count=5), Problem.INVALID_PARAMETER),
        (DEFINED, "memory", MemorySpec(size=2 * GIB, maximum=4 * GIB), None),
        (DEFINED, "disk:vda", DiskSpec(source="/simulated/images/large.qcow2", bus="scsi"), None),
        (DEFINED, "nic:52:54:00:00:00:01", NicSpec(model="e1000", connection=NicConnection.USER), None),
        (DEFINED, "disk:vda", DiskSpec(capacity=5), Problem.NOT_SUPPORTED),
        (DEFINED, "disk:vda", DiskSpec(capacity=GIB), None),
        (DEFINED, "disk:vda", DiskSpec(source=""), Problem.INVALID_PARAMETER),
        (DEFINED, "disk:vdz", DiskSpec(bus="scsi"), Problem.NOT_FOUND),
        (DEFINED, "memory", ProcessorSpec(count=1), Problem.INVALID_PARAMETER),
        (DEFINED, "serial:0", ResourceSpec(), Problem.INVALID_PARAMETER),
        (STATE, "processor", ProcessorSpec(count=2), None),
        (STATE, "processor", ProcessorSpec(maximum=8), Problem.NOT_SUPPORTED),
        (STATE, "memory", MemorySpec(size=2 * GIB), None),
        (STATE, "memory", MemorySpec(maximum=4 * GIB), Problem.NOT_SUPPORTED),
        (STATE, "disk:sda", DiskSpec(source="/simulated/images/installer.iso"), None),
        (STATE, "disk:vda", DiskSpec(source="/simulated/images/large.qcow2"), Problem.NOT_SUPPORTED),
        (STATE, "disk:sda", DiskSpec(bus="ide"), Problem.NOT_SUPPORTED),
        (STATE, "nic:52:54:00:00:00:01", NicSpec(source="isolated"), None),
        (STATE, "nic:52:54:00:00:00:01", NicSpec(mac="52:54:00:00:00:02"), Problem.NOT_SUPPORTED),
    ],
)
async def test_resources_change_where_it_is_said(platform, kind, local_id, spec, problem) -> None:
    system = await platform.active()
    spec = replace(spec, allocation_id=f"{system.id}/{kind}/{local_id}")
    if problem is not None:
        with refuses(problem):
            await platform.driver.modify_resource(system.id, kind, spec)
        assert await platform.read(system.id) == system
        return
    await platform.driver.modify_resource(system.id, kind, spec)
    after = await platform.read(system.id)
    untouched, touched = (after.current, after.defined) if kind is DEFINED else (after.defined, after.current)
    assert untouched in tuple(system.configurations())
    allocation = next(a for a in touched.allocations() if a.local_id == local_id)
    for name in ("count", "maximum", "size", "source", "bus", "model", "connection"):
        wanted = getattr(spec, name, None)
        assert wanted is None or getattr(allocation, name) == wanted


async def test_another_medium_has_its_own_capacity(platform) -> None:
    system = await platform.active()
    spec = DiskSpec(allocation_id=f"{system.id}/state/disk:sda", source="/simulated/images/installer.iso")
    await platform.driver.modify_resource(system.id, STATE, spec)
    assert (await platform.read(system.id)).current.disks[1].capacity == 700 << 20


async def test_the_capacity_is_the_images_own(platform) -> None:
    system = await platform.define()
    spec = DiskSpec(allocation_id=system.defined.disks[0].id, source="/simulated/images/plain.raw", capacity=5)
    await platform.driver.modify_resource(system.id, DEFINED, spec)
    assert (await platform.read(system.id)).defined.disks[0].capacity == 10 * GIB


async def test_what_is_not_understood_stays(platform) -> None:
    system = await platform.define()
    (nic,) = system.defined.nics
    odd = replace(nic, model="odd")
    defined = replace(system.defined, nics=(odd,), machine="vax")
    platform.driver.hypervisor.systems[system.id] = replace(system, defined=defined)
    await platform.driver.modify_resource(system.id, DEFINED, NicSpec(allocation_id=nic.id, source="isolated"))
    await platform.driver.modify_resource(
        system.id, DEFINED, MemorySpec(allocation_id=system.defined.memory.id, size=GIB // 2)
    )
    await platform.driver.modify_system(system.id, SystemSpec(description="changed"))
    after = (await platform.read(system.id)).defined
    assert (after.nics, after.machine) == ((replace(odd, source="isolated"),), "vax")
    assert (after.memory.size, after.description) == (GIB // 2, "changed")


async def test_an_emptied_drive_keeps_nothing_of_its_medium(platform) -> None:
    system = await platform.define()
    drive = system.defined.disks[1]
    spec = DiskSpec(allocation_id=drive.id, source="/simulated/images/installer.iso", format="raw")
    await platform.driver.modify_resource(system.id, DEFINED, spec)
    await platform.driver.modify_resource(system.id, DEFINED, DiskSpec(allocation_id=drive.id, source=""))
    assert (await platform.read(system.id)).defined.disks[1] == drive


async def test_a_new_address_is_a_new_id(platform) -> None:
    system = await platform.define()
    spec = NicSpec(allocation_id=system.defined.nics[0].id, mac="52:54:00:00:00:02")
    await platform.driver.modify_resource(system.id, DEFINED, spec)
    assert (await platform.read(system.id)).defined.nics[0].local_id == "nic:52:54:00:00:00:02"


async def test_an_inactive_system_has_no_state_to_change(platform) -> None:
    system = await platform.define()
    with refuses(Problem.INVALID_STATE):
        await platform.driver.modify_resource(system.id, STATE, MemorySpec(allocation_id="x", size=1))


# Consoles and images


async def test_the_console_tells_each_boot(platform) -> None:
    system = await platform.define()
    assert (await platform.driver.read_console(system.id, 0, 0, 100)).size == 0
    for action in (Action.START, Action.RESET):
        await platform.driver.act(system.id, action)
    line = b"openvman simulated guest new\r\n"
    chunk = await platform.driver.read_console(system.id, 0, 0, 1000)
    assert (chunk.data, chunk.offset, chunk.size) == (line * 2, 0, 2 * len(line))
    chunk = await platform.driver.read_console(system.id, 0, 9, 9)
    assert (chunk.data, chunk.offset, chunk.size) == (line[9:18], 9, 2 * len(line))


async def test_a_console_that_is_not_there(platform) -> None:
    system = await platform.define(console_log=False)
    with refuses(Problem.NOT_FOUND):
        await platform.driver.read_console(system.id, 0, 0, 100)
    with refuses(Problem.NOT_FOUND):
        await platform.driver.read_console("nobody", 0, 0, 100)


async def test_an_image_is_made_found_and_removed(platform) -> None:
    driver, host_id, path = platform.driver, platform.host.id, "/simulated/images/mine.qcow2"
    with refuses(Problem.NOT_FOUND):
        await driver.inspect_image(host_id, path)
    await driver.create_image(host_id, path, "qcow2", GIB)
    image = await driver.inspect_image(host_id, path)
    assert (image.path, image.format, image.capacity, image.backing) == (path, "qcow2", GIB, None)
    with refuses(Problem.ALREADY_EXISTS):
        await driver.create_image(host_id, path, "qcow2", GIB)
    for _ in range(2):
        await driver.delete_image(host_id, path)
    with refuses(Problem.NOT_FOUND):
        await driver.inspect_image(host_id, path)


@pytest.mark.parametrize(
    ("path", "format", "capacity", "problem"),
    [
        ("relative", "raw", 1, Problem.INVALID_PARAMETER),
        ("/a/../b", "raw", 1, Problem.INVALID_PARAMETER),
        ("/a\0b", "raw", 1, Problem.INVALID_PARAMETER),
        ("/a/b", "vmdk", 1, Problem.NOT_SUPPORTED),
        ("/a/b", "raw", 0, Problem.INVALID_PARAMETER),
        ("/simulated/images/small.qcow2", "raw", 1, Problem.ALREADY_EXISTS),
    ],
)
async def test_an_image_that_cannot_be_made(platform, path, format, capacity, problem) -> None:
    with refuses(problem):
        await platform.driver.create_image(platform.host.id, path, format, capacity)


async def test_a_real_file_is_an_image_and_stays(platform, tmp_path) -> None:
    real = tmp_path / "real.img"
    real.write_bytes(b"12345")
    image = await platform.driver.inspect_image(platform.host.id, str(real))
    assert (image.format, image.capacity) == ("raw", 5)
    with refuses(Problem.ALREADY_EXISTS):
        await platform.driver.create_image(platform.host.id, str(real), "raw", 1)
    await platform.driver.delete_image(platform.host.id, str(real))
    assert real.read_bytes() == b"12345"
    with refuses(Problem.NOT_FOUND):
        await platform.driver.inspect_image(platform.host.id, str(tmp_path))  # a folder


async def test_nothing_is_done_on_a_host_that_is_offline(platform) -> None:
    system = await platform.define()
    platform.driver.hypervisor.set_online(platform.host.id, online=False)
    assert not (await platform.driver.read_host(platform.host.id)).online
    for call in (
        platform.driver.act(system.id, Action.START),
        platform.driver.define(platform.definition("other")),
        platform.driver.inspect_image(platform.host.id, "/simulated/images/plain.raw"),
    ):
        with refuses(Problem.UNAVAILABLE):
            await call


# Connections


async def test_systems_live_on_while_nobody_is_connected(platform) -> None:
    system = await platform.active()
    await platform.driver.close()
    platform.events.clear()
    platform.driver.hypervisor.act(system.id, Action.PAUSE)
    await asyncio.sleep(0)
    assert platform.events == []
    await platform.driver.open(platform.events.append)
    assert await platform.state(system.id) is State.PAUSED


async def test_no_event_after_close(platform) -> None:
    system = await platform.define()
    await asyncio.sleep(0)
    platform.events.clear()
    platform.driver.hypervisor.act(system.id, Action.START)
    await platform.driver.close()
    await asyncio.sleep(0)
    assert platform.events == []


async def test_a_broken_connection_is_told_once(platform) -> None:
    platform.driver.disconnect("pulled")
    await asyncio.sleep(0)
    assert platform.events[-1:] == [ConnectionLost("pulled")]
    with refuses(Problem.UNAVAILABLE):
        await platform.driver.load()
    with refuses(Problem.UNAVAILABLE):
        await platform.driver.open(platform.events.append)
    platform.driver.reconnect()
    await platform.driver.open(platform.events.append)
    assert platform.events.count(ConnectionLost("pulled")) == 1


async def test_calls_under_way_end_with_the_connection() -> None:
    platform = Platform("sim://?vms=0&latency=1us&fault=read_host,delay=9s")
    await platform.open()
    call = asyncio.ensure_future(platform.driver.read_host("any"))
    await asyncio.sleep(0)
    await platform.driver.close()
    with refuses(Problem.UNAVAILABLE):
        await call
