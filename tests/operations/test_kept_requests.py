"""What was last asked for of a system, over a restart of the server."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import pytest

from openvman.drivers.simulated import SimulatedDriver, create
from openvman.inventory.inventory import Inventory
from openvman.model.actor import Actor, Role
from openvman.model.states import Action, State
from openvman.operations.kept_requests import KeptRequests
from openvman.operations.operations import Operations
from openvman.operations.policy import Policy
from openvman.store.database import StoreError
from openvman.store.requests import RequestStore

ACTOR = Actor("ann", Role.ADMIN)


class Life:
    """One run of a server over a hypervisor that stays."""

    def __init__(self, folder: Path, driver: SimulatedDriver) -> None:
        self.store = RequestStore(folder / "state.db")
        self.inventory = Inventory([driver], requested=self.store.requested())
        self.kept = KeptRequests(self.inventory, self.store)
        self.operations = Operations(self.inventory, Policy())

    async def __aenter__(self) -> Self:
        await self.inventory.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.inventory.close()
        await self.kept.close()
        self.store.close()

    @property
    def systems(self):
        return sorted(self.inventory.generation.systems.values(), key=lambda system: system.name)

    async def ask(self, number: int, action: Action) -> None:
        await self.operations.change_state(ACTOR, system=self.systems[number], action=action)


@pytest.fixture
def driver(tmp_path):
    return create("sim://?vms=3&active=0%25", state=tmp_path, deadline=5.0)


async def test_it_is_shown_after_a_restart(tmp_path, driver):
    async with Life(tmp_path, driver) as life:
        assert [system.requested for system in life.systems] == [None] * 3
        await life.ask(0, Action.START)
        await life.ask(1, Action.START)
        await life.ask(1, Action.STOP)
    async with Life(tmp_path, driver) as life:
        shown = [(system.requested, system.state) for system in life.systems]
        assert shown == [(Action.START, State.ACTIVE), (Action.STOP, State.DEFINED), (None, State.DEFINED)]
        assert all(system.transition is None for system in life.systems)


async def test_it_goes_with_its_system(tmp_path, driver):
    async with Life(tmp_path, driver) as life:
        await life.ask(0, Action.START)
        await life.ask(0, Action.STOP)
        await life.operations.destroy_system(ACTOR, system=life.systems[0])
    async with Life(tmp_path, driver) as life:
        assert life.store.requested() == {}


async def test_a_store_that_fails_stops_nobody(tmp_path, driver, monkeypatch):
    async with Life(tmp_path, driver) as life:

        def fail(_changes):
            raise StoreError("no room")

        monkeypatch.setattr(life.store, "save", fail)
        await life.ask(0, Action.START)
        assert life.systems[0].state is State.ACTIVE
