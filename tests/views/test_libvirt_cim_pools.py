"""The pool service of libvirt-cim's view: what is made from a setting depends on the setting's class."""

from __future__ import annotations

import pytest
from tests.views.conftest import path

from openvman.cim.errors import CIMError
from openvman.cim.status import Status
from openvman.cim.values import ClassPath

SERVICE = ClassPath("KVM_ResourcePoolConfigurationService", "root/virt")
TEMPLATES = "KVM_SettingsDefineCapabilities"


def setting(kind: str, **values: object) -> str:
    said = "".join(f"{n} = {v if not isinstance(v, str) else chr(34) + v + chr(34)}; " for n, v in values.items())
    return f"instance of KVM_{kind}ResourceAllocationSettingData {{ {said}}};"


def disk_pool(folder, **more: object) -> str:
    return setting("DiskPool", ResourceType=17, PoolID="DiskPool/0", Path=str(folder), **{"Type": 1, **more})


def net_pool(**more: object) -> str:
    said = {"Address": "10.9.8.1", "Netmask": "255.255.255.0", "ForwardMode": 1, **more}
    return setting("NetPool", ResourceType=10, PoolID="NetworkPool/0", **said)


def volume(**more: object) -> str:
    said = {"VolumeName": "a.img", "FormatType": 1, "Capacity": 1, "AllocationUnits": "G", **more}
    return setting("StorageVolume", ResourceType=32768, PoolID="DiskPool/default", Path="/nowhere", **said)


def pool(class_name: str, name: str):
    return path(f"KVM_{class_name}", InstanceID=f"{class_name}/{name}")


async def create(client, name, asked):
    made = await client.invoke(SERVICE, "CreateChildResourcePool", ElementName=name, Settings=(asked,))
    assert made.return_value == 0
    return made.outputs[0].value


async def refused(client, method, **arguments) -> CIMError:
    with pytest.raises(CIMError) as raised:
        await client.invoke(SERVICE, method, **arguments)
    return raised.value


async def addresses(client, name) -> list[str]:
    """The paths of volumes, as the templates of their pool say them."""
    capabilities = path("KVM_AllocationCapabilities", InstanceID=f"DiskPool/{name}")
    rows = await client.associators(capabilities, AssocClass=TEMPLATES)
    assert len(rows) >= 16
    return [row.get("Address") for row in rows if row.get("EmulatedType") == 0]


async def test_a_storage_pool_is_made_and_deleted(client, images):
    made = await create(client, "more", disk_pool(images, Autostart=1))
    assert made == pool("DiskPool", "more")
    shown = await client.get(made)
    assert (shown.get("Path"), shown.get("Autostart")) == (str(images), 1)
    (images / "disk.img").unlink()
    assert (await client.invoke(SERVICE, "DeleteResourcePool", Pool=made)).return_value == 0
    assert made not in await client.paths("KVM_DiskPool")


async def test_a_network_is_made_and_deleted(client):
    made = await create(client, "more", net_pool(IPRangeStart="10.9.8.20", IPRangeEnd="10.9.8.30"))
    assert made == pool("NetworkPool", "more")
    [host] = [h for h in client.inventory.generation.hosts.values() if any(n.name == "more" for n in h.networks)]
    [network] = [n for n in host.networks if n.name == "more"]
    [address] = network.addresses
    assert (network.forward, network.active, network.persistent) == ("nat", True, True)
    assert (address.address, address.netmask) == ("10.9.8.1", "255.255.255.0")
    assert [(r.first, r.last) for r in address.ranges] == [("10.9.8.20", "10.9.8.30")]
    assert (await client.invoke(SERVICE, "DeleteResourcePool", Pool=made)).return_value == 0
    assert made not in await client.paths("KVM_NetworkPool")


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (net_pool(ForwardMode=9), "use 0 "),
        (net_pool(Netmask="255.0.255.0"), "Netmask|netmask"),
        (net_pool(IPRangeStart="10.9.8.20"), "IPRangeStart and IPRangeEnd"),
        (net_pool(IPRangeStart="10.9.9.1", IPRangeEnd="10.9.9.2"), "range"),
        (disk_pool("/x", Type=9), "use 1 "),
        (disk_pool("/x", Type=3), "needs export, server"),
        (disk_pool("/x", Type=7, AdapterName="host0", NodeName="4444"), "AdapterName"),
        (disk_pool(""), "needs folder"),
    ],
)
async def test_what_cannot_be_a_pool_is_error_1(client, asked, text):
    before = [await client.paths("KVM_DiskPool"), await client.paths("KVM_NetworkPool")]
    error = await refused(client, "CreateChildResourcePool", ElementName="more", Settings=(asked,))
    assert error.status is Status.FAILED
    assert any(word in str(error) for word in text.split("|")), str(error)
    assert [await client.paths("KVM_DiskPool"), await client.paths("KVM_NetworkPool")] == before


