"""The driver conformance suite's part about containers: file systems of the host, and a program to start with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.drivers.plug_conformance import OTHER_MAC, configuration, locals_, nic
from tests.drivers.subject import MIB, Requirement, Subject, refuses, says

from openvman.drivers.contract import SystemChanged
from openvman.messages import containers, resources
from openvman.messages.problem import Problem
from openvman.model.allocation import Affinity, DeviceAllocation, DeviceKind, DiskKind
from openvman.model.host_device import processor_id
from openvman.model.spec import (
    Definition,
    DeviceSpec,
    DiskSpec,
    MemorySpec,
    NicSpec,
    ProcessorSpec,
    ResourceSpec,
    SerialSpec,
    SystemSpec,
)
from openvman.model.states import Action, State
from openvman.model.system import BootDevice, ConfigurationKind, Firmware, VirtualSystem

DEFINED, STATE = ConfigurationKind.DEFINED, ConfigurationKind.STATE

ONLY_MACHINES: tuple[ResourceSpec, ...] = (
    DiskSpec(target="vda", kind=DiskKind.DISK, bus="virtio", source="/images/guest.img", format="raw"),
    SerialSpec(port=0),
    *(DeviceSpec(kind=kind) for kind in DeviceKind if kind is not DeviceKind.FILE_SYSTEM),
)


@dataclass(frozen=True, kw_only=True)
class ContainerSubject(Subject):
    """A platform of containers. In ``folder`` are the folders that they have: ``root``, ``shared`` and ``more``."""

    limit: Callable[[str], int]
    """Bytes of the memory that an active system of this name can really have."""
    is_known: Callable[[str], bool]
    """Whether the platform can reach the first process of an active system of this name."""

    @property
    def root(self) -> DeviceSpec:
        return file_system(f"{self.folder}/root", "/")

    @property
    def shared(self) -> DeviceSpec:
        return file_system(f"{self.folder}/shared", "/shared")

    def definition(self, **changes: Any) -> Definition:
        machine = super().definition()
        made = replace(machine, disks=(), console_log=False, firmware=None, init="/init")
        return replace(made, **{"devices": (self.root, self.shared), **changes})

    def lines(self) -> list[str]:
        """What the containers' init has written since the folder was emptied."""
        file = Path(self.folder, "shared", "lines")
        return file.read_text().split() if file.exists() else []

    async def printed(self, system_id: str, times: int = 1) -> None:
        """And the platform can reach it: where it cannot, the container is started again until it can."""
        await self.until(lambda: len(self.lines()) >= times, f"{system_id} has not started {times} times")
        while not self.is_known((await self.read(system_id)).name):
            lines = len(self.lines())
            await self.driver.act(system_id, Action.STOP)
            await self.driver.act(system_id, Action.START)
            await self.until(lambda lines=lines: len(self.lines()) > lines, f"{system_id} has not started again")  # type: ignore[misc]


def file_system(source: str, target: str, **changes: Any) -> DeviceSpec:
    made = DeviceSpec(kind=DeviceKind.FILE_SYSTEM, type="mount", source=source, target=target)
    return replace(made, **changes)


def file_systems(system: VirtualSystem, kind: ConfigurationKind = DEFINED) -> list[DeviceAllocation]:
    return [each for each in configuration(system, kind).devices if each.kind is DeviceKind.FILE_SYSTEM]


