"""What becomes a CIM_AlertIndication: hosts lost and found, and what hypervisors tell of virtual systems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from openvman.cim.values import Value
from openvman.mapping.declare import AlertRow
from openvman.messages import alerts
from openvman.messages.message import OWNING_ENTITY, AlertMessage, Said
from openvman.model.alert import FaultKind, SystemFault
from openvman.model.host import Host
from openvman.model.picture import Picture
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM

_FAULTS: Final = {FaultKind.CRASHED: alerts.SYSTEM_CRASHED, FaultKind.IO_ERROR: alerts.SYSTEM_IO_ERROR}
_UNTOLD: Final = "the hypervisor told no more"


def _alert(said: Said) -> dict[str, Value]:
    row = said.message
    assert isinstance(row, AlertMessage), "failures are no alerts"
    return {
        "EventID": row.event,
        "AlertType": row.type,
        "PerceivedSeverity": row.severity,
        "ProbableCause": row.cause,
        "OwningEntity": OWNING_ENTITY,
        "MessageID": row.id,
        "Message": said.text,
        "Description": said.text,
        "MessageArguments": said.variables,
        "RecommendedActions": (said.action,) if said.action else None,
    }


def of_change(before: Any, after: Any) -> Iterator[AlertRow]:
    """A host that was reached is not, or is again."""
    if not isinstance(before, Host) or not isinstance(after, Host) or before.online == after.online:
        return
    row = alerts.HOST_FOUND if after.online else alerts.HOST_LOST
    yield AlertRow((HOST_SYSTEM, after), _alert(row.said(host=after)))


def of_fault(picture: Picture, fault: SystemFault) -> Iterator[AlertRow]:
    """What a hypervisor told of a system that is (still) there."""
    system = picture.objects.system(fault.system_id)
    if system is None:
        return
    said = _FAULTS[fault.kind].said(system=system, detail=fault.detail or _UNTOLD)
    yield AlertRow((COMPUTER_SYSTEM, system), _alert(said))
