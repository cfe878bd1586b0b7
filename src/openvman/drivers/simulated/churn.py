"""The restlessness of a simulated platform: changes that nobody asked this server for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from openvman.drivers.simulated.hypervisor import Hypervisor
from openvman.model.states import Action, State

_TICK: Final = 0.02
_NEXT: Final = {
    State.ACTIVE: Action.PAUSE,
    State.PAUSED: Action.START,
    State.DEFINED: Action.START,
    State.SUSPENDED: Action.START,
}


class Churn:
    """Brings one system after the other into its next state, ``rate`` of them a second."""

    def __init__(self, hypervisor: Hypervisor, rate: float) -> None:
        self._hypervisor = hypervisor
        self._rate = rate
        self._due = 0.0
        self._names: Iterator[str] = iter(())
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, in the running loop."""
        self._timer = asyncio.get_running_loop().call_later(_TICK, self._tick)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        self.start()
        self._due += self._rate * _TICK
        while self._due >= 1:
            self._due -= 1
            system_id = self._next()
            system = None if system_id is None else self._hypervisor.systems.get(system_id)
            if system is not None and system.state in _NEXT:
                self._hypervisor.act(system.id, _NEXT[system.state])

    def _next(self) -> str | None:
        found = next(self._names, None)
        if found is None:
            self._names = iter(tuple(self._hypervisor.systems))
            found = next(self._names, None)
        return found
