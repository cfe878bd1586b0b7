"""Processor Resource Virtualization (DSP1044): the virtual processors of a system.

Virtual processors are counted. Their limit and reservation are time of the host's processors, for all of them together:
in percent of one of these, in processors, or in hertz of the host's clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.punit import converts
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, Coded, Const, Write, own_property
from openvman.model.allocation import WHOLE_PROCESSOR, Affinity, ProcessorAllocation
from openvman.model.spec import ProcessorSpec
from openvman.profiles.devices import device_map
from openvman.profiles.host_resource import host_processors, parse_host_processors
from openvman.profiles.resource_allocation import allocation_map
from openvman.profiles.units import in_unit

_ENABLED, _OFFLINE = 1, 4  # CPU Enabled; CPU Is Idle is what the schema has for one that does not run
_COUNT: Final = "count"
_PARTS: Final = "percent/1000"
_HERTZ: Final = "hertz"
_MAPPINGS: Final = {Affinity.NONE: 2, Affinity.DEDICATED: 3, Affinity.SOFT: 4, Affinity.HARD: 5}
_ARCHITECTURES: Final = {
    "x86_64": ("DMTF:x86", "DMTF:x86:64"),
    "i686": ("DMTF:x86", "DMTF:x86:i686"),
    "aarch64": ("DMTF:ARM", "DMTF:ARM:A64"),
    "armv7l": ("DMTF:ARM", "DMTF:ARM:A32"),
    "ppc64": ("DMTF:Power", None),
    "ppc64le": ("DMTF:Power", None),
    "s390x": ("DMTF:S/390", "DMTF:S/390:z/Architecture"),
}
"""Architecture and instruction set of the schema's value maps, by what hypervisors call the architecture."""


@dataclass(frozen=True, slots=True)
class _Time:
    """Time of the host's processors: parts of one, or what the host's clock makes parts of."""

    parts: int | None = None
    hertz: int | None = None


def _time(quantity: Value, values: NameMap[Value]) -> _Time:
    units = values.get("AllocationUnits") or _PARTS
    if converts(units, _HERTZ):
        return _Time(hertz=in_unit(int(quantity), units, _HERTZ))
    if converts(units, _COUNT):
        return _Time(parts=in_unit(int(quantity) * WHOLE_PROCESSOR, units, _COUNT))
    return _Time(parts=in_unit(int(quantity), units, _PARTS))


def _count(quantity: Value, values: NameMap[Value]) -> int:
    return in_unit(int(quantity), values.get("VirtualQuantityUnits") or _COUNT, _COUNT)


def _spec(limit: _Time | None = None, reservation: _Time | None = None, **fields: Any) -> ProcessorSpec:
    top, floor = limit or _Time(), reservation or _Time()
    return ProcessorSpec(
        limit=top.parts, limit_hertz=top.hertz, reservation=floor.parts, reservation_hertz=floor.hertz, **fields
    )


def _named(place: int) -> Callable[[ProcessorAllocation], str | None]:
    return lambda a: _ARCHITECTURES.get(a.architecture or "", (None, None))[place]


PROCESSOR_SETTING = allocation_map(
    "ProcessorAllocationSettingData",
    "CIM_ProcessorAllocationSettingData",
    kind=ProcessorAllocation,
    description="The virtual processors that a configuration gives a virtual system.",
    resource_types=(3,),
    resource_type=Const(3),
    element_name=lambda a: f"{a.count} virtual processor{'' if a.count == 1 else 's'}",
    spec=_spec,
    properties={
        # Units are read beside the quantities that they belong to, so they are written with them.
        "AllocationUnits": Call(lambda _a: _PARTS, Write(None)),
        "Reservation": Attr("reservation", Write("reservation", _time)),
        "Limit": Attr("limit", Write("limit", _time)),
        "Weight": Attr("weight", Write("weight")),
        "VirtualQuantityUnits": Call(lambda _a: _COUNT, Write(None)),
        "VirtualQuantity": Attr("count", Write("count", _count)),
        "MaximumVirtualQuantity": Attr("maximum", Write("maximum", _count)),
        "MappingBehavior": Coded("affinity", _MAPPINGS, into="affinity"),
        "HostResource": Call(host_processors, Write("processors", parse_host_processors)),
        "ProcessorArchitecture": Call(_named(0)),
        "InstructionSet": Call(_named(1)),
        "AutomaticAllocation": Const(value=True),
        "AutomaticDeallocation": Const(value=True),
    },
    extras=(
        own_property(
            "MaximumVirtualQuantity", "uint64", "How many there can be without a restart, in VirtualQuantityUnits."
        ),
    ),
)

_OTHER, _UNKNOWN = 1, 2

PROCESSOR = device_map(
    "Processor",
    shows=lambda a: isinstance(a, ProcessorAllocation),
    description="A virtual processor.",
    element_name=lambda d: f"virtual processor {d.id.rpartition(':')[2]}",
    properties={
        "Role": Const("Central Processor"),
        "Family": Call(lambda d: _OTHER if d.allocation.architecture else _UNKNOWN),
        "OtherFamilyDescription": Attr("allocation.architecture"),
        "UpgradeMethod": Const(_UNKNOWN),
        "CPUStatus": Call(lambda d: _ENABLED if d.active else _OFFLINE),
        "NumberOfEnabledCores": Const(1),
    },
)
