"""What every use case works with."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from openvman.inventory.inventory import Inventory
from openvman.messages import pools as pools_rows
from openvman.messages import systems as systems_rows
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.states import Action, Transition
from openvman.model.system import VirtualSystem
from openvman.operations.policy import Policy
from openvman.operations.pools import Pools
from openvman.operations.settle import settle
from openvman.operations.turns import Turns
from openvman.operations.work import UNRECORDED, Work

log = structlog.get_logger()


class Showing:
    """Shows in the inventory which transition is under way. Of two of one system, the later one counts."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._latest: dict[str, object] = {}

    @contextmanager
    def show(self, system_id: str, transition: Transition, action: Action) -> Iterator[None]:
        """NOT_FOUND when there is no such system."""
        self._inventory.begin(system_id, transition, action)
        mine = self._latest[system_id] = object()
        try:
            yield
        finally:
            if self._latest.get(system_id) is mine:
                del self._latest[system_id]
                self._inventory.end(system_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    inventory: Inventory
    policy: Policy
    turns: Turns
    showing: Showing
    pools: Pools
    new_id: Callable[[], str]
    new_mac: Callable[[], str]
    work: Work = UNRECORDED

    async def fresh(self, system: VirtualSystem) -> VirtualSystem:
        """The system as its hypervisor has it now; NOT_FOUND when it is gone."""
        found = await self.inventory.refresh(system.id, system.host_id)
        if found is None:
            raise gone(system)
        return found

    async def fresh_host(self, host_id: str) -> Host:
        """The host as its hypervisor has it now; NOT_FOUND when it is gone."""
        await self.inventory.refresh_host(host_id)
        host = self.inventory.generation.host(host_id)
        if host is None:
            raise ModelError(pools_rows.HOST_GONE, host_id, id=host_id)
        return host

    async def act(self, system: VirtualSystem, action: Action, doing: str | None = None) -> None:
        """Have the driver do it; the caller has the turn and knows that it is legal.

        ``doing`` is what the job tells while the driver tells how far it is: for an act that is all of the job.
        """
        driver = self.inventory.driver_of(system.host_id)
        progress = None if doing is None else partial(self.work.tell, doing)

        async def give_up() -> None:
            try:
                await driver.abandon(system.id, action)
            except ModelError as error:
                log.info("a change of state is not given up", system=system.id, reason=error.message)

        await self.settled(system, driver.act(system.id, action, progress), give_up)

    async def settled(
        self,
        system: VirtualSystem,
        call: Coroutine[Any, Any, None],
        give_up: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        """A driver's call about the system, to its end; when the driver says NOT_FOUND, the inventory is told."""
        try:
            await settle(call, give_up)
        except ModelError as error:
            if error.problem is Problem.NOT_FOUND:
                await self.fresh(system)
            raise


def unknown(system: VirtualSystem) -> ModelError:
    """The system's hypervisor does not answer: the error to raise."""
    return ModelError(systems_rows.STATE_UNKNOWN, system.id, system=system)


def gone(system: VirtualSystem) -> ModelError:
    """The system does not exist any more: the error to raise."""
    return ModelError(systems_rows.GONE, system.id, system=system)


def turn(system_id: str) -> str:
    """The name of a system's turn in ``turns``."""
    return f"virtual system {system_id}"
