"""Allocation capabilities (DSP1043): the default is accepted as it is, and the range is the one that rules."""

from __future__ import annotations

import pytest

from openvman.cim.names import NameMap
from openvman.cim.status import CIMError, Status
from openvman.cim.values import Instance, InstancePath, Property

MOST = 2**63
RANGES = {0: "default", 1: "minimum", 2: "maximum", 3: "increment"}


async def _settings(client, pool: str) -> dict[str, Instance]:
    """The settings of a pool on the first host, by what they stand for."""
    host = min(client.inventory.generation.hosts)
    path = InstancePath("VMAN_ResourcePool", NameMap([("InstanceID", f"VMAN:{host}/pool/{pool}")]), "root/vman")
    [capabilities] = await client.associators(path, AssocClass="CIM_ElementCapabilities")
    found = {}
    for plan, link in await client.ask(
        "References", ObjectName=capabilities.path, ResultClass="CIM_SettingsDefineCapabilities"
    ):
        reference = plan.instance(link)
        assert reference.get("PropertyPolicy") == 0
        setting = await client.get(reference.get("PartComponent"))
        point = RANGES[reference.get("ValueRange")]
        assert reference.get("ValueRole") == (0 if point == "default" else 3)
        assert point not in found
        found[point] = setting
    return found


async def _define(client, *settings: Instance):
    host = min(client.inventory.generation.hosts)
    paths = await client.paths("VMAN_VirtualSystemManagementService")
    service = next(p for p in paths if p.keys["SystemName"] == host)
    answer = await client.invoke(service, "DefineSystem", ResourceSettings=settings)
    assert answer.return_value == 0
    return client.inventory.generation.system(answer.outputs[0].value.keys["Name"])


def _with(setting: Instance, **changes) -> Instance:
    kept = [p for p in setting.properties.values() if p.name not in changes and p.name != "InstanceID"]
    return Instance.of(setting.class_name, [*kept, *(Property(name, None, value) for name, value in changes.items())])


@pytest.mark.parametrize("pool", ["processor", "memory", "disk", "cdrom", "floppy", "network", "serial"])
async def test_the_default_is_accepted_unchanged_and_given_as_it_says(client, pool):
    default = (await _settings(client, pool))["default"]
    system = await _define(client, default)
    shown = {s.get("PoolID"): s for s in await client.instances("CIM_ResourceAllocationSettingData") if _of(s, system)}
    for prop in default.properties.values():
        if prop.value is not None and prop.name not in {"InstanceID", "ElementName"}:
            assert shown[pool].get(prop.name) == prop.value, prop.name


def _of(setting: Instance, system) -> bool:
    return setting.get("InstanceID").startswith(f"VMAN:{system.id}/")


async def test_what_nobody_says_is_the_default(client):
    system = await _define(client)
    assert system.effective.processor.count == (await _settings(client, "processor"))["default"].get("VirtualQuantity")
    memory = (await _settings(client, "memory"))["default"]
    assert system.effective.memory.size == memory.get("VirtualQuantity") * 1024


@pytest.mark.parametrize("pool", ["processor", "memory", "disk"])
async def test_the_ends_of_the_range_are_accepted_and_a_step_beyond_is_refused(client, pool):
    settings = await _settings(client, pool)
    low, high, step = (settings[p].get("VirtualQuantity") for p in ("minimum", "maximum", "increment"))
    assert low % step == 0
    for quantity in {low, high} if pool != "disk" else {low, low + step}:
        system = await _define(client, _with(settings["default"], VirtualQuantity=quantity))
        shown = [s for s in await client.instances("CIM_ResourceAllocationSettingData") if _of(s, system)]
        assert quantity in [s.get("VirtualQuantity") for s in shown if s.get("PoolID") == pool]
    before = set(client.inventory.generation.systems)
    for quantity in (low - step, high + step, 0, MOST):
        with pytest.raises(CIMError) as refused:
            await _define(client, _with(settings["default"], VirtualQuantity=quantity))
        assert refused.value.status is Status.INVALID_PARAMETER
    assert set(client.inventory.generation.systems) == before


async def test_a_host_names_the_capabilities_of_its_own_pools(client):
    [host, *_] = await client.paths("VMAN_HostSystem")
    found = await client.associators(
        host, AssocClass="CIM_ElementCapabilities", ResultClass="CIM_AllocationCapabilities"
    )
    assert {c.get("ResourceType") for c in found} == {3, 4, 10, 14, 15, 17, 21}


async def test_ranges_say_nothing_of_what_is_no_quantity(client):
    for point, setting in (await _settings(client, "disk")).items():
        assert (setting.get("ResourceSubType") is None) == (point != "default")


async def test_who_lists_the_allocations_of_systems_gets_no_templates(client):
    systems = len(client.inventory.generation.systems)
    configurations = sum(1 for _ in client.inventory.generation.configurations())
    assert systems <= len(await client.paths("VMAN_MemoryAllocationSettingData")) == configurations


@pytest.mark.parametrize("code", [2, 28, 34, 40000])
async def test_an_unknown_type_of_resource_is_refused(client, code):
    setting = Instance.of("CIM_ResourceAllocationSettingData", [Property("ResourceType", "uint16", code)])
    with pytest.raises(CIMError) as refused:
        await _define(client, setting)
    assert refused.value.status is Status.INVALID_PARAMETER


async def test_a_unit_that_is_none_of_size_is_refused(client):
    default = (await _settings(client, "memory"))["default"]
    with pytest.raises(CIMError, match="hertz") as refused:
        await _define(client, _with(default, VirtualQuantityUnits="hertz*10^6"))
    assert refused.value.status is Status.INVALID_PARAMETER
