"""Child pools while the server runs: what is in them, who may take from them, and that it is remembered.

Nothing is given out of a pool beyond its capacity, also not by requests under way at the same time: whoever is about to
take something pledges it first, in the very step in which the room for it is found. What the pledging system already
shows in the inventory is not counted twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from openvman.inventory.inventory import Inventory
from openvman.messages import pools as pools_rows
from openvman.model.errors import ModelError
from openvman.model.host import ChildPool, Host
from openvman.model.pool import (
    PROMISED,
    RESERVED,
    ResourcePool,
    consumption,
    names_of,
    pool_id,
    pool_in,
    pool_named,
    pools_of,
    whole,
)
from openvman.model.storage import storage_pool_name
from openvman.operations.settle import settle
from openvman.store.database import StoreError
from openvman.store.pools import PoolStore


@dataclass(frozen=True, slots=True)
class _Pledge:
    """What a system has or will have of pools, whichever is more, by pool id."""

    system_id: str
    wanted: Mapping[str, int]


class Pools:
    """``store`` None: what is made lasts as long as the process."""

    def __init__(self, inventory: Inventory, store: PoolStore | None) -> None:
        self._inventory = inventory
        self._store = store
        self._pledges: dict[object, _Pledge] = {}

    @contextmanager
    def pledge(self, system_id: str, host: Host, wanted: Mapping[str, int], of: str) -> Iterator[None]:
        """Take as much of the host's pools (by name) as ``wanted`` says: all that the system will have of each.

        What it has now stays its own until then too, for a change may fail and be undone. A pool is not deleted while
        something of it is pledged, be it nothing. Raises INSUFFICIENT or, for a pool that is gone, NOT_FOUND, naming
        the pool; messages begin with ``of``. Room is asked for where the system will have more than now, in child
        pools, and in pools that have children or of which something is reserved: a host's own pools may otherwise be
        given out more than once, as hypervisors do. The hypervisor's storage pools look after themselves.
        """
        mine, token = {pool_id(host.id, name): amount for name, amount in wanted.items()}, object()
        system = self._inventory.generation.system(system_id)
        now = {} if system is None else consumption(system)
        self._pledges[token] = _Pledge(
            system_id, {each: max(mine.get(each, 0), now.get(each, 0)) for each in mine.keys() | now.keys()}
        )
        try:
            self._check_room(host, wanted, now, of)
            yield
        finally:
            del self._pledges[token]

    def check_fits(self, host: Host, wanted: Mapping[str, int], of: str) -> None:
        """Refuse what a pool could not give even when it is empty: INSUFFICIENT."""
        for pool in _asked(host, wanted, lambda _: 0):
            amount = whole(pool.kind, wanted.get(pool.name + RESERVED, 0))
            bound = not (pool.is_primordial or pool.is_native) or bool(wanted.get(pool.name + PROMISED))
            if bound and pool.capacity is not None and amount > pool.capacity:
                raise _too_little(pool, of, amount, pool.capacity)

    def check_change(self, host: Host, pools: Sequence[ChildPool], of: str) -> None:
        """Refuse child pools that would make a pool give more than it has: INSUFFICIENT."""
        now = {pool.name: pool for pool in pools_of(host, self._consumed)}
        for pool in pools_of(replace(host, pools=tuple(pools)), self._consumed):
            before = now.get(pool.name)
            worse = before is None or (pool.reserved, pool.capacity) != (before.reserved, before.capacity)
            if worse and not pool.is_native and pool.capacity is not None and pool.reserved > pool.capacity:
                raise ModelError(
                    pools_rows.GIVEN_AWAY, pool.id, asker=of, pool=pool, amount=pool.reserved, free=pool.capacity
                )

    def is_pledged(self, wanted: str) -> bool:
        """Whether a request under way is about to take of a pool."""
        return any(wanted in pledge.wanted for pledge in self._pledges.values())

    async def put(self, host_id: str, pools: Sequence[ChildPool]) -> None:
        """These are the host's child pools from now on; what cannot be stored does not count."""
        host = self._inventory.generation.host(host_id)
        before = () if host is None else host.pools
        self._inventory.set_pools(host_id, tuple(pools))
        try:
            if self._store is not None:
                await settle(asyncio.to_thread(self._store.save_pools, host_id, tuple(pools)))
        except StoreError as error:
            self._inventory.set_pools(host_id, before)
            raise _unsaved(error) from error

    async def assign(self, system_id: str, members: Mapping[str, str]) -> None:
        """The system's allocations (local ids) are from these child pools, all others from the host's own."""
        before = self._inventory.members(system_id)
        if before == members:
            return
        self._inventory.assign(system_id, members)
        try:
            if self._store is not None:
                await settle(asyncio.to_thread(self._store.save_members, system_id, members))
        except StoreError as error:
            self._inventory.assign(system_id, before)
            raise _unsaved(error) from error

    def _check_room(self, host: Host, wanted: Mapping[str, int], now: Mapping[str, int], of: str) -> None:
        """``wanted`` is by the pools' names, ``now`` by their ids."""
        host = self._inventory.generation.host(host.id) or host
        named = {name for name in map(pool_in, wanted) if storage_pool_name(name) is None}
        gone = named.difference(names_of(host))
        if gone:
            id = pool_id(host.id, min(gone))
            raise ModelError(pools_rows.DELETED_MEANWHILE.said(id=id).within(of), id)
        parents = {parent for child in host.pools for parent in child.parents}
        more = [name for name, amount in wanted.items() if amount > now.get(pool_id(host.id, name), 0)]
        grows = [name for name in more if name != pool_in(name)]
        for pool in _asked(host, grows, self._consumed):
            shared = pool.is_primordial and pool.name not in parents and not self._consumed(pool.id + PROMISED)
            if shared or pool.is_native or pool.capacity is None:
                continue
            if pool.reserved > pool.capacity:
                asked = whole(pool.kind, wanted.get(pool.name + RESERVED, 0))
                free = max(0, pool.capacity - pool.reserved + asked)
                raise _too_little(pool, of, asked, free)

    def _consumed(self, wanted: str) -> int:
        """How much of a pool is given, and will be when all that is under way is done."""
        generation = self._inventory.generation
        consumed = generation.consumed(wanted)
        for system_id, amount in self._pledged(wanted):
            system = generation.system(system_id)
            shown = 0 if system is None else consumption(system).get(wanted, 0)
            consumed += max(0, amount - shown)
        return consumed

    def _pledged(self, wanted: str) -> Iterable[tuple[str, int]]:
        most: dict[str, int] = {}
        for pledge in self._pledges.values():
            amount = pledge.wanted.get(wanted, 0)
            most[pledge.system_id] = max(amount, most.get(pledge.system_id, 0))
        return most.items()


def _asked(host: Host, wanted: Iterable[str], consumed: Callable[[str], int]) -> Iterator[ResourcePool]:
    """The host's pools that ``wanted`` (see :func:`openvman.model.pool.taken`) names, in their order."""
    names = set(map(pool_in, wanted))
    found = (pool_named(host, name, consumed) for name in names_of(host) if name in names)
    return (pool for pool in found if pool is not None)


def _unsaved(error: StoreError) -> ModelError:
    return ModelError(pools_rows.NOT_STORED, reason=error)


def _too_little(pool: ResourcePool, of: str, amount: int, free: int) -> ModelError:
    return ModelError(pools_rows.TOO_LITTLE_FREE, pool.id, asker=of, pool=pool, amount=amount, free=free)
