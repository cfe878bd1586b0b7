"""Networks, filters, pools and volumes of a private host: made by the use cases, seen by virsh, and the other way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.lab import block, lab

from openvman.drivers.libvirt import create
from openvman.inventory.inventory import Inventory
from openvman.messages.problem import Problem
from openvman.model.actor import Actor, Role
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.network import AddressRange, Forward, NetworkAddress, NetworkSpec, network_named
from openvman.model.network_filter import (
    FilterAction,
    FilterDirection,
    FilterReference,
    FilterRule,
    NetworkFilterSpec,
    filter_named,
)
from openvman.model.spec import DiskSpec, NicSpec, SystemSpec
from openvman.model.states import Action
from openvman.model.storage import StoragePoolSpec, VolumeSpec, storage_pool
from openvman.operations.operations import Operations
from openvman.operations.policy import Policy

pytestmark = pytest.mark.lab
ADMIN = Actor("admin", Role.ADMIN)
ADDRESS = NetworkAddress(address="192.168.77.1", prefix=24, ranges=(AddressRange("192.168.77.2", "192.168.77.254"),))


class World:
    def __init__(self, inventory: Inventory, operations: Operations) -> None:
        self.inventory = inventory
        self.operations = operations

    @property
    def host(self) -> Host:
        [host] = self.inventory.generation.hosts.values()
        return host

    def volumes(self, pool: str) -> list[str] | None:
        held = self.inventory.generation.volumes_of(self.host.id, pool)
        return None if held is None else [volume.name for volume in held.volumes]

    async def until(self, so: Callable[[], bool]) -> None:
        """As soon as a difference makes it so."""
        changed = asyncio.Event()
        end = self.inventory.subscribe(lambda _difference: changed.set())
        try:
            async with asyncio.timeout(20):
                while not so():
                    await changed.wait()
                    changed.clear()
        finally:
            end()


@pytest.fixture
async def world(private_host: lab.PrivateHost, tmp_path: Path) -> AsyncIterator[World]:
    inventory = Inventory([create(private_host.uri, state=tmp_path, deadline=20)])
    await inventory.start()
    try:
        yield World(inventory, Operations(inventory, Policy(image_roots=(private_host.images,))))
    finally:
        await inventory.close()


async def test_a_network_of_ours_is_virshs_too(world, private_host):
    spec = NetworkSpec(name="ours", forward=Forward.NAT, addresses=(ADDRESS,), autostart=True)
    made = await world.operations.create_network(ADMIN, host=world.host, network=spec)
    try:
        told = dict(line.split(":", 1) for line in private_host.virsh("net-info", "ours").splitlines() if line.strip())
        assert {key: told[key].strip() for key in ("UUID", "Active", "Persistent", "Autostart", "Bridge")} == {
            "UUID": made.uuid,
            "Active": "yes",
            "Persistent": "yes",
            "Autostart": "yes",
            "Bridge": made.bridge,
        }
        assert "inet 192.168.77.1/24" in private_host.run("ip", "-4", "address", "show", "dev", made.bridge)
        private_host.virsh("net-autostart", "--disable", "ours")
        rests = await world.operations.change_network(ADMIN, network=made, active=False)
        assert not rests.autostart, "what virsh did without an event is seen with the next look"
        again = await world.operations.change_network(ADMIN, network=rests, autostart=True)
        told = dict(line.split(":", 1) for line in private_host.virsh("net-info", "ours").splitlines() if line.strip())
        assert (again.active, again.autostart, told["Autostart"].strip()) == (False, True, "yes")
        private_host.virsh("net-start", "ours")
        await world.until(lambda: network_named(world.host.networks, "ours").active)
    finally:
        await world.operations.delete_network(ADMIN, network=made)
    assert "ours" not in private_host.virsh("net-list", "--all")


async def test_a_network_of_virshs_is_ours_too(world, private_host, tmp_path):
    file = tmp_path / "network.xml"
    file.write_text("<network><name>theirs</name><bridge name='theirs0'/></network>")
    private_host.virsh("net-define", str(file))
    await world.until(lambda: network_named(world.host.networks, "theirs") is not None)
    private_host.virsh("net-start", "theirs")
    await world.until(lambda: "theirs" in world.host.network_names)
    there = network_named(world.host.networks, "theirs")
    assert (there.bridge, there.forward, there.persistent) == ("theirs0", Forward.ISOLATED, True)
    private_host.virsh("net-destroy", "theirs")
    private_host.virsh("net-undefine", "theirs")
    await world.until(lambda: network_named(world.host.networks, "theirs") is None)


async def test_a_pool_and_its_volumes(world, private_host):
    folder = private_host.images / "ours"
    folder.mkdir()
    spec = StoragePoolSpec(name="ours", folder=str(folder))
    made = await world.operations.create_storage_pool(ADMIN, host=world.host, pool=spec)
    assert world.volumes("ours") == []
    volume = await world.operations.create_volume(ADMIN, pool=made, volume=VolumeSpec(name="a.qcow2", capacity=1 << 30))
    assert (volume.path, volume.key, volume.format) == (str(folder / "a.qcow2"), str(folder / "a.qcow2"), "qcow2")
    assert 0 < volume.allocation < volume.capacity == 1 << 30
    assert "a.qcow2" in private_host.virsh("vol-list", "ours")
    private_host.virsh("vol-create-as", "ours", "b.img", "1M")
    await world.inventory.refresh_volumes(world.host.id, "ours")
    assert world.volumes("ours") == ["a.qcow2", "b.img"]
    (folder / "b.img").unlink()
    (folder / "c.img").write_bytes(b"\0" * 512)
    await world.operations.refresh_storage_pool(ADMIN, pool=made)
    assert world.volumes("ours") == ["a.qcow2", "c.img"]
    (folder / "c.img").unlink()
    private_host.virsh("pool-refresh", "ours")
    await world.until(lambda: world.volumes("ours") == ["a.qcow2"])
    await world.operations.delete_volume(ADMIN, volume=volume)
    private_host.virsh("pool-destroy", "ours")
    await world.until(lambda: not storage_pool(world.host.storage, "ours").active)
    rests = storage_pool(world.host.storage, "ours")
    assert (rests.uuid, world.volumes("ours")) == (made.uuid, None)
    await world.operations.delete_storage_pool(ADMIN, pool=rests)
    assert "ours" not in private_host.virsh("pool-list", "--all")
    folder.rmdir()


def _file_system(host: lab.PrivateHost, disk: Path) -> StoragePoolSpec:
    host.run("mkfs.ext4", "-q", str(disk))
    return StoragePoolSpec(name="ours", type="fs", format="ext4", devices=(str(disk),), folder=str(host.folder / "m"))


def _partitions(host: lab.PrivateHost, disk: Path) -> StoragePoolSpec:
    host.run("parted", "--script", str(disk), "mklabel", "gpt")
    return StoragePoolSpec(name="ours", type="disk", format="gpt", devices=(str(disk),), folder=str(disk.parent))


@pytest.mark.parametrize(
    ("prepare", "program", "volume", "kept"),
    [(_file_system, "mkfs.ext4", "a.qcow2", ["lost+found"]), (_partitions, "parted", "{disk}p1", [])],
    ids=["fs", "disk"],
)
async def test_a_pool_on_a_disk(world, private_host, tmp_path, prepare, program, volume, kept):
    """Made, rested, started again, kept from starting with its host, and deleted; the disk stays as it is."""
    block.needed(program)
    with block.disk(private_host, tmp_path / "disk.img") as disk:
        spec, name = prepare(private_host, disk), volume.format(disk=disk.name)
        made = await world.operations.create_storage_pool(ADMIN, host=world.host, pool=spec)
        assert (made.type, made.folder, made.autostart) == (spec.type, spec.folder, True)
        assert 40 * block.MIB < made.capacity <= 64 * block.MIB
        assert world.volumes("ours") == kept
        await world.operations.create_volume(ADMIN, pool=made, volume=VolumeSpec(name=name, capacity=8 * block.MIB))
        assert world.volumes("ours") == sorted([*kept, name])
        rests = await world.operations.change_storage_pool(ADMIN, pool=made, active=False, autostart=False)
        assert (rests.active, rests.autostart, world.volumes("ours")) == (False, False, None)
        told = private_host.virsh("pool-info", "ours").split()
        assert (told[told.index("State:") + 1], told[told.index("Autostart:") + 1]) == ("inactive", "no")
        assert spec.type != "fs" or str(disk) not in private_host.run("cat", "/proc/mounts")
        again = await world.operations.change_storage_pool(ADMIN, pool=rests, active=True)
        assert (again.active, world.volumes("ours")) == (True, sorted([*kept, name]))
        with pytest.raises(ModelError) as caught:
            await world.operations.delete_storage_pool(ADMIN, pool=again)
        assert caught.value.problem is Problem.IN_USE
        if spec.type == "fs":  # libvirt cannot delete the first partition of a loop device
            [held] = [v for v in world.inventory.generation.volumes_of(world.host.id, "ours").volumes if v.name == name]
            await world.operations.delete_volume(ADMIN, volume=held)
            assert world.volumes("ours") == kept
        else:
            private_host.run("parted", "--script", str(disk), "rm", "1")
        await world.operations.delete_storage_pool(ADMIN, pool=again)
        assert "ours" not in private_host.virsh("pool-list", "--all")
        if spec.type == "fs":
            private_host.run("rmdir", spec.folder)


async def test_a_running_guests_nic_is_filtered(world, private_host, guest_image):
    rule = FilterRule(
        action=FilterAction.DROP,
        direction=FilterDirection.OUT,
        protocol="ip",
        match=(("destination_address", "192.0.2.0"), ("destination_mask", "24")),
    )
    inner = await world.operations.create_network_filter(
        ADMIN, host=world.host, filter=NetworkFilterSpec(name="inner", chain="ipv4", rules=(rule,))
    )
    outer = await world.operations.create_network_filter(ADMIN, host=world.host, filter=NetworkFilterSpec(name="outer"))
    net = await world.operations.create_network(ADMIN, host=world.host, network=NetworkSpec(name="filtered"))
    system = await world.operations.define_system(
        ADMIN,
        system=SystemSpec(name="filtered"),
        resources=[DiskSpec(source=str(guest_image), format="raw"), NicSpec(source="filtered")],
    )
    try:
        await world.operations.change_state(ADMIN, system=system, action=Action.START)
        [nic] = world.inventory.generation.system(system.id).current.nics
        await world.operations.apply_filter(ADMIN, nic=nic, filter=outer)
        assert "192.0.2" not in private_host.run("ebtables", "-t", "nat", "-L")
        reference = FilterReference("inner")
        outer = await world.operations.add_filter_reference(ADMIN, filter=outer, reference=reference)
        assert "192.0.2.0/24" in private_host.run("ebtables", "-t", "nat", "-L"), "it applies at once"
        for kind in ((), ("--inactive",)):
            assert "filterref filter='outer'" in private_host.virsh("dumpxml", *kind, "filtered")
        for what, keyword, call in (
            (inner, "filter", world.operations.delete_network_filter),
            (outer, "filter", world.operations.delete_network_filter),
            (net, "network", world.operations.delete_network),
        ):
            with pytest.raises(ModelError) as caught:
                await call(ADMIN, **{keyword: what})
            assert caught.value.problem is Problem.IN_USE
        [nic] = world.inventory.generation.system(system.id).current.nics
        await world.operations.remove_filter(ADMIN, nic=nic, filter=outer)
        assert "192.0.2" not in private_host.run("ebtables", "-t", "nat", "-L")
        assert "filterref" not in private_host.virsh("dumpxml", "filtered")
    finally:
        await world.operations.destroy_system(ADMIN, system=world.inventory.generation.system(system.id))
        await world.operations.delete_network_filter(ADMIN, filter=filter_named(world.host.filters, "outer"))
        await world.operations.delete_network_filter(ADMIN, filter=inner)
        await world.operations.delete_network(ADMIN, network=net)
    assert private_host.virsh("nwfilter-list").strip() == ""
