"""Storage pools and their volumes by the use cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvman.drivers.simulated import Fault
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.host_part import find_storage_pool, find_volume
from openvman.model.network import NetworkSpec
from openvman.model.network_filter import NetworkFilterSpec
from openvman.model.spec import DiskSpec
from openvman.model.states import Action
from openvman.model.storage import StoragePoolSpec, Volume, VolumeSpec, storage_pool

GIB = 1 << 30
NFS = StoragePoolSpec(name="share", type="netfs", folder="/srv/share", server="nas", export="/exports/a")


async def refused(awaitable) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await awaitable
    assert caught.value.subject
    return caught.value


@pytest.fixture
def operator(admin):
    return replace(admin, role=type(admin.role).OPERATOR)


@pytest.fixture
def spec(world, tmp_path):
    """A pool of a folder that is in an image folder."""
    (tmp_path / "images").mkdir()
    world.with_policy(image_roots=(tmp_path / "images", *world.policy.image_roots))
    return StoragePoolSpec(name="new", folder=str(tmp_path / "images"))


def pool(world, name="default"):
    return storage_pool(world.host.storage, name)


def create(world, actor, spec):
    return world.operations.create_storage_pool(actor, host=world.host, pool=spec)


def volumes(world, name="default"):
    held = world.inventory.generation.volumes_of(world.host.id, name)
    return None if held is None else [volume.name for volume in held.volumes]


def new_volume(world, actor, **settings):
    spec = VolumeSpec(**{"name": "a.img", "capacity": GIB, **settings})
    return world.operations.create_volume(actor, pool=pool(world), volume=spec)


async def test_a_pool_is_made_rests_and_is_deleted(world, operator, admin, spec):
    made = await create(world, operator, spec)
    assert made == pool(world, "new")
    assert (made.type, made.folder, made.active, made.autostart) == ("dir", spec.folder, True, True)
    assert (find_storage_pool(world.inventory.generation, made.id), volumes(world, "new")) == (made, [])
    rests = await world.operations.change_storage_pool(admin, pool=made, active=False, autostart=False)
    assert (rests.active, rests.autostart, volumes(world, "new")) == (False, False, None)
    error = await refused(world.operations.create_volume(operator, pool=rests, volume=VolumeSpec(name="a", capacity=1)))
    assert error.problem is Problem.NOT_FOUND
    error = await refused(world.operations.refresh_storage_pool(operator, pool=rests))
    assert error.problem is Problem.INVALID_STATE
    again = await world.operations.change_storage_pool(admin, pool=rests, active=True)
    assert (again.active, again.autostart, volumes(world, "new")) == (True, False, [])
    await world.operations.delete_storage_pool(operator, pool=again)
    assert pool(world, "new") is None
    assert (await refused(world.operations.delete_storage_pool(operator, pool=again))).problem is Problem.NOT_FOUND


async def test_pools_of_other_types_are_an_administrators_affair(world, operator, admin):
    assert (await refused(create(world, operator, NFS))).problem is Problem.ACCESS_DENIED
    made = await create(world, admin, NFS)
    assert (made.type, made.folder) == ("netfs", "/srv/share")
    error = await refused(world.operations.delete_storage_pool(operator, pool=made))
    assert error.problem is Problem.ACCESS_DENIED
    error = await refused(world.operations.change_storage_pool(operator, pool=pool(world), active=False))
    assert error.problem is Problem.ACCESS_DENIED
    await world.operations.delete_storage_pool(admin, pool=made)


async def test_a_folder_elsewhere_is_an_administrators_affair_and_never_the_hosts_own(
    world, operator, admin, spec, tmp_path
):
    elsewhere = replace(spec, folder=str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    assert (await refused(create(world, operator, elsewhere))).problem is Problem.ACCESS_DENIED
    assert (await create(world, admin, elsewhere)).folder == elsewhere.folder
    (tmp_path / "images" / "link").symlink_to("/etc")
    for folder in ("/etc", "/usr/lib", str(tmp_path / "images" / "link")):
        for actor in (operator, admin):
            error = await refused(create(world, actor, replace(spec, name="other", folder=folder)))
            assert (error.problem, error.subject) == (Problem.ACCESS_DENIED, "source")
    again = await refused(create(world, admin, replace(elsewhere, name="other")))
    assert again.problem is Problem.IN_USE


@pytest.mark.parametrize(
    ("changes", "problem", "subject"),
    [
        ({"name": "a b"}, Problem.INVALID_PARAMETER, "name"),
        ({"name": "default"}, Problem.ALREADY_EXISTS, "default"),
        ({"uuid": "x"}, Problem.INVALID_PARAMETER, "uuid"),
        ({"type": "attic"}, Problem.NOT_SUPPORTED, "type"),
        ({"server": None}, Problem.INVALID_PARAMETER, "server"),
        ({"adapter": "host0"}, Problem.INVALID_PARAMETER, "adapter"),
        ({"devices": ("/dev/sda",)}, Problem.INVALID_PARAMETER, "devices"),
        ({"folder": "srv"}, Problem.INVALID_PARAMETER, "source"),
        ({"folder": "/srv/../etc"}, Problem.INVALID_PARAMETER, "source"),
        ({"export": "-o evil"}, Problem.INVALID_PARAMETER, "export"),
        ({"server": "-o"}, Problem.INVALID_PARAMETER, "server"),
        ({"format": "a\nb"}, Problem.INVALID_PARAMETER, "format"),
    ],
)
async def test_pools_that_cannot_be(world, admin, changes, problem, subject):
    before = world.host
    error = await refused(create(world, admin, replace(NFS, **changes)))
    assert (error.problem, error.subject) == (problem, subject)
    assert world.host == before


@pytest.mark.parametrize("after", [False, True])
async def test_a_pool_whose_making_fails_is_taken_back(world, operator, spec, after):
    world.driver.inject(Fault(operation="create_storage_pool", problem=Problem.TIMEOUT, after=after))
    assert (await refused(create(world, operator, spec))).problem is Problem.TIMEOUT
    assert [each.name for each in world.host.storage] == ["default"]


async def test_a_change_whose_end_is_unknown_is_taken_back(world, operator, admin, spec):
    made = await create(world, operator, spec)
    world.driver.inject(Fault(operation="change_storage_pool", nth=1, problem=Problem.TIMEOUT, after=True))
    error = await refused(world.operations.change_storage_pool(admin, pool=made, active=False, autostart=False))
    assert error.problem is Problem.TIMEOUT
    assert pool(world, "new") == made


async def test_a_pool_with_disks_of_systems_stays(world, admin):
    await world.define(DiskSpec(pool="storage:default", capacity=GIB), name="guest")
    for call in (
        world.operations.change_storage_pool(admin, pool=pool(world), active=False),
        world.operations.delete_storage_pool(admin, pool=pool(world)),
    ):
        error = await refused(call)
        assert error.problem is Problem.IN_USE
        assert "guest" in error.message


# Volumes


async def test_a_volume_is_made_and_deleted(world, operator):
    made = await new_volume(world, operator)
    assert (made.name, made.capacity, made.format) == ("a.img", GIB, "qcow2")
    assert (made.path, volumes(world)) == ("/simulated/pools/default/a.img", ["a.img"])
    assert pool(world).allocated == GIB
    assert find_volume(world.inventory.generation, made.id) is made
    assert (await refused(new_volume(world, operator))).problem is Problem.ALREADY_EXISTS
    await world.operations.delete_volume(operator, volume=made)
    assert (volumes(world), pool(world).allocated) == ([], 0)
    assert find_volume(world.inventory.generation, made.id) is None
    assert (await refused(world.operations.delete_volume(operator, volume=made))).problem is Problem.NOT_FOUND
    assert (await new_volume(world, operator, format="raw", capacity=0)).format == "raw"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": ""}, Problem.INVALID_PARAMETER),
        ({"name": "../a"}, Problem.INVALID_PARAMETER),
        ({"name": ".."}, Problem.INVALID_PARAMETER),
        ({"name": "-a"}, Problem.INVALID_PARAMETER),
        ({"name": "a\x00"}, Problem.INVALID_PARAMETER),
        ({"name": "ü" * 128}, Problem.INVALID_PARAMETER),
        ({"capacity": -1}, Problem.INVALID_PARAMETER),
        ({"capacity": 1 << 63}, Problem.INVALID_PARAMETER),
        ({"capacity": 1 << 62}, Problem.INSUFFICIENT),
        ({"format": "floppy"}, Problem.INVALID_PARAMETER),
    ],
)
async def test_volumes_that_cannot_be(world, operator, changes, problem):
    assert (await refused(new_volume(world, operator, **changes))).problem is problem
    assert volumes(world) == []


async def test_a_volume_in_use_stays(world, operator):
    made = await new_volume(world, operator)
    system = await world.define(DiskSpec(source=made.reference.source, format="qcow2"), name="guest")
    error = await refused(world.operations.delete_volume(operator, volume=made))
    assert error.problem is Problem.IN_USE
    assert "guest" in error.message
    await world.act(system, Action.START)
    assert (await refused(world.operations.delete_volume(operator, volume=made))).problem is Problem.IN_USE


async def test_a_volume_in_use_by_its_path_stays(world, admin):
    made = await new_volume(world, admin)
    await world.define(DiskSpec(source=made.path, format="qcow2"), name="guest", actor=admin)
    assert (await refused(world.operations.delete_volume(admin, volume=made))).problem is Problem.IN_USE


async def test_the_hosts_own_files_are_no_volumes_whatever_pool_there_is(world, admin, until):
    hypervisor = world.driver.hypervisor
    trap = replace(pool(world), name="trap", uuid="0b" * 4 + "-0b0b-4b0b-8b0b-" + "0b" * 6, folder="/etc")
    hypervisor.add_host(replace(world.host, storage=(*world.host.storage, trap)))
    hypervisor.images.add(world.host.id, "/etc/no-such-secret", "raw", GIB)
    await until(lambda: volumes(world, "trap") == ["no-such-secret"])
    [secret] = world.inventory.generation.volumes_of(world.host.id, "trap").volumes
    assert (await refused(world.operations.delete_volume(admin, volume=secret))).problem is Problem.ACCESS_DENIED
    new = world.operations.create_volume(admin, pool=trap, volume=VolumeSpec(name="new", capacity=GIB))
    assert (await refused(new)).problem is Problem.ACCESS_DENIED
    assert volumes(world, "trap") == ["no-such-secret"]


async def test_a_volume_whose_making_fails_is_taken_back(world, operator):
    world.driver.inject(Fault(operation="create_volume", problem=Problem.TIMEOUT, after=True))
    assert (await refused(new_volume(world, operator))).problem is Problem.TIMEOUT
    await world.inventory.refresh_volumes(world.host.id, "default")
    assert volumes(world) == []


async def test_a_volume_that_was_there_is_not_taken_back(world, operator):
    await new_volume(world, operator)
    world.driver.inject(Fault(operation="create_volume", problem=Problem.TIMEOUT))
    assert (await refused(new_volume(world, operator))).problem is Problem.ALREADY_EXISTS
    await world.inventory.refresh_volumes(world.host.id, "default")
    assert volumes(world) == ["a.img"]


@pytest.mark.parametrize(
    ("create_call", "kind"), [("create_network", "networks"), ("create_network_filter", "filters")]
)
async def test_what_has_the_uuid_is_not_taken_back(world, admin, create_call, kind):
    there = getattr(world.host, kind)[0]
    world.driver.inject(Fault(operation=f"create_{kind.removesuffix('s')}", problem=Problem.TIMEOUT))
    spec = {"networks": NetworkSpec, "filters": NetworkFilterSpec}[kind](name="new", uuid=there.uuid)
    keyword = kind.removesuffix("s")
    call = getattr(world.operations, create_call)(admin, host=world.host, **{keyword: spec})
    assert (await refused(call)).problem is Problem.ALREADY_EXISTS
    assert there in getattr(world.host, kind)


async def test_what_others_put_into_a_pool_is_found_when_it_is_looked_through(world, operator):
    world.inject(operation="event.*", problem=Problem.FAILED)
    world.driver.hypervisor.create_volume(world.host.id, Volume("default", "b.img"), "raw", GIB)
    assert volumes(world) == []
    await world.operations.refresh_storage_pool(operator, pool=pool(world))
    assert (volumes(world), pool(world).allocated) == (["b.img"], GIB)


async def test_a_disk_made_in_a_pool_is_shown_in_it_when_it_is_there(world):
    world.inject(operation="event.host", problem=Problem.FAILED)
    await world.define(DiskSpec(pool="storage:default", capacity=GIB), name="guest")
    assert volumes(world) == ["guest-vda.qcow2"]
