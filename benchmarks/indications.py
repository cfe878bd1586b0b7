"""From a change to the listener, beside libvirt's own event of the same change; and how fast a queue is emptied.

The host is libvirt's test driver; server, listener and client share this process, so all of it is what one core does.
"""

from __future__ import annotations

import asyncio
import re
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any

from benchmarks.figure import Figure
from openvman.broker.broker import Broker
from openvman.broker.indications.setup import IndicationSetup
from openvman.cim.loader import load_schema
from openvman.cim.names import NameMap
from openvman.cim.operations import OPERATIONS, Answer, Call
from openvman.cim.values import Instance, InstancePath, Property
from openvman.drivers.registry import create
from openvman.inventory.inventory import Inventory
from openvman.model.actor import Actor, Role
from openvman.model.indication import ListenerDestination, Posting
from openvman.model.server import Server
from openvman.operations.catalogue import USE_CASES
from openvman.operations.jobs.jobs import Jobs
from openvman.operations.operations import Operations
from openvman.operations.policy import Policy
from openvman.security.targets import TargetPolicy
from openvman.security.tls import client_context
from openvman.server.delivery.courier import Courier, Opening
from openvman.server.delivery.listener import Reach
from openvman.store.database import StoreError
from openvman.store.deliveries import DeliveryStore
from openvman.store.subscriptions import SubscriptionStore
from openvman.views.standard import STANDARD
from openvman.wire.cimxml.decode import decode_embedded
from openvman.wire.cimxml.encode_values import instance as encode_embedded
from openvman.wire.cimxml.export import begin_indication

_CHANGES = 400
_BURST = 5000
_URI = "test:///default"
_TARGET = 0.002
"""Seconds for one indication: 500 in a second."""
_XML = "<domain type='test'><name>{}</name><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>"
_NAME = re.compile(rb'NAME="ElementName" TYPE="string"&gt;&lt;VALUE&gt;([^&]*)&lt;')
_ANSWER = (
    b'<CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="1" PROTOCOLVERSION="1.0"><SIMPLEEXPRSP>'
    b'<EXPMETHODRESPONSE NAME="ExportIndication"/></SIMPLEEXPRSP></MESSAGE></CIM>'
)
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(_ANSWER)


@dataclass
class _Listener:
    """Takes indications as fast as they come; when each name arrived, and how many did.

    ``in_parts``: it sends head and body of its answers apart, as listeners do that were made without much thought: the
    second part waits until the first is acknowledged.
    """

    arrived: dict[str, float] = field(default_factory=dict)
    count: int = 0
    in_parts: bool = False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, not self.in_parts)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                now = perf_counter()
                found = _NAME.search(body)
                if found is not None:
                    self.arrived.setdefault(found[1].decode(), now)
                self.count += 1
                for part in (_HEAD, _ANSWER) if self.in_parts else (_HEAD + _ANSWER,):
                    writer.write(part)
        except asyncio.IncompleteReadError:
            writer.close()


def measure(scale: float) -> Iterator[Figure]:
    """``scale`` multiplies the number of changes. Yields nothing where libvirt's binding is not installed."""
    try:
        import libvirt  # noqa: PLC0415 - an optional binding
    except ImportError:
        return
    told: dict[str, float] = {}

    def on_event(_connection: Any, domain: Any, event: int, *_more: Any) -> None:
        if event == libvirt.VIR_DOMAIN_EVENT_DEFINED:
            told.setdefault(domain.name(), perf_counter())

    changes, burst = max(10, int(_CHANGES * scale)), max(50, int(_BURST * scale))
    made, arrived, each, in_parts = asyncio.run(_run(libvirt, on_event, changes, burst))
    ours = sorted(arrived[name] - at for name, at in made.items())
    theirs = sorted(told[name] - at for name, at in made.items())
    for label, share in (("p50", 0.5), ("p99", 0.99)):
        place = min(len(ours) - 1, int(len(ours) * share))
        what = f"a change reaches the listener, {label} of {len(ours)}"
        yield Figure("indications", what, ours[place], f"libvirt's own event, {label}", theirs[place])
    target = "target: 500 in a second"
    yield Figure("indications", f"deliver one of {burst} to one listener", each, target, _TARGET)
    yield Figure(
        "indications", f"likewise, one of {burst // 10} to one that answers in parts", in_parts, target, _TARGET
    )


