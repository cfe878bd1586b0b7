"""Which image a disk may have: the paths within reach, the format, the files below it, and who else uses it."""

from __future__ import annotations

import pytest

from openvman.drivers.contract import Image
from openvman.messages.problem import Problem
from openvman.model.allocation import DiskKind
from openvman.model.errors import ModelError
from openvman.model.spec import DiskSpec

GIB = 1 << 30


@pytest.fixture
def root(tmp_path):
    """An image folder on this machine with one image, beside a secret."""
    (tmp_path / "secret.img").write_bytes(bytes(512))
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "disk.img").write_bytes(bytes(1024))
    return folder


@pytest.fixture
async def world(new_world, root):
    async with new_world("vms=0", image_roots=(root,)) as made:
        yield made


async def refused(awaitable) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await awaitable
    return caught.value


def source_of(system) -> str:
    return system.defined.disks[0].source


# Paths


@pytest.mark.parametrize("written", ["disk.img", "./disk.img", "{root}/disk.img", "{root}//./disk.img"])
async def test_an_image_in_an_image_folder(world, root, written):
    made = await world.define(DiskSpec(source=written.format(root=root)))
    assert source_of(made) == str(root / "disk.img")
    assert made.defined.disks[0].format == "raw"


async def test_folders_are_looked_through_in_order(world, root, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "disk.img").write_bytes(bytes(512))
    (other / "more.img").write_bytes(bytes(512))
    world.with_policy(image_roots=(root, other))
    made = await world.define(DiskSpec(source="disk.img"), DiskSpec(source="more.img"))
    assert [disk.source for disk in made.defined.disks] == [f"{root}/disk.img", f"{other}/more.img"]


@pytest.mark.parametrize(
    "written",
    ["../secret.img", "{root}/../secret.img", "-rf", "disk.img\0", "a/../disk.img", "disk.img\n", "x" * 5000, "\ud800"],
)
@pytest.mark.parametrize("who", ["operator", "admin"])
async def test_paths_that_nobody_may_write(world, root, admin, written, who):
    spec = DiskSpec(source=written.format(root=root))
    error = await refused(world.define(spec, **({"actor": admin} if who == "admin" else {})))
    assert (error.problem, error.subject) == (Problem.INVALID_PARAMETER, "source")
    assert world.driver.calls == []


@pytest.mark.parametrize("written", ["/etc/passwd", "{root}", "{root}-not/disk.img", "{root}/..img/../../secret.img"])
async def test_paths_out_of_reach_are_not_even_looked_at(world, root, written):
    error = await refused(world.define(DiskSpec(source=written.format(root=root))))
    assert error.problem in {Problem.ACCESS_DENIED, Problem.INVALID_PARAMETER}
    assert world.driver.calls == []


async def test_an_admin_may_use_any_absolute_path(world, admin, tmp_path):
    made = await world.define(DiskSpec(source=f"{tmp_path}/secret.img"), actor=admin)
    assert source_of(made) == f"{tmp_path}/secret.img"


@pytest.mark.parametrize("of", ["file", "folder"])
async def test_a_symbolic_link_that_leads_out_is_refused(world, root, tmp_path, admin, of):
    if of == "file":
        (root / "link.img").symlink_to(tmp_path / "secret.img")
        written = "link.img"
    else:
        (root / "link").symlink_to(tmp_path)
        written = "link/secret.img"
    error = await refused(world.define(DiskSpec(source=written)))
    assert error.problem is Problem.ACCESS_DENIED
    assert str(root) in error.message
    assert world.driver.calls == []
    assert await world.define(DiskSpec(source=written), actor=admin)


async def test_a_new_image_is_not_made_behind_a_link_either(world, root, tmp_path):
    (root / "link").symlink_to(tmp_path)
    error = await refused(world.define(DiskSpec(source="link/new.img", capacity=GIB)))
    assert error.problem is Problem.ACCESS_DENIED
    assert world.driver.calls == []


async def test_an_image_folder_may_itself_be_a_link(world, root, tmp_path):
    (tmp_path / "alias").symlink_to(root)
    world.with_policy(image_roots=(tmp_path / "alias",))
    assert await world.define(DiskSpec(source="disk.img"))


