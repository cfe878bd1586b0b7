"""One platform under watch: connect, load, follow its events, reconcile, and connect again when it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Final

import structlog

from openvman.drivers.contract import ConnectionLost, Driver, Event, HostChanged, SystemChanged, VolumesChanged
from openvman.inventory.register import Register
from openvman.inventory.session import Key, Session
from openvman.messages import inventory as inventory_rows
from openvman.messages.problem import Problem
from openvman.model.alert import SystemFault
from openvman.model.errors import ModelError
from openvman.model.states import State
from openvman.model.system import VirtualSystem
from openvman.model.untold import Part, Untold

log = structlog.get_logger()

READERS: Final = 8
"""Reads that events asked for, at most so many at a time on one platform."""

FENCE_PATIENCE: Final = 10.0
"""Seconds that a fenced read waits for one platform; after that it shows what is known."""

SLICE: Final = 500
"""Objects compared before other tasks of the loop get their turn."""

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds to wait before the next attempt: ``first``, then ``factor`` times more each time up to ``maximum``."""

    first: float = 0.2
    factor: float = 2.0
    maximum: float = 5.0

    def delay(self, failures: int) -> float:
        """The wait after so many failures in a row (from 0)."""
        return min(self.maximum, self.first * self.factor ** min(failures, 64))


class PlatformState(StrEnum):
    CONNECTING = "connecting"
    """Has not answered yet since the server started."""
    CONNECTED = "connected"
    LOST = "lost"
    """Has answered before; attempts to connect again go on."""
    REFUSED = "refused"
    """Its host already belongs to another platform; looked at again now and then."""


@dataclass(frozen=True, slots=True)
class PlatformStatus:
    """``reason`` says why it is not connected; ``since`` when ``state`` began."""

    uri: str
    state: PlatformState
    reason: str | None
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When to do things, and by which clock."""

    reconcile_every: float
    retry: Backoff
    clock: Callable[[], datetime]
    sleep: Sleep


class _RefusedError(Exception):
    """The platform's host belongs to another platform."""


