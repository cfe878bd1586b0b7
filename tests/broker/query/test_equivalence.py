"""However a query is answered, it selects what a look at each instance would: random conditions on a motley fleet."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from tests.broker.query.brute_force import Conditions
from tests.broker.test_jobs import ANN, BOB, CHIEF, _as, _define

from openvman.broker.visibility import Visibility
from openvman.cim.errors import CIMError
from openvman.cim.status import Status

FOUND_BY = ("Name", "ElementName", "InstanceID", "SystemName", "DeviceID", "VirtualSystemIdentifier", "ConfigurationID")
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
COUNT = 20


async def check(client, class_name, seed):
    """Ask for random conditions in each of the ways, and compare."""
    random = Random(seed)
    instances = await client.instances(class_name, LocalOnly=False)
    cls = await client.ask("GetClass", ClassName=class_name, LocalOnly=False)
    conditions = Conditions(random, cls, instances, FOUND_BY)
    hits = 0
    for _ in range(COUNT):
        asked = conditions.make()
        expected = {i.path: i for i in instances if asked.holds(i) is True}
        found = await _selected(client, random, f"SELECT * FROM {class_name} WHERE {asked.text}")
        assert sorted(map(str, (i.path for i in found))) == sorted(map(str, expected)), asked.text
        for instance in found:
            assert instance == expected[instance.path], asked.text
        column = random.choice(list(cls.properties))
        for instance in await _selected(client, random, f"SELECT {column} FROM {class_name} WHERE {asked.text}"):
            assert list(instance.properties) == [column], asked.text
            assert instance.get(column) == expected[instance.path].get(column), asked.text
        hits += bool(expected)
    assert hits, "no condition held for any instance"


async def _selected(client, random, query):
    if random.random() < 0.5:
        rows = await client.ask("ExecQuery", QueryLanguage=random.choice(("WQL", "DMTF:CQL")), Query=query)
    else:
        rows = await client.ask(
            "OpenQueryInstances", FilterQueryLanguage="DMTF:CQL", FilterQuery=query, MaxObjectCount=100_000
        )
    return [plan.instance(obj) for plan, obj in rows]


@pytest.mark.parametrize("seed", range(2))
async def test_random_conditions(motley, seed):
    for class_name in CLASSES:
        await check(motley, class_name, f"{class_name} {seed}")


async def test_each_instance_is_found_by_what_it_can_be_found_by(motley):
    """Also beside what is not so, and in alternatives."""
    for class_name in CLASSES:
        await _find_each(motley, class_name)


async def _find_each(motley, class_name):
    instances = await motley.instances(class_name, LocalOnly=False)
    declared = (await motley.ask("GetClass", ClassName=class_name, LocalOnly=False)).properties
    names = [name for name in declared if name in FOUND_BY]
    for instance in Random(class_name).sample(instances, min(8, len(instances))):
        for name in names:
            value = instance.get(name)
            if value is None:
                continue
            condition = f"{name} = '{value}'"
            other = f"{name} = 'none of them' OR ({condition}) OR {condition}"
            same = sorted(str(i.path) for i in instances if i.get(name) == value)
            for text in (condition, other, f"({condition}) AND NOT {name} IS NULL"):
                rows = await motley.ask(
                    "ExecQuery", QueryLanguage="WQL", Query=f"SELECT * FROM {class_name} WHERE {text}"
                )
                assert sorted(str(plan.path(obj)) for plan, obj in rows) == same, text


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
