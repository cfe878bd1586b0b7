"""Limits, weights, reservations, mappings and huge pages: what is asked for, and what an allocation has of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from openvman.client.units import bytes_per_unit

PERCENT: Final = "percent/1000"
MEGAHERTZ: Final = "hertz*10^6"
NOT_MAPPED, DEDICATED, HARD = 2, 3, 5
"""MappingBehavior of an allocation."""
_MAPPINGS: Final = {DEDICATED: "dedicated", 4: "soft", HARD: "hard"}
_NUMBER: Final = re.compile(r":(\d+)\"")


@dataclass(frozen=True, slots=True)
class Time:
    """Time of a host's processors; ``quantity`` in ``units``, of which 0 means none."""

    quantity: int
    units: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What to set; None is what was not said, and 0 or an empty list takes it away. Memory in bytes."""

    cpu_limit: Time | None = None
    cpu_reservation: Time | None = None
    cpu_weight: int | None = None
    cpu_pin: tuple[int, ...] | None = None
    cpu_dedicated: bool = False
    """The processors in ``cpu_pin`` are for this machine alone, one for each of its own."""
    memory_limit: int | None = None
    memory_reservation: int | None = None
    memory_maximum: int | None = None
    hugepages: int | None = None

    @property
    def of_processors(self) -> bool:
        return any(getattr(self, each.name) not in (None, False) for each in fields(self) if each.name[:3] == "cpu")

    @property
    def of_memory(self) -> bool:
        return any(getattr(self, each.name) is not None for each in fields(self) if each.name[:3] != "cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What a configuration has of it, None for nothing. Memory in bytes; time in percent of one of the host's."""

    cpu_limit: float | None = None
    cpu_reservation: float | None = None
    cpu_weight: int | None = None
    cpu_pin: tuple[int, ...] = ()
    cpu_mapping: str | None = None
    """``hard`` or ``dedicated``."""
    memory_limit: int | None = None
    memory_reservation: int | None = None
    memory_maximum: int | None = None
    hugepages: int | None = None


def tuned_of(processors: Sequence[Any], memories: Sequence[Any]) -> Tuned:
    """From the settings of a configuration's processors and memory."""
    cpu: Any = processors[0] if processors else {}
    memory: Any = memories[0] if memories else {}
    pins = [_NUMBER.search(str(path)) for path in cpu.get("HostResource") or ()]
    return Tuned(
        cpu_limit=_percent(cpu, "Limit"),
        cpu_reservation=_percent(cpu, "Reservation"),
        cpu_weight=_number(cpu, "Weight"),
        cpu_pin=tuple(int(found[1]) for found in pins if found),
        cpu_mapping=_MAPPINGS.get(int(cpu.get("MappingBehavior") or 0)),
        memory_limit=_bytes(memory, "Limit", "AllocationUnits"),
        memory_reservation=_bytes(memory, "Reservation", "AllocationUnits"),
        memory_maximum=_bytes(memory, "MaximumVirtualQuantity", "VirtualQuantityUnits"),
        hugepages=_number(memory, "HugePageSize"),
    )


def _number(instance: Any, name: str) -> int | None:
    value = instance.get(name)
    return None if value is None else int(value)


def _percent(instance: Any, name: str) -> float | None:
    value = _number(instance, name)
    return None if value is None or instance.get("AllocationUnits") != PERCENT else value / 1000


def _bytes(instance: Any, name: str, units: str) -> int | None:
    value, unit = _number(instance, name), bytes_per_unit(instance.get(units))
    return None if value is None or unit is None else value * unit
