"""What can go wrong with a virtual system's allocations of resources: 2100 to 2199."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

UNKNOWN: Final = ErrorMessage(
    2101,
    "There is no allocation {id!r}: it is gone, or its system is not active.",
    "List them again.",
    problem=Problem.NOT_FOUND,
)
CONFIGURATION_UNKNOWN: Final = ErrorMessage(
    2102,
    "There is no configuration {id!r}: it is gone, or its system is not active.",
    "List them again.",
    problem=Problem.NOT_FOUND,
)
NO_SUCH_RESOURCE: Final = ErrorMessage(
    2103, "No such resource can be allocated: {type}.", problem=Problem.NOT_SUPPORTED
)
TOO_MANY: Final = ErrorMessage(
    2111,
    "{number} allocations of {kind}; a system has one.",
    "Give their sum in one.",
    problem=Problem.INVALID_PARAMETER,
)
THERE_ALREADY: Final = ErrorMessage(
    2112,
    "Configuration {configuration.id} has its {kind} already.",
    "Modify that allocation.",
    problem=Problem.ALREADY_EXISTS,
)
NO_DEVICE: Final = ErrorMessage(
    2113,
    "A {type} cannot be added: it does not say which device it is.",
    problem=Problem.NOT_SUPPORTED,
)
NO_FREE_MAC: Final = ErrorMessage(
    2114, "No MAC address could be found that is not in use.", "Give one.", problem=Problem.FAILED
)
TWICE: Final = ErrorMessage(
    2121,
    "An allocation is named twice in one request.",
    "Say at once all that shall change of it.",
    problem=Problem.INVALID_PARAMETER,
)
OTHER_KIND: Final = ErrorMessage(
    2122,
    "The allocation {id} is of another kind than what it is to be modified to.",
    problem=Problem.INVALID_PARAMETER,
)
SERIAL_FIXED: Final = ErrorMessage(
    2123,
    "The serial port {port} cannot be modified.",
    "Define the system anew with others.",
    problem=Problem.NOT_SUPPORTED,
)
DISK_KEEPS_KIND: Final = ErrorMessage(
    2124,
    "Disk {disk.target} is a {disk.kind} and cannot become a {wanted}.",
    "Define another.",
    problem=Problem.NOT_SUPPORTED,
)
DISK_KEEPS_SIZE: Final = ErrorMessage(
    2125,
    "Disk {disk.target} has {disk.capacity} bytes and cannot be resized.",
    "Give it another source.",
    problem=Problem.NOT_SUPPORTED,
)
STAYS_IN_POOLS: Final = ErrorMessage(
    2126,
    "Virtual system {system.name!r} is {system.state} and stays in its pools.",
    "Stop it to move it.",
    problem=Problem.INVALID_STATE,
)
NEEDED: Final = ErrorMessage(
    2131,
    "Virtual system {system.name!r} cannot be without {kind}.",
    "Modify the allocation to have less.",
    problem=Problem.INVALID_PARAMETER,
)
BOOTED_FROM: Final = ErrorMessage(
    2132,
    "Virtual system {system.name!r} is {system.state} and was booted from disk {disk.target}.",
    "Stop it first, or remove the disk from its defined configuration.",
    problem=Problem.INVALID_STATE,
)
HELD_BY_GUEST: Final = ErrorMessage(
    2133,
    "Virtual system {system.name!r} is {system.state}, and its guest cannot let go of {allocation.local_id}.",
    "Start it first.",
    problem=Problem.INVALID_STATE,
)
NOTHING_TO_SIT_ON: Final = ErrorMessage(
    2134,
    "{devices} would have nothing to sit on.",
    "Remove what sits on it first, or together with it.",
    problem=Problem.IN_USE,
)
FIXED_WHILE_ACTIVE: Final = ErrorMessage(
    2135,
    "The {setting} of {device} cannot be changed while the system is active, since its guest would not see it.",
    "Change the allocation of the defined configuration, which the next start uses.",
    problem=Problem.NOT_SUPPORTED,
)
NO_MEDIUM: Final = ErrorMessage(
    2136,
    "{device} has no removable medium.",
    "Add another disk, or change the defined configuration.",
    problem=Problem.NOT_SUPPORTED,
)
