"""The rules that a new virtual network or network filter must keep: tables as in :mod:`openvman.model.validation`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from openvman.model.errors import Problem
from openvman.model.host_part import NAME
from openvman.model.network import HAS_OWN_BRIDGE, ROUTED, AddressRange, Forward, NetworkAddress, NetworkSpec, Vlans
from openvman.model.network_filter import MATCHES, PROTOCOLS, FilterRule, NetworkFilterSpec, is_chain
from openvman.model.validation import Rule, Surroundings, is_text, is_uuid

MAXIMUM_RULES: Final = 1024
MAXIMUM_ADDRESSES: Final = 16
_INTERFACE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}")
"""A name that the host's kernel takes for an interface: 15 bytes at most."""
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_VARIABLE: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
_VLANS: Final = range(1, 4095)
_TAKES_DEVICE: Final = ROUTED | {Forward.BRIDGE, Forward.PRIVATE, Forward.VEPA, Forward.PASSTHROUGH}
_MADE: Final = HAS_OWN_BRIDGE | _TAKES_DEVICE


def _is_address(address: NetworkAddress) -> bool:
    try:
        found = address.interface
    except ValueError:
        return False
    host = found.ip
    usable = not (host.is_multicast or host.is_loopback or host.is_unspecified)
    widest = 31 if host.version == 4 else 127
    return usable and 0 < address.prefix < widest and host != found.network.network_address


def _is_within(each: AddressRange, address: NetworkAddress) -> bool:
    try:
        first, last = ip_address(each.first), ip_address(each.last)
        network = address.interface.network
    except ValueError:
        return False
    return first in network and last in network and _number(first) <= _number(last)


def _number(address: IPv4Address | IPv6Address) -> int:
    return int(address)


def _overlapping(v: NetworkSpec, s: Surroundings) -> Iterator[str]:
    """Networks of the host, or the new one itself, that have an address of the new one's."""
    mine = [address.interface.network for address in v.addresses]
    for place, network in enumerate(mine):
        if any(network.version == other.version and network.overlaps(other) for other in mine[:place]):
            yield v.name
    for there in s.host.networks:
        its = [address.interface.network for address in there.addresses if _is_address(address)]
        if any(a.version == b.version and a.overlaps(b) for a in mine for b in its):
            yield there.name


def _vlans(v: NetworkSpec) -> Iterator[Vlans]:
    yield from (each for each in (v.vlans, *(group.vlans for group in v.port_groups)) if each is not None)


NETWORK_RULES: Final[tuple[Rule[NetworkSpec], ...]] = (
    Rule(
        ("name",),
        lambda _, s: s.host.facts.has_networks,
        "host {s.host.name!r} has no virtual networks; name a host that has",
        Problem.NOT_SUPPORTED,
    ),
    Rule(
        ("name",),
        lambda v, _: bool(NAME.fullmatch(v.name)),
        "{v.name!r} cannot name a network; use up to 64 letters, digits and _.+-, a letter or digit first",
    ),
    Rule(
        ("name",),
        lambda v, s: all(v.name != network.name for network in s.host.networks),
        "there is a network {v.name!r} on host {s.host.name!r} already; choose another name",
        Problem.ALREADY_EXISTS,
    ),
    Rule(
        ("uuid",),
        lambda v, _: v.uuid is None or is_uuid(v.uuid),
        "{v.uuid!r} is no UUID; write it in lower case with hyphens, or leave it out",
    ),
    Rule(
        ("uuid",),
        lambda v, s: all(v.uuid != network.uuid for network in s.host.networks),
        "there is a network with the UUID {v.uuid} on host {s.host.name!r} already; leave it out",
        Problem.ALREADY_EXISTS,
    ),
    Rule(
        ("forward",),
        lambda v, _: v.forward in _MADE,
        "a network whose traffic goes on as {v.forward} cannot be made; make it at the hypervisor",
        Problem.NOT_SUPPORTED,
    ),
    Rule(
        ("forward_device",),
        lambda v, _: v.forward_device is None or bool(_INTERFACE.fullmatch(v.forward_device)),
        "{v.forward_device!r} is no name of an interface; give one of the host's",
    ),
    Rule(
        ("forward_device",),
        lambda v, _: v.forward_device is None or v.forward in _TAKES_DEVICE,
        "the traffic of an {v.forward} network leaves by no interface; leave the forward device out",
    ),
    Rule(
        ("bridge",),
        lambda v, _: v.bridge is None or bool(_INTERFACE.fullmatch(v.bridge)),
        "{v.bridge!r} is no name of a bridge; use up to 15 letters, digits and _.-",
    ),
    Rule(
        ("bridge",),
        lambda v, s: (
            v.bridge is None
            or v.forward not in HAS_OWN_BRIDGE
            or all(v.bridge != network.bridge for network in s.host.networks)
        ),
        "the bridge {v.bridge!r} is that of another network of host {s.host.name!r}; leave it out to have one chosen",
        Problem.ALREADY_EXISTS,
    ),
    Rule(
        ("bridge",),
        lambda v, _: v.forward is not Forward.BRIDGE or (v.bridge is None) != (v.forward_device is None),
        "a network on the host's own bridge or interface needs one of the two; give the bridge or the forward device",
    ),
    Rule(
        ("addresses",),
        lambda v, _: not v.addresses or v.forward in HAS_OWN_BRIDGE,
        "the host has no address on a network whose traffic goes on as {v.forward}; leave the addresses out",
    ),
    Rule(
        ("addresses",),
        lambda v, _: bool(v.addresses) or v.forward not in ROUTED,
        "what goes on as {v.forward} is routed by the host, which needs an address; give one",
    ),
    Rule(
        ("addresses",),
        lambda v, _: len(v.addresses) <= MAXIMUM_ADDRESSES and all(len(a.ranges) <= 64 for a in v.addresses),
        f"too many addresses or ranges; a network has {MAXIMUM_ADDRESSES} addresses and 64 ranges of each at most",
    ),
    Rule(
        ("addresses",),
        lambda v, _: all(_is_address(address) for address in v.addresses),
        "an address of the network is none that the host can have; give one of the network's, with its prefix or mask",
    ),
    Rule(
        ("addresses",),
        lambda v, _: all(_is_within(each, address) for address in v.addresses for each in address.ranges),
        "a range of addresses is not within the network, or ends before it begins; give its first and last address",
    ),
    Rule(
        ("addresses",),
        lambda v, s: not any(_overlapping(v, s)),
        "the addresses overlap with others of networks of host {s.host.name!r}; choose addresses that are free",
        Problem.IN_USE,
    ),
    Rule(
        ("virtual_port",),
        lambda v, _: v.virtual_port is None or bool(_WORD.fullmatch(v.virtual_port)),
        "{v.virtual_port!r} is no kind of switch; give one such as openvswitch",
    ),
    Rule(
        ("port_groups",),
        lambda v, _: (
            all(_WORD.fullmatch(group.name) for group in v.port_groups)
            and len({group.name for group in v.port_groups}) == len(v.port_groups)
            and sum(group.default for group in v.port_groups) <= 1
        ),
        "port groups have names, each its own, and one of them is the default at most",
    ),
    Rule(
        ("vlans",),
        lambda v, _: all(
            vlans.tags and all(tag in _VLANS for tag in vlans.tags) and (vlans.trunk or len(vlans.tags) == 1)
            for vlans in _vlans(v)
        ),
        "a VLAN is numbered from 1 to 4094, and only a trunk has several",
    ),
)


