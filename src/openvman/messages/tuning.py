"""What cannot be said of how resources are limited, weighed, reserved, mapped and cached: 2300 to 2399."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

OUT_OF_RANGE: Final = ErrorMessage(
    2300,
    "the {setting} cannot be {value}; on host {host.name!r} it is 0 for none, or {range}",
    problem=Problem.INVALID_PARAMETER,
)
WEIGHT_UNSUPPORTED: Final = ErrorMessage(
    2301,
    "host {host.name!r} does not share its processors by weight.",
    "Leave the weight out.",
    problem=Problem.NOT_SUPPORTED,
)
PROCESSOR_LIMIT_UNSUPPORTED: Final = ErrorMessage(
    2303,
    "host {host.name!r} cannot limit processors.",
    "Leave the limit out.",
    problem=Problem.NOT_SUPPORTED,
)
PROCESSOR_RESERVATION: Final = ErrorMessage(
    2306,
    "the reservation, {spec.reservation}, is more than the limit, {spec.limit}.",
    "Raise the limit or reserve less.",
    problem=Problem.INVALID_PARAMETER,
)
AFFINITY_UNSUPPORTED: Final = ErrorMessage(
    2307,
    "host {host.name!r} cannot map processors by {spec.affinity} affinity; it has {host.facts.affinities}",
    problem=Problem.NOT_SUPPORTED,
)
MAPPING_HALF_SAID: Final = ErrorMessage(
    2308,
    "a mapping to the host's processors needs an affinity and processors, and has {spec.affinity} and "
    "{spec.processors!r}.",
    "Give both, or neither.",
    problem=Problem.INVALID_PARAMETER,
)
NO_PROCESSOR: Final = ErrorMessage(
    2309,
    "of {spec.processors!r} some are no processors of host {host.name!r}.",
    "List the host's processors and name those.",
    problem=Problem.NOT_FOUND,
)
PROCESSOR_TWICE: Final = ErrorMessage(
    2310, "a processor of the host is named twice.", "Name each once.", problem=Problem.INVALID_PARAMETER
)
DEDICATED_TOO_FEW: Final = ErrorMessage(
    2311,
    "with dedicated processors each virtual processor up to the maximum, {spec.maximum}, has one of its own, and "
    "{spec.processors!r} are given.",
    "Give as many.",
    problem=Problem.INVALID_PARAMETER,
)
NO_CLOCK: Final = ErrorMessage(
    2312,
    "Host {host.name!r} does not tell its clock.",
    "Say the {setting} in percent of a processor, not in Hz.",
    problem=Problem.NOT_SUPPORTED,
)
DEDICATED_TO_ANOTHER: Final = ErrorMessage(
    2313,
    "the processor {processor!r} of host {host.name!r} cannot be dedicated to one system while another is mapped to "
    "it: {holder!r} is.",
    "Name others.",
    problem=Problem.INSUFFICIENT,
)
MEMORY_LIMIT_UNSUPPORTED: Final = ErrorMessage(
    2321,
    "host {host.name!r} cannot limit memory.",
    "Leave the limit out.",
    problem=Problem.NOT_SUPPORTED,
)
MEMORY_LIMIT_TOO_SMALL: Final = ErrorMessage(
    2322,
    "a limit of {spec.limit} bytes is too little: it covers the guest's memory, up to {spec.maximum}, and {overhead} "
    "for the hypervisor's own needs.",
    "Raise the limit, or give the guest less.",
    problem=Problem.INVALID_PARAMETER,
)
MEMORY_RESERVATION: Final = ErrorMessage(
    2324,
    "a reservation of {spec.reservation} bytes is more than the guest can have, {spec.maximum}.",
    "Reserve less.",
    problem=Problem.INVALID_PARAMETER,
)
PAGE_SIZE: Final = ErrorMessage(
    2325,
    "host {host.name!r} has no pages of {spec.page_size} bytes; it has {host.facts.page_sizes}",
    problem=Problem.INVALID_PARAMETER,
)
NO_WHOLE_PAGES: Final = ErrorMessage(
    2326,
    "memory of {spec.size} (at most {spec.maximum}) bytes is no whole number of pages of {spec.page_size}.",
    "Round it.",
    problem=Problem.INVALID_PARAMETER,
)
CACHE_MODE: Final = ErrorMessage(
    2331,
    "host {host.name!r} has no cache mode {spec.cache!r} for disks.",
    "Say {default!r}, or one of {host.facts.disk_caches!r}.",
    problem=Problem.NOT_SUPPORTED,
)
DISCARD_MODE: Final = ErrorMessage(
    2332,
    "host {host.name!r} has no discard mode {spec.discard!r} for disks.",
    "Say {default!r}, or one of {host.facts.disk_discards!r}.",
    problem=Problem.NOT_SUPPORTED,
)
BLOCK_SIZE: Final = ErrorMessage(
    2333,
    "a guest cannot be shown blocks of {spec.block_size} bytes.",
    "Say one of {sizes}.",
    problem=Problem.INVALID_PARAMETER,
)
BLOCK_SIZE_UNSUPPORTED: Final = ErrorMessage(
    2334,
    "blocks of {spec.block_size} bytes are for disks; a {spec.kind} on {spec.bus} has its own",
    problem=Problem.NOT_SUPPORTED,
)
DISK_LIMITS_UNSUPPORTED: Final = ErrorMessage(
    2336,
    "host {host.name!r} cannot limit the throughput of a disk.",
    "Leave the limits out.",
    problem=Problem.NOT_SUPPORTED,
)
DISK_LIMIT_AND_PARTS: Final = ErrorMessage(
    2337,
    "a {setting} of {value} stands beside limits of reading or writing.",
    "Give the whole or its parts, and 0 for what shall have no limit.",
    problem=Problem.INVALID_PARAMETER,
)
SHARED_FORMAT: Final = ErrorMessage(
    2338,
    "a disk that several systems may have cannot be {spec.format}, whose image one alone can write.",
    "Make it raw.",
    problem=Problem.NOT_SUPPORTED,
)
BANDWIDTH_OF_USER_MODE: Final = ErrorMessage(
    2342,
    "the bandwidth of user-mode networking cannot be limited.",
    "Connect the NIC to a network, or leave it out.",
    problem=Problem.NOT_SUPPORTED,
)
BANDWIDTH_RESERVED: Final = ErrorMessage(
    2343,
    "bandwidth can be reserved on a network, not on a {spec.connection}.",
    "Leave the receive_reservation out.",
    problem=Problem.NOT_SUPPORTED,
)
BANDWIDTH_RESERVATION: Final = ErrorMessage(
    2344,
    "a receive_reservation of {spec.receive_reservation} is more than the receive_limit, {spec.receive_limit}",
    problem=Problem.INVALID_PARAMETER,
)
