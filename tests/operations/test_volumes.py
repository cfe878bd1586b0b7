"""Volumes of storage pools as disks, how disks and NICs are tuned, and which files of the host are nobody's disk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvman.messages.problem import Problem
from openvman.model.allocation import NicConnection
from openvman.model.errors import ModelError
from openvman.model.spec import DiskSpec, NicSpec
from openvman.model.states import Action
from openvman.operations import host_files
from openvman.operations.policy import Policy

GIB = 1 << 30
NEW = DiskSpec(pool="storage:default", capacity=GIB)


async def refused(awaitable) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await awaitable
    return caught.value


def pool(world):
    [found] = world.host.storage
    return found


async def test_a_pool_that_is_named_gives_a_new_volume(world):
    made = await world.define(NEW, name="a")
    [disk] = made.defined.disks
    assert (disk.source, disk.pool, disk.format) == ("volume:default/a-vda.qcow2", "storage:default", "qcow2")
    assert pool(world).allocated == GIB
    assert world.volumes() == {"a-vda.qcow2"}
    assert world.inventory.members(made.id) == {}, "the hypervisor remembers it"


async def test_a_name_in_a_pool_is_a_volume_which_is_made_or_used(world):
    made = await world.define(replace(NEW, source="b.img"), name="a")
    assert [(d.source, d.format) for d in made.defined.disks] == [("volume:default/b.img", "qcow2")]
    error = await refused(world.define(DiskSpec(source="volume:default/b.img", format="qcow2"), name="c"))
    assert (error.problem, error.subject) == (Problem.INVALID_STATE, "source")
    shared = DiskSpec(source="volume:default/b.img", format="qcow2", read_only=True)
    assert (await refused(world.define(shared, name="c"))).problem is Problem.INVALID_STATE


async def test_a_volume_is_known_by_its_path_too(world, admin):
    await world.define(replace(NEW, source="b.img"), name="a")
    by_path = DiskSpec(source="/simulated/pools/default/b.img", format="qcow2")
    assert (await refused(world.define(by_path, actor=admin))).problem is Problem.INVALID_STATE
    assert (await refused(world.define(by_path))).problem is Problem.ACCESS_DENIED


@pytest.mark.parametrize("operation", ["define", "create_volume"])
async def test_a_failure_leaves_no_volume(world, operation):
    world.inject(operation=operation, problem=Problem.FAILED)
    assert (await refused(world.define(NEW, name="a"))).problem is Problem.FAILED
    assert world.volumes() == set()
    await world.inventory.refresh_host(world.host.id)
    assert pool(world).allocated == 0


async def test_a_pool_gives_no_more_than_it_has(world):
    error = await refused(world.define(replace(NEW, capacity=pool(world).capacity + 512), name="a"))
    assert error.problem is Problem.INSUFFICIENT
    await world.define(replace(NEW, capacity=pool(world).capacity - GIB), name="a")
    two = await refused(world.define(NEW, NEW, name="b"))
    assert two.problem is Problem.INSUFFICIENT
    assert await world.define(NEW, name="c")


async def test_a_disk_moves_between_a_file_and_a_volume(world, admin):
    system = await world.define(replace(NEW, source="b.img"), name="a")
    [disk] = system.defined.disks
    [changed] = await world.modify(DiskSpec(allocation_id=disk.id, source="plain.raw"))
    assert (changed.source, changed.pool) == ("/simulated/images/plain.raw", None)
    [back] = await world.modify(DiskSpec(allocation_id=disk.id, source="volume:default/b.img", format="qcow2"))
    assert back == disk


@pytest.mark.parametrize(
    ("spec", "subject"),
    [
        (DiskSpec(source="volume:default"), "source"),
        (DiskSpec(source="volume:/a"), "source"),
        (DiskSpec(source="volume:default/a/b"), "source"),
        (DiskSpec(source="a/b", pool="storage:default"), "source"),
        (DiskSpec(source="volume:default/a", pool="disk"), "pool"),
        (DiskSpec(source="volume:none/a"), "pool"),
        (replace(NEW, pool="storage:none"), "pool"),
    ],
)
async def test_what_names_no_volume_is_refused(world, spec, subject):
    error = await refused(world.define(spec, name="a"))
    assert (error.problem, error.subject) == (Problem.INVALID_PARAMETER, subject)


# Tuning

SMALL = DiskSpec(capacity=GIB)


@pytest.mark.parametrize(
    ("changes", "problem", "subject"),
    [
        ({"cache": "sometimes"}, Problem.NOT_SUPPORTED, "cache"),
        ({"discard": "never"}, Problem.NOT_SUPPORTED, "discard"),
        ({"block_size": 100}, Problem.INVALID_PARAMETER, "block_size"),
        ({"iops_limit": -1}, Problem.INVALID_PARAMETER, "iops_limit"),
        ({"bytes_limit": 10**16}, Problem.INVALID_PARAMETER, "bytes_limit"),
        ({"iops_limit": 5, "read_iops_limit": 5}, Problem.INVALID_PARAMETER, "iops_limit"),
        ({"bytes_limit": 5, "write_bytes_limit": 5}, Problem.INVALID_PARAMETER, "bytes_limit"),
    ],
)
async def test_tuning_that_cannot_be_is_refused(world, changes, problem, subject):
    error = await refused(world.define(replace(SMALL, **changes)))
    assert (error.problem, error.subject) == (problem, subject)


@pytest.mark.parametrize(
    ("changes", "problem", "subject"),
    [
        ({"receive_limit": 8000, "connection": NicConnection.USER}, Problem.NOT_SUPPORTED, "receive_limit"),
        ({"receive_limit": 100}, Problem.INVALID_PARAMETER, "receive_limit"),
        ({"receive_limit": 8000, "receive_reservation": 16000}, Problem.INVALID_PARAMETER, "receive_limit"),
        ({"transmit_limit": 10**14}, Problem.INVALID_PARAMETER, "transmit_limit"),
    ],
)
async def test_bandwidth_that_cannot_be_is_refused(world, changes, problem, subject):
    error = await refused(world.define(NicSpec(**changes)))
    assert (error.problem, error.subject) == (problem, subject)


async def test_limits_change_while_a_system_is_active_and_are_put_back_when_another_change_fails(world):
    system = await world.act(await world.define(SMALL, replace(SMALL, cache="none")), Action.START)
    [first, second] = system.current.disks
    [changed] = await world.modify(DiskSpec(allocation_id=first.id, iops_limit=100))
    assert changed.iops_limit == 100
    both = (DiskSpec(allocation_id=first.id, iops_limit=200), DiskSpec(allocation_id=second.id, cache="writeback"))
    assert (await refused(world.modify(*both))).problem is Problem.NOT_SUPPORTED
    assert world.system(system.id).current.disks == (changed, second)


# Files of the host


@pytest.mark.parametrize(
    "path",
    ["/etc/shadow", "/etc/../etc/no-such-file", "/dev/null", "/proc/kcore", "/root/.ssh/id_rsa", "/home/a/.ssh/key"],
)
def test_what_the_host_lives_by_is_no_disk(path, admin):
    with pytest.raises(ModelError) as caught:
        Policy().check_image(admin, path)
    assert caught.value.problem is Problem.ACCESS_DENIED


def test_a_link_to_it_is_none_either(tmp_path, admin):
    link = tmp_path / "disk.img"
    link.symlink_to("/etc/hostname")
    with pytest.raises(ModelError, match="/etc holds the host's own files"):
        Policy().check_image(admin, str(link))


def test_an_owner_can_open_such_a_folder(tmp_path, admin):
    secrets = tmp_path / ".ssh"
    secrets.mkdir()
    with pytest.raises(ModelError):
        Policy().check_image(admin, str(secrets / "disk.img"))
    Policy(image_roots=(secrets,)).check_image(admin, str(secrets / "disk.img"))


def test_a_device_that_the_host_has_mounted_is_no_disk(monkeypatch, tmp_path, admin):
    """Played with the table of mounts: a test cannot mount what it likes."""
    monkeypatch.setattr(host_files, "is_block_device", lambda _path: True)
    device = tmp_path.stat().st_rdev
    mounts = tmp_path / "mountinfo"
    monkeypatch.setattr(host_files, "_MOUNTS", mounts)
    line = "36 35 {major}:{minor} / /mnt rw - ext4 /dev/sda1 rw\n"
    mounts.write_text(line.format(major=host_files.os.major(device), minor=host_files.os.minor(device)))
    with pytest.raises(ModelError, match="has mounted it"):
        Policy().check_image(admin, str(tmp_path))
    mounts.write_text(line.format(major=250, minor=250))
    Policy().check_image(admin, str(tmp_path))


async def test_a_file_with_a_strange_name_needs_its_format(world, tmp_path, admin):
    path = tmp_path / "data"
    path.write_bytes(bytes(4096))
    error = await refused(world.define(DiskSpec(source=str(path)), actor=admin))
    assert (error.problem, error.subject) == (Problem.INVALID_PARAMETER, "format")
    assert await world.define(DiskSpec(source=str(path), format="raw"), actor=admin)
