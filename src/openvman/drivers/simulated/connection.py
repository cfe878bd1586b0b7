"""The driver of a simulated platform: the calls, with their latencies and faults, and the events."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, TypeVar

from openvman.drivers.contract import (
    ConnectionLost,
    ConsoleChunk,
    Event,
    EventSink,
    HostChanged,
    Image,
    Picture,
    Progress,
    SystemChanged,
    VolumesChanged,
)
from openvman.drivers.simulated.address import Fleet
from openvman.drivers.simulated.churn import Churn
from openvman.drivers.simulated.faults import Fault, FaultRules, name_of
from openvman.drivers.simulated.fleet import populate
from openvman.drivers.simulated.hypervisor import Hypervisor
from openvman.messages import hypervisor, simulated
from openvman.model.alert import SystemFault
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.network import NetworkSpec
from openvman.model.network_filter import FilterReference, NetworkFilterSpec
from openvman.model.spec import Definition, ResourceSpec, SystemSpec
from openvman.model.states import Action
from openvman.model.storage import PoolVolumes, StoragePoolSpec, Volume
from openvman.model.system import ConfigurationKind, VirtualSystem

T = TypeVar("T")

_PERCENT_AT_A_TIME: Final = 5
_COUNTED: Final = 0.1
"""Seconds that a call takes at least for its progress to be told."""


@dataclass(slots=True, eq=False)
class _Line:
    """One connection. ``over`` ends the calls under way, ``closed`` the events."""

    sink: EventSink
    loop: asyncio.AbstractEventLoop
    over: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    def tell(self, event: Event) -> None:
        if not self.closed:
            self.sink(event)


def _telling(loop: asyncio.AbstractEventLoop, seconds: float, progress: Progress) -> list[asyncio.TimerHandle]:
    """Tell how much of these seconds has passed, each so many percent."""
    if seconds < _COUNTED:
        return []
    steps = range(_PERCENT_AT_A_TIME, 100, _PERCENT_AT_A_TIME)
    return [loop.call_later(seconds * percent / 100, progress, percent) for percent in steps]


async def _unless(given_up: asyncio.Event, call: Coroutine[Any, Any, None], doing: str, subject: str) -> None:
    """Do ``call``; FAILED when it is given up before it has done its work."""
    tasks = [asyncio.ensure_future(call), asyncio.ensure_future(given_up.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not tasks[0].done():
            raise ModelError(hypervisor.FAILED, subject, doing=doing, reason="it was given up")
        await tasks[0]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class SimulatedDriver:
    """A :class:`~openvman.drivers.contract.Driver` of a platform in memory, which outlives its connections.

    For whoever plays the world around it: ``hypervisor`` is the platform itself, where changes can be made behind
    every client's back; ``inject`` adds a fault, ``disconnect`` and ``reconnect`` take the platform away and back.
    """

    def __init__(self, fleet: Fleet, *, deadline: float) -> None:
        self._fleet = fleet
        self._deadline = deadline
        self._line: _Line | None = None
        self._populated = False
        self._down_until = -math.inf
        self._saving: dict[str, asyncio.Event] = {}  # system id -> give it up
        self._rules = FaultRules(Random(fleet.seed))  # noqa: S311 - faults shall repeat with the seed
        for fault in fleet.faults:
            self._rules.add(fault)
        self.hypervisor = Hypervisor(self._tell)
        self._churn = Churn(self.hypervisor, fleet.churn)

    @property
    def platform(self) -> str:
        return self._fleet.uri

    # The world around

    def inject(self, *faults: Fault) -> None:
        """Add fault rules."""
        for fault in faults:
            self._rules.add(fault)

    def clear_faults(self) -> None:
        """Remove every fault rule, those of the address too."""
        self._rules.clear()

    def disconnect(self, reason: str, seconds: float = math.inf) -> None:
        """Break the connection; the platform does not answer for so long, or until :meth:`reconnect`."""
        self._down_until = asyncio.get_running_loop().time() + seconds
        self._churn.stop()
        line, self._line = self._line, None
        if line is not None:
            line.over.set()
            line.loop.call_soon(line.tell, ConnectionLost(reason))

    def reconnect(self) -> None:
        """The platform answers again: the next ``open`` succeeds."""
        self._down_until = -math.inf

    # The contract

    async def open(self, sink: EventSink) -> None:
        assert self._line is None, "the driver is open"
        line = _Line(sink, asyncio.get_running_loop())
        fault = self._rules.strike("open", (self.platform,))
        await self._wait(line, "open", self._fleet.latency + (fault.delay if fault else 0))
        if fault is not None:
            self._fail(fault, "open")
        if line.loop.time() < self._down_until:
            raise ModelError(hypervisor.NO_ANSWER, self.platform, platform=self.platform, reason="it was taken away")
        if not self._populated:
            await asyncio.to_thread(populate, self.hypervisor, self._fleet)
            self._populated = True
        self._line = line
        if self._fleet.churn:
            self._churn.start()

    async def close(self) -> None:
        self._churn.stop()
        line, self._line = self._line, None
        if line is not None:
            line.closed = True
            line.over.set()

    async def fence(self) -> None:
        """Events are told as they happen, unless a fault holds them back."""
        await self._call("fence", (self.platform,), lambda: None)

    async def autostarting(self, host_id: str) -> frozenset[str]:
        def work() -> frozenset[str]:
            systems = self.hypervisor.systems.values()
            return frozenset(s.id for s in systems if s.host_id == host_id and s.effective.autostart)

        return await self._call("autostarting", (host_id,), work)

    async def load(self) -> Picture:
        def work() -> Picture:
            there = self.hypervisor
            return Picture(tuple(there.hosts.values()), tuple(there.systems.values()), tuple(there.volumes()))

        return await self._call("load", (self.platform,), work)

    async def read_host(self, host_id: str) -> Host | None:
        return await self._call(
            "read_host", self.hypervisor.host_names(host_id), lambda: self.hypervisor.hosts.get(host_id)
        )

    async def read_system(self, system_id: str) -> VirtualSystem | None:
        return await self._call(
            "read_system", self.hypervisor.names(system_id), lambda: self.hypervisor.systems.get(system_id)
        )

    async def define(self, definition: Definition) -> None:
        names = (definition.id, definition.name)
        await self._call("define", names, lambda: self.hypervisor.define(definition))

    async def undefine(self, system_id: str) -> None:
        names = self.hypervisor.names(system_id)
        await self._call("undefine", names, lambda: self.hypervisor.undefine(system_id))

    async def modify_system(self, system_id: str, spec: SystemSpec) -> None:
        names = self.hypervisor.names(system_id)
        await self._call("modify_system", names, lambda: self.hypervisor.modify_system(system_id, spec))

    async def modify_resource(self, system_id: str, kind: ConfigurationKind, spec: ResourceSpec) -> None:
        names = self.hypervisor.names(system_id)
        await self._call("modify_resource", names, lambda: self.hypervisor.modify_resource(system_id, kind, spec))

    async def add_resources(self, system_id: str, kind: ConfigurationKind, specs: Sequence[ResourceSpec]) -> None:
        names = self.hypervisor.names(system_id)
        await self._call("add_resources", names, lambda: self.hypervisor.add_resources(system_id, kind, specs))

    async def remove_resources(self, system_id: str, kind: ConfigurationKind, allocation_ids: Sequence[str]) -> None:
        names = self.hypervisor.names(system_id)
        await self._call(
            "remove_resources", names, lambda: self.hypervisor.remove_resources(system_id, kind, allocation_ids)
        )

    async def act(self, system_id: str, action: Action, progress: Progress | None = None) -> None:
        names = self.hypervisor.names(system_id)
        call = self._call(f"act.{name_of(action)}", names, lambda: self._act(system_id, action), progress)
        if action is not Action.SUSPEND:
            await call
            return
        given_up = self._saving[system_id] = asyncio.Event()
        try:
            await _unless(given_up, call, f"{action} virtual system {system_id}", system_id)
        finally:
            if self._saving.get(system_id) is given_up:
                del self._saving[system_id]

    async def abandon(self, system_id: str, action: Action) -> None:
        saving = self._saving.get(system_id)
        if saving is not None and action is Action.SUSPEND:
            saving.set()

    async def is_saving(self, system_id: str) -> bool:
        return system_id in self._saving

    async def read_console(self, system_id: str, port: int, offset: int, limit: int) -> ConsoleChunk:
        names = self.hypervisor.names(system_id)
        return await self._call(
            "read_console", names, lambda: self.hypervisor.read_console(system_id, port, offset, limit)
        )

    async def inspect_image(self, host_id: str, path: str) -> Image:
        return await self._call("inspect_image", (path,), lambda: self.hypervisor.inspect_image(host_id, path))

    async def create_image(self, host_id: str, path: str, format: str, capacity: int) -> None:
        await self._call("create_image", (path,), lambda: self.hypervisor.create_image(host_id, path, format, capacity))

    async def write_image(self, host_id: str, path: str, content: bytes) -> None:
        await self._call("write_image", (path,), lambda: self.hypervisor.write_image(host_id, path, content))

    async def delete_image(self, host_id: str, path: str) -> None:
        await self._call("delete_image", (path,), lambda: self.hypervisor.delete_image(host_id, path))

    async def inspect_volume(self, host_id: str, volume: Volume) -> Image:
        names = (volume.name, volume.pool)
        return await self._call("inspect_volume", names, lambda: self.hypervisor.inspect_volume(host_id, volume))

    async def create_volume(self, host_id: str, volume: Volume, format: str, capacity: int) -> None:
        names = (volume.name, volume.pool)
        await self._call(
            "create_volume", names, lambda: self.hypervisor.create_volume(host_id, volume, format, capacity)
        )

    async def delete_volume(self, host_id: str, volume: Volume) -> None:
        names = (volume.name, volume.pool)
        await self._call("delete_volume", names, lambda: self.hypervisor.delete_volume(host_id, volume))

    async def read_volumes(self, host_id: str, pool: str) -> PoolVolumes | None:
        return await self._call("read_volumes", (pool,), lambda: self.hypervisor.read_volumes(host_id, pool))

    async def create_storage_pool(self, host_id: str, pool: StoragePoolSpec) -> None:
        await self._call(
            "create_storage_pool", (pool.name,), lambda: self.hypervisor.create_storage_pool(host_id, pool)
        )

    async def delete_storage_pool(self, host_id: str, name: str) -> None:
        await self._call("delete_storage_pool", (name,), lambda: self.hypervisor.delete_storage_pool(host_id, name))

    async def change_storage_pool(
        self, host_id: str, name: str, *, active: bool | None = None, autostart: bool | None = None
    ) -> None:
        await self._call(
            "change_storage_pool",
            (name,),
            lambda: self.hypervisor.change_storage_pool(host_id, name, active, autostart),
        )

    async def refresh_storage_pool(self, host_id: str, name: str) -> None:
        await self._call("refresh_storage_pool", (name,), lambda: self.hypervisor.refresh_storage_pool(host_id, name))

    async def create_network(self, host_id: str, network: NetworkSpec) -> None:
        await self._call("create_network", (network.name,), lambda: self.hypervisor.create_network(host_id, network))

    async def delete_network(self, host_id: str, uuid: str) -> None:
        await self._call("delete_network", (uuid,), lambda: self.hypervisor.delete_network(host_id, uuid))

    async def change_network(
        self, host_id: str, uuid: str, *, active: bool | None = None, autostart: bool | None = None
    ) -> None:
        await self._call(
            "change_network", (uuid,), lambda: self.hypervisor.change_network(host_id, uuid, active, autostart)
        )

    async def create_filter(self, host_id: str, filter: NetworkFilterSpec) -> None:
        await self._call("create_filter", (filter.name,), lambda: self.hypervisor.create_filter(host_id, filter))

    async def delete_filter(self, host_id: str, uuid: str) -> None:
        await self._call("delete_filter", (uuid,), lambda: self.hypervisor.delete_filter(host_id, uuid))

    async def add_filter_reference(self, host_id: str, uuid: str, reference: FilterReference) -> None:
        await self._call(
            "add_filter_reference",
            (uuid, reference.filter),
            lambda: self.hypervisor.add_filter_reference(host_id, uuid, reference),
        )

    async def remove_filter_reference(self, host_id: str, uuid: str, reference: FilterReference) -> None:
        await self._call(
            "remove_filter_reference",
            (uuid, reference.filter),
            lambda: self.hypervisor.remove_filter_reference(host_id, uuid, reference),
        )

    # Calls

    async def _call(
        self, operation: str, subjects: Iterable[str], work: Callable[[], T], progress: Progress | None = None
    ) -> T:
        line = self._line
        if line is None:
            raise ModelError(hypervisor.NOT_CONNECTED, self.platform, platform=self.platform)
        fault = self._rules.strike(operation, subjects)
        early = fault if fault is not None and not fault.after else None
        late = fault if fault is not None and fault.after else None
        await self._wait(line, operation, self._fleet.latency + (early.delay if early else 0), progress)
        if early is not None:
            self._fail(early, operation)
        result = work()
        if late is not None:
            await self._wait(line, operation, late.delay)
            self._fail(late, operation)
        return result

    async def _wait(self, line: _Line, operation: str, seconds: float, progress: Progress | None = None) -> None:
        """Let the time pass that the call takes. UNAVAILABLE when the connection ends, TIMEOUT past the deadline."""
        telling = [] if progress is None else _telling(line.loop, seconds, progress)
        try:
            await self._pass(line, operation, seconds)
        finally:
            for each in telling:
                each.cancel()

    async def _pass(self, line: _Line, operation: str, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
        else:
            try:
                async with asyncio.timeout(min(seconds, self._deadline)):
                    await line.over.wait()
            except TimeoutError:
                if seconds > self._deadline:
                    raise ModelError(
                        hypervisor.CHANGE_LATE,
                        self.platform,
                        doing=f"do {operation}",
                        platform=self.platform,
                        seconds=self._deadline,
                    ) from None
        if line.over.is_set():
            raise ModelError(hypervisor.NOT_CONNECTED, self.platform, platform=self.platform)

    def _fail(self, fault: Fault, operation: str) -> None:
        if fault.disconnect is not None:
            self.disconnect(f"the connection broke in {operation}, as ordered", fault.disconnect)
            raise ModelError(
                hypervisor.LOST, self.platform, doing=f"do {operation}", reason="the connection broke, as ordered"
            )
        if fault.problem is not None:
            raise ModelError(simulated.ORDERED[fault.problem], self.platform, operation=operation)

    # Guests and events

    def _act(self, system_id: str, action: Action) -> None:
        self.hypervisor.act(system_id, action)
        if action in (Action.START, Action.RESET):
            self._perhaps_crash(system_id)
        if action not in (Action.SHUT_DOWN, Action.REBOOT):
            return
        fault = self._rules.strike(f"guest.{name_of(action)}", self.hypervisor.names(system_id))
        if fault is not None and fault.problem is not None:
            return
        asyncio.get_running_loop().call_later(
            self._fleet.guest_latency + (fault.delay if fault else 0),
            self.hypervisor.react,
            system_id,
            action,
            self.hypervisor.boots(system_id),
        )

    def _perhaps_crash(self, system_id: str) -> None:
        fault = self._rules.strike("guest.crash", self.hypervisor.names(system_id))
        if fault is not None:
            boots = self.hypervisor.boots(system_id)
            asyncio.get_running_loop().call_later(fault.delay, self.hypervisor.crash, system_id, boots)

    def _tell(self, event: SystemChanged | HostChanged | VolumesChanged | SystemFault) -> None:
        line = self._line
        if line is None:
            return
        if isinstance(event, SystemChanged | SystemFault):
            fault = self._rules.strike("event.system", self.hypervisor.names(event.system_id))
        else:
            fault = self._rules.strike("event.host", self.hypervisor.host_names(event.host_id))
        if fault is None:
            line.loop.call_soon(line.tell, event)
        elif fault.problem is None:
            line.loop.call_later(fault.delay, line.tell, event)
