"""Subscriptions at a broker whose outbox can be looked into."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from openvman.cim.errors import CIMError
from openvman.cim.values import Instance, Property

FROM = "SELECT * FROM CIM_InstCreation"
SYSTEM = "SourceInstance ISA CIM_ComputerSystem"


@dataclass
class Outbox:
    """Takes what is posted; ``encoded`` are the indications in the order in which they were composed."""

    moment: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    posted: list = field(default_factory=list)
    encoded: list = field(default_factory=list)

    def post(self, postings):
        self.posted += postings

    async def settled(self):
        """At once."""

    def follow(self, subscriptions):
        """Nothing to deliver to."""

    def encode(self, indication):
        self.encoded.append(indication)
        return str(len(self.encoded) - 1).encode()

    def told(self):
        """(indication, targets) of each posting, and forget them."""
        found = [(self.encoded[int(p.body)], p.targets) for p in self.posted]
        self.posted.clear()
        return found


async def create_interop(client, class_name, **values):
    properties = [Property(n, None, v, isinstance(v, tuple)) for n, v in values.items()]
    return await client.within("interop").ask("CreateInstance", NewInstance=Instance.of(class_name, properties))


async def create_filter(client, query, language="DMTF:CQL", **more):
    return await create_interop(client, "CIM_IndicationFilter", Query=query, QueryLanguage=language, **more)


async def create_destination(client, name="d", url="http://192.0.2.7:5990", kind="ListenerDestinationCIMXML"):
    return await create_interop(client, f"CIM_{kind}", Name=name, Destination=url)


async def subscribe(client, *queries, **more):
    destination = await create_destination(client)
    for query in queries:
        made = await create_filter(client, query, **more)
        await create_interop(client, "CIM_IndicationSubscription", Filter=made, Handler=destination)
    return destination


async def failure(awaitable):
    with pytest.raises(CIMError) as caught:
        await awaitable
    return caught.value


async def define(client, name="new"):
    [service] = await client.paths("VMAN_VirtualSystemManagementService")
    settings = Instance.of("VMAN_VirtualSystemSettingData", [Property("ElementName", "string", name)])
    answer = await client.invoke(service, "DefineSystem", SystemSettings=settings)
    return next(o.value for o in answer.outputs if o.name == "ResultingSystem")


async def destroy(client, system):
    [service] = await client.paths("VMAN_VirtualSystemManagementService")
    await client.invoke(service, "DestroySystem", AffectedSystem=system)