def _strange(rules: Iterable[FilterRule]) -> tuple[str, ...]:
    return tuple(name for rule in rules for name, _ in rule.match if name not in MATCHES)


def _is_parameter(name: str, value: str) -> bool:
    return bool(_VARIABLE.fullmatch(name)) and is_text(value) and 0 < len(value) <= 256


FILTER_RULES: Final[tuple[Rule[NetworkFilterSpec], ...]] = (
    Rule(
        ("name",),
        lambda _, s: s.host.facts.has_filters,
        "host {s.host.name!r} has no network filters; name a host that has",
        Problem.NOT_SUPPORTED,
    ),
    Rule(
        ("name",),
        lambda v, _: bool(NAME.fullmatch(v.name)),
        "{v.name!r} cannot name a network filter; use up to 64 letters, digits and _.+-, a letter or digit first",
    ),
    Rule(
        ("name",),
        lambda v, s: v.name not in s.host.filter_names,
        "there is a network filter {v.name!r} on host {s.host.name!r} already; choose another name",
        Problem.ALREADY_EXISTS,
    ),
    Rule(
        ("uuid",),
        lambda v, _: v.uuid is None or is_uuid(v.uuid),
        "{v.uuid!r} is no UUID; write it in lower case with hyphens, or leave it out",
    ),
    Rule(
        ("uuid",),
        lambda v, s: all(v.uuid != each.uuid for each in s.host.filters),
        "there is a network filter with the UUID {v.uuid} on host {s.host.name!r} already; leave it out",
        Problem.ALREADY_EXISTS,
    ),
    Rule(
        ("chain",),
        lambda v, _: is_chain(v.chain),
        "{v.chain!r} is no chain; give root, or a protocol's chain such as ipv4 or arp-mine",
    ),
    Rule(
        ("priority",),
        lambda v, _: all(-1000 <= priority <= 1000 for priority in (v.priority or 0, *(r.priority for r in v.rules))),
        "priorities are from -1000 to 1000",
    ),
    Rule(
        ("rules",), lambda v, _: len(v.rules) <= MAXIMUM_RULES, f"too many rules; a filter has {MAXIMUM_RULES} at most"
    ),
    Rule(
        ("rules",),
        lambda v, _: all(rule.protocol in PROTOCOLS if rule.protocol else not rule.match for rule in v.rules),
        "a rule that asks something of a packet names its protocol, which is one that filters know",
    ),
    Rule(
        ("rules",),
        lambda v, _: not _strange(v.rules),
        "a rule asks of a packet what no rule can ask; see the names of matches",
    ),
    Rule(
        ("rules",),
        lambda v, _: all(
            is_text(value) and 0 < len(value) <= 256 and len(dict(rule.match)) == len(rule.match)
            for rule in v.rules
            for _, value in rule.match
        ),
        "a rule asks for a value that is empty, too long or no text, or twice for the same",
    ),
    Rule(
        ("references",),
        lambda v, s: all(reference.filter in s.host.filter_names for reference in v.references),
        "a filter that it refers to is not on host {s.host.name!r}, which has {s.host.filter_names}; make that first",
        Problem.NOT_FOUND,
    ),
    Rule(
        ("references",),
        lambda v, _: all(_is_parameter(*each) for reference in v.references for each in reference.parameters),
        "a reference gives a variable of no name, or a value that is empty, too long or no text",
    ),
)
