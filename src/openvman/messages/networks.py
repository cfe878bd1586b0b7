"""What can be wrong with virtual networks: 2920 to 2959. Those up to 2949 are said of a network."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

NO_NETWORKS: Final = ErrorMessage(
    2921, "host {host.name!r} has no virtual networks.", "Name a host that has.", problem=Problem.NOT_SUPPORTED
)
NAME: Final = ErrorMessage(
    2922,
    "{spec.name!r} cannot name a network.",
    "Use up to 64 letters, digits and _.+-, a letter or digit first.",
    problem=Problem.INVALID_PARAMETER,
)
NAME_TAKEN: Final = ErrorMessage(
    2923,
    "there is a network {spec.name!r} on host {host.name!r} already.",
    "Choose another name.",
    problem=Problem.ALREADY_EXISTS,
)
NO_UUID: Final = ErrorMessage(
    2924,
    "{spec.uuid!r} is no UUID.",
    "Write it in lower case with hyphens, or leave it out.",
    problem=Problem.INVALID_PARAMETER,
)
UUID_TAKEN: Final = ErrorMessage(
    2925,
    "{spec.uuid} is the UUID of something on host {host.name!r} already.",
    "Leave it out to have one made.",
    problem=Problem.ALREADY_EXISTS,
)
FORWARD: Final = ErrorMessage(
    2926,
    "a network whose traffic goes on as {spec.forward} cannot be made here.",
    "Make it at the hypervisor.",
    problem=Problem.NOT_SUPPORTED,
)
FORWARD_DEVICE: Final = ErrorMessage(
    2927,
    "{spec.forward_device!r} is no name of an interface.",
    "Give one of the host's.",
    problem=Problem.INVALID_PARAMETER,
)
NO_FORWARD_DEVICE: Final = ErrorMessage(
    2928,
    "the traffic of an {spec.forward} network leaves by no interface.",
    "Leave the forward device out.",
    problem=Problem.INVALID_PARAMETER,
)
BRIDGE: Final = ErrorMessage(
    2929,
    "{spec.bridge!r} is no name of a bridge.",
    "Use up to 15 letters, digits and _.-, a letter or digit first.",
    problem=Problem.INVALID_PARAMETER,
)
BRIDGE_TAKEN: Final = ErrorMessage(
    2930,
    "the bridge {spec.bridge!r} is that of another network of host {host.name!r}.",
    "Leave it out to have one chosen.",
    problem=Problem.ALREADY_EXISTS,
)
BRIDGE_OR_DEVICE: Final = ErrorMessage(
    2931,
    "a network on the host's own bridge or interface has one of the two.",
    "Give the bridge or the forward device.",
    problem=Problem.INVALID_PARAMETER,
)
NO_ADDRESS: Final = ErrorMessage(
    2932,
    "the host has no address on a network whose traffic goes on as {spec.forward}.",
    "Leave the addresses out.",
    problem=Problem.INVALID_PARAMETER,
)
ADDRESS_NEEDED: Final = ErrorMessage(
    2933,
    "what goes on as {spec.forward} is routed by the host, which needs an address.",
    "Give one.",
    problem=Problem.INVALID_PARAMETER,
)
TOO_MANY_ADDRESSES: Final = ErrorMessage(
    2934,
    "there are too many addresses or ranges; a network has {maximum} addresses, and {ranges} ranges of each, at most",
    problem=Problem.INVALID_PARAMETER,
)
ADDRESS: Final = ErrorMessage(
    2935,
    "an address is none that the host can have on the network.",
    "Give one of the network's own, with its prefix or mask.",
    problem=Problem.INVALID_PARAMETER,
)
RANGE: Final = ErrorMessage(
    2936,
    "a range of addresses is not within the network, or ends before it begins.",
    "Give its first and its last address.",
    problem=Problem.INVALID_PARAMETER,
)
OVERLAP: Final = ErrorMessage(
    2937,
    "the addresses overlap with each other, or with those of networks of host {host.name!r}.",
    "Choose addresses that are free.",
    problem=Problem.IN_USE,
)
VIRTUAL_PORT: Final = ErrorMessage(
    2938,
    "{spec.virtual_port!r} is no kind of switch.",
    "Give one such as openvswitch.",
    problem=Problem.INVALID_PARAMETER,
)
PORT_GROUPS: Final = ErrorMessage(
    2939,
    "port groups have names, each its own, and one of them at most is the default",
    problem=Problem.INVALID_PARAMETER,
)
VLANS: Final = ErrorMessage(
    2940, "a VLAN is numbered from 1 to 4094, and only a trunk has several", problem=Problem.INVALID_PARAMETER
)
NOT_OPEN: Final = ErrorMessage(
    2951,
    "{what} reaches into the host, and is not open to operators.",
    "Ask an administrator.",
    problem=Problem.ACCESS_DENIED,
)
GONE: Final = ErrorMessage(
    2952,
    "There is no virtual network {name!r} on host {host.name!r} any more.",
    "List the networks again.",
    problem=Problem.NOT_FOUND,
)
IN_USE: Final = ErrorMessage(
    2953,
    "Virtual network {network.name!r} on host {host.name!r} has NICs of {users}.",
    "Stop these systems, or connect them to another network first.",
    problem=Problem.IN_USE,
)
DOES_NOT_LAST: Final = ErrorMessage(
    2954,
    "Virtual network {network.name!r} does not last, and starts with no host.",
    "Make one that does.",
    problem=Problem.INVALID_STATE,
)
