"""What a hypervisor cannot do, and how it is reached: 3000 to 3099. Any driver raises these, in the same words."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

# Addresses of platforms. They are not repeated: what stands in one may be a secret.

ADDRESS_SCHEME: Final = ErrorMessage(
    3001, "A platform's address begins with one of {schemes}.", problem=Problem.INVALID_PARAMETER
)
ADDRESS_UNREADABLE: Final = ErrorMessage(
    3002,
    "The platform address cannot be read.",
    "Write its host as a name, an IPv4 address, or an IPv6 address in brackets.",
    problem=Problem.INVALID_PARAMETER,
)
ADDRESS_FORM: Final = ErrorMessage(
    3003, "The platform address is not of the form scheme:///path.", problem=Problem.INVALID_PARAMETER
)
EMBEDDED_ROOT: Final = ErrorMessage(
    3004,
    "qemu:///embed needs an absolute folder.",
    "Say qemu:///embed?root=/DIR.",
    problem=Problem.INVALID_PARAMETER,
)
CONSOLE_LOGS: Final = ErrorMessage(
    3005, "{option} needs a local platform and an absolute folder.", problem=Problem.INVALID_PARAMETER
)
EMBEDDED_FOLDER: Final = ErrorMessage(
    3006,
    "The folder {folder} of the embedded QEMU cannot be written: {reason}.",
    problem=Problem.UNAVAILABLE,
)
BINDING_MISSING: Final = ErrorMessage(
    3007,
    "{binding}'s Python binding is missing.",
    "Install openvman[{binding}].",
    problem=Problem.UNAVAILABLE,
)

# Connections

NOT_CONNECTED: Final = ErrorMessage(3010, "{platform} is not connected.", problem=Problem.UNAVAILABLE)

_NO_ANSWER: Final = "{platform} does not answer: {reason}."

NO_ANSWER: Final = ErrorMessage(3011, _NO_ANSWER, problem=Problem.UNAVAILABLE)
DAEMON_DOWN: Final = ErrorMessage(
    3012, _NO_ANSWER, "Start the daemon ({daemon}), or check the socket's path.", problem=Problem.UNAVAILABLE
)
EMBEDDED_OPEN: Final = ErrorMessage(
    3013,
    _NO_ANSWER,
    "A process can have one embedded folder: use another process.",
    problem=Problem.UNAVAILABLE,
)
EMBEDDED_TAKEN: Final = ErrorMessage(
    3014,
    _NO_ANSWER,
    "Another process has this embedded folder open: end it, or use another folder.",
    problem=Problem.UNAVAILABLE,
)
NOT_LET_IN: Final = ErrorMessage(
    3015,
    _NO_ANSWER,
    "Allow this user on the daemon's socket, or run as one that is allowed.",
    problem=Problem.UNAVAILABLE,
)
NO_DRIVER_PACKAGE: Final = ErrorMessage(
    3016, _NO_ANSWER, "Install the hypervisor's {library} driver package.", problem=Problem.UNAVAILABLE
)
NO_EMULATOR: Final = ErrorMessage(3017, _NO_ANSWER, "Install QEMU (qemu-system-x86).", problem=Problem.UNAVAILABLE)

_LATE: Final = "Cannot {doing}: {platform} did not answer within {seconds:g} s."

READ_LATE: Final = ErrorMessage(3018, _LATE, problem=Problem.UNAVAILABLE)
CHANGE_LATE: Final = ErrorMessage(3019, _LATE, problem=Problem.TIMEOUT)

# What the hypervisor itself, or the system that it runs on, said of a call

_CANNOT: Final = "Cannot {doing}: {reason}."

LOST: Final = ErrorMessage(
    3020, "Cannot {doing}: the hypervisor does not answer: {reason}.", problem=Problem.UNAVAILABLE
)
FAILED: Final = ErrorMessage(3021, _CANNOT, problem=Problem.FAILED)
NOT_FOUND: Final = ErrorMessage(3022, _CANNOT, problem=Problem.NOT_FOUND)
ALREADY_EXISTS: Final = ErrorMessage(3023, _CANNOT, problem=Problem.ALREADY_EXISTS)
INVALID_STATE: Final = ErrorMessage(3024, _CANNOT, problem=Problem.INVALID_STATE)
NOT_SUPPORTED: Final = ErrorMessage(3025, _CANNOT, problem=Problem.NOT_SUPPORTED)
INVALID_PARAMETER: Final = ErrorMessage(3026, _CANNOT, problem=Problem.INVALID_PARAMETER)
BUSY: Final = ErrorMessage(3027, _CANNOT, problem=Problem.BUSY)
TIMEOUT: Final = ErrorMessage(3028, _CANNOT, problem=Problem.TIMEOUT)
ACCESS_DENIED: Final = ErrorMessage(3029, _CANNOT, problem=Problem.ACCESS_DENIED)
UNAVAILABLE: Final = ErrorMessage(3030, _CANNOT, problem=Problem.UNAVAILABLE)

CANNOT: Final[dict[Problem, ErrorMessage]] = {
    row.problem: row
    for row in (
        FAILED,
        NOT_FOUND,
        ALREADY_EXISTS,
        INVALID_STATE,
        NOT_SUPPORTED,
        INVALID_PARAMETER,
        BUSY,
        TIMEOUT,
        ACCESS_DENIED,
        UNAVAILABLE,
    )
}
"""By what the hypervisor's word for the failure means."""

