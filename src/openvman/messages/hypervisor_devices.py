"""What a hypervisor cannot do with processors, memory and devices: 3100 to 3199. Any driver raises these."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

# Processors and memory

MEMORY_SIZE: Final = ErrorMessage(
    3101, "Memory size {size} is not between 1 byte and the maximum {maximum}.", problem=Problem.INVALID_PARAMETER
)
PROCESSOR_COUNT: Final = ErrorMessage(
    3102, "Processor count {count} is not between 1 and the maximum {maximum}.", problem=Problem.INVALID_PARAMETER
)
NO_PROCESSOR: Final = ErrorMessage(3103, "{processor!r} is no processor of a host.", problem=Problem.INVALID_PARAMETER)
DEDICATED_COUNT: Final = ErrorMessage(
    3104,
    "{count} dedicated processors for {maximum} virtual ones.",
    "Give one for each.",
    problem=Problem.INVALID_PARAMETER,
)
NO_AFFINITY: Final = ErrorMessage(3105, "There is no {affinity} affinity here.", problem=Problem.NOT_SUPPORTED)
BALLOON_SILENT: Final = ErrorMessage(
    3106, "The guest does not answer its memory balloon.", problem=Problem.NOT_SUPPORTED
)
GUEST_UNWILLING: Final = ErrorMessage(
    3107, "The guest does not take the change: {reason}.", problem=Problem.NOT_SUPPORTED
)

# What stands in a configuration

NO_ALLOCATION: Final = ErrorMessage(
    3110, "There is no allocation {allocation} in this configuration.", problem=Problem.NOT_FOUND
)
DEVICE_TAKEN: Final = ErrorMessage(3111, "There is already a device {device}.", problem=Problem.ALREADY_EXISTS)
UNFIT_SPEC: Final = ErrorMessage(3112, "{allocation} is not changed by a {spec}.", problem=Problem.INVALID_PARAMETER)
UNCHANGEABLE: Final = ErrorMessage(3113, "The {setting} of {device} cannot be changed.", problem=Problem.NOT_SUPPORTED)
UNTUNABLE_LIVE: Final = ErrorMessage(
    3115, "The {setting} of an active system cannot be changed: {reason}.", problem=Problem.NOT_SUPPORTED
)

# Devices that come and go

NO_DEVICE: Final = ErrorMessage(
    3120,
    "A {spec} cannot be added: it is no device, or lacks what tells it from others.",
    problem=Problem.INVALID_PARAMETER,
)
INDISPENSABLE: Final = ErrorMessage(
    3121, "{device} cannot be removed: every system has it.", problem=Problem.INVALID_PARAMETER
)
PUT_BACK: Final = ErrorMessage(
    3122, "{device} is part of the machine: the hypervisor puts it back.", problem=Problem.NOT_SUPPORTED
)
NOT_PLUGGED: Final = ErrorMessage(
    3123,
    "An active system can neither get nor lose this device: {reason}.",
    "Change it while the system is stopped, or at its next start.",
    problem=Problem.NOT_SUPPORTED,
)
BUS_NOT_PLUGGED: Final = ErrorMessage(
    3124,
    "A {kind} on {bus} cannot be plugged into an active system.",
    "Use another bus, or add it when the system is stopped.",
    problem=Problem.NOT_SUPPORTED,
)
GUEST_HOLDS: Final = ErrorMessage(
    3125,
    "The guest was asked to let go of {device} and has not done so: it may not have started yet, or has no driver for "
    "that.",
    "It may still let go; or stop the system first.",
    problem=Problem.TIMEOUT,
)

# Disks

DISK_SOURCE: Final = ErrorMessage(
    3130, "A disk's source is an absolute path on the host, or a volume.", problem=Problem.INVALID_PARAMETER
)
DISK_CAPACITY: Final = ErrorMessage(
    3131, "A disk's capacity belongs to its image and stays.", problem=Problem.NOT_SUPPORTED
)
BUS_FULL: Final = ErrorMessage(3133, "There is no room for another disk on {bus}.", problem=Problem.INVALID_PARAMETER)

# NICs

NIC_CONNECTION: Final = ErrorMessage(
    3140, "A NIC connects to a network, to a bridge or as user.", problem=Problem.NOT_SUPPORTED
)
NIC_SOURCE: Final = ErrorMessage(
    3141, "A NIC on a {connection} needs its name as the source.", problem=Problem.INVALID_PARAMETER
)
USER_SOURCE: Final = ErrorMessage(3142, "User networking has no source.", problem=Problem.INVALID_PARAMETER)

# Other devices

ENDPOINT: Final = ErrorMessage(3150, "Nothing can listen on {address!r}: {reason}.", problem=Problem.INVALID_PARAMETER)
ENDPOINT_PORT: Final = ErrorMessage(
    3151, "{address!r} has no port.", "Say 127.0.0.1:4555.", problem=Problem.INVALID_PARAMETER
)
HOST_DEVICE: Final = ErrorMessage(
    3152, "{source!r} names no {type} device of the host.", problem=Problem.INVALID_PARAMETER
)
