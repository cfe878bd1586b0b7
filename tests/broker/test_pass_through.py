"""Devices of the host given whole to a virtual system: what depends on what, in both directions."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from openvman.cim.errors import CIMError
from openvman.cim.values import Instance, Property


def _passed(source, type="pci"):
    said = {"OtherResourceType": "host device", "ResourceSubType": type}
    return Instance.of(
        "VMAN_ResourceAllocationSettingData",
        [
            Property("ResourceType", "uint16", 1),
            *(Property(name, "string", value) for name, value in said.items()),
            Property("HostResource", "string", (source,), is_array=True),
        ],
    )


async def _define(client, name, *settings):
    service = (await client.paths("VMAN_VirtualSystemManagementService"))[0]
    system = Instance.of("VMAN_VirtualSystemSettingData", [Property("ElementName", "string", name)])
    result = await client.invoke(service, "DefineSystem", SystemSettings=system, ResourceSettings=settings)
    return service, result


@pytest.mark.parametrize(
    ("source", "type", "class_name", "device_id"),
    [
        ("0000:41:00.0", "pci", "VMAN_HostPCIDevice", "pci:0000:41:00.0"),
        ("0627:0001", "usb", "VMAN_HostUSBDevice", "usb:001/004"),
    ],
)
async def test_a_virtual_device_depends_on_the_one_of_the_host(client, source, type, class_name, device_id):
    service, made = await _define(client, "passes", _passed(source, type))
    assert made.return_value == 0
    host_id = service.keys["SystemName"]
    [behind] = [
        path for path in await client.paths(class_name) if path.keys["DeviceID"] == f"{host_id}/device/{device_id}"
    ]
    [guest] = await client.associators(behind, AssocClass="CIM_HostedDependency", Role="Antecedent")
    assert guest.class_name == "VMAN_LogicalDevice"
    assert guest.get("DeviceID").endswith(f"/hostdev:{type}:{source}")
    [back] = await client.associators(guest.path, AssocClass="CIM_HostedDependency", ResultRole="Antecedent")
    assert back.path == behind
    assert await client.associators(behind, AssocClass="CIM_HostedDependency", Role="Dependent") == []
    [pool] = await client.associators(behind, AssocClass="CIM_ConcreteComponent")
    assert (pool.get("PoolID"), pool.get("Capacity"), pool.get("OtherResourceType")) == ("hostdev", 3, "host device")
    [from_pool] = await client.associators(guest.path, AssocClass="CIM_ElementAllocatedFromPool")
    assert from_pool.path == pool.path
    [host] = await client.associators(behind, AssocClass="CIM_SystemDevice")
    assert host.get("Name") == host_id


async def test_a_device_in_use_is_refused(client):
    _, made = await _define(client, "holder", _passed("0000:41:00.0"))
    assert made.return_value == 0
    count = len(await client.paths("VMAN_ComputerSystem"))
    with pytest.raises(CIMError, match="is virtual system 'holder''s already"):
        await _define(client, "late", _passed("0000:41:00.0"))
    assert len(await client.paths("VMAN_ComputerSystem")) == count


async def test_a_device_that_the_host_does_not_tell_of_depends_on_nothing(client):
    _, made = await _define(client, "hopes", _passed("0000:77:00.0"))
    assert made.return_value == 0
    [guest] = [device for device in await client.instances("VMAN_LogicalDevice") if "0000:77" in device.get("DeviceID")]
    assert await client.associators(guest.path, AssocClass="CIM_HostedDependency") == []


async def test_a_device_that_is_plugged_into_the_host_later_is_found_from_both_ends(client):
    service, made = await _define(client, "waits", _passed("002/007", "usb"))
    assert made.return_value == 0
    [guest] = [device for device in await client.instances("VMAN_LogicalDevice") if "002/007" in device.get("DeviceID")]
    here = {"AssocClass": "CIM_HostedDependency", "Role": "Antecedent"}
    for path in await client.paths("VMAN_HostUSBDevice"):
        assert await client.associators(path, **here) == []
    host_id = service.keys["SystemName"]
    hypervisor = client.inventory.driver_of(host_id).hypervisor
    host = hypervisor.hosts[host_id]
    hypervisor.add_host(replace(host, devices=(*host.devices, replace(host.devices[-1], address="002/007"))))
    async with asyncio.timeout(10):
        while len(client.inventory.generation.host(host_id).devices) == len(host.devices):  # noqa: ASYNC110
            await asyncio.sleep(0)
    [plugged] = [path for path in await client.paths("VMAN_HostUSBDevice") if "002/007" in path.keys["DeviceID"]]
    [found] = await client.associators(plugged, **here)
    assert found.path == guest.path
    [back] = await client.associators(guest.path, AssocClass="CIM_HostedDependency")
    assert back.path == plugged
