"""The use cases over a real inventory and a simulated platform."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from openvman.drivers.contract import Image
from openvman.drivers.simulated import Fault, SimulatedDriver
from openvman.drivers.simulated.address import parse
from openvman.inventory.inventory import Inventory
from openvman.model.actor import Actor, Role
from openvman.model.host import Host
from openvman.model.spec import DiskSpec, ResourceSpec, SystemSpec
from openvman.model.states import Action
from openvman.model.system import Configuration, VirtualSystem
from openvman.operations.operations import Operations
from openvman.operations.policy import Policy

POOL = "/simulated/pools/default"
IMAGES = Path("/simulated/images")
ADMIN = Actor("admin", Role.ADMIN)
OPERATOR = Actor("operator", Role.OPERATOR)


class ImageDriver(SimulatedDriver):
    """Knows some images more: ``known`` by path, with whatever content and backing files."""

    def __init__(self, uri: str) -> None:
        super().__init__(parse(uri), deadline=10)
        self.known: dict[str, Image] = {}
        self.calls: list[str] = []

    async def inspect_image(self, host_id, path):
        self.calls.append(f"inspect {path}")
        return self.known[path] if path in self.known else await super().inspect_image(host_id, path)

    async def create_image(self, host_id, path, format, capacity):
        self.calls.append(f"create {path}")
        await super().create_image(host_id, path, format, capacity)

    async def modify_resource(self, system_id, kind, spec):
        self.calls.append(f"modify {spec}")
        await super().modify_resource(system_id, kind, spec)


class World:
    """One simulated platform, its inventory and the use cases. ``host`` is its first host."""

    def __init__(self, driver: ImageDriver, inventory: Inventory, policy: Policy) -> None:
        self.driver = driver
        self.inventory = inventory
        self.policy = policy
        self.operations = Operations(inventory, policy)

    def with_policy(self, **settings) -> None:
        self.policy = replace(self.policy, **settings)
        self.operations = Operations(self.inventory, self.policy)

    @property
    def host(self) -> Host:
        return min(self.inventory.generation.hosts.values(), key=lambda host: host.name)

    def system(self, id: str) -> VirtualSystem:
        found = self.inventory.generation.system(id)
        assert found is not None
        return found

    def named(self, name: str) -> VirtualSystem | None:
        return self.inventory.generation.system_named(self.host.id, name)

    def names(self) -> set[str]:
        """The names of all systems that the platform itself has."""
        return {system.name for system in self.driver.hypervisor.systems.values()}

    def volumes(self) -> set[str]:
        """The names of the volumes in the storage pool that every host has."""
        images = self.driver.hypervisor.images
        return {
            name for name in ("a-vda.qcow2", "a-vda-2.qcow2", "b.img") if images.find(self.host.id, f"{POOL}/{name}")
        }

    def has_image(self, path: str) -> bool:
        return self.driver.hypervisor.images.find(self.host.id, path) is not None

    async def define(
        self,
        *resources: ResourceSpec,
        actor: Actor = OPERATOR,
        reference: Configuration | None = None,
        **settings,
    ) -> VirtualSystem:
        spec = SystemSpec(**settings)
        return await self.operations.define_system(actor, system=spec, resources=resources, reference=reference)

    async def act(self, system: VirtualSystem, action: Action, seconds: float | None = None) -> VirtualSystem:
        timeout = None if seconds is None else timedelta(seconds=seconds)
        return await self.operations.change_state(OPERATOR, system=system, action=action, timeout=timeout)

    async def modify(self, *specs: ResourceSpec, actor: Actor = OPERATOR):
        return await self.operations.modify_resources(actor, specs=specs)

    def inject(self, **fault) -> None:
        self.driver.inject(Fault(**fault))

    def make_transient(self, system: VirtualSystem) -> None:
        """Somebody removes the definition of an active system on the platform."""
        hypervisor = self.driver.hypervisor
        hypervisor.systems[system.id] = replace(hypervisor.systems[system.id], defined=None)


NewWorld = Callable[..., AbstractAsyncContextManager[World]]


@asynccontextmanager
async def _world(options: str = "vms=0", **settings) -> AsyncIterator[World]:
    driver = ImageDriver(f"sim://?{options}")
    inventory = Inventory([driver])
    await inventory.start()
    try:
        policy = Policy(**{"image_roots": (IMAGES,), "patience": timedelta(seconds=5), **settings})
        yield World(driver, inventory, policy)
    finally:
        await inventory.close()


@pytest.fixture
def new_world() -> NewWorld:
    """Makes a world: options of the simulated platform, settings of the policy."""
    return _world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """One host without systems."""
    async with _world() as made:
        yield made


@pytest.fixture
def admin() -> Actor:
    return ADMIN


@pytest.fixture
def disk() -> DiskSpec:
    """A new image of 1 GiB."""
    return DiskSpec(capacity=1 << 30)


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], object]:
    """Waits until something is so, as other tasks get their turn."""

    async def wait(so: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not so():  # noqa: ASYNC110 - any state of the world, not only what somebody signals
                await asyncio.sleep(0)

    return wait
