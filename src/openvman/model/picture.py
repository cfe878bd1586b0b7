"""What declarations read from: the inventory's current generation and the server, as protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from openvman.model.allocation import Allocation
from openvman.model.host import Host
from openvman.model.indication import Subscriptions
from openvman.model.job import Job
from openvman.model.mutability import Mutability
from openvman.model.server import Server
from openvman.model.storage import PoolVolumes
from openvman.model.system import Configuration, VirtualSystem


class Objects(Protocol):
    """An immutable generation of everything known; ``inventory.generation.Generation`` is one."""

    @property
    def whole(self) -> Objects:
        """The same without any reduction."""

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
    def systems_named(self, name: str) -> Iterator[VirtualSystem]: ...
    def configuration(self, configuration_id: str) -> Configuration | None: ...
    def allocation(self, allocation_id: str) -> Allocation | None: ...
    def consumed(self, pool_id: str) -> int: ...
    def mutability(self, host_id: str, key: str) -> Mutability | None: ...
    def mutabilities_of(self, host_id: str) -> Iterator[Mutability]: ...


@dataclass(frozen=True, slots=True)
class Picture:
    objects: Objects
    server: Server
    subscriptions: Subscriptions = field(default_factory=Subscriptions)


class _Same:
    """The objects of another, one for one: what a part of them is made of."""

    def __init__(self, objects: Objects) -> None:
        self._all = objects

    @property
    def whole(self) -> Objects:
        return self._all.whole

    @property
    def hosts(self) -> Mapping[str, Host]:
        return self._all.hosts

    @property
    def systems(self) -> Mapping[str, VirtualSystem]:
        return self._all.systems

    @property
    def jobs(self) -> Mapping[str, Job]:
        return self._all.jobs

    @property
    def volumes(self) -> Mapping[str, PoolVolumes]:
        return self._all.volumes

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

    def systems_named(self, name: str) -> Iterator[VirtualSystem]:
        return self._all.systems_named(name)

    def configuration(self, configuration_id: str) -> Configuration | None:
        return self._all.configuration(configuration_id)

    def allocation(self, allocation_id: str) -> Allocation | None:
        return self._all.allocation(allocation_id)

    def consumed(self, pool_id: str) -> int:
        return self._all.consumed(pool_id)

    def mutability(self, host_id: str, key: str) -> Mutability | None:
        return self._all.mutability(host_id, key)

    def mutabilities_of(self, host_id: str) -> Iterator[Mutability]:
        return self._all.mutabilities_of(host_id)


class Withholding(_Same):
    """The objects of a generation without the jobs that ``shows`` says no to."""

    def __init__(self, objects: Objects, shows: Callable[[Job], bool]) -> None:
        super().__init__(objects)
        self._shows = shows

    @property
    def whole(self) -> Objects:
        return self

    @property
    def jobs(self) -> Mapping[str, Job]:
        return {job.id: job for job in self._all.jobs.values() if self._shows(job)}

    def job(self, job_id: str) -> Job | None:
        found = self._all.job(job_id)
        return found if found is not None and self._shows(found) else None


class Reduced(_Same):
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
        super().__init__(objects)
        self._hosts: Mapping[str, Host] = {} if host is None else {host.id: host}
        self._systems: Mapping[str, VirtualSystem] = {} if system is None else {system.id: system}
        self._jobs: Mapping[str, Job] = {} if job is None else {job.id: job}
        self._volumes: Mapping[str, PoolVolumes] = {} if volumes is None else {volumes.id: volumes}

    @property
    def hosts(self) -> Mapping[str, Host]:
        return self._hosts

    @property
    def systems(self) -> Mapping[str, VirtualSystem]:
        return self._systems

    @property
    def jobs(self) -> Mapping[str, Job]:
        return self._jobs

    @property
    def volumes(self) -> Mapping[str, PoolVolumes]:
        return self._volumes
