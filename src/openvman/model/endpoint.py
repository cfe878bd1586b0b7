"""Where something listens, as text: ``127.0.0.1:5900``, ``[::1]:5900``, or without a port that is chosen later."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final

_SCOPE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")


def format_endpoint(listen: str, port: int | None) -> str:
    if port is None:
        return listen
    return f"[{listen}]:{port}" if ":" in listen else f"{listen}:{port}"


def parse_endpoint(text: str) -> tuple[str, int | None]:
    """The IP address and port. ValueError when it is neither an address nor one with a port."""
    try:
        return _address(text), None
    except ValueError:
        host, _colon, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
        raise ValueError("an IP address is needed, with or without a port: 127.0.0.1:5900")
    return _address(host.removeprefix("[").removesuffix("]")), int(port)


def _address(text: str) -> str:
    """The address in its usual form. The scope of one (``fe80::1%eth0``) may hold anything, so it is looked at too."""
    scope = text.partition("%")[2]
    if scope and not _SCOPE.fullmatch(scope):
        raise ValueError("the scope of an IPv6 address is the name of an interface")
    return str(ip_address(text))


def is_loopback(text: str) -> bool:
    """Whether nobody on another machine can reach it."""
    return ip_address(parse_endpoint(text)[0]).is_loopback