class ContainerConformance:
    """A part of :class:`tests.drivers.conformance.Conformance`."""

    @pytest.fixture
    def container(self, subject: Subject) -> ContainerSubject:
        """The subject, where it has containers."""
        subject.lacks(Requirement.CONTAINERS)
        assert isinstance(subject, ContainerSubject)
        return subject

    async def test_a_container_is_as_defined(self, container: ContainerSubject) -> None:
        system = await container.define(devices=(container.root, replace(container.shared, read_only=True)))
        defined = configuration(system, DEFINED)
        assert (defined.init, defined.kernel, defined.firmware, defined.machine) == ("/init", None, None, None)
        assert (defined.boot_order, defined.boot_disk, defined.disks, defined.serials) == ((), None, (), ())
        assert defined.processor.architecture == container.host.facts.architecture
        root, shared = file_systems(system)
        assert (root.local_id, root.type, root.source, root.target, root.read_only) == (
            "filesystem:0",
            "mount",
            f"{container.folder}/root",
            "/",
            False,
        )
        assert (shared.source, shared.target, shared.read_only) == (f"{container.folder}/shared", "/shared", True)

    async def test_a_container_starts_with_its_init(self, container: ContainerSubject) -> None:
        system = await container.active()
        await container.printed(system.id)
        assert set(container.lines()) == {"started"}

    async def test_another_init_is_started_next(self, container: ContainerSubject) -> None:
        system = await container.define()
        await container.driver.modify_system(system.id, SystemSpec(init="/sbin/init"))
        assert configuration(await container.read(system.id), DEFINED).init == "/sbin/init"
        await container.driver.act(system.id, Action.START)
        await container.printed(system.id)

    async def test_an_init_that_is_not_there_does_not_start(self, container: ContainerSubject) -> None:
        system = await container.define(init="/nowhere")
        with refuses(Problem.FAILED):
            await container.driver.act(system.id, Action.START)
        assert await container.state(system.id) is State.DEFINED

    async def test_only_part_of_the_memory_is_there_from_the_start(self, container: ContainerSubject) -> None:
        system = await container.active(memory=MemorySpec(size=32 * MIB, maximum=64 * MIB))
        await container.printed(system.id)
        assert container.limit(system.name) == 32 * MIB
        memory = configuration(system, STATE).memory
        assert (memory.size, memory.maximum) == (32 * MIB, 64 * MIB)
        await container.driver.modify_resource(system.id, STATE, MemorySpec(allocation_id=memory.id, size=48 * MIB))
        assert container.limit(system.name) == 48 * MIB

    async def test_a_file_system_is_added_to_the_next_activation_and_removed(self, container: ContainerSubject) -> None:
        more = file_system(f"{container.folder}/more", "/more")
        system = await container.active(devices=(container.root, container.shared))
        container.events.events.clear()
        await container.driver.add_resources(system.id, DEFINED, [more, nic(container)])
        after = await container.read(system.id)
        assert after.current == system.current
        assert locals_(after, DEFINED) - locals_(system, DEFINED) == {"filesystem:2", f"nic:{OTHER_MAC}"}
        await container.events.told(SystemChanged(system.id))
        await container.driver.act(system.id, Action.STOP)
        await container.driver.act(system.id, Action.START)
        started = await container.read(system.id)
        assert [each.target for each in file_systems(started, STATE)] == ["/", "/shared", "/more"]
        await container.driver.remove_resources(system.id, DEFINED, [f"{system.id}/defined/filesystem:1"])
        assert [each.target for each in file_systems(await container.read(system.id))] == ["/", "/more"]

    async def test_a_file_system_changes(self, container: ContainerSubject) -> None:
        system = await container.define()
        other = DeviceSpec(
            allocation_id=f"{system.id}/defined/filesystem:1",
            source=f"{container.folder}/more",
            target="/more",
            read_only=True,
        )
        await container.driver.modify_resource(system.id, DEFINED, other)
        changed = file_systems(await container.read(system.id))[1]
        assert (changed.source, changed.target, changed.read_only) == (f"{container.folder}/more", "/more", True)

    async def test_a_container_obeys(self, container: ContainerSubject) -> None:
        system = await container.active()
        await container.printed(system.id)
        lines = len(container.lines())
        await container.driver.act(system.id, Action.REBOOT)
        await container.until(lambda: len(container.lines()) > lines, "the container has not started again")
        assert await container.state(system.id) is State.ACTIVE
        await container.printed(system.id)
        await container.driver.act(system.id, Action.SHUT_DOWN)
        await container.reaches(system.id, State.DEFINED)

    async def test_file_systems_are_not_plugged(self, container: ContainerSubject) -> None:
        system = await container.active()
        with refuses(Problem.NOT_SUPPORTED):
            more = file_system(f"{container.folder}/more", "/more")
            await container.driver.add_resources(system.id, STATE, [more])
        with refuses(Problem.NOT_SUPPORTED):
            await container.driver.remove_resources(system.id, STATE, [f"{system.id}/state/filesystem:1"])
        assert await container.read(system.id) == system

    async def test_a_nic_is_plugged_and_pulled(self, container: ContainerSubject) -> None:
        system_id = (await container.active()).id
        await container.printed(system_id)
        system = await container.read(system_id)
        await container.driver.add_resources(system.id, STATE, [nic(container)])
        after = await container.read(system.id)
        assert locals_(after, STATE) - locals_(system, STATE) == {f"nic:{OTHER_MAC}"}
        assert after.defined == system.defined
        await container.driver.remove_resources(system.id, STATE, [f"{system.id}/state/nic:{OTHER_MAC}"])
        assert await container.read(system.id) == system

    async def test_processors_are_mapped_weighed_and_limited(self, container: ContainerSubject) -> None:
        there = processor_id(container.host.id, 1)
        asked = ProcessorSpec(count=1, maximum=2, weight=200, limit=50_000, affinity=Affinity.HARD, processors=(there,))
        system = await container.active(processor=asked)
        for kind in ConfigurationKind:
            found = configuration(system, kind).processor
            assert (found.count, found.maximum, found.weight, found.limit) == (1, 2, 200, 50_000)
            assert (found.affinity, found.processors) == (Affinity.HARD, (there,))
        more = ProcessorSpec(allocation_id=f"{system.id}/defined/processor", count=3, maximum=4, limit=0)
        await container.driver.modify_resource(system.id, DEFINED, more)
        changed = configuration(await container.read(system.id), DEFINED).processor
        assert (changed.count, changed.maximum, changed.weight, changed.limit) == (3, 4, 200, None)

    async def test_a_running_container_is_weighed_and_limited_otherwise(self, container: ContainerSubject) -> None:
        system = await container.active()
        processor = configuration(system, STATE).processor
        for weight, limit in ((300, 25_000), (400, 0)):
            spec = ProcessorSpec(allocation_id=processor.id, weight=weight, limit=limit, reservation=20_000)
            await container.driver.modify_resource(system.id, STATE, spec)
            found = configuration(await container.read(system.id), STATE).processor
            assert (found.weight, found.limit, found.reservation) == (weight, limit or None, 20_000)
        assert (await container.read(system.id)).defined == system.defined

    @pytest.mark.parametrize(
        ("local_id", "spec"),
        [
            ("processor", ProcessorSpec(count=2)),
            ("processor", ProcessorSpec(affinity=Affinity.NONE, processors=())),
            ("memory", MemorySpec(limit=512 * MIB)),
            ("nic:52:54:00:00:00:01", NicSpec(link_up=False)),
        ],
        ids=str,
    )
    async def test_what_a_running_container_keeps(
        self, container: ContainerSubject, local_id: str, spec: ResourceSpec
    ) -> None:
        system = await container.active()
        with says(resources.FIXED_WHILE_ACTIVE):
            named = replace(spec, allocation_id=f"{system.id}/state/{local_id}")
            await container.driver.modify_resource(system.id, STATE, named)
        assert await container.read(system.id) == system

    async def test_what_only_machines_have_is_refused(self, container: ContainerSubject) -> None:
        system = await container.active()
        for kind in ConfigurationKind:
            for spec in ONLY_MACHINES:
                with says(containers.NOT_OF_CONTAINERS):
                    await container.driver.add_resources(system.id, kind, [spec])
        assert await container.read(system.id) == system

    @pytest.mark.parametrize(
        "changes",
        [
            {"kernel": "/boot/vmlinuz"},
            {"firmware": Firmware.BIOS},
            {"boot_order": (BootDevice.DISK,)},
            {"disks": ONLY_MACHINES[:1]},
            {"serials": (SerialSpec(port=1),)},
            {"machine": "q35"},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    async def test_a_definition_of_a_machine_is_refused(
        self, container: ContainerSubject, changes: dict[str, Any]
    ) -> None:
        id = str(uuid4())
        with says(containers.NOT_OF_CONTAINERS):
            await container.define(id=id, **changes)
        assert await container.driver.read_system(id) is None
