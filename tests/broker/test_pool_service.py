"""The six methods of the pool configuration service (DSP1041), and the codes that the schema has for refusals."""

from __future__ import annotations

import pytest

from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.status import Status
from openvman.cim.values import Instance, InstancePath, Property
from openvman.model.actor import Role

IN_USE, WRONG_TYPE, INSUFFICIENT = 6, 7, 8
KIB_PER_GIB = 2**20


class Pools:
    """The service of the first host."""

    def __init__(self, client) -> None:
        self.client = client
        self.host = min(client.inventory.generation.hosts)

    async def call(self, method, client=None, **arguments):
        paths = await self.client.paths("VMAN_ResourcePoolConfigurationService")
        service = next(p for p in paths if p.keys["SystemName"] == self.host)
        return await (client or self.client).invoke(service, method, **arguments)

    async def child(self, name, parent, resource_type, quantity, **said):
        return await self.call(
            "CreateChildResourcePool",
            ElementName=name,
            Settings=(share(resource_type, quantity, **said),),
            ParentPool=(self.path(parent),),
        )

    def path(self, name):
        return InstancePath(
            "VMAN_ResourcePool", NameMap([("InstanceID", f"VMAN:{self.host}/pool/{name}")]), "root/vman"
        )

    async def get(self, name):
        return await self.client.get(self.path(name))

    async def names(self):
        return {p.keys["InstanceID"].rpartition("/")[2] for p in await self.client.paths("VMAN_ResourcePool")}

    async def processors(self, count):
        paths = await self.client.paths("VMAN_HostProcessor")
        return tuple([p for p in paths if p.keys["SystemName"] == self.host][:count])


def share(resource_type, quantity, **said):
    values = {"ResourceType": resource_type, "VirtualQuantity": quantity, **said}
    return Instance.of(
        "CIM_ResourceAllocationSettingData", [Property(n, None, v) for n, v in values.items() if v is not None]
    )


@pytest.fixture
def pools(client):
    return Pools(client)


async def test_every_method_of_the_schema_is_there_and_said_to_be(client, pools, schema):
    [capabilities] = [
        i
        for i in await client.instances("VMAN_ResourcePoolConfigurationCapabilities")
        if pools.host in i.get("InstanceID")
    ]
    assert set(capabilities.get("SynchronousMethodsSupported")) == {2, 3, 4, 5, 6, 7}
    own = set(schema["CIM_ResourcePoolConfigurationService"].methods) - set(schema["CIM_Service"].methods)
    for method in own:
        with pytest.raises(CIMError) as refused:
            await pools.call(method)
        assert refused.value.status is Status.INVALID_PARAMETER


async def test_a_child_pool_is_made_shown_and_deleted(client, pools):
    answer = await pools.child("gold", "memory", 4, 1, VirtualQuantityUnits="byte*2^30")
    assert answer.return_value == 0
    assert answer.outputs[0].value == pools.path("gold")
    gold = await pools.get("gold")
    assert (gold.get("Capacity"), gold.get("Reserved"), gold.get("Primordial")) == (KIB_PER_GIB, 0, False)
    [setting] = await client.associators(pools.path("gold"), AssocClass="CIM_SettingsDefineState")
    assert (setting.get("PoolID"), setting.get("Reservation")) == ("memory", KIB_PER_GIB)
    [parent] = await client.associators(setting.path, AssocClass="CIM_ResourceAllocationFromPool")
    assert parent.path == pools.path("memory")
    parents = await client.associators(
        pools.path("gold"), AssocClass="CIM_ElementAllocatedFromPool", ResultRole="Antecedent"
    )
    assert [p.path for p in parents] == [pools.path("memory")]
    assert (await pools.call("DeleteResourcePool", Pool=pools.path("gold"))).return_value == 0
    assert "gold" not in await pools.names()


async def test_a_machine_gets_its_memory_from_the_pool_named(client, pools):
    assert (await pools.child("gold", "memory", 4, KIB_PER_GIB)).return_value == 0
    service = next(
        p for p in await client.paths("VMAN_VirtualSystemManagementService") if p.keys["SystemName"] == pools.host
    )
    memory = share(4, 2**16, PoolID="gold")
    answer = await client.invoke(service, "DefineSystem", ResourceSettings=(memory,))
    system = answer.outputs[0].value
    [found] = await client.associators(pools.path("gold"), AssocClass="CIM_ResourceAllocationFromPool")
    assert found.get("InstanceID") == f"VMAN:{system.keys['Name']}/defined/memory"
    assert (await client.invoke(system, "RequestStateChange", RequestedState=2)).return_value == 0
    assert (await pools.get("gold")).get("Reserved") == 2**16
    assert (await pools.call("DeleteResourcePool", Pool=pools.path("gold"))).return_value == IN_USE
    assert (await client.invoke(service, "DestroySystem", AffectedSystem=system)).return_value == 0
    assert await client.associators(pools.path("gold"), AssocClass="CIM_ResourceAllocationFromPool") == []
    assert (await pools.call("DeleteResourcePool", Pool=pools.path("gold"))).return_value == 0


