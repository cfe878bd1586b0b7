"""Events that nobody asked for: 9000 to 9999."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import CRITICAL, INFORMATION, MAJOR, MINOR, AlertMessage

# AlertType: 1 Other, 2 Communications, 4 Processing, 5 Device. ProbableCause: 1 Other, 24 I/O Device Error, 47 Software
# Error, 48 Software Program Abnormally Terminated, 57 Underlying Resource Unavailable, 59 Cleared.
HOST_LOST: Final = AlertMessage(
    9001,
    "Host {host.name} is lost.",
    "Look at the host, at the way to it and at its hypervisor: it is asked again until it answers.",
    event="VMAN-HOST-LOST",
    type=2,
    severity=CRITICAL,
    cause=57,
)
HOST_FOUND: Final = AlertMessage(
    9002, "Host {host.name} answers again.", event="VMAN-HOST-FOUND", type=2, severity=INFORMATION, cause=59
)
SYSTEM_CRASHED: Final = AlertMessage(
    9101,
    "Virtual system {system.name} has crashed: {detail}.",
    "Read its console, and start it again.",
    event="VMAN-CRASHED",
    type=4,
    severity=CRITICAL,
    cause=48,
)
SYSTEM_IO_ERROR: Final = AlertMessage(
    9102,
    "Virtual system {system.name} has an input/output error: {detail}.",
    "Look at the space and the health of the storage that it uses.",
    event="VMAN-IO-ERROR",
    type=5,
    severity=MAJOR,
    cause=24,
)

JOB_COMPLETED: Final = AlertMessage(
    9201,
    "{job.name}, asked for by {job.owner}: {job.state}.",
    event="VMAN-JOB-COMPLETED",
    type=1,
    severity=INFORMATION,
    cause=1,
    other="The end of a job",
)

_ENDED: Final = "{job.name}, asked for by {job.owner}: {job.state}. The reason: {reason}."

JOB_EXCEPTION: Final = AlertMessage(
    9202,
    _ENDED,
    "Do what the job's error says (GetErrors), and ask again.",
    event="VMAN-JOB-EXCEPTION",
    type=4,
    severity=MAJOR,
    cause=47,
)
JOB_TERMINATED: Final = AlertMessage(9203, _ENDED, event="VMAN-JOB-TERMINATED", type=4, severity=MINOR, cause=48)
JOB_KILLED: Final = AlertMessage(9204, _ENDED, event="VMAN-JOB-KILLED", type=4, severity=MINOR, cause=48)
