"""Boot Control (DSP1012): the boot order of each configuration, and the method that changes it."""

from __future__ import annotations

import pytest

from openvman.cim.errors import CIMError
from openvman.cim.status import Status
from openvman.model.actor import Role
from openvman.model.states import State
from openvman.model.system import BootDevice

SOURCE = "VMAN_BootSourceSetting"


def _system(client, state: State):
    return next(s for s in client.inventory.generation.systems.values() if s.state is state)


async def _config(client, system, kind="defined"):
    paths = await client.paths("VMAN_BootConfigSetting")
    return next(p for p in paths if p.keys["InstanceID"] == f"VMAN:{system.id}/{kind}/boot")


async def _order(client, config):
    """Each source's name and place."""
    rows = await client.ask("References", ObjectName=config, ResultClass="CIM_OrderedComponent")
    links = [plan.instance(link) for plan, link in rows]
    return {
        (await client.get(link.get("PartComponent"))).get("BootString"): link.get("AssignedSequence") for link in links
    }


async def _sources(client, config):
    """The paths by name."""
    found = await client.associators(config, AssocClass="CIM_OrderedComponent")
    return {source.get("BootString"): source.path for source in found}


async def _change(client, config, *sources):
    return (await client.invoke(config, "ChangeBootOrder", Source=sources)).return_value


def _defined_order(client, system):
    return client.inventory.generation.system(system.id).defined.boot_order


async def test_the_order_is_changed_and_what_is_left_out_is_not_tried(client):
    system = _system(client, State.DEFINED)
    config = await _config(client, system)
    assert await _order(client, config) == {"disk": 1, "network": 2}
    sources = await _sources(client, config)
    assert await _change(client, config, sources["network"], sources["disk"]) == 0
    assert _defined_order(client, system) == (BootDevice.NETWORK, BootDevice.DISK)
    assert await _order(client, config) == {"network": 1, "disk": 2}
    assert await _change(client, config, sources["disk"]) == 0
    assert _defined_order(client, system) == (BootDevice.DISK,)
    assert await _order(client, config) == {"disk": 1, "network": 0}


async def test_bad_requests_change_nothing(client):
    system, running = _system(client, State.DEFINED), _system(client, State.ACTIVE)
    config = await _config(client, system)
    before = _defined_order(client, system)
    sources = await _sources(client, config)
    foreign = await _sources(client, await _config(client, running))
    invalid = 5
    assert await _change(client, config) == invalid
    assert await _change(client, config, sources["disk"], sources["disk"]) == invalid
    assert await _change(client, config, sources["disk"], foreign["network"]) == invalid
    with pytest.raises(CIMError) as raised:
        await _change(client, config, config)  # not a source at all
    assert raised.value.status is Status.INVALID_PARAMETER
    with pytest.raises(CIMError) as raised:
        await _change(client.acting(Role.VIEWER), config, sources["network"])
    assert raised.value.status is Status.ACCESS_DENIED
    assert _defined_order(client, system) == before


async def test_the_order_in_force_cannot_be_changed(client):
    running = _system(client, State.ACTIVE)
    in_force = await _config(client, running, "state")
    not_supported = 1
    assert await _change(client, in_force, *(await _sources(client, in_force)).values()) == not_supported
    defined = await _config(client, running)
    assert await _change(client, defined, (await _sources(client, defined))["network"]) == 0
    assert _defined_order(client, running) == (BootDevice.NETWORK,)
    assert await _order(client, in_force) == {"disk": 1, "network": 2}


async def test_the_order_in_force_is_current_and_the_defined_one_is_next(client):
    for state, expected in ((State.ACTIVE, {"state": (1, 2), "defined": (2, 1)}), (State.DEFINED, {"defined": (2, 1)})):
        system = _system(client, state)
        path = next(p for p in await client.paths("VMAN_ComputerSystem") if p.keys["Name"] == system.id)
        rows = await client.ask("References", ObjectName=path, ResultClass="VMAN_ElementSettingData")
        links = [plan.instance(link) for plan, link in rows]
        kinds = {link.get("SettingData").keys["InstanceID"].split("/")[1]: link for link in links}
        assert {kind: (link.get("IsCurrent"), link.get("IsNext")) for kind, link in kinds.items()} == expected


async def test_methods_that_make_no_sense_here_are_not_there(client):
    [service, *_] = await client.paths("VMAN_BootService")
    config = await _config(client, _system(client, State.ACTIVE))
    with pytest.raises(CIMError) as raised:
        await client.invoke(service, "ApplyBootConfigSetting", ApplyBootConfig=config)
    assert raised.value.status is Status.METHOD_NOT_AVAILABLE
