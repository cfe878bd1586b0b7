"""A generation: the whole picture at one time. Immutable; a new one shares what did not change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from rpds import HashTrieMap

from openvman.inventory.mutabilities import Mutabilities
from openvman.model.allocation import Allocation
from openvman.model.host import Host
from openvman.model.job import Job
from openvman.model.mutability import Mutability
from openvman.model.pool import consumption
from openvman.model.shelves import Shelves
from openvman.model.storage import PoolVolumes, volumes_id
from openvman.model.system import Configuration, VirtualSystem

# Name -> ids. A name is unique on its host, but what is read is not read at one instant: while a name passes from one
# system to another both may be seen with it, and neither may vanish from its host for that.
_Names: TypeAlias = "HashTrieMap[str, tuple[str, ...]]"

_Macs: TypeAlias = "HashTrieMap[tuple[str, str], tuple[str, ...]]"
"""(host id, MAC address) -> ids of the systems that have it."""


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """``hosts``, ``systems``, ``jobs`` and what storage pools hold, by id; ``_names`` is host id -> name -> system ids.

    ``_consumed`` is pool id -> how much of the pool systems have, ``_macs`` who has which MAC address. ``number`` grows
    by one with every publication.
    """

    number: int = 0
    hosts: Shelves[Host] = field(default_factory=Shelves)
    systems: Shelves[VirtualSystem] = field(default_factory=Shelves)
    jobs: Shelves[Job] = field(default_factory=Shelves)
    volumes: Shelves[PoolVolumes] = field(default_factory=Shelves)
    _names: HashTrieMap[str, _Names] = field(default_factory=HashTrieMap)
    _consumed: HashTrieMap[str, int] = field(default_factory=HashTrieMap)
    _macs: _Macs = field(default_factory=HashTrieMap)
    _mutabilities: Mutabilities = field(default_factory=Mutabilities)

    @property
    def whole(self) -> Generation:
        return self

    def host(self, host_id: str) -> Host | None:
        return self.hosts.get(host_id)

    def system(self, system_id: str) -> VirtualSystem | None:
        return self.systems.get(system_id)

    def job(self, job_id: str) -> Job | None:
        return self.jobs.get(job_id)

    def volumes_of(self, host_id: str, pool: str) -> PoolVolumes | None:
        """What a storage pool of the host holds; None while it is not active, or was not read yet."""
        return self.volumes.get(volumes_id(host_id, pool))

    def systems_of(self, host_id: str) -> Iterator[VirtualSystem]:
        """The systems of one host."""
        names = self._names.get(host_id)
        return iter(()) if names is None else (self.systems[i] for ids in names.values() for i in ids)

    def system_named(self, host_id: str, name: str) -> VirtualSystem | None:
        """The system of that name on the host; the one first seen with it when two are."""
        names = self._names.get(host_id)
        ids = None if names is None else names.get(name)
        return None if ids is None else self.systems.get(ids[0])

    def systems_named(self, name: str) -> Iterator[VirtualSystem]:
        """The systems of that name on all hosts. Costs in proportion to the hosts."""
        of_name = (names.get(name) or () for names in self._names.values())
        return (self.systems[i] for ids in of_name for i in ids)

    def configuration(self, configuration_id: str) -> Configuration | None:
        """By ``<system id>/<kind>``."""
        system = self.systems.get(configuration_id.partition("/")[0])
        if system is None:
            return None
        return next((c for c in system.configurations() if c.id == configuration_id), None)

    def allocation(self, allocation_id: str) -> Allocation | None:
        """By ``<system id>/<kind>/<local>``."""
        system_id, _, rest = allocation_id.partition("/")
        configuration = self.configuration(f"{system_id}/{rest.partition('/')[0]}")
        if configuration is None:
            return None
        return next((a for a in configuration.allocations() if a.id == allocation_id), None)

    def consumed(self, pool_id: str) -> int:
        """How much of a pool its systems have (see :func:`openvman.model.pool.consumption`)."""
        return self._consumed.get(pool_id) or 0

    def mutability(self, host_id: str, key: str) -> Mutability | None:
        """The mutability with this key, if allocations of systems of the host have it."""
        return self._mutabilities.get(host_id, key)

    def mutabilities_of(self, host_id: str) -> Iterator[Mutability]:
        """The mutabilities that allocations of the host's systems have."""
        return self._mutabilities.of_host(host_id)

    def has_same_systems(self, other: Generation) -> bool:
        """Whether hosts and virtual systems are certainly the same in both."""
        return self.hosts is other.hosts and self.systems is other.systems

    def has_mac(self, host_id: str, mac: str) -> tuple[str, ...]:
        """The ids of the host's systems that have the MAC address in one of their configurations."""
        return self._macs.get((host_id, mac)) or ()

    def following(
        self,
        *,
        hosts: Iterable[tuple[str, Host | None]] = (),
        systems: Iterable[tuple[str, VirtualSystem | None]] = (),
        jobs: Iterable[tuple[str, Job | None]] = (),
        volumes: Iterable[tuple[str, PoolVolumes | None]] = (),
    ) -> Generation:
        """The next generation: each (id, object) replaces, None removes. Costs in proportion to what is given."""
        names, macs = self._names, self._macs
        moved: Counter[str] = Counter()
        changed = dict(systems)
        for system_id, system in changed.items():
            before = self.systems.get(system_id)
            if _place(before) != _place(system):
                names = _with(_without(names, before), system)
            macs = _with_macs(macs, system_id, before, system)
            if system is not None:
                _add(moved, system, 1)
            if before is not None:
                _add(moved, before, -1)
        return Generation(
            self.number + 1,
            self.hosts.following(hosts),
            self.systems.following(changed.items()),
            self.jobs.following(jobs),
            self.volumes.following(volumes),
            names,
            _moved(self._consumed, moved),
            macs,
            self._mutabilities.following((self.systems.get(id), system) for id, system in changed.items()),
        )


