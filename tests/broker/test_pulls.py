"""Enumeration sessions."""

from __future__ import annotations

import pytest

from openvman.broker.sessions import Limits
from openvman.cim.errors import CIMError
from openvman.cim.status import Status
from openvman.model.actor import Role


async def test_open_and_pull_give_everything_once(client):
    whole = set(await client.paths("CIM_ManagedElement"))
    answer = await client.answer("OpenEnumerateInstancePaths", ClassName="CIM_ManagedElement", MaxObjectCount=5)
    got = [plan.path(obj) for plan, obj in answer.result]
    assert len(got) == 5
    while not answer.end_of_sequence:
        answer = await client.answer(
            "PullInstancePaths", EnumerationContext=answer.enumeration_context, MaxObjectCount=7
        )
        got += [plan.path(obj) for plan, obj in answer.result]
    assert len(got) == len(whole)
    assert set(got) == whole


async def test_a_session_shows_one_picture_whatever_changes_meanwhile(client):
    answer = await client.answer("OpenEnumerateInstancePaths", ClassName="VMAN_ComputerSystem", MaxObjectCount=1)
    first = answer.result[0][0].path(answer.result[0][1])
    service = (await client.paths("VMAN_VirtualSystemManagementService"))[0]
    for path in await client.paths("VMAN_ComputerSystem"):
        if path != first:
            await client.invoke(service, "DestroySystem", AffectedSystem=path)
            break
    rest = await client.answer("PullInstancePaths", EnumerationContext=answer.enumeration_context, MaxObjectCount=100)
    assert rest.end_of_sequence
    assert len(rest.result) == 5


async def test_zero_objects_keep_the_session_open(client):
    answer = await client.answer("OpenEnumerateInstances", ClassName="VMAN_ComputerSystem")
    assert answer.result == []
    assert answer.end_of_sequence is False


async def test_an_empty_result_ends_at_once(client):
    answer = await client.answer("OpenEnumerateInstances", ClassName="CIM_StorageVolume")
    assert answer.end_of_sequence is True


async def _open(client, **arguments):
    return (
        await client.answer("OpenEnumerateInstances", ClassName="VMAN_ComputerSystem", **arguments)
    ).enumeration_context


async def _status(awaitable):
    with pytest.raises(CIMError) as caught:
        await awaitable
    return caught.value.status


async def test_a_closed_session_is_gone(client):
    context = await _open(client)
    await client.ask("CloseEnumeration", EnumerationContext=context)
    pull = client.ask("PullInstancesWithPath", EnumerationContext=context, MaxObjectCount=1)
    assert await _status(pull) is Status.INVALID_ENUMERATION_CONTEXT


async def test_a_session_expires(client):
    context = await _open(client, OperationTimeout=10)
    client.clock.now += 9
    await client.ask("PullInstancesWithPath", EnumerationContext=context, MaxObjectCount=1)
    client.clock.now += 11
    pull = client.ask("PullInstancesWithPath", EnumerationContext=context, MaxObjectCount=1)
    assert await _status(pull) is Status.INVALID_ENUMERATION_CONTEXT


@pytest.mark.parametrize("seconds", [0, 601])
async def test_timeouts_outside_the_range_are_refused(client, seconds):
    assert await _status(_open(client, OperationTimeout=seconds)) is Status.INVALID_OPERATION_TIMEOUT


async def test_another_user_cannot_use_a_session(client):
    context = await _open(client)
    stranger = client.acting(Role.VIEWER)
    pull = stranger.ask("PullInstancesWithPath", EnumerationContext=context, MaxObjectCount=1)
    assert await _status(pull) is Status.INVALID_ENUMERATION_CONTEXT
    assert (await client.answer("PullInstancesWithPath", EnumerationContext=context, MaxObjectCount=1)).result


async def test_sessions_are_limited_per_user(client):
    for _ in range(3):
        await _open(client)
    assert await _status(_open(client)) is Status.SERVER_LIMITS_EXCEEDED
    assert await _open(client.acting(Role.VIEWER))