XML_UNREADABLE: Final = ErrorMessage(3031, "The hypervisor's XML cannot be read: {reason}.")
XML_NAMELESS: Final = ErrorMessage(3032, "The hypervisor's XML describes a domain without a UUID or name.")

# Hosts

NO_HOST: Final = ErrorMessage(3040, "There is no host {host} on this platform.", problem=Problem.NOT_FOUND)
OTHER_HYPERVISOR: Final = ErrorMessage(
    3041, "This host runs guests by {hypervisors}, not by {asked}.", problem=Problem.NOT_SUPPORTED
)

# Virtual systems

NO_SYSTEM: Final = ErrorMessage(3050, "There is no virtual system {system}.", problem=Problem.NOT_FOUND)
SYSTEM_ENDED: Final = ErrorMessage(3051, "Virtual system {system} has ended.", problem=Problem.NOT_FOUND)
SYSTEM_TAKEN: Final = ErrorMessage(
    3052, "There is already a virtual system {system!r}.", problem=Problem.ALREADY_EXISTS
)
WRONG_STATE: Final = ErrorMessage(
    3053, "Cannot {action} virtual system {system}: it is {state}.", problem=Problem.INVALID_STATE
)
ACTIVE: Final = ErrorMessage(
    3054, "Virtual system {system} is active.", "Stop it first.", problem=Problem.INVALID_STATE
)
NOT_ACTIVE: Final = ErrorMessage(3055, "Virtual system {system} is not active.", problem=Problem.INVALID_STATE)
RENAMED_ACTIVE: Final = ErrorMessage(
    3056, "Only an inactive virtual system can be renamed.", "Stop it first.", problem=Problem.INVALID_STATE
)
TRANSIENT: Final = ErrorMessage(
    3057, "Virtual system {system} has no defined configuration.", problem=Problem.INVALID_STATE
)
BY_MIGRATION_ONLY: Final = ErrorMessage(
    3058, "A virtual system changes its host by migration only.", problem=Problem.NOT_SUPPORTED
)
NO_MACHINE_TYPE: Final = ErrorMessage(3059, "This virtual system has no machine type.", problem=Problem.NOT_SUPPORTED)
NAME: Final = ErrorMessage(
    3060, "A virtual system's name is neither empty nor a path.", problem=Problem.INVALID_PARAMETER
)
UNPRINTABLE: Final = ErrorMessage(
    3061, "The {setting} holds a character that does not print.", problem=Problem.INVALID_PARAMETER
)
LACKING: Final = ErrorMessage(3062, "The definition lacks the {setting} of {part}.", problem=Problem.INVALID_PARAMETER)

# Consoles

CONSOLE_RANGE: Final = ErrorMessage(
    3070, "Offset and limit of a console log are not negative.", problem=Problem.INVALID_PARAMETER
)
NO_SERIAL_PORT: Final = ErrorMessage(
    3071, "Virtual system {system} has no serial port {port}.", problem=Problem.NOT_FOUND
)
LOG_NOT_KEPT: Final = ErrorMessage(
    3072,
    "The output of serial port {port} of virtual system {system} is not kept where it can be read.",
    problem=Problem.NOT_SUPPORTED,
)
LOG_IRREGULAR: Final = ErrorMessage(3073, "The console log {path} is no regular file.", problem=Problem.NOT_FOUND)
LOG_UNREADABLE: Final = ErrorMessage(
    3074, "The console log {path} cannot be read: {reason}.", problem=Problem.UNAVAILABLE
)
