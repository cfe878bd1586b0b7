"""What decides what may be changed of an allocation that there is (DSP1043).

That is little: its kind, the configuration that it is in, its pool, a maximum or a limit here, a bus there. Allocations
of a host that agree in all this have one mutability in common, whose id bears it. What may be changed then is in
:mod:`openvman.model.changes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from math import gcd
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from openvman.model.allocation import (
    IDENTITY,
    NO_DEVICE,
    SHARED_FORMAT,
    Allocation,
    DeviceAllocation,
    DeviceKind,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    NicConnection,
    ProcessorAllocation,
    SerialAllocation,
)
from openvman.model.defaults import OTHER_PREFIX, TARGET_PREFIXES
from openvman.model.plugging import why_fixed
from openvman.model.resource import KIND_OF_DISK, ResourceKind, kind_of
from openvman.model.states import State
from openvman.model.system import Configuration, ConfigurationKind, VirtualSystem

_PART: Final = "/mutability/"
_PLUGGABLE: Final = frozenset({"virtio", "scsi", "usb"})
"""The buses that an active system's disks can be taken from."""
_OF_MACHINE: Final = frozenset({DeviceKind.BALLOON, DeviceKind.CONTROLLER, DeviceKind.VIDEO, "ps2"})
"""The devices, and the bus of those, that a hypervisor may put back as every machine has them."""
_STABLE: Final = (State.ACTIVE, State.DEFINED, State.SUSPENDED, State.PAUSED)


class Standing(StrEnum):
    """Where an allocation stands, as far as changes go."""

    DEFINED = "defined"
    ACTIVE = "active"
    """In force, and the guest runs."""
    PAUSED = "paused"
    """In force, and the guest does not run, or nobody knows: it takes no change."""


class Mark(StrEnum):
    """What the system decides beside the allocation's own fields."""

    REMOVABLE = "removable"
    """The running guest can let go of it."""
    NO_BALLOON = "no-balloon"
    """The running guest's memory cannot be taken back."""


class Decisive(NamedTuple):
    """What decides what may be changed of an allocation; ``key`` is all of it in words."""

    key: str
    standing: Standing
    fields: Mapping[str, Any]
    """Of the allocation."""
    mark: Mark | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mutability:
    """What allocations of one host have in common of which the same may be changed."""

    host_id: str
    decisive: Decisive
    example: Allocation
    """An allocation of that kind: its decisive fields are set, and nothing else of it means anything. Of a disk, the
    target is how targets begin; of memory, the size is divided by the same pages as that of them all."""

    @property
    def id(self) -> str:
        return f"{self.host_id}{_PART}{self.decisive.key}"

    @property
    def is_live(self) -> bool:
        """Whether a change reaches the guest at once."""
        return self.decisive.standing is not Standing.DEFINED

    @property
    def name(self) -> str:
        """For people."""
        return f"{kind_of(self.example)} ({self.decisive.standing})"

    @property
    def removed_in(self) -> tuple[State, ...]:
        """The states of the system in which the allocation can be removed."""
        if self.is_live:
            return (State.ACTIVE,) if self.decisive.mark is Mark.REMOVABLE else ()
        match self.example:
            case ProcessorAllocation() | MemoryAllocation():
                return ()
            case DeviceAllocation(kind=kind, bus=bus):
                return () if kind in _OF_MACHINE or bus in _OF_MACHINE else _STABLE
        return _STABLE


def key_in(id: str) -> tuple[str, str, str]:
    """The host's id and the key in a mutability's id, or in one that is ``<id of a mutability>/<more>``, and more."""
    host_id, _, rest = id.partition(_PART)
    key, _, more = rest.partition("/")  # which no key has in it
    return host_id, key, more


def decisive_of(system: VirtualSystem) -> Iterator[tuple[Allocation, Decisive]]:
    """Every allocation of every configuration, and what is decisive of it."""
    for configuration in system.configurations():
        standing = Standing.DEFINED
        if configuration.kind is ConfigurationKind.STATE:
            standing = Standing.ACTIVE if system.state is State.ACTIVE else Standing.PAUSED
        for allocation in configuration.allocations():
            yield allocation, _DECISIVE[type(allocation)](allocation, standing, configuration)


def mutability(host_id: str, allocation: Allocation, decisive: Decisive) -> Mutability:
    """The mutability of an allocation, made of nothing but what is decisive."""
    example = replace(_BLANK[type(allocation)], host_id=host_id, **decisive.fields)
    return Mutability(host_id=host_id, decisive=decisive, example=example)


