"""What becomes a CIM_AlertIndication: hosts lost and found, jobs that have ended, and what hypervisors tell of virtual
systems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from openvman.cim.values import Value
from openvman.mapping.declare import AlertRow
from openvman.model.alert import FaultKind, SystemFault
from openvman.model.host import Host
from openvman.model.job import Job, JobState
from openvman.model.picture import Picture
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM
from openvman.profiles.dsp1103_job_control import CONCRETE_JOB

_OTHER: Final = 1  # as a type and as a cause
_COMMUNICATIONS: Final = 2
_PROCESSING: Final = 4
_DEVICE: Final = 5
_INFORMATION: Final = 2
_MINOR: Final = 4
_MAJOR: Final = 5
_CRITICAL: Final = 6
_IO_DEVICE_ERROR: Final = 24
_SOFTWARE_ERROR: Final = 47
_ABNORMAL_END: Final = 48
_RESOURCE_UNAVAILABLE: Final = 57
_CLEARED: Final = 59

# kind -> id, type, severity, probable cause (CIM_AlertIndication's ValueMaps), what is said of the system
_FAULTS: Final = {
    FaultKind.CRASHED: ("VMAN-CRASHED", _PROCESSING, _CRITICAL, _ABNORMAL_END, "has crashed"),
    FaultKind.IO_ERROR: ("VMAN-IO-ERROR", _DEVICE, _MAJOR, _IO_DEVICE_ERROR, "has an input/output error"),
}
# a job's last state -> the same, of the job
_ENDS: Final = {
    JobState.COMPLETED: ("VMAN-JOB-COMPLETED", _OTHER, _INFORMATION, _OTHER, "has completed"),
    JobState.EXCEPTION: ("VMAN-JOB-EXCEPTION", _PROCESSING, _MAJOR, _SOFTWARE_ERROR, "has failed"),
    JobState.TERMINATED: ("VMAN-JOB-TERMINATED", _PROCESSING, _MINOR, _ABNORMAL_END, "was terminated"),
    JobState.KILLED: ("VMAN-JOB-KILLED", _PROCESSING, _MINOR, _ABNORMAL_END, "was killed"),
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
    """What the change of a host or job means to a person."""
    match before, after:
        case Host(), Host() if before.online != after.online:
            yield _host(after)
        case Job(), Job() if after.state.is_final and not before.state.is_final:
            yield _job(after)


def _host(host: Host) -> AlertRow:
    """A host that was reached is not, or is again."""
    if host.online:
        row = ("VMAN-HOST-FOUND", _COMMUNICATIONS, _INFORMATION, _CLEARED, f"Host {host.name} answers again.")
    else:
        row = ("VMAN-HOST-LOST", _COMMUNICATIONS, _CRITICAL, _RESOURCE_UNAVAILABLE, f"Host {host.name} is lost.")
    return AlertRow((HOST_SYSTEM, host), _alert(*row, (host.name,)))


def _job(job: Job) -> AlertRow:
    """A job that has ended."""
    id, type, severity, cause, what = _ENDS[job.state]
    reason = "" if job.failure is None else job.failure.message
    message = f"{job.owner}'s job {job.id} ({job.name}) {what}{': ' if reason else '.'}{reason}"
    kind = {"OtherAlertType": "Job"} if type == _OTHER else {}
    why = {"ProbableCauseDescription": f"The job {what}."} if cause == _OTHER else {}
    return AlertRow(
        (CONCRETE_JOB, job),
        {**_alert(id, type, severity, cause, message, (job.name, job.owner, str(job.state), reason)), **kind, **why},
    )


def of_fault(picture: Picture, fault: SystemFault) -> Iterator[AlertRow]:
    """What a hypervisor told of a system that is (still) there."""
    system = picture.objects.system(fault.system_id)
    if system is None:
        return
    id, type, severity, cause, what = _FAULTS[fault.kind]
    detail = "" if fault.detail is None else f": {fault.detail}"
    message = f"Virtual system {system.name} {what}{detail}."
    arguments = (system.name,) if fault.detail is None else (system.name, fault.detail)
    yield AlertRow((COMPUTER_SYSTEM, system), _alert(id, type, severity, cause, message, arguments))
