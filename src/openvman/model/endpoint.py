"""Where something listens, as text: ``127.0.0.1:5900``, ``[::1]:5900``, or without a port that is chosen later."""

from __future__ import annotations

from ipaddress import ip_address


def format_endpoint(listen: str, port: int | None) -> str:
    if port is None:
        return listen
    return f"[{listen}]:{port}" if ":" in listen else f"{listen}:{port}"


def parse_endpoint(text: str) -> tuple[str, int | None]:
    """The IP address and port. ValueError when it is neither an address nor one with a port."""
    try:
        return str(ip_address(text)), None
    except ValueError:
        host, _colon, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
        raise ValueError("an IP address is needed, with or without a port: 127.0.0.1:5900")
    return str(ip_address(host.removeprefix("[").removesuffix("]"))), int(port)


def is_loopback(text: str) -> bool:
    """Whether nobody on another machine can reach it."""
    return ip_address(parse_endpoint(text)[0]).is_loopback
