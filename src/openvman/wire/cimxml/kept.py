"""What was written for parts of extents, kept within a budget of bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final, TypeAlias

from openvman.cim.plan import InstancePlan

Rows: TypeAlias = tuple[bytes, ...]
"""What was written of a part, in the pieces that it was written in."""

_OVERHEAD: Final = 400
"""About what an entry costs beside its bytes."""


class KeptParts:
    """The rows of parts (see :class:`openvman.cim.plan.Extent`), at most about ``budget`` bytes of them.

    What is kept is found by its plan, the form of its rows, and the part's place in the extent, and is good if the part
    there is still the same object. That is sound because plans and parts are immutable, and because an entry holds
    both, so that no other is taken for them. A part that took another's place takes its entry, too: what changes again
    and again takes no room. Where there is no room, what was not used for the longest time goes. Not for several
    threads.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._entries: OrderedDict[tuple[int, str, int], tuple[InstancePlan, Any, Rows]] = OrderedDict()
        self.size = 0
        """The bytes that the entries take, about."""

    def get(self, plan: InstancePlan, form: str, place: int, part: object) -> Rows | None:
        key = (id(plan), form, place)
        entry = self._entries.get(key)
        if entry is None or entry[1] is not part:
            return None
        self._entries.move_to_end(key)
        return entry[2]

    def put(self, plan: InstancePlan, form: str, place: int, part: object, rows: Rows) -> None:
        """Keep what :meth:`get` does not know."""
        key = (id(plan), form, place)
        replaced = self._entries.pop(key, None)
        if replaced is not None:
            self.size -= _cost(replaced[2])
        cost = _cost(rows)
        if cost > self._budget:
            return
        while self.size + cost > self._budget:
            _, oldest = self._entries.popitem(last=False)
            self.size -= _cost(oldest[2])
        self._entries[key] = (plan, part, rows)
        self.size += cost


def _cost(rows: Rows) -> int:
    return sum(map(len, rows)) + _OVERHEAD
