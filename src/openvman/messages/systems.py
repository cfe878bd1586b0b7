"""What can go wrong with virtual systems as a whole, and with the hosts that they are on: 2000 to 2099."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

UNKNOWN: Final = ErrorMessage(
    2001, "There is no virtual system {id!r}.", "List the systems again.", problem=Problem.NOT_FOUND
)
GONE: Final = ErrorMessage(
    2002,
    "Virtual system {system.name!r} ({system.id}) does not exist any more.",
    "List the systems again.",
    problem=Problem.NOT_FOUND,
)
STATE_UNKNOWN: Final = ErrorMessage(
    2003,
    "The state of virtual system {system.name!r} is unknown: its hypervisor does not answer.",
    "Wait for it.",
    problem=Problem.UNAVAILABLE,
)
OTHER_CHANGE: Final = ErrorMessage(
    2004, "Another change of {thing} is under way.", "Try again when it is over.", problem=Problem.BUSY
)
NAME_TAKEN: Final = ErrorMessage(
    2011,
    "There is a virtual system {name!r} on host {host.name!r} already.",
    "Choose another name.",
    problem=Problem.ALREADY_EXISTS,
)
UUID_TAKEN: Final = ErrorMessage(
    2012,
    "The UUID {id} is that of virtual system {holder.name!r}.",
    "Leave it out to have one made.",
    problem=Problem.ALREADY_EXISTS,
)
NO_UUID: Final = ErrorMessage(
    2013,
    "{id!r} is no UUID for a virtual system.",
    "Leave it out to have one made.",
    problem=Problem.INVALID_PARAMETER,
)
REMOVED_AT_ONCE: Final = ErrorMessage(
    2014,
    "Virtual system {system.name!r} was defined, and somebody removed it at once.",
    problem=Problem.NOT_FOUND,
)
THERE_AGAIN: Final = ErrorMessage(
    2015,
    "Virtual system {system.name!r} was undefined and is there again: somebody else defined it.",
    problem=Problem.FAILED,
)
TRANSIENT: Final = ErrorMessage(
    2021,
    "Virtual system {system.name!r} is transient: it has no definition to modify.",
    "Define it first.",
    problem=Problem.INVALID_STATE,
)
STAYS_ON_HOST: Final = ErrorMessage(
    2022,
    "Virtual system {system.name!r} cannot be moved to another host by modifying it.",
    "Define it there.",
    problem=Problem.NOT_SUPPORTED,
)
KEEPS_NAME: Final = ErrorMessage(
    2023,
    "Virtual system {system.name!r} is {system.state} and keeps its name.",
    "Stop it to rename it.",
    problem=Problem.INVALID_STATE,
)
BOOT_ORDER_READ: Final = ErrorMessage(
    2024,
    "The boot order of {configuration.id} was read when the system was activated.",
    "Change the defined configuration: the next activation uses it.",
    problem=Problem.NOT_SUPPORTED,
)
NO_BOOT_SOURCE: Final = ErrorMessage(
    2025,
    "{configuration.id} needs at least one boot source.",
    "Name one of its own.",
    problem=Problem.INVALID_PARAMETER,
)
FOREIGN_BOOT_SOURCE: Final = ErrorMessage(
    2026,
    "The boot source {source} is not one of {configuration.id}.",
    "List the sources of that again.",
    problem=Problem.INVALID_PARAMETER,
)
NOT_POSSIBLE: Final = ErrorMessage(
    2031,
    "Virtual system {system.name!r} is {system.state}: {action} is not possible.",
    "Possible are: {possible}.",
    problem=Problem.INVALID_STATE,
)
TRANSIENT_NOT_SUSPENDED: Final = ErrorMessage(
    2032,
    "Virtual system {system.name!r} cannot be suspended: it is transient, without a definition.",
    "Pause it, or shut it down.",
    problem=Problem.NOT_SUPPORTED,
)
OTHER_STATE: Final = ErrorMessage(
    2034,
    "Virtual system {system.name!r} is {system.state} after {doing}, not {target}: its guest or somebody else changed "
    "it.",
    "Its console log and the hypervisor's log may say why.",
    problem=Problem.FAILED,
)
NOT_SHUT_DOWN: Final = ErrorMessage(
    2035,
    "The guest of virtual system {system.name!r} was asked to shut down and has not done so within {seconds:g} s.",
    "Wait, ask again, or stop it.",
    problem=Problem.TIMEOUT,
)
ACTION_UNSUPPORTED: Final = ErrorMessage(
    2036,
    "The hypervisor of virtual system {system.name!r} cannot {action} it.",
    "Possible are: {possible}.",
    problem=Problem.NOT_SUPPORTED,
)
HOST_UNKNOWN: Final = ErrorMessage(2051, "There is no host {id!r}.", "List the hosts.", problem=Problem.NOT_FOUND)
HOST_SILENT: Final = ErrorMessage(
    2052,
    "Host {host.name!r} does not answer.",
    "Name another, or wait for it.",
    problem=Problem.UNAVAILABLE,
)
NO_HOST: Final = ErrorMessage(2053, "No host answers now.", "See the hosts' states.", problem=Problem.UNAVAILABLE)
NO_HOST_WITH: Final = ErrorMessage(
    2054,
    "No host has hypervisor {hypervisor!r} and answers now.",
    "See the hosts' states.",
    problem=Problem.UNAVAILABLE,
)
