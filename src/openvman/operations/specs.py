"""Specs and allocations compared and combined: pure functions that every phase uses."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import TypeVar, overload

from openvman.messages import resources as resources_rows
from openvman.model.allocation import (
    NO_DEVICE,
    OF_DIRECT,
    Allocation,
    DeviceAllocation,
    DeviceKind,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    ProcessorAllocation,
    SerialAllocation,
    device_local_id,
)
from openvman.model.device_tuning_rules import DISK_TUNING, NIC_TUNING
from openvman.model.errors import ModelError
from openvman.model.pool import Claim, total
from openvman.model.resource import KIND_OF_DISK, ResourceKind, device_resource, pool_name
from openvman.model.spec import (
    DEVICE_SETTINGS,
    DeviceSpec,
    DiskSpec,
    MemorySpec,
    NicSpec,
    ProcessorSpec,
    ResourceSpec,
    SerialSpec,
    SystemSpec,
)
from openvman.model.storage import storage_pool_name
from openvman.model.system import Configuration, ConfigurationKind

R = TypeVar("R", bound=ResourceSpec | SystemSpec)
S = TypeVar("S", bound=ResourceSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """The resource specs of one definition, by kind. A kind not asked for has an empty spec, or none."""

    processor: ProcessorSpec
    memory: MemorySpec
    disks: tuple[DiskSpec, ...]
    nics: tuple[NicSpec, ...]
    serials: tuple[SerialSpec, ...] = ()
    devices: tuple[DeviceSpec, ...] = ()


def sort(specs: Iterable[ResourceSpec]) -> Resources:
    """By kind, without the allocation ids; INVALID_PARAMETER for two of what a system has one of."""
    processors: list[ProcessorSpec] = []
    memories: list[MemorySpec] = []
    disks: list[DiskSpec] = []
    nics: list[NicSpec] = []
    serials: list[SerialSpec] = []
    devices: list[DeviceSpec] = []
    for spec in specs:
        match spec:
            case ProcessorSpec():
                processors.append(replace(spec, allocation_id=None))
            case MemorySpec():
                memories.append(replace(spec, allocation_id=None))
            case DiskSpec():
                disks.append(replace(spec, allocation_id=None))
            case NicSpec():
                nics.append(replace(spec, allocation_id=None))
            case SerialSpec():
                serials.append(replace(spec, allocation_id=None))
            case DeviceSpec():
                devices.append(replace(spec, allocation_id=None))
            case _:
                raise _unknown(spec)
    for kind, found in (("processors", processors), ("memory", memories)):
        if len(found) > 1:
            raise ModelError(resources_rows.TOO_MANY, kind, number=len(found), kind=kind)
    return Resources(
        processor=processors[0] if processors else ProcessorSpec(),
        memory=memories[0] if memories else MemorySpec(),
        disks=tuple(disks),
        nics=tuple(nics),
        serials=tuple(serials),
        devices=tuple(devices),
    )


@overload
def spec_of(allocation: ProcessorAllocation) -> ProcessorSpec: ...
@overload
def spec_of(allocation: MemoryAllocation) -> MemorySpec: ...
@overload
def spec_of(allocation: DiskAllocation) -> DiskSpec: ...
@overload
def spec_of(allocation: NicAllocation) -> NicSpec: ...
@overload
def spec_of(allocation: DeviceAllocation) -> DeviceSpec: ...
@overload
def spec_of(allocation: Allocation) -> ResourceSpec: ...
def spec_of(allocation: Allocation) -> ResourceSpec:
    """The spec that says all of what the allocation is."""
    pool = pool_name(allocation)
    match allocation:
        case ProcessorAllocation():
            return ProcessorSpec(
                allocation_id=allocation.id,
                pool=pool,
                count=allocation.count,
                maximum=allocation.maximum,
                weight=allocation.weight or 0,
                limit=allocation.limit or 0,
                reservation=allocation.reservation or 0,
                affinity=allocation.affinity,
                processors=allocation.processors,
            )
        case MemoryAllocation():
            return MemorySpec(
                allocation_id=allocation.id,
                pool=pool,
                size=allocation.size,
                maximum=allocation.maximum,
                limit=allocation.limit or 0,
                reservation=allocation.reservation or 0,
                page_size=allocation.page_size or 0,
            )
        case DiskAllocation():
            return DiskSpec(
                allocation_id=allocation.id,
                pool=pool,
                target=allocation.target,
                kind=allocation.kind,
                bus=allocation.bus,
                source=allocation.source or "",
                format=allocation.format,
                capacity=allocation.capacity,
                read_only=allocation.read_only,
                shareable=allocation.shareable,
                **{name: getattr(allocation, name) for name in DISK_TUNING},
            )
        case NicAllocation():
            return NicSpec(
                allocation_id=allocation.id,
                pool=pool,
                mac=allocation.mac,
                model=allocation.model,
                connection=allocation.connection,
                source=allocation.source or "",
                filter=allocation.filter or "",
                # That of an active system is the hypervisor's own, made anew for the next.
                target=allocation.target if allocation.configuration_id.endswith(ConfigurationKind.DEFINED) else None,
                **{name: getattr(allocation, name) for name in OF_DIRECT},
                **{name: getattr(allocation, name) for name in NIC_TUNING},
            )
        case SerialAllocation():
            return SerialSpec(allocation_id=allocation.id, pool=pool, port=allocation.port, address=allocation.address)
        case DeviceAllocation():
            said = {name: getattr(allocation, name) for name in DEVICE_SETTINGS}
            return DeviceSpec(allocation_id=allocation.id, pool=pool, **said)
    raise _unknown(allocation)


def closed(spec: S) -> S:
    """With a password that nobody knows, where one is to be and is not said: a screen that had a password is not open
    to everyone because nobody could say it again. Its owner sets another.
    """
    if isinstance(spec, DeviceSpec) and spec.has_password and spec.password is None:
        return replace(spec, password=secrets.token_urlsafe(6))
    return spec


def merged(spec: R, base: R) -> R:
    """``spec`` with what it does not say taken from ``base``."""
    missing = {f.name: getattr(base, f.name) for f in fields(spec) if getattr(spec, f.name) is None}
    return replace(spec, **missing)


def processors(spec: ProcessorSpec, base: ProcessorSpec) -> ProcessorSpec:
    """Merged; a count asked for above the base's maximum raises the maximum, unless that was asked for too."""
    full = merged(spec, base)
    if spec.maximum is None and (full.count or 0) > (full.maximum or 0):
        return replace(full, maximum=full.count)
    return full


