"""A broker over a platform, in this process, for benchmarks that need no server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

from openvman.broker.broker import Broker
from openvman.cim.loader import load_schema
from openvman.cim.names import NameMap
from openvman.cim.operations import OPERATIONS, Answer, Call
from openvman.drivers.registry import create
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

NAMESPACE = "root/vman"
_READER = Actor("benchmark", Role.VIEWER)


def platform(uri: str) -> Inventory:
    """An inventory of one platform, not started."""
    return Inventory([create(uri, state=Path("/nonexistent"), deadline=60.0)])


@asynccontextmanager
async def broker(uri: str) -> AsyncIterator[Broker]:
    """Ready when the platform is loaded."""
    inventory = platform(uri)
    await inventory.start()
    made = Broker(
        inventory,
        Jobs(Operations(inventory, Policy()), USE_CASES, inventory),
        (STANDARD,),
        load_schema(),
        Server(id="benchmark", host_name="benchmark", version="0"),
        encode_embedded=encode_embedded,
        decode_embedded=decode_embedded,
        clock=monotonic,
    )
    try:
        yield made
    finally:
        made.close()
        await inventory.close()


def enumeration(class_name: str) -> Call:
    """EnumerateInstances with everything."""
    arguments = {"ClassName": class_name, "LocalOnly": False, "DeepInheritance": True}
    return Call(OPERATIONS["EnumerateInstances"], NAMESPACE, NameMap(arguments))


async def answer(made: Broker, call: Call) -> Answer:
    found = await made.perform(call, _READER)
    assert isinstance(found, Answer)
    return found
