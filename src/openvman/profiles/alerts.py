"""What becomes a CIM_AlertIndication: hosts lost and found, jobs that have ended, and what hypervisors tell of virtual
systems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from openvman.cim.values import Value
from openvman.mapping.declare import AlertRow
from openvman.messages import alerts
from openvman.messages.message import OWNING_ENTITY, AlertMessage, Said
from openvman.model.alert import FaultKind, SystemFault
from openvman.model.host import Host
from openvman.model.job import Job, JobState
from openvman.model.picture import Picture
from openvman.model.states import State
from openvman.model.system import VirtualSystem
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM
from openvman.profiles.dsp1103_job_control import CONCRETE_JOB

_FAULTS: Final = {FaultKind.CRASHED: alerts.SYSTEM_CRASHED, FaultKind.IO_ERROR: alerts.SYSTEM_IO_ERROR}
_UNTOLD: Final = "the hypervisor told no more"
_ENDS: Final = {
    JobState.COMPLETED: alerts.JOB_COMPLETED,
    JobState.EXCEPTION: alerts.JOB_EXCEPTION,
    JobState.TERMINATED: alerts.JOB_TERMINATED,
    JobState.KILLED: alerts.JOB_KILLED,
}


def _alert(said: Said) -> dict[str, Value]:
    row = said.message
    assert isinstance(row, AlertMessage), "failures are no alerts"
    return {
        "EventID": row.event,
        "AlertType": row.type,
        "PerceivedSeverity": row.severity,
        "OtherAlertType": row.other,
        "ProbableCause": row.cause,
        "ProbableCauseDescription": row.other,
        "OwningEntity": OWNING_ENTITY,
        "MessageID": row.id,
        "Message": said.text,
        "Description": said.text,
        "MessageArguments": said.variables,
        "RecommendedActions": (said.action,) if said.action else None,
    }


def of_change(before: Any, after: Any) -> Iterator[AlertRow]:
    """What the change of a host or job means to a person."""
    match before, after:
        case Host(), Host() if before.online != after.online:
            yield _host(after)
        case Job(), Job() if after.state.is_final and not before.state.is_final:
            yield _job(after)


def _host(host: Host) -> AlertRow:
    """A host that was reached is not, or is again."""
    row = alerts.HOST_FOUND if host.online else alerts.HOST_LOST
    return AlertRow((HOST_SYSTEM, host), _alert(row.said(host=host)))


def _job(job: Job) -> AlertRow:
    """A job that has ended."""
    reason = None if job.failure is None else str(job.failure.said).rstrip(".")
    return AlertRow((CONCRETE_JOB, job), _alert(_ENDS[job.state].said(job=job, reason=reason)))


def _named(fault: SystemFault) -> VirtualSystem:
    """As much of a system that nobody can read as it takes to name it."""
    return VirtualSystem(
        id=fault.system_id, host_id="", name=fault.name, state=State.UNKNOWN, defined=None, current=None
    )


def of_fault(picture: Picture, fault: SystemFault) -> Iterator[AlertRow]:
    """What a hypervisor told of a system, be it gone already."""
    system = picture.objects.system(fault.system_id) or _named(fault)
    said = _FAULTS[fault.kind].said(system=system, detail=fault.detail or _UNTOLD)
    yield AlertRow((COMPUTER_SYSTEM, system), _alert(said))
