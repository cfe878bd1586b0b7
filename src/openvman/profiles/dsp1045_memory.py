"""Memory Resource Virtualization (DSP1045): the memory of a virtual system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, Const, Write, own_property
from openvman.model.allocation import MemoryAllocation
from openvman.model.spec import MemorySpec
from openvman.profiles.devices import device_map
from openvman.profiles.resource_allocation import allocation_map
from openvman.profiles.units import in_unit

_UNITS: Final = "byte*2^10"
_KIB: Final = 2**10
_PAGE: Final = 4096
_NOT_MAPPED: Final = 2


def _size(units_property: str) -> Callable[[Value, NameMap[Value]], int]:
    def parse(quantity: Value, values: NameMap[Value]) -> int:
        units = values.get(units_property) or values.get("AllocationUnits") or _UNITS
        return in_unit(int(quantity), units, "byte")

    return parse


def _kib(size: int | None) -> int | None:
    return None if size is None else size // _KIB


MEMORY_SETTING = allocation_map(
    "MemoryAllocationSettingData",
    "CIM_MemoryAllocationSettingData",
    kind=MemoryAllocation,
    description="The memory that a configuration gives a virtual system.",
    resource_types=(4,),
    resource_type=Const(4),
    element_name=lambda a: f"{a.size // 2**20} MiB of memory",
    spec=MemorySpec,
    properties={
        # Units are read beside the quantities that they belong to, so they are written with them.
        "AllocationUnits": Call(lambda _a: _UNITS, Write(None)),
        "VirtualQuantityUnits": Call(lambda _a: _UNITS, Write(None)),
        "VirtualQuantity": Call(lambda a: a.size // _KIB, Write("size", _size("VirtualQuantityUnits"))),
        "MaximumVirtualQuantity": Call(lambda a: a.maximum // _KIB, Write("maximum", _size("VirtualQuantityUnits"))),
        "Reservation": Call(lambda a: _kib(a.reservation), Write("reservation", _size("AllocationUnits"))),
        "Limit": Call(lambda a: _kib(a.limit), Write("limit", _size("AllocationUnits"))),
        "HugePageSize": Attr("page_size", Write("page_size")),
        "MappingBehavior": Const(_NOT_MAPPED),
        "AutomaticAllocation": Const(value=True),
        "AutomaticDeallocation": Const(value=True),
    },
    extras=(
        own_property(
            "MaximumVirtualQuantity",
            "uint64",
            "How much the guest can be given without a restart, in VirtualQuantityUnits.",
        ),
        own_property(
            "HugePageSize", "uint64", "Bytes of the huge pages that the memory is made of; NULL, or 0 to ask for none."
        ),
    ),
)

_FIXED_BLOCK: Final = 2

MEMORY = device_map(
    "Memory",
    shows=lambda a: isinstance(a, MemoryAllocation),
    description="The memory of a virtual system.",
    element_name=lambda d: f"{d.allocation.size // 2**20} MiB of memory",
    properties={
        "Volatile": Const(True),
        "Access": Const(3),
        "BlockSize": Const(_PAGE),
        "NumberOfBlocks": Call(lambda d: d.allocation.maximum // _PAGE),
        "ConsumableBlocks": Call(lambda d: d.allocation.size // _PAGE),
        "Primordial": Const(False),
        "DataOrganization": Const(_FIXED_BLOCK),
    },
)
