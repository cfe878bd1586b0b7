"""Jobs (DSP1103) as clients see them, through the broker."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from openvman.broker.indications.event_log import Wanted
from openvman.broker.visibility import Visibility
from openvman.cim.datetime import CIMDateTime
from openvman.cim.errors import CIMError
from openvman.cim.status import Status
from openvman.cim.values import Instance, Property
from openvman.drivers.simulated import Fault
from openvman.model.actor import Actor, Role

ANN = Actor("ann", Role.OPERATOR)
BOB = Actor("bob", Role.OPERATOR)
CHIEF = Actor("chief", Role.ADMIN)
EVE = Actor("eve", Role.VIEWER)


def _as(client, actor):
    return type(client)(client.broker, client.inventory, client.clock, client.namespace, actor)


async def _define(client, name):
    service, *_ = await client.paths("VMAN_VirtualSystemManagementService")
    settings = Instance.of("VMAN_VirtualSystemSettingData", [Property("ElementName", "string", name)])
    return await client.invoke(service, "DefineSystem", SystemSettings=settings)


async def _job_of(client, name):
    [found] = [i for i in await client.instances("VMAN_ConcreteJob") if f"'{name}'" in i.get("Name")]
    return found


@asynccontextmanager
async def _running(client, driver, name):
    """A definition that is under way until the block ends."""
    driver.inject(Fault(operation="define", delay=3600.0))
    task = asyncio.create_task(_define(client, name))
    while (  # noqa: ASYNC110 - what is shown changes by itself
        not (jobs := await client.instances("VMAN_ConcreteJob")) or jobs[-1].get("JobState") != 4
    ):
        await asyncio.sleep(0)
    try:
        yield jobs[-1]
    finally:
        driver.disconnect("the test is over")  # which ends the call at once
        await asyncio.gather(task, return_exceptions=True)


async def _refusal(awaitable):
    with pytest.raises(CIMError) as caught:
        await awaitable
    return caught.value


@pytest.mark.parametrize("actor", [ANN, CHIEF])
async def test_its_owner_and_administrators_delete_one_that_has_ended(client, actor):
    await _define(_as(client, ANN), "web")
    job = await _job_of(client, "web")
    await _as(client, actor).ask("DeleteInstance", InstanceName=job.path)
    assert await client.paths("VMAN_ConcreteJob") == []
    assert await client.paths("VMAN_MethodResult") == []
    assert (await _refusal(client.get(job.path))).status is Status.NOT_FOUND


@pytest.mark.parametrize("actor", [BOB, EVE])
async def test_nobody_else_deletes_it(client, actor):
    await _define(_as(client, ANN), "web")
    job = await _job_of(client, "web")
    refusal = await _refusal(_as(client, actor).ask("DeleteInstance", InstanceName=job.path))
    assert refusal.status is Status.ACCESS_DENIED
    assert await client.get(job.path) == job


async def test_one_that_has_not_ended_is_not_deleted(client, driver):
    async with _running(_as(client, ANN), driver, "web") as job:
        refusal = await _refusal(_as(client, ANN).ask("DeleteInstance", InstanceName=job.path))
        assert refusal.status is Status.FAILED
        assert "Terminate it first" in str(refusal)
        assert (await client.get(job.path)).get("JobState") == 4


async def test_no_timeout_can_be_asked_for(client, driver):
    async with _running(_as(client, ANN), driver, "web") as job:
        for timeout, code in ((CIMDateTime.from_timedelta(timedelta(seconds=5)), 4098), (None, 4096)):
            answer = await _as(client, ANN).invoke(
                job.path, "RequestStateChange", RequestedState=4, TimeoutPeriod=timeout
            )
            assert answer.return_value == code


async def test_who_watches_one_class_is_not_told_of_the_alerts_of_others(client):
    await _define(client, "web")

    def kinds(class_name):
        events, _, _ = client.broker.events.since("", Wanted((class_name,)), 1000, CHIEF)
        return {event["kind"] for event in events}

    assert kinds("CIM_ComputerSystem") == {"creation"}
    assert kinds("CIM_ConcreteJob") == {"creation", "modification", "alert"}


# --- the jobs of others -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("visibility", [Visibility(own_jobs_only=True)])
@pytest.mark.parametrize(("actor", "sees"), [(ANN, True), (CHIEF, True), (BOB, False), (EVE, False)])
async def test_where_policy_says_the_jobs_of_others_do_not_exist(client, actor, sees):
    [made] = [o.value for o in (await _define(_as(client, ANN), "web")).outputs if o.name == "ResultingSystem"]
    job = await _job_of(_as(client, ANN), "web")
    theirs = _as(client, actor)
    for class_name in ("CIM_Job", "CIM_MethodResult", "CIM_AffectedJobElement", "CIM_OwningJobElement"):
        assert bool(await theirs.paths(class_name)) is sees, class_name
    assert bool(await theirs.associators(made, ResultClass="CIM_ConcreteJob")) is sees
    services = await theirs.paths("VMAN_VirtualSystemManagementService")
    owned = [await theirs.associators(path, ResultClass="CIM_ConcreteJob") for path in services]
    assert any(owned) is sees
    events, _, _ = client.broker.events.since("", Wanted(), 1000, actor)
    assert any(event["class"] == "VMAN_ConcreteJob" for event in events) is sees
    assert any("Define" in event.get("message", "") for event in events) is sees
    assert any(event["name"] == "web" and event["class"] == "VMAN_ComputerSystem" for event in events)
    if sees:
        return
    for asked in (
        theirs.get(job.path),
        theirs.ask("DeleteInstance", InstanceName=job.path),
        theirs.ask("ReferenceNames", ObjectName=job.path),
        theirs.invoke(job.path, "GetErrors"),
        theirs.invoke(job.path, "RequestStateChange", RequestedState=4),
    ):
        assert (await _refusal(asked)).status in {Status.NOT_FOUND, Status.ACCESS_DENIED}
    assert (await _refusal(theirs.get(job.path))).status is Status.NOT_FOUND