async def test_an_image_that_is_not_there(world, root):
    error = await refused(world.define(DiskSpec(source="none.img")))
    assert (error.problem, error.subject) == (Problem.NOT_FOUND, "source")
    assert "'none.img'" in error.message
    assert str(root) in error.message


@pytest.mark.parametrize("spec", [DiskSpec(source="disk.img"), DiskSpec(capacity=GIB)])
async def test_without_image_folders_there_is_nowhere_to_look_or_make(world, spec):
    world.with_policy(image_roots=())
    assert (await refused(world.define(spec))).problem is Problem.INVALID_PARAMETER


# Format and chain


def image(path: str, format: str, backing: str | None = None, backing_format: str | None = None) -> Image:
    return Image(path=path, format=format, capacity=GIB, backing=backing, backing_format=backing_format)


async def test_a_raw_image_that_claims_to_be_another_is_refused_until_its_format_is_said(world, root):
    path = f"{root}/disk.img"
    world.driver.known[path] = image(path, "qcow2", "/etc/shadow")
    error = await refused(world.define(DiskSpec(source="disk.img")))
    assert (error.problem, error.subject) == (Problem.INVALID_PARAMETER, "format")
    made = await world.define(DiskSpec(source="disk.img", format="raw"))
    assert made.defined.disks[0].format == "raw"


@pytest.mark.parametrize("below", ["/etc/shadow", "{root}/../secret.img", "{root}/link.img"])
async def test_every_file_that_an_image_stands_on_must_be_within_reach(world, root, tmp_path, admin, below):
    (root / "link.img").symlink_to(tmp_path / "secret.img")
    path = f"{root}/top.qcow2"
    between = f"{root}/between.qcow2"
    world.driver.known[path] = image(path, "qcow2", between)
    world.driver.known[between] = image(between, "qcow2", below.format(root=root))
    for format in (None, "qcow2"):
        error = await refused(world.define(DiskSpec(source="top.qcow2", format=format)))
        assert error.problem is Problem.ACCESS_DENIED
    if below.startswith("/etc"):
        assert (await refused(world.define(DiskSpec(source="top.qcow2"), actor=admin))).problem is Problem.ACCESS_DENIED
    else:
        assert await world.define(DiskSpec(source="top.qcow2"), actor=admin)


async def test_what_an_image_stands_on_is_not_looked_at_before_it_is_known_to_be_within_reach(world, root):
    """Else the answer would tell an operator which files the host has."""
    path = f"{root}/top.qcow2"
    messages = set()
    for backing in ("/etc/passwd", "/etc/no-such-file"):
        world.driver.known[path] = image(path, "qcow2", backing)
        error = await refused(world.define(DiskSpec(source="top.qcow2")))
        assert error.problem is Problem.ACCESS_DENIED
        messages.add(error.message.replace(backing, ""))
    assert len(messages) == 1
    assert set(world.driver.calls) == {f"inspect {path}"}


async def test_an_image_may_not_stand_on_itself(world, root):
    for path, backing in ((f"{root}/one.qcow2", f"{root}/two.qcow2"), (f"{root}/two.qcow2", f"{root}/one.qcow2")):
        world.driver.known[path] = image(path, "qcow2", backing)
    assert (await refused(world.define(DiskSpec(source="one.qcow2")))).problem is Problem.NOT_SUPPORTED


async def test_what_stands_below_a_raw_image_is_its_guests_word_and_counts_for_nothing(world, root):
    path, below = f"{root}/top.qcow2", f"{root}/below.img"
    world.driver.known[path] = image(path, "qcow2", below, "raw")
    world.driver.known[below] = image(below, "qcow2", "/etc/shadow")
    assert await world.define(DiskSpec(source="top.qcow2"))


async def test_a_chain_within_the_folders_may_be(world, root):
    path = f"{root}/top.qcow2"
    world.driver.known[path] = image(path, "qcow2", f"{root}/disk.img")
    made = await world.define(DiskSpec(source="top.qcow2"))
    assert made.defined.disks[0].format == "qcow2"


@pytest.mark.parametrize(("name", "holds", "said"), [("a.qcow2", "raw", None), ("a.img", "raw", "qcow2")])
async def test_an_image_that_is_not_what_it_should_be(world, root, name, holds, said):
    path = f"{root}/{name}"
    world.driver.known[path] = image(path, holds)
    error = await refused(world.define(DiskSpec(source=name, format=said)))
    assert (error.problem, error.subject) == (Problem.INVALID_PARAMETER, "format")


