"""What becomes a CIM_AlertIndication: hosts lost and found, and what hypervisors tell of virtual systems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from openvman.cim.values import Value
from openvman.mapping.declare import AlertRow
from openvman.model.alert import FaultKind, SystemFault
from openvman.model.host import Host
from openvman.model.picture import Picture
from openvman.model.states import State
from openvman.model.system import VirtualSystem
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM

_COMMUNICATIONS: Final = 2
_PROCESSING: Final = 4
_DEVICE: Final = 5
_INFORMATION: Final = 2
_MAJOR: Final = 5
_CRITICAL: Final = 6
_IO_DEVICE_ERROR: Final = 24
_ABNORMAL_END: Final = 48
_RESOURCE_UNAVAILABLE: Final = 57
_CLEARED: Final = 59

# kind -> id, type, severity, probable cause (CIM_AlertIndication's ValueMaps), what is said of the system
_FAULTS: Final = {
    FaultKind.CRASHED: ("VMAN-CRASHED", _PROCESSING, _CRITICAL, _ABNORMAL_END, "has crashed"),
    FaultKind.IO_ERROR: ("VMAN-IO-ERROR", _DEVICE, _MAJOR, _IO_DEVICE_ERROR, "has an input/output error"),
}


def _alert(id: str, type: int, severity: int, cause: int, message: str, arguments: tuple[str, ...]) -> dict[str, Value]:
    return {
        "EventID": id,
        "AlertType": type,
        "PerceivedSeverity": severity,
        "ProbableCause": cause,
        "Message": message,
        "Description": message,
        "MessageArguments": arguments,
    }


def of_change(before: Any, after: Any) -> Iterator[AlertRow]:
    """A host that was reached is not, or is again."""
    if not isinstance(before, Host) or not isinstance(after, Host) or before.online == after.online:
        return
    if after.online:
        row = ("VMAN-HOST-FOUND", _COMMUNICATIONS, _INFORMATION, _CLEARED, f"Host {after.name} answers again.")
    else:
        row = ("VMAN-HOST-LOST", _COMMUNICATIONS, _CRITICAL, _RESOURCE_UNAVAILABLE, f"Host {after.name} is lost.")
    yield AlertRow((HOST_SYSTEM, after), _alert(*row, (after.name,)))


def _named(fault: SystemFault) -> VirtualSystem:
    """As much of a system that nobody can read as it takes to name it."""
    return VirtualSystem(
        id=fault.system_id, host_id="", name=fault.name, state=State.UNKNOWN, defined=None, current=None
    )


def of_fault(picture: Picture, fault: SystemFault) -> Iterator[AlertRow]:
    """What a hypervisor told of a system, be it gone already."""
    system = picture.objects.system(fault.system_id) or _named(fault)
    id, type, severity, cause, what = _FAULTS[fault.kind]
    detail = "" if fault.detail is None else f": {fault.detail}"
    message = f"Virtual system {system.name} {what}{detail}."
    arguments = (system.name,) if fault.detail is None else (system.name, fault.detail)
    yield AlertRow((COMPUTER_SYSTEM, system), _alert(id, type, severity, cause, message, arguments))
