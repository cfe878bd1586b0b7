"""What subscribers are told, through the broker: which changes become which indications, and at what cost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.broker.subscriptions import (
    FROM,
    SYSTEM,
    create_destination,
    create_filter,
    create_interop,
    define,
    destroy,
    subscribe,
)

from openvman.broker.visibility import Visibility
from openvman.cim.errors import CIMError
from openvman.cim.values import Instance, Property
from openvman.model.actor import Actor, Role
from openvman.model.alert import FaultKind, SystemFault


async def test_nothing_is_composed_for_nobody(world):
    client, outbox, _ = world
    await define(client)
    assert outbox.encoded == []


async def test_a_filter_without_isa_tells_of_every_class_and_association(world):
    client, outbox, _ = world
    await subscribe(client, "SELECT * FROM CIM_InstCreation", SourceNamespaces=("root/vman",))
    system = await define(client)
    made = {indication.get("SourceInstance").class_name for indication, _ in outbox.told()}
    assert {"VMAN_ComputerSystem", "VMAN_VirtualSystemSettingData", "VMAN_HostedDependency"} <= made
    there = {i.class_name for i in await client.associators(system)}
    assert "VMAN_EnabledLogicalElementCapabilities" in made & there


@pytest.mark.parametrize(
    ("language", "query"),
    [
        ("DMTF:CQL", f"SELECT * FROM CIM_InstDeletion WHERE {SYSTEM}"),
        ("WQL", 'SELECT * FROM CIM_InstDeletion WHERE SourceInstance ISA "CIM_ComputerSystem"'),
        ("CIM:CQL", "select * from cim_instdeletion where sourceinstance isa cim_computersystem"),
    ],
)
async def test_languages(world, language, query):
    client, outbox, _ = world
    made, destination = await create_filter(client, query, language), await create_destination(client)
    await create_interop(client, "CIM_IndicationSubscription", Filter=made, Handler=destination)
    system = await define(client)
    assert outbox.told() == []
    await destroy(client, system)
    [(indication, targets)] = outbox.told()
    assert indication.class_name == "CIM_InstDeletion"
    assert indication.get("SourceInstance").get("ElementName") == "new"
    assert [destination for destination, _ in targets] == ["destination:d"]


async def test_a_modification_shows_both_sides_and_what_changed(world):
    client, outbox, _ = world
    await subscribe(
        client,
        f"SELECT * FROM CIM_InstModification WHERE {SYSTEM} AND SourceInstance.CIM_ComputerSystem::EnabledState <> "
        "PreviousInstance.CIM_ComputerSystem::EnabledState",
    )
    [system, *_] = await client.paths("VMAN_ComputerSystem")
    assert (await client.invoke(system, "RequestStateChange", RequestedState=9)).return_value == 0
    told = [indication for indication, _ in outbox.told()]
    states = [
        (i.get("PreviousInstance").get("EnabledState"), i.get("SourceInstance").get("EnabledState")) for i in told
    ]
    assert states[0][0] == 2
    assert states[-1][1] == 9
    assert all(before != after for before, after in states)
    for indication in told:
        previous, source = indication.get("PreviousInstance"), indication.get("SourceInstance")
        differing = {p.name for p in source.properties.values() if p.value != previous.get(p.name)}
        assert set(indication.get("ChangedPropertyNames")) == differing


async def test_all_that_capabilities_name_is_told(world):
    """Changes of virtual resources (2), of jobs (3) and of virtual systems (4)."""
    client, outbox, _ = world
    [capabilities, *_] = await client.instances("VMAN_VirtualSystemManagementCapabilities")
    classes = {2: "CIM_LogicalDevice", 3: "CIM_ConcreteJob", 4: "CIM_ComputerSystem"}
    assert capabilities.get("IndicationsSupported") == tuple(classes)
    query = "SELECT * FROM CIM_InstModification WHERE SourceInstance ISA"
    await subscribe(client, *(f"{query} {name}" for name in classes.values()))
    [system, *_] = await client.paths("VMAN_ComputerSystem")
    before = len(outbox.told())
    assert (await client.invoke(system, "RequestStateChange", RequestedState=3)).return_value == 0
    told = {indication.get("SourceInstance").class_name for indication, _ in outbox.told()[before:]}
    assert {"VMAN_Processor", "VMAN_ConcreteJob", "VMAN_ComputerSystem"} <= told


async def test_only_what_the_query_selects_is_sent(world):
    client, outbox, _ = world
    query = f"SELECT SourceInstance.CIM_ComputerSystem::ElementName, MethodName FROM CIM_InstMethodCall WHERE {SYSTEM}"
    await subscribe(client, query)
    [system, *_] = await client.paths("VMAN_ComputerSystem")
    await client.invoke(system, "RequestStateChange", RequestedState=9)
    told = [indication for indication, _ in outbox.told()]
    assert [i.get("MethodName") for i in told] == ["RequestStateChange"] * 2
    for indication in told:
        assert list(indication.get("SourceInstance").properties) == ["ElementName"]
        assert {"IndicationTime", "IndicationIdentifier"} <= set(indication.properties)
        assert not {"PreCall", "MethodParameters", "SourceInstanceHost"} & set(indication.properties)


async def test_a_method_is_told_before_and_after(world):
    client, outbox, _ = world
    await subscribe(client, f"SELECT * FROM CIM_InstMethodCall WHERE {SYSTEM} AND MethodName = 'RequestStateChange'")
    [system, *_] = await client.paths("VMAN_ComputerSystem")
    await client.invoke(system, "RequestStateChange", RequestedState=9)
    before, after = (indication for indication, _ in outbox.told())
    assert (before.get("PreCall"), after.get("PreCall")) == (True, False)
    assert after.get("ReturnValue") == "0"


async def test_settings_given_to_a_method_are_not_told(world):
    client, outbox, _ = world
    await subscribe(client, "SELECT * FROM CIM_InstMethodCall")
    await define(client, "a secret name")
    told = [indication for indication, _ in outbox.told() if indication.get("MethodName") == "DefineSystem"]
    assert [i.get("PreCall") for i in told] == [True, False]
    assert all("a secret name" not in repr(i.get("MethodParameters")) for i in told)
    assert "ResultingSystem" in told[1].get("MethodParameters").properties


async def test_a_clock_that_steps_back_changes_no_order(world):
    client, outbox, _ = world
    await subscribe(client, f"{FROM} WHERE {SYSTEM}")
    for name, moment in (("first", 2030), ("second", 2020)):
        outbox.moment = datetime(moment, 1, 1, tzinfo=UTC)
        await define(client, name)
    told = [indication for indication, _ in outbox.told()]
    assert [i.get("SourceInstance").get("ElementName") for i in told] == ["first", "second"]
    assert [i.get("IndicationTime").text[:4] for i in told] == ["2030", "2020"]


async def test_what_a_system_takes_shows_on_its_pool(world):
    client, outbox, _ = world
    await subscribe(client, "SELECT * FROM CIM_InstModification WHERE SourceInstance ISA CIM_ResourcePool")
    system = await define(client)
    [active, *_] = await client.paths("VMAN_ComputerSystem")
    outbox.told()
    await client.invoke(active, "RequestStateChange", RequestedState=3)
    changed = {
        indication.get("SourceInstance").get("InstanceID"): indication.get("ChangedPropertyNames")
        for indication, _ in outbox.told()
    }
    assert all("Reserved" in names or "CurrentlyConsumedResource" in names for names in changed.values())
    assert await client.get(system)


async def test_what_may_be_changed_of_a_systems_parts_is_told_once_for_all_alike(world):
    client, outbox, _ = world
    of = "WHERE SourceInstance ISA VMAN_AllocationMutability"
    await subscribe(client, f"SELECT * FROM CIM_InstCreation {of}", f"SELECT * FROM CIM_InstDeletion {of}")
    [service] = await client.paths("VMAN_VirtualSystemManagementService")
    odd = [Property("ResourceType", "uint16", 4), Property("VirtualQuantity", "uint64", 3 * 1024)]
    memory = Instance.of("CIM_ResourceAllocationSettingData", odd)
    outbox.told()

    async def define():
        return (await client.invoke(service, "DefineSystem", ResourceSettings=(memory,))).outputs[0].value

    async def after(doing):
        """What the change was, with those that came or went, as it was told; and as enumerations show it."""
        before = {path.keys["InstanceID"] for path in await client.paths("VMAN_AllocationMutability")}
        result = await doing
        now = {path.keys["InstanceID"] for path in await client.paths("VMAN_AllocationMutability")}
        shown = {("CIM_InstCreation", id) for id in now - before} | {("CIM_InstDeletion", id) for id in before - now}
        told = [(i.class_name, i.get("SourceInstance").get("InstanceID")) for i, _ in outbox.told()]
        assert sorted(told) == sorted(shown)
        return result, told

    first, told = await after(define())
    assert [change for change, id in told if "memory" in id] == ["CIM_InstCreation"]
    second, told = await after(define())
    assert told == []
    assert (await after(destroy(client, first)))[1] == []
    _, told = await after(destroy(client, second))
    assert [change for change, id in told if "memory" in id] == ["CIM_InstDeletion"]


async def test_one_destination_gets_each_filter_and_a_collection_as_one(world):
    client, outbox, _ = world
    destination = await subscribe(client, f"SELECT * FROM CIM_InstCreation WHERE {SYSTEM}")
    collections = await client.within("interop").paths("CIM_FilterCollection")
    lifecycle = next(c for c in collections if "DSP1057" in c.keys["InstanceID"])
    await create_interop(client, "CIM_FilterCollectionSubscription", Filter=lifecycle, Handler=destination)
    system = await define(client)
    targets = [
        name
        for indication, targets in outbox.told()
        if indication.get("SourceInstance").class_name == "VMAN_ComputerSystem"
        and indication.class_name == "CIM_InstCreation"
        for _, name in targets
    ]
    assert len(targets) == 2
    assert "VMAN:DSP1057:ComputerSystemCreated" in targets
    await destroy(client, system)


async def test_a_disabled_subscription_gets_nothing(world):
    client, outbox, _ = world
    await subscribe(client, f"SELECT * FROM CIM_InstCreation WHERE {SYSTEM}")
    interop = client.within("interop")
    [subscription] = await interop.paths("CIM_IndicationSubscription")
    await interop.ask("SetProperty", InstanceName=subscription, PropertyName="SubscriptionState", NewValue=4)
    await define(client, "unheard")
    assert outbox.told() == []
    await interop.ask("SetProperty", InstanceName=subscription, PropertyName="SubscriptionState", NewValue=2)
    await define(client, "heard")
    assert len(outbox.told()) == 1


async def test_faults_become_alerts_once(world):
    client, outbox, inventory = world
    await subscribe(client, "SELECT * FROM CIM_AlertIndication WHERE PerceivedSeverity > 4")
    [system, *_] = await client.paths("VMAN_ComputerSystem")
    fault = SystemFault(system.keys["Name"], "its name", FaultKind.IO_ERROR, "vda enospc")
    inventory._register.publisher.publish_fault(fault)
    [(alert, _)] = outbox.told()
    assert (alert.get("AlertType"), alert.get("ProbableCause")) == (5, 24)
    assert "vda enospc" in alert.get("Message")
    assert system.keys["Name"] in alert.get("AlertingManagedElement")


async def _refused_name(client):
    """Ask for what is refused: a system of a name that there is."""
    [taken, *_] = await client.instances("VMAN_ComputerSystem")
    with pytest.raises(CIMError):
        await define(client, taken.get("ElementName"))
    return taken.get("ElementName")


async def test_the_end_of_a_job_is_an_alert(world):
    client, outbox, _ = world
    await subscribe(client, "SELECT * FROM CIM_AlertIndication")
    await define(client)
    taken = await _refused_name(client)
    jobs = await client.paths("VMAN_ConcreteJob")
    (good, _), (bad, _) = outbox.told()
    assert [(a.get("EventID"), a.get("MessageID")) for a in (good, bad)] == [
        ("VMAN-JOB-COMPLETED", "VMAN9201"),
        ("VMAN-JOB-EXCEPTION", "VMAN9202"),
    ]
    assert [(a.get("AlertType"), a.get("PerceivedSeverity"), a.get("ProbableCause")) for a in (good, bad)] == [
        (1, 2, 1),
        (4, 5, 47),
    ]
    assert (good.get("OtherAlertType"), bad.get("OtherAlertType")) == ("The end of a job", None)
    assert list(good.get("MessageArguments")) == ["Define virtual system 'new'", "ann", "completed"]
    name, owner, state, reason = bad.get("MessageArguments")
    assert (name, owner, state) == (f"Define virtual system '{taken}'", "ann", "exception")
    assert reason in bad.get("Message")
    told = {a.get("AlertingManagedElement").partition("InstanceID=")[2].strip('"') for a in (good, bad)}
    assert told == {path.keys["InstanceID"] for path in jobs}


@pytest.mark.parametrize("visibility", [Visibility(own_jobs_only=True)])
async def test_where_policy_says_nobody_is_told_of_the_jobs_of_others(world):
    chief, outbox, _ = world
    ann, bob = (type(chief)(chief.broker, chief.inventory, chief.clock, actor=Actor(n, Role.OPERATOR)) for n in "ab")
    for client in (chief, ann, bob):
        destination = await create_destination(client, name=client.actor.name)
        for query in ("SELECT * FROM CIM_AlertIndication", "SELECT * FROM CIM_InstIndication"):
            made = await create_filter(client, query)
            await create_interop(client, "CIM_IndicationSubscription", Filter=made, Handler=destination)
    await define(ann)
    [job] = await chief.paths("VMAN_ConcreteJob")
    await ann.invoke(job, "GetErrors")
    told = {}
    for indication, targets in outbox.told():
        for destination, _ in targets:
            source = indication.get("SourceInstance")
            about = indication.class_name if source is None else source.class_name
            told.setdefault(destination.partition(":")[2], set()).add(about)
    of_jobs = {"CIM_AlertIndication", "VMAN_ConcreteJob", "VMAN_MethodResult", "VMAN_AffectedJobElement"}
    of_jobs |= {"VMAN_OwningJobElement", "VMAN_AssociatedJobMethodResult"}
    assert {who: about & of_jobs for who, about in told.items()} == {"ann": of_jobs, "a": of_jobs, "b": set()}
    assert all("VMAN_ComputerSystem" in about for about in told.values())


async def test_the_life_of_a_job_is_told(world):
    client, outbox, _ = world
    job = "SourceInstance ISA CIM_ConcreteJob"
    state = "CIM_ConcreteJob::JobState"
    await subscribe(
        client,
        f"SELECT * FROM CIM_InstCreation WHERE {job}",
        f"SELECT * FROM CIM_InstModification WHERE {job} AND SourceInstance.{state} <> PreviousInstance.{state}",
        f"SELECT * FROM CIM_InstDeletion WHERE {job}",
    )
    await define(client)
    [path] = await client.paths("VMAN_ConcreteJob")
    await client.ask("DeleteInstance", InstanceName=path)
    told = [(i.class_name, i.get("SourceInstance").get("JobState")) for i, _ in outbox.told()]
    assert told == [
        ("CIM_InstCreation", 2),
        ("CIM_InstModification", 4),
        ("CIM_InstModification", 7),
        ("CIM_InstDeletion", 7),
    ]


async def test_the_server_brings_filters_for_jobs(world):
    client, _, _ = world
    found = {i.get("Name"): i.get("Query") for i in await client.within("interop").instances("CIM_IndicationFilter")}
    of_jobs = {query.split()[3] for name, query in found.items() if name.startswith("VMAN:DSP1103:ConcreteJob")}
    assert of_jobs == {"CIM_InstCreation", "CIM_InstModification", "CIM_InstDeletion"}


async def test_the_fault_of_a_system_that_is_gone_is_told(world):
    client, outbox, inventory = world
    await subscribe(client, "SELECT * FROM CIM_AlertIndication WHERE PerceivedSeverity > 4")
    inventory._register.publisher.publish_fault(SystemFault("gone-id", "short-lived", FaultKind.CRASHED))
    [(alert, _)] = outbox.told()
    assert "short-lived has crashed" in alert.get("Message")
    assert "gone-id" in alert.get("AlertingManagedElement")