async def test_host_resources_go_into_pools_and_out_again(client, pools):
    two = await pools.processors(2)
    answer = await pools.call("CreateResourcePool", ElementName="pinned", HostResources=two[:1])
    assert answer.return_value == 0
    assert (await pools.get("pinned")).get("Capacity") == 1
    assert (
        await pools.call("AddResourcesToResourcePool", HostResources=two[1:], Pool=pools.path("pinned"))
    ).return_value == 0
    assert (await pools.get("pinned")).get("Capacity") == 2
    assert (await pools.get("processor")).get("Reserved") == 2
    assert {d.path for d in await client.associators(pools.path("pinned"), AssocClass="CIM_ConcreteComponent")} == set(
        two
    )
    again = await pools.call("AddResourcesToResourcePool", HostResources=two, Pool=pools.path("pinned"))
    assert again.return_value == IN_USE
    assert (
        await pools.call("RemoveResourcesFromResourcePool", HostResources=two, Pool=pools.path("pinned"))
    ).return_value == 0
    assert (await pools.get("pinned")).get("Capacity") == 0
    with pytest.raises(CIMError, match="does not have"):
        await pools.call("RemoveResourcesFromResourcePool", HostResources=two, Pool=pools.path("pinned"))


async def test_a_processor_in_use_stays_in_its_pool(client, pools):
    [processor] = await pools.processors(1)
    await pools.call("CreateResourcePool", ElementName="pinned", HostResources=(processor,), ResourceType="3")
    assert (await pools.child("inner", "pinned", 3, 1)).return_value == 0
    taken = await pools.call("RemoveResourcesFromResourcePool", HostResources=(processor,), Pool=pools.path("pinned"))
    assert taken.return_value == IN_USE
    assert (await pools.get("pinned")).get("Capacity") == 1


async def test_a_pool_gets_another_parent(pools):
    for name, size in (("a", 2), ("b", 1)):
        assert (await pools.child(name, "processor", 3, size)).return_value == 0
    move = {"ChildPool": pools.path("b"), "ParentPool": (pools.path("a"),)}
    assert (await pools.call("ChangeParentResourcePool", **move)).return_value == 0
    assert (await pools.get("a")).get("Reserved") == 1
    assert (await pools.call("ChangeParentResourcePool", **move, Settings=(share(3, 3),))).return_value == INSUFFICIENT
    with pytest.raises(CIMError, match="itself or a part of it"):
        await pools.call("ChangeParentResourcePool", ChildPool=pools.path("a"), ParentPool=(pools.path("b"),))


@pytest.mark.parametrize(
    ("parent", "setting", "code"),
    [
        ("memory", share(3, 1), WRONG_TYPE),
        ("memory", share(4, 2**60, VirtualQuantityUnits="byte"), INSUFFICIENT),
        ("processor", share(3, 10**6), INSUFFICIENT),
        ("memory", share(77, 1), None),
        ("memory", share(None, 1), None),
        ("memory", share(4, 1, VirtualQuantityUnits="hertz"), None),
        ("memory", share(4, 1, VirtualQuantityUnits="byte"), None),
        ("processor", share(3, 1, VirtualQuantityUnits="byte"), None),
        ("processor", share(3, 0), None),
        ("processor", share(3, 1, Address="0"), None),
        ("nowhere", share(3, 1), None),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_changed(pools, parent, setting, code):
    before = await pools.names()
    request = {"ElementName": "new", "Settings": (setting,), "ParentPool": (pools.path(parent),)}
    if code is None:
        with pytest.raises(CIMError) as refused:
            await pools.call("CreateChildResourcePool", **request)
        assert refused.value.status in {Status.INVALID_PARAMETER, Status.NOT_FOUND}
    else:
        assert (await pools.call("CreateChildResourcePool", **request)).return_value == code
    assert await pools.names() == before


async def test_a_primordial_pool_is_not_deleted(pools):
    with pytest.raises(CIMError, match="primordial"):
        await pools.call("DeleteResourcePool", Pool=pools.path("memory"))


async def test_pools_are_an_administrators(client, pools):
    for method in ("CreateResourcePool", "CreateChildResourcePool", "DeleteResourcePool"):
        with pytest.raises(CIMError) as refused:
            await pools.call(method, client=client.acting(Role.OPERATOR))
        assert refused.value.status is Status.ACCESS_DENIED
