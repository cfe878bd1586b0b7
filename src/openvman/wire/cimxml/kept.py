"""Encoded rows, kept by identity within a budget of bytes."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from openvman.cim.plan import InstancePlan

Encoded: TypeAlias = tuple[bytes, bytes]
"""An object's INSTANCENAME and its INSTANCE."""
_Entry: TypeAlias = tuple[InstancePlan, Any, Encoded]

_OVERHEAD: Final = 600
"""About what an entry costs beside its bytes: keys, tuples, and the object that it keeps alive."""


class KeptRows:
    """What was encoded for (plan, object) pairs, at most about ``budget`` bytes of it.

    Both compare by identity: that is sound because plans and objects are immutable, and because an entry holds them,
    so that their ids are not given to others. Entries live in two halves. A new or used one is in the young half;
    when that is full, the old half is dropped and the young one becomes it. So what is asked for again stays, what is
    not is gone after two turns, and a hit costs two dictionary look-ups at most. Not for several threads.
    """

    def __init__(self, budget: int) -> None:
        self._half = budget // 2
        self._young: dict[tuple[int, int], _Entry] = {}
        self._old: dict[tuple[int, int], _Entry] = {}
        self._young_size = 0
        self._old_size = 0

    @property
    def size(self) -> int:
        """The bytes that the entries take, about."""
        return self._young_size + self._old_size

    def get(self, plan: InstancePlan, obj: object) -> Encoded | None:
        key = (id(plan), id(obj))
        entry = self._young.get(key)
        if entry is None:
            entry = self._old.pop(key, None)
            if entry is None:
                return None
            self._old_size -= _cost(entry[2])
            self._add(key, entry)
        return entry[2]

    def put(self, plan: InstancePlan, obj: object, encoded: Encoded) -> None:
        """Keep a pair that :meth:`get` does not know."""
        self._add((id(plan), id(obj)), (plan, obj, encoded))

    def _add(self, key: tuple[int, int], entry: _Entry) -> None:
        cost = _cost(entry[2])
        if cost > self._half:
            return
        if self._young_size + cost > self._half:
            self._old, self._old_size = self._young, self._young_size
            self._young, self._young_size = {}, 0
        self._young[key] = entry
        self._young_size += cost


def _cost(encoded: Encoded) -> int:
    return len(encoded[0]) + len(encoded[1]) + _OVERHEAD
