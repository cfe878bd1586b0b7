"""How to take back one act of a change, as data: what a failure runs at once, and a restart after a crash.

A step is written down before its act is begun. So each also means something when the act was never done: it then
changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import msgspec

from openvman.messages import images as images_rows
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.spec import (
    DeviceSpec,
    DiskSpec,
    MemorySpec,
    NicSpec,
    ProcessorSpec,
    ResourceSpec,
    SerialSpec,
    SystemSpec,
)
from openvman.model.storage import volume_in
from openvman.model.system import ConfigurationKind
from openvman.operations.context import Context
from openvman.operations.host_steps import HOST_STEPS
from openvman.operations.specs import closed, spec_of

_SPECS: Final[dict[str, type[ResourceSpec]]] = {
    kind.__name__: kind for kind in (ProcessorSpec, MemorySpec, DiskSpec, NicSpec, SerialSpec, DeviceSpec)
}


class Step(Protocol):
    """A dataclass of plain values. ``what`` says what it does: "delete the image /…"."""

    @property
    def what(self) -> str: ...

    async def run(self, context: Context) -> None:
        """Take the act back; nothing happens if it was not done. Raises ModelError when it cannot."""


@dataclass(frozen=True, slots=True)
class PackedSpec:
    """A resource's spec with the name of its type, so that it can be read again."""

    type: str
    fields: dict[str, Any]

    @classmethod
    def of(cls, spec: ResourceSpec) -> PackedSpec:
        assert getattr(spec, "password", None) is None, "what is stored is no secret"
        return cls(type(spec).__name__, msgspec.to_builtins(spec))

    def spec(self) -> ResourceSpec:
        return msgspec.convert(self.fields, _SPECS[self.type])


@dataclass(frozen=True, slots=True)
class DeleteImage:
    """There was nothing at ``path`` before, which may be a volume too."""

    host_id: str
    path: str

    @property
    def what(self) -> str:
        return f"delete the image {self.path}"

    async def run(self, context: Context) -> None:
        users = [
            system.name
            for system in context.inventory.generation.systems_of(self.host_id)
            if any(disk.source == self.path for each in system.configurations() for disk in each.disks)
        ]
        if users:
            raise ModelError(images_rows.IN_USE_BY_NOW, self.path, path=self.path, system=users[0])
        driver, volume = context.inventory.driver_of(self.host_id), volume_in(self.path)
        if volume is None:
            await driver.delete_image(self.host_id, self.path)
        else:
            await driver.delete_volume(self.host_id, volume)


@dataclass(frozen=True, slots=True)
class Undefine:
    host_id: str
    system_id: str
    name: str

    @property
    def what(self) -> str:
        return f"undefine virtual system {self.name!r}"

    async def run(self, context: Context) -> None:
        try:
            await context.inventory.driver_of(self.host_id).undefine(self.system_id)
        except ModelError as error:
            if error.problem is not Problem.NOT_FOUND:
                raise
        await context.inventory.refresh(self.system_id, self.host_id)


@dataclass(frozen=True, slots=True)
class AssignPools:
    """``members``: the child pools of the system's allocations, by local id, as they were."""

    system_id: str
    members: Mapping[str, str]

    @property
    def what(self) -> str:
        return f"put virtual system {self.system_id} back into its pools"

    async def run(self, context: Context) -> None:
        await context.pools.assign(self.system_id, self.members)


@dataclass(frozen=True, slots=True)
class RestoreSystem:
    """``spec`` says the settings that were changed, as they were."""

    host_id: str
    system_id: str
    spec: SystemSpec

    @property
    def what(self) -> str:
        return f"change the settings of virtual system {self.system_id} back"

    async def run(self, context: Context) -> None:
        await context.inventory.driver_of(self.host_id).modify_system(self.system_id, self.spec)
        await context.inventory.refresh(self.system_id, self.host_id)


@dataclass(frozen=True, slots=True)
class RestoreResource:
    """``spec`` says the settings that were changed, as they were, under the id that the allocation then has."""

    host_id: str
    system_id: str
    kind: ConfigurationKind
    spec: PackedSpec

    @property
    def what(self) -> str:
        return f"change {self.spec.fields['allocation_id']} back"

    async def run(self, context: Context) -> None:
        spec = self.spec.spec()
        found = await context.inventory.refresh(self.system_id, self.host_id)
        if found is not None and context.inventory.generation.allocation(spec.allocation_id or "") is not None:
            await context.inventory.driver_of(self.host_id).modify_resource(self.system_id, self.kind, closed(spec))
            await context.inventory.refresh(self.system_id, self.host_id)


@dataclass(frozen=True, slots=True)
class TakeAway:
    """Remove what was added."""

    host_id: str
    system_id: str
    kind: ConfigurationKind
    allocation_ids: Sequence[str]

    @property
    def what(self) -> str:
        return f"take away {', '.join(self.allocation_ids)}"

    async def run(self, context: Context) -> None:
        await context.inventory.refresh(self.system_id, self.host_id)
        there = [id for id in self.allocation_ids if context.inventory.generation.allocation(id) is not None]
        if there:
            driver = context.inventory.driver_of(self.host_id)
            await driver.remove_resources(self.system_id, self.kind, there)
            await context.inventory.refresh(self.system_id, self.host_id)


@dataclass(frozen=True, slots=True)
class PutBack:
    """Add what was removed; ``kept`` is what the configuration had beside.

    They are compared by what they are, for what is numbered may have another number by now.
    """

    host_id: str
    system_id: str
    kind: ConfigurationKind
    specs: Sequence[PackedSpec]
    kept: Sequence[PackedSpec]

    @property
    def what(self) -> str:
        return f"put {', '.join(str(spec.fields['allocation_id']) for spec in self.specs)} back"

    async def run(self, context: Context) -> None:
        await context.inventory.refresh(self.system_id, self.host_id)
        now = context.inventory.generation.configuration(f"{self.system_id}/{self.kind}")
        there = Counter(plain(spec_of(each)) for each in (() if now is None else now.allocations()))
        there -= Counter(plain(each.spec()) for each in self.kept)
        gone = list((Counter(plain(each.spec()) for each in self.specs) - there).elements())
        if gone:
            again = [closed(spec) for spec in gone]
            await context.inventory.driver_of(self.host_id).add_resources(self.system_id, self.kind, again)
            await context.inventory.refresh(self.system_id, self.host_id)


def plain(spec: ResourceSpec) -> ResourceSpec:
    """What it is, whatever it is called."""
    return replace(spec, allocation_id=None)


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Look what there is after all the others."""

    host_id: str
    system_ids: Sequence[str]

    @property
    def what(self) -> str:
        return "read the virtual systems again"

    async def run(self, context: Context) -> None:
        for system_id in self.system_ids:
            await context.inventory.refresh(system_id, self.host_id)


STEPS: Final[dict[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (
        DeleteImage,
        Undefine,
        AssignPools,
        RestoreSystem,
        RestoreResource,
        TakeAway,
        PutBack,
        ReadAgain,
        *HOST_STEPS,
    )
}
"""By the name under which each is stored."""


def stored_step(kind: str, record: bytes) -> Step:
    """A step as it was written. Raises ``msgspec.ValidationError`` for one that is not of its kind."""
    step: Step = msgspec.json.decode(record, type=STEPS[kind])
    return step
