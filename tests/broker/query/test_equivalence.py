"""However a query is answered, it selects what a look at each instance would: random conditions on a motley fleet."""

from __future__ import annotations

import asyncio

import pytest
from tests.broker.query.brute_force import check, check_each
from tests.broker.test_jobs import ANN, BOB, CHIEF, _as, _define

from openvman.broker.visibility import Visibility
from openvman.cim.errors import CIMError
from openvman.cim.status import Status

CLASSES = (
    "VMAN_ComputerSystem",
    "CIM_ComputerSystem",
    "CIM_VirtualSystemSettingData",
    "CIM_ResourceAllocationSettingData",
    "CIM_LogicalDevice",
    "VMAN_LogicalDisk",
    "CIM_ServiceAccessPoint",
    "CIM_EnabledLogicalElement",
    "CIM_ElementSettingData",
)


@pytest.mark.parametrize("seed", range(2))
async def test_random_conditions(motley, seed):
    for class_name in CLASSES:
        await check(motley, class_name, f"{class_name} {seed}")


async def test_each_instance_is_found_by_what_it_can_be_found_by(motley):
    """Also beside what is not so, and in alternatives."""
    for class_name in CLASSES:
        await check_each(motley, class_name)


@pytest.mark.parametrize("visibility", [Visibility(own_jobs_only=True)])
async def test_nobody_finds_what_is_withheld_from_him(client):
    for actor in (ANN, BOB, BOB):
        assert (await _define(_as(client, actor), None)).return_value in (0, 4096)
    while any(i.get("JobState") != 7 for i in await client.instances("CIM_ConcreteJob")):  # noqa: ASYNC110
        await asyncio.sleep(0)
    jobs = await _as(client, CHIEF).instances("CIM_ConcreteJob")
    assert len(jobs) == 3
    for actor in (ANN, BOB, CHIEF):
        shown = {i.path for i in await _as(client, actor).instances("CIM_ConcreteJob")}
        assert len(shown) == {ANN: 1, BOB: 2, CHIEF: 3}[actor]
        for job in jobs:
            for text in (f"InstanceID = '{job.get('InstanceID')}'", "InstanceID LIKE '%'"):
                query = f"SELECT * FROM CIM_ConcreteJob WHERE {text}"
                rows = await _as(client, actor).ask("ExecQuery", QueryLanguage="WQL", Query=query)
                found = {plan.path(obj) for plan, obj in rows}
                assert found == shown if "LIKE" in text else found == {job.path} & shown
    await check(_as(client, BOB), "CIM_ConcreteJob", 1)


@pytest.mark.parametrize(
    ("class_name", "lacking"), [("VMAN_ComputerSystem", "No_Such"), ("CIM_SettingData", "CloudInitDisk")]
)
async def test_a_property_that_the_class_lacks_is_refused_also_where_its_subclasses_have_it(
    client, class_name, lacking
):
    for text in (f"{lacking} = 'x'", f"InstanceID = 'x' AND NOT {lacking} IS NULL", f"Caption = 'x' OR 1 < {lacking}"):
        with pytest.raises(CIMError) as caught:
            await client.ask("ExecQuery", QueryLanguage="WQL", Query=f"SELECT * FROM {class_name} WHERE {text}")
        assert caught.value.status is Status.INVALID_QUERY