async def test_a_pull_of_another_kind_is_refused(client):
    context = await _open(client)
    pull = client.ask("PullInstancePaths", EnumerationContext=context, MaxObjectCount=1)
    assert await _status(pull) is Status.INVALID_PARAMETER


async def test_a_filter_keeps_what_it_is_true_of(client):
    answer = await client.answer(
        "OpenEnumerateInstances",
        ClassName="VMAN_ComputerSystem",
        MaxObjectCount=100,
        PropertyList=("Name",),
        FilterQueryLanguage="DMTF:FQL",
        FilterQuery="EnabledState = 2 AND NOT ElementName = 'nobody'",
    )
    active = {s.id for s in client.inventory.generation.systems.values() if s.current is not None}
    assert {plan.instance(obj).get("Name") for plan, obj in answer.result} == active
    assert 0 < len(active) < 6


@pytest.mark.parametrize(
    ("language", "query", "status"),
    [
        ("DMTF:CQL", "EnabledState = 2", Status.QUERY_LANGUAGE_NOT_SUPPORTED),
        ("DMTF:FQL", "EnabledState =", Status.INVALID_QUERY),
        ("DMTF:FQL", "NoSuch = 2", Status.INVALID_QUERY),
        ("DMTF:FQL", "EnabledState = 'two'", Status.INVALID_QUERY),
        (None, "EnabledState = 2", Status.INVALID_PARAMETER),
    ],
)
async def test_bad_filters_are_refused(client, language, query, status):
    opening = _open(client, MaxObjectCount=9, FilterQueryLanguage=language, FilterQuery=query)
    assert await _status(opening) is status


@pytest.mark.parametrize("limits", [Limits(searches_per_pull=1)])
@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("by_query", [False, True])
async def test_a_search_that_finds_little_is_answered_in_steps(client, by_query, is_there):
    """One answer does not look at everything, so that others have theirs in between."""
    name = next(iter(client.inventory.generation.systems.values())).name if is_there else "nobody"
    if by_query:
        query = f"SELECT * FROM CIM_ManagedElement WHERE ElementName = '{name}'"
        asked = {"FilterQueryLanguage": "DMTF:CQL", "FilterQuery": query}
        opens, pulls = "OpenQueryInstances", "PullInstances"
    else:
        condition = {"FilterQueryLanguage": "DMTF:FQL", "FilterQuery": f"ElementName = '{name}'"}
        asked = {"ClassName": "CIM_ManagedElement", **condition}
        opens, pulls = "OpenEnumerateInstances", "PullInstancesWithPath"
    answer = await client.answer(opens, **asked, MaxObjectCount=1000)
    found, answers = list(answer.result), 1
    while not answer.end_of_sequence:
        answer = await client.answer(pulls, EnumerationContext=answer.enumeration_context, MaxObjectCount=1000)
        found += answer.result
        answers += 1
    everything = list(await client.ask("EnumerateInstances", ClassName="CIM_ManagedElement", DeepInheritance=True))
    wanted = {plan.path(obj) for plan, obj in everything if plan.instance(obj).get("ElementName") == name}
    assert {plan.path(obj) for plan, obj in found} == wanted
    assert bool(wanted) is is_there
    assert answers > 2


async def test_associators_can_be_pulled(client):
    host = (await client.paths("VMAN_HostSystem"))[0]
    for what in ("Associator", "Reference"):
        plain = list(await client.ask(f"{what}s", ObjectName=host))
        assert plain
        opened = await client.answer(f"Open{what}Instances", InstanceName=host, MaxObjectCount=1000)
        assert [p.path(o) for p, o in opened.result] == [p.path(o) for p, o in plain]
        paths = await client.answer(f"Open{what}InstancePaths", InstanceName=host, MaxObjectCount=1000)
        assert [p.path(o) for p, o in paths.result] == [p.path(o) for p, o in plain]