async def _run(
    libvirt: Any, on_event: Any, changes: int, burst: int
) -> tuple[dict[str, float], dict[str, float], float, float]:
    listener = _Listener()
    with tempfile.TemporaryDirectory() as folder:
        async with _served(Path(folder) / "state.db", listener) as courier:
            connection = libvirt.open(_URI)
            handle = connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, on_event, None)
            made: dict[str, float] = {}
            try:
                for number in range(changes):
                    name = f"benchmark-{number}"
                    made[name] = perf_counter()
                    domain = await asyncio.to_thread(connection.defineXML, _XML.format(name))
                    await _until(partial(listener.arrived.__contains__, name))
                    await asyncio.to_thread(domain.undefine)
            finally:
                connection.domainEventDeregisterAny(handle)
                connection.close()
            each = await _burst(courier, listener, burst)
        careless = _Listener(in_parts=True)
        async with _served(Path(folder) / "careless.db", careless) as courier:
            in_parts = await _burst(courier, careless, burst // 10)
        return made, listener.arrived, each, in_parts


async def _burst(courier: Courier, listener: _Listener, count: int) -> float:
    properties = [Property(f"Property{n}", "string", "some text of usual length") for n in range(60)]
    body = begin_indication(Instance.of("CIM_InstModification", properties))
    expected = listener.count + count
    began = perf_counter()
    courier.post([Posting(body, (("destination:benchmark", "burst"),))] * count)
    await _until(lambda: listener.count >= expected)
    return (perf_counter() - began) / count


async def _until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for is measured where it happens
            await asyncio.sleep(0.0005)


@asynccontextmanager
async def _served(database: Path, listener: _Listener) -> AsyncIterator[Courier]:
    """A broker over the platform, whose indications of new systems go to the listener."""
    server = await asyncio.start_server(listener, "127.0.0.1", 0)
    policy, context = TargetPolicy(), client_context()
    kept = SubscriptionStore(database)

    def reach(_destination: ListenerDestination) -> Reach:
        return Reach(partial(policy.check, may_be_local=True), context, 30.0)

    courier = Courier(Opening(lambda: DeliveryStore(database, 1_000_000), StoreError), policy, reach)
    inventory = Inventory([create(_URI, state=Path("/nonexistent"), deadline=60.0)])
    broker = Broker(
        inventory,
        Jobs(Operations(inventory, Policy()), USE_CASES, inventory),
        (STANDARD,),
        load_schema(),
        Server(id="benchmark", host_name="benchmark", version="0"),
        encode_embedded=encode_embedded,
        decode_embedded=decode_embedded,
        clock=monotonic,
        indications=IndicationSetup(keeper=kept, outbox=courier, encode=begin_indication, policy=policy),
    )
    await courier.start()
    await inventory.start()
    try:
        port = server.sockets[0].getsockname()[1]
        await _subscribe(broker, f"http://127.0.0.1:{port}")
        yield courier
    finally:
        broker.close()
        await inventory.close()
        await courier.close()
        kept.close()
        server.close()


async def _subscribe(broker: Broker, url: str) -> None:
    async def make(class_name: str, **values: Any) -> InstancePath:
        asked = Instance.of(class_name, [Property(n, None, v) for n, v in values.items()])
        call = Call(OPERATIONS["CreateInstance"], "interop", NameMap({"NewInstance": asked}))
        answer = await broker.perform(call, Actor("benchmark", Role.ADMIN))
        assert isinstance(answer, Answer)
        path: InstancePath = answer.result
        return path

    query = "SELECT * FROM CIM_InstCreation WHERE SourceInstance ISA CIM_ComputerSystem"
    made = await make("CIM_IndicationFilter", Name="benchmark", Query=query, QueryLanguage="DMTF:CQL")
    destination = await make("CIM_ListenerDestinationCIMXML", Name="benchmark", Destination=url)
    await make("CIM_IndicationSubscription", Filter=made, Handler=destination)
