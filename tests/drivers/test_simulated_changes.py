"""What of a simulated system changes, and in which of its configurations."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.drivers.simulated_platform import DEFINED, GIB, STATE
from tests.drivers.subject import refuses

from openvman.messages.problem import Problem
from openvman.model.allocation import NicConnection
from openvman.model.spec import DiskSpec, MemorySpec, NicSpec, ProcessorSpec, ResourceSpec, SystemSpec
from openvman.model.states import Action
from openvman.model.system import OnCrash


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
