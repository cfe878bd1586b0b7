"""cloud-init data: the disk that is made of it, whose it is, and when it comes and goes."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pycdlib
import pytest
import yaml

from openvman.messages.problem import Problem
from openvman.model.allocation import DiskKind
from openvman.model.errors import ModelError
from openvman.model.spec import DiskSpec, SystemSpec
from openvman.model.states import Action
from openvman.operations.seed_image import LABEL

FOLDER = "/simulated/images"
DATA = "#cloud-config\npassword: swordfish\n"
OTHER = "#!/bin/sh\necho swordfish\n"


async def refused(awaitable) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await awaitable
    assert "swordfish" not in str(caught.value)
    return caught.value


def seed(world, system, configuration="defined"):
    """The path of the disk with the data, and the files on it as each of the image's three trees has them."""
    at = getattr(world.system(system.id), configuration)
    [drive] = [disk for disk in at.disks if disk.target == at.cloud_init_disk]
    assert (drive.kind, drive.read_only, drive.format) == (DiskKind.CDROM, True, "raw")
    return drive.source, files(world, drive.source)


def files(world, path):
    image = pycdlib.PyCdlib()
    image.open_fp(BytesIO(world.driver.hypervisor.images.content(world.host.id, path)))
    assert image.pvd.volume_identifier.decode().strip() == LABEL == "cidata"
    found = {"rr_path": {}, "joliet_path": {}}
    for tree, names in found.items():
        for child in image.list_children(**{tree: "/"}):
            name = image.full_path_from_dirrecord(child, rockridge=tree == "rr_path").strip("/")
            if child.is_file():
                out = BytesIO()
                image.get_file_from_iso_fp(out, **{tree: f"/{name}"})
                names[name] = out.getvalue().decode()
    assert found["rr_path"] == found["joliet_path"]
    image.close()
    return found["rr_path"]


def seeds(world):
    """Every image with data that the platform has."""
    return [path for _, path in world.driver.hypervisor.images._table if "cloud-init-" in path]


async def modify(world, system, actor, **settings):
    return await world.operations.modify_system(actor, spec=SystemSpec(system_id=system.id, **settings))


async def test_a_disk_is_made_of_the_data(world):
    system = await world.define(DiskSpec(source="small.qcow2"), name="web 1", user_data=DATA)
    path, found = seed(world, system)
    assert path == f"{FOLDER}/cloud-init-{system.id}-1.iso"
    assert found.keys() == {"user-data", "meta-data"}
    assert found["user-data"] == DATA
    assert yaml.safe_load(found["meta-data"]) == {"instance-id": system.id, "local-hostname": "web-1"}
    assert "swordfish" not in repr(world.system(system.id))
    await world.act(world.system(system.id), Action.START)


async def test_what_the_meta_data_says_stays(world):
    meta, network = "local-hostname: mail\nspécial: [ä, 1]\n", "version: 2\nethernets: {}\n"
    system = await world.define(name="web", user_data=DATA, meta_data=meta, network_config=network)
    found = seed(world, system)[1]
    assert found["network-config"] == network
    said = yaml.safe_load(found["meta-data"])
    assert said == {"instance-id": system.id, "local-hostname": "mail", "spécial": ["ä", 1]}


@pytest.mark.parametrize(
    "header", ["#cloud-config\n", "#!/bin/sh\n", "#include https://x\n", "content-type: MULTIPART/mixed; b=1\n"]
)
async def test_each_known_header(world, header):
    system = await world.define(user_data=header)
    assert seed(world, system)[1]["user-data"] == header


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"user_data": "swordfish"}, "begins with one of '#cloud-config'"),
        ({"user_data": " #cloud-config"}, "begins with"),
        ({"user_data": "#!swordfish\0"}, "holds a NUL"),
        ({"user_data": "#!\ud800"}, "no UTF-8"),
        ({"user_data": "#!" + "ä" * (512 * 1024)}, "more than 1048576 bytes"),
        ({"user_data": DATA, "meta_data": "a: " + "x" * 65536}, "more than 65536 bytes"),
        ({"user_data": DATA, "meta_data": "- swordfish"}, "no YAML mapping"),
        ({"user_data": DATA, "meta_data": "a: 1\nswordfish: ["}, "line 2"),
        ({"user_data": DATA, "meta_data": "a: &a [1]\nb: *a"}, "without aliases"),
        ({"user_data": DATA, "meta_data": "[" * 65000}, "no YAML mapping"),
        ({"user_data": DATA, "meta_data": "!!python/object/apply:os.getpid []"}, "no YAML mapping"),
        ({"meta_data": "a: 1"}, "go with user data"),
        ({"user_data": "", "network_config": "version: 2"}, "go with user data"),
    ],
)
async def test_data_that_cannot_be_is_refused_and_never_repeated(world, admin, settings, says):
    error = await refused(world.define(name="web", **settings))
    assert error.problem is Problem.INVALID_PARAMETER
    assert says in error.message
    system = await world.define(name="web")
    assert says in (await refused(modify(world, system, admin, **settings))).message
    assert seeds(world) == []
    assert world.system(system.id).defined.disks == ()


async def test_without_an_image_folder_there_is_no_place(world):
    world.with_policy(image_roots=())
    assert "image folder" in (await refused(world.define(user_data=DATA))).message


@pytest.mark.parametrize("operation", ["write_image", "define"])
@pytest.mark.parametrize("after", [False, True])
async def test_a_definition_that_fails_leaves_no_data(world, operation, after):
    world.inject(operation=operation, problem=Problem.TIMEOUT, after=after, nth=1)
    await refused(world.define(name="web", user_data=DATA))
    assert seeds(world) == []
    assert world.names() == set()
    await world.define(name="web", user_data=DATA)


