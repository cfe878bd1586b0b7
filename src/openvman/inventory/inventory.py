"""Keeps the generation true to the platforms: see :class:`Inventory`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from openvman.drivers.contract import Driver
from openvman.inventory.difference import Difference
from openvman.inventory.generation import Generation
from openvman.inventory.platform import Backoff, Platform, PlatformStatus, Sleep, Timing
from openvman.inventory.register import Register
from openvman.messages import inventory as inventory_rows
from openvman.messages import systems as systems_rows
from openvman.model.errors import ModelError
from openvman.model.host import ChildPool
from openvman.model.job import Job
from openvman.model.states import Action, Transition
from openvman.model.system import VirtualSystem
from openvman.model.untold import Untold


def _now() -> datetime:
    return datetime.now(UTC)


class Inventory:
    """One live picture of all platforms, kept by their events and by reconciliation.

    All of it runs in one event loop's thread. While a platform does not answer, its hosts are shown with ``online``
    false and its systems in the state UNKNOWN with their last known configurations; when it answers again, what
    changed meanwhile is told as differences. Which of two claims to the same host or system counts is said in
    :class:`openvman.inventory.register.Register`.

    ``reconcile_every`` (seconds) is how often each platform is read as a whole; ``retry`` how soon a lost one is tried
    again. ``pools`` are the child pools of hosts by host id, ``members`` which of a system's allocations (by system id
    and local id) are from which of them; ``requested`` is what was last asked for of a system. ``clock`` and ``sleep``
    are for tests that own the time.
    """

    def __init__(
        self,
        drivers: Sequence[Driver],
        *,
        reconcile_every: float = 60.0,
        retry: Backoff = Backoff(),  # noqa: B008 - immutable
        clock: Callable[[], datetime] = _now,
        sleep: Sleep = asyncio.sleep,
        pools: Mapping[str, tuple[ChildPool, ...]] | None = None,
        members: Mapping[str, Mapping[str, str]] | None = None,
        requested: Mapping[str, Action] | None = None,
    ) -> None:
        self._register = Register(clock, pools or {}, members or {}, requested or {})
        timing = Timing(reconcile_every=reconcile_every, retry=retry, clock=clock, sleep=sleep)
        self._platforms = [Platform(place, driver, self._register, timing) for place, driver in enumerate(drivers)]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def generation(self) -> Generation:
        """The newest generation."""
        return self._register.publisher.generation

    async def start(self) -> None:
        """Open every driver and load. A platform that does not answer is retried in the background.

        Returns when each platform has been tried once, even if none answered; ``status`` tells.
        """
        assert not self._tasks, "the inventory is started"
        self._tasks = [asyncio.create_task(platform.run()) for platform in self._platforms]
        await asyncio.gather(*(platform.tried.wait() for platform in self._platforms))

    async def close(self) -> None:
        """Stop following and close every driver. The generation stays as it is."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def fence(self, untold: Iterable[Untold] = ()) -> None:
        """Wait until the generation shows what happened on the platforms before the call.

        What they tell nobody is read, as far as it is named.

        A platform that is not connected, or takes longer than ``FENCE_PATIENCE``, is not waited for.
        """
        of_hosts = [(self._register.place_of(each.host_id), each) for each in untold]
        named = ([each for of, each in of_hosts if of == place] for place in range(len(self._platforms)))
        fences = (platform.fence(parts) for platform, parts in zip(self._platforms, named, strict=True))
        await asyncio.gather(*fences)

    def status(self) -> tuple[PlatformStatus, ...]:
        """How each platform is, in the order given."""
        return tuple(platform.status for platform in self._platforms)

    def driver_of(self, host_id: str) -> Driver:
        """The driver that reaches the host; ModelError NOT_FOUND / UNAVAILABLE (host offline)."""
        return self._reach(host_id).driver

    async def refresh(self, system_id: str, host_id: str) -> VirtualSystem | None:
        """Read one system now and publish what is found: after this a reader sees it (read your writes).

        Returns what the generation then holds of that id: None when it is gone. Raises as :meth:`driver_of` and
        ``Driver.read_system``.
        """
        await self._reach(host_id).refresh(system_id)
        return self.generation.system(system_id)

    async def refresh_host(self, host_id: str) -> None:
        """Read one host now, without its systems, and publish what is found."""
        await self._reach(host_id).refresh_host(host_id)

    async def refresh_volumes(self, host_id: str, pool: str) -> None:
        """Read what one storage pool of a host holds now, and publish what is found."""
        await self._reach(host_id).refresh_volumes(host_id, pool)

    def begin(self, system_id: str, transition: Transition, requested: Action) -> None:
        """Show that a transition is under way, through all re-reads until :meth:`end`. NOT_FOUND if it is not there."""
        if self.generation.system(system_id) is None:
            raise ModelError(systems_rows.UNKNOWN, system_id, id=system_id)
        self._register.begin(system_id, transition, requested)

    def end(self, system_id: str) -> None:
        """The transition is over (whatever came of it); ``requested`` stays. Nothing happens if the system is gone."""
        self._register.end(system_id)

    def set_pools(self, host_id: str, pools: tuple[ChildPool, ...]) -> None:
        """Show these child pools of a host from now on."""
        self._register.set_pools(host_id, pools)

    def members(self, system_id: str) -> Mapping[str, str]:
        """Which child pools a system's allocations are from, by local id; those not named are from the host's own."""
        return self._register.members(system_id)

    def assign(self, system_id: str, members: Mapping[str, str]) -> None:
        """Show the system's allocations, now or when it is there, as from these child pools."""
        self._register.assign(system_id, members)

    def show_jobs(self, jobs: Iterable[tuple[str, Job | None]], *, first: bool = False) -> None:
        """Show these (id, job) from now on; None: show it no more. ``first``: they are of the server's former life."""
        self._register.publisher.publish_jobs(jobs, first=first)

    def subscribe(self, listener: Callable[[Difference], None]) -> Callable[[], None]:
        """Call ``listener`` with each difference, in order, in the loop's thread; returns the unsubscribe.

        A listener is called before the publishing call returns, save when it publishes itself (by ``begin`` or
        ``end``): that difference follows the one being told. What it raises is logged.
        """
        return self._register.publisher.subscribe(listener)

    def _reach(self, host_id: str) -> Platform:
        host, place = self.generation.host(host_id), self._register.place_of(host_id)
        if host is None or place is None:
            raise ModelError(systems_rows.HOST_UNKNOWN, host_id, id=host_id)
        platform = self._platforms[place]
        if host.online:
            return platform
        if platform.status.reason is not None:
            raise platform.unavailable()
        raise ModelError(inventory_rows.HOST_OFFLINE, host_id, host=host)
