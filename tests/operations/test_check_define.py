"""What a definition would come to is what it comes to; and nothing is done for the asking."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvman.messages.problem import Problem
from openvman.model.allocation import DeviceKind, DiskKind
from openvman.model.errors import ModelError
from openvman.model.spec import DeviceSpec, DiskSpec, MemorySpec, NicSpec, ProcessorSpec, SerialSpec, SystemSpec

ASKED = (
    ProcessorSpec(count=2),
    MemorySpec(size=1 << 30),
    DiskSpec(capacity=1 << 30),
    DiskSpec(source="installer.iso", kind=DiskKind.CDROM),
    NicSpec(mac="52:54:00:00:00:07"),
    SerialSpec(port=1),
    DeviceSpec(kind=DeviceKind.WATCHDOG),
)
SETTINGS = SystemSpec(
    name="web",
    system_id="11111111-2222-4333-8444-555555555555",
    description="a web server",
    user_data="#cloud-config\n",
)


def comparable(configuration):
    """Without what a hypervisor adds: the ids and places of devices."""
    processor = replace(configuration.processor, architecture=None)
    configuration = replace(configuration, architecture=None, boot_disk=None, processor=processor)
    return replace(configuration, disks=(), nics=(), serials=(), devices=()), sorted(
        repr(replace(part, id="", place=None, parent=None)) for part in configuration.allocations()
    )


async def test_the_preview_is_what_is_then_defined(world, admin):
    found = await world.operations.check_define(admin, system=SETTINGS, resources=ASKED)
    assert world.names() == set()
    assert not world.has_image("/simulated/images/web-vda.qcow2")
    made = await world.operations.define_system(admin, system=SETTINGS, resources=ASKED)
    assert comparable(found.configuration) == comparable(made.defined)
    assert found.effects[0] == f"define virtual system 'web' on host {world.host.name!r}"
    assert "make the image '/simulated/images/web-vda.qcow2' for disk vda (1073741824 bytes, qcow2)" in found.effects
    assert f"make the disk '/simulated/images/cloud-init-{made.id}-1.iso' of its cloud-init data" in found.effects
    assert "take 2 of pool 'processor'" in found.effects


@pytest.mark.parametrize(
    ("settings", "spec", "problem"),
    [
        ({"name": ""}, None, Problem.INVALID_PARAMETER),
        ({"user_data": "no header"}, None, Problem.INVALID_PARAMETER),
        ({"meta_data": "["}, None, Problem.INVALID_PARAMETER),
        ({}, DiskSpec(source="none.img"), Problem.NOT_FOUND),
        ({}, ProcessorSpec(count=100_000), Problem.INVALID_PARAMETER),
        ({}, NicSpec(pool="none"), Problem.INVALID_PARAMETER),
    ],
)
async def test_it_refuses_what_a_definition_would(world, admin, settings, spec, problem):
    system = replace(SETTINGS, **settings)
    resources = () if spec is None else (spec,)
    for call in (world.operations.check_define, world.operations.define_system):
        with pytest.raises(ModelError) as caught:
            await call(admin, system=system, resources=resources)
        assert caught.value.problem is problem
    assert world.names() == set()