async def test_one_setting_makes_one_pool(client):
    two = (net_pool(), net_pool())
    error = await refused(client, "CreateChildResourcePool", ElementName="more", Settings=two)
    assert "2 settings" in str(error)


async def test_pools_that_are_neither_networks_nor_storage_are_not_deleted(client):
    for name in ("MemoryPool", "DiskPool", "NetworkPool"):
        error = await refused(client, "DeleteResourcePool", Pool=pool(name, "0"))
        assert error.status is Status.FAILED
        assert "does not support this resource type" in str(error)


async def test_a_volume_is_made_and_deleted(client):
    images = pool("DiskPool", "default")
    made = await client.invoke(SERVICE, "CreateResourceInPool", Settings=volume(), Pool=images)
    assert made.return_value == 0
    folder = (await client.get(images)).get("Path")
    place = f"{folder}/a.img"
    assert made.outputs[0].value == path("KVM_StorageVolumeResourceAllocationSettingData", InstanceID=place)
    assert (await addresses(client, "default")).count(place) == 4
    again = await refused(client, "CreateResourceInPool", Settings=volume(), Pool=images)
    assert (again.status, "Unable to create storage volume" in str(again)) == (Status.FAILED, True)
    gone = setting("Disk", ResourceType=17, Address=place)
    assert (await client.invoke(SERVICE, "DeleteResourceInPool", Resource=gone, Pool=images)).return_value == 0
    assert place not in await addresses(client, "default")


@pytest.mark.parametrize(
    ("method", "arguments", "status", "text"),
    [
        ("CreateResourceInPool", {"Settings": volume(FormatType=21)}, 1, "Unable to generate XML for new resource"),
        ("CreateResourceInPool", {"Settings": "wrong"}, 1, "Unable to parse embedded object"),
        ("CreateResourceInPool", {}, 4, "Missing argument `Settings'"),
        ("DeleteResourceInPool", {"Resource": setting("Disk", Address="/no")}, 1, "no storage vol with matching path"),
        ("DeleteResourceInPool", {"Resource": setting("Disk", ResourceType=17)}, 1, "Missing Address in resource RASD"),
        ("DeleteResourceInPool", {}, 4, "Missing argument `Resource'"),
    ],
)
async def test_what_is_no_volume(client, method, arguments, status, text):
    error = await refused(client, method, Pool=pool("DiskPool", "default"), **arguments)
    assert error.status.value == status
    assert text in str(error)


async def test_volumes_are_in_storage_pools_that_are_folders(client):
    for name in ("NetworkPool", "DiskPool"):
        error = await refused(client, "CreateResourceInPool", Settings=volume(), Pool=pool(name, "0"))
        assert (error.status, "does not support this resource type" in str(error)) == (Status.FAILED, True)
    asked = setting("Disk", Address="/x")
    error = await refused(client, "DeleteResourceInPool", Resource=asked)
    assert (error.status.value, "Missing argument `Pool'" in str(error)) == (4, True)


async def test_adapters_follow_their_network_from_pool_to_pool(client):
    """A network that rests is no pool, and one that is gone has none; from both sides of the association."""
    service = ClassPath("KVM_VirtualSystemManagementService", "root/virt")
    system = 'instance of KVM_VirtualSystemSettingData { VirtualSystemIdentifier = "domU1"; ElementName = "domU1"; };'
    mac = "00:11:22:33:44:aa"
    nic = setting("Net", ResourceType=10, NetworkType="network", PoolID="NetworkPool/isolated", Address=mac)
    await client.invoke(service, "DefineSystem", SystemSettings=system, ResourceSettings=(nic,))
    adapter = path("KVM_NetResourceAllocationSettingData", InstanceID=f"domU1/{mac}")
    [host] = [h for h in client.inventory.generation.hosts.values() if h.name == "sim-001"]
    [network] = [n for n in host.networks if n.name == "isolated"]
    driver = client.inventory.driver_of(host.id)
    for active in (True, False, True):
        await driver.change_network(host.id, network.uuid, active=active)
        own = pool("NetworkPool", "isolated" if active else "0")
        for_pool = await client.associators(own, AssocClass="KVM_ResourceAllocationFromPool")
        assert adapter in [each.path for each in for_pool]
        of_adapter = await client.associators(adapter, AssocClass="KVM_ResourceAllocationFromPool")
        assert [each.path for each in of_adapter] == [own]
    await driver.change_network(host.id, network.uuid, active=False)
    await driver.delete_network(host.id, network.uuid)
    with pytest.raises(CIMError, match=f"Unable to determine pool of `domU1/{mac}'"):
        await client.associators(adapter, AssocClass="KVM_ResourceAllocationFromPool")
    for_pool = await client.associators(pool("NetworkPool", "0"), AssocClass="KVM_ResourceAllocationFromPool")
    assert adapter not in [each.path for each in for_pool]
