"""Keeps the generation true to the platforms: see :class:`Inventory`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from openvman.drivers.contract import Driver
from openvman.inventory.difference import Difference
from openvman.inventory.generation import Generation
from openvman.model.states import Action, Transition
from openvman.model.system import VirtualSystem


class InventoryInterface(Protocol):
    """TO BE REPLACED by the class Inventory with exactly these members (plus __init__(drivers, *, clock, ...))."""

    @property
    def generation(self) -> Generation: ...

    async def start(self) -> None:
        """Open every driver and load. A platform that does not answer is retried in the background."""

    async def close(self) -> None: ...

    def driver_of(self, host_id: str) -> Driver:
        """The driver that reaches the host; ModelError NOT_FOUND / UNAVAILABLE (host offline)."""

    async def refresh(self, system_id: str, host_id: str) -> VirtualSystem | None:
        """Read one system now and publish what is found: after this a reader sees it (read your writes)."""

    def begin(self, system_id: str, transition: Transition, requested: Action) -> None:
        """Show that a transition is under way."""

    def end(self, system_id: str) -> None:
        """The transition is over (whatever came of it); ``requested`` stays."""

    def subscribe(self, listener: Callable[[Difference], None]) -> Callable[[], None]:
        """Call ``listener`` with each difference, in order, in the loop's thread; returns the unsubscribe."""
