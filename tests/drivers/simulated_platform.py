"""An open simulated driver, and short ways to ask it for something."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from openvman.drivers.simulated import SimulatedDriver, create
from openvman.model.allocation import DiskKind, NicConnection
from openvman.model.spec import Definition, DiskSpec, MemorySpec, NicSpec, ProcessorSpec
from openvman.model.states import Action, State
from openvman.model.system import ConfigurationKind, OnCrash

GIB = 1 << 30
DEFINED, STATE = ConfigurationKind.DEFINED, ConfigurationKind.STATE


class Platform:
    """An open driver, its events, and short ways to say things."""

    def __init__(self, uri: str) -> None:
        driver = create(uri, state=Path("/nonexistent"), deadline=10)
        assert isinstance(driver, SimulatedDriver)
        self.driver = driver
        self.events: list = []

    async def open(self) -> Platform:
        await self.driver.open(self.events.append)
        self.host = (await self.driver.load()).hosts[0]
        return self

    def definition(self, name: str = "new", **changes) -> Definition:
        made = Definition(
            id=str(uuid4()),
            host_id=self.host.id,
            name=name,
            hypervisor="simulated",
            description="first",
            autostart=False,
            on_crash=OnCrash.DESTROY,
            machine=None,
            processor=ProcessorSpec(count=1, maximum=4),
            memory=MemorySpec(size=GIB, maximum=2 * GIB),
            disks=(
                DiskSpec(target="vda", kind=DiskKind.DISK, bus="virtio", source="/simulated/images/small.qcow2"),
                DiskSpec(target="sda", kind=DiskKind.CDROM, bus="sata", read_only=True),
            ),
            nics=(NicSpec(mac="52:54:00:00:00:01", connection=NicConnection.NETWORK, source="default"),),
        )
        return replace(made, **changes)

    async def define(self, name: str = "new", **changes):
        definition = self.definition(name, **changes)
        await self.driver.define(definition)
        return await self.read(definition.id)

    async def active(self, name: str = "new", **changes):
        system = await self.define(name, **changes)
        await self.driver.act(system.id, Action.START)
        return await self.read(system.id)

    async def read(self, system_id: str):
        return await self.driver.read_system(system_id)

    async def state(self, system_id: str) -> State:
        return (await self.read(system_id)).state
