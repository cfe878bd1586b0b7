"""A platform that exists in memory only: fleets from counts, the rules of a real hypervisor, latencies and faults.

It serves demonstrations, and tests of everything above the drivers, through the same door as a real platform.
:mod:`openvman.drivers.simulated.address` documents the address, :mod:`openvman.drivers.simulated.faults` the faults.
"""

from __future__ import annotations

from pathlib import Path

from openvman.drivers.contract import Driver
from openvman.drivers.simulated.address import parse
from openvman.drivers.simulated.connection import SimulatedDriver
from openvman.drivers.simulated.faults import Fault

__all__ = ["Fault", "SimulatedDriver", "create"]


def create(uri: str, *, state: Path, deadline: float) -> Driver:  # noqa: ARG001 - a simulated fleet keeps no files
    """The driver of the fleet that ``uri`` describes. ``deadline`` (seconds) bounds every call.

    Raises ModelError INVALID_PARAMETER for an address that breaks the grammar. ``state`` is not used.
    """
    return SimulatedDriver(parse(uri), deadline=deadline)
