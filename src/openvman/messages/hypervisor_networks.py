"""What a hypervisor cannot do with networks and network filters: 3300 to 3399. Any driver raises these."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

NETWORK_UNKNOWN: Final = ErrorMessage(3301, "There is no network {network}.", problem=Problem.NOT_FOUND)
NETWORK_TAKEN: Final = ErrorMessage(3302, "There is already a network {network}.", problem=Problem.ALREADY_EXISTS)
NETWORK_FORWARD: Final = ErrorMessage(
    3303, "A network whose traffic goes on as {forward} cannot be made.", problem=Problem.NOT_SUPPORTED
)
NETWORK_ADDRESS: Final = ErrorMessage(
    3304, "{address}/{prefix} is no address of a network.", problem=Problem.INVALID_PARAMETER
)
FILTER_UNKNOWN: Final = ErrorMessage(3311, "There is no network filter {filter}.", problem=Problem.NOT_FOUND)
FILTER_TAKEN: Final = ErrorMessage(3312, "There is already a network filter {filter}.", problem=Problem.ALREADY_EXISTS)
FILTER_USED: Final = ErrorMessage(3313, "Network filter {filter} is in use by {user}.", problem=Problem.IN_USE)
FILTER_PROTOCOL: Final = ErrorMessage(
    3314, "{protocol!r} is no protocol of a filter's rule.", problem=Problem.INVALID_PARAMETER
)
FILTER_MATCH: Final = ErrorMessage(
    3315, "{match!r} is nothing that a filter's rule can ask.", problem=Problem.INVALID_PARAMETER
)
REFERENCE_TAKEN: Final = ErrorMessage(
    3316, "Network filter {filter} refers to {other} already.", problem=Problem.ALREADY_EXISTS
)
REFERENCE_CIRCLE: Final = ErrorMessage(
    3317, "Network filters {filter} and {other} would refer to each other.", problem=Problem.INVALID_PARAMETER
)
NO_REFERENCE: Final = ErrorMessage(
    3318, "Network filter {filter} does not refer to {other} in this way.", problem=Problem.NOT_FOUND
)
