"""The part of the driver conformance suite that is about changes of what there is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from tests.drivers.subject import MAC, MIB, Requirement, Subject, says

from openvman.drivers.contract import SystemChanged
from openvman.messages import hypervisor, hypervisor_devices, resources
from openvman.messages.message import ErrorMessage
from openvman.model.allocation import NicConnection
from openvman.model.spec import (
    DiskSpec,
    MemorySpec,
    NicSpec,
    ProcessorSpec,
    ResourceSpec,
    SystemSpec,
)
from openvman.model.states import Action
from openvman.model.system import ConfigurationKind, OnCrash

DEFINED, STATE = ConfigurationKind.DEFINED, ConfigurationKind.STATE


class ModifyConformance:
    async def test_settings_change_in_the_right_configurations(self, subject: Subject) -> None:
        system = await subject.active()
        subject.events.events.clear()
        spec = SystemSpec(description="second\n<&>", autostart=True, on_crash=OnCrash.RESTART)
        await subject.driver.modify_system(system.id, spec)
        after = await subject.read(system.id)
        assert after.description == "second\n<&>"
        assert after.defined is not None
        assert after.current is not None
        for configuration in (after.defined, after.current):
            assert (configuration.description, configuration.autostart) == ("second\n<&>", True)
        assert (after.defined.on_crash, after.current.on_crash) == (OnCrash.RESTART, OnCrash.DESTROY)
        assert system.defined is not None
        assert replace(after.defined, description="first", autostart=False, on_crash=OnCrash.DESTROY) == system.defined
        await subject.events.told(SystemChanged(system.id))

    async def test_a_description_can_be_taken_away(self, subject: Subject) -> None:
        system = await subject.define()
        await subject.driver.modify_system(system.id, SystemSpec(description=""))
        assert not (await subject.read(system.id)).description

    async def test_renaming(self, subject: Subject) -> None:
        taken = await subject.define()
        system = await subject.define()
        with says(hypervisor.SYSTEM_TAKEN):
            await subject.driver.modify_system(system.id, SystemSpec(name=taken.name, description="no"))
        assert await subject.read(system.id) == system
        subject.events.events.clear()
        with subject.needs(Requirement.RENAMING):
            await subject.driver.modify_system(system.id, SystemSpec(name=f"{system.name}-2"))
        assert (await subject.read(system.id)).name == f"{system.name}-2"
        await subject.events.told(SystemChanged(system.id))
        await subject.driver.act(system.id, Action.START)
        with says(hypervisor.RENAMED_ACTIVE):
            await subject.driver.modify_system(system.id, SystemSpec(name=system.name))

    async def test_a_system_stays_on_its_host(self, subject: Subject) -> None:
        system = await subject.define()
        with says(hypervisor.BY_MIGRATION_ONLY):
            await subject.driver.modify_system(system.id, SystemSpec(host_id=str(uuid4())))

    @pytest.mark.parametrize(
        ("local_id", "spec"),
        [
            ("processor", ProcessorSpec(count=2)),
            ("processor", ProcessorSpec(count=3, maximum=4)),
            ("memory", MemorySpec(size=64 * MIB)),
            ("memory", MemorySpec(size=96 * MIB, maximum=128 * MIB)),
            ("memory", MemorySpec(size=16 * MIB, maximum=16 * MIB)),
            ("disk:vda", DiskSpec(read_only=True)),
            ("disk:vda", DiskSpec(bus="scsi")),
            ("disk:hdc", DiskSpec(source="OTHER", format="FORMAT")),
            (f"nic:{MAC}", NicSpec(model="SECOND")),
        ],
        ids=str,
    )
    async def test_the_next_activation_changes_and_the_present_one_does_not(
        self, subject: Subject, local_id: str, spec: ResourceSpec
    ) -> None:
        if local_id.startswith("disk:"):
            subject.lacks(Requirement.MACHINES)
        spec = _filled(subject, spec)
        system = await subject.active()
        subject.events.events.clear()
        await subject.driver.modify_resource(
            system.id, DEFINED, replace(spec, allocation_id=f"{system.id}/defined/{local_id}")
        )
        after = await subject.read(system.id)
        assert after.current == system.current
        assert after.defined is not None
        assert system.defined is not None
        found = {each.local_id: each for each in after.defined.allocations()}
        for name, value in _said(spec).items():
            assert getattr(found[local_id], name) == value
        for each in system.defined.allocations():
            assert each.local_id == local_id or found[each.local_id] == each
        # A bus that is new may need a controller, and that is all.
        added = found.keys() - {each.local_id for each in system.defined.allocations()}
        assert all(local.startswith("controller:") for local in added)
        await subject.events.told(SystemChanged(system.id))

    async def test_changes_at_once_are_all_kept(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.define()
        driver, prefix = subject.driver, f"{system.id}/defined"
        await asyncio.gather(
            driver.modify_system(system.id, SystemSpec(on_crash=OnCrash.RESTART)),
            driver.modify_system(system.id, SystemSpec(description="second")),
            driver.modify_resource(system.id, DEFINED, DiskSpec(allocation_id=f"{prefix}/disk:vda", read_only=True)),
            driver.modify_resource(system.id, DEFINED, DiskSpec(allocation_id=f"{prefix}/disk:vda", shareable=True)),
            driver.modify_resource(system.id, DEFINED, NicSpec(allocation_id=f"{prefix}/nic:{MAC}", model="e1000")),
        )
        after = (await subject.read(system.id)).defined
        assert after is not None
        disk, nic = after.disks[0], after.nics[0]
        assert (after.on_crash, after.description) == (OnCrash.RESTART, "second")
        assert (disk.read_only, disk.shareable, nic.model) == (True, True, "e1000")

    async def test_a_changed_system_starts_with_its_change(self, subject: Subject) -> None:
        system = await subject.define()
        assert system.defined is not None
        await subject.driver.modify_resource(
            system.id, DEFINED, ProcessorSpec(allocation_id=system.defined.processor.id, count=2)
        )
        await subject.driver.act(system.id, Action.START)
        current = (await subject.read(system.id)).current
        assert current is not None
        assert current.processor.count == 2

    async def test_a_new_address_is_a_new_id(self, subject: Subject) -> None:
        system = await subject.define()
        assert system.defined is not None
        mac = "52:54:00:00:00:02"
        await subject.driver.modify_resource(
            system.id, DEFINED, NicSpec(allocation_id=system.defined.nics[0].id, mac=mac)
        )
        after = (await subject.read(system.id)).defined
        assert after is not None
        assert [nic.local_id for nic in after.nics] == [f"nic:{mac}"]

    @pytest.mark.parametrize(
        ("kind", "local_id", "spec", "row"),
        [
            (DEFINED, "processor", ProcessorSpec(count=3), hypervisor_devices.PROCESSOR_COUNT),
            (DEFINED, "memory", MemorySpec(size=65 * MIB), hypervisor_devices.MEMORY_SIZE),
            (DEFINED, "memory", ProcessorSpec(count=1), hypervisor_devices.UNFIT_SPEC),
            (DEFINED, "serial:0", ResourceSpec(), hypervisor_devices.UNFIT_SPEC),
            (DEFINED, "disk:vdz", DiskSpec(bus="scsi"), hypervisor_devices.NO_ALLOCATION),
            (DEFINED, "nic:52:54:00:00:00:99", NicSpec(model="virtio"), hypervisor_devices.NO_ALLOCATION),
            (STATE, "processor", ProcessorSpec(maximum=8), resources.FIXED_WHILE_ACTIVE),
            (STATE, "memory", MemorySpec(maximum=256 * MIB), resources.FIXED_WHILE_ACTIVE),
            (STATE, "disk:vda", DiskSpec(source="OTHER"), resources.NO_MEDIUM),
            (STATE, "disk:hdc", DiskSpec(bus="scsi"), resources.FIXED_WHILE_ACTIVE),
            (STATE, f"nic:{MAC}", NicSpec(mac="52:54:00:00:00:02"), resources.FIXED_WHILE_ACTIVE),
        ],
        ids=lambda value: value.id if isinstance(value, ErrorMessage) else str(value),
    )
    async def test_what_cannot_change_is_refused_and_stays(
        self, subject: Subject, kind: ConfigurationKind, local_id: str, spec: ResourceSpec, row: ErrorMessage
    ) -> None:
        if local_id.startswith("disk:"):
            subject.lacks(Requirement.MACHINES)
        system = await subject.active()
        spec = replace(_filled(subject, spec), allocation_id=f"{system.id}/{kind}/{local_id}")
        with says(row):
            await subject.driver.modify_resource(system.id, kind, spec)
        assert await subject.read(system.id) == system

    async def test_an_inactive_system_has_no_state_to_change(self, subject: Subject) -> None:
        system = await subject.define()
        spec = MemorySpec(allocation_id=f"{system.id}/state/memory", size=16 * MIB)
        with says(hypervisor.NOT_ACTIVE):
            await subject.driver.modify_resource(system.id, STATE, spec)

    async def test_processors_are_added_to_an_active_system(self, subject: Subject) -> None:
        system = await subject.active()
        assert system.current is not None
        await subject.printed(system.id)
        spec = ProcessorSpec(allocation_id=system.current.processor.id, count=2)
        with subject.needs(Requirement.LIVE_PROCESSORS):
            await subject.driver.modify_resource(system.id, STATE, spec)
        after = await subject.read(system.id)
        assert after.current is not None
        assert after.current.processor.count == 2
        assert after.defined == system.defined

    async def test_memory_of_an_active_system_changes(self, subject: Subject) -> None:
        system = await subject.active()
        assert system.current is not None
        await subject.printed(system.id)
        spec = MemorySpec(allocation_id=system.current.memory.id, size=48 * MIB)
        with subject.needs(Requirement.LIVE_MEMORY):
            await subject.driver.modify_resource(system.id, STATE, spec)
        after = await subject.read(system.id)
        assert after.current is not None
        assert after.current.memory.size == 48 * MIB
        assert after.defined == system.defined

    async def test_another_medium_is_put_into_the_drive(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.active()
        assert system.current is not None
        drive = system.current.disks[1]
        spec = DiskSpec(allocation_id=drive.id, source=subject.other_image, format=subject.format)
        with subject.needs(Requirement.LIVE_MEDIUM):
            await subject.driver.modify_resource(system.id, STATE, spec)
        after = await subject.read(system.id)
        assert after.current is not None
        assert after.current.disks[1].source == subject.other_image
        await subject.driver.modify_resource(system.id, STATE, DiskSpec(allocation_id=drive.id, source=""))
        after = await subject.read(system.id)
        assert after.current is not None
        assert after.current.disks[1].source is None
        assert after.defined == system.defined

    async def test_a_nic_is_connected_elsewhere(self, subject: Subject) -> None:
        if subject.networks is None:
            pytest.skip("the platform has no networks")
        first, second = subject.networks
        system = await subject.active(nics=(NicSpec(mac=MAC, connection=NicConnection.NETWORK, source=first),))
        assert system.current is not None
        spec = NicSpec(allocation_id=system.current.nics[0].id, source=second)
        with subject.needs(Requirement.LIVE_NIC):
            await subject.driver.modify_resource(system.id, STATE, spec)
        after = await subject.read(system.id)
        assert after.current is not None
        assert after.current.nics[0].source == second
        assert after.defined == system.defined


def _said(spec: ResourceSpec) -> dict[str, Any]:
    values = {name: getattr(spec, name) for name in type(spec).__dataclass_fields__ if name != "allocation_id"}
    return {name: value for name, value in values.items() if value is not None}


def _filled(subject: Subject, spec: ResourceSpec) -> ResourceSpec:
    """The table's placeholders replaced by what the platform has."""
    models = subject.host.facts.nic_models
    values = {
        "OTHER": subject.other_image,
        "FORMAT": subject.format,
        "SECOND": models[1] if len(models) > 1 else "e1000",
    }
    return replace(spec, **{name: values[value] for name, value in _said(spec).items() if value in values})
