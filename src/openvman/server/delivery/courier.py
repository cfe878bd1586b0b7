"""The outbox of the broker: keeps indications in a journal, and has a task for each destination that empties its queue.

Indications of a destination arrive in order and at least once; one that is sent again bears the same sequence number.
No destination waits for another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from openvman.model.indication import DeliverySettings, ListenerDestination, Posting, RemovalAction, Subscriptions
from openvman.security.targets import TargetError, TargetPolicy
from openvman.server.delivery.journal import Journal, Queued, Queues
from openvman.server.delivery.listener import DeliveryError, Listener, Reach
from openvman.wire.cimxml.export import Stamp, export_request

_log = structlog.stdlib.get_logger(__name__)

_AT_ONCE: Final = 32
_SLOWEST: Final = 10
"""After the retries the wait doubles each time, up to so many intervals."""
_STORE_RETRY_SECONDS: Final = 1.0

Connect = Callable[[ListenerDestination], Reach]


@dataclass(frozen=True, slots=True)
class Opening:
    """How the queues are opened; ``failure`` is what they raise."""

    queues: Callable[[], Queues]
    failure: type[Exception]


class Courier:
    """An :class:`openvman.broker.indications.outbox.Outbox`.

    ``give_up`` is set by the owner: it is called with the id of a destination that has not answered for the removal
    interval, and decides what becomes of its subscriptions.
    """

    def __init__(self, opening: Opening, policy: TargetPolicy, connect: Connect) -> None:
        self._journal = Journal(opening.queues, opening.failure, self._wake)
        self._failure = opening.failure
        self._policy = policy
        self._connect = connect
        self._known: list[str] = []
        self._subscriptions = Subscriptions()
        self._rounds: dict[str, _Round] = {}
        self._forgetting: set[asyncio.Task[None]] = set()
        self._started = False
        self.give_up: Callable[[str], None] = lambda _destination: None

    async def start(self) -> None:
        """Open the queues and begin to deliver what is in them. Raises what the queues raise."""
        self._known = await self._journal.start()
        self._started = True
        self.follow(self._subscriptions)

    async def close(self) -> None:
        """Stop delivering. What has not arrived is on disk."""
        self._started = False
        tasks = [round.task for round in self._rounds.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._forgetting, return_exceptions=True)
        await self._journal.close()

    # The outbox

    def post(self, postings: Sequence[Posting]) -> None:
        self._journal.post(postings)

    async def settled(self) -> None:
        await self._journal.settled()

    def follow(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions
        if not self._started:
            return
        there = subscriptions.destinations
        for id in [*self._rounds, *self._known]:
            if id not in there:
                round = self._rounds.pop(id, None)
                if round is not None:
                    round.task.cancel()
                forgetting = asyncio.create_task(self._forgotten(id, self._journal.forget(id)))
                self._forgetting.add(forgetting)
                forgetting.add_done_callback(self._forgetting.discard)
        self._known = []
        for id, destination in there.items():
            if id not in self._rounds:
                self._rounds[id] = _Round(asyncio.Event(), asyncio.create_task(self._deliver(id, destination)))

    def _wake(self, destinations: set[str]) -> None:
        for id in destinations:
            if id in self._rounds:
                self._rounds[id].news.set()

    async def _forgotten(self, id: str, forgetting: Awaitable[None]) -> None:
        try:
            await forgetting
        except self._failure as error:
            _log.warning("the queue of a destination cannot be dropped", destination=id, reason=str(error))

    # Delivering

    async def _deliver(self, id: str, destination: ListenerDestination) -> None:
        """Empty a destination's queue, for ever."""
        await asyncio.sleep(0)  # until it is known by its id
        news, after = self._rounds[id].news, -1
        attempts = _Attempts(destination, self._connect(destination), self._policy)
        try:
            while True:
                news.clear()
                try:
                    waiting = await self._journal.waiting(id, after, _AT_ONCE)
                except self._failure as error:
                    _log.warning("a queue cannot be read; trying again", destination=id, reason=str(error))
                    await asyncio.sleep(_STORE_RETRY_SECONDS)
                    continue
                for queued in waiting:
                    if not await self._see_through(id, attempts, queued):
                        after = -1
                        break
                    after = queued.number
                    self._journal.acknowledge(id, after)
                if not waiting:
                    await news.wait()
        finally:
            attempts.listener_gone()

    async def _see_through(self, id: str, attempts: _Attempts, queued: Queued) -> bool:
        """Try until it has arrived; false when the destination was given up, and its queue dropped."""
        while True:
            reason = await attempts.try_once(queued)
            if reason is None:
                return True
            settings = self._subscriptions.settings
            if attempts.failing_for() >= settings.removal_interval:
                _log.warning("a listener is given up", destination=id, action=settings.removal_action.value)
                self.give_up(id)
                if settings.removal_action is not RemovalAction.IGNORE:
                    await self._journal.forget(id)
                    attempts.begin_anew()
                    return False
                attempts.begin_anew()
            await asyncio.sleep(attempts.delay(settings))


@dataclass(frozen=True, slots=True)
class _Round:
    """A destination's task; ``news`` is set when its queue got longer."""

    news: asyncio.Event
    task: asyncio.Task[None]


class _Attempts:
    """Attempts to reach one destination, and since when they fail, by the loop's clock: no other may step back."""

    def __init__(self, destination: ListenerDestination, reach: Reach, policy: TargetPolicy) -> None:
        self._destination = destination
        self._target = partial(policy.target, destination.url, may_be_local=destination.may_be_local)
        self._reach = reach
        self._listener: Listener | None = None
        self._failures = 0
        self._since = 0.0

    async def try_once(self, queued: Queued) -> str | None:
        """Why it did not arrive; None when it did."""
        try:
            if self._listener is None:
                self._listener = Listener(self._target(), self._reach)
            stamp = Stamp(queued.filter_name, queued.context, queued.number)
            await self._listener.post(export_request(str(queued.number), queued.body, stamp))
        except (DeliveryError, TargetError) as error:
            return self._failed(str(error))
        if self._failures:
            _log.info("a listener answers again", destination=self._destination.name)
        self._failures = 0
        return None

    def _failed(self, reason: str) -> str:
        if self._failures == 0:
            self._since = asyncio.get_running_loop().time()
            _log.warning("a listener does not take indications", destination=self._destination.name, reason=reason)
        self._failures += 1
        return reason

    def failing_for(self) -> float:
        """Seconds since the first of the failures."""
        return asyncio.get_running_loop().time() - self._since

    def delay(self, settings: DeliverySettings) -> float:
        """Seconds until the next attempt: the interval for the retries, then longer and longer."""
        beyond = max(0, self._failures - settings.retries)
        return float(settings.retry_interval * min(2 ** min(beyond, 16), _SLOWEST))

    def begin_anew(self) -> None:
        """As if nothing had failed so far."""
        self._failures = 0

    def listener_gone(self) -> None:
        if self._listener is not None:
            self._listener.close()