async def test_what_a_crash_left_does_not_stand_in_the_way(world, admin):
    id = "11111111-2222-4333-8444-555555555555"
    for number in (1, 2, 3):
        await world.driver.write_image(world.host.id, f"{FOLDER}/cloud-init-{id}-{number}.iso", b"half of it")
    system = await world.define(system_id=id, user_data=DATA)
    assert seed(world, system)[1]["user-data"] == DATA
    await modify(world, system, admin, user_data=OTHER)
    assert seed(world, system)[1]["user-data"] == OTHER
    assert len(seeds(world)) == 1


async def test_data_is_given_replaced_and_taken_away(world, admin):
    system = await world.define(DiskSpec(source="small.qcow2"), name="web")
    assert system.defined.cloud_init_disk is None
    await modify(world, system, admin, user_data=DATA, description="with data", name="mail")
    first, found = seed(world, system)
    assert yaml.safe_load(found["meta-data"])["local-hostname"] == "mail"
    assert world.system(system.id).description == "with data"
    await modify(world, system, admin, user_data=OTHER)
    second, found = seed(world, system)
    assert (found["user-data"], seeds(world)) == (OTHER, [second])
    assert second != first
    await modify(world, system, admin, user_data="")
    assert world.system(system.id).defined.cloud_init_disk is None
    assert len(world.system(system.id).defined.disks) == 1
    assert seeds(world) == []
    await modify(world, system, admin, user_data="")


async def test_a_running_guest_keeps_its_data_until_it_is_started_again(world, admin):
    system = await world.define(name="web", user_data=DATA)
    system = await world.act(system, Action.START)
    for data in (OTHER, DATA + "# again", OTHER + "# again"):
        await modify(world, system, admin, user_data=data)
        assert seed(world, system, "current")[1]["user-data"] == DATA
        assert seed(world, system)[1]["user-data"] == data
        assert len(seeds(world)) == 2
    system = await world.act(await world.act(world.system(system.id), Action.STOP), Action.START)
    assert seed(world, system, "current")[1]["user-data"] == OTHER + "# again"


async def test_a_suspended_guest_goes_on_with_its_data(world, admin):
    system = await world.act(await world.define(user_data=DATA), Action.START)
    system = await world.act(system, Action.SUSPEND)
    assert (await refused(modify(world, system, admin, user_data=OTHER))).problem is Problem.INVALID_STATE
    await world.act(system, Action.START)
    assert seed(world, system, "current")[1]["user-data"] == DATA


@pytest.mark.parametrize("operation", ["write_image", "add_resources", "modify_resource", "modify_system"])
@pytest.mark.parametrize("had", [False, True])
async def test_a_change_that_fails_changes_nothing(world, admin, operation, had):
    system = await world.define(name="web", **({"user_data": DATA} if had else {}))
    before = world.system(system.id), seeds(world)
    world.inject(operation=operation, problem=Problem.FAILED)
    if operation == ("add_resources" if had else "modify_resource"):
        return  # not used then
    await refused(modify(world, system, admin, user_data=OTHER, description="changed"))
    assert (world.system(system.id), seeds(world)) == before
    assert not had or seed(world, system)[1]["user-data"] == DATA


async def test_data_goes_with_its_system(world, admin):
    system = await world.define(DiskSpec(capacity=1 << 30), name="web", user_data=DATA)
    await world.act(system, Action.START)
    await modify(world, system, admin, user_data=OTHER)
    assert len(seeds(world)) == 2
    await world.operations.destroy_system(admin, system=world.system(system.id))
    assert seeds(world) == []
    assert world.has_image(f"{FOLDER}/web-vda.qcow2")


async def test_data_that_cannot_be_removed_is_told(world, admin):
    system = await world.define(name="web", user_data=DATA)
    world.inject(operation="delete_image", problem=Problem.FAILED)
    error = await refused(world.operations.destroy_system(admin, system=system))
    assert f"cloud-init-{system.id}" in error.message
    assert world.names() == set()


async def test_nobody_else_gets_a_systems_data(world, admin):
    system = await world.define(name="web", user_data=DATA)
    path = seed(world, system)[0]
    for actor in (admin, replace(admin, role=admin.role - 1)):
        for source in (path, path.rpartition("/")[2], path.upper().replace(FOLDER.upper(), FOLDER)):
            spec = DiskSpec(source=source, kind=DiskKind.CDROM)
            error = await refused(world.define(spec, name="thief", actor=actor))
            assert error.problem is Problem.ACCESS_DENIED
    own = DiskSpec(source="/etc/cloud-init-11111111-2222-4333-8444-555555555555-1.iso")
    error = await refused(world.define(own, system_id="11111111-2222-4333-8444-555555555555"))
    assert error.problem is Problem.ACCESS_DENIED
    like = await world.define(name="like it", reference=system.defined)
    assert like.defined.disks == ()


async def test_a_link_to_a_systems_data_leads_nowhere(new_world, tmp_path):
    target = tmp_path / "cloud-init-11111111-2222-4333-8444-555555555555-1.iso"
    target.write_bytes(bytes(512))
    async with new_world("vms=0", image_roots=(tmp_path,)) as world:
        world.driver.known[f"{tmp_path}/innocent.iso"] = replace(
            await world.driver.inspect_image(world.host.id, str(target)), path=str(target)
        )
        error = await refused(world.define(DiskSpec(source="innocent.iso", kind=DiskKind.CDROM)))
    assert error.problem is Problem.ACCESS_DENIED
