"""Limits, weights, reservations and mappings of processors and memory, as a client asks for them and reads them."""

from __future__ import annotations

import pytest

from openvman.cim.errors import CIMError
from openvman.cim.status import Status
from openvman.cim.values import Instance, Property

MIB = 2**20
TYPES = {"Weight": "uint32", "MappingBehavior": "uint16", "ResourceType": "uint16"}
PROCESSOR, MEMORY = "VMAN_ProcessorAllocationSettingData", "VMAN_MemoryAllocationSettingData"


def _setting(class_name, **values):
    def typed(name, value):
        if isinstance(value, str | tuple):
            return Property(name, "string", value, is_array=isinstance(value, tuple))
        return Property(name, TYPES.get(name, "uint64"), value)

    return Instance.of(class_name, [typed(name, value) for name, value in values.items()])


class Systems:
    """Defines systems on one host, and changes them."""

    def __init__(self, client, service):
        self.client, self.service, self.host_id = client, service, service.keys["SystemName"]

    async def define(self, *settings, **processor):
        asked = [*settings, *([_setting(PROCESSOR, **processor)] if processor else [])]
        system = _setting("VMAN_VirtualSystemSettingData")
        answer = await self.client.invoke(
            self.service, "DefineSystem", SystemSettings=system, ResourceSettings=tuple(asked)
        )
        assert answer.return_value == 0
        [path] = [out.value for out in answer.outputs]
        return path

    async def settings(self, system):
        [configuration] = await self.client.associators(system, AssocClass="CIM_SettingsDefineState")
        parts = await self.client.associators(configuration.path, AssocClass="CIM_VirtualSystemSettingDataComponent")
        return {part.class_name: part for part in parts}

    async def processor(self, **asked):
        return (await self.settings(await self.define(**asked)))[PROCESSOR]

    async def modify(self, setting, **values):
        named = _setting(setting.class_name, InstanceID=setting.get("InstanceID"), **values)
        answer = await self.client.invoke(self.service, "ModifyResourceSettings", ResourceSettings=(named,))
        assert answer.return_value == 0
        return await self.client.get(setting.path)

    async def start(self, system):
        return (await self.client.invoke(system, "RequestStateChange", RequestedState=2)).return_value

    async def pool(self, name):
        pools = await self.client.instances("VMAN_ResourcePool")
        [found] = [p for p in pools if p.get("InstanceID") == f"VMAN:{self.host_id}/pool/{name}"]
        return found

    def host_processor(self, number):
        return f"{self.host_id}/device/processor:{number}"


@pytest.fixture
async def systems(client):
    return Systems(client, (await client.paths("VMAN_VirtualSystemManagementService"))[0])


@pytest.mark.parametrize(
    ("units", "limit", "shown"),
    [
        (None, 50_000, 50_000),
        ("percent", 150, 150_000),
        ("percent/1000", 25_000, 25_000),
        ("permille", 100, 10_000),
        ("count", 2, 200_000),
        ("hertz*10^6", 1000, 50_000),  # of a clock of 2000 MHz
        ("hertz * 10^9", 3, 150_000),
        ("hertz", 700_000_001, 35_001),  # rounded up
    ],
)
async def test_processor_time_is_said_in_any_unit_that_fits(systems, units, limit, shown):
    said = {} if units is None else {"AllocationUnits": units}
    found = await systems.processor(Limit=limit, Reservation=limit, **said)
    assert (found.get("Limit"), found.get("Reservation")) == (shown, shown)
    assert found.get("AllocationUnits") == "percent/1000"


@pytest.mark.parametrize(
    ("class_name", "values", "words"),
    [
        (PROCESSOR, {"Limit": 1, "AllocationUnits": "byte"}, ("'byte'", "'percent/1000'")),
        (PROCESSOR, {"Limit": 1, "AllocationUnits": "furlong"}, ("'furlong'",)),
        (PROCESSOR, {"Limit": 1, "AllocationUnits": "percent/10000"}, ("'percent/10000'", "'percent/1000'")),
        (PROCESSOR, {"VirtualQuantity": 1, "VirtualQuantityUnits": "byte"}, ("'byte'", "'count'")),
        (PROCESSOR, {"Limit": 500}, ("from 1000 to", "in steps of 1")),
        (PROCESSOR, {"Limit": 10**9}, ("from 1000 to 3200000",)),
        (PROCESSOR, {"Reservation": 10**9}, ("from 0 to 3200000",)),
        (PROCESSOR, {"Limit": 10_000, "Reservation": 20_000}, ("reservation", "limit")),
        (PROCESSOR, {"Weight": 10**6}, ("weight", "10000")),
        (PROCESSOR, {"MappingBehavior": 5}, ("affinity and processors",)),
        (PROCESSOR, {"MappingBehavior": 99}, ("99",)),
        (PROCESSOR, {"HostResource": ("nonsense",)}, ("'nonsense'",)),
        (PROCESSOR, {"HostResource": ('VMAN_HostMemory.DeviceID="x"',)}, ("VMAN_HostProcessor",)),
        (MEMORY, {"Limit": 767, "AllocationUnits": "byte*2^20"}, ("limit", str(256 * MIB), "hypervisor's own needs")),
        (MEMORY, {"Limit": 2**64 - 1}, ("bytes in steps of 1024",)),
        (MEMORY, {"Limit": 2**30 + 1, "AllocationUnits": "byte"}, ("bytes in steps of 1024",)),
        (MEMORY, {"Reservation": 2**20 + 1, "AllocationUnits": "byte"}, ("bytes in steps of 1024",)),
        (MEMORY, {"VirtualQuantity": 1, "VirtualQuantityUnits": "count"}, ("'count'", "'byte'")),
        (MEMORY, {"HugePageSize": 4096}, ("4096", str(2 * MIB))),
        (MEMORY, {"HugePageSize": 2 * MIB, "VirtualQuantity": 33 * 1024}, ("whole number of pages",)),
        (MEMORY, {"Weight": 5}, ("Weight", "cannot be set")),
        ("VMAN_StorageAllocationSettingData", {"Weight": 5}, ("Weight", "cannot be set")),
    ],
)
async def test_what_cannot_be_is_refused_with_the_rule(systems, class_name, values, words):
    before = await systems.client.paths("VMAN_ComputerSystem")
    with pytest.raises(CIMError) as caught:
        await systems.define(_setting(class_name, **values))
    assert caught.value.status is Status.INVALID_PARAMETER
    for word in words:
        assert word in caught.value.description
    assert await systems.client.paths("VMAN_ComputerSystem") == before


