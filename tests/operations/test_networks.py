"""Virtual networks and network filters by the use cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvman.drivers.simulated import Fault
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.host_part import find_filter, find_network
from openvman.model.network import (
    AddressRange,
    Forward,
    NetworkAddress,
    NetworkSpec,
    PortGroup,
    Vlans,
    network_named,
)
from openvman.model.network_filter import (
    FilterAction,
    FilterDirection,
    FilterReference,
    FilterRule,
    NetworkFilterSpec,
    filter_named,
)
from openvman.model.spec import NicSpec
from openvman.model.states import Action

ADDRESS = NetworkAddress(address="10.1.0.1", prefix=24, ranges=(AddressRange("10.1.0.2", "10.1.0.254"),))
SPEC = NetworkSpec(name="new", addresses=(ADDRESS,))
RULE = FilterRule(
    action=FilterAction.DROP, direction=FilterDirection.OUT, protocol="tcp", match=(("destination_port_first", "25"),)
)
FILTER = NetworkFilterSpec(name="no-mail", rules=(RULE,))


async def refused(awaitable) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await awaitable
    assert caught.value.subject
    return caught.value


def network(world, name):
    return network_named(world.host.networks, name)


def create(world, actor, spec=SPEC):
    return world.operations.create_network(actor, host=world.host, network=spec)


def create_filter(world, actor, spec=FILTER):
    return world.operations.create_network_filter(actor, host=world.host, filter=spec)


def address(text, *ranges):
    where, _, prefix = text.partition("/")
    return NetworkAddress(address=where, prefix=int(prefix), ranges=tuple(AddressRange(*each) for each in ranges))


async def test_a_network_is_made_and_deleted(world, admin):
    made = await create(world, admin, replace(SPEC, autostart=True))
    assert made == network(world, "new")
    assert (made.active, made.persistent, made.autostart, made.addresses) == (True, True, True, (ADDRESS,))
    assert find_network(world.inventory.generation, made.id) is made
    await world.operations.delete_network(admin, network=made)
    assert network(world, "new") is None
    assert find_network(world.inventory.generation, made.id) is None
    assert (await refused(world.operations.delete_network(admin, network=made))).problem is Problem.NOT_FOUND


async def test_networks_are_an_administrators_affair(world, admin):
    operator = replace(admin, role=type(admin.role).OPERATOR)
    there = network(world, "default")
    for call in (
        create(world, operator),
        world.operations.delete_network(operator, network=there),
        world.operations.change_network(operator, network=there, active=False),
    ):
        assert (await refused(call)).problem is Problem.ACCESS_DENIED
    assert network(world, "default") is there
    assert network(world, "new") is None


@pytest.mark.parametrize(
    ("changes", "problem", "word"),
    [
        ({"name": ""}, Problem.INVALID_PARAMETER, "cannot name"),
        ({"name": "a/b"}, Problem.INVALID_PARAMETER, "cannot name"),
        ({"name": "a'/><x"}, Problem.INVALID_PARAMETER, "cannot name"),
        ({"name": "n" * 65}, Problem.INVALID_PARAMETER, "cannot name"),
        ({"name": "default"}, Problem.ALREADY_EXISTS, "Choose another name"),
        ({"uuid": "x"}, Problem.INVALID_PARAMETER, "no UUID"),
        ({"forward": Forward.HOSTDEV}, Problem.NOT_SUPPORTED, "hostdev"),
        ({"forward_device": "eth0"}, Problem.INVALID_PARAMETER, "by no interface"),
        ({"forward_device": "eth0 up", "forward": Forward.NAT}, Problem.INVALID_PARAMETER, "no name of an interface"),
        ({"bridge": "b" * 16}, Problem.INVALID_PARAMETER, "no name of a bridge"),
        ({"bridge": "simbr0"}, Problem.ALREADY_EXISTS, "another network"),
        ({"forward": Forward.BRIDGE, "addresses": ()}, Problem.INVALID_PARAMETER, "one of the two"),
        ({"forward": Forward.BRIDGE, "bridge": "br0"}, Problem.INVALID_PARAMETER, "Leave the addresses out"),
        ({"forward": Forward.NAT, "addresses": ()}, Problem.INVALID_PARAMETER, "needs an address"),
        ({"addresses": (address("10.1.0.0/24"),)}, Problem.INVALID_PARAMETER, "none that the host can have"),
        ({"addresses": (address("127.0.0.1/8"),)}, Problem.INVALID_PARAMETER, "none that the host can have"),
        ({"addresses": (address("nonsense/24"),)}, Problem.INVALID_PARAMETER, "none that the host can have"),
        ({"addresses": (address("10.1.0.1/33"),)}, Problem.INVALID_PARAMETER, "none that the host can have"),
        ({"addresses": (address("10.1.0.1/24", ("10.2.0.1", "10.2.0.2")),)}, Problem.INVALID_PARAMETER, "range"),
        ({"addresses": (address("10.1.0.1/24", ("10.1.0.9", "10.1.0.2")),)}, Problem.INVALID_PARAMETER, "range"),
        ({"addresses": (address("10.1.0.1/24", ("a", "b")),)}, Problem.INVALID_PARAMETER, "range"),
        ({"addresses": (address("192.168.122.77/16"),)}, Problem.IN_USE, "overlap"),
        ({"addresses": (ADDRESS, address("10.1.0.3/28"))}, Problem.IN_USE, "overlap"),
        ({"vlans": Vlans(tags=(0,))}, Problem.INVALID_PARAMETER, "VLAN"),
        ({"vlans": Vlans(tags=(1, 2))}, Problem.INVALID_PARAMETER, "VLAN"),
        ({"port_groups": (PortGroup(name="a"), PortGroup(name="a"))}, Problem.INVALID_PARAMETER, "port groups"),
        ({"virtual_port": "<x>"}, Problem.INVALID_PARAMETER, "kind of switch"),
    ],
)
async def test_networks_that_cannot_be(world, admin, changes, problem, word):
    before = world.host
    error = await refused(create(world, admin, replace(SPEC, **changes)))
    assert (error.problem, word in error.message) == (problem, True), error.message
    assert world.host == before


async def test_a_network_that_active_systems_use_stays(world, admin):
    made = await create(world, admin)
    system = await world.define(NicSpec(source="new"), name="guest")
    stop = {"network": made, "active": False}
    await world.act(system, Action.START)
    for call in (
        world.operations.delete_network(admin, network=made),
        world.operations.change_network(admin, **stop),
    ):
        error = await refused(call)
        assert error.problem is Problem.IN_USE
        assert "guest" in error.message
    await world.act(system, Action.STOP)
    rests = await world.operations.change_network(admin, **stop)
    assert (rests.active, network(world, "new")) == (False, rests)
    error = await refused(world.define(NicSpec(source="new"), name="other"))
    assert error.problem is Problem.NOT_FOUND
    assert (await world.operations.change_network(admin, network=rests, active=True)) == made
    await world.operations.delete_network(admin, network=made)


async def test_autostart_is_set_and_what_is_so_is_no_change(world, admin):
    made = await create(world, admin)
    changed = await world.operations.change_network(admin, network=made, autostart=True)
    assert (changed.autostart, changed.active) == (True, True)
    world.inject(operation="change_network", problem=Problem.FAILED)
    assert await world.operations.change_network(admin, network=made, autostart=True, active=True) == changed


async def test_a_network_that_does_not_last_is_gone_when_stopped(world, admin, until):
    hypervisor = world.driver.hypervisor
    passing = replace(network(world, "isolated"), uuid="0a" * 4 + "-0a0a-4a0a-8a0a-" + "0a" * 6, name="passing")
    passing = replace(passing, persistent=False, autostart=False)
    hypervisor.add_host(replace(world.host, networks=(*world.host.networks, passing)))
    await until(lambda: network(world, "passing") is not None)
    error = await refused(world.operations.change_network(admin, network=passing, autostart=True))
    assert error.problem is Problem.INVALID_STATE
    assert await world.operations.change_network(admin, network=passing, active=False) is None
    assert network(world, "passing") is None


@pytest.mark.parametrize("after", [False, True])
async def test_a_network_whose_making_fails_is_taken_back(world, admin, after):
    world.driver.inject(Fault(operation="create_network", problem=Problem.TIMEOUT, after=after))
    assert (await refused(create(world, admin))).problem is Problem.TIMEOUT
    assert "new" not in [each.name for each in world.driver.hypervisor.hosts[world.host.id].networks]
    assert network(world, "new") is None


async def test_a_change_whose_end_is_unknown_is_taken_back(world, admin):
    made = await create(world, admin)
    world.driver.inject(Fault(operation="change_network", nth=1, problem=Problem.TIMEOUT, after=True))
    error = await refused(world.operations.change_network(admin, network=made, active=False, autostart=True))
    assert error.problem is Problem.TIMEOUT
    assert network(world, "new") == made


# Filters


async def test_a_filter_is_made_put_together_and_deleted(world, admin):
    made = await create_filter(world, admin)
    assert (made.rules, made.chain) == ((RULE,), "root")
    assert find_filter(world.inventory.generation, made.id) is made
    reference = FilterReference("no-mac-spoofing")
    grown = await world.operations.add_filter_reference(admin, filter=made, reference=reference)
    assert grown == replace(made, references=(reference,))
    there = filter_named(world.host.filters, "no-mac-spoofing")
    error = await refused(world.operations.delete_network_filter(admin, filter=there))
    assert error.problem is Problem.IN_USE
    assert "no-mail" in error.message
    twice = world.operations.add_filter_reference(admin, filter=made, reference=reference)
    assert (await refused(twice)).problem is Problem.ALREADY_EXISTS
    circle = world.operations.add_filter_reference(admin, filter=there, reference=FilterReference("no-mail"))
    assert (await refused(circle)).problem is Problem.INVALID_PARAMETER
    itself = world.operations.add_filter_reference(admin, filter=made, reference=FilterReference("no-mail"))
    assert (await refused(itself)).problem is Problem.INVALID_PARAMETER
    unknown = world.operations.add_filter_reference(admin, filter=made, reference=FilterReference("none"))
    assert (await refused(unknown)).problem is Problem.NOT_FOUND
    odd = FilterReference("no-mac-spoofing", (("a b", "c"),))
    badly = world.operations.add_filter_reference(admin, filter=made, reference=odd)
    assert (await refused(badly)).problem is Problem.INVALID_PARAMETER
    assert await world.operations.remove_filter_reference(admin, filter=grown, reference=reference) == made
    again = world.operations.remove_filter_reference(admin, filter=made, reference=reference)
    assert (await refused(again)).problem is Problem.NOT_FOUND
    await world.operations.delete_network_filter(admin, filter=made)
    assert filter_named(world.host.filters, "no-mail") is None
    assert (await refused(world.operations.delete_network_filter(admin, filter=made))).problem is Problem.NOT_FOUND


async def test_filters_are_an_administrators_affair(world, admin):
    operator = replace(admin, role=type(admin.role).OPERATOR)
    there = filter_named(world.host.filters, "no-mac-spoofing")
    reference = FilterReference("no-mac-spoofing")
    for call in (
        create_filter(world, operator),
        world.operations.delete_network_filter(operator, filter=there),
        world.operations.add_filter_reference(operator, filter=there, reference=reference),
        world.operations.remove_filter_reference(operator, filter=there, reference=reference),
    ):
        assert (await refused(call)).problem is Problem.ACCESS_DENIED


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "a b"}, Problem.INVALID_PARAMETER),
        ({"name": "no-mac-spoofing"}, Problem.ALREADY_EXISTS),
        ({"uuid": "X"}, Problem.INVALID_PARAMETER),
        ({"chain": "attic"}, Problem.INVALID_PARAMETER),
        ({"chain": "root-mine"}, Problem.INVALID_PARAMETER),
        ({"priority": 1001}, Problem.INVALID_PARAMETER),
        ({"rules": (replace(RULE, priority=-1001),)}, Problem.INVALID_PARAMETER),
        ({"rules": (replace(RULE, protocol=None),)}, Problem.INVALID_PARAMETER),
        ({"rules": (replace(RULE, protocol="x/><y"),)}, Problem.INVALID_PARAMETER),
        ({"rules": (replace(RULE, match=(("smell", "bad"),)),)}, Problem.INVALID_PARAMETER),
        ({"rules": (replace(RULE, match=(("state", ""),)),)}, Problem.INVALID_PARAMETER),
        ({"rules": (replace(RULE, match=(("state", "a\x00"),)),)}, Problem.INVALID_PARAMETER),
        ({"rules": (replace(RULE, match=(("state", "a"), ("state", "b"))),)}, Problem.INVALID_PARAMETER),
        ({"rules": (RULE,) * 1025}, Problem.INVALID_PARAMETER),
        ({"references": (FilterReference("none"),)}, Problem.NOT_FOUND),
        ({"references": (FilterReference("no-mac-spoofing", (("IP", ""),)),)}, Problem.INVALID_PARAMETER),
    ],
)
async def test_filters_that_cannot_be(world, admin, changes, problem):
    before = world.host
    assert (await refused(create_filter(world, admin, replace(FILTER, **changes)))).problem is problem
    assert world.host == before


@pytest.mark.parametrize("operation", ["create_filter", "add_filter_reference", "remove_filter_reference"])
async def test_a_change_of_filters_whose_end_is_unknown_is_taken_back(world, admin, operation):
    reference = FilterReference("no-mac-spoofing")
    has = operation == "remove_filter_reference"
    spec = replace(FILTER, references=(reference,) if has else ())
    made = None if operation == "create_filter" else await create_filter(world, admin, spec)
    before = world.host.filters
    world.driver.inject(Fault(operation=operation, problem=Problem.TIMEOUT, after=True))
    if made is None:
        call = create_filter(world, admin)
    else:
        call = getattr(world.operations, operation)(admin, filter=made, reference=reference)
    assert (await refused(call)).problem is Problem.TIMEOUT
    assert world.host.filters == before


async def test_a_filter_is_applied_to_every_configuration_of_a_nic(world, admin):
    made = await create_filter(world, admin)
    system = await world.define(NicSpec(), name="guest")
    system = await world.act(system, Action.START)
    [nic] = system.current.nics
    changed = await world.operations.apply_filter(admin, nic=nic, filter=made)
    assert [each.filter for each in changed] == ["no-mail", "no-mail"]
    now = world.named("guest")
    assert [each.nics[0].filter for each in now.configurations()] == ["no-mail", "no-mail"]
    error = await refused(world.operations.delete_network_filter(admin, filter=made))
    assert error.problem is Problem.IN_USE
    assert "guest" in error.message
    [nic] = now.defined.nics
    twice = world.operations.apply_filter(admin, nic=nic, filter=made)
    assert (await refused(twice)).problem is Problem.ALREADY_EXISTS
    other = filter_named(world.host.filters, "no-mac-spoofing")
    assert (await refused(world.operations.apply_filter(admin, nic=nic, filter=other))).problem is Problem.IN_USE
    wrong = world.operations.remove_filter(admin, nic=nic, filter=other)
    assert (await refused(wrong)).problem is Problem.NOT_FOUND
    await world.operations.remove_filter(admin, nic=nic, filter=made)
    assert [each.nics[0].filter for each in world.named("guest").configurations()] == [None, None]
    await world.operations.delete_network_filter(admin, filter=made)


async def test_a_filter_that_cannot_be_applied_at_once_is_not_applied_later(world, admin):
    made = await create_filter(world, admin)
    system = await world.act(await world.define(NicSpec(), name="guest"), Action.START)
    world.driver.inject(Fault(operation="modify_resource", nth=2, problem=Problem.NOT_SUPPORTED))
    error = await refused(world.operations.apply_filter(admin, nic=system.current.nics[0], filter=made))
    assert error.problem is Problem.NOT_SUPPORTED
    assert [each.nics[0].filter for each in world.named("guest").configurations()] == [None, None]


async def test_a_filter_needs_a_network_and_must_be_there(world):
    error = await refused(world.define(NicSpec(filter="none"), name="a"))
    assert error.problem is Problem.NOT_FOUND
    filtered = await world.define(NicSpec(filter="no-mac-spoofing"), name="b")
    assert filtered.defined.nics[0].filter == "no-mac-spoofing"
    assert (await world.define(name="c", reference=filtered.defined)).defined.nics[0].filter == "no-mac-spoofing"
    from_network = world.modify(
        NicSpec(allocation_id=filtered.defined.nics[0].id, connection=filtered.defined.nics[0].connection.USER)
    )
    error = await refused(from_network)
    assert (error.problem, error.subject) == (Problem.INVALID_PARAMETER, "filter")
