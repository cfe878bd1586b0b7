"""A broker over a simulated fleet: two hosts, three systems each, half of them active."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.broker.subscriptions import Outbox

from openvman.broker.broker import Broker
from openvman.broker.indications.registry import SubscriptionLimits
from openvman.broker.indications.setup import IndicationSetup
from openvman.broker.sessions import Limits
from openvman.broker.visibility import EVERYTHING, Visibility
from openvman.cim.graph import ClassGraph
from openvman.cim.loader import load_schema
from openvman.cim.names import NameMap
from openvman.cim.operations import OPERATIONS, Answer, Argument, Call, MethodAnswer, MethodCall
from openvman.cim.values import ClassPath, Instance, InstancePath
from openvman.drivers.simulated import SimulatedDriver, create
from openvman.inventory.inventory import Inventory
from openvman.model.actor import Actor, Role
from openvman.model.server import Server
from openvman.operations.catalogue import USE_CASES
from openvman.operations.jobs.jobs import Jobs
from openvman.operations.operations import Operations
from openvman.operations.policy import Policy
from openvman.views.standard import STANDARD
from openvman.wire.cimxml.decode import decode_embedded
from openvman.wire.cimxml.encode_values import instance as encode_embedded


@pytest.fixture(scope="session")
def schema() -> ClassGraph:
    return load_schema()


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Client:
    """Asks the broker as a protocol would."""

    broker: Broker
    inventory: Inventory
    clock: Clock
    namespace: str = "root/vman"
    actor: Actor = field(default_factory=lambda: Actor("ann", Role.ADMIN))

    async def ask(self, operation: str, **arguments: Any) -> Any:
        answer = await self.answer(operation, **arguments)
        return answer.result

    async def answer(self, operation: str, **arguments: Any) -> Answer:
        answer = await self.broker.perform(Call(OPERATIONS[operation], self.namespace, NameMap(arguments)), self.actor)
        assert isinstance(answer, Answer)
        return answer

    async def invoke(self, path: InstancePath | ClassPath, method: str, **arguments: Any) -> MethodAnswer:
        given = NameMap((n, a if isinstance(a, Argument) else Argument(a)) for n, a in arguments.items())
        answer = await self.broker.perform(MethodCall(method, path, given), self.actor)
        assert isinstance(answer, MethodAnswer)
        return answer

    async def paths(self, class_name: str) -> list[InstancePath]:
        return [plan.path(obj) for plan, obj in await self.ask("EnumerateInstanceNames", ClassName=class_name)]

    async def instances(self, class_name: str, **arguments: Any) -> list[Instance]:
        rows = await self.ask("EnumerateInstances", ClassName=class_name, **arguments)
        return [plan.instance(obj) for plan, obj in rows]

    async def get(self, path: InstancePath) -> Instance:
        plan, obj = await self.ask("GetInstance", InstanceName=path)
        return plan.instance(obj)

    async def associators(self, path: InstancePath, **filters: Any) -> list[Instance]:
        rows = await self.ask("Associators", ObjectName=path, **filters)
        return [plan.instance(obj) for plan, obj in rows]

    def within(self, namespace: str) -> Client:
        return Client(self.broker, self.inventory, self.clock, namespace, self.actor)

    def acting(self, role: Role) -> Client:
        return Client(self.broker, self.inventory, self.clock, self.namespace, Actor(role.name.lower(), role))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "disk.img").write_bytes(b"\0" * 512)
    return folder


@pytest.fixture
def driver(tmp_path: Path) -> SimulatedDriver:
    return create("sim://?hosts=2&vms=3&active=50%25&seed=7", state=tmp_path, deadline=5.0)


@pytest.fixture
def visibility() -> Visibility:
    """Everybody sees everything, where a test does not say otherwise."""
    return EVERYTHING


@pytest.fixture
def limits() -> Limits:
    """Those of enumerations, where a test does not say otherwise."""
    return Limits(sessions_per_user=3, default_timeout=60, maximum_timeout=600)


@pytest.fixture
async def client(
    schema: ClassGraph, tmp_path: Path, images: Path, driver: SimulatedDriver, visibility: Visibility, limits: Limits
) -> AsyncIterator[Client]:
    inventory = Inventory([driver])
    await inventory.start()
    clock = Clock()
    operations = Operations(inventory, Policy(image_roots=(images,)))
    jobs = Jobs(operations, USE_CASES, inventory)
    broker = Broker(
        inventory,
        jobs,
        (STANDARD,),
        schema,
        Server(id="server-1", host_name="here", version="1.2.3"),
        encode_embedded=encode_embedded,
        decode_embedded=decode_embedded,
        clock=clock,
        limits=limits,
        visibility=visibility,
    )
    yield Client(broker, inventory, clock)
    broker.close()
    await jobs.close()
    await inventory.close()


@pytest.fixture
async def world(schema, tmp_path, visibility):
    """A broker whose outbox can be looked into: (client, outbox, inventory)."""
    driver = create("sim://?hosts=1&vms=2&active=100%25&seed=7", state=tmp_path, deadline=5.0)
    inventory = Inventory([driver])
    await inventory.start()
    outbox, clock = Outbox(), Clock()
    broker = Broker(
        inventory,
        Jobs(Operations(inventory, Policy(image_roots=(tmp_path,))), USE_CASES, inventory),
        (STANDARD,),
        schema,
        Server(id="server-1", host_name="here", version="1.2.3"),
        encode_embedded=encode_embedded,
        decode_embedded=decode_embedded,
        clock=clock,
        indications=IndicationSetup(
            outbox=outbox,
            encode=outbox.encode,
            limits=SubscriptionLimits(per_user=2),
            now=lambda: outbox.moment,
        ),
        visibility=visibility,
    )
    yield Client(broker, inventory, clock), outbox, inventory
    broker.close()
    await inventory.close()
