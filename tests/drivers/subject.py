"""What the conformance suite holds in its hands: a platform, its events, and what the platform may lack."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import uuid4

import pytest

from openvman.drivers.contract import Driver, Event
from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem
from openvman.model.allocation import DiskKind, NicConnection
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.spec import Definition, DiskSpec, MemorySpec, NicSpec, ProcessorSpec
from openvman.model.states import Action, State
from openvman.model.storage import Volume
from openvman.model.system import OnCrash, VirtualSystem

MIB = 1 << 20
SECONDS = 10.0
MAC = "52:54:00:00:00:01"


class Requirement(StrEnum):
    """What a platform may lack; everything else it must do."""

    MACHINES = "guests are whole machines, with disks, serial ports and devices"
    CONTAINERS = "guests are containers, with file systems and an init"
    RENAMING = "a system gets another name"
    SUSPEND = "saves memory to disk"
    SAVED = "tells what a suspended system has saved"
    RESET = "resets a guest"
    GUEST_OBEYS = "the test's guest ends and restarts when it is asked to"
    CONSOLE = "keeps what guests print"
    IMAGES = "images can be looked at and made"
    OUTLIVES_CLOSE = "systems are still there when the driver is opened again"
    LIVE_PROCESSORS = "processors are added to an active system"
    LIVE_MEMORY = "memory of an active system changes"
    LIVE_TUNING = "processors of an active system are limited, weighed and mapped"
    LIVE_MEDIUM = "the medium in a drive of an active system changes"
    LIVE_NIC = "a NIC of an active system is connected to another place"
    LIVE_LIMITS = "the limits of an active system's disk change"
    LIVE_PASSWORD = "graphics of an active system get another password"
    LIVE_DEVICES = "devices are plugged into an active system"
    FILTERS = "the host has network filters"
    NIC_FILTERS = "what passes a NIC is filtered"
    LIVE_FILTER = "the filter of an active system's NIC changes"
    PROGRESS = "it is told how far the saving of memory is"
    GUEST_LETS_GO = "the test's guest lets go of devices when it is asked to"


class Recorder:
    """An event sink that can be waited on."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._more = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self._more.set()

    async def wait(self, found: Callable[[Event], bool], what: object) -> Event:
        """The first event so far, or to come, that ``found`` accepts."""
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    for event in self.events:
                        if found(event):
                            return event
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            pytest.fail(f"{what} was not told; there were {self.events}")

    async def told(self, event: Event) -> None:
        await self.wait(lambda each: each == event, event)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A platform under test: a driver that is open, with one host to try, which has no system of the test's names."""

    driver: Driver
    events: Recorder
    host: Host
    image: str
    """An image that a guest can boot from; only read."""
    other_image: str
    format: str = "raw"
    folder: str
    """An absolute path in the host where images can be made."""
    pool_folder: str = ""
    """Another, which exists, for a storage pool."""
    full_image: str = ""
    """One whose guest prints the same line when there is something in its memory that takes a while to be saved."""
    holding_saves: Callable[[], AbstractContextManager[Callable[[], None]]] | None = None
    """In its block the saving of a guest's memory does not end, or takes a while, before what it gives is called."""
    line: bytes | None = None
    """What the guest of ``image`` prints; None when the platform's guests print nothing."""
    plugged: tuple[NicConnection, str | None] = (NicConnection.USER, None)
    """Where a NIC is plugged in when nothing else matters."""
    networks: tuple[str, str] | None = None
    """Two virtual networks; None when the platform has none."""
    gaps: Mapping[Requirement, str] = field(default_factory=dict)
    volumes: list[str] = field(default_factory=list)
    """Names of volumes that tests made."""

    @contextmanager
    def needs(self, *requirements: Requirement) -> Iterator[None]:
        """What stands in the block needs these; with a gap declared it must be refused, and the test ends there."""
        reason = next((self.gaps[each] for each in requirements if each in self.gaps), None)
        if reason is None:
            yield
            return
        with refuses(Problem.NOT_SUPPORTED):
            yield
        pytest.skip(reason)

    def lacks(self, requirement: Requirement) -> None:
        """Skip a test that cannot be tried at all without the requirement."""
        if requirement in self.gaps:
            pytest.skip(self.gaps[requirement])

    def definition(self, **changes: Any) -> Definition:
        made = Definition(
            id=str(uuid4()),
            host_id=self.host.id,
            name=f"conformance-{uuid4()}",
            hypervisor=self.host.facts.hypervisors[-1],
            description="first",
            autostart=False,
            on_crash=OnCrash.DESTROY,
            machine=None,
            processor=ProcessorSpec(count=1, maximum=2),
            memory=MemorySpec(size=32 * MIB, maximum=64 * MIB),
            disks=(
                DiskSpec(target="vda", kind=DiskKind.DISK, bus="virtio", source=self.image, format=self.format),
                DiskSpec(target="hdc", kind=DiskKind.CDROM, bus="ide", read_only=True),
            ),
            nics=(self.nic(mac=MAC),),
        )
        return replace(made, **changes)

    def nic(self, **changes: Any) -> NicSpec:
        connection, source = self.plugged
        return replace(NicSpec(connection=connection, source=source, model=self._nic_model()), **changes)

    def _nic_model(self) -> str | None:
        return self.host.facts.nic_models[0] if self.host.facts.nic_models else None

    async def define(self, **changes: Any) -> VirtualSystem:
        definition = self.definition(**changes)
        await self.driver.define(definition)
        return await self.read(definition.id)

    async def active(self, **changes: Any) -> VirtualSystem:
        system = await self.define(**changes)
        await self.driver.act(system.id, Action.START)
        return await self.read(system.id)

    async def read(self, system_id: str) -> VirtualSystem:
        system = await self.driver.read_system(system_id)
        assert system is not None, f"{system_id} is gone"
        return system

    async def state(self, system_id: str) -> State:
        return (await self.read(system_id)).state

    async def until(self, found: Callable[[], bool], otherwise: str) -> None:
        """Wait until it is so; fail with ``otherwise``."""
        try:
            async with asyncio.timeout(SECONDS):
                while not found():  # noqa: ASYNC110 - it is on the platform
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(otherwise)

    async def reaches(self, system_id: str, state: State) -> None:
        """Wait for a state that comes when the guest pleases."""
        try:
            async with asyncio.timeout(SECONDS):
                while await self.state(system_id) is not state:  # noqa: ASYNC110 - the state is on the platform
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(f"{system_id} does not become {state}, it is {await self.state(system_id)}")

    async def becomes(self, wanted: VirtualSystem) -> None:
        """Wait until the system is again as it was, when that comes as the guest pleases."""
        try:
            async with asyncio.timeout(SECONDS):
                while await self.read(wanted.id) != wanted:  # noqa: ASYNC110 - it is on the platform
                    await asyncio.sleep(0.02)
        except TimeoutError:
            assert await self.read(wanted.id) == wanted

    async def printed(self, system_id: str, times: int = 1) -> None:
        """Wait until the guest has printed its line so often; at once where guests print nothing."""
        if self.line is None or Requirement.CONSOLE in self.gaps:
            return
        data = b""
        try:
            async with asyncio.timeout(SECONDS):
                while data.count(self.line) < times:
                    data = (await self.driver.read_console(system_id, 0, 0, 65536)).data
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(f"the guest printed {data!r}, not {times} times {self.line!r}")

    async def clean(self) -> None:
        """Remove every system that a test has left."""
        for system in (await self.driver.load()).systems:
            if system.name.startswith("conformance-"):
                if system.state in {State.ACTIVE, State.PAUSED}:
                    await self.driver.act(system.id, Action.STOP)
                await self.driver.undefine(system.id)
        await self._clean_host((await self.driver.load()).hosts[0])

    async def _clean_host(self, host: Host) -> None:
        filters = [each for each in host.filters if each.name.startswith("conformance-")]
        for filter in filters:
            for reference in filter.references:
                await self.driver.remove_filter_reference(host.id, filter.uuid, reference)
        for filter in filters:
            await self.driver.delete_filter(host.id, filter.uuid)
        for network in host.networks:
            if network.name.startswith("conformance-"):
                await self.driver.delete_network(host.id, network.uuid)
        for pool in host.storage:
            if pool.name.startswith("conformance-"):
                await self.driver.change_storage_pool(host.id, pool.name, active=True)
                for name in self.volumes:
                    await self.driver.delete_volume(host.id, Volume(pool.name, name))
                await self.driver.delete_storage_pool(host.id, pool.name)


def refuses(*problems: Problem) -> Any:
    return pytest.raises(ModelError, check=lambda error: error.problem in problems)


def says(row: ErrorMessage) -> Any:
    return pytest.raises(ModelError, check=lambda error: error.said.message is row)
