"""Whatever happens: an answer from kept bytes and indexes is, byte for byte, that of a broker which has kept nothing.

A fleet of two platforms is changed in random ways by clients, at the hypervisors' own consoles, and by lost
connections. After every change the same requests, by users who may see more and less, go to the broker and the encoder
that saw it all, and to new ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.broker.conftest import Client, Clock
from tests.inventory.conftest import until
from tests.views.conftest import VIEWS

from openvman.broker.broker import Broker
from openvman.broker.visibility import Visibility
from openvman.cim.errors import CIMError
from openvman.cim.loader import load_schema
from openvman.cim.names import NameMap
from openvman.cim.operations import OPERATIONS, Answer, Call
from openvman.cim.values import Instance, InstancePath, Property
from openvman.drivers.simulated import SimulatedDriver, create
from openvman.inventory.inventory import Inventory
from openvman.inventory.platform import Backoff
from openvman.model.actor import Actor, Role
from openvman.model.errors import ModelError
from openvman.model.server import Server
from openvman.model.states import Action
from openvman.operations.catalogue import USE_CASES
from openvman.operations.jobs.jobs import Jobs
from openvman.operations.operations import Operations
from openvman.operations.policy import Policy
from openvman.wire.cimxml.decode import Message, decode_embedded
from openvman.wire.cimxml.encode import Encoder, encode_error
from openvman.wire.cimxml.encode_values import instance as encode_embedded

ACTORS = (Actor("ann", Role.ADMIN), Actor("bob", Role.OPERATOR), Actor("eve", Role.OPERATOR))
PLATFORMS = ("sim://?hosts=2&vms=20&active=50%25&seed=7", "sim://a?hosts=1&vms=5&active=40%25&seed=9")
"""Of so many systems some share a shelf and some do not. The second's host is the first by name, so that which host
root/virt shows depends on its being there."""
ALWAYS = ("CIM_ComputerSystem", "CIM_VirtualSystemSettingData", "CIM_LogicalDevice", "CIM_ConcreteJob")
LISTS = (None, ("ElementName", "EnabledState", "Caption", "VirtualQuantity"), ())


@cache
def schema():
    return load_schema()


@dataclass
class World:
    drivers: list[SimulatedDriver]
    inventory: Inventory
    jobs: Jobs
    client: Client
    encoder: Encoder

    def broker(self) -> Broker:
        return Broker(
            self.inventory,
            self.jobs,
            VIEWS,
            schema(),
            Server(id="server-1", host_name="here", version="1.2.3"),
            encode_embedded=encode_embedded,
            decode_embedded=decode_embedded,
            clock=Clock(),
            visibility=Visibility(own_jobs_only=True),
        )


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    drivers = [create(uri, state=Path("/nonexistent"), deadline=5.0) for uri in PLATFORMS]
    inventory = Inventory(drivers, retry=Backoff(first=0, maximum=0))
    await inventory.start()
    jobs = Jobs(Operations(inventory, Policy()), USE_CASES, inventory)
    made = World(drivers, inventory, jobs, None, Encoder("here"))  # type: ignore[arg-type] # it needs the broker
    broker = made.broker()
    made.client = Client(broker, inventory, Clock(), actor=ACTORS[0])
    yield made
    broker.close()
    await jobs.close()
    await inventory.close()


# --- changes ---------------------------------------------------------------------------------------------------------


def _settings(**values) -> Instance:
    return Instance.of("VMAN_VirtualSystemSettingData", [Property(n, "string", v) for n, v in values.items()])


def _path(class_name: str, **keys: str) -> InstancePath:
    return InstancePath(class_name, NameMap({"CreationClassName": class_name, **keys}), "root/vman")


async def _by_client(here: World, random: Random, what: str) -> None:
    """Through the broker, as one of the actors; what is refused changes nothing but jobs."""
    client = Client(here.client.broker, here.inventory, here.client.clock, actor=random.choice(ACTORS))
    services = await client.paths("VMAN_VirtualSystemManagementService")
    systems = sorted(here.inventory.generation.systems)
    if not services or not systems:
        return
    service, system = random.choice(services), random.choice(systems)
    name = random.choice(("new", "a & b", "<c>", "\u00e9\n"))
    with suppress(CIMError):
        match what:
            case "define":
                await client.invoke(service, "DefineSystem", SystemSettings=_settings(ElementName=name))
            case "modify":
                changed = _settings(InstanceID=f"VMAN:{system}/defined", ElementName=name, Description=name)
                await client.invoke(service, "ModifySystemSettings", SystemSettings=changed)
            case "destroy":
                path = _path("VMAN_ComputerSystem", Name=system)
                await client.invoke(service, "DestroySystem", AffectedSystem=path)
            case _:
                path = _path("VMAN_ComputerSystem", Name=system)
                await client.invoke(path, "RequestStateChange", RequestedState=random.choice((2, 3, 6, 9)))


async def _at_console(here: World, random: Random, what: str) -> None:
    """At the hypervisor, past this server."""
    hypervisor = random.choice(here.drivers).hypervisor
    host, system = random.choice(sorted(hypervisor.hosts)), random.choice(sorted(hypervisor.systems))
    with suppress(ModelError):
        match what:
            case "act":
                hypervisor.act(system, random.choice((Action.START, Action.STOP, Action.PAUSE, Action.SUSPEND)))
            case "undefine":
                hypervisor.undefine(system)
            case _:
                hypervisor.set_online(host, online=not hypervisor.hosts[host].online)


async def _connection(here: World, random: Random, _what: str) -> None:
    """A platform is lost, and is there again before or after others look."""
    driver = random.choice(here.drivers)
    place = here.drivers.index(driver)

    def connected() -> bool:
        return here.inventory.status()[place].state == "connected"

    if connected():
        driver.disconnect("pulled")
        await until(lambda: not connected())
    if random.random() < 0.7:
        driver.reconnect()
        await until(connected)


CHANGES = {
    **dict.fromkeys(("define", "modify", "destroy", "state"), _by_client),
    **dict.fromkeys(("act", "undefine", "online"), _at_console),
    "connection": _connection,
}


# --- answers ---------------------------------------------------------------------------------------------------------


def _requests(here: World, random: Random) -> list[Call]:
    view = here.client.broker._view  # what classes have instances, no client can ask
    calls = []
    for namespace in view.namespaces:
        bound = (*view.bound.values(), *view.edges)
        there = sorted({b.class_name for b in bound if view.concrete(namespace, b.class_name)})
        for name in (*ALWAYS, *random.sample(there, 4)):
            given = {"ClassName": name, "LocalOnly": False, "PropertyList": random.choice(LISTS)}
            given["IncludeClassOrigin"] = random.random() < 0.2
            given["DeepInheritance"] = random.random() < 0.8
            calls.append(Call(OPERATIONS["EnumerateInstances"], namespace, NameMap(given)))
            calls.append(Call(OPERATIONS["EnumerateInstanceNames"], namespace, NameMap({"ClassName": name})))
    given = {"ClassName": random.choice(ALWAYS), "MaxObjectCount": 100_000}
    calls.append(Call(OPERATIONS["OpenEnumerateInstances"], namespace, NameMap(given)))
    return calls


async def _about(here: World, random: Random, namespace: str) -> list[Call]:
    """Requests about some instances."""
    client = here.client.within(namespace)
    paths = [p for name in ALWAYS[:3] for p in await client.paths(name)]
    calls = []
    for path in random.sample(paths, min(3, len(paths))):
        calls.append(Call(OPERATIONS["GetInstance"], namespace, NameMap({"InstanceName": path})))
        calls += [
            Call(OPERATIONS[name], namespace, NameMap({"ObjectName": path}))
            for name in ("Associators", "AssociatorNames", "References", "ReferenceNames")
        ]
    return calls


async def _bytes(broker: Broker, encoder: Encoder, call: Call, actor: Actor) -> bytes:
    try:
        answer = await broker.perform(call, actor)
        assert isinstance(answer, Answer)
        return b"".join(encoder.encode_response(Message("1", "1.0", call), answer))
    except CIMError as error:
        return encode_error("1", call.operation.name, is_extrinsic=False, error=error)


async def _compare(here: World, random: Random) -> None:
    fresh = here.broker()
    try:
        calls = _requests(here, random)
        for namespace in here.client.broker._view.namespaces:
            calls += await _about(here, random, namespace)
        for call in calls:
            actor = random.choice(ACTORS)
            kept = await _bytes(here.client.broker, here.encoder, call, actor)
            new = await _bytes(fresh, Encoder("here", keep=0), call, actor)
            assert kept == new, f"{call.operation.name} {dict(call.arguments.items())} in {call.namespace}"
    finally:
        fresh.close()


async def _story(changes: list[tuple[str, int]]) -> None:
    async with world() as here:
        await _compare(here, Random(0))
        for what, seed in changes:
            random = Random(seed)
            await CHANGES[what](here, random, what)
            await here.inventory.fence()
            await _compare(here, random)


@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 2**32)), min_size=5, max_size=8))
def test_kept_answers_are_those_of_a_server_that_has_kept_nothing(changes) -> None:
    asyncio.run(_story(changes))