class Platform:
    """Watches one driver and tells the register. ``place`` is its place in the list of platforms."""

    def __init__(self, place: int, driver: Driver, register: Register, timing: Timing) -> None:
        self.driver = driver
        self._place = place
        self._register = register
        self._timing = timing
        self._session: Session | None = None
        self._status = PlatformStatus(driver.platform, PlatformState.CONNECTING, None, timing.clock())
        self.tried = asyncio.Event()
        """Set when the first attempt to connect and load is over, whatever came of it."""

    @property
    def status(self) -> PlatformStatus:
        return self._status

    async def run(self) -> None:
        """Watch until cancelled."""
        failures = 0
        try:
            while True:
                session = await self._connect()
                self.tried.set()
                if session is not None:
                    failures = 0
                    await self._watch(session)
                await self._lose()
                await self._timing.sleep(self._delay(failures))
                failures += 1
        finally:
            self.tried.set()
            await self._disconnect("the server is closing")

    async def refresh(self, system_id: str) -> None:
        """Read one system now and show what is found. Raises as the driver does; UNAVAILABLE while not connected."""
        session = self._session
        if session is None or not session.loaded:
            raise self.unavailable()
        key = SystemChanged(system_id)
        session.forget(key)
        ticket = session.ticket()
        try:
            system = await self.driver.read_system(system_id)
            if session.lost is None:
                await self._take_system(session, key, ticket, system)
            session.passed(key)
        except BaseException:
            self._on_event(session, key)
            raise
        if session.lost is not None:
            raise self.unavailable()

    async def refresh_host(self, host_id: str) -> None:
        """Read one host now, likewise."""
        session = self._session
        if session is None or not session.loaded:
            raise self.unavailable()
        key = HostChanged(host_id)
        session.forget(key)
        try:
            await self._read_host(session, key, session.ticket())
            session.passed(key)
        except BaseException:
            self._on_event(session, key)
            raise

    async def fence(self, untold: Iterable[Untold] = ()) -> None:
        """Wait until everything that the platform told of until now is shown, and what is named of the rest.

        Who waits at the same time waits for the same reads.
        """
        session = self._session
        if session is None or not session.loaded:
            return
        parts = tuple(untold)
        try:
            async with asyncio.timeout(FENCE_PATIENCE):
                await self.driver.fence()
                for each in parts:
                    for key in await self._unread(each):
                        self._on_event(session, key)
                await session.caught_up()
                if any(each.part is Part.VOLUMES for each in parts):
                    # Of a pool that was seen for the first time just now, what it holds is due only since then.
                    await session.caught_up()
        except (ModelError, TimeoutError) as error:
            log.warning("a read did not wait for the platform", platform=self.driver.platform, reason=str(error))

    async def _unread(self, untold: Untold) -> list[Key]:
        """What must be read to know it."""
        generation = self._register.publisher.generation
        host = generation.host(untold.host_id)
        if host is None or not host.online:
            return []
        match untold.part:
            case Part.HOST:
                return [HostChanged(host.id)]
            case Part.VOLUMES:
                return [VolumesChanged(host.id, pool.name) for pool in host.active_storage]
            case Part.AUTOSTART:
                ids = await self.driver.autostarting(host.id)
                systems = generation.systems_of(host.id)
                return [SystemChanged(s.id) for s in systems if s.effective.autostart != (s.id in ids)]

    async def refresh_volumes(self, host_id: str, pool: str) -> None:
        """Read what one storage pool holds now, likewise."""
        session = self._session
        if session is None or not session.loaded:
            raise self.unavailable()
        key = VolumesChanged(host_id, pool)
        session.forget(key)
        try:
            await self._read_volumes(session, key, session.ticket())
            session.passed(key)
        except BaseException:
            self._on_event(session, key)
            raise

    def unavailable(self) -> ModelError:
        """The platform does not answer: the error to raise."""
        uri, reason = self.driver.platform, self._status.reason
        return ModelError(inventory_rows.NOT_CONNECTED, uri, uri=uri, reason=reason or "no answer yet")

    # Connecting

    async def _connect(self) -> Session | None:
        """One attempt to connect and load; None when it failed."""
        session = self._session = Session()
        try:
            await self.driver.open(lambda event: self._on_event(session, event))
            await self._load(session, first=self._status.state is PlatformState.CONNECTING)
        except _RefusedError as error:
            await self._disconnect(str(error))
            self._set(PlatformState.REFUSED, str(error))
        except ModelError as error:
            await self._disconnect(error.message)
            self._failed(session.lost or error.message)
        except Exception as error:  # a fault of the driver ends its connection, not the server
            log.exception("the driver failed", platform=self.driver.platform)
            await self._disconnect(repr(error))
            self._failed(f"{type(error).__name__} in the driver; the log has more")
        else:
            session.loaded = True
            self._set(PlatformState.CONNECTED, None)
            self._start_readers(session)
            return session
        return None

    async def _disconnect(self, reason: str) -> None:
        """Close the driver, unless it closed itself when the connection was lost."""
        session, self._session = self._session, None
        if session is None or session.lost is not None:
            return
        readers = tuple(session.readers)
        session.end(reason)
        try:
            await self.driver.close()
        except ModelError as error:
            log.warning("the platform did not close well", platform=self.driver.platform, reason=error.message)
        await asyncio.gather(*readers, return_exceptions=True)

    def _failed(self, reason: str) -> None:
        was = self._status.state
        self._set(was if was is PlatformState.CONNECTING else PlatformState.LOST, reason)

    def _set(self, state: PlatformState, reason: str | None) -> None:
        was = self._status
        if (state, reason) == (was.state, was.reason):
            return  # one line for each change, not for each attempt
        since = was.since if state is was.state else self._timing.clock()
        self._status = PlatformStatus(was.uri, state, reason, since)
        if state is PlatformState.CONNECTED:
            log.info("platform connected", platform=was.uri)
        else:
            log.warning("platform not connected", platform=was.uri, state=state.value, reason=reason)

    def _delay(self, failures: int) -> float:
        refused = self._status.state is PlatformState.REFUSED
        return self._timing.reconcile_every if refused else self._timing.retry.delay(failures)

    async def _lose(self) -> None:
        """The connection is gone: nobody knows what the systems do now."""
        online = [host for host in self._register.hosts_of(self._place) if host.online]
        if not online:
            return
        self._register.put_hosts(self._place, [replace(host, online=False) for host in online])
        systems = iter(list(self._register.systems_of(self._place)))
        while ids := list(islice(systems, SLICE)):
            self._register.lose(ids)
            await asyncio.sleep(0)

    # Watching

    async def _watch(self, session: Session) -> None:
        """Reconcile every now and then, sooner when a read failed; returns when the connection is lost."""
        early = 0  # loads out of turn without a quiet time between them
        while session.lost is None:
            if await self._woken(session.wake, self._timing.reconcile_every):
                await self._woken(session.over, self._timing.retry.delay(early))
                early += 1
            else:
                early = 0
            if session.lost is None:
                session.wake.clear()
                await self._reconcile(session)
        self._session = None
        self._set(PlatformState.LOST, session.lost)

    async def _reconcile(self, session: Session) -> None:
        try:
            await self._load(session)
        except _RefusedError as error:
            await self._disconnect(str(error))
        except ModelError as error:
            if session.lost is not None:
                return
            if error.problem is Problem.UNAVAILABLE:
                await self._disconnect(error.message)
            else:
                log.warning("the platform could not be read", platform=self.driver.platform, reason=error.message)
                session.hurry()
        except Exception as error:  # a fault of the driver costs its connection, never the loop
            log.exception("the driver failed", platform=self.driver.platform)
            await self._disconnect(repr(error))

    async def _woken(self, wake: asyncio.Event, delay: float) -> bool:
        """Wait until ``wake`` is set or the delay is over; true when it is set."""
        waits = [asyncio.ensure_future(self._timing.sleep(delay)), asyncio.ensure_future(wake.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return wake.is_set()

    # Reading everything

    async def _load(self, session: Session, *, first: bool = False) -> None:
        """Read all and tell the register what differs, in slices so that the loop stays free."""
        session.forget_all()
        ticket = session.ticket()
        picture = await self.driver.load()
        self._check(session)
        for host in picture.hosts:
            holder = self._register.place_of(host.id)
            if holder not in (None, self._place):
                reason = f"host {host.name} ({host.id}) is already reached through another platform"
                raise _RefusedError(reason)
        hosts = {host.id: host for host in picture.hosts}
        self._register.put_hosts(
            self._place,
            [host for host in hosts.values() if session.accept(HostChanged(host.id), ticket)],
            first=first,
        )
        held = {VolumesChanged(each.host_id, each.pool): each for each in picture.volumes}
        self._register.put_volumes(
            [(key.host_id, key.pool, each) for key, each in held.items() if session.accept(key, ticket)], first=first
        )
        told = _by_id(picture.systems)
        await self._put_slices(session, ticket, told.items(), first=first)
        gone = [i for i in list(self._register.systems_of(self._place)) if i not in told]
        await self._put_slices(session, ticket, [(system_id, None) for system_id in gone])
        for host in self._register.hosts_of(self._place):
            if host.id not in hosts and session.accept(HostChanged(host.id), ticket):
                self._register.drop_host(self._place, host.id)
        session.accept_all(ticket)

    async def _put_slices(
        self,
        session: Session,
        ticket: int,
        systems: Iterable[tuple[str, VirtualSystem | None]],
        *,
        first: bool = False,
    ) -> None:
        rest = iter(systems)
        while part := list(islice(rest, SLICE)):
            self._register.put_systems(
                self._place,
                [(i, self._placed(s)) for i, s in part if session.accept(SystemChanged(i), ticket)],
                first=first,
            )
            await asyncio.sleep(0)
            self._check(session)

    def _check(self, session: Session) -> None:
        if session.lost is not None:
            uri = self.driver.platform
            raise ModelError(inventory_rows.LOST, uri, uri=uri, reason=session.lost)

    # Reading what events name

    def _on_event(self, session: Session, event: Event) -> None:
        if session.lost is not None:
            return
        if isinstance(event, ConnectionLost):
            session.end(event.reason)
            return
        if isinstance(event, SystemFault):
            self._register.publisher.publish_fault(event)
            return
        session.mark(event)
        if session.loaded:
            self._start_readers(session)

    def _start_readers(self, session: Session) -> None:
        for _ in range(min(session.due, READERS - len(session.readers))):
            reader = asyncio.create_task(self._read_due(session))
            session.readers.add(reader)
            reader.add_done_callback(session.readers.discard)

    async def _read_due(self, session: Session) -> None:
        while (key := session.take()) is not None:
            try:
                await self._read(session, key)
            except ModelError as error:
                if error.problem is not Problem.UNAVAILABLE:  # of which the load that follows will tell
                    log.warning(
                        "an object could not be read", platform=self.driver.platform, of=key, reason=error.message
                    )
                session.hurry()
            except Exception:  # one object that cannot be read must not end the reading of the others
                log.exception("the driver failed", platform=self.driver.platform, of=key)
                session.hurry()
            finally:
                session.done(key)

    async def _read(self, session: Session, key: Key) -> None:
        ticket = session.ticket()
        if isinstance(key, HostChanged):
            await self._read_host(session, key, ticket)
        elif isinstance(key, VolumesChanged):
            await self._read_volumes(session, key, ticket)
        else:
            system = await self.driver.read_system(key.system_id)
            await self._take_system(session, key, ticket, system)

    async def _read_host(self, session: Session, key: HostChanged, ticket: int) -> None:
        host = await self.driver.read_host(key.host_id)
        holder = self._register.place_of(key.host_id)
        if holder not in (None, self._place) or not session.accept(key, ticket):
            return  # another platform's host is refused by the next load, with the reason
        if host is None:
            if holder is not None:
                self._register.drop_host(self._place, key.host_id)
            return
        before = self._register.publisher.generation.host(host.id)
        self._register.put_hosts(self._place, [host])
        for pool in host.active_storage:
            if self._register.publisher.generation.volumes_of(host.id, pool.name) is None:
                self._on_event(session, VolumesChanged(host.id, pool.name))
        if before is None or before.online != host.online:
            self._register.lose([s.id for s in self._register.publisher.generation.systems_of(host.id)])
            session.hurry()  # what its systems do is known only by reading them all

    async def _read_volumes(self, session: Session, key: VolumesChanged, ticket: int) -> None:
        held = await self.driver.read_volumes(key.host_id, key.pool)
        if self._register.place_of(key.host_id) == self._place and session.accept(key, ticket):
            self._register.put_volumes([(key.host_id, key.pool, held)])

    async def _take_system(
        self, session: Session, key: SystemChanged, ticket: int, system: VirtualSystem | None
    ) -> None:
        if system is not None and self._register.place_of(system.host_id) is None:
            await self._read_host(session, HostChanged(system.host_id), session.ticket())
        if session.accept(key, ticket):
            self._register.put_systems(self._place, [(key.system_id, self._placed(system))])

    def _placed(self, system: VirtualSystem | None) -> VirtualSystem | None:
        """The system, if its host is shown; one whose host went while it was read is gone too."""
        if system is not None and self._register.place_of(system.host_id) != self._place:
            log.warning("a virtual system of an unknown host", platform=self.driver.platform, system=system.id)
            return None
        return system


def _by_id(systems: Iterable[VirtualSystem]) -> dict[str, VirtualSystem]:
    """By id; of two of the same id on one platform the active one, else the first."""
    found: dict[str, VirtualSystem] = {}
    for system in systems:
        other = found.setdefault(system.id, system)
        if other is not system and other.state is not State.ACTIVE and system.state is State.ACTIVE:
            found[system.id] = system
    return found
