"""The mutabilities that allocations have, counted: what is shared by many is found without a look at any of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from rpds import HashTrieMap

from openvman.model.allocation import Allocation
from openvman.model.mutability import Decisive, Mutability, decisive_of, mutability
from openvman.model.system import VirtualSystem

Moved: TypeAlias = tuple[VirtualSystem | None, VirtualSystem | None]
"""A system before and after a change."""


class _Shared(NamedTuple):
    """A mutability, and how many allocations have it."""

    times: int
    mutability: Mutability


_OfHost: TypeAlias = "HashTrieMap[str, _Shared]"
_NONE: Final[_OfHost] = HashTrieMap()


@dataclass(slots=True)
class _Change:
    """How many allocations more, or fewer, have a mutability; and one that has it."""

    more: int
    allocation: Allocation
    decisive: Decisive


class Mutabilities:
    """By the host's id and their keys. Immutable: another version shares what did not change.

    A mutability is the same object for as long as an allocation has it.
    """

    __slots__ = ("_hosts",)

    def __init__(self, hosts: HashTrieMap[str, _OfHost] | None = None) -> None:
        self._hosts: HashTrieMap[str, _OfHost] = HashTrieMap() if hosts is None else hosts

    def get(self, host_id: str, key: str) -> Mutability | None:
        found = self._of(host_id).get(key)
        return None if found is None else found.mutability

    def of_host(self, host_id: str) -> Iterator[Mutability]:
        return (shared.mutability for shared in self._of(host_id).values())

    def _of(self, host_id: str) -> _OfHost:
        return self._hosts.get(host_id) or _NONE

    def following(self, moved: Iterable[Moved]) -> Mutabilities:
        """The next version. Costs in proportion to the systems that changed."""
        hosts = self._hosts
        for host_id, changes in _changes(moved).items():
            of_host = hosts.get(host_id) or _NONE
            for key, change in changes.items():
                if change.more:
                    shared = of_host.get(key) or _Shared(0, mutability(host_id, change.allocation, change.decisive))
                    times = shared.times + change.more
                    of_host = of_host.insert(key, shared._replace(times=times)) if times else of_host.discard(key)
            hosts = hosts.insert(host_id, of_host) if len(of_host) else hosts.discard(host_id)
        return Mutabilities(hosts)


def _changes(moved: Iterable[Moved]) -> dict[str, dict[str, _Change]]:
    """What the changes of systems mean, by the host's id and the mutability's key."""
    found: dict[str, dict[str, _Change]] = {}
    for before, after in moved:
        for system, by in ((before, -1), (after, 1)):
            if system is None:
                continue
            of_host = found.setdefault(system.host_id, {})
            for allocation, decisive in decisive_of(system):
                known = of_host.get(decisive.key)
                if known is None:
                    of_host[decisive.key] = _Change(by, allocation, decisive)
                else:
                    known.more += by
    return found
