"""What subscribers are told, through the broker: which changes become which indications, and at what cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from tests.broker.conftest import Client, Clock

from openvman.broker.broker import Broker
from openvman.broker.indications.registry import SubscriptionLimits
from openvman.broker.indications.setup import IndicationSetup
from openvman.broker.visibility import Visibility
from openvman.cim.errors import CIMError
from openvman.cim.status import Status
from openvman.cim.values import Instance, Property
from openvman.drivers.simulated import create
from openvman.inventory.inventory import Inventory
from openvman.model.actor import Actor, Role
from openvman.model.alert import FaultKind, SystemFault
from openvman.model.server import Server
from openvman.operations.catalogue import USE_CASES
from openvman.operations.jobs.jobs import Jobs
from openvman.operations.operations import Operations
from openvman.operations.policy import Policy
from openvman.views.standard import STANDARD
from openvman.wire.cimxml.decode import decode_embedded
from openvman.wire.cimxml.encode_values import instance as encode_embedded

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


async def _create(client, class_name, **values):
    properties = [Property(n, None, v, isinstance(v, tuple)) for n, v in values.items()]
    return await client.within("interop").ask("CreateInstance", NewInstance=Instance.of(class_name, properties))


async def _filter(client, query, language="DMTF:CQL", **more):
    return await _create(client, "CIM_IndicationFilter", Query=query, QueryLanguage=language, **more)


async def _destination(client, name="d", url="http://192.0.2.7:5990", kind="ListenerDestinationCIMXML"):
    return await _create(client, f"CIM_{kind}", Name=name, Destination=url)


async def _subscribe(client, *queries, **more):
    destination = await _destination(client)
    for query in queries:
        made = await _filter(client, query, **more)
        await _create(client, "CIM_IndicationSubscription", Filter=made, Handler=destination)
    return destination


async def _fails(awaitable):
    with pytest.raises(CIMError) as caught:
        await awaitable
    return caught.value


async def _define(client, name="new"):
    [service] = await client.paths("VMAN_VirtualSystemManagementService")
    settings = Instance.of("VMAN_VirtualSystemSettingData", [Property("ElementName", "string", name)])
    answer = await client.invoke(service, "DefineSystem", SystemSettings=settings)
    return next(o.value for o in answer.outputs if o.name == "ResultingSystem")


async def _destroy(client, system):
    [service] = await client.paths("VMAN_VirtualSystemManagementService")
    await client.invoke(service, "DestroySystem", AffectedSystem=system)


# --- which changes are told ---------------------------------------------------------------------------------------


async def test_nothing_is_composed_for_nobody(world):
    client, outbox, _ = world
    await _define(client)
    assert outbox.encoded == []


async def test_a_filter_without_isa_tells_of_every_class_and_association(world):
    client, outbox, _ = world
    await _subscribe(client, "SELECT * FROM CIM_InstCreation", SourceNamespaces=("root/vman",))
    system = await _define(client)
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
    made, destination = await _filter(client, query, language), await _destination(client)
    await _create(client, "CIM_IndicationSubscription", Filter=made, Handler=destination)
    system = await _define(client)
    assert outbox.told() == []
    await _destroy(client, system)
    [(indication, targets)] = outbox.told()
    assert indication.class_name == "CIM_InstDeletion"
    assert indication.get("SourceInstance").get("ElementName") == "new"
    assert [destination for destination, _ in targets] == ["destination:d"]


async def test_a_modification_shows_both_sides_and_what_changed(world):
    client, outbox, _ = world
    await _subscribe(
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
    await _subscribe(client, *(f"{query} {name}" for name in classes.values()))
    [system, *_] = await client.paths("VMAN_ComputerSystem")
    before = len(outbox.told())
    assert (await client.invoke(system, "RequestStateChange", RequestedState=3)).return_value == 0
    told = {indication.get("SourceInstance").class_name for indication, _ in outbox.told()[before:]}
    assert {"VMAN_Processor", "VMAN_ConcreteJob", "VMAN_ComputerSystem"} <= told


async def test_only_what_the_query_selects_is_sent(world):
    client, outbox, _ = world
    query = f"SELECT SourceInstance.CIM_ComputerSystem::ElementName, MethodName FROM CIM_InstMethodCall WHERE {SYSTEM}"
    await _subscribe(client, query)
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
    await _subscribe(client, f"SELECT * FROM CIM_InstMethodCall WHERE {SYSTEM} AND MethodName = 'RequestStateChange'")
    [system, *_] = await client.paths("VMAN_ComputerSystem")
    await client.invoke(system, "RequestStateChange", RequestedState=9)
    before, after = (indication for indication, _ in outbox.told())
    assert (before.get("PreCall"), after.get("PreCall")) == (True, False)
    assert after.get("ReturnValue") == "0"


async def test_settings_given_to_a_method_are_not_told(world):
    client, outbox, _ = world
    await _subscribe(client, "SELECT * FROM CIM_InstMethodCall")
    await _define(client, "a secret name")
    told = [indication for indication, _ in outbox.told() if indication.get("MethodName") == "DefineSystem"]
    assert [i.get("PreCall") for i in told] == [True, False]
    assert all("a secret name" not in repr(i.get("MethodParameters")) for i in told)
    assert "ResultingSystem" in told[1].get("MethodParameters").properties


async def test_a_clock_that_steps_back_changes_no_order(world):
    client, outbox, _ = world
    await _subscribe(client, f"{FROM} WHERE {SYSTEM}")
    for name, moment in (("first", 2030), ("second", 2020)):
        outbox.moment = datetime(moment, 1, 1, tzinfo=UTC)
        await _define(client, name)
    told = [indication for indication, _ in outbox.told()]
    assert [i.get("SourceInstance").get("ElementName") for i in told] == ["first", "second"]
    assert [i.get("IndicationTime").text[:4] for i in told] == ["2030", "2020"]


async def test_what_a_system_takes_shows_on_its_pool(world):
    client, outbox, _ = world
    await _subscribe(client, "SELECT * FROM CIM_InstModification WHERE SourceInstance ISA CIM_ResourcePool")
    system = await _define(client)
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
    await _subscribe(client, f"SELECT * FROM CIM_InstCreation {of}", f"SELECT * FROM CIM_InstDeletion {of}")
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
    assert (await after(_destroy(client, first)))[1] == []
    _, told = await after(_destroy(client, second))
    assert [change for change, id in told if "memory" in id] == ["CIM_InstDeletion"]


async def test_one_destination_gets_each_filter_and_a_collection_as_one(world):
    client, outbox, _ = world
    destination = await _subscribe(client, f"SELECT * FROM CIM_InstCreation WHERE {SYSTEM}")
    collections = await client.within("interop").paths("CIM_FilterCollection")
    lifecycle = next(c for c in collections if "DSP1057" in c.keys["InstanceID"])
    await _create(client, "CIM_FilterCollectionSubscription", Filter=lifecycle, Handler=destination)
    system = await _define(client)
    targets = [
        name
        for indication, targets in outbox.told()
        if indication.get("SourceInstance").class_name == "VMAN_ComputerSystem"
        and indication.class_name == "CIM_InstCreation"
        for _, name in targets
    ]
    assert len(targets) == 2
    assert "VMAN:DSP1057:ComputerSystemCreated" in targets
    await _destroy(client, system)


async def test_a_disabled_subscription_gets_nothing(world):
    client, outbox, _ = world
    await _subscribe(client, f"SELECT * FROM CIM_InstCreation WHERE {SYSTEM}")
    interop = client.within("interop")
    [subscription] = await interop.paths("CIM_IndicationSubscription")
    await interop.ask("SetProperty", InstanceName=subscription, PropertyName="SubscriptionState", NewValue=4)
    await _define(client, "unheard")
    assert outbox.told() == []
    await interop.ask("SetProperty", InstanceName=subscription, PropertyName="SubscriptionState", NewValue=2)
    await _define(client, "heard")
    assert len(outbox.told()) == 1


async def test_faults_become_alerts_once(world):
    client, outbox, inventory = world
    await _subscribe(client, "SELECT * FROM CIM_AlertIndication WHERE PerceivedSeverity > 4")
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
        await _define(client, taken.get("ElementName"))
    return taken.get("ElementName")


async def test_the_end_of_a_job_is_an_alert(world):
    client, outbox, _ = world
    await _subscribe(client, "SELECT * FROM CIM_AlertIndication")
    await _define(client)
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
        destination = await _destination(client, name=client.actor.name)
        for query in ("SELECT * FROM CIM_AlertIndication", "SELECT * FROM CIM_InstIndication"):
            made = await _filter(client, query)
            await _create(client, "CIM_IndicationSubscription", Filter=made, Handler=destination)
    await _define(ann)
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
    await _subscribe(
        client,
        f"SELECT * FROM CIM_InstCreation WHERE {job}",
        f"SELECT * FROM CIM_InstModification WHERE {job} AND SourceInstance.{state} <> PreviousInstance.{state}",
        f"SELECT * FROM CIM_InstDeletion WHERE {job}",
    )
    await _define(client)
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
    await _subscribe(client, "SELECT * FROM CIM_AlertIndication WHERE PerceivedSeverity > 4")
    inventory._register.publisher.publish_fault(SystemFault("gone-id", "short-lived", FaultKind.CRASHED))
    [(alert, _)] = outbox.told()
    assert "short-lived has crashed" in alert.get("Message")
    assert "gone-id" in alert.get("AlertingManagedElement")


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT * FROM CIM_NoSuchThing", "CIM_NoSuchThing is no class of indications"),
        ("SELECT * FROM CIM_ComputerSystem", "(column 15)"),
        (f"{FROM} WHERE SourceInstance ISA CIM_Nothing", "There is no class CIM_Nothing (column 57)"),
        (
            f"{FROM} WHERE {SYSTEM} AND SourceInstance.Colour = 1",
            "has no property Colour (column 80)",
        ),
        (f"{FROM} WHERE SourceInstance.CIM_Nothing::X = 1", "There is no class CIM_Nothing (column 38)"),
        (f"{FROM} WHERE SourceInstance.EnabledState = 2", "of which class?"),
        (f"{FROM} WHERE {SYSTEM} AND SourceInstance.EnabledState = 'on'", "cannot be compared"),
        (f"{FROM} WHERE {SYSTEM} AND PreviousInstance IS NULL", "has no property PreviousInstance"),
        ("SELECT Colour FROM CIM_InstCreation", "Class CIM_InstCreation has no property Colour (column 8)"),
        (f"{FROM} WHERE IndicationTime ISA CIM_System", "is no instance"),
        (f"{FROM} WHERE", "The query is not understood at column"),
        ("SELECT FROM", "at column 8"),
    ],
)
async def test_a_filter_that_cannot_be_answered_says_where(world, query, says):
    client, _, _ = world
    there = await client.within("interop").paths("CIM_IndicationFilter")
    error = await _fails(_filter(client, query))
    assert error.status is Status.INVALID_PARAMETER
    assert says in error.description
    assert await client.within("interop").paths("CIM_IndicationFilter") == there


async def test_a_filter_of_an_unknown_namespace_or_language_is_refused(world):
    client, _, _ = world
    error = await _fails(_filter(client, "SELECT * FROM CIM_InstCreation", SourceNamespaces=("root/nowhere",)))
    assert "root/nowhere" in error.description
    error = await _fails(_filter(client, "SELECT * FROM CIM_InstCreation", "SQL"))
    assert "DMTF:CQL" in error.description


@pytest.mark.parametrize(
    "url",
    [
        "ftp://192.0.2.7/",
        "http://user:secret@192.0.2.7:5990",
        "http://169.254.169.254/latest",
        "http://[fe80::1]:5990",
        "http://0.0.0.0:5990",
        "http://[::ffff:169.254.169.254]:5990",
        "http://192.0.2.7:22/",
        "http://192.0.2.7:5990/#x",
        "file:///etc/passwd",
        "http://192.0.2.7:5990/\r\nX: y",
        "http://",
        "",
    ],
)
async def test_destinations_that_this_server_does_not_connect_to(world, url):
    client, _, _ = world
    assert (await _fails(_destination(client, url=url))).status is Status.INVALID_PARAMETER


@pytest.mark.parametrize("url", ["http://127.0.0.1:5990", "http://localhost:5990", "https://[::1]:5990"])
async def test_this_machine_is_for_administrators(world, url):
    client, _, _ = world
    assert (await _fails(_destination(client.acting(Role.OPERATOR), url=url))).status is Status.INVALID_PARAMETER
    assert await _destination(client, url=url)


async def test_keys_are_the_servers_to_fill(world):
    client, _, _ = world
    made = await _create(
        client,
        "CIM_ListenerDestinationCIMXML",
        CreationClassName="CIM_ListenerDestinationCIMXML",
        SystemName="another",
        Destination="https://192.0.2.7",
    )
    assert made.keys["SystemName"] == "here"
    assert made.keys["Name"].startswith("VMAN:destination:")
    assert (await client.within("interop").get(made)).get("PersistenceType") == 2


async def test_who_may_do_what(world):
    client, _, _ = world
    viewer, operator = (client.acting(role) for role in (Role.VIEWER, Role.OPERATOR))
    query = "SELECT * FROM CIM_InstCreation"
    assert (await _fails(_filter(viewer, query))).status is Status.ACCESS_DENIED
    theirs = await _filter(client, query, Name="theirs")
    [mine, _] = [await _filter(operator, query, Name=name) for name in ("one", "two")]
    assert "limit" in (await _fails(_filter(operator, query, Name="three"))).description
    interop = operator.within("interop")
    assert (await _fails(interop.ask("DeleteInstance", InstanceName=theirs))).status is Status.ACCESS_DENIED
    await interop.ask("DeleteInstance", InstanceName=mine)
    destination = await _destination(client)
    refused = _create(operator, "CIM_IndicationSubscription", Filter=theirs, Handler=destination)
    assert (await _fails(refused)).status is Status.ACCESS_DENIED


async def test_names_are_taken_once_and_what_is_used_stays(world):
    client, _, _ = world
    destination = await _subscribe(client, "SELECT * FROM CIM_InstCreation", Name="f")
    interop = client.within("interop")
    assert (await _fails(_filter(client, "SELECT * FROM CIM_InstDeletion", Name="f"))).status is Status.ALREADY_EXISTS
    assert (await _fails(_destination(client))).status is Status.ALREADY_EXISTS
    [subscription] = await interop.paths("CIM_IndicationSubscription")
    made = subscription.keys["Filter"]
    again = _create(client, "CIM_IndicationSubscription", Filter=made, Handler=destination)
    assert (await _fails(again)).status is Status.ALREADY_EXISTS
    for used in (made, destination):
        assert (await _fails(interop.ask("DeleteInstance", InstanceName=used))).status is Status.FAILED
    for path in (subscription, made, destination):
        await interop.ask("DeleteInstance", InstanceName=path)
    gone = _create(client, "CIM_IndicationSubscription", Filter=made, Handler=destination)
    assert (await _fails(gone)).status is Status.INVALID_PARAMETER


async def test_filters_of_the_server_stay(world):
    client, _, _ = world
    interop = client.within("interop")
    [static, *_] = await interop.paths("CIM_IndicationFilter")
    assert (await _fails(interop.ask("DeleteInstance", InstanceName=static))).status is Status.NOT_SUPPORTED


async def test_settings_of_delivery(world):
    client, _, _ = world
    interop = client.within("interop")
    [settings] = await interop.paths("CIM_IndicationServiceSettingData")
    for name, value in (
        ("DeliveryRetryAttempts", 7),
        ("SubscriptionRemovalAction", 3),
        ("FilterCreationEnabled", False),
    ):
        await interop.ask("SetProperty", InstanceName=settings, PropertyName=name, NewValue=value)
    [service] = await interop.instances("CIM_IndicationService")
    assert (service.get("DeliveryRetryAttempts"), service.get("SubscriptionRemovalAction")) == (7, 3)
    assert (await _fails(_filter(client, "SELECT * FROM CIM_InstCreation"))).status is Status.NOT_SUPPORTED
    wrong = interop.ask("SetProperty", InstanceName=settings, PropertyName="DeliveryRetryInterval", NewValue=0)
    assert (await _fails(wrong)).status is Status.INVALID_PARAMETER
    operator = client.acting(Role.OPERATOR).within("interop")
    denied = operator.ask("SetProperty", InstanceName=settings, PropertyName="DeliveryRetryAttempts", NewValue=1)
    assert (await _fails(denied)).status is Status.ACCESS_DENIED
