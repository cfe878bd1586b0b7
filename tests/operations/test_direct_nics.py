"""Adapters that are connected to a device of the host, or to nothing: who may have them, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvman.messages.problem import Problem
from openvman.model.allocation import NicConnection
from openvman.model.errors import ModelError
from openvman.model.spec import NicSpec
from openvman.model.states import Action

DIRECT = NicSpec(connection=NicConnection.DIRECT, source="eth0")
STATION = {"vsi_manager": 11, "vsi_type": 1193047, "vsi_version": 2}


async def refused(awaitable) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await awaitable
    return caught.value


async def test_what_is_not_said_is_as_usual(world, admin):
    (nic,) = (await world.define(DIRECT, actor=admin)).defined.nics
    assert (nic.connection, nic.source, nic.mode, nic.station) == (NicConnection.DIRECT, "eth0", "vepa", None)
    (nic,) = (await world.define(NicSpec(connection=NicConnection.ETHERNET, target="t"), actor=admin)).defined.nics
    assert (nic.connection, nic.source, nic.target) == (NicConnection.ETHERNET, None, "t")


@pytest.mark.parametrize("nic", [DIRECT, NicSpec(connection=NicConnection.ETHERNET), NicSpec(target="tap0")])
async def test_the_hosts_own_network_is_for_administrators(world, admin, nic):
    assert (await refused(world.define(nic))).problem is Problem.ACCESS_DENIED
    system = await world.define(nic, actor=admin)
    allocation = system.defined.nics[0].id
    assert await world.modify(NicSpec(allocation_id=allocation, model="e1000"))
    if nic.connection is NicConnection.DIRECT:
        error = await refused(world.modify(NicSpec(allocation_id=allocation, mode="passthrough")))
        assert error.problem is Problem.ACCESS_DENIED


async def test_an_operator_may_name_an_interface_as_libvirt_cims_templates_do(world):
    system = await world.define(NicSpec(target="vtap1"))
    assert system.defined.nics[0].target == "vtap1"
    started = await world.act(system, Action.START)
    assert started.current.nics[0].target == "vtap1"


@pytest.mark.parametrize(
    ("said", "subject", "text"),
    [
        ({"source": None}, "source", "needs a network device"),
        ({"source": "eth9"}, "source", "has no network device 'eth9'; it has eth0, eth1"),
        ({"source": "-x"}, "source", "has no network device"),
        ({"mode": "hairpin"}, "mode", "vepa, bridge, private, passthrough"),
        ({"connection": NicConnection.NETWORK, "source": "default", "mode": "vepa"}, "mode", "no mode"),
        ({"connection": NicConnection.NETWORK, "source": "default", "profile": "x"}, "profile", "tells no switch"),
        ({"connection": NicConnection.ETHERNET, "source": "eth0"}, "source", "has no source"),
        ({**STATION, "profile": "x"}, "profile", "802.1Qbg, 802.1Qbh"),
        ({"profile": "x" * 40}, "profile", "1 to 39"),
        ({"vsi_type": 1}, "vsi_manager", "numbers of its manager (0 to 255)"),
        ({**STATION, "vsi_type": 1 << 24}, "vsi_manager", "0 to 16777215"),
        ({**STATION, "vsi_instance": "x"}, "vsi_manager", "a UUID if any"),
        ({"target": "x" * 16}, "target", "15 letters"),
        ({"target": "eth1"}, "target", "not that of a device of its own"),
        ({"connection": NicConnection.USER, "source": None, "target": "t"}, "target", "user-mode"),
    ],
)
async def test_what_cannot_be_is_refused(world, admin, said, subject, text):
    error = await refused(world.define(replace(DIRECT, **said), actor=admin))
    assert (error.problem, error.subject) == (Problem.INVALID_PARAMETER, subject)
    assert text in str(error)
    assert world.names() == set()


async def test_a_host_that_does_not_tell_its_devices_is_not_asked(world, admin, until):
    world.driver.hypervisor.add_host(replace(world.host, interfaces=None))
    await until(lambda: world.host.interfaces is None)
    assert (await world.define(replace(DIRECT, source="bond0"), actor=admin)).defined.nics[0].source == "bond0"


async def test_a_host_that_cannot_says_so(world, admin, until):
    facts = replace(world.host.facts, nic_connections=(NicConnection.NETWORK,))
    world.driver.hypervisor.add_host(replace(world.host, facts=facts))
    await until(lambda: world.host.facts == facts)
    assert (await refused(world.define(DIRECT, actor=admin))).problem is Problem.NOT_SUPPORTED


async def test_a_connection_goes_with_what_belongs_to_it(world, admin):
    system = await world.define(replace(DIRECT, mode="private", **STATION), actor=admin)
    id = system.defined.nics[0].id

    async def change(**said):
        [nic] = await world.modify(NicSpec(allocation_id=id, **said), actor=admin)
        return nic.connection, nic.mode, nic.profile, nic.vsi_version

    assert await change(vsi_version=3) == (NicConnection.DIRECT, "private", None, 3)
    assert await change(profile="finance") == (NicConnection.DIRECT, "private", "finance", None)
    assert await change(**STATION) == (NicConnection.DIRECT, "private", None, 2)
    assert await change(connection=NicConnection.NETWORK, source="default") == (NicConnection.NETWORK, None, None, None)
    assert await change(connection=NicConnection.DIRECT, source="eth1") == (NicConnection.DIRECT, "vepa", None, None)


async def test_a_failure_puts_all_of_it_back(world, admin):
    system = await world.define(replace(DIRECT, mode="private", **STATION), actor=admin)
    (nic,) = system.defined.nics
    world.inject(operation="modify_resource", problem=Problem.TIMEOUT, after=True)
    to = NicSpec(allocation_id=nic.id, connection=NicConnection.USER, source="")
    assert (await refused(world.modify(to, actor=admin))).problem is Problem.TIMEOUT
    assert world.system(system.id).defined.nics == (nic,)


async def test_a_system_like_another_is_connected_alike(world, admin):
    like = (await world.define(replace(DIRECT, mode="bridge", profile="finance", target="t1"), actor=admin)).defined
    (nic,) = (await world.define(reference=like, name="copy", actor=admin)).defined.nics
    assert (nic.source, nic.mode, nic.profile, nic.target) == ("eth0", "bridge", "finance", None)
