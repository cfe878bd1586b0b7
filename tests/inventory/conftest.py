"""A world of simulated platforms whose time the test owns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from openvman.drivers.simulated import SimulatedDriver
from openvman.drivers.simulated.address import parse
from openvman.inventory.difference import Difference
from openvman.inventory.inventory import Inventory
from openvman.model.spec import Definition, MemorySpec, ProcessorSpec
from openvman.model.system import OnCrash, VirtualSystem


class Inline(ThreadPoolExecutor):
    """Runs at once what would run in a thread, which the test's time does not wait for."""

    def submit(self, fn, /, *args, **kwargs):
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it is the caller's, as a thread's is
            done.set_exception(error)
        return done


class Time:
    """Seconds that pass when the test says so; also the clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    async def sleep(self, seconds: float) -> None:
        sleeper = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, sleeper))
        await sleeper

    def clock(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now)

    async def passes(self, seconds: float) -> None:
        """Wake who sleeps until then, each at its time."""
        await settle()
        end = self.now + seconds
        while due := sorted((at for at, sleeper in self._sleepers if at <= end and not sleeper.done())):
            self.now = max(self.now, due[0])  # a test may have moved the clock past it
            for at, sleeper in self._sleepers:
                if at <= self.now and not sleeper.done():
                    sleeper.set_result(None)
            await settle()
        self.now = end
        self._sleepers = [(at, sleeper) for at, sleeper in self._sleepers if not sleeper.done()]


class HeldDriver(SimulatedDriver):
    """Holds the answers of reads back on request: what was read stays as it was, and arrives when released."""

    def __init__(self, uri: str) -> None:
        super().__init__(parse(uri), deadline=10)
        self.reads: list[str] = []
        self.loads = 0
        self.hold = False
        self.held: list[asyncio.Event] = []
        self.hold_load: asyncio.Event | None = None

    async def load(self):
        self.loads += 1
        picture = await super().load()
        if self.hold_load is not None:
            await self.hold_load.wait()
        return picture

    async def read_system(self, system_id: str) -> VirtualSystem | None:
        self.reads.append(system_id)
        found = await super().read_system(system_id)
        if self.hold:
            gate = asyncio.Event()
            self.held.append(gate)
            await gate.wait()
        return found


async def settle() -> None:
    """Let everything happen that is ready to happen."""
    for _ in range(60):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - conditions of all sorts, and no time passes
            await asyncio.sleep(0)


class World:
    def __init__(self) -> None:
        self.time = Time()
        self.told: list[Difference] = []
        self._inventories: list[Inventory] = []

    settle = staticmethod(settle)
    until = staticmethod(until)

    def driver(self, uri: str = "sim://?vms=3&active=34%25") -> HeldDriver:
        return HeldDriver(uri)

    async def inventory(self, *drivers, **options) -> Inventory:
        """A started inventory; its differences go to ``told``, forgotten up to here."""
        inventory = Inventory(drivers, clock=self.time.clock, sleep=self.time.sleep, **options)
        inventory.subscribe(self.told.append)
        self._inventories.append(inventory)
        await inventory.start()
        self.told.clear()
        return inventory

    @property
    def changes(self):
        return [change for difference in self.told for change in difference.changes]

    @staticmethod
    def definition(host_id: str, name: str, system_id: str | None = None) -> Definition:
        return Definition(
            id=system_id or str(uuid4()),
            host_id=host_id,
            name=name,
            hypervisor="simulated",
            description=None,
            autostart=False,
            on_crash=OnCrash.DESTROY,
            machine=None,
            processor=ProcessorSpec(count=1),
            memory=MemorySpec(size=1 << 30),
            disks=(),
            nics=(),
        )

    async def close(self) -> None:
        for inventory in self._inventories:
            await inventory.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    asyncio.get_running_loop().set_default_executor(Inline())
    made = World()
    yield made
    await made.close()
