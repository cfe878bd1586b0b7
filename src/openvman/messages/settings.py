"""What the settings of a virtual system and of its resources cannot be: 2200 to 2299. Most are said of a system.

``spec`` is what is asked for, ``setting`` the name of the setting at fault and ``value`` what it would be.
"""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

NAME_EMPTY: Final = ErrorMessage(
    2201, "the name is empty.", "Give one, or none to have one made.", problem=Problem.INVALID_PARAMETER
)
NAME_TOO_LONG: Final = ErrorMessage(
    2202, "the name is too long; it may have {maximum} bytes in UTF-8", problem=Problem.INVALID_PARAMETER
)
NAME_HAS_CONTROLS: Final = ErrorMessage(
    2203,
    "the name {spec.name!r} has control characters or space at an end.",
    "Leave them out.",
    problem=Problem.INVALID_PARAMETER,
)
NAME_UNUSABLE: Final = ErrorMessage(
    2204,
    "the name {spec.name!r} cannot be used: it may not hold '/', begin with '-', or be '.' or '..'",
    problem=Problem.INVALID_PARAMETER,
)
DESCRIPTION: Final = ErrorMessage(
    2205,
    "the description has control characters or more than {maximum} characters.",
    "Shorten or clean it.",
    problem=Problem.INVALID_PARAMETER,
)
HYPERVISOR: Final = ErrorMessage(
    2206,
    "host {host.name!r} has no hypervisor {spec.hypervisor!r}; it has {host.facts.hypervisors!r}",
    problem=Problem.INVALID_PARAMETER,
)
MACHINE: Final = ErrorMessage(
    2207,
    "host {host.name!r} has no machine type {spec.machine!r}.",
    "Leave it out to get its default.",
    problem=Problem.INVALID_PARAMETER,
)
AUTOSTART: Final = ErrorMessage(
    2208,
    "host {host.name!r} cannot start systems by itself.",
    "Leave autostart out.",
    problem=Problem.NOT_SUPPORTED,
)
BOOT_ORDER: Final = ErrorMessage(
    2209, "a boot device is named twice.", "Name each once.", problem=Problem.INVALID_PARAMETER
)
FIRMWARE: Final = ErrorMessage(
    2210,
    "host {host.name!r} has no {spec.firmware} firmware; it has {host.facts.firmwares}",
    problem=Problem.NOT_SUPPORTED,
)
BOOT_FILE: Final = ErrorMessage(
    2211,
    "the {setting} {value!r} cannot be used: an absolute path on the host without '..' is needed",
    problem=Problem.INVALID_PARAMETER,
)
COMMAND_LINE: Final = ErrorMessage(
    2212, "the command line has control characters or more than {maximum} characters", problem=Problem.INVALID_PARAMETER
)
NO_KERNEL: Final = ErrorMessage(
    2213, "an initrd or a command line goes with a kernel.", "Give the kernel too.", problem=Problem.INVALID_PARAMETER
)
NO_FIRMWARE: Final = ErrorMessage(
    2214,
    "machine type {spec.machine!r} has no firmware, and starts by a kernel.",
    "Give a kernel of the host and no firmware, or take another machine type.",
    problem=Problem.INVALID_PARAMETER,
)
DISKS_TOO_MANY: Final = ErrorMessage(
    2221, "too many disks; a system has {maximum} at most", problem=Problem.INVALID_PARAMETER
)
NICS_TOO_MANY: Final = ErrorMessage(
    2222, "too many NICs; a system has {maximum} at most", problem=Problem.INVALID_PARAMETER
)
TARGET_TWICE: Final = ErrorMessage(
    2223,
    "two disks have the same target.",
    "Give each its own, or none to have one chosen.",
    problem=Problem.INVALID_PARAMETER,
)
MAC_TWICE: Final = ErrorMessage(
    2224,
    "two NICs have the same MAC address.",
    "Give each its own, or none to have one chosen.",
    problem=Problem.INVALID_PARAMETER,
)
PORT_TWICE: Final = ErrorMessage(
    2225,
    "two serial ports have the same number.",
    "Give each its own, or none to have one chosen.",
    problem=Problem.INVALID_PARAMETER,
)
DEVICES_TOO_MANY: Final = ErrorMessage(
    2226,
    "too many devices; a system has {maximum} at most beside disks, NICs and serial ports",
    problem=Problem.INVALID_PARAMETER,
)
DEVICE_TWICE: Final = ErrorMessage(
    2227, "a system has only one each of {kinds}.", "Leave the others out.", problem=Problem.INVALID_PARAMETER
)
PORT: Final = ErrorMessage(
    2231, "there is no serial port {spec.port}; they are numbered from 0 to {last}", problem=Problem.INVALID_PARAMETER
)
PORT_ADDRESS: Final = ErrorMessage(
    2232,
    "{spec.address!r} is no place where a serial port can be reached.",
    "Give an IP address and a port: 127.0.0.1:4555.",
    problem=Problem.INVALID_PARAMETER,
)
PROCESSORS: Final = ErrorMessage(
    2241,
    "the {setting} cannot be {value}; host {host.name!r} gives one system {around.processor}",
    problem=Problem.INVALID_PARAMETER,
)
PROCESSORS_ABOVE_MAXIMUM: Final = ErrorMessage(
    2242,
    "{spec.count} virtual processors are more than the maximum, {spec.maximum}.",
    "Raise the maximum, which an active system gets at its next start.",
    problem=Problem.INVALID_PARAMETER,
)
MEMORY: Final = ErrorMessage(
    2243,
    "the {setting} cannot be {value}; host {host.name!r} gives one system {around.memory}",
    problem=Problem.INVALID_PARAMETER,
)
MEMORY_ABOVE_MAXIMUM: Final = ErrorMessage(
    2244,
    "{spec.size} bytes of memory are more than the maximum, {spec.maximum}.",
    "Raise the maximum, which an active system gets at its next start.",
    problem=Problem.INVALID_PARAMETER,
)
DISK_BUS: Final = ErrorMessage(
    2251,
    "host {host.name!r} has no disk bus {spec.bus!r}; it has {host.facts.disk_buses!r}",
    problem=Problem.INVALID_PARAMETER,
)
KIND_NOT_ON_BUS: Final = ErrorMessage(
    2252,
    "a {spec.kind} cannot be on bus {spec.bus!r}.",
    "Leave the bus out to have one chosen.",
    problem=Problem.INVALID_PARAMETER,
)
TARGET: Final = ErrorMessage(
    2253,
    "the target {spec.target!r} is no place on bus {spec.bus!r}.",
    "Leave the target out to have one chosen.",
    problem=Problem.INVALID_PARAMETER,
)
SOURCE_TOO_LONG: Final = ErrorMessage(
    2254, "the source is too long; a path may have {maximum} bytes in UTF-8", problem=Problem.INVALID_PARAMETER
)
SOURCE_UNUSABLE: Final = ErrorMessage(
    2255,
    "the source {spec.source!r} cannot be used: '..', control characters and a leading '-' are refused.",
    "Give the path itself.",
    problem=Problem.INVALID_PARAMETER,
)
NO_SOURCE: Final = ErrorMessage(
    2256, "a disk needs a source, or a capacity to have a new image made", problem=Problem.INVALID_PARAMETER
)
CAPACITY_OF_DRIVE: Final = ErrorMessage(
    2257,
    "no image can be made for a {spec.kind}.",
    "Give a source, or no capacity for an empty drive.",
    problem=Problem.INVALID_PARAMETER,
)
CAPACITY: Final = ErrorMessage(
    2258,
    "the capacity cannot be {spec.capacity}; host {host.name!r} gives one disk {around.disk}",
    problem=Problem.INVALID_PARAMETER,
)
FORMAT: Final = ErrorMessage(
    2259,
    "the format {spec.format!r} is not supported.",
    "Convert the image to one of {formats}.",
    problem=Problem.NOT_SUPPORTED,
)
CDROM_WRITABLE: Final = ErrorMessage(2260, "a CD-ROM is read-only.", "Leave it out.", problem=Problem.INVALID_PARAMETER)
NO_MAC: Final = ErrorMessage(
    2271,
    "{spec.mac!r} is no MAC address.",
    "Write six pairs of hexadecimal digits with colons.",
    problem=Problem.INVALID_PARAMETER,
)
MAC_OF_MANY: Final = ErrorMessage(
    2272,
    "the MAC address {spec.mac} is a multicast or null address.",
    "Leave it out to have one chosen.",
    problem=Problem.INVALID_PARAMETER,
)
MAC_IN_USE: Final = ErrorMessage(
    2273,
    "the MAC address {spec.mac} is in use on host {host.name!r} by another virtual system.",
    "Leave it out to have one chosen.",
    problem=Problem.ALREADY_EXISTS,
)
NIC_MODEL: Final = ErrorMessage(
    2274,
    "host {host.name!r} has no NIC model {spec.model!r}; it has {host.facts.nic_models!r}",
    problem=Problem.INVALID_PARAMETER,
)
CONNECTION: Final = ErrorMessage(
    2275,
    "a NIC is connected to a network, a bridge, a device of the host or nothing, or gets user-mode networking.",
    "Say which.",
    problem=Problem.NOT_SUPPORTED,
)
NO_NETWORK: Final = ErrorMessage(
    2276,
    "host {host.name!r} has no network {spec.source!r}; it has {host.network_names!r}",
    problem=Problem.NOT_FOUND,
)
NO_BRIDGE: Final = ErrorMessage(
    2277, "{spec.source!r} is no name of a bridge.", "Give the bridge as source.", problem=Problem.INVALID_PARAMETER
)
SOURCE_OF_USER_MODE: Final = ErrorMessage(
    2278,
    "user-mode networking has no source, and {spec.source!r} was given.",
    "Leave it out, or say what it is.",
    problem=Problem.INVALID_PARAMETER,
)
NO_FILTER: Final = ErrorMessage(
    2279,
    "host {host.name!r} has no network filter {spec.filter!r}; it has {host.filter_names!r}",
    problem=Problem.NOT_FOUND,
)
FILTER_OF_USER_MODE: Final = ErrorMessage(
    2280,
    "the network filter {spec.filter!r} works on a network or a bridge.",
    "Take it from the NIC, or connect that to one.",
    problem=Problem.INVALID_PARAMETER,
)
NOT_CONNECTED_SO: Final = ErrorMessage(
    2281,
    "host {host.name!r} connects no NIC by {spec.connection}; it does by {host.facts.nic_connections}",
    problem=Problem.NOT_SUPPORTED,
)
NIC_UNFILTERED: Final = ErrorMessage(
    2282,
    "host {host.name!r} has network filters, and can give none of them to a NIC.",
    "Leave the filter out.",
    problem=Problem.NOT_SUPPORTED,
)
NO_DEVICE_SAID: Final = ErrorMessage(
    2283,
    "a direct connection needs a network device of the host.",
    "Name it.",
    problem=Problem.INVALID_PARAMETER,
)
NO_DEVICE: Final = ErrorMessage(
    2284,
    "host {host.name!r} has no network device {spec.source!r}; it has {host.interfaces}",
    problem=Problem.INVALID_PARAMETER,
)
SOURCE_OF_ETHERNET: Final = ErrorMessage(
    2285,
    "an interface on the host that is connected to nothing has no source.",
    "Leave it out, or say another connection.",
    problem=Problem.INVALID_PARAMETER,
)
DIRECT_MODE: Final = ErrorMessage(
    2286,
    "{spec.mode!r} is no mode of the connection {spec.connection}; a direct one has one of {modes}, and others none",
    problem=Problem.INVALID_PARAMETER,
)
STATION_NOT_DIRECT: Final = ErrorMessage(
    2287,
    "the connection {spec.connection} tells no switch of a port profile or a station interface; a direct one does",
    problem=Problem.INVALID_PARAMETER,
)
STATION_TWICE: Final = ErrorMessage(
    2288,
    "a direct connection is told of by one of {standards}.",
    "Say a station interface, or the name of a port profile, and not both.",
    problem=Problem.INVALID_PARAMETER,
)
PORT_PROFILE: Final = ErrorMessage(
    2289, "{spec.profile!r} is no port profile: a name has 1 to {longest} characters", problem=Problem.INVALID_PARAMETER
)
STATION: Final = ErrorMessage(
    2290,
    "a station interface has the numbers of its manager (0 to {managers}), type (0 to {types}) and version (0 to "
    "{versions}), and a UUID if any as its instance",
    problem=Problem.INVALID_PARAMETER,
)
HOST_INTERFACE: Final = ErrorMessage(
    2291,
    "{spec.target!r} is no name for the interface on the host: one of 15 letters, digits and ._@- at most, which is "
    "not that of a device of its own, and none with user-mode networking.",
    "Leave it out to have one made.",
    problem=Problem.INVALID_PARAMETER,
)
NETWORK_UNNAMED: Final = ErrorMessage(
    2292,
    "host {host.name!r} has no network that NICs join when they name none; it has {host.network_names!r}",
    problem=Problem.NOT_FOUND,
)
