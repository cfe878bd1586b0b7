"""Virtual networks of a hypervisor: switches that its guests' NICs are connected to, with what they offer to guests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import Final

_PART: Final = "/network/"


class Forward(StrEnum):
    """How what leaves a network goes on."""

    ISOLATED = "isolated"  # it does not
    NAT = "nat"  # routed, with the host's own address
    ROUTE = "route"  # routed as it is
    OPEN = "open"  # routed, with no rule of the hypervisor's own
    BRIDGE = "bridge"  # by a bridge or an interface of the host, which the guests are on
    PRIVATE = "private"  # likewise, and guests do not reach each other
    VEPA = "vepa"  # likewise, by way of the next switch
    PASSTHROUGH = "passthrough"  # each guest has an interface of the host for itself
    HOSTDEV = "hostdev"  # likewise, as a device of the guest
    OTHER = "other"


ROUTED: Final = frozenset({Forward.NAT, Forward.ROUTE, Forward.OPEN})
HAS_OWN_BRIDGE: Final = ROUTED | {Forward.ISOLATED}
"""The hypervisor makes the bridge of these, which is where the host has its addresses."""


@dataclass(frozen=True, slots=True)
class AddressRange:
    """Addresses that guests are given by DHCP, from ``first`` to ``last``."""

    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAddress:
    """The host's own address on the network: IPv4 or IPv6, and how many bits of it are the network's."""

    address: str
    prefix: int
    ranges: tuple[AddressRange, ...] = ()

    @property
    def interface(self) -> IPv4Interface | IPv6Interface:
        """Raises ValueError for what is no address, or no prefix of one."""
        return ip_interface(f"{self.address}/{self.prefix}")

    @property
    def netmask(self) -> str:
        """The prefix written as an address."""
        return str(self.interface.netmask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vlans:
    """The VLANs (IEEE 802.1Q) that traffic is in. A trunk carries all of them with their tags."""

    tags: tuple[int, ...]
    trunk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PortGroup:
    """Settings that NICs of the network can choose by name; the default is for those that choose none."""

    name: str
    default: bool = False
    vlans: Vlans | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualNetwork:
    """A virtual network, which is a part of its host. Only an active one connects NICs.

    ``uuid`` and ``name`` are unique on the host. ``persistent`` says that it is there after it was stopped, and
    ``autostart`` that it starts with the host.
    """

    host_id: str
    uuid: str
    name: str
    active: bool
    persistent: bool = True
    autostart: bool = False
    forward: Forward = Forward.ISOLATED
    forward_device: str | None = None
    """The only interface of the host that what leaves goes through; None where the host chooses."""
    bridge: str | None = None
    """The host's bridge that guests are on; of a network that has none, None."""
    addresses: tuple[NetworkAddress, ...] = ()
    vlans: Vlans | None = None
    port_groups: tuple[PortGroup, ...] = ()
    virtual_port: str | None = None
    """What kind of switch, other than the host's own bridges, its ports are on: ``openvswitch``."""

    @property
    def id(self) -> str:
        return f"{self.host_id}{_PART}{self.uuid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec:
    """A network to be made; the settings are those of :class:`VirtualNetwork`. Without a bridge one is chosen."""

    name: str
    uuid: str | None = None
    """None: the use case makes one. What a driver gets has one."""
    autostart: bool = False
    forward: Forward = Forward.ISOLATED
    forward_device: str | None = None
    bridge: str | None = None
    addresses: tuple[NetworkAddress, ...] = ()
    vlans: Vlans | None = None
    port_groups: tuple[PortGroup, ...] = ()
    virtual_port: str | None = None


def network_named(networks: Iterable[VirtualNetwork], name: str | None) -> VirtualNetwork | None:
    """The network of a name among those of a host."""
    return next((network for network in networks if network.name == name), None)


def network_with(networks: Iterable[VirtualNetwork], uuid: str) -> VirtualNetwork | None:
    """The network of a UUID among those of a host."""
    return next((network for network in networks if network.uuid == uuid), None)
