"""What a definition comes to: the configuration that it would make, and what would be made or taken for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar

from openvman.model.allocation import (
    Allocation,
    DeviceAllocation,
    DiskAllocation,
    MemoryAllocation,
    NicAllocation,
    ProcessorAllocation,
    SerialAllocation,
)
from openvman.model.host import Host
from openvman.model.spec import Definition, ResourceSpec, SerialSpec
from openvman.model.system import Configuration, ConfigurationKind
from openvman.operations.images import Resolved
from openvman.operations.specs import local_id

A = TypeVar("A", bound=Allocation)


@dataclass(frozen=True, slots=True)
class Preview:
    """``configuration`` has every default filled in; ``effects`` are sentences without a subject: "make …"."""

    configuration: Configuration
    effects: tuple[str, ...]


def preview(
    definition: Definition, host: Host, disks: Sequence[Resolved], asked: Mapping[str, int], seed: str | None
) -> Preview:
    """``asked`` is what it takes of each pool; ``seed`` the path of the disk that is made of its cloud-init data."""
    effects = [f"define virtual system {definition.name!r} on host {host.name!r}"]
    for disk in disks:
        if disk.make:
            size = f"{disk.spec.capacity} bytes, {disk.spec.format}"
            effects.append(f"make the image {disk.make[0]!r} for disk {disk.spec.target} ({size})")
    if seed is not None:
        effects.append(f"make the disk {seed!r} of its cloud-init data")
    effects += [f"take {much} of pool {pool!r}" for pool, much in asked.items() if much]
    return Preview(_configuration(definition, [disk.spec for disk in disks]), tuple(effects))


def _configuration(definition: Definition, disks: Sequence[ResourceSpec]) -> Configuration:
    """As a driver would tell it once it is defined, but for what the hypervisor adds of its own."""
    id = f"{definition.id}/{ConfigurationKind.DEFINED}"

    def made(kind: type[A], spec: ResourceSpec, local: str | None = None, **more: Any) -> A:
        own = {f.name: f.default is not MISSING for f in fields(kind)}
        said = {f.name: getattr(spec, f.name) for f in fields(spec) if f.name in own}
        said = {name: value for name, value in said.items() if value is not None or not own[name]}
        base = {"id": f"{id}/{local or local_id(spec)}", "system_id": definition.id, "host_id": definition.host_id}
        return kind(**{**said, **base, **more}, configuration_id=id)

    serials = ((SerialSpec(port=0),) if definition.console_log else ()) + definition.serials
    names = {f.name for f in fields(Configuration)} & {f.name for f in fields(definition)}
    said = {name: getattr(definition, name) for name in names}
    parts = {
        "processor": made(ProcessorAllocation, definition.processor),
        "memory": made(MemoryAllocation, definition.memory),
        "disks": tuple(made(DiskAllocation, spec) for spec in disks),
        "nics": tuple(made(NicAllocation, spec) for spec in definition.nics),
        "serials": tuple(made(SerialAllocation, spec, has_log=definition.console_log) for spec in serials),
        "devices": tuple(made(DeviceAllocation, spec, f"device:{n}") for n, spec in enumerate(definition.devices)),
    }
    base = {"id": id, "system_id": definition.id, "kind": ConfigurationKind.DEFINED, "architecture": None}
    return Configuration(**{**said, **base, **parts})
