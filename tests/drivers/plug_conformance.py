"""The conformance suite's part about devices that come and go."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from tests.drivers.subject import MAC, Requirement, Subject, says

from openvman.drivers.contract import SystemChanged
from openvman.messages import hypervisor, hypervisor_devices
from openvman.messages.message import ErrorMessage
from openvman.model.allocation import DiskKind, NicConnection
from openvman.model.spec import DiskSpec, MemorySpec, NicSpec, ProcessorSpec, ResourceSpec
from openvman.model.states import Action, State
from openvman.model.system import Configuration, ConfigurationKind, VirtualSystem

DEFINED, STATE = ConfigurationKind.DEFINED, ConfigurationKind.STATE
OTHER_MAC = "52:54:00:00:00:0b"


def disk(subject: Subject, target: str = "vdb", **changes: object) -> DiskSpec:
    made = DiskSpec(
        target=target,
        kind=DiskKind.DISK,
        bus="virtio",
        source=subject.other_image,
        format=subject.format,
        read_only=True,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def nic(subject: Subject, **changes: object) -> NicSpec:
    return subject.nic(**{"mac": OTHER_MAC, "model": None, **changes})


def configuration(system: VirtualSystem, kind: ConfigurationKind) -> Configuration:
    found = system.defined if kind is DEFINED else system.current
    assert found is not None
    return found


def locals_(system: VirtualSystem, kind: ConfigurationKind) -> set[str]:
    return {each.local_id for each in configuration(system, kind).allocations()}


class PlugConformance:
    """A part of :class:`tests.drivers.conformance.Conformance`."""

    async def test_devices_are_added_to_the_next_activation_and_removed(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.active()
        subject.events.events.clear()
        await subject.driver.add_resources(system.id, DEFINED, [disk(subject), nic(subject)])
        after = await subject.read(system.id)
        assert after.current == system.current
        assert locals_(after, DEFINED) - locals_(system, DEFINED) == {"disk:vdb", f"nic:{OTHER_MAC}"}
        added = {each.target: each for each in configuration(after, DEFINED).disks}["vdb"]
        assert (added.kind, added.bus, added.source, added.format, added.read_only, added.shareable) == (
            DiskKind.DISK,
            "virtio",
            subject.other_image,
            subject.format,
            True,
            False,
        )
        plugged = {each.mac: each for each in configuration(after, DEFINED).nics}[OTHER_MAC]
        assert (plugged.connection, plugged.source, plugged.target) == (NicConnection.USER, None, None)
        await subject.events.told(SystemChanged(system.id))
        subject.events.events.clear()
        gone = [f"{system.id}/defined/disk:vdb", f"{system.id}/defined/nic:{OTHER_MAC}"]
        await subject.driver.remove_resources(system.id, DEFINED, gone)
        back = await subject.read(system.id)
        assert system.defined is not None
        assert back.defined is not None
        # The firmware may go on looking for a kind of device that it looked for meanwhile.
        there = replace(back.defined, boot_order=system.defined.boot_order)
        assert replace(back, defined=there) == system
        await subject.events.told(SystemChanged(system.id))

    async def test_a_system_starts_with_what_was_added(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.define(nics=())
        await subject.driver.add_resources(system.id, DEFINED, [disk(subject), nic(subject)])
        await subject.driver.remove_resources(system.id, DEFINED, [f"{system.id}/defined/disk:hdc"])
        await subject.driver.act(system.id, Action.START)
        after = await subject.read(system.id)
        assert locals_(after, STATE) == locals_(after, DEFINED)
        assert {"disk:vdb", f"nic:{OTHER_MAC}"} <= locals_(after, STATE)
        assert "disk:hdc" not in locals_(after, STATE)

    async def test_drives_are_added_too(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.define(disks=())
        drive = DiskSpec(target="hdc", kind=DiskKind.CDROM, bus="ide", read_only=True)
        await subject.driver.add_resources(system.id, DEFINED, [drive])
        (added,) = configuration(await subject.read(system.id), DEFINED).disks
        assert (added.kind, added.bus, added.source) == (DiskKind.CDROM, "ide", None)

    async def test_the_disk_that_is_booted_from_is_known(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.define(disks=(), nics=())
        assert configuration(system, DEFINED).boot_disk is None
        await subject.driver.add_resources(system.id, DEFINED, [disk(subject, "vda", source=subject.image)])
        await subject.driver.add_resources(system.id, DEFINED, [disk(subject)])
        assert configuration(await subject.read(system.id), DEFINED).boot_disk == "vda"
        await subject.driver.act(system.id, Action.START)
        assert configuration(await subject.read(system.id), STATE).boot_disk == "vda"
        await subject.driver.remove_resources(system.id, DEFINED, [f"{system.id}/defined/disk:vda"])
        after = await subject.read(system.id)
        assert (configuration(after, DEFINED).boot_disk, configuration(after, STATE).boot_disk) == ("vdb", "vda")

    @pytest.mark.parametrize("kind", ConfigurationKind)
    async def test_what_cannot_be_added_leaves_all_as_it_was(self, subject: Subject, kind: ConfigurationKind) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.active()
        wrong: list[tuple[ResourceSpec, ErrorMessage]] = [
            (disk(subject, "vda"), hypervisor_devices.DEVICE_TAKEN),
            (nic(subject, mac=MAC), hypervisor_devices.DEVICE_TAKEN),
            (disk(subject, "vdc", bus=None), hypervisor.LACKING),
            (disk(subject, "vdc", source=None), hypervisor.LACKING),
            (
                nic(subject, mac="52:54:00:00:00:0c", connection=NicConnection.NETWORK, source=None),
                hypervisor_devices.NIC_SOURCE,
            ),
            (nic(subject, mac=None), hypervisor_devices.NO_DEVICE),
            (ProcessorSpec(count=1), hypervisor_devices.NO_DEVICE),
        ]
        for spec, row in wrong:
            with says(row):
                await subject.driver.add_resources(system.id, kind, [disk(subject), spec])
            assert await subject.read(system.id) == system, spec

    @pytest.mark.parametrize("kind", ConfigurationKind)
    async def test_what_cannot_be_removed_leaves_all_as_it_was(self, subject: Subject, kind: ConfigurationKind) -> None:
        system = await subject.active()
        other = STATE if kind is DEFINED else DEFINED
        for wrong, row in [
            (f"{system.id}/{kind}/disk:vdz", hypervisor_devices.NO_ALLOCATION),
            (f"{system.id}/{kind}/nic:52:54:00:00:00:99", hypervisor_devices.NO_ALLOCATION),
            (f"{system.id}/{other}/disk:vda", hypervisor_devices.NO_ALLOCATION),
            (f"{uuid4()}/{kind}/disk:vda", hypervisor_devices.NO_ALLOCATION),
            (f"{system.id}/{kind}/memory", hypervisor_devices.INDISPENSABLE),
            (f"{system.id}/{kind}/processor", hypervisor_devices.INDISPENSABLE),
            (f"{system.id}/{kind}/serial:3", hypervisor_devices.NO_ALLOCATION),
            (f"{system.id}/{kind}/rng:0", hypervisor_devices.NO_ALLOCATION),
        ]:
            with says(row):
                await subject.driver.remove_resources(system.id, kind, [f"{system.id}/{kind}/nic:{MAC}", wrong])
            assert await subject.read(system.id) == system, wrong

    async def test_an_inactive_system_takes_no_devices(self, subject: Subject) -> None:
        system = await subject.define()
        with says(hypervisor.NOT_ACTIVE):
            await subject.driver.add_resources(system.id, STATE, [nic(subject)])
        with says(hypervisor.NOT_ACTIVE):
            await subject.driver.remove_resources(system.id, STATE, [f"{system.id}/state/nic:{MAC}"])

    async def test_nobody_takes_no_devices(self, subject: Subject) -> None:
        nobody = str(uuid4())
        for kind in ConfigurationKind:
            with says(hypervisor.NO_SYSTEM):
                await subject.driver.add_resources(nobody, kind, [nic(subject)])
            with says(hypervisor.NO_SYSTEM):
                await subject.driver.remove_resources(nobody, kind, [f"{nobody}/{kind}/nic:{MAC}"])

    async def test_devices_are_plugged_into_an_active_system(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.active()
        await subject.printed(system.id)
        subject.events.events.clear()
        with subject.needs(Requirement.LIVE_DEVICES):
            await subject.driver.add_resources(system.id, STATE, [disk(subject), nic(subject)])
        after = await subject.read(system.id)
        assert after.defined == system.defined
        assert locals_(after, STATE) - locals_(system, STATE) == {"disk:vdb", f"nic:{OTHER_MAC}"}
        added = {each.target: each for each in configuration(after, STATE).disks}["vdb"]
        assert (added.bus, added.source, added.format, added.read_only) == (
            "virtio",
            subject.other_image,
            subject.format,
            True,
        )
        await subject.events.told(SystemChanged(system.id))
        assert after.state is State.ACTIVE
        assert after in (await subject.driver.load()).systems

    async def test_a_disk_gets_the_controller_that_it_needs(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.active()
        await subject.driver.add_resources(system.id, DEFINED, [disk(subject, "sda", bus="scsi")])
        assert "disk:sda" in locals_(await subject.read(system.id), DEFINED)
        with subject.needs(Requirement.LIVE_DEVICES):
            await subject.driver.add_resources(system.id, STATE, [disk(subject, "sda", bus="scsi")])
        assert "disk:sda" in locals_(await subject.read(system.id), STATE)

    async def test_one_device_that_cannot_be_plugged_takes_the_others_back(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.active()
        await subject.printed(system.id)
        subject.lacks(Requirement.LIVE_DEVICES)
        drive = disk(subject, "hdd", kind=DiskKind.CDROM, bus="ide")
        with says(hypervisor_devices.BUS_NOT_PLUGGED):
            await subject.driver.add_resources(system.id, STATE, [nic(subject), drive])
        await subject.becomes(system)

    async def test_a_guest_lets_go_of_its_devices(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.active()
        await subject.printed(system.id)
        with subject.needs(Requirement.LIVE_DEVICES):
            await subject.driver.add_resources(system.id, STATE, [disk(subject), nic(subject)])
        subject.events.events.clear()
        gone = [f"{system.id}/state/disk:vdb", f"{system.id}/state/nic:{OTHER_MAC}"]
        with subject.needs(Requirement.GUEST_LETS_GO):
            await subject.driver.remove_resources(system.id, STATE, gone)
        assert await subject.read(system.id) == system
        await subject.events.told(SystemChanged(system.id))

    async def test_memory_is_not_a_device(self, subject: Subject) -> None:
        system = await subject.define()
        with says(hypervisor_devices.NO_DEVICE):
            await subject.driver.add_resources(system.id, DEFINED, [MemorySpec(size=1 << 25)])
