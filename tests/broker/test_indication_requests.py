"""What is refused of filters, destinations and subscriptions, and who may have them."""

from __future__ import annotations

import pytest
from tests.broker.subscriptions import (
    FROM,
    SYSTEM,
    create_destination,
    create_filter,
    create_interop,
    failure,
    subscribe,
)

from openvman.cim.status import Status
from openvman.model.actor import Role


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
    error = await failure(create_filter(client, query))
    assert error.status is Status.INVALID_PARAMETER
    assert says in error.description
    assert await client.within("interop").paths("CIM_IndicationFilter") == there


async def test_a_filter_of_an_unknown_namespace_or_language_is_refused(world):
    client, _, _ = world
    error = await failure(create_filter(client, "SELECT * FROM CIM_InstCreation", SourceNamespaces=("root/nowhere",)))
    assert "root/nowhere" in error.description
    error = await failure(create_filter(client, "SELECT * FROM CIM_InstCreation", "SQL"))
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
    assert (await failure(create_destination(client, url=url))).status is Status.INVALID_PARAMETER


@pytest.mark.parametrize("url", ["http://127.0.0.1:5990", "http://localhost:5990", "https://[::1]:5990"])
async def test_this_machine_is_for_administrators(world, url):
    client, _, _ = world
    assert (await failure(create_destination(client.acting(Role.OPERATOR), url=url))).status is Status.INVALID_PARAMETER
    assert await create_destination(client, url=url)


async def test_keys_are_the_servers_to_fill(world):
    client, _, _ = world
    made = await create_interop(
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
    assert (await failure(create_filter(viewer, query))).status is Status.ACCESS_DENIED
    theirs = await create_filter(client, query, Name="theirs")
    [mine, _] = [await create_filter(operator, query, Name=name) for name in ("one", "two")]
    assert "limit" in (await failure(create_filter(operator, query, Name="three"))).description
    interop = operator.within("interop")
    assert (await failure(interop.ask("DeleteInstance", InstanceName=theirs))).status is Status.ACCESS_DENIED
    await interop.ask("DeleteInstance", InstanceName=mine)
    destination = await create_destination(client)
    refused = create_interop(operator, "CIM_IndicationSubscription", Filter=theirs, Handler=destination)
    assert (await failure(refused)).status is Status.ACCESS_DENIED


async def test_names_are_taken_once_and_what_is_used_stays(world):
    client, _, _ = world
    destination = await subscribe(client, "SELECT * FROM CIM_InstCreation", Name="f")
    interop = client.within("interop")
    assert (
        await failure(create_filter(client, "SELECT * FROM CIM_InstDeletion", Name="f"))
    ).status is Status.ALREADY_EXISTS
    assert (await failure(create_destination(client))).status is Status.ALREADY_EXISTS
    [subscription] = await interop.paths("CIM_IndicationSubscription")
    made = subscription.keys["Filter"]
    again = create_interop(client, "CIM_IndicationSubscription", Filter=made, Handler=destination)
    assert (await failure(again)).status is Status.ALREADY_EXISTS
    for used in (made, destination):
        assert (await failure(interop.ask("DeleteInstance", InstanceName=used))).status is Status.FAILED
    for path in (subscription, made, destination):
        await interop.ask("DeleteInstance", InstanceName=path)
    gone = create_interop(client, "CIM_IndicationSubscription", Filter=made, Handler=destination)
    assert (await failure(gone)).status is Status.INVALID_PARAMETER


async def test_filters_of_the_server_stay(world):
    client, _, _ = world
    interop = client.within("interop")
    [static, *_] = await interop.paths("CIM_IndicationFilter")
    assert (await failure(interop.ask("DeleteInstance", InstanceName=static))).status is Status.NOT_SUPPORTED


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
    assert (await failure(create_filter(client, "SELECT * FROM CIM_InstCreation"))).status is Status.NOT_SUPPORTED
    wrong = interop.ask("SetProperty", InstanceName=settings, PropertyName="DeliveryRetryInterval", NewValue=0)
    assert (await failure(wrong)).status is Status.INVALID_PARAMETER
    operator = client.acting(Role.OPERATOR).within("interop")
    denied = operator.ask("SetProperty", InstanceName=settings, PropertyName="DeliveryRetryAttempts", NewValue=1)
    assert (await failure(denied)).status is Status.ACCESS_DENIED