def memory(spec: MemorySpec, base: MemorySpec) -> MemorySpec:
    """Merged; a size asked for above the base's maximum raises the maximum, unless that was asked for too."""
    full = merged(spec, base)
    if spec.maximum is None and (full.size or 0) > (full.maximum or 0):
        return replace(full, maximum=full.size)
    return full


def changes(spec: R, base: R) -> frozenset[str]:
    """The settings that ``spec`` says otherwise than ``base``."""
    said = ((f.name, getattr(spec, f.name)) for f in fields(spec))
    return frozenset(name for name, value in said if value is not None and value != getattr(base, name))


def said(spec: R, settings: Iterable[str]) -> R:
    """A spec that says nothing but these settings, of the same allocation or system."""
    keep = {*settings, "allocation_id", "system_id"}
    return type(spec)(**{f.name: getattr(spec, f.name) for f in fields(spec) if f.name in keep})


def local_id(spec: ResourceSpec) -> str:
    """The local part of the id that an allocation made from this (full) spec has."""
    match spec:
        case ProcessorSpec():
            return "processor"
        case MemorySpec():
            return "memory"
        case DiskSpec():
            return f"disk:{spec.target}"
        case NicSpec():
            return f"nic:{spec.mac}"
        case SerialSpec():
            return f"serial:{spec.port}"
        case DeviceSpec(allocation_id=str(allocation_id)):
            return allocation_id.split("/", 2)[2]  # nothing of which it is made can be modified
        case DeviceSpec():
            return f"{spec.kind or 'device'} {spec.type or ''}".strip()
    raise _unknown(spec)


