"""A generation: the whole picture at one time. Immutable; a new one shares what did not change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from rpds import HashTrieMap

from openvman.model.allocation import Allocation
from openvman.model.host import Host
from openvman.model.job import Job
from openvman.model.pool import consumption
from openvman.model.storage import PoolVolumes, volumes_id
from openvman.model.system import Configuration, VirtualSystem

# Name -> ids. A name is unique on its host, but what is read is not read at one instant: while a name passes from one
# system to another both may be seen with it, and neither may vanish from its host for that.
_Names: TypeAlias = "HashTrieMap[str, tuple[str, ...]]"


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """``hosts``, ``systems``, ``jobs`` and what storage pools hold, by id; ``_names`` is host id -> name -> system ids.

    ``_consumed`` is pool id -> how much of the pool systems have. ``number`` grows by one with every publication.
    """

    number: int = 0
    hosts: HashTrieMap[str, Host] = field(default_factory=HashTrieMap)
    systems: HashTrieMap[str, VirtualSystem] = field(default_factory=HashTrieMap)
    jobs: HashTrieMap[str, Job] = field(default_factory=HashTrieMap)
    volumes: HashTrieMap[str, PoolVolumes] = field(default_factory=HashTrieMap)
    _names: HashTrieMap[str, _Names] = field(default_factory=HashTrieMap)
    _consumed: HashTrieMap[str, int] = field(default_factory=HashTrieMap)

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

    def configurations(self) -> Iterator[Configuration]:
        for system in self.systems.values():
            yield from system.configurations()

    def allocations(self) -> Iterator[Allocation]:
        for configuration in self.configurations():
            yield from configuration.allocations()

    def consumed(self, pool_id: str) -> int:
        """How much of a pool its systems have (see :func:`openvman.model.pool.consumption`)."""
        return self._consumed.get(pool_id) or 0

    def following(
        self,
        *,
        hosts: Iterable[tuple[str, Host | None]] = (),
        systems: Iterable[tuple[str, VirtualSystem | None]] = (),
        jobs: Iterable[tuple[str, Job | None]] = (),
        volumes: Iterable[tuple[str, PoolVolumes | None]] = (),
    ) -> Generation:
        """The next generation: each (id, object) replaces, None removes. Costs in proportion to what is given."""
        all_hosts, all_systems, names, consumed = self.hosts, self.systems, self._names, self._consumed
        for host_id, host in hosts:
            all_hosts = all_hosts.discard(host_id) if host is None else all_hosts.insert(host_id, host)
        for system_id, system in systems:
            before = all_systems.get(system_id)
            if _place(before) != _place(system):
                names = _with(_without(names, before), system)
            consumed = _moved(consumed, before, system)
            all_systems = all_systems.discard(system_id) if system is None else all_systems.insert(system_id, system)
        all_jobs = self.jobs
        for job_id, job in jobs:
            all_jobs = all_jobs.discard(job_id) if job is None else all_jobs.insert(job_id, job)
        held = self.volumes
        for pool_id, found in volumes:
            held = held.discard(pool_id) if found is None else held.insert(pool_id, found)
        return Generation(self.number + 1, all_hosts, all_systems, all_jobs, held, names, consumed)


def _place(system: VirtualSystem | None) -> tuple[str, str] | None:
    return None if system is None else (system.host_id, system.name)


def _moved(
    consumed: HashTrieMap[str, int], before: VirtualSystem | None, after: VirtualSystem | None
) -> HashTrieMap[str, int]:
    given = {} if after is None else consumption(after)
    taken = {} if before is None else consumption(before)
    for pool_id in given.keys() | taken.keys():
        change = given.get(pool_id, 0) - taken.get(pool_id, 0)
        if change:
            amount = (consumed.get(pool_id) or 0) + change
            consumed = consumed.insert(pool_id, amount) if amount else consumed.discard(pool_id)
    return consumed


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
