"""The rules that a new virtual network or network filter must keep: tables as in :mod:`openvman.model.validation`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from openvman.messages import network_filters as filters_rows
from openvman.messages import networks as networks_rows
from openvman.model.host_part import NAME
from openvman.model.network import HAS_OWN_BRIDGE, ROUTED, AddressRange, Forward, NetworkAddress, NetworkSpec, Vlans
from openvman.model.network_filter import MATCHES, PROTOCOLS, FilterRule, NetworkFilterSpec, is_chain
from openvman.model.validation import Rule, Surroundings, is_text, is_uuid

MAXIMUM_RULES: Final = 1024
MAXIMUM_ADDRESSES: Final = 16
MAXIMUM_RANGES: Final = 64
"""Of one address."""
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
        networks_rows.NO_NETWORKS,
    ),
    Rule(
        ("name",),
        lambda v, _: bool(NAME.fullmatch(v.name)),
        networks_rows.NAME,
    ),
    Rule(
        ("name",),
        lambda v, s: all(v.name != network.name for network in s.host.networks),
        networks_rows.NAME_TAKEN,
    ),
    Rule(
        ("uuid",),
        lambda v, _: v.uuid is None or is_uuid(v.uuid),
        networks_rows.NO_UUID,
    ),
    Rule(
        ("uuid",),
        lambda v, s: all(v.uuid != network.uuid for network in s.host.networks),
        networks_rows.UUID_TAKEN,
    ),
    Rule(
        ("forward",),
        lambda v, _: v.forward in _MADE,
        networks_rows.FORWARD,
    ),
    Rule(
        ("forward_device",),
        lambda v, _: v.forward_device is None or bool(_INTERFACE.fullmatch(v.forward_device)),
        networks_rows.FORWARD_DEVICE,
    ),
    Rule(
        ("forward_device",),
        lambda v, _: v.forward_device is None or v.forward in _TAKES_DEVICE,
        networks_rows.NO_FORWARD_DEVICE,
    ),
    Rule(
        ("bridge",),
        lambda v, _: v.bridge is None or bool(_INTERFACE.fullmatch(v.bridge)),
        networks_rows.BRIDGE,
    ),
    Rule(
        ("bridge",),
        lambda v, s: (
            v.bridge is None
            or v.forward not in HAS_OWN_BRIDGE
            or all(v.bridge != network.bridge for network in s.host.networks)
        ),
        networks_rows.BRIDGE_TAKEN,
    ),
    Rule(
        ("bridge",),
        lambda v, _: v.forward is not Forward.BRIDGE or (v.bridge is None) != (v.forward_device is None),
        networks_rows.BRIDGE_OR_DEVICE,
    ),
    Rule(
        ("addresses",),
        lambda v, _: not v.addresses or v.forward in HAS_OWN_BRIDGE,
        networks_rows.NO_ADDRESS,
    ),
    Rule(
        ("addresses",),
        lambda v, _: bool(v.addresses) or v.forward not in ROUTED,
        networks_rows.ADDRESS_NEEDED,
    ),
    Rule(
        ("addresses",),
        lambda v, _: (
            len(v.addresses) <= MAXIMUM_ADDRESSES and all(len(a.ranges) <= MAXIMUM_RANGES for a in v.addresses)
        ),
        networks_rows.TOO_MANY_ADDRESSES,
        {"maximum": MAXIMUM_ADDRESSES, "ranges": MAXIMUM_RANGES},
    ),
    Rule(
        ("addresses",),
        lambda v, _: all(_is_address(address) for address in v.addresses),
        networks_rows.ADDRESS,
    ),
    Rule(
        ("addresses",),
        lambda v, _: all(_is_within(each, address) for address in v.addresses for each in address.ranges),
        networks_rows.RANGE,
    ),
    Rule(
        ("addresses",),
        lambda v, s: not any(_overlapping(v, s)),
        networks_rows.OVERLAP,
    ),
    Rule(
        ("virtual_port",),
        lambda v, _: v.virtual_port is None or bool(_WORD.fullmatch(v.virtual_port)),
        networks_rows.VIRTUAL_PORT,
    ),
    Rule(
        ("port_groups",),
        lambda v, _: (
            all(_WORD.fullmatch(group.name) for group in v.port_groups)
            and len({group.name for group in v.port_groups}) == len(v.port_groups)
            and sum(group.default for group in v.port_groups) <= 1
        ),
        networks_rows.PORT_GROUPS,
    ),
    Rule(
        ("vlans",),
        lambda v, _: all(
            vlans.tags and all(tag in _VLANS for tag in vlans.tags) and (vlans.trunk or len(vlans.tags) == 1)
            for vlans in _vlans(v)
        ),
        networks_rows.VLANS,
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
        filters_rows.NO_FILTERS,
    ),
    Rule(
        ("name",),
        lambda v, _: bool(NAME.fullmatch(v.name)),
        filters_rows.FILTER_NAME,
    ),
    Rule(
        ("name",),
        lambda v, s: v.name not in s.host.filter_names,
        filters_rows.FILTER_NAME_TAKEN,
    ),
    Rule(
        ("uuid",),
        lambda v, _: v.uuid is None or is_uuid(v.uuid),
        networks_rows.NO_UUID,
    ),
    Rule(
        ("uuid",),
        lambda v, s: all(v.uuid != each.uuid for each in s.host.filters),
        networks_rows.UUID_TAKEN,
    ),
    Rule(
        ("chain",),
        lambda v, _: is_chain(v.chain),
        filters_rows.CHAIN,
    ),
    Rule(
        ("priority",),
        lambda v, _: all(-1000 <= priority <= 1000 for priority in (v.priority or 0, *(r.priority for r in v.rules))),
        filters_rows.PRIORITY,
    ),
    Rule(
        ("rules",),
        lambda v, _: len(v.rules) <= MAXIMUM_RULES,
        filters_rows.TOO_MANY_RULES,
        {"maximum": MAXIMUM_RULES},
    ),
    Rule(
        ("rules",),
        lambda v, _: all(rule.protocol in PROTOCOLS if rule.protocol else not rule.match for rule in v.rules),
        filters_rows.PROTOCOL,
        {"protocols": PROTOCOLS},
    ),
    Rule(
        ("rules",),
        lambda v, _: not _strange(v.rules),
        filters_rows.MATCH,
        {"matches": tuple(sorted(MATCHES))},
    ),
    Rule(
        ("rules",),
        lambda v, _: all(
            is_text(value) and 0 < len(value) <= 256 and len(dict(rule.match)) == len(rule.match)
            for rule in v.rules
            for _, value in rule.match
        ),
        filters_rows.MATCH_VALUE,
    ),
    Rule(
        ("references",),
        lambda v, s: all(reference.filter in s.host.filter_names for reference in v.references),
        filters_rows.REFERENCE,
    ),
    Rule(
        ("references",),
        lambda v, _: all(_is_parameter(*each) for reference in v.references for each in reference.parameters),
        filters_rows.PARAMETER,
    ),
)
