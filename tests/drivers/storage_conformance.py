"""The conformance suite's part about how disks and NICs are tuned, and about storage pools and their volumes."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from tests.drivers.subject import MAC, MIB, Requirement, Subject, refuses, says

from openvman.drivers.contract import HostChanged, SystemChanged, VolumesChanged
from openvman.messages import hypervisor_storage
from openvman.messages.problem import Problem
from openvman.model.allocation import DiskAllocation, DiskKind, NicConnection
from openvman.model.host import Host
from openvman.model.spec import DiskSpec, NicSpec, ResourceSpec
from openvman.model.states import Action
from openvman.model.storage import StoragePool, StoragePoolSpec, Volume, place_of, resource_pool_name, storage_pool
from openvman.model.system import ConfigurationKind, VirtualSystem

DEFINED, STATE = ConfigurationKind.DEFINED, ConfigurationKind.STATE


def tuned(subject: Subject, **changes: object) -> DiskSpec:
    made = DiskSpec(
        target="vda",
        kind=DiskKind.DISK,
        bus="virtio",
        source=subject.image,
        format=subject.format,
        cache="none",
        discard="unmap",
        bytes_limit=50 * MIB,
        read_iops_limit=100,
        write_iops_limit=200,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def vda(system: VirtualSystem, kind: ConfigurationKind = DEFINED) -> DiskAllocation:
    configuration = system.defined if kind is DEFINED else system.current
    assert configuration is not None
    return next(disk for disk in configuration.disks if disk.target == "vda")


def tuning(disk: DiskAllocation) -> tuple[object, ...]:
    return (
        disk.cache,
        disk.discard,
        disk.block_size,
        (disk.bytes_limit, disk.read_bytes_limit, disk.write_bytes_limit),
        (disk.iops_limit, disk.read_iops_limit, disk.write_iops_limit),
    )


class StorageConformance:
    """A part of :class:`tests.drivers.conformance.Conformance`."""

    async def test_a_disk_is_tuned_as_defined(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.define(disks=(tuned(subject, block_size=4096),))
        assert tuning(vda(system)) == ("none", "unmap", 4096, (50 * MIB, 0, 0), (0, 100, 200))

    async def test_a_disk_that_is_not_tuned_is_as_usual(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        assert tuning(vda(await subject.define())) == ("default", "default", 0, (0, 0, 0), (0, 0, 0))

    async def test_the_next_activation_is_tuned_otherwise(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.define(disks=(tuned(subject, block_size=4096),))
        disk = vda(system)
        change = DiskSpec(
            allocation_id=disk.id,
            cache="writeback",
            discard="default",
            block_size=0,
            bytes_limit=0,
            read_bytes_limit=MIB,
            read_iops_limit=0,
        )
        await subject.driver.modify_resource(system.id, DEFINED, change)
        changed = vda(await subject.read(system.id))
        assert tuning(changed) == ("writeback", "default", 0, (0, MIB, 0), (0, 0, 200))
        back = DiskSpec(
            allocation_id=disk.id,
            cache="none",
            discard="unmap",
            block_size=4096,
            bytes_limit=50 * MIB,
            read_bytes_limit=0,
            read_iops_limit=100,
        )
        await subject.driver.modify_resource(system.id, DEFINED, back)
        assert await subject.read(system.id) == system

    async def test_the_limits_of_an_active_systems_disk_change(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        subject.lacks(Requirement.LIVE_LIMITS)
        system = await subject.active(disks=(tuned(subject, cache="writeback"),))
        subject.events.events.clear()
        change = DiskSpec(allocation_id=vda(system, STATE).id, bytes_limit=0, read_bytes_limit=2 * MIB)
        await subject.driver.modify_resource(system.id, STATE, change)
        after = await subject.read(system.id)
        assert tuning(vda(after, STATE))[3:] == ((0, 2 * MIB, 0), (0, 100, 200))
        assert after.defined == system.defined
        await subject.events.told(SystemChanged(system.id))

    async def test_how_a_disk_is_cached_cannot_change_while_its_system_is_active(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.active()
        for setting in ({"cache": "none"}, {"discard": "unmap"}, {"block_size": 4096}):
            spec = DiskSpec(allocation_id=vda(system, STATE).id, **setting)  # type: ignore[arg-type]
            with refuses(Problem.NOT_SUPPORTED):
                await subject.driver.modify_resource(system.id, STATE, spec)
        assert await subject.read(system.id) == system

    async def test_a_nic_is_tuned_as_defined_and_otherwise(self, subject: Subject) -> None:
        if subject.networks is None:
            pytest.skip("the platform has no networks")
        nic = NicSpec(
            mac=MAC,
            connection=NicConnection.NETWORK,
            source=subject.networks[0],
            link_up=False,
            receive_limit=80_000_000,
            transmit_limit=8_000_000,
        )
        system = await subject.define(nics=(nic,))
        assert system.defined is not None
        (made,) = system.defined.nics
        assert (made.link_up, made.receive_limit, made.receive_reservation, made.transmit_limit) == (
            False,
            80_000_000,
            0,
            8_000_000,
        )
        change = NicSpec(allocation_id=made.id, link_up=True, receive_limit=0, receive_reservation=16_000)
        await subject.driver.modify_resource(system.id, DEFINED, change)
        after = await subject.read(system.id)
        assert after.defined is not None
        assert after.defined.nics == (replace(made, link_up=True, receive_limit=0, receive_reservation=16_000),)

    async def test_the_cable_of_an_active_systems_nic_is_pulled(self, subject: Subject) -> None:
        system = await subject.active()
        assert system.current is not None
        spec = NicSpec(allocation_id=system.current.nics[0].id, link_up=False)
        with subject.needs(Requirement.LIVE_NIC):
            await subject.driver.modify_resource(system.id, STATE, spec)
        after = await subject.read(system.id)
        assert after.current is not None
        assert [nic.link_up for nic in after.current.nics] == [False]
        assert after.defined == system.defined

    # Storage pools

    async def test_a_storage_pool_comes_and_goes(self, subject: Subject) -> None:
        name, uuid = f"conformance-{uuid4()}", str(uuid4())
        spec = StoragePoolSpec(name=name, uuid=uuid, folder=subject.pool_folder)
        subject.events.events.clear()
        await subject.driver.create_storage_pool(subject.host.id, spec)
        pool = await needed(subject, name)
        assert (pool.type, pool.folder, pool.has_files) == ("dir", subject.pool_folder, True)
        assert (pool.host_id, pool.uuid) == (subject.host.id, uuid)
        assert (pool.active, pool.persistent, pool.autostart) == (True, True, True)
        assert 0 <= pool.allocated < pool.capacity
        await subject.events.told(HostChanged(subject.host.id))
        with says(hypervisor_storage.STORAGE_POOL_TAKEN):
            await subject.driver.create_storage_pool(subject.host.id, spec)
        await subject.driver.delete_storage_pool(subject.host.id, name)
        assert storage_pool((await host(subject)).storage, name) is None
        with says(hypervisor_storage.STORAGE_POOL_UNKNOWN):
            await subject.driver.delete_storage_pool(subject.host.id, name)

    async def test_a_volume_is_made_looked_at_and_removed(self, subject: Subject) -> None:
        pool = await new_pool(subject)
        volume = Volume(pool.name, "disk.qcow2")
        subject.volumes.append(volume.name)
        with says(hypervisor_storage.NO_VOLUME):
            await subject.driver.inspect_volume(subject.host.id, volume)
        await subject.driver.create_volume(subject.host.id, volume, "qcow2", 16 * MIB)
        image = await subject.driver.inspect_volume(subject.host.id, volume)
        assert (image.format, image.capacity, image.backing) == ("qcow2", 16 * MIB, None)
        assert image.path == place_of((await host(subject)).storage, volume.source)
        with says(hypervisor_storage.VOLUME_TAKEN):
            await subject.driver.create_volume(subject.host.id, volume, "raw", MIB)
        with says(hypervisor_storage.STORAGE_POOL_USED):
            await subject.driver.delete_storage_pool(subject.host.id, pool.name)
        await subject.driver.delete_volume(subject.host.id, volume)
        with says(hypervisor_storage.NO_VOLUME):
            await subject.driver.inspect_volume(subject.host.id, volume)
        await subject.driver.delete_volume(subject.host.id, volume)

    async def test_volumes_that_cannot_be_are_refused(self, subject: Subject) -> None:
        pool = await new_pool(subject)
        wrong = [
            (Volume(pool.name, "a"), "floppy", MIB, hypervisor_storage.IMAGE_FORMAT),
            (Volume(pool.name, "a"), "raw", -1, hypervisor_storage.VOLUME_CAPACITY),
            (Volume(pool.name, "a"), "raw", pool.capacity * 2, hypervisor_storage.STORAGE_POOL_FULL),
            (Volume(pool.name, ".."), "raw", MIB, hypervisor_storage.VOLUME_NAME),
            (Volume(pool.name, "a/b"), "raw", MIB, hypervisor_storage.VOLUME_NAME),
            (Volume("conformance-no-such-pool", "a"), "raw", MIB, hypervisor_storage.NO_STORAGE_POOL),
        ]
        for volume, format, capacity, row in wrong:
            with says(row):
                await subject.driver.create_volume(subject.host.id, volume, format, capacity)
        assert await needed(subject, pool.name) == pool

    async def test_a_storage_pool_rests_and_starts_again(self, subject: Subject) -> None:
        pool = await new_pool(subject)
        subject.events.events.clear()
        await subject.driver.change_storage_pool(subject.host.id, pool.name, active=False, autostart=False)
        rests = await needed(subject, pool.name)
        assert rests == replace(pool, active=False, autostart=False, capacity=0, allocated=0)
        assert pool.name not in [each.name for each in (await host(subject)).active_storage]
        assert await subject.driver.read_volumes(subject.host.id, pool.name) is None
        await subject.events.told(HostChanged(subject.host.id))
        with says(hypervisor_storage.NO_STORAGE_POOL):
            await subject.driver.refresh_storage_pool(subject.host.id, pool.name)
        await subject.driver.change_storage_pool(subject.host.id, pool.name, active=False)
        await subject.driver.change_storage_pool(subject.host.id, pool.name, active=True, autostart=True)
        again = await needed(subject, pool.name)
        assert (again.active, again.autostart, again.capacity) == (True, True, pool.capacity)
        await subject.driver.change_storage_pool(subject.host.id, pool.name, active=False)
        await subject.driver.delete_storage_pool(subject.host.id, pool.name)
        with says(hypervisor_storage.STORAGE_POOL_UNKNOWN):
            await subject.driver.change_storage_pool(subject.host.id, pool.name, active=True)

    async def test_a_pool_tells_what_it_holds(self, subject: Subject) -> None:
        pool = await new_pool(subject)
        names = ("b.img", "a.qcow2")
        for name, format in zip(names, ("raw", "qcow2"), strict=True):
            subject.volumes.append(name)
            await subject.driver.create_volume(subject.host.id, Volume(pool.name, name), format, MIB)
        await subject.events.told(VolumesChanged(subject.host.id, pool.name))
        held = await subject.driver.read_volumes(subject.host.id, pool.name)
        assert held is not None
        assert (held.host_id, held.pool, held.complete) == (subject.host.id, pool.name, True)
        assert [each.name for each in held.volumes] == ["a.qcow2", "b.img"]
        first, second = held.volumes
        assert (first.format, first.capacity, first.type) == ("qcow2", MIB, "file")
        assert (second.format, second.capacity, second.backing) == ("raw", MIB, None)
        assert 0 <= second.allocation <= MIB
        assert second.path == place_of((await host(subject)).storage, second.reference.source)
        assert second.key
        assert held in (await subject.driver.load()).volumes
        await subject.driver.refresh_storage_pool(subject.host.id, pool.name)
        await subject.driver.delete_volume(subject.host.id, first.reference)
        less = await subject.driver.read_volumes(subject.host.id, pool.name)
        assert less is not None
        assert [each.name for each in less.volumes] == ["b.img"]
        assert await subject.driver.read_volumes(subject.host.id, "conformance-no-such-pool") is None
        assert await subject.driver.read_volumes(str(uuid4()), pool.name) is None

    async def test_a_volume_may_be_of_no_size(self, subject: Subject) -> None:
        pool = await new_pool(subject)
        subject.volumes.append("nothing.img")
        await subject.driver.create_volume(subject.host.id, Volume(pool.name, "nothing.img"), "raw", 0)
        held = await subject.driver.read_volumes(subject.host.id, pool.name)
        assert held is not None
        assert [(each.name, each.capacity) for each in held.volumes] == [("nothing.img", 0)]

    async def test_storage_pools_that_cannot_be_are_refused(self, subject: Subject) -> None:
        before = (await host(subject)).storage
        for spec, row in (
            (StoragePoolSpec(name="conformance-a", type="attic", folder="/"), hypervisor_storage.STORAGE_POOL_TYPE),
            (StoragePoolSpec(name="conformance-a", type="netfs", folder="/"), hypervisor_storage.STORAGE_POOL_LACKS),
            (StoragePoolSpec(name="conformance-a"), hypervisor_storage.STORAGE_POOL_LACKS),
        ):
            with says(row):
                await subject.driver.create_storage_pool(subject.host.id, spec)
        assert (await host(subject)).storage == before

    async def test_a_volume_is_a_systems_disk(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        pool = await new_pool(subject)
        volumes = [Volume(pool.name, name) for name in ("one.img", "two.img")]
        for volume in volumes:
            subject.volumes.append(volume.name)
            await subject.driver.create_volume(subject.host.id, volume, "raw", MIB)
        spec = DiskSpec(target="vda", kind=DiskKind.DISK, bus="virtio", source=volumes[0].source, format="raw")
        system = await subject.define(disks=(spec,))
        disk = vda(system)
        assert (disk.source, disk.format, disk.capacity) == (volumes[0].source, "raw", MIB)
        assert disk.pool == resource_pool_name(pool.name)
        await subject.driver.act(system.id, Action.START)
        active = await subject.read(system.id)
        assert (vda(active, STATE).source, vda(active, STATE).pool) == (disk.source, disk.pool)
        other: ResourceSpec = DiskSpec(allocation_id=disk.id, source=volumes[1].source, format="raw")
        await subject.driver.modify_resource(system.id, DEFINED, other)
        assert vda(await subject.read(system.id)) == replace(disk, source=volumes[1].source)
        path: ResourceSpec = DiskSpec(allocation_id=disk.id, source=subject.other_image, format=subject.format)
        await subject.driver.modify_resource(system.id, DEFINED, path)
        assert vda(await subject.read(system.id)).pool is None


async def host(subject: Subject) -> Host:
    found = await subject.driver.read_host(subject.host.id)
    assert found is not None
    return found


async def needed(subject: Subject, name: str) -> StoragePool:
    pool = storage_pool((await host(subject)).storage, name)
    assert pool is not None
    return pool


async def new_pool(subject: Subject) -> StoragePool:
    name = f"conformance-{uuid4()}"
    spec = StoragePoolSpec(name=name, uuid=str(uuid4()), folder=subject.pool_folder)
    await subject.driver.create_storage_pool(subject.host.id, spec)
    return await needed(subject, name)
