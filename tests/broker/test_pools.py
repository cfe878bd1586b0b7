"""Resource pools (DSP1041): what a host has of each kind, what is given away, and from where everything comes."""

from __future__ import annotations

import pytest

from openvman.cim.errors import CIMError
from openvman.cim.status import Status
from openvman.cim.values import Instance, Property
from openvman.model.states import State

KINDS = {"processor": 3, "memory": 4, "network": 10, "floppy": 14, "cdrom": 15, "disk": 17, "serial": 21}
DEVICES = {
    "graphics": 24,
    "video": 24,
    "input": 13,
    "parallel": 22,
    "ide-controller": 5,
    "scsi-controller": 6,
    "usb-controller": 23,
}
OTHERS = {
    "sound": "sound",
    "rng": "random number generator",
    "tpm": "trusted platform module",
    "watchdog": "watchdog",
    "balloon": "memory balloon",
    "channel": "channel",
    "console": "console",
    "pci-controller": "pci controller",
    "sata-controller": "sata controller",
    "virtio-serial-controller": "virtio-serial controller",
    "fdc-controller": "fdc controller",
    "ccid-controller": "ccid controller",
    "controller": "controller",
    "hostdev": "host device",
    "filesystem": "file system",
    "redirection": "redirected device",
    "hub": "hub",
    "smartcard": "smartcard reader",
    "panic": "panic notifier",
    "vsock": "vsock",
    "iommu": "IOMMU",
}
"""Of pools of ResourceType 1, what OtherResourceType says that they have."""


async def _pools(client, host):
    return {pool.get("PoolID"): pool for pool in await client.associators(host, AssocClass="CIM_HostedResourcePool")}


async def test_every_host_has_a_primordial_pool_of_each_kind(client):
    for host in await client.paths("VMAN_HostSystem"):
        pools = await _pools(client, host)
        own = {name: pool for name, pool in pools.items() if pool.get("Primordial")}
        types = {name: pool.get("ResourceType") for name, pool in own.items()}
        assert types == {**KINDS, **DEVICES, **dict.fromkeys(OTHERS, 1)}
        others = {name: pool.get("OtherResourceType") for name, pool in own.items()}
        assert {name: other for name, other in others.items() if other is not None} == OTHERS


async def test_the_hypervisors_storage_pools_are_children_of_the_hosts_pool_of_disks(client):
    for path in await client.paths("VMAN_HostSystem"):
        pools = await _pools(client, path)
        native = {name: pool for name, pool in pools.items() if not pool.get("Primordial")}
        storage = client.inventory.generation.host(path.keys["Name"]).storage
        assert set(native) == {f"storage:{pool.name}" for pool in storage} != set()
        for told in storage:
            pool = native[f"storage:{told.name}"]
            assert (pool.get("ResourceType"), pool.get("ResourceSubType")) == (KINDS["disk"], told.type)
            assert (pool.get("Capacity"), pool.get("Reserved")) == (told.capacity, told.allocated)
            above = await client.associators(
                pool.path, AssocClass="CIM_ElementAllocatedFromPool", Role="Dependent", ResultRole="Antecedent"
            )
            assert [each.get("PoolID") for each in above] == ["disk"]


async def test_memory_and_processors_have_the_hosts_capacity(client):
    for host in client.inventory.generation.hosts.values():
        [path] = [p for p in await client.paths("VMAN_HostSystem") if p.keys["Name"] == host.id]
        pools = await _pools(client, path)
        assert pools["memory"].get("AllocationUnits") == "byte*2^10"
        assert pools["memory"].get("Capacity") * 1024 == host.memory
        assert pools["processor"].get("Capacity") == host.processors


async def test_what_is_reserved_is_what_active_systems_have(client):
    generation = client.inventory.generation
    for path in await client.paths("VMAN_HostSystem"):
        pools = await _pools(client, path)
        running = [s for s in generation.systems_of(path.keys["Name"]) if s.state is State.ACTIVE]
        assert running
        assert pools["memory"].get("Reserved") * 1024 == sum(s.effective.memory.size for s in running)
        assert pools["processor"].get("CurrentlyConsumedResource") == sum(s.effective.processor.count for s in running)
        # Virtual processors share the host's: none is taken away by them.
        assert pools["processor"].get("Reserved") == 0
        assert pools["processor"].get("MaxConsumableResource") is None