def local_ids(specs: Iterable[ResourceSpec], there: Configuration | None = None) -> list[str]:
    """The local parts of the ids that allocations made from these (full) specs have beside those that are there."""
    numbers: Counter[DeviceKind] = Counter() if there is None else Counter(device.kind for device in there.devices)
    found: list[str] = []
    for spec in specs:
        if isinstance(spec, DeviceSpec) and spec.kind is not None and spec.allocation_id is None:
            number = numbers[spec.kind]
            found.append(
                device_local_id(
                    spec.kind, number, type=spec.type, bus=spec.bus, address=spec.address, source=spec.source
                )
            )
            numbers[spec.kind] += 1
        else:
            found.append(local_id(spec))
    return found


def resource_kind(spec: ResourceSpec) -> ResourceKind | None:
    """The kind of resource that a (full) spec asks for; None for one that does not say it."""
    match spec:
        case ProcessorSpec():
            return ResourceKind.PROCESSOR
        case MemorySpec():
            return ResourceKind.MEMORY
        case DiskSpec():
            return KIND_OF_DISK[spec.kind or DiskKind.DISK]
        case NicSpec():
            return ResourceKind.NETWORK
        case SerialSpec():
            return ResourceKind.SERIAL
        case DeviceSpec(kind=DeviceKind() as kind):
            return device_resource(kind, spec.bus)
    return None


def pool_of_spec(spec: ResourceSpec) -> str | None:
    """The name of the pool that a (full) spec asks of; None for one that does not say what it asks for."""
    kind = resource_kind(spec)
    return spec.pool or (None if kind is None else kind.value)


def amount(spec: ResourceSpec) -> int:
    """How much of its pool a (full) spec asks for; a disk's capacity is that of its image."""
    match spec:
        case ProcessorSpec():
            return spec.count or 0
        case MemorySpec():
            return spec.size or 0
        case DiskSpec(kind=DiskKind.DISK):
            return spec.capacity or 0
        case DeviceSpec(type=type) if type == NO_DEVICE:
            return 0
    return 1


def pool_claims(specs: Iterable[ResourceSpec]) -> list[Claim]:
    """What (full) specs ask of pools."""
    found: list[Claim] = []
    for spec in specs:
        name, kind = pool_of_spec(spec), resource_kind(spec)
        if name is not None and kind is not None:
            reservation = spec.reservation if isinstance(spec, ProcessorSpec | MemorySpec) else None
            thing = spec.source if isinstance(spec, DiskSpec) else None
            found.append(Claim(name, kind, amount(spec), reservation or None, thing or None))
    return found


def asked_of_pools(specs: Iterable[ResourceSpec]) -> dict[str, int]:
    """What (full) specs ask of each pool, by name; see :func:`openvman.model.pool.taken`."""
    return total(pool_claims(specs))


def child_pools(specs: Iterable[ResourceSpec], there: Configuration | None = None) -> dict[str, str]:
    """The child pools of ours that (full) specs name, by the local ids of the allocations; see :func:`local_ids`."""
    specs = tuple(specs)
    named = zip(local_ids(specs, there), specs, strict=True)
    return {
        local: spec.pool
        for local, spec in named
        if spec.pool is not None and spec.pool != resource_kind(spec) and storage_pool_name(spec.pool) is None
    }


def _unknown(thing: ResourceSpec | Allocation) -> ModelError:
    return ModelError(resources_rows.NO_SUCH_RESOURCE, "resource", type=type(thing).__name__)
