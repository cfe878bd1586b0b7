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
churn            changes of state a second that nobody asked for                               0
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
from openvman.drivers.simulated.quantities import count, duration, share, size
from openvman.messages import hypervisor, simulated
from openvman.model.errors import ModelError

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
    churn: int = 0
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
    "churn": count,
}


def parse(uri: str) -> Fleet:
    """Read an address. Raises ModelError INVALID_PARAMETER, naming the part at fault."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise ModelError(hypervisor.ADDRESS_UNREADABLE, "platform") from None
    if parts.scheme != "sim" or parts.path not in ("", "/") or parts.fragment or "@" in parts.netloc:
        # The address is not repeated: what stands in it by mistake may be a secret.
        raise ModelError(simulated.FORM, "platform")
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for option, text in parse_qsl(parts.query, keep_blank_values=True):
        if option == "fault":
            faults.append(parse_fault(text))
        elif option in values:
            raise ModelError(simulated.GIVEN_TWICE, "platform", option=option)
        elif option in _OPTIONS:
            values[option] = _OPTIONS[option](text)
        else:
            raise ModelError(simulated.NO_OPTION, "platform", option=option, options=(*_OPTIONS, "fault"))
    fleet = Fleet(uri=uri, name=parts.netloc, faults=tuple(faults), **values)
    if fleet.hosts * fleet.vms > MAXIMUM_SYSTEMS:
        raise ModelError(simulated.TOO_MANY_SYSTEMS, "platform", hosts=fleet.hosts, vms=fleet.vms, most=MAXIMUM_SYSTEMS)
    if fleet.active + fleet.paused + fleet.suspended > 1:
        raise ModelError(simulated.SHARES, "platform")
    if fleet.processors == 0:
        raise ModelError(simulated.HOST_PROCESSORS, "platform")
    return fleet