async def test_reserved_follows_activation(client):
    system = next(s for s in client.inventory.generation.systems.values() if s.state is State.DEFINED)
    host = next(p for p in await client.paths("VMAN_HostSystem") if p.keys["Name"] == system.host_id)
    path = next(p for p in await client.paths("VMAN_ComputerSystem") if p.keys["Name"] == system.id)
    before = (await _pools(client, host))["memory"].get("Reserved")
    for state, more in ((2, system.effective.memory.size // 1024), (3, 0)):
        assert (await client.invoke(path, "RequestStateChange", RequestedState=state)).return_value == 0
        assert (await _pools(client, host))["memory"].get("Reserved") == before + more


async def test_every_allocation_comes_from_the_pool_it_names(client):
    for setting in await client.instances("CIM_ResourceAllocationSettingData"):
        if setting.class_name.endswith(("Template", "Range")):
            continue  # what might be asked for comes from nowhere yet
        pools = await client.associators(setting.path, AssocClass="CIM_ResourceAllocationFromPool")
        [pool] = pools
        assert pool.get("PoolID") == setting.get("PoolID")
        assert pool.get("ResourceType") == setting.get("ResourceType")
        assert pool.get("OtherResourceType") == setting.get("OtherResourceType")
        # What is counted of a network adapter beside the adapter itself is bandwidth.
        counted = "VirtualQuantityUnits" if setting.get("ResourceType") == KINDS["network"] else "AllocationUnits"
        # Time of processors is dealt out in parts of what their pool counts.
        shared = setting.get("ResourceType") == KINDS["processor"]
        assert setting.get(counted) == ("percent/1000" if shared else pool.get("AllocationUnits"))


async def test_devices_are_counted_and_have_no_limit_where_the_host_sets_none(client):
    generation = client.inventory.generation
    for path in await client.paths("VMAN_HostSystem"):
        pools = await _pools(client, path)
        running = [s for s in generation.systems_of(path.keys["Name"]) if s.state is State.ACTIVE]
        assert pools["graphics"].get("Reserved") == len(running) > 0
        assert pools["graphics"].get("Capacity") is None
        assert pools["rng"].get("Reserved") == 0


async def test_a_pool_leads_to_its_allocations_and_devices_and_nothing_else(client):
    generation = client.inventory.generation
    for pool in await client.paths("VMAN_ResourcePool"):
        host_id, _, name = pool.keys["InstanceID"].removeprefix("VMAN:").partition("/pool/")
        configurations = [c for s in generation.systems_of(host_id) for c in s.configurations()]
        wanted = {f"VMAN:{a.id}" for c in configurations for a in c.allocations()}
        natives = generation.host(host_id).storage if name == "disk" else ()
        wanted |= {f"VMAN:{host_id}/pool/storage:{native.name}/share/disk" for native in natives}
        found = await client.associators(pool, AssocClass="CIM_ResourceAllocationFromPool")
        assert {s.get("InstanceID") for s in found} <= wanted
        assert {s.get("PoolID") for s in found} <= {name}
        devices = await client.associators(pool, AssocClass="CIM_ElementAllocatedFromPool")
        devices = [d for d in devices if d.class_name != "VMAN_ResourcePool" or d.get("PoolID") != "disk"]
        of_systems = [d for d in devices if d.class_name != "VMAN_ResourcePool"]
        assert {d.get("SystemName") for d in of_systems} <= {s.id for s in generation.systems_of(host_id)}
        assert bool(found) == bool(devices)


async def test_a_request_may_name_the_pool(client):
    service = (await client.paths("VMAN_VirtualSystemManagementService"))[0]
    memory = Instance.of(
        "CIM_ResourceAllocationSettingData",
        [Property("ResourceType", "uint16", 4), Property("PoolID", "string", "memory")],
    )
    assert (await client.invoke(service, "DefineSystem", ResourceSettings=(memory,))).return_value == 0


@pytest.mark.parametrize("pool", ["nowhere", "processor", "", "\x00"])
async def test_a_pool_that_cannot_serve_the_request_is_refused_by_name(client, pool):
    service = (await client.paths("VMAN_VirtualSystemManagementService"))[0]
    memory = Instance.of(
        "CIM_ResourceAllocationSettingData",
        [Property("ResourceType", "uint16", 4), Property("PoolID", "string", pool)],
    )
    before = set(client.inventory.generation.systems)
    with pytest.raises(CIMError, match=r"no pool .* of kind memory; it has 'memory'") as refused:
        await client.invoke(service, "DefineSystem", ResourceSettings=(memory,))
    assert refused.value.status is Status.INVALID_PARAMETER
    assert set(client.inventory.generation.systems) == before


async def test_a_pool_of_an_unknown_id_is_not_found(client):
    [first, *_] = await client.paths("VMAN_ResourcePool")
    for wrong in ("VMAN:nobody/pool/memory", "VMAN:", first.keys["InstanceID"] + "x", "VMAN:memory"):
        path = type(first)(first.class_name, type(first.keys)([("InstanceID", wrong)]), first.namespace)
        with pytest.raises(CIMError) as refused:
            await client.get(path)
        assert refused.value.status is Status.NOT_FOUND
