"""Devices of the host given whole to a virtual system: what depends on what, in both directions."""

from __future__ import annotations

import pytest

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
    _, refused = await _define(client, "late", _passed("0000:41:00.0"))
    assert refused.return_value != 0
    assert len(await client.paths("VMAN_ComputerSystem")) == count


async def test_a_device_that_the_host_does_not_tell_of_depends_on_nothing(client):
    _, made = await _define(client, "hopes", _passed("0000:77:00.0"))
    assert made.return_value == 0
    [guest] = [device for device in await client.instances("VMAN_LogicalDevice") if "0000:77" in device.get("DeviceID")]
    assert await client.associators(guest.path, AssocClass="CIM_HostedDependency") == []
