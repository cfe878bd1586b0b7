"""The conformance suite's part about virtual networks and network filters."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from tests.drivers.subject import MAC, Requirement, Subject, refuses

from openvman.drivers.contract import HostChanged, SystemChanged
from openvman.messages.problem import Problem
from openvman.model.allocation import NicAllocation, NicConnection
from openvman.model.host import Host
from openvman.model.network import (
    AddressRange,
    Forward,
    NetworkAddress,
    NetworkSpec,
    PortGroup,
    VirtualNetwork,
    Vlans,
    network_named,
)
from openvman.model.network_filter import (
    FilterAction,
    FilterDirection,
    FilterReference,
    FilterRule,
    NetworkFilter,
    NetworkFilterSpec,
    filter_named,
)
from openvman.model.spec import NicSpec
from openvman.model.states import Action
from openvman.model.system import ConfigurationKind, VirtualSystem

DEFINED, STATE = ConfigurationKind.DEFINED, ConfigurationKind.STATE
ADDRESS = NetworkAddress(
    address="10.96.7.1",
    prefix=24,
    ranges=(AddressRange("10.96.7.10", "10.96.7.99"), AddressRange("10.96.7.200", "10.96.7.250")),
)
RULES = (
    FilterRule(
        action=FilterAction.DROP,
        direction=FilterDirection.OUT,
        priority=100,
        protocol="mac",
        match=(("source_mac", "$MAC"),),
        negated=True,
    ),
    FilterRule(
        action=FilterAction.ACCEPT,
        direction=FilterDirection.IN,
        protocol="tcp",
        match=(("source_address", "10.96.7.0"), ("source_mask", "24"), ("destination_port_first", "22")),
        stateful=False,
    ),
    FilterRule(action=FilterAction.DROP, direction=FilterDirection.INOUT, priority=1000),
)


def a_network(**changes: object) -> NetworkSpec:
    made = NetworkSpec(name=f"conformance-{uuid4()}", uuid=str(uuid4()), addresses=(ADDRESS,))
    return replace(made, **changes)  # type: ignore[arg-type]


def a_filter(**changes: object) -> NetworkFilterSpec:
    made = NetworkFilterSpec(name=f"conformance-{uuid4()}", uuid=str(uuid4()), rules=RULES)
    return replace(made, **changes)  # type: ignore[arg-type]


class NetworkConformance:
    """A part of :class:`tests.drivers.conformance.Conformance`."""

    async def test_a_network_comes_and_goes(self, subject: Subject) -> None:
        needs_networks(subject)
        subject.events.events.clear()
        spec = a_network(autostart=True, bridge="conf-new")
        await subject.driver.create_network(subject.host.id, spec)
        made = await network(subject, spec.name)
        assert made is not None
        assert (made.host_id, made.uuid, made.name) == (subject.host.id, spec.uuid, spec.name)
        assert (made.active, made.persistent, made.autostart) == (True, True, True)
        assert (made.forward, made.forward_device, made.addresses) == (Forward.ISOLATED, None, (ADDRESS,))
        assert made.bridge == "conf-new"
        assert made.name in (await host(subject)).network_names
        await subject.events.told(HostChanged(subject.host.id))
        for taken in (a_network(name=spec.name, addresses=()), a_network(uuid=spec.uuid, addresses=())):
            with refuses(Problem.ALREADY_EXISTS):
                await subject.driver.create_network(subject.host.id, taken)
        with refuses(Problem.ALREADY_EXISTS):
            await subject.driver.create_network(subject.host.id, a_network(bridge=made.bridge, addresses=()))
        assert await network(subject, spec.name) == made
        await subject.driver.delete_network(subject.host.id, made.uuid)
        assert await network(subject, spec.name) is None
        with refuses(Problem.NOT_FOUND):
            await subject.driver.delete_network(subject.host.id, made.uuid)

    async def test_what_leaves_a_network_is_routed(self, subject: Subject) -> None:
        needs_networks(subject)
        six = NetworkAddress(address="fd00:96::1", prefix=64)
        for forward in (Forward.NAT, Forward.ROUTE, Forward.OPEN):
            spec = a_network(forward=forward, addresses=(ADDRESS, six), forward_device=None, bridge="conf-routed")
            await subject.driver.create_network(subject.host.id, spec)
            made = await network(subject, spec.name)
            assert made is not None
            assert (made.forward, made.bridge, made.addresses) == (forward, "conf-routed", (ADDRESS, six))
            await subject.driver.delete_network(subject.host.id, made.uuid)

    async def test_a_network_on_a_bridge_of_the_host_with_port_groups(self, subject: Subject) -> None:
        needs_networks(subject)
        groups = (
            PortGroup(name="guests", default=True, vlans=Vlans(tags=(42,))),
            PortGroup(name="routers", vlans=Vlans(tags=(42, 43), trunk=True)),
        )
        spec = a_network(
            forward=Forward.BRIDGE,
            bridge="conf-br0",
            addresses=(),
            virtual_port="openvswitch",
            vlans=Vlans(tags=(7,)),
            port_groups=groups,
        )
        await subject.driver.create_network(subject.host.id, spec)
        made = await network(subject, spec.name)
        assert made is not None
        assert (made.forward, made.bridge, made.addresses) == (Forward.BRIDGE, "conf-br0", ())
        assert (made.virtual_port, made.vlans, made.port_groups) == ("openvswitch", Vlans(tags=(7,)), groups)

    async def test_a_network_rests_and_starts_again(self, subject: Subject) -> None:
        needs_networks(subject)
        spec = a_network()
        await subject.driver.create_network(subject.host.id, spec)
        made = await network(subject, spec.name)
        assert made is not None
        change = subject.driver.change_network
        subject.events.events.clear()
        await change(subject.host.id, made.uuid, active=False, autostart=True)
        assert await network(subject, spec.name) == replace(made, active=False, autostart=True)
        assert made.name not in (await host(subject)).network_names
        await subject.events.told(HostChanged(subject.host.id))
        await change(subject.host.id, made.uuid, active=False)
        await change(subject.host.id, made.uuid, active=True, autostart=False)
        assert await network(subject, spec.name) == made
        await change(subject.host.id, made.uuid)
        await change(subject.host.id, made.uuid, active=False)
        await subject.driver.delete_network(subject.host.id, made.uuid)
        with refuses(Problem.NOT_FOUND):
            await change(subject.host.id, made.uuid, active=True)

    # Filters

    async def test_a_filter_comes_and_goes(self, subject: Subject) -> None:
        spec = a_filter(chain="root")
        subject.events.events.clear()
        with subject.needs(Requirement.FILTERS):
            await subject.driver.create_filter(subject.host.id, spec)
        made = await filter(subject, spec.name)
        assert made is not None
        assert (made.host_id, made.uuid, made.name, made.chain) == (subject.host.id, spec.uuid, spec.name, "root")
        assert (plain(made.rules), made.references) == (plain(RULES), ())
        await subject.events.told(HostChanged(subject.host.id))
        for taken in (a_filter(name=spec.name), a_filter(uuid=spec.uuid)):
            with refuses(Problem.ALREADY_EXISTS):
                await subject.driver.create_filter(subject.host.id, taken)
        assert await filter(subject, spec.name) == made
        await subject.driver.delete_filter(subject.host.id, made.uuid)
        assert await filter(subject, spec.name) is None
        with refuses(Problem.NOT_FOUND):
            await subject.driver.delete_filter(subject.host.id, made.uuid)

    async def test_a_filter_with_what_no_rule_can_ask_is_refused(self, subject: Subject) -> None:
        strange = FilterRule(
            action=FilterAction.DROP, direction=FilterDirection.IN, protocol="ip", match=(("smell", "bad"),)
        )
        spec = a_filter(rules=(strange,))
        if Requirement.FILTERS not in subject.gaps:
            with refuses(Problem.INVALID_PARAMETER):
                await subject.driver.create_filter(subject.host.id, spec)
        assert await filter(subject, spec.name) is None

    async def test_filters_refer_to_each_other(self, subject: Subject) -> None:
        first, second = a_filter(), a_filter(chain="ipv4", priority=-700, rules=())
        driver, host_id = subject.driver, subject.host.id
        with subject.needs(Requirement.FILTERS):
            await driver.create_filter(host_id, first)
        before = await needed_filter(subject, first)
        await driver.create_filter(host_id, second)
        reference = FilterReference(second.name, (("IP", "10.96.7.10"),))
        await driver.add_filter_reference(host_id, before.uuid, reference)
        after = await needed_filter(subject, first)
        assert after == replace(before, references=(reference,))
        assert (await needed_filter(subject, second)).priority == -700
        with refuses(Problem.ALREADY_EXISTS):
            await driver.add_filter_reference(host_id, before.uuid, reference)
        with refuses(Problem.NOT_FOUND):
            await driver.add_filter_reference(host_id, before.uuid, FilterReference("conformance-no-such"))
        with refuses(Problem.INVALID_PARAMETER):
            await driver.add_filter_reference(host_id, str(second.uuid), FilterReference(first.name))
        with refuses(Problem.IN_USE):
            await driver.delete_filter(host_id, str(second.uuid))
        with refuses(Problem.NOT_FOUND):
            await driver.remove_filter_reference(host_id, before.uuid, FilterReference(second.name))
        await driver.remove_filter_reference(host_id, before.uuid, reference)
        assert await needed_filter(subject, first) == before
        third = a_filter(rules=(), references=(reference,))
        await driver.create_filter(host_id, third)
        assert (await needed_filter(subject, third)).references == (reference,)
        with refuses(Problem.NOT_FOUND):
            await driver.create_filter(host_id, a_filter(references=(FilterReference("conformance-no-such"),)))

    async def test_a_nic_is_filtered(self, subject: Subject) -> None:
        subject.lacks(Requirement.FILTERS)
        needs_networks(subject)
        spec = a_filter()
        await subject.driver.create_filter(subject.host.id, spec)
        with subject.needs(Requirement.NIC_FILTERS):
            system = await subject.define(nics=(nic(subject, filter=spec.name),))
        assert nic_of(system).filter == spec.name
        await subject.driver.modify_resource(system.id, DEFINED, NicSpec(allocation_id=nic_of(system).id, filter=""))
        assert nic_of(await subject.read(system.id)) == replace(nic_of(system), filter=None)
        back = NicSpec(allocation_id=nic_of(system).id, filter=spec.name)
        await subject.driver.modify_resource(system.id, DEFINED, back)
        assert await subject.read(system.id) == system
        await subject.driver.act(system.id, Action.START)
        assert nic_of(await subject.read(system.id), STATE).filter == spec.name
        with refuses(Problem.IN_USE):
            await subject.driver.delete_filter(subject.host.id, str(spec.uuid))

    async def test_the_filter_of_an_active_systems_nic_changes(self, subject: Subject) -> None:
        subject.lacks(Requirement.FILTERS)
        needs_networks(subject)
        first, second = a_filter(), a_filter(rules=())
        for spec in (first, second):
            await subject.driver.create_filter(subject.host.id, spec)
        system = await subject.active(nics=(nic(subject),))
        subject.events.events.clear()
        for name in (first.name, second.name, ""):
            change = NicSpec(allocation_id=nic_of(system, STATE).id, filter=name)
            with subject.needs(Requirement.NIC_FILTERS, Requirement.LIVE_FILTER):
                await subject.driver.modify_resource(system.id, STATE, change)
            after = await subject.read(system.id)
            assert nic_of(after, STATE) == replace(nic_of(system, STATE), filter=name or None)
            assert after.defined == system.defined
        await subject.events.told(SystemChanged(system.id))


def needs_networks(subject: Subject) -> None:
    if subject.networks is None:
        pytest.skip("the platform has no networks")


def nic(subject: Subject, **changes: object) -> NicSpec:
    assert subject.networks is not None
    made = NicSpec(mac=MAC, connection=NicConnection.NETWORK, source=subject.networks[0])
    return replace(made, **changes)  # type: ignore[arg-type]


def nic_of(system: VirtualSystem, kind: ConfigurationKind = DEFINED) -> NicAllocation:
    configuration = system.defined if kind is DEFINED else system.current
    assert configuration is not None
    return configuration.nics[0]


def plain(rules: tuple[FilterRule, ...]) -> list[FilterRule]:
    """Rules whose matches are in no order."""
    return [replace(rule, match=tuple(sorted(rule.match))) for rule in rules]


async def host(subject: Subject) -> Host:
    found = await subject.driver.read_host(subject.host.id)
    assert found is not None
    return found


async def network(subject: Subject, name: str) -> VirtualNetwork | None:
    return network_named((await host(subject)).networks, name)


async def filter(subject: Subject, name: str) -> NetworkFilter | None:
    return filter_named((await host(subject)).filters, name)


async def needed_filter(subject: Subject, spec: NetworkFilterSpec) -> NetworkFilter:
    found = await filter(subject, spec.name)
    assert found is not None
    return found
