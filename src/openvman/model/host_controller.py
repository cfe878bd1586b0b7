"""The controllers of a host as things with ids of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from openvman.model.host import Controller, Host


@dataclass(frozen=True, slots=True, kw_only=True)
class HostController:
    """Its id is ``<host id>/controller/<name>``."""

    id: str
    host: Host
    controller: Controller


def host_controllers(host: Host) -> Iterator[HostController]:
    """The controllers of a host, as the host lists them."""
    for controller in host.controllers:
        yield HostController(id=f"{host.id}/controller/{controller.name}", host=host, controller=controller)


def host_controller(host: Host, controller_id: str) -> HostController | None:
    """The controller of an id."""
    return next((controller for controller in host_controllers(host) if controller.id == controller_id), None)
