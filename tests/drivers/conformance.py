"""The driver conformance suite: every promise of :mod:`openvman.drivers.contract`, tried on a platform.

A driver's test module makes a class of :class:`Conformance` with a fixture ``subject``. What its platform cannot do is
declared there as a gap: a requirement and the reason. A gap that is not declared fails, and so does a declared one that
is not there any more; where a gap is, the driver must answer NOT_SUPPORTED.
"""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.drivers.container_conformance import ContainerConformance
from tests.drivers.device_conformance import DeviceConformance
from tests.drivers.generic_conformance import GenericConformance
from tests.drivers.image_conformance import ImageConformance
from tests.drivers.modify_conformance import ModifyConformance
from tests.drivers.network_conformance import NetworkConformance
from tests.drivers.plug_conformance import PlugConformance
from tests.drivers.state_conformance import StateConformance
from tests.drivers.storage_conformance import StorageConformance
from tests.drivers.subject import MAC, MIB, Recorder, Requirement, Subject, refuses, says
from tests.drivers.tuning_conformance import TuningConformance

from openvman.drivers.contract import SystemChanged
from openvman.messages import hypervisor, hypervisor_devices, hypervisor_storage
from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem
from openvman.model.allocation import DeviceAllocation, DiskKind, NicConnection
from openvman.model.errors import ModelError
from openvman.model.spec import (
    DiskSpec,
    MemorySpec,
    NicSpec,
    ProcessorSpec,
    SystemSpec,
)
from openvman.model.states import Action, State
from openvman.model.system import ConfigurationKind, OnCrash

__all__ = ["Conformance", "Recorder", "Requirement", "Subject"]

DEFINED, STATE = ConfigurationKind.DEFINED, ConfigurationKind.STATE

_WANTS: dict[Action, Requirement] = {
    Action.SUSPEND: Requirement.SUSPEND,
    Action.RESET: Requirement.RESET,
}