async def test_a_name_that_says_nothing_means_raw(world, root):
    path = f"{root}/disk"
    world.driver.known[path] = image(path, "raw")
    assert (await world.define(DiskSpec(source="disk"))).defined.disks[0].format == "raw"
    world.driver.known[path] = image(path, "qcow2")
    assert (await refused(world.define(DiskSpec(source="disk")))).subject == "format"


async def test_the_path_that_the_host_tells_is_the_one_that_is_checked_and_used(world, root, tmp_path):
    """A driver resolves links on its host; what it found counts."""
    world.driver.known[f"{root}/alias.img"] = image(f"{root}/disk.img", "raw")
    assert source_of(await world.define(DiskSpec(source="alias.img"))) == f"{root}/disk.img"
    world.driver.known[f"{root}/away.img"] = image(f"{tmp_path}/secret.img", "raw")
    assert (await refused(world.define(DiskSpec(source="away.img")))).problem is Problem.ACCESS_DENIED


# Uses


async def test_an_image_in_use_is_refused_and_its_user_named(world, root):
    await world.define(DiskSpec(source="disk.img"), name="web")
    error = await refused(world.define(DiskSpec(source="disk.img"), name="db"))
    assert error.problem is Problem.INVALID_STATE
    assert "'web'" in error.message
    (root / "link.img").symlink_to(root / "disk.img")
    error = await refused(world.define(DiskSpec(source="link.img"), name="db"))
    assert "'web'" in error.message
    (root / "other-name.img").hardlink_to(root / "disk.img")
    error = await refused(world.define(DiskSpec(source="other-name.img"), name="db"))
    assert "'web'" in error.message


async def test_an_image_that_is_gone_is_still_in_use(world, root):
    """Its user finds it again when it comes back, whatever made it."""
    await world.define(DiskSpec(source="disk.img"), name="web")
    (root / "disk.img").unlink()
    world.driver.known[f"{root}/disk.img"] = image(f"{root}/disk.img", "raw")
    assert "'web'" in (await refused(world.define(DiskSpec(source="disk.img"), name="db"))).message


@pytest.mark.parametrize(
    ("first", "second", "may"),
    [
        ({"read_only": True}, {"read_only": True}, True),
        ({"shareable": True}, {"shareable": True}, True),
        ({"read_only": True}, {}, False),
        ({}, {"read_only": True}, False),
        ({"shareable": True}, {}, False),
        ({}, {"shareable": True}, False),
        ({"shareable": True}, {"read_only": True}, False),
    ],
)
@pytest.mark.parametrize("together", [False, True])
async def test_who_may_share_an_image(world, first, second, may, together):
    one, other = DiskSpec(source="disk.img", **first), DiskSpec(source="disk.img", **second)
    if together:
        defining = world.define(one, other)
    else:
        await world.define(one)
        defining = world.define(other)
    if may:
        assert await defining
    else:
        assert (await refused(defining)).problem is Problem.INVALID_STATE


async def test_two_systems_may_have_the_same_cd(world, root):
    (root / "cd.iso").write_bytes(bytes(2048))
    for _ in range(2):
        assert await world.define(DiskSpec(kind=DiskKind.CDROM, source="cd.iso"))


async def test_an_image_cannot_stand_on_a_disk_that_another_writes(world, root):
    await world.define(DiskSpec(source="disk.img"), name="web")
    path = f"{root}/top.qcow2"
    world.driver.known[path] = image(path, "qcow2", f"{root}/disk.img")
    error = await refused(world.define(DiskSpec(source="top.qcow2")))
    assert error.problem is Problem.INVALID_STATE
    assert "'web'" in error.message


async def test_many_images_may_stand_on_one_that_is_only_read(world, root):
    await world.define(DiskSpec(source="disk.img", read_only=True))
    for name in ("one", "two"):
        path = f"{root}/{name}.qcow2"
        world.driver.known[path] = image(path, "qcow2", f"{root}/disk.img")
        assert await world.define(DiskSpec(source=f"{name}.qcow2"))
