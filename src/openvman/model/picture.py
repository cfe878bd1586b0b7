"""What declarations read from: the inventory's current generation and the server, as protocols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from openvman.model.allocation import Allocation
from openvman.model.host import Host
from openvman.model.server import Server
from openvman.model.system import Configuration, VirtualSystem


class Objects(Protocol):
    """An immutable generation of everything known; ``inventory.generation.Generation`` is one."""

    @property
    def hosts(self) -> Mapping[str, Host]: ...
    @property
    def systems(self) -> Mapping[str, VirtualSystem]: ...
    def host(self, host_id: str) -> Host | None: ...
    def system(self, system_id: str) -> VirtualSystem | None: ...
    def systems_of(self, host_id: str) -> Iterator[VirtualSystem]: ...
    def system_named(self, host_id: str, name: str) -> VirtualSystem | None: ...
    def configuration(self, configuration_id: str) -> Configuration | None: ...
    def allocation(self, allocation_id: str) -> Allocation | None: ...
    def configurations(self) -> Iterator[Configuration]: ...
    def allocations(self) -> Iterator[Allocation]: ...


@dataclass(frozen=True, slots=True)
class Picture:
    objects: Objects
    server: Server
