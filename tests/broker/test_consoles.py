"""Console redirection (DSP1076, DSP1024): access points are there always, addresses while somebody listens."""

from __future__ import annotations

import pytest

from openvman.cim.errors import CIMError
from openvman.cim.status import Status
from openvman.cim.values import Instance, Property
from openvman.model.actor import Role
from openvman.model.states import State

ENABLED, DISABLED = 2, 3


async def _consoles(client, system, sap):
    """The access points of a system, each with its port and URL if it is reached now."""
    paths = await client.paths("VMAN_ComputerSystem")
    path = next(p for p in paths if p.keys["Name"] == system.id)
    for point in await client.associators(path, AssocClass="CIM_SAPAvailableForElement", ResultClass=sap):
        ports = await client.associators(point.path, AssocClass="CIM_BindsTo")
        urls = await client.associators(point.path, AssocClass="CIM_RemoteAccessAvailableToElement")
        yield point, [p.get("PortNumber") for p in ports], [u.get("AccessInfo") for u in urls]


async def _only(client, system, sap="CIM_KVMRedirectionSAP"):
    [found] = [each async for each in _consoles(client, system, sap)]
    return found


async def test_a_screen_has_a_port_while_its_system_is_active(client):
    systems = client.inventory.generation.systems.values()
    stopped = next(s for s in systems if s.state is State.DEFINED)
    point, ports, urls = await _only(client, stopped)
    assert (point.get("EnabledState"), point.get("KVMProtocol"), ports, urls) == (DISABLED, 4, [], [])
    path = next(p for p in await client.paths("VMAN_ComputerSystem") if p.keys["Name"] == stopped.id)
    assert (await client.invoke(path, "RequestStateChange", RequestedState=2)).return_value == 0
    point, [port], urls = await _only(client, stopped)
    assert point.get("EnabledState") == ENABLED
    assert port >= 5900
    assert urls == [f"vnc://127.0.0.1:{port}"]
    assert (await client.invoke(path, "RequestStateChange", RequestedState=3)).return_value == 0
    point, ports, urls = await _only(client, stopped)
    assert (point.get("EnabledState"), ports, urls) == (DISABLED, [], [])


async def _define(client, address, port="1"):
    serial = Instance.of(
        "VMAN_SerialAllocationSettingData",
        [
            Property("ResourceType", "uint16", 21),
            Property("AddressOnParent", "string", port),
            Property("Address", "string", address),
        ],
    )
    service = (await client.paths("VMAN_VirtualSystemManagementService"))[0]
    answer = await client.invoke(service, "DefineSystem", ResourceSettings=(serial,))
    assert answer.return_value == 0
    return client.inventory.generation.system(answer.outputs[0].value.keys["Name"])


@pytest.mark.parametrize("port", ["0", "3"])
async def test_a_serial_port_with_an_address_is_a_text_console(client, port):
    system = await _define(client.acting(Role.OPERATOR), "[::1]:4555", port)
    ports = [serial.port for serial in system.defined.serials]
    assert ports == sorted({0, int(port)}), "the kept console and the one asked for, which may be one"
    point, ports, urls = await _only(client, system, "CIM_TextRedirectionSAP")
    assert (point.get("EnabledState"), ports, urls) == (DISABLED, [], [])
    path = next(p for p in await client.paths("VMAN_ComputerSystem") if p.keys["Name"] == system.id)
    await client.invoke(path, "RequestStateChange", RequestedState=2)
    point, ports, urls = await _only(client, system, "CIM_TextRedirectionSAP")
    assert (point.get("EnabledState"), ports, urls) == (ENABLED, [4555], ["tcp://[::1]:4555"])
    [service] = await client.associators(point.path, AssocClass="CIM_ServiceAccessBySAP")
    assert service.class_name == "VMAN_TextRedirectionService"
    [host] = await client.associators(point.path, AssocClass="CIM_HostedAccessPoint")
    assert host.class_name == "VMAN_HostSystem"


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost:4555", "127.0.0.1:0", "127.0.0.1:70000", "/dev/ttyS0"])
async def test_an_address_without_a_port_is_refused(client, address):
    before = set(client.inventory.generation.systems)
    with pytest.raises(CIMError, match="no place where a serial port can be reached") as raised:
        await _define(client, address)
    assert raised.value.status is Status.INVALID_PARAMETER
    assert set(client.inventory.generation.systems) == before


async def test_only_administrators_open_a_serial_port_to_other_machines(client):
    before = set(client.inventory.generation.systems)
    with pytest.raises(CIMError) as raised:
        await _define(client.acting(Role.OPERATOR), "0.0.0.0:4555")
    assert raised.value.status is Status.ACCESS_DENIED
    assert set(client.inventory.generation.systems) == before
    assert await _define(client, "0.0.0.0:4555")
