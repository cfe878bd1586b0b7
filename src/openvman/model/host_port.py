"""The network ports of a host as things with ids of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from openvman.model.host import Host, Port


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPort:
    """Its id is ``<host id>/port/<name>``."""

    id: str
    host: Host
    port: Port


def host_ports(host: Host) -> Iterator[HostPort]:
    """The ports of a host, as the host lists them."""
    for port in host.ports:
        yield HostPort(id=f"{host.id}/port/{port.name}", host=host, port=port)


def host_port(host: Host, port_id: str) -> HostPort | None:
    """The port of an id."""
    return next((port for port in host_ports(host) if port.id == port_id), None)
