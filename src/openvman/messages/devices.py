"""What can be wrong with devices that have no record of their own, and with devices of the host: 2600 to 2699."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

NO_KIND: Final = ErrorMessage(
    2601,
    "it is not said of what kind the device is.",
    "Give its ResourceType.",
    problem=Problem.INVALID_PARAMETER,
)
NOT_ITS_OWN: Final = ErrorMessage(
    2602,
    "more is said of a {spec.kind} device than it has.",
    "Leave out what is not its own.",
    problem=Problem.INVALID_PARAMETER,
)
NOT_TAKEN: Final = ErrorMessage(
    2603,
    "a {spec.kind} device cannot have the {setting} {value!r}; those taken are: {taken}",
    problem=Problem.NOT_SUPPORTED,
)
TYPE_NOT_OFFERED: Final = ErrorMessage(
    2604,
    "host {host.name!r} has no {spec.kind} device of type {spec.type!r}.",
    "Leave the type out to have one chosen.",
    problem=Problem.NOT_SUPPORTED,
)
BACKEND_NOT_OFFERED: Final = ErrorMessage(
    2605,
    "host {host.name!r} has no backend {spec.backend!r} for a {spec.kind} device.",
    "Name another, if it has one.",
    problem=Problem.NOT_SUPPORTED,
)
NO_VIEWER: Final = ErrorMessage(
    2606,
    "a {spec.kind} device with the backend {spec.backend!r} needs SPICE graphics, and host {host.name!r} has none",
    problem=Problem.NOT_SUPPORTED,
)
ADDRESS: Final = ErrorMessage(
    2607,
    "{spec.address!r} is no address of a {spec.kind} device.",
    "Give an IP address with or without a port to graphics, a number to others.",
    problem=Problem.INVALID_PARAMETER,
)
SOURCE: Final = ErrorMessage(
    2608,
    "{spec.source!r} is nothing of the host that a {spec.kind} device can stand on.",
    "Give a path, an address such as 0000:00:1f.2 of a PCI device, or 1d6b:0002 of a USB device.",
    problem=Problem.INVALID_PARAMETER,
)
TARGET: Final = ErrorMessage(
    2609,
    "{spec.target!r} is no name by which a guest could find a {spec.kind} device",
    problem=Problem.INVALID_PARAMETER,
)
KEYMAP: Final = ErrorMessage(
    2610,
    "{spec.keymap!r} is no layout of a keyboard.",
    "Call it as the hypervisor does, for example en-us or de.",
    problem=Problem.INVALID_PARAMETER,
)
PASSWORD_LENGTH: Final = ErrorMessage(
    2611,
    "a password of {spec.type} graphics has 1 to {longest} characters: the protocol has room for no more.",
    "Give a shorter one.",
    problem=Problem.INVALID_PARAMETER,
)
PASSWORD_UNPRINTABLE: Final = ErrorMessage(
    2612,
    "a password of graphics has printable ASCII characters only: viewers do not agree how others are sent.",
    "Give another.",
    problem=Problem.INVALID_PARAMETER,
)
PASSWORD_UNKNOWN: Final = ErrorMessage(
    2613,
    "the password given is what every password reads as, and nobody's.",
    "Give the password itself, or leave it out.",
    problem=Problem.INVALID_PARAMETER,
)
FIXED: Final = ErrorMessage(
    2621,
    "{system} is active, and {reason}.",
    "Change its defined configuration, for its next start.",
    problem=Problem.NOT_SUPPORTED,
)
IN_USE: Final = ErrorMessage(
    2622,
    "the {device.type} device {device.source} of host {host.name!r} is virtual system {holder!r}'s already.",
    "Remove it there first, or take another.",
    problem=Problem.INVALID_STATE,
)
IDENTITY: Final = ErrorMessage(
    2623,
    "The {setting} of a {kind} device cannot change: it would be another device.",
    "Define another.",
    problem=Problem.NOT_SUPPORTED,
)
PASSWORD_FIXED: Final = ErrorMessage(
    2624,
    "{device} was opened {with_or_without} a password, and stays so while the system is active.",
    "Change its defined configuration, which the next start uses.",
    problem=Problem.NOT_SUPPORTED,
)
HOST_DEVICE_NOT_OPEN: Final = ErrorMessage(
    2641,
    "The {device.kind} device is not open to operators: it is a device of the host.",
    "Ask an administrator.",
    problem=Problem.ACCESS_DENIED,
)
FILE_SYSTEM_NOT_OPEN: Final = ErrorMessage(
    2642,
    "The {device.kind} device is not open to operators: it opens a folder of the host.",
    "Ask an administrator.",
    problem=Problem.ACCESS_DENIED,
)
LISTENER_NOT_OPEN: Final = ErrorMessage(
    2643,
    "The {device.kind} device is not open to operators: it listens where other machines can reach it.",
    "Leave the address out, give 127.0.0.1, or ask an administrator.",
    problem=Problem.ACCESS_DENIED,
)
FILE_NOT_OPEN: Final = ErrorMessage(
    2644,
    "The {device.kind} device is not open to operators: it opens a file of the host, of which only {open} may be "
    "opened.",
    "Ask an administrator.",
    problem=Problem.ACCESS_DENIED,
)
SERIAL_NOT_OPEN: Final = ErrorMessage(
    2645,
    "A serial port at {serial.address} is not open to operators: other machines can reach it.",
    "Give an address such as 127.0.0.1, or ask an administrator.",
    problem=Problem.ACCESS_DENIED,
)
BRIDGE_NOT_OPEN: Final = ErrorMessage(
    2646,
    "The bridge {bridge!r} is not open to operators (open are: {bridges}).",
    "Use a virtual network, or ask an administrator.",
    problem=Problem.ACCESS_DENIED,
)
DIRECT_NOT_OPEN: Final = ErrorMessage(
    2647,
    "A NIC with the connection {nic.connection} is not open to operators: it reaches the host's own network.",
    "Use a virtual network, or ask an administrator.",
    problem=Problem.ACCESS_DENIED,
)
INTERFACE_NOT_OPEN: Final = ErrorMessage(
    2648,
    "The interface {nic.target!r} on the host is not open to operators, who may call theirs vtap0, vtap1 and so on.",
    "Leave it out to have one made, or ask an administrator.",
    problem=Problem.ACCESS_DENIED,
)
