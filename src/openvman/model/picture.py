"""What declarations read from: the inventory's current generation and the server, as protocols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from openvman.model.allocation import Allocation
from openvman.model.host import Host
from openvman.model.indication import Subscriptions
from openvman.model.job import Job
from openvman.model.server import Server
from openvman.model.storage import PoolVolumes
from openvman.model.system import Configuration, VirtualSystem


class Objects(Protocol):
    """An immutable generation of everything known; ``inventory.generation.Generation`` is one."""

    @property
    def hosts(self) -> Mapping[str, Host]: ...
    @property
    def systems(self) -> Mapping[str, VirtualSystem]: ...
    @property
    def jobs(self) -> Mapping[str, Job]: ...
    @property
    def volumes(self) -> Mapping[str, PoolVolumes]: ...
    def host(self, host_id: str) -> Host | None: ...
    def system(self, system_id: str) -> VirtualSystem | None: ...
    def job(self, job_id: str) -> Job | None: ...
    def volumes_of(self, host_id: str, pool: str) -> PoolVolumes | None: ...
    def systems_of(self, host_id: str) -> Iterator[VirtualSystem]: ...
    def system_named(self, host_id: str, name: str) -> VirtualSystem | None: ...
    def configuration(self, configuration_id: str) -> Configuration | None: ...
    def allocation(self, allocation_id: str) -> Allocation | None: ...
    def configurations(self) -> Iterator[Configuration]: ...
    def allocations(self) -> Iterator[Allocation]: ...
    def consumed(self, pool_id: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Picture:
    objects: Objects
    server: Server
    subscriptions: Subscriptions = field(default_factory=Subscriptions)


class Reduced:
    """The objects of a generation, reduced to one aggregate: others are found by their ids, and not listed."""

    def __init__(
        self,
        objects: Objects,
        *,
        host: Host | None = None,
        system: VirtualSystem | None = None,
        job: Job | None = None,
        volumes: PoolVolumes | None = None,
    ) -> None:
        self._all = objects
        self.hosts: Mapping[str, Host] = {} if host is None else {host.id: host}
        self.systems: Mapping[str, VirtualSystem] = {} if system is None else {system.id: system}
        self.jobs: Mapping[str, Job] = {} if job is None else {job.id: job}
        self.volumes: Mapping[str, PoolVolumes] = {} if volumes is None else {volumes.id: volumes}

    def host(self, host_id: str) -> Host | None:
        return self._all.host(host_id)

    def system(self, system_id: str) -> VirtualSystem | None:
        return self._all.system(system_id)

    def job(self, job_id: str) -> Job | None:
        return self._all.job(job_id)

    def volumes_of(self, host_id: str, pool: str) -> PoolVolumes | None:
        return self._all.volumes_of(host_id, pool)

    def systems_of(self, host_id: str) -> Iterator[VirtualSystem]:
        return self._all.systems_of(host_id)

    def system_named(self, host_id: str, name: str) -> VirtualSystem | None:
        return self._all.system_named(host_id, name)

    def configuration(self, configuration_id: str) -> Configuration | None:
        return self._all.configuration(configuration_id)

    def allocation(self, allocation_id: str) -> Allocation | None:
        return self._all.allocation(allocation_id)

    def configurations(self) -> Iterator[Configuration]:
        for system in self.systems.values():
            yield from system.configurations()

    def allocations(self) -> Iterator[Allocation]:
        for configuration in self.configurations():
            yield from configuration.allocations()

    def consumed(self, pool_id: str) -> int:
        return self._all.consumed(pool_id)
