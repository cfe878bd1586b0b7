"""What may be changed of an allocation that there is (DSP1043): said, and then done or refused as it was said."""

from __future__ import annotations

import pytest

from openvman.cim.errors import CIMError
from openvman.cim.values import Instance, Property

MIB = 1024
RANGES = {1: "minimum", 2: "maximum", 3: "increment"}


CLASSES = {1: "VMAN_ResourceAllocationSettingData", 4: "VMAN_MemoryAllocationSettingData"}
"""Of the settings with properties of our own."""


def _setting(code, **said):
    return Instance.of(
        CLASSES.get(code, "CIM_ResourceAllocationSettingData"),
        [Property("ResourceType", "uint16", code), *(Property(n, None, v) for n, v in said.items())],
    )


@pytest.fixture
async def system(client):
    """An active system with a bit of everything; its path."""
    service = (await client.paths("VMAN_VirtualSystemManagementService"))[0]
    settings = (
        _setting(3, VirtualQuantity=2),
        _setting(4, VirtualQuantity=256 * MIB, MaximumVirtualQuantity=512 * MIB),
        _setting(17, VirtualQuantity=2**30),
        _setting(17, VirtualQuantity=2**30),
        _setting(15),
        _setting(10),
        _setting(1, OtherResourceType="sound"),
        _setting(24, ResourceSubType="vnc"),
    )
    answer = await client.invoke(service, "DefineSystem", ResourceSettings=settings)
    path = answer.outputs[0].value
    assert (await client.invoke(path, "RequestStateChange", RequestedState=2)).return_value == 0
    return path


async def _setting_of(client, system, configuration, local):
    [found] = [
        s
        for s in await client.instances("CIM_ResourceAllocationSettingData")
        if s.get("InstanceID") == f"VMAN:{system.keys['Name']}/{configuration}/{local}"
    ]
    return found


async def _mutability(client, element):
    [found] = await client.associators(element, AssocClass="CIM_ElementCapabilities", ResultRole="Capabilities")
    assert found.class_name == "VMAN_AllocationMutability"
    return found


async def _told(client, mutability):
    """The settings, the ranges by what they stand for and the kinds in a list."""
    ranges, kinds = {}, []
    for plan, link in await client.ask(
        "References", ObjectName=mutability.path, ResultClass="CIM_SettingsDefineCapabilities"
    ):
        reference = plan.instance(link)
        setting = await client.get(reference.get("PartComponent"))
        assert reference.get("ValueRole") == 3
        if reference.get("ValueRange") == 0:
            kinds.append(setting)
        else:
            ranges[RANGES[reference.get("ValueRange")]] = setting
    return ranges, kinds


async def _modify(client, setting, **changes):
    service = (await client.paths("VMAN_VirtualSystemManagementService"))[0]
    said = [setting.properties["InstanceID"], *(Property(n, None, v) for n, v in changes.items())]
    request = Instance.of(setting.class_name, said)
    return (await client.invoke(service, "ModifyResourceSettings", ResourceSettings=(request,))).return_value


@pytest.mark.parametrize(("local", "most"), [("processor", 2), ("memory", 512 * MIB)])
async def test_what_an_active_system_can_be_given_is_what_it_was_started_with(client, system, local, most):
    setting = await _setting_of(client, system, "state", local)
    ranges, kinds = await _told(client, await _mutability(client, setting.path))
    low, high, step = (ranges[p].get("VirtualQuantity") for p in ("minimum", "maximum", "increment"))
    assert (high, kinds) == (most, [])
    assert all(
        each.get("MaximumVirtualQuantity") is None for each in ranges.values()
    )  # it is fixed until the next start
    for quantity in (low, high):
        assert await _modify(client, setting, VirtualQuantity=quantity) == 0
    for quantity in (low - 1, high + step):
        with pytest.raises(CIMError):
            await _modify(client, setting, VirtualQuantity=quantity)


async def test_the_defined_configuration_takes_what_the_pool_gives(client, system):
    host = client.inventory.generation.host(client.inventory.generation.system(system.keys["Name"]).host_id)
    setting = await _setting_of(client, system, "defined", "memory")
    ranges, _ = await _told(client, await _mutability(client, setting.path))
    assert (
        ranges["maximum"].get("VirtualQuantity")
        == ranges["maximum"].get("MaximumVirtualQuantity")
        == host.memory // 1024
    )
    assert ranges["minimum"].get("VirtualQuantity") == MIB
    assert await _modify(client, setting, VirtualQuantity=ranges["maximum"].get("VirtualQuantity")) == 0
    with pytest.raises(CIMError, match="in steps of 1024"):
        await _modify(client, setting, VirtualQuantity=ranges["maximum"].get("VirtualQuantity") + 1)


@pytest.mark.parametrize("prefix", ["disk:vda", "disk:sda", "nic:", "sound:"])
async def test_each_kind_that_is_told_can_be_had_at_the_next_start(client, system, prefix):
    [allocation] = [
        a
        for a in client.inventory.generation.system(system.keys["Name"]).defined.allocations()
        if a.local_id.startswith(prefix)
    ]
    setting = await _setting_of(client, system, "defined", allocation.local_id)
    _, kinds = await _told(client, await _mutability(client, setting.path))
    said = [{name: k.get(name) for name in ("ResourceSubType", "Connection") if k.get(name) is not None} for k in kinds]
    assert said
    assert all(len(each) == 1 for each in said)
    for change in said:
        assert await _modify(client, setting, **change) == 0


async def test_a_running_guest_gets_no_other_hardware(client, system):
    for local in ("disk:vda", "sound:0", "graphics:vnc"):
        setting = await _setting_of(client, system, "state", local)
        assert await _told(client, await _mutability(client, setting.path)) == ({}, [])


async def test_what_can_be_removed_when(client, system):
    async def states(configuration, local):
        setting = await _setting_of(client, system, configuration, local)
        return (await _mutability(client, setting.path)).get("SupportedRemoveStates")

    assert await states("state", "disk:vda") == ()  # the guest was booted from it
    assert await states("state", "disk:vdb") == (2,)
    assert await states("state", "disk:sda") == ()  # a drive stays where it is while the guest runs
    assert await states("defined", "disk:vda") == (2, 3, 6, 9, 11, 12)
    assert await states("state", "memory") == await states("defined", "memory") == ()


async def test_a_device_leads_to_what_can_change_of_its_allocation_in_force(client, system):
    devices = await client.associators(system, AssocClass="CIM_SystemDevice")
    assert len(devices) > 8
    for device in devices:
        mutability = await _mutability(client, device.path)
        [setting] = [
            e
            for e in await client.associators(mutability.path, ResultRole="ManagedElement")
            if e.class_name.endswith("AllocationSettingData")
        ]
        assert setting.get("InstanceID").startswith(f"VMAN:{system.keys['Name']}/state/")
        assert setting.get("ResourceType") == mutability.get("ResourceType")


async def test_a_paused_guest_takes_no_change(client, system):
    assert (await client.invoke(system, "RequestStateChange", RequestedState=9)).return_value == 0
    setting = await _setting_of(client, system, "state", "memory")
    assert await _told(client, await _mutability(client, setting.path)) == ({}, [])
