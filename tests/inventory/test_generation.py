"""Generations against a model of plain dictionaries."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from openvman.drivers.simulated.address import parse
from openvman.drivers.simulated.fleet import populate
from openvman.drivers.simulated.hypervisor import Hypervisor
from openvman.inventory.generation import Generation
from openvman.model.host import Host
from openvman.model.mutability import decisive_of
from openvman.model.pool import consumption, pool_id
from openvman.model.resource import ResourceKind
from openvman.model.states import State
from openvman.model.system import VirtualSystem

_fleet = Hypervisor(lambda _: None)
populate(_fleet, parse("sim://?hosts=3&vms=2&active=50%25"))
HOSTS = list(_fleet.hosts.values())
SYSTEMS = list(_fleet.systems.values())
NAMES = ("a", "b", "c")
MACS = ("52:54:00:00:00:01", "52:54:00:00:00:02")
SIZES = (2**26, 2**27)
STATES = (State.ACTIVE, State.PAUSED)


def _macs(system: VirtualSystem) -> set[str]:
    return {nic.mac for configuration in system.configurations() for nic in configuration.nics}


def _placed(system: VirtualSystem, host: Host, name: str, mac: str, size: int, state: State) -> VirtualSystem:
    """The system on the host, with the name, in the state if it is in force; its defined configuration has the address
    and as much memory."""
    assert system.defined is not None
    nics = tuple(replace(nic, mac=mac) for nic in system.defined.nics)
    defined = replace(system.defined, nics=nics, memory=replace(system.defined.memory, size=size))
    state = state if system.current is not None else system.state
    return replace(system, host_id=host.id, name=name, state=state, defined=defined)


class Generations(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.generation = Generation()
        self.hosts = {}
        self.systems = {}
        self.kept = []  # (generation, what it held when it was new)

    def follow(self, **changes) -> None:
        self.kept.append((self.generation, dict(self.hosts), dict(self.systems)))
        number = self.generation.number
        self.generation = self.generation.following(**changes)
        assert self.generation.number == number + 1

    @rule(host=st.sampled_from(HOSTS), online=st.booleans())
    def put_host(self, host, online) -> None:
        host = replace(host, online=online)
        self.follow(hosts=[(host.id, host)])
        self.hosts[host.id] = host

    @rule(host=st.sampled_from(HOSTS))
    def drop_host(self, host) -> None:
        self.follow(hosts=[(host.id, None)])
        self.hosts.pop(host.id, None)

    @rule(
        changes=st.dictionaries(
            st.sampled_from(range(len(SYSTEMS))),
            st.none() | st.tuples(*map(st.sampled_from, (HOSTS, NAMES, MACS, SIZES, STATES))),
        )
    )
    def put_systems(self, changes) -> None:
        told = []
        for index, place in changes.items():
            system = SYSTEMS[index]
            told.append((system.id, None if place is None else _placed(system, *place)))
        self.follow(systems=told)
        for system_id, system in told:
            self.systems.pop(system_id, None)
            if system is not None:
                self.systems[system_id] = system

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        assert dict(self.generation.hosts.items()) == self.hosts
        assert dict(self.generation.systems.items()) == self.systems
        for host in HOSTS:
            mine = {s.id for s in self.systems.values() if s.host_id == host.id}
            listed = [s.id for s in self.generation.systems_of(host.id)]
            assert len(listed) == len(mine)
            assert set(listed) == mine
            assert self.generation.host(host.id) is self.hosts.get(host.id)
            for name in NAMES:
                found = self.generation.system_named(host.id, name)
                bearers = [s for s in self.systems.values() if s.host_id == host.id and s.name == name]
                assert (found in bearers) if bearers else (found is None)

    @invariant()
    def finds_parts_by_id(self) -> None:
        for configuration in [c for s in self.systems.values() for c in s.configurations()]:
            assert self.generation.configuration(configuration.id) is configuration
            for allocation in configuration.allocations():
                assert self.generation.allocation(allocation.id) is allocation

    @invariant()
    def knows_who_has_an_address(self) -> None:
        for host in HOSTS:
            for mac in MACS:
                bearers = {s.id for s in self.systems.values() if s.host_id == host.id and mac in _macs(s)}
                found = self.generation.has_mac(host.id, mac)
                assert len(found) == len(bearers)
                assert set(found) == bearers

    @invariant()
    def counts_what_pools_give(self) -> None:
        wanted: Counter[str] = Counter()
        for system in self.systems.values():
            wanted.update(consumption(system))
        for host in HOSTS:
            for kind in ResourceKind:
                assert self.generation.consumed(pool_id(host.id, kind)) == wanted[pool_id(host.id, kind)]

    @invariant()
    def shares_mutabilities(self) -> None:
        before = self.kept[-1][0] if self.kept else Generation()
        for host in HOSTS:
            mine = (s for s in self.systems.values() if s.host_id == host.id)
            wanted = {decisive.key for system in mine for _, decisive in decisive_of(system)}
            found = {m.decisive.key: m for m in self.generation.mutabilities_of(host.id)}
            assert found.keys() == wanted
            for key in wanted:
                assert self.generation.mutability(host.id, key) is found[key]
                assert before.mutability(host.id, key) in (None, found[key])
            assert self.generation.mutability(host.id, "nothing") is None

    @invariant()
    def old_generations_stay(self) -> None:
        for generation, hosts, systems in self.kept[-5:]:
            assert dict(generation.hosts.items()) == hosts
            assert dict(generation.systems.items()) == systems


TestGenerations = Generations.TestCase


def test_what_is_not_there_is_none() -> None:
    generation = Generation().following(systems=[(SYSTEMS[0].id, SYSTEMS[0])])
    assert generation.configuration(f"{SYSTEMS[0].id}/other") is None
    assert generation.configuration("nobody/defined") is None
    assert generation.allocation(f"{SYSTEMS[0].id}/defined/disk:vdz") is None
    assert generation.allocation("nobody/defined/memory") is None
    assert generation.allocation("") is None


def test_a_name_that_passes_from_one_to_another_loses_neither() -> None:
    old, new = (replace(s, host_id=HOSTS[0].id, name="x") for s in SYSTEMS[:2])
    both = Generation().following(systems=[(old.id, old)]).following(systems=[(new.id, new)])
    assert {s.id for s in both.systems_of(HOSTS[0].id)} == {old.id, new.id}
    assert both.system_named(HOSTS[0].id, "x") is old
    one = both.following(systems=[(old.id, None)])
    assert one.system_named(HOSTS[0].id, "x") is new
