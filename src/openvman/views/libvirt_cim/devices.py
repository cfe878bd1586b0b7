"""What a guest has, as libvirt-cim shows it: seven kinds of settings, and the devices that they make.

What a guest has beside these (serial ports, video adapters, watchdogs and so on) libvirt-cim's clients do not expect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from openvman.mapping.declare import Call, ClassMap, Const, itself
from openvman.model.allocation import Allocation
from openvman.model.spec import MemorySpec, ProcessorSpec, ResourceSpec
from openvman.views.libvirt_cim.device_kinds import KindRow, kind_rows
from openvman.views.libvirt_cim.device_values import allocation_in, disk_pool, network_pool, of_type
from openvman.views.libvirt_cim.names import (
    device_name,
    guest_in_id,
    guest_system,
    keys_on_guest,
    pool_name,
    setting_name,
)
from openvman.views.libvirt_cim.scope import INSTANCE_ID, Scope, Seen
from openvman.views.libvirt_cim.systems import PLAIN_STATE, Systems

SETTING: Final = "ResourceAllocationSettingData"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of what a guest has: the class of its settings, and that of its devices."""

    row: KindRow
    setting: ClassMap
    device: ClassMap

    @property
    def pool(self) -> str:
        """The first part of the names of its pools."""
        return self.row.pool


@dataclass(frozen=True, slots=True)
class Asked:
    """What an embedded instance asks for: of the allocation of the active guest, of that of the next activation
    (``defined``), or of both."""

    spec: ResourceSpec
    active: str | None = None
    defined: str | None = None

    def specs(self) -> Iterator[ResourceSpec]:
        """Of each allocation. A definition has no more processors or memory in reserve than are asked for."""
        if self.active is not None:
            yield replace(self.spec, allocation_id=self.active)
        if self.defined is not None:
            yield replace(self.whole, allocation_id=self.defined)

    @property
    def whole(self) -> ResourceSpec:
        """Of a definition: libvirt-cim knows no maximum beside what there is."""
        match self.spec:
            case ProcessorSpec(count=int(count)):
                return replace(self.spec, maximum=count)
            case MemorySpec(size=int(size)):
                return replace(self.spec, maximum=size)
        return self.spec


def in_definition(seen: Seen) -> Allocation | None:
    """The same allocation of the next activation, where another is in force."""
    defined = seen.system.defined
    if defined is None or defined is seen.system.effective:
        return None
    local = seen.of.local_id
    return next((allocation for allocation in defined.allocations() if allocation.local_id == local), None)


def _identity(seen: Seen) -> dict[str, Any]:
    defined, is_active = in_definition(seen), seen.system.effective is seen.system.current
    if not is_active:
        return {"allocation_id": seen.of.id, "active": None, "defined": seen.of.id}
    return {"allocation_id": seen.of.id, "active": seen.of.id, "defined": None if defined is None else defined.id}


def _asking(spec: Callable[..., ResourceSpec]) -> Callable[..., Asked]:
    def made(active: str | None = None, defined: str | None = None, **said: Any) -> Asked:
        return Asked(spec(**said), active, defined)

    return made


def kinds(scope: Scope, systems: Systems) -> tuple[Kind, ...]:
    """What guests have, in the order of the rows."""
    rows = kind_rows(of_containers=scope.of_containers)
    return tuple(Kind(row, _setting(row, scope), _device(row, scope, systems)) for row in rows)


def _setting(row: KindRow, scope: Scope) -> ClassMap:
    return scope.of_system(
        (row.of_setting,),
        name=f"{row.name}{SETTING}",
        cim=f"{scope.prefix}_{SETTING}",
        description=row.description,
        guest=guest_in_id,
        fits=row.fits,
        keys={INSTANCE_ID: Call(setting_name)},
        properties={
            "ResourceType": Const(row.types[0]),
            "VirtualQuantityUnits": Const("count"),
            **row.asked,
        },
        extras=row.extras,
        subject=itself,
        identity=_identity,
        spec=_asking(row.spec),
        accepts=of_type(*row.types),
    )


def _device(row: KindRow, scope: Scope, systems: Systems) -> ClassMap:
    return scope.of_system(
        row.of_device,
        name=row.device,
        cim=f"CIM_{row.device}",
        description=row.device_description or row.description,
        guest=guest_system,
        fits=row.fits,
        keys=keys_on_guest(systems.guest, "DeviceID", Call(device_name)),
        properties={**PLAIN_STATE, **row.shown},
        extras=row.device_extras,
        kind=None,
    )


def pool_for(seen: Seen, kind: Kind) -> str:
    """The name of the pool that an allocation or device is from."""
    alike = Seen(seen.host, seen.system, allocation_in(seen))
    match kind.pool:
        case "DiskPool":
            return disk_pool(alike)
        case "NetworkPool":
            return network_pool(alike)
    return pool_name(kind.pool)
