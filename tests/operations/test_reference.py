"""A reference configuration complements what a definition does not say."""

from __future__ import annotations

import pytest

from openvman.messages.problem import Problem
from openvman.model.allocation import DiskKind, NicConnection
from openvman.model.errors import ModelError
from openvman.model.spec import DiskSpec, MemorySpec, NicSpec, ProcessorSpec
from openvman.model.system import OnCrash

GIB = 1 << 30


@pytest.fixture
async def reference(world):
    made = await world.define(
        ProcessorSpec(count=2, maximum=4),
        MemorySpec(size=GIB, maximum=2 * GIB),
        DiskSpec(source="small.qcow2"),
        DiskSpec(kind=DiskKind.CDROM, source="installer.iso"),
        NicSpec(model="e1000", source="isolated"),
        NicSpec(connection=NicConnection.USER),
        name="golden",
        description="the model",
        machine="pc",
        on_crash=OnCrash.RESTART,
        autostart=True,
    )
    return made.defined


async def test_all_is_taken_where_nothing_is_said(world, reference):
    made = (await world.define(DiskSpec(capacity=GIB), reference=reference, name="copy")).defined
    assert (made.machine, made.on_crash, made.autostart, made.description) == (
        "pc",
        OnCrash.RESTART,
        True,
        "the model",
    )
    assert (made.processor.count, made.processor.maximum) == (2, 4)
    assert (made.memory.size, made.memory.maximum) == (GIB, 2 * GIB)
    assert [(disk.target, disk.source) for disk in made.disks] == [
        ("vda", "/simulated/images/copy-vda.qcow2"),
        ("sda", "/simulated/images/installer.iso"),
    ]
    nics = [(nic.model, nic.connection, nic.source) for nic in made.nics]
    assert nics == [("e1000", NicConnection.NETWORK, "isolated"), ("virtio", NicConnection.USER, None)]
    assert not {nic.mac for nic in made.nics} & {nic.mac for nic in reference.nics}


async def test_what_is_said_goes_first(world, reference):
    made = await world.define(
        ProcessorSpec(count=6),
        MemorySpec(size=GIB // 2),
        DiskSpec(target="vda", source="plain.raw"),
        DiskSpec(kind=DiskKind.CDROM, source=""),
        NicSpec(connection=NicConnection.USER),
        reference=reference,
        machine="q35",
        description="",
        autostart=False,
    )
    defined = made.defined
    assert (defined.machine, defined.description, defined.autostart) == ("q35", None, False)
    assert (defined.processor.count, defined.processor.maximum) == (6, 6)
    assert (defined.memory.size, defined.memory.maximum) == (GIB // 2, 2 * GIB)
    assert [(disk.target, disk.source, disk.format) for disk in defined.disks] == [
        ("vda", "/simulated/images/plain.raw", "raw"),
        ("sda", None, None),
    ]
    assert [(nic.model, nic.connection) for nic in defined.nics] == [
        ("e1000", NicConnection.USER),
        ("virtio", NicConnection.USER),
    ]


async def test_a_disk_with_another_target_is_one_more(world, reference):
    made = await world.define(
        DiskSpec(target="vda", capacity=GIB), DiskSpec(target="vdb", capacity=GIB), reference=reference
    )
    assert [disk.target for disk in made.defined.disks] == ["vda", "vdb", "sda"]


async def test_a_writable_disk_of_the_reference_is_not_shared(world, reference):
    with pytest.raises(ModelError) as caught:
        await world.define(reference=reference, name="copy")
    assert caught.value.problem is Problem.INVALID_STATE
    assert "'golden'" in caught.value.message
    assert "capacity" in caught.value.message
    assert world.names() == {"golden"}


async def test_a_shareable_disk_of_the_reference_is(world):
    golden = await world.define(DiskSpec(source="plain.raw", shareable=True))
    made = await world.define(reference=golden.defined)
    assert made.defined.disks[0].source == "/simulated/images/plain.raw"
    assert made.defined.disks[0].shareable


async def test_a_reference_is_no_way_around_the_policy(world, admin, tmp_path):
    (tmp_path / "secret.img").write_bytes(bytes(512))
    nic = NicSpec(connection=NicConnection.BRIDGE, source="br0")
    disk = DiskSpec(source=f"{tmp_path}/secret.img", read_only=True)
    for given in (nic, disk):
        golden = await world.define(given, actor=admin)
        with pytest.raises(ModelError) as caught:
            await world.define(reference=golden.defined)
        assert caught.value.problem is Problem.ACCESS_DENIED
        await world.operations.destroy_system(None, system=golden)


async def test_the_references_host_is_chosen(new_world):
    async with new_world("hosts=3&vms=0") as world:
        for host_id in world.inventory.generation.hosts:
            golden = await world.define(host_id=host_id)
            assert (await world.define(reference=golden.defined)).host_id == host_id
