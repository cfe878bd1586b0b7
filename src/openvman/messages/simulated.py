"""What only a simulated platform says, of its address, its rules, and the faults that were ordered: 3500 to 3699."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

# Its address

FORM: Final = ErrorMessage(
    3501,
    "The address of a simulated platform is sim://[name][?option=value&…] and no more.",
    problem=Problem.INVALID_PARAMETER,
)
GIVEN_TWICE: Final = ErrorMessage(3502, "{option} is given twice.", problem=Problem.INVALID_PARAMETER)
NO_OPTION: Final = ErrorMessage(
    3503,
    "{option!r} is not an option of a simulated platform.",
    "Choose one of {options}.",
    problem=Problem.INVALID_PARAMETER,
)
TOO_MANY_SYSTEMS: Final = ErrorMessage(
    3504, "{hosts} hosts with {vms} systems are more than {most} in all.", problem=Problem.INVALID_PARAMETER
)
SHARES: Final = ErrorMessage(
    3505, "active, paused and suspended are more than 100% together.", problem=Problem.INVALID_PARAMETER
)
HOST_PROCESSORS: Final = ErrorMessage(3506, "A host needs at least one processor.", problem=Problem.INVALID_PARAMETER)
NO_NUMBER: Final = ErrorMessage(3507, "{text!r} is not a number with a unit.", problem=Problem.INVALID_PARAMETER)
NO_COUNT: Final = ErrorMessage(3508, "{text!r} is not a whole number.", problem=Problem.INVALID_PARAMETER)
NO_SHARE: Final = ErrorMessage(
    3509,
    "{text!r} is not a share.",
    "Say 50% (written 50%25 in an address) or 0.5.",
    problem=Problem.INVALID_PARAMETER,
)
NO_DURATION: Final = ErrorMessage(
    3510, "{text!r} is not a duration.", "Say 5ms, 2s or 1min.", problem=Problem.INVALID_PARAMETER
)
NO_SIZE: Final = ErrorMessage(
    3511, "{text!r} is not a size.", "Say 512MiB or 64GiB.", problem=Problem.INVALID_PARAMETER
)

# Rules of faults

NO_OPERATION: Final = ErrorMessage(
    3520,
    "{pattern!r} names none of the operations that can fail.",
    "Choose one of {operations}.",
    problem=Problem.INVALID_PARAMETER,
)
IDLE_FAULT: Final = ErrorMessage(
    3521,
    "The fault of {pattern!r} does nothing.",
    "Give problem, disconnect or delay.",
    problem=Problem.INVALID_PARAMETER,
)
NO_PROBLEM: Final = ErrorMessage(
    3522,
    "{problem!r} is not a problem that a platform has.",
    "Choose one of {problems}.",
    problem=Problem.INVALID_PARAMETER,
)
NO_SETTING: Final = ErrorMessage(
    3523,
    "{setting!r} is not a setting of a fault.",
    "Choose one of subject, nth, probability, delay, problem, disconnect and after.",
    problem=Problem.INVALID_PARAMETER,
)

# Faults as ordered

_ORDERED: Final = "The platform failed in {operation}, as ordered."

ORDERED_INVALID_PARAMETER: Final = ErrorMessage(3530, _ORDERED, problem=Problem.INVALID_PARAMETER)
ORDERED_NOT_FOUND: Final = ErrorMessage(3531, _ORDERED, problem=Problem.NOT_FOUND)
ORDERED_ALREADY_EXISTS: Final = ErrorMessage(3532, _ORDERED, problem=Problem.ALREADY_EXISTS)
ORDERED_INVALID_STATE: Final = ErrorMessage(3533, _ORDERED, problem=Problem.INVALID_STATE)
ORDERED_NOT_SUPPORTED: Final = ErrorMessage(3534, _ORDERED, problem=Problem.NOT_SUPPORTED)
ORDERED_BUSY: Final = ErrorMessage(3535, _ORDERED, problem=Problem.BUSY)
ORDERED_TIMEOUT: Final = ErrorMessage(3536, _ORDERED, problem=Problem.TIMEOUT)
ORDERED_ACCESS_DENIED: Final = ErrorMessage(3537, _ORDERED, problem=Problem.ACCESS_DENIED)
ORDERED_UNAVAILABLE: Final = ErrorMessage(3538, _ORDERED, problem=Problem.UNAVAILABLE)
ORDERED_IN_USE: Final = ErrorMessage(3539, _ORDERED, problem=Problem.IN_USE)
ORDERED_INSUFFICIENT: Final = ErrorMessage(3540, _ORDERED, problem=Problem.INSUFFICIENT)
ORDERED_FAILED: Final = ErrorMessage(3541, _ORDERED, problem=Problem.FAILED)

ORDERED: Final[dict[Problem, ErrorMessage]] = {
    row.problem: row
    for row in (
        ORDERED_INVALID_PARAMETER,
        ORDERED_NOT_FOUND,
        ORDERED_ALREADY_EXISTS,
        ORDERED_INVALID_STATE,
        ORDERED_NOT_SUPPORTED,
        ORDERED_BUSY,
        ORDERED_TIMEOUT,
        ORDERED_ACCESS_DENIED,
        ORDERED_UNAVAILABLE,
        ORDERED_IN_USE,
        ORDERED_INSUFFICIENT,
        ORDERED_FAILED,
    )
}
"""By every kind of failure that a driver can mean; the others are of requests, which no driver sees."""

# Its hosts and virtual systems

HOST_OFFLINE: Final = ErrorMessage(3550, "Host {host} is offline.", problem=Problem.UNAVAILABLE)
NOT_OFFERED: Final = ErrorMessage(
    3551, "There is no {what} {value}.", "Choose one of {offered}.", problem=Problem.NOT_SUPPORTED
)
PROCESSOR_MAXIMUM: Final = ErrorMessage(
    3552, "A virtual system has at most {most} processors, not {maximum}.", problem=Problem.INVALID_PARAMETER
)
TWICE: Final = ErrorMessage(3553, "{value} is the {what} twice.", problem=Problem.INVALID_PARAMETER)
NEVER_EMPTY: Final = ErrorMessage(3554, "{device} is no drive that could be empty.", problem=Problem.INVALID_PARAMETER)
NO_ROOM: Final = ErrorMessage(3555, "Host {host} has {left} MiB of memory left; {system} needs {wanted} MiB.")
NOT_THERE: Final = ErrorMessage(3556, "{system} needs {source}, which is not there.")
HELD: Final = ErrorMessage(3557, "{thing} is in use by another virtual system.")
NO_NETWORK: Final = ErrorMessage(3558, "Host {host} has no network {network}.")
NO_FILTER: Final = ErrorMessage(3559, "Host {host} has no network filter {filter}.")
