"""libvirt-cim's own indications: exactly the class subscribed to, in the order of what happened."""

from __future__ import annotations

import pytest
from tests.broker.subscriptions import Outbox
from tests.views.conftest import broker_over, path

from openvman.broker.indications.event_log import Wanted
from openvman.broker.indications.setup import IndicationSetup
from openvman.cim.values import ClassPath, Instance, Property

SERVICE = ClassPath("KVM_VirtualSystemManagementService", "root/virt")
SYSTEM = 'instance of KVM_VirtualSystemSettingData { VirtualSystemIdentifier = "domU1"; };'
MEMORY = """instance of KVM_MemResourceAllocationSettingData {
  InstanceID = "domU1/mem"; ResourceType = 4; VirtualQuantity = 256; AllocationUnits = "MegaBytes"; };"""
SCREEN = 'instance of KVM_GraphicsResourceAllocationSettingData { ResourceType = 24; ResourceSubType = "vnc"; };'
GUEST = path("KVM_ComputerSystem", CreationClassName="KVM_ComputerSystem", Name="domU1")


@pytest.fixture
async def world(schema, tmp_path):
    outbox = Outbox()
    setup = IndicationSetup(outbox=outbox, encode=outbox.encode, now=lambda: outbox.moment)
    async with broker_over(schema, tmp_path, indications=setup) as client:
        yield client, outbox


async def subscribe(client, name):
    """As libvirt-cim's clients do."""
    interop = client.within("root/interop")

    async def create(class_name, **values):
        properties = [Property(n, None, v) for n, v in values.items()]
        return await interop.ask("CreateInstance", NewInstance=Instance.of(class_name, properties))

    keys = {"SystemCreationClassName": "CIM_ComputerSystem", "SystemName": "here"}
    made = await create(
        "CIM_IndicationFilter",
        **keys,
        CreationClassName="CIM_IndicationFilter",
        Name=f"Test{name}Filter",
        Query=f"SELECT * FROM {name}",
        QueryLanguage="WQL",
        SourceNamespace="root/virt",
    )
    handler = await create(
        "CIM_IndicationHandlerCIMXML",
        **keys,
        CreationClassName="CIM_IndicationHandlerCIMXML",
        Name=f"Test{name}Handler",
        Destination="http://localhost:8006",
    )
    await create("CIM_IndicationSubscription", Filter=made, Handler=handler, SubscriptionState=2)


async def live(client):
    """A guest's life."""
    await client.invoke(SERVICE, "DefineSystem", SystemSettings=SYSTEM, ResourceSettings=(MEMORY, SCREEN))
    await client.invoke(GUEST, "RequestStateChange", RequestedState=2)
    await client.invoke(GUEST, "RequestStateChange", RequestedState=3)
    changed = MEMORY.replace("256", "512")
    await client.invoke(SERVICE, "ModifyResourceSettings", ResourceSettings=(changed,))
    screen = path("KVM_GraphicsResourceAllocationSettingData", InstanceID="domU1/vnc")
    await client.invoke(SERVICE, "RemoveResourceSettings", ResourceSettings=(screen,))
    await client.invoke(SERVICE, "DestroySystem", AffectedSystem=GUEST)


def sources(outbox, name):
    """The InstanceIDs or names of what each indication of the class is about."""
    found = []
    for indication, _targets in outbox.told():
        assert indication.class_name == name, "nothing else than what was subscribed to"
        source = indication.get("SourceInstance")
        found.append(source.get("InstanceID") or source.get("Name"))
    return found


@pytest.mark.parametrize(("event", "least"), [("Created", 1), ("Modified", 2), ("Deleted", 1)])
async def test_of_guests(world, event, least):
    client, outbox = world
    name = f"KVM_ComputerSystem{event}Indication"
    await subscribe(client, name)
    await live(client)
    found = sources(outbox, name)
    assert set(found) == {"domU1"}
    assert len(found) >= least


async def test_of_what_a_guest_is_given(world):
    client, outbox = world
    for event, expected in (
        ("Created", {"domU1/mem", "domU1/proc", "domU1/vnc"}),
        ("Modified", {"domU1/mem"}),
        ("Deleted", {"domU1/mem", "domU1/vnc"}),
    ):
        name = f"KVM_ResourceAllocationSettingData{event}Indication"
        await subscribe(client, name)
        await live(client)
        told = [i for i, _ in outbox.told() if i.class_name == name]
        assert expected <= {i.get("SourceInstance").get("InstanceID") for i in told}, event
        assert all(i.get("SourceInstanceModelPath").startswith("//here/root/virt:KVM_") for i in told)


async def test_standard_indications_tell_nothing_of_this_view_unasked(world):
    client, outbox = world
    interop = client.within("interop")
    query = [Property("Query", None, "SELECT * FROM CIM_InstCreation"), Property("QueryLanguage", None, "DMTF:CQL")]
    made = await interop.ask("CreateInstance", NewInstance=Instance.of("CIM_IndicationFilter", query))
    goal = [Property("Name", None, "d"), Property("Destination", None, "http://192.0.2.7:5990")]
    to = await interop.ask("CreateInstance", NewInstance=Instance.of("CIM_ListenerDestinationCIMXML", goal))
    ends = [Property("Filter", None, made), Property("Handler", None, to)]
    await interop.ask("CreateInstance", NewInstance=Instance.of("CIM_IndicationSubscription", ends))
    outbox.told()
    await live(client)
    told = {i.get("SourceInstance").class_name for i, _ in outbox.told()}
    assert "VMAN_ComputerSystem" in told
    assert not any(name.startswith("KVM_") for name in told)


async def test_events_tell_each_change_once(world):
    client, _outbox = world
    await live(client)
    found, _next, _lost = client.broker.events.since("", Wanted(), 1000, client.actor)
    classes = {event["class"] for event in found if "class" in event}
    assert "VMAN_ComputerSystem" in classes
    assert not any(name.startswith("KVM_") for name in classes)
