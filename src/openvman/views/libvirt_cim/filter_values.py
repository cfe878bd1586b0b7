"""What the rules of network filters look for, in the values of CIM's filter entries.

A value that is a variable, which each adapter gives its own, is NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, TypeVar

from openvman.model.network_filter import FilterAction, FilterDirection, FilterRule

ACTIONS: Final[Mapping[FilterAction, int]] = {
    FilterAction.ACCEPT: 1,
    FilterAction.DROP: 2,
    FilterAction.REJECT: 3,
    FilterAction.RETURN: 4,
    FilterAction.CONTINUE: 5,
}
DIRECTIONS: Final[Mapping[FilterDirection, int]] = {
    FilterDirection.IN: 1,
    FilterDirection.OUT: 2,
    FilterDirection.INOUT: 3,
}
FRAMES: Final = frozenset({"mac", "vlan", "stp", "arp", "rarp"})
"""Protocols that are looked for in frames; the others are looked for in what IP carries."""
_IN_FRAMES: Final = {"ipv4": 0x0800, "arp": 0x0806, "rarp": 0x8035, "ipv6": 0x86DD, "vlan": 0x8100}
_ON_IP: Final = {
    "icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "esp": 50, "ah": 51, "icmpv6": 58, "sctp": 132, "udplite": 136,
}  # fmt: skip
_VERSION_6: Final = ("ipv6", "icmpv6")

Octets = tuple[int, ...]
T = TypeVar("T")


def ip_version(rule: FilterRule) -> int:
    protocol = rule.protocol or ""
    return 6 if protocol in _VERSION_6 or protocol.endswith("-ipv6") else 4


def protocol_on_ip(rule: FilterRule) -> int | None:
    """The number of the protocol on IP: what the rule is of, or asks of IP."""
    protocol = (rule.protocol or "").removesuffix("-ipv6")
    return _ON_IP.get(protocol) or _code(rule, "ip_protocol", _ON_IP)


def protocol_in_frame(rule: FilterRule) -> int | None:
    return _code(rule, "ether_type", _IN_FRAMES)


def number(rule: FilterRule, name: str) -> int | None:
    return _code(rule, name, {})


def address(rule: FilterRule, *names: str) -> Octets | None:
    """The first of the names that the rule has."""
    said = next((value for name in names if (value := rule.value(name)) is not None), None)
    return _unless_variable(said, lambda text: tuple(ip_address(text).packed))


def mask(rule: FilterRule, name: str) -> Octets | None:
    """A mask is written as a count of bits, or as an address."""

    def parse(text: str) -> Octets:
        if not text.isdigit():
            return tuple(ip_address(text).packed)
        network = IPv6Network(f"::/{text}") if ip_version(rule) == 6 else IPv4Network(f"0.0.0.0/{text}")
        return tuple(network.netmask.packed)

    return _unless_variable(rule.value(name), parse)


def mac(rule: FilterRule, name: str) -> Octets | None:
    return _unless_variable(rule.value(name), lambda text: tuple(int(part, 16) for part in text.split(":")))


def _code(rule: FilterRule, name: str, names: Mapping[str, int]) -> int | None:
    return _unless_variable(rule.value(name), lambda text: names[text] if text in names else int(text, 0))


def _unless_variable(text: str | None, parse: Callable[[str], T]) -> T | None:
    """NULL too where the hypervisor takes a form that the property has none for, as lists of variables with indices."""
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError:
        return None
