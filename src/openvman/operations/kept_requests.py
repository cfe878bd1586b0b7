"""Remembers over a restart which change of state was last asked for of each virtual system: :class:`KeptRequests`."""

from __future__ import annotations

import asyncio

import structlog

from openvman.inventory.difference import Difference
from openvman.inventory.inventory import Inventory
from openvman.model.states import Action
from openvman.model.system import VirtualSystem
from openvman.store.database import StoreError
from openvman.store.requests import RequestStore

log = structlog.get_logger()


class KeptRequests:
    """Follows the inventory, and stores what changes behind it: nobody waits for that, and a crash may lose the last.

    What is asked for meanwhile is stored together.
    """

    def __init__(self, inventory: Inventory, store: RequestStore) -> None:
        self._store = store
        self._stored: dict[str, Action] = store.requested()
        self._due: dict[str, Action | None] = {}
        self._storing: asyncio.Task[None] | None = None
        self._unsubscribe = inventory.subscribe(self._follow)

    async def close(self) -> None:
        """Store what is left, and follow no more."""
        self._unsubscribe()
        if self._storing is not None:
            await self._storing

    def _follow(self, difference: Difference) -> None:
        for change in difference.changes:
            system = change.before if change.after is None else change.after
            if isinstance(system, VirtualSystem):
                requested = None if change.after is None else system.requested
                if requested is not self._stored.get(system.id):
                    self._put(system.id, requested)
        if self._due and self._storing is None:
            self._storing = asyncio.get_running_loop().create_task(self._store_due())

    def _put(self, system_id: str, requested: Action | None) -> None:
        self._due[system_id] = requested
        if requested is None:
            self._stored.pop(system_id)
        else:
            self._stored[system_id] = requested

    async def _store_due(self) -> None:
        try:
            while self._due:
                due, self._due = self._due, {}
                await asyncio.to_thread(self._store.save, due)
        except StoreError as error:
            log.warning("what was asked for is not kept over a restart", systems=len(due), reason=str(error))
        finally:
            self._storing = None
