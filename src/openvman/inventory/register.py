"""What the platforms tell, made into one picture: whose a host is, which claim to a system counts, what is overlaid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from openvman.inventory.publisher import Publisher
from openvman.model.host import ChildPool, Host
from openvman.model.pool import in_pools
from openvman.model.states import Action, State, Transition
from openvman.model.storage import PoolVolumes, active_pool, volumes_id
from openvman.model.system import VirtualSystem

log = structlog.get_logger()

_RUNNING = (State.ACTIVE, State.PAUSED)


def _held_by(host: Host) -> frozenset[str]:
    return frozenset(volumes_id(host.id, pool.name) for pool in host.active_storage)


@dataclass(frozen=True, slots=True)
class _Overlay:
    transition: Transition | None
    requested: Action


class Register:
    """The one writer of the generation.

    A platform is named by its place in the list of platforms; the lesser place comes first where nothing else decides.

    - A host belongs to the platform that first told of it.
    - A system told of by two platforms (a migration under way, a copied definition) is shown once: where it is active
      or paused, else where it was shown already, else on the first platform. The other claims are kept, and take over
      when the one shown goes.
    - A system whose host is not online is shown in the state UNKNOWN with its last known configurations.
    - ``since`` is when the state changed by ``clock``; an outage after which the state is as before does not count.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        pools: Mapping[str, tuple[ChildPool, ...]],
        members: Mapping[str, Mapping[str, str]],
        requested: Mapping[str, Action],
    ) -> None:
        self.publisher = Publisher()
        self._clock = clock
        self._places: dict[str, int] = {}  # host id -> platform
        self._shadowed: dict[str, dict[int, VirtualSystem]] = {}  # system id -> platform -> what is not shown
        self._overlays = {system_id: _Overlay(None, action) for system_id, action in requested.items()}
        self._before_outage: dict[str, tuple[State, datetime | None]] = {}
        self._pools = dict(pools)  # host id -> child pools
        self._members = dict(members)  # system id -> local id of an allocation -> name of its child pool

    def place_of(self, host_id: str) -> int | None:
        """The platform that the host belongs to."""
        return self._places.get(host_id)

    def hosts_of(self, place: int) -> list[Host]:
        """The hosts of a platform, as shown."""
        hosts = self.publisher.generation.hosts
        return [hosts[host_id] for host_id, at in self._places.items() if at == place]

    def systems_of(self, place: int) -> Iterator[str]:
        """The ids of the systems that a platform told of, shown or not."""
        for host in self.hosts_of(place):
            yield from (system.id for system in self.publisher.generation.systems_of(host.id))
        yield from [system_id for system_id, claims in self._shadowed.items() if place in claims]

    def put_hosts(self, place: int, hosts: Iterable[Host], *, first: bool = False) -> None:
        """Show these hosts; none may belong to another platform. ``first`` as in :meth:`put_systems`."""
        now = self._clock()
        shown: list[tuple[str, Host]] = []
        for host in hosts:
            assert self._places.get(host.id, place) == place, f"host {host.id} belongs to another platform"
            self._places[host.id] = place
            before = self.publisher.generation.host(host.id)
            same = before is not None and before.online == host.online
            since = before.since if same and before is not None else now
            shown.append((host.id, replace(host, since=since, pools=self._pools.get(host.id, ()))))
        stopped = [id for host_id, host in shown for id in self._held(host_id) - _held_by(host)]
        self.publisher.publish_hosts(shown, first=first)
        self.publisher.publish_volumes([(id, None) for id in stopped])

    def put_volumes(self, volumes: Iterable[tuple[str, str, PoolVolumes | None]], *, first: bool = False) -> None:
        """Storage pools, by host id and name, hold this; None, or a pool that is not shown as active: nothing."""
        shown: list[tuple[str, PoolVolumes | None]] = []
        for host_id, name, told in volumes:
            host = self.publisher.generation.host(host_id)
            pool = None if host is None else active_pool(host.storage, name)
            shown.append((volumes_id(host_id, name), None if pool is None else told))
        self.publisher.publish_volumes(shown, first=first)

    def _held(self, host_id: str) -> frozenset[str]:
        """The ids of what the host's storage pools are shown to hold."""
        host = self.publisher.generation.host(host_id)
        return frozenset() if host is None else _held_by(host)

    def drop_host(self, place: int, host_id: str) -> None:
        """The host is gone from its platform, and with it its systems."""
        gone = [system.id for system in self.publisher.generation.systems_of(host_id)]
        gone += [i for i, claims in self._shadowed.items() if place in claims and claims[place].host_id == host_id]
        self.put_systems(place, [(system_id, None) for system_id in gone])
        self.publisher.publish_volumes([(id, None) for id in self._held(host_id)])
        self._places.pop(host_id, None)
        self.publisher.publish_hosts([(host_id, None)])

    def put_systems(
        self, place: int, systems: Iterable[tuple[str, VirtualSystem | None]], *, first: bool = False
    ) -> None:
        """A platform tells of these systems (None: it has none of that id). Ids differ, hosts are known.

        ``first``: nothing is known of when a new one got its state, for the platform is read for the first time.
        """
        now = self._clock()
        shown: list[tuple[str, VirtualSystem | None]] = []
        for system_id, told in systems:
            chosen = self._choose(place, system_id, told)
            if chosen is None:
                self._overlays.pop(system_id, None)
                self._before_outage.pop(system_id, None)
                shown.append((system_id, None))
            else:
                shown.append((system_id, self._show(chosen, None if first else now, now)))
        self.publisher.publish_systems(shown, first=first)

    def lose(self, system_ids: Iterable[str]) -> None:
        """The hosts of these systems went offline: show what is now unknown."""
        now = self._clock()
        systems = self.publisher.generation.systems
        self.publisher.publish_systems([(i, self._show(systems[i], now, now)) for i in system_ids if i in systems])

    def begin(self, system_id: str, transition: Transition, requested: Action) -> None:
        self._overlays[system_id] = _Overlay(transition, requested)
        self._overlay(system_id)

    def end(self, system_id: str) -> None:
        overlay = self._overlays.get(system_id)
        if overlay is not None:
            self._overlays[system_id] = replace(overlay, transition=None)
            self._overlay(system_id)

    def set_pools(self, host_id: str, pools: tuple[ChildPool, ...]) -> None:
        """The host has these child pools."""
        self._pools[host_id] = pools
        host = self.publisher.generation.host(host_id)
        if host is not None:
            self.publisher.publish_hosts([(host_id, replace(host, pools=pools))])

    def members(self, system_id: str) -> Mapping[str, str]:
        """The child pools of a system's allocations, by local id."""
        return self._members.get(system_id, {})

    def assign(self, system_id: str, members: Mapping[str, str]) -> None:
        """The system's allocations are from these child pools, all others from the host's own."""
        if members:
            self._members[system_id] = dict(members)
        else:
            self._members.pop(system_id, None)
        system = self.publisher.generation.system(system_id)
        if system is not None:
            self.publisher.publish_systems([(system_id, self._pooled(system))])

    def _pooled(self, system: VirtualSystem) -> VirtualSystem:
        """With the pool of each allocation; a pool that is not there (any more) does not count."""
        host = self.publisher.generation.host(system.host_id)
        kinds = {} if host is None else {child.name: child.kind for child in host.pools}
        return in_pools(system, self.members(system.id), kinds)

    def _overlay(self, system_id: str) -> None:
        system, overlay = self.publisher.generation.system(system_id), self._overlays[system_id]
        assert system is not None, f"an overlay of {system_id}, which is not shown"
        shown = replace(system, transition=overlay.transition, requested=overlay.requested)
        self.publisher.publish_systems([(system_id, shown)])

    def _choose(self, place: int, system_id: str, told: VirtualSystem | None) -> VirtualSystem | None:
        """The claim that counts, now that ``place`` told this."""
        before = self.publisher.generation.system(system_id)
        holder = None if before is None else self._places.get(before.host_id)
        if holder in (None, place) and system_id not in self._shadowed:
            return told
        known = self._shadowed.pop(system_id, {})
        claims = dict(known)
        if before is not None and holder is not None:
            claims[holder] = before
        if told is None:
            claims.pop(place, None)
        else:
            claims[place] = told
        if not claims:
            return None
        best = min(claims, key=lambda at: (not self._runs(claims[at]), at != holder, at))
        chosen = claims.pop(best)
        if claims:
            self._shadowed[system_id] = claims
            if not known:
                log.warning(
                    "two hosts have a virtual system of the same id; one is shown",
                    system=system_id,
                    shown=chosen.host_id,
                    hidden=sorted(claim.host_id for claim in claims.values()),
                )
        return chosen

    def _runs(self, system: VirtualSystem) -> bool:
        return system.state in _RUNNING and self._online(system.host_id)

    def _online(self, host_id: str) -> bool:
        host = self.publisher.generation.host(host_id)
        return host is not None and host.online

    def _show(self, system: VirtualSystem, appeared: datetime | None, now: datetime) -> VirtualSystem:
        before = self.publisher.generation.system(system.id)
        state = system.state if self._online(system.host_id) else State.UNKNOWN
        since: datetime | None = now
        if before is None:
            since = system.since or appeared
        elif before.state is state:
            since = before.since
        elif state is State.UNKNOWN:
            self._before_outage[system.id] = (before.state, before.since)
        elif before.state is State.UNKNOWN:
            known, at = self._before_outage.pop(system.id, (State.UNKNOWN, None))
            since = at if known is state else now
        overlay = self._overlays.get(system.id)
        return replace(
            self._pooled(system),
            state=state,
            since=since,
            transition=overlay.transition if overlay else None,
            requested=overlay.requested if overlay else None,
        )