def _place(system: VirtualSystem | None) -> tuple[str, str] | None:
    return None if system is None else (system.host_id, system.name)


def _add(moved: Counter[str], system: VirtualSystem, times: int) -> None:
    for pool_id, much in consumption(system).items():
        moved[pool_id] += much * times


def _moved(consumed: HashTrieMap[str, int], moved: Counter[str]) -> HashTrieMap[str, int]:
    """What is consumed of each pool, once so much more of it is."""
    for pool_id, change in moved.items():
        if change:
            amount = (consumed.get(pool_id) or 0) + change
            consumed = consumed.insert(pool_id, amount) if amount else consumed.discard(pool_id)
    return consumed


def _with_macs(macs: _Macs, system_id: str, before: VirtualSystem | None, after: VirtualSystem | None) -> _Macs:
    had, has = _macs_of(before), _macs_of(after)
    for key in had ^ has:
        others = tuple(id for id in macs.get(key) or () if id != system_id)
        ids = (*others, system_id) if key in has else others
        macs = macs.insert(key, ids) if ids else macs.discard(key)
    return macs


def _macs_of(system: VirtualSystem | None) -> frozenset[tuple[str, str]]:
    if system is None:
        return frozenset()
    configurations = system.configurations()
    return frozenset((system.host_id, nic.mac) for each in configurations for nic in each.nics)


def _with(names: HashTrieMap[str, _Names], system: VirtualSystem | None) -> HashTrieMap[str, _Names]:
    if system is None:
        return names
    of_host = names.get(system.host_id) or HashTrieMap()
    ids = of_host.get(system.name) or ()
    return names.insert(system.host_id, of_host.insert(system.name, (*ids, system.id)))


def _without(names: HashTrieMap[str, _Names], system: VirtualSystem | None) -> HashTrieMap[str, _Names]:
    if system is None:
        return names
    of_host = names[system.host_id]
    ids = tuple(i for i in of_host[system.name] if i != system.id)
    of_host = of_host.insert(system.name, ids) if ids else of_host.discard(system.name)
    return names.insert(system.host_id, of_host) if len(of_host) else names.discard(system.host_id)
