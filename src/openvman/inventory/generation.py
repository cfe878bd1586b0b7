"""A generation: the whole picture at one time. Immutable; a new one shares what did not change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rpds import HashTrieMap

from openvman.model.allocation import Allocation
from openvman.model.host import Host
from openvman.model.system import Configuration, VirtualSystem

_Names = HashTrieMap[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """``hosts`` and ``systems`` by id; ``_names`` is host id -> system name -> system id."""

    number: int = 0
    hosts: HashTrieMap[str, Host] = field(default_factory=HashTrieMap)
    systems: HashTrieMap[str, VirtualSystem] = field(default_factory=HashTrieMap)
    _names: HashTrieMap[str, _Names] = field(default_factory=HashTrieMap)

    def host(self, host_id: str) -> Host | None:
        return self.hosts.get(host_id)

    def system(self, system_id: str) -> VirtualSystem | None:
        return self.systems.get(system_id)

    def systems_of(self, host_id: str) -> Iterator[VirtualSystem]:
        """The systems of one host."""
        names = self._names.get(host_id)
        return iter(()) if names is None else (self.systems[i] for i in names.values())

    def system_named(self, host_id: str, name: str) -> VirtualSystem | None:
        names = self._names.get(host_id)
        found = None if names is None else names.get(name)
        return None if found is None else self.systems.get(found)

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

    def following(
        self,
        *,
        hosts: Iterable[tuple[str, Host | None]] = (),
        systems: Iterable[tuple[str, VirtualSystem | None]] = (),
    ) -> Generation:
        """The next generation: each (id, object) replaces, None removes. Costs in proportion to what is given."""
        all_hosts, all_systems, names = self.hosts, self.systems, self._names
        for host_id, host in hosts:
            all_hosts = all_hosts.discard(host_id) if host is None else all_hosts.insert(host_id, host)
        for system_id, system in systems:
            before = all_systems.get(system_id)
            if before is not None:
                of_host = names.get(before.host_id)
                if of_host is not None and of_host.get(before.name) == system_id:
                    names = names.insert(before.host_id, of_host.remove(before.name))
            if system is None:
                all_systems = all_systems.discard(system_id)
            else:
                all_systems = all_systems.insert(system_id, system)
                of_host = names.get(system.host_id)
                names = names.insert(system.host_id, (of_host or _Names()).insert(system.name, system_id))
        return Generation(self.number + 1, all_hosts, all_systems, names)
