"""Network filters: named lists of rules about what may pass a NIC, which the hypervisor keeps and applies.

A value in a rule may be a variable (``$IP``), which each NIC, or each filter that refers to this one, gives its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_PART: Final = "/filter/"


class FilterAction(StrEnum):
    ACCEPT = "accept"
    DROP = "drop"  # without a word
    REJECT = "reject"  # with an answer
    RETURN = "return"  # back to the filter that refers to this one
    CONTINUE = "continue"  # on to the next rule


class FilterDirection(StrEnum):
    """As the guest sees it."""

    IN = "in"
    OUT = "out"
    INOUT = "inout"


DEFAULT_PRIORITY: Final = 500

CHAINS: Final = ("root", "mac", "stp", "vlan", "arp", "rarp", "ipv4", "ipv6")
"""Where a filter's rules are looked at; a chain's name may go on behind a ``-``: ``arp-xyz``."""

MATCHES: Final = frozenset(
    {
        "source_mac",
        "source_mac_mask",
        "destination_mac",
        "destination_mac_mask",
        "ether_type",
        "source_address",
        "source_mask",
        "source_first",
        "source_last",
        "destination_address",
        "destination_mask",
        "destination_first",
        "destination_last",
        "ip_protocol",
        "source_port_first",
        "source_port_last",
        "destination_port_first",
        "destination_port_last",
        "icmp_type",
        "icmp_code",
        "dscp",
        "state",
        "arp_opcode",
        "arp_source_mac",
        "arp_source_address",
        "arp_destination_mac",
        "arp_destination_address",
        "vlan",
        "comment",
    }
)
"""What a rule can ask of a packet; masks are bits or an address. A rule that is read may have other, unknown ones."""

PROTOCOLS: Final = (
    *("mac", "vlan", "stp", "arp", "rarp", "ip", "ipv6"),
    *(f"{name}{suffix}" for name in ("tcp", "udp", "udplite", "esp", "ah", "sctp", "all") for suffix in ("", "-ipv6")),
    *("icmp", "icmpv6", "igmp"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterRule:
    """One rule. Rules are looked at in the order of their priorities, the least first.

    ``protocol`` None matches everything; else ``match`` says what a packet of the protocol must be like, as (name,
    value) with names of :data:`MATCHES`, and ``negated`` that it must not be so.
    """

    action: FilterAction
    direction: FilterDirection
    priority: int = DEFAULT_PRIORITY
    protocol: str | None = None
    match: tuple[tuple[str, str], ...] = ()
    negated: bool = False
    stateful: bool = True
    """Connections are followed: an answer to what may pass may pass too."""

    def value(self, name: str) -> str | None:
        """What the rule asks of ``name``; None where it asks nothing."""
        return next((value for key, value in self.match if key == name), None)


@dataclass(frozen=True, slots=True)
class FilterReference:
    """Another filter by name, whose rules are looked at too, and values for variables in them."""

    filter: str
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFilter:
    """A network filter, which is a part of its host; ``uuid`` and ``name`` are unique there.

    Rules and references are in the order in which they were written.
    """

    host_id: str
    uuid: str
    name: str
    chain: str = "root"
    priority: int | None = None
    """The place of the chain among chains, where it was said."""
    rules: tuple[FilterRule, ...] = ()
    references: tuple[FilterReference, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.host_id}{_PART}{self.uuid}"

    @property
    def refers_to(self) -> tuple[str, ...]:
        return tuple(reference.filter for reference in self.references)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFilterSpec:
    """A filter to be made; the settings are those of :class:`NetworkFilter`."""

    name: str
    uuid: str | None = None
    """None: the use case makes one. What a driver gets has one."""
    chain: str = "root"
    priority: int | None = None
    rules: tuple[FilterRule, ...] = ()
    references: tuple[FilterReference, ...] = ()


_CHAIN: Final = re.compile(rf"(?:{'|'.join(CHAINS)})(?:-[A-Za-z0-9_.:-]{{1,20}})?")


def is_chain(name: str) -> bool:
    return len(name) <= 30 and _CHAIN.fullmatch(name) is not None and (name == "root" or not name.startswith("root-"))


def filter_named(filters: Iterable[NetworkFilter], name: str | None) -> NetworkFilter | None:
    """The filter of a name among those of a host."""
    return next((each for each in filters if each.name == name), None)


def reached_from(filters: Iterable[NetworkFilter], name: str) -> Iterator[str]:
    """The names of the filters that one refers to, by itself or through others; each once, itself not."""
    by_name = {each.name: each for each in filters}
    seen, look = {name}, [name]
    while look:
        found = by_name.get(look.pop())
        for other in () if found is None else found.refers_to:
            if other not in seen:
                seen.add(other)
                look.append(other)
                yield other