class Conformance(
    ContainerConformance,
    DeviceConformance,
    GenericConformance,
    ImageConformance,
    ModifyConformance,
    NetworkConformance,
    PlugConformance,
    StateConformance,
    StorageConformance,
    TuningConformance,
):
    """Make a subclass ``Test<Driver>`` with a fixture ``subject``, which calls ``subject.clean()`` when it ends."""

    # What is there

    async def test_the_host_is_told_with_its_facts(self, subject: Subject) -> None:
        picture = await subject.driver.load()
        host = next(host for host in picture.hosts if host.id == subject.host.id)
        assert str(UUID(host.id)) == host.id
        assert host.platform == subject.driver.platform
        assert host.online
        assert host.name
        assert host.hypervisor_name
        assert host.processors > 0
        assert host.memory > 64 * MIB
        assert host.facts.hypervisors
        assert host.facts.architecture
        assert host.facts.maximum_processors > 0
        assert await subject.driver.read_host(host.id) == host

    async def test_facts_and_gaps_agree(self, subject: Subject) -> None:
        facts = subject.host.facts
        actions = (await subject.define()).actions
        for action, requirement in _WANTS.items():
            assert (action in actions) == (requirement not in subject.gaps)
        assert facts.is_for_containers == (Requirement.MACHINES in subject.gaps)
        assert facts.is_for_containers == (Requirement.CONTAINERS not in subject.gaps)
        assert facts.has_console_log == (Requirement.CONSOLE not in subject.gaps)
        assert facts.has_networks == (subject.networks is not None)
        assert facts.has_filters == (Requirement.FILTERS not in subject.gaps)
        assert facts.has_nic_filters == subject.gaps.keys().isdisjoint({Requirement.FILTERS, Requirement.NIC_FILTERS})

    async def test_who_is_not_there_is_none(self, subject: Subject) -> None:
        assert await subject.driver.read_system(str(uuid4())) is None
        assert await subject.driver.read_system("nobody") is None
        assert await subject.driver.read_host(str(uuid4())) is None

    async def test_a_fence_lets_no_event_behind(self, subject: Subject) -> None:
        definition = subject.definition()
        await subject.driver.define(definition)
        await subject.driver.fence()
        assert SystemChanged(definition.id) in subject.events.events

    async def test_who_starts_with_the_host_is_told_when_asked(self, subject: Subject) -> None:
        if not subject.host.facts.can_autostart:
            return
        definition = subject.definition()
        await subject.driver.define(definition)
        for autostart in (True, False):
            await subject.driver.modify_system(definition.id, SystemSpec(autostart=autostart))
            assert (definition.id in await subject.driver.autostarting(subject.host.id)) is autostart
        assert await subject.driver.autostarting(str(uuid4())) == frozenset()

    # Definitions

    async def test_a_definition_becomes_a_system(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        definition = subject.definition(description="a <b> & 'c' \"d\" ü \N{SNOWMAN}")
        await subject.driver.define(definition)
        system = await subject.read(definition.id)
        assert (system.id, system.name, system.host_id) == (definition.id, definition.name, subject.host.id)
        assert (system.state, system.current, system.description) == (State.DEFINED, None, definition.description)
        defined = system.defined
        assert defined is not None
        assert (defined.id, defined.kind) == (f"{system.id}/defined", DEFINED)
        assert (defined.hypervisor, defined.autostart, defined.on_crash) == (
            definition.hypervisor,
            False,
            OnCrash.DESTROY,
        )
        assert (defined.processor.count, defined.processor.maximum) == (1, 2)
        assert (defined.memory.size, defined.memory.maximum) == (32 * MIB, 64 * MIB)
        assert [each.local_id for each in defined.allocations() if not isinstance(each, DeviceAllocation)] == [
            "processor",
            "memory",
            "disk:vda",
            "disk:hdc",
            f"nic:{MAC}",
            "serial:0",
        ]
        for each in defined.allocations():
            assert (each.system_id, each.configuration_id, each.host_id) == (system.id, defined.id, subject.host.id)
        disk, drive = defined.disks
        assert (disk.kind, disk.bus, disk.source, disk.format, disk.read_only, disk.shareable) == (
            DiskKind.DISK,
            "virtio",
            subject.image,
            subject.format,
            False,
            False,
        )
        assert (drive.kind, drive.bus, drive.source, drive.capacity, drive.read_only) == (
            DiskKind.CDROM,
            "ide",
            None,
            None,
            True,
        )
        (nic,) = defined.nics
        assert (nic.mac, nic.connection, nic.source, nic.target) == (MAC, NicConnection.USER, None, None)
        (serial,) = defined.serials
        assert serial.has_log == subject.host.facts.has_console_log
        assert system in (await subject.driver.load()).systems
        await subject.events.told(SystemChanged(system.id))

    async def test_autostart_on_crash_and_no_console(self, subject: Subject) -> None:
        system = await subject.define(autostart=True, on_crash=OnCrash.PRESERVE, console_log=False, description=None)
        assert system.defined is not None
        assert (system.defined.autostart, system.defined.on_crash) == (True, OnCrash.PRESERVE)
        assert (system.defined.serials, system.description) == ((), None)
        subject.lacks(Requirement.MACHINES)
        with says(hypervisor.NO_SERIAL_PORT):
            await subject.driver.read_console(system.id, 0, 0, 100)

    async def test_a_nic_on_a_network(self, subject: Subject) -> None:
        if subject.networks is None:
            pytest.skip("the platform has no networks")
        nic = NicSpec(mac=MAC, connection=NicConnection.NETWORK, source=subject.networks[0])
        system = await subject.define(nics=(nic,))
        assert system.defined is not None
        assert (system.defined.nics[0].connection, system.defined.nics[0].source) == (
            NicConnection.NETWORK,
            subject.networks[0],
        )
        assert subject.networks[0] in subject.host.network_names

    async def test_names_and_ids_are_used_once(self, subject: Subject) -> None:
        system = await subject.define()
        with says(hypervisor.SYSTEM_TAKEN):
            await subject.define(name=system.name)
        with refuses(Problem.ALREADY_EXISTS):
            await subject.define(id=system.id)
        assert await subject.read(system.id) == system

    async def test_of_many_at_once_one_gets_the_name(self, subject: Subject) -> None:
        name = subject.definition().name
        asked = (subject.driver.define(subject.definition(name=name)) for _ in range(5))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert answers.count(None) == 1
        assert {each.problem for each in answers if isinstance(each, ModelError)} == {Problem.ALREADY_EXISTS}
        assert [system.name for system in (await subject.driver.load()).systems].count(name) == 1

    @pytest.mark.parametrize(
        ("changes", "row"),
        [
            ({"host_id": str(uuid4())}, hypervisor.NO_HOST),
            ({"hypervisor": "vax"}, hypervisor.OTHER_HYPERVISOR),
            ({"name": ""}, hypervisor.NAME),
            ({"name": "conformance-a/b"}, hypervisor.NAME),
            ({"name": "conformance-a\nb"}, hypervisor.UNPRINTABLE),
            ({"name": "conformance-a\0b"}, hypervisor.UNPRINTABLE),
            ({"processor": ProcessorSpec()}, hypervisor.LACKING),
            ({"processor": ProcessorSpec(count=0)}, hypervisor_devices.PROCESSOR_COUNT),
            ({"processor": ProcessorSpec(count=3, maximum=2)}, hypervisor_devices.PROCESSOR_COUNT),
            ({"memory": MemorySpec(size=2 * MIB, maximum=MIB)}, hypervisor_devices.MEMORY_SIZE),
            ({"nics": (NicSpec(mac=MAC, connection=NicConnection.NETWORK),)}, hypervisor_devices.NIC_SOURCE),
        ],
        ids=lambda value: next(iter(value)) if isinstance(value, dict) else value.id,
    )
    async def test_what_cannot_be_is_refused_and_leaves_nothing(
        self, subject: Subject, changes: dict[str, Any], row: ErrorMessage
    ) -> None:
        definition = subject.definition(**changes)
        with says(row):
            await subject.driver.define(definition)
        assert await subject.driver.read_system(definition.id) is None

    async def test_undefine(self, subject: Subject) -> None:
        system = await subject.active()
        with says(hypervisor.ACTIVE):
            await subject.driver.undefine(system.id)
        await subject.driver.act(system.id, Action.STOP)
        subject.events.events.clear()
        await subject.driver.undefine(system.id)
        await subject.events.told(SystemChanged(system.id))
        assert await subject.driver.read_system(system.id) is None
        for call in (subject.driver.undefine(system.id), subject.driver.act(system.id, Action.START)):
            with says(hypervisor.NO_SYSTEM):
                await call

    async def test_undefine_takes_saved_memory_and_console(self, subject: Subject) -> None:
        system = await subject.active()
        await subject.printed(system.id)
        with subject.needs(Requirement.SUSPEND):
            await subject.driver.act(system.id, Action.SUSPEND)
        await subject.driver.undefine(system.id)
        again = await subject.define(id=system.id, name=system.name)
        assert again.state is State.DEFINED
        with subject.needs(Requirement.CONSOLE):
            assert (await subject.driver.read_console(again.id, 0, 0, 100)).size == 0

    # Consoles and images

    async def test_the_console_is_read_in_pieces(self, subject: Subject) -> None:
        system = await subject.define()
        with subject.needs(Requirement.CONSOLE):
            empty = await subject.driver.read_console(system.id, 0, 0, 100)
        assert (empty.data, empty.offset, empty.size) == (b"", 0, 0)
        await subject.driver.act(system.id, Action.START)
        await subject.printed(system.id)
        whole = await subject.driver.read_console(system.id, 0, 0, 65536)
        assert (whole.offset, whole.size) == (0, len(whole.data))
        piece = await subject.driver.read_console(system.id, 0, 3, 4)
        assert (piece.data, piece.offset, piece.size) == (whole.data[3:7], 3, whole.size)
        end = await subject.driver.read_console(system.id, 0, whole.size, 100)
        assert (end.data, end.offset, end.size) == (b"", whole.size, whole.size)
        assert (await subject.driver.read_console(system.id, 0, 10**9, 100)).size == whole.size
        with says(hypervisor.NO_SERIAL_PORT):
            await subject.driver.read_console(system.id, 7, 0, 100)
        with says(hypervisor.CONSOLE_RANGE):
            await subject.driver.read_console(system.id, 0, -1, 100)

    @pytest.mark.parametrize("format", ["raw", "qcow2"])
    async def test_images(self, subject: Subject, format: str) -> None:
        subject.lacks(Requirement.MACHINES)
        path = f"{subject.folder}/conformance-{uuid4()}"
        driver, host = subject.driver, subject.host.id
        with subject.needs(Requirement.IMAGES):
            await driver.create_image(host, path, format, 3 * MIB)
        try:
            image = await driver.inspect_image(host, path)
            assert (image.path, image.format, image.capacity, image.backing) == (path, format, 3 * MIB, None)
            with says(hypervisor_storage.FILE_TAKEN):
                await driver.create_image(host, path, format, 3 * MIB)
            disk = DiskSpec(target="vda", kind=DiskKind.DISK, bus="virtio", source=path, format=format)
            system = await subject.define(disks=(disk,))
            assert system.defined is not None
            assert system.defined.disks[0].capacity == 3 * MIB
        finally:
            await driver.delete_image(host, path)
        await driver.delete_image(host, path)
        with says(hypervisor_storage.NO_IMAGE):
            await driver.inspect_image(host, path)

    @pytest.mark.parametrize(
        ("name", "format", "capacity", "row"),
        [
            ("relative", "raw", MIB, hypervisor_storage.IMAGE_PATH),
            ("/a", "vax", MIB, hypervisor_storage.IMAGE_FORMAT),
            ("/a", "raw", 0, hypervisor_storage.IMAGE_CAPACITY),
            ("/a", "raw", -1, hypervisor_storage.IMAGE_CAPACITY),
            ("/a\nb", "raw", MIB, hypervisor_storage.IMAGE_PATH),
        ],
    )
    async def test_images_that_cannot_be(
        self, subject: Subject, name: str, format: str, capacity: int, row: ErrorMessage
    ) -> None:
        path = subject.folder + name if name.startswith("/") else name
        subject.lacks(Requirement.IMAGES)
        with says(row):
            await subject.driver.create_image(subject.host.id, path, format, capacity)

    async def test_an_image_of_no_host(self, subject: Subject) -> None:
        with says(hypervisor.NO_HOST):
            await subject.driver.inspect_image(str(uuid4()), subject.image)

    # Opening and closing

    async def test_a_closed_driver_is_silent_and_can_be_opened_again(self, subject: Subject) -> None:
        system = await subject.active()
        driver = subject.driver
        await driver.close()
        count = len(subject.events.events)
        try:
            for call in (
                driver.load(),
                driver.read_system(system.id),
                driver.act(system.id, Action.STOP),
                driver.define(subject.definition()),
            ):
                with refuses(Problem.UNAVAILABLE):
                    await call
            await driver.close()
        finally:
            await driver.open(subject.events)
        assert len(subject.events.events) == count
        subject.lacks(Requirement.OUTLIVES_CLOSE)
        assert await subject.state(system.id) is State.ACTIVE
        await driver.act(system.id, Action.STOP)
        assert await subject.state(system.id) is State.DEFINED
        await subject.events.told(SystemChanged(system.id))
