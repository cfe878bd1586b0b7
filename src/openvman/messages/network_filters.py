"""What can be wrong with network filters: 2960 to 2999. Those up to 2979 are said of a filter."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

NO_FILTERS: Final = ErrorMessage(
    2961, "host {host.name!r} has no network filters.", "Name a host that has.", problem=Problem.NOT_SUPPORTED
)
FILTER_NAME: Final = ErrorMessage(
    2962,
    "{spec.name!r} cannot name a network filter.",
    "Use up to 64 letters, digits and _.+-, a letter or digit first.",
    problem=Problem.INVALID_PARAMETER,
)
FILTER_NAME_TAKEN: Final = ErrorMessage(
    2963,
    "there is a network filter {spec.name!r} on host {host.name!r} already.",
    "Choose another name.",
    problem=Problem.ALREADY_EXISTS,
)
CHAIN: Final = ErrorMessage(
    2964,
    "{spec.chain!r} is no chain.",
    "Give root, or a protocol's chain such as ipv4 or arp-mine.",
    problem=Problem.INVALID_PARAMETER,
)
PRIORITY: Final = ErrorMessage(2965, "priorities are from -1000 to 1000", problem=Problem.INVALID_PARAMETER)
TOO_MANY_RULES: Final = ErrorMessage(
    2966, "there are too many rules; a filter has {maximum} at most", problem=Problem.INVALID_PARAMETER
)
PROTOCOL: Final = ErrorMessage(
    2967,
    "a rule that asks something of a packet names its protocol, which is one that filters know.",
    "Name one of {protocols}.",
    problem=Problem.INVALID_PARAMETER,
)
MATCH: Final = ErrorMessage(
    2968, "a rule asks of a packet what no rule can ask.", "Ask for {matches}.", problem=Problem.INVALID_PARAMETER
)
MATCH_VALUE: Final = ErrorMessage(
    2969,
    "a rule asks for a value that is empty, too long or no text, or twice for the same",
    problem=Problem.INVALID_PARAMETER,
)
REFERENCE: Final = ErrorMessage(
    2970,
    "a filter that it refers to is not on host {host.name!r}, which has {host.filter_names!r}.",
    "Make that one first.",
    problem=Problem.NOT_FOUND,
)
PARAMETER: Final = ErrorMessage(
    2971,
    "a reference gives a variable of no name, or a value that is empty, too long or no text",
    problem=Problem.INVALID_PARAMETER,
)
GONE: Final = ErrorMessage(
    2981,
    "There is no such network filter {name!r} on host {host.name!r} any more.",
    "List the filters again.",
    problem=Problem.NOT_FOUND,
)
IN_USE: Final = ErrorMessage(
    2982,
    "Network filter {filter.name!r} on host {host.name!r} is used by {users}.",
    "Remove it there first.",
    problem=Problem.IN_USE,
)
REFERS_ALREADY: Final = ErrorMessage(
    2983, "Network filter {filter.name!r} refers to {other.name!r} already.", problem=Problem.ALREADY_EXISTS
)
REFERS_TO_ITSELF: Final = ErrorMessage(
    2984,
    "Network filter {other.name!r} is {filter.name!r}, or refers to it.",
    "Choose another filter.",
    problem=Problem.INVALID_PARAMETER,
)
DOES_NOT_REFER: Final = ErrorMessage(
    2985,
    "Network filter {filter.name!r} does not refer to {other!r} in this way.",
    "List its references.",
    problem=Problem.NOT_FOUND,
)
APPLIED_ALREADY: Final = ErrorMessage(
    2986, "NIC {nic.mac} has the network filter {nic.filter!r} already.", problem=Problem.ALREADY_EXISTS
)
ANOTHER_APPLIED: Final = ErrorMessage(
    2987,
    "NIC {nic.mac} has the network filter {nic.filter!r}, and can have one only.",
    "Remove that first.",
    problem=Problem.IN_USE,
)
NOT_APPLIED: Final = ErrorMessage(
    2988,
    "NIC {nic.mac} does not have the network filter {filter.name!r}.",
    "List the filters of the NIC.",
    problem=Problem.NOT_FOUND,
)
NIC_GONE: Final = ErrorMessage(
    2989, "There is no NIC {nic.mac} any more.", "List the NICs again.", problem=Problem.NOT_FOUND
)
