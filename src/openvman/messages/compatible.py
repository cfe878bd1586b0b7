"""What clients of an older server compare, word by word: 1800 to 1899. What follows such a text says more."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

# Paths that name nothing

NO_SUCH_INSTANCE: Final = ErrorMessage(1801, "No such instance", problem=Problem.NOT_FOUND)
NO_SUCH_KEY: Final = ErrorMessage(1802, "No such instance ({what})", problem=Problem.NOT_FOUND)
NOT_THAT_POOL: Final = ErrorMessage(
    1803, "No such instance ({pool}) - resource pool type mismatch", problem=Problem.NOT_FOUND
)
INSTANCE_NOT_FOUND: Final = ErrorMessage(1804, "Instance not found", problem=Problem.NOT_FOUND)
NO_DOMAIN: Final = ErrorMessage(
    1805, "Referenced domain `{name}' does not exist: Domain not found", problem=Problem.NOT_FOUND
)
DOMAIN_NOT_NAMED: Final = ErrorMessage(1806, "Unable to retrieve domain name: Error 0", problem=Problem.NOT_FOUND)
NO_DOMAIN_NAME: Final = ErrorMessage(1807, "No domain name specified")
NO_DEVICE_ID: Final = ErrorMessage(1808, "No DeviceID specified")
MISSING_ID: Final = ErrorMessage(1809, "Missing InstanceID")
NO_ID: Final = ErrorMessage(1810, "No InstanceID specified")
NO_CONSOLE_PORT: Final = ErrorMessage(1811, "Unable to determine console port for guest")
NO_POOL: Final = ErrorMessage(
    1812,
    "Unable to determine pool of `{setting}': there is no network {network}.",
    "Define the network, or connect the adapter to another.",
)

# What cannot be done

UNREADABLE: Final = ErrorMessage(1820, "Unable to parse embedded object: {reason}")
REFUSED: Final = ErrorMessage(1821, "{reason}")
STATE_NOT_SUPPORTED: Final = ErrorMessage(1822, "State not supported: {reason}", problem=Problem.NOT_SUPPORTED)
METHOD_NOT_SUPPORTED: Final = ErrorMessage(1823, "{name} is not supported", problem=Problem.NOT_SUPPORTED)
UNKNOWN_METHOD: Final = ErrorMessage(1824, "Unknown Method")
NOT_RUNNING: Final = ErrorMessage(1825, "Domain not running: {reason}")
NO_NETWORK: Final = ErrorMessage(1826, "Network not found: {reason}")
CANNOT_START: Final = ErrorMessage(1827, "Unable to start domain: {reason}")
OTHER_UUID: Final = ErrorMessage(
    1828,
    "Guest {guest} cannot get the UUID {uuid}: a guest keeps its own.",
    "Define another.",
    problem=Problem.INVALID_PARAMETER,
)
MISSING_ARGUMENT: Final = ErrorMessage(1830, "Missing argument `{name}'", problem=Problem.INVALID_PARAMETER)
ONE_SETTING: Final = ErrorMessage(
    1831,
    "{count} settings are given for one pool.",
    "Make each pool by a call of its own.",
    problem=Problem.INVALID_PARAMETER,
)
NOT_THAT_RESOURCE: Final = ErrorMessage(
    1832,
    "This function does not support this resource type: {pool.pool_id}.",
    "Name a network, or a storage pool whose volumes are made on its host.",
)
NO_NEW_VOLUME: Final = ErrorMessage(1833, "Unable to create storage volume: {reason}")
NO_VOLUME: Final = ErrorMessage(
    1834,
    "no storage vol with matching path {path!r} in {pool.pool_id}.",
    "Take the Address of one of the pool's settings.",
)
NO_ADDRESS: Final = ErrorMessage(1835, "Missing Address in resource RASD")
NO_HOST: Final = ErrorMessage(1836, "There is no host of {kind}", problem=Problem.NOT_FOUND)
