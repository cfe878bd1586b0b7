"""Consoles of virtual systems that can be reached over the network: screens and serial ports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openvman.model.allocation import DeviceAllocation, DeviceKind, SerialAllocation
from openvman.model.endpoint import format_endpoint, parse_endpoint
from openvman.model.states import State
from openvman.model.system import VirtualSystem

_SCREENS: Final = frozenset({"vnc", "spice", "rdp"})
"""Types of graphics that listen for viewers."""
_TEXT: Final = "tcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """A console of a system; its id is ``<system id>/<local id of the allocation>``.

    ``address`` and ``port`` are where connections are taken now: both None while the system is not active or its
    hypervisor does not answer (``is_known`` is False then), and for a screen that has no port of its own.
    """

    id: str
    system_id: str
    host_id: str
    protocol: str
    """``vnc``, ``spice``, ``rdp``, or ``tcp`` of a serial port's plain bytes."""
    address: str | None = None
    port: int | None = None
    is_known: bool = True

    @property
    def is_text(self) -> bool:
        return self.protocol == _TEXT

    @property
    def local_id(self) -> str:
        return self.id[len(self.system_id) + 1 :]

    @property
    def is_open(self) -> bool:
        return self.port is not None

    @property
    def url(self) -> str | None:
        """The address and port in one, as viewers take it; None while no connections are taken."""
        if self.address is None or self.port is None:
            return None
        return f"{self.protocol}://{format_endpoint(self.address, self.port)}"


def consoles_of(system: VirtualSystem) -> Iterator[Console]:
    """The consoles of a system by the configuration in force."""
    is_known = system.state is not State.UNKNOWN
    active = is_known and system.current is not None
    for allocation in (*system.effective.devices, *system.effective.serials):
        match allocation:
            case DeviceAllocation(kind=DeviceKind.GRAPHICS, type=str(protocol)) if protocol in _SCREENS:
                pass
            case SerialAllocation(address=str()):
                protocol = _TEXT
            case _:
                continue
        address, port = _parsed(allocation.address) if active else (None, None)
        yield Console(
            id=f"{system.id}/{allocation.local_id}",
            system_id=system.id,
            host_id=system.host_id,
            protocol=protocol,
            address=address if port is not None else None,
            port=port,
            is_known=is_known,
        )


def _parsed(endpoint: str | None) -> tuple[str | None, int | None]:
    """What a hypervisor says of where it listens; a host's name in place of an address is one as well."""
    if endpoint is None:
        return None, None
    try:
        return parse_endpoint(endpoint)
    except ValueError:
        address, _colon, port = endpoint.rpartition(":")
        return (address, int(port)) if address and port.isdigit() else (None, None)