async def test_soft_affinity_is_not_supported(systems):
    mapped = {"MappingBehavior": 4, "HostResource": (systems.host_processor(0),)}
    asked = (_setting(PROCESSOR, **mapped),)
    system = _setting("VMAN_VirtualSystemSettingData")
    answer = await systems.client.invoke(systems.service, "DefineSystem", SystemSettings=system, ResourceSettings=asked)
    assert answer.return_value == 1, "not supported"


async def test_processors_are_mapped_by_their_paths(systems):
    client = systems.client
    [first, second] = [
        path
        for path in await client.paths("VMAN_HostProcessor")
        if path.keys["DeviceID"] in (systems.host_processor(0), systems.host_processor(1))
    ]
    found = await systems.processor(HostResource=(systems.host_processor(1), systems.host_processor(0)))
    assert found.get("MappingBehavior") == 5, "hard, when nothing is said"
    shown = found.get("HostResource")
    assert len(shown) == 2
    assert all(path.keys["DeviceID"] in "".join(shown) for path in (first, second))
    again = await systems.processor(HostResource=tuple(shown))
    assert again.get("HostResource") == shown, "what is read can be written"
    free = await systems.modify(again, MappingBehavior=2)
    assert (free.get("MappingBehavior"), free.get("HostResource")) == (2, None)


async def test_a_dedicated_processor_has_one_owner(systems):
    mine = {"HostResource": (systems.host_processor(0),), "MappingBehavior": 3, "VirtualQuantity": 1}
    await systems.define(**mine)
    for behavior in (3, 5):
        with pytest.raises(CIMError, match="processor:0"):
            await systems.define(**{**mine, "MappingBehavior": behavior})
    other = await systems.processor(HostResource=(systems.host_processor(1),))
    with pytest.raises(CIMError, match="processor:0"):
        await systems.modify(other, HostResource=(systems.host_processor(0),))
    with pytest.raises(CIMError, match="maximum, 2"):
        await systems.define(**{**mine, "HostResource": (systems.host_processor(2),), "VirtualQuantity": 2})


async def test_a_running_system_is_tuned_and_its_next_start_is_not(systems):
    system = await systems.define(Weight=10)
    assert await systems.start(system) == 0
    now = (await systems.settings(system))[PROCESSOR]
    changed = await systems.modify(now, Weight=20, Limit=30_000)
    assert (changed.get("Weight"), changed.get("Limit")) == (20, 30_000)
    [following] = [
        s
        for s in await systems.client.associators(now.path, AssocClass="CIM_ElementSettingData")
        if s.get("InstanceID").endswith("defined/processor")
    ]
    assert (following.get("Weight"), following.get("Limit")) == (10, None)


async def test_what_is_reserved_is_taken_of_the_pool_and_given_back(systems):
    capacity = (await systems.pool("processor")).get("Capacity")
    whole = {"AllocationUnits": "count", "Reservation": capacity}
    first, second = await systems.define(**whole), await systems.define(AllocationUnits="percent", Reservation=1)
    assert (await systems.pool("processor")).get("Reserved") == 0, "a system that is off has nothing"
    assert await systems.start(first) == 0
    assert (await systems.pool("processor")).get("Reserved") == capacity
    plain = await systems.define()
    assert await systems.start(plain) == 0, "who reserves nothing is let in"
    with pytest.raises(CIMError, match="'processor'"):
        await systems.start(second)
    running = (await systems.settings(first))[PROCESSOR]
    await systems.modify(running, AllocationUnits="count", Reservation=capacity - 1)
    assert await systems.start(second) == 0
    assert (await systems.pool("processor")).get("Reserved") == capacity
    with pytest.raises(CIMError, match="'processor'"):
        await systems.start(await systems.define(AllocationUnits="count", Reservation=capacity))


async def test_memory_without_a_reservation_cannot_take_what_is_reserved(systems):
    pool = await systems.pool("memory")
    free = pool.get("Capacity") - pool.get("Reserved")
    big = await systems.define(_setting(MEMORY, VirtualQuantity=free, Reservation=free - 100 * 1024))
    greedy = await systems.define(_setting(MEMORY, VirtualQuantity=101 * 1024))
    assert await systems.start(big) == 0
    now = await systems.pool("memory")
    assert now.get("Reserved") - pool.get("Reserved") == free - 100 * 1024, "the reservation, not the size"
    assert now.get("CurrentlyConsumedResource") - pool.get("CurrentlyConsumedResource") == free
    with pytest.raises(CIMError, match="'memory'"):
        await systems.start(greedy)
