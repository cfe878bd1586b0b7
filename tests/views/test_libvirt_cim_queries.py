"""Queries in libvirt-cim's view are as fresh as its other reads, also of what nobody tells of."""

from __future__ import annotations

import pytest
from tests.broker.query.brute_force import check, check_each

from openvman.drivers.simulated import Fault
from openvman.messages.problem import Problem
from openvman.model.network_filter import NetworkFilterSpec
from openvman.model.spec import SystemSpec
from openvman.model.storage import Volume

TEMPLATES = "SELECT * FROM CIM_SettingsDefineCapabilities"
"""Which disks there could be: four settings for each volume."""


@pytest.fixture
async def silent(client):
    """The client's driver, which loses all its events, and the host that is shown."""
    host = min(client.inventory.generation.hosts.values(), key=lambda host: host.name)
    driver = client.inventory.driver_of(host.id)
    driver.inject(Fault(operation="event.*", problem=Problem.FAILED))
    return driver, host.id


async def by_exec(client, text):
    return await client.ask("ExecQuery", QueryLanguage="WQL", Query=text)


async def by_open(client, text):
    asked = {"FilterQueryLanguage": "DMTF:CQL", "FilterQuery": text, "MaxObjectCount": 1000}
    return await client.ask("OpenQueryInstances", **asked)


@pytest.mark.parametrize("ask", [by_exec, by_open])
async def test_a_query_shows_what_nobody_tells(client, silent, ask):
    driver, host = silent
    guest = next(client.inventory.generation.systems_of(host))

    async def found(text):
        return [plan.instance(obj) for plan, obj in await ask(client, text)]

    driver.hypervisor.create_filter(host, NetworkFilterSpec(name="new"))
    assert await found("SELECT * FROM KVM_FilterList WHERE Name = 'new'")
    assert await found("SELECT Name FROM CIM_FilterList WHERE Name LIKE 'n%w'")
    driver.hypervisor.modify_system(guest.id, SystemSpec(autostart=True))
    [one] = await found(f"SELECT * FROM CIM_VirtualSystemSettingData WHERE ElementName = '{guest.name}'")
    assert one.get("AutoStart") == 1
    before = len(await found(TEMPLATES))
    driver.hypervisor.create_volume(host, Volume("default", "a.img"), "raw", 1)
    assert len(await found(TEMPLATES)) == before + 4


async def test_nothing_is_read_for_a_query_about_something_else(client, silent):
    driver, host = silent
    driver.hypervisor.create_filter(host, NetworkFilterSpec(name="new"))
    await by_exec(client, "SELECT * FROM KVM_ComputerSystem WHERE Name = 'new'")
    assert "new" not in {one.name for one in client.inventory.generation.host(host).filters}
    elsewhere = client.within("root/vman")
    await by_exec(elsewhere, "SELECT * FROM VMAN_ComputerSystem")
    assert "new" not in {one.name for one in client.inventory.generation.host(host).filters}


@pytest.mark.parametrize(
    "class_name",
    [
        "KVM_ComputerSystem",
        "CIM_ComputerSystem",
        "KVM_VirtualSystemSettingData",
        "CIM_ResourceAllocationSettingData",
        "CIM_LogicalDevice",
        "KVM_KVMRedirectionSAP",
        "CIM_FilterList",
        "CIM_ResourcePool",
    ],
)
async def test_queries_select_what_a_look_at_each_instance_would(client, class_name):
    await check(client, class_name, class_name)
    await check_each(client, class_name)
