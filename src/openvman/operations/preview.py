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
from openvman.model.spec import Definition, ResourceSpec
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

    return Configuration(
        id=id,
        system_id=definition.id,
        host_id=definition.host_id,
        kind=ConfigurationKind.DEFINED,
        name=definition.name,
        hypervisor=definition.hypervisor,
        description=definition.description,
        autostart=definition.autostart,
        on_crash=definition.on_crash,
        architecture=None,
        machine=definition.machine,
        processor=made(ProcessorAllocation, definition.processor),
        memory=made(MemoryAllocation, definition.memory),
        boot_order=definition.boot_order,
        firmware=definition.firmware,
        kernel=definition.kernel,
        initrd=definition.initrd,
        command_line=definition.command_line,
        disks=tuple(made(DiskAllocation, spec) for spec in disks),
        nics=tuple(made(NicAllocation, spec) for spec in definition.nics),
        serials=tuple(made(SerialAllocation, spec, has_log=definition.console_log) for spec in definition.serials),
        devices=tuple(
            made(DeviceAllocation, spec, f"device:{number}") for number, spec in enumerate(definition.devices)
        ),
    )
