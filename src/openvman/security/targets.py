"""Where this server may be made to connect to: addresses that clients gave, for indications."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias
from urllib.parse import urlsplit

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

LONGEST: Final = 2048
_PORTS: Final = {"http": 80, "https": 443}
_FIRST_UNPRIVILEGED: Final = 1024


class TargetError(ValueError):
    """The address is not one that this server connects to; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. ``host`` is a name or an address, without brackets."""

    tls: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port, as the Host header wants them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class TargetPolicy:
    """Which targets are allowed.

    ``networks`` are allowed whatever else is said here, and where there are any, they alone are. Otherwise every
    address is but link-local ones (where clouds have their metadata), multicast, unspecified and reserved ones;
    loopback addresses are for those who may use this machine (``may_be_local``). Of ports below 1024
    only the schemes' own are allowed.
    """

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._networks = tuple(networks)

    def target(self, url: str, *, may_be_local: bool) -> Target:
        """The target of a URL. Raises :class:`TargetError`; a name's addresses are checked when it is resolved."""
        if len(url) > LONGEST or not url.isprintable() or " " in url:
            raise TargetError(f"it is longer than {LONGEST} characters, or holds spaces or control characters")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise TargetError(str(error)) from None
        scheme = parts.scheme.lower()
        if scheme not in _PORTS or not host:
            raise TargetError("write http://HOST:PORT or https://HOST:PORT")
        if parts.username is not None or parts.password is not None:
            raise TargetError("it holds credentials, which are not sent")
        if parts.fragment or not url.isascii():
            raise TargetError("it holds a fragment, or characters beyond ASCII")
        port = _PORTS[scheme] if port is None else port
        if not port or (port < _FIRST_UNPRIVILEGED and port not in _PORTS.values()):
            raise TargetError(
                f"port {port} belongs to another service: use 80, 443, or one from {_FIRST_UNPRIVILEGED} on"
            )
        address = _address(host)
        if address is not None:
            self.check(address, may_be_local=may_be_local)
        elif host == "localhost" or host.endswith(".localhost"):
            self.check(ip_address("127.0.0.1"), may_be_local=may_be_local)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Target(scheme == "https", host, port, path)

    def check(self, address: Address, *, may_be_local: bool) -> None:
        """Raises :class:`TargetError` for an address that is not to be connected to."""
        address = getattr(address, "ipv4_mapped", None) or address
        if any(address in network for network in self._networks if network.version == address.version):
            return
        if self._networks:
            raise TargetError(f"{address} is not in listener_networks")
        if address.is_loopback:
            if not may_be_local:
                raise TargetError(f"{address} is this machine: only administrators send indications there")
            return
        if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
            raise TargetError(f"{address} is link-local, multicast or reserved; listener_networks can allow it")


def _address(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
