"""The address of a simulated platform.

``sim://[name][?option=value&…]``, where the options are

===============  ============================================================================  =========
hosts            how many hosts                                                                1
vms              how many virtual systems on each host                                         10
active           share of them that is active (``50%25`` or ``0.5``)                           0
paused           share that is paused                                                          0
suspended        share that is suspended                                                       0
seed             another number gives another fleet of the same shape                          0
processors       logical processors of each host                                               32
memory           memory of each host (``64GiB``)                                               what its systems need
latency          how long each call takes (``5ms``)                                            0
guest_latency    how long a guest takes to end or restart when asked                           0
fault            a fault rule, see :mod:`openvman.drivers.simulated.faults`; may be repeated   none
===============  ============================================================================  =========

The same address always describes the same fleet: names, identifiers, sizes and states.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from openvman.drivers.simulated.faults import Fault, parse_fault
from openvman.drivers.simulated.quantities import count, duration, refuse, share, size

MAXIMUM_SYSTEMS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What an address describes. Times in seconds, ``memory`` in bytes, shares from 0 to 1."""

    uri: str
    name: str = ""
    hosts: int = 1
    vms: int = 10
    active: float = 0.0
    paused: float = 0.0
    suspended: float = 0.0
    seed: int = 0
    processors: int = 32
    memory: int | None = None
    latency: float = 0.0
    guest_latency: float = 0.0
    faults: tuple[Fault, ...] = ()


_OPTIONS: Final[dict[str, Callable[[str], Any]]] = {
    "hosts": count,
    "vms": count,
    "active": share,
    "paused": share,
    "suspended": share,
    "seed": count,
    "processors": count,
    "memory": size,
    "latency": duration,
    "guest_latency": duration,
}


def parse(uri: str) -> Fleet:
    """Read an address. Raises ModelError INVALID_PARAMETER, naming the part at fault."""
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise refuse(f"the address of a simulated platform: {error}") from None
    if parts.scheme != "sim" or parts.path not in ("", "/") or parts.fragment or "@" in parts.netloc:
        # The address is not repeated: what stands in it by mistake may be a secret.
        raise refuse("the address of a simulated platform is sim://[name][?option=value&…] and no more")
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for option, text in parse_qsl(parts.query, keep_blank_values=True):
        if option == "fault":
            faults.append(parse_fault(text))
        elif option in values:
            raise refuse(f"{option} is given twice")
        elif option in _OPTIONS:
            values[option] = _OPTIONS[option](text)
        else:
            raise refuse(f"{option!r} is not an option of a simulated platform: {', '.join(_OPTIONS)}, fault")
    fleet = Fleet(uri=uri, name=parts.netloc, faults=tuple(faults), **values)
    if fleet.hosts * fleet.vms > MAXIMUM_SYSTEMS:
        raise refuse(f"{fleet.hosts} hosts with {fleet.vms} systems are more than {MAXIMUM_SYSTEMS} in all")
    if fleet.active + fleet.paused + fleet.suspended > 1:
        raise refuse("active, paused and suspended are more than 100% together")
    if fleet.processors == 0:
        raise refuse("a host needs at least one processor")
    return fleet