@lru_cache(maxsize=4096)  # most allocations are like others
def _decisive(
    kind: ResourceKind, pool: str | None, standing: Standing, mark: Mark | None, names: tuple[str, ...], *values: Any
) -> Decisive:
    fields = {name: value for name, value in zip(names, values, strict=True) if value is not None}
    if pool is not None and pool != kind:
        fields["pool"] = pool
    # The kind of resource says all that an allocation's own kind does.
    words = [f"{name}={quote(str(value), safe='')}" for name, value in fields.items() if name != "kind"]
    return Decisive(":".join((standing, kind, *words, *(() if mark is None else (mark,)))), standing, fields, mark)


# --- what is decisive, by the type of the allocation ----------------------------------------------------------------


def _of_processors(one: ProcessorAllocation, standing: Standing, _configuration: Configuration) -> Decisive:
    maximum = None if standing is Standing.DEFINED else one.maximum
    kind, names = ResourceKind.PROCESSOR, ("maximum", "limit", "affinity")
    return _decisive(kind, one.pool, standing, None, names, maximum, one.limit, one.affinity)


def _of_memory(one: MemoryAllocation, standing: Standing, configuration: Configuration) -> Decisive:
    kind = ResourceKind.MEMORY
    if standing is Standing.DEFINED:
        both = gcd(one.size, one.maximum)  # pages are powers of two
        return _decisive(kind, one.pool, standing, None, ("maximum", "size"), one.maximum, both & -both)
    has_none = any(d.kind is DeviceKind.BALLOON and d.type == NO_DEVICE for d in configuration.devices)
    return _decisive(kind, one.pool, standing, Mark.NO_BALLOON if has_none else None, ("maximum",), one.maximum)


def _of_disk(one: DiskAllocation, standing: Standing, configuration: Configuration) -> Decisive:
    kind = KIND_OF_DISK[one.kind]
    if standing is Standing.DEFINED:
        begins = next((prefix for prefix in _PREFIXES if one.target.startswith(prefix)), "")
        names = ("kind", "bus", "target", "format")
        shared = SHARED_FORMAT if one.format == SHARED_FORMAT else None
        return _decisive(kind, one.pool, standing, None, names, one.kind, one.bus, begins, shared)
    may_go = one.kind is DiskKind.DISK and one.bus in _PLUGGABLE and one.target != configuration.boot_disk
    return _decisive(kind, one.pool, standing, Mark.REMOVABLE if may_go else None, ("kind",), one.kind)


def _of_nic(one: NicAllocation, standing: Standing, _configuration: Configuration) -> Decisive:
    mark = None if standing is Standing.DEFINED else Mark.REMOVABLE
    return _decisive(ResourceKind.NETWORK, one.pool, standing, mark, ("connection",), one.connection)


def _of_serial_port(one: SerialAllocation, standing: Standing, _configuration: Configuration) -> Decisive:
    return _decisive(ResourceKind.SERIAL, one.pool, standing, None, ())


def _of_device(one: DeviceAllocation, standing: Standing, _configuration: Configuration) -> Decisive:
    own = IDENTITY.get(one.kind, ())
    type, bus = one.type if "type" in own else None, one.bus if "bus" in own else None
    mark = None if standing is Standing.DEFINED or why_fixed(one) else Mark.REMOVABLE
    return _decisive(kind_of(one), one.pool, standing, mark, ("kind", "type", "bus"), one.kind, type, bus)


_PREFIXES: Final = tuple(dict.fromkeys((*TARGET_PREFIXES.values(), OTHER_PREFIX)))
_DECISIVE: Final[Mapping[type[Allocation], Callable[[Any, Standing, Configuration], Decisive]]] = {
    ProcessorAllocation: _of_processors,
    MemoryAllocation: _of_memory,
    DiskAllocation: _of_disk,
    NicAllocation: _of_nic,
    SerialAllocation: _of_serial_port,
    DeviceAllocation: _of_device,
}
_NOBODY: Final[dict[str, Any]] = dict.fromkeys(("id", "system_id", "configuration_id", "host_id"), "")
_BLANK: Final[Mapping[type[Allocation], Allocation]] = {
    ProcessorAllocation: ProcessorAllocation(**_NOBODY, count=0, maximum=0),
    MemoryAllocation: MemoryAllocation(**_NOBODY, size=0, maximum=0),
    DiskAllocation: DiskAllocation(
        **_NOBODY,
        target="",
        kind=DiskKind.DISK,
        bus="",
        source=None,
        format=None,
        capacity=None,
        read_only=False,
    ),
    NicAllocation: NicAllocation(**_NOBODY, mac="", model=None, connection=NicConnection.OTHER),
    SerialAllocation: SerialAllocation(**_NOBODY, port=0, has_log=False),
    DeviceAllocation: DeviceAllocation(**_NOBODY, kind=DeviceKind.CHANNEL, type=None),
}
