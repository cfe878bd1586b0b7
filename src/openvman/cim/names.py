"""Element names: compared without case, kept with it (DSP0004 5.1.2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

V = TypeVar("V")


class NameMap(Mapping[str, V], Generic[V]):
    """An immutable mapping whose keys are element names; iteration gives the names as first written."""

    __slots__ = ("_entries", "_hash")

    def __init__(self, items: Mapping[str, V] | Iterable[tuple[str, V]] = ()) -> None:
        pairs = items.items() if isinstance(items, Mapping) else items
        self._entries: dict[str, tuple[str, V]] = {}
        for name, value in pairs:
            folded = name.lower()
            first = self._entries.get(folded)
            self._entries[folded] = (first[0] if first else name, value)
        self._hash: int | None = None

    def __getitem__(self, name: str) -> V:
        return self._entries[name.lower()][1]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._entries

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def spelling(self, name: str) -> str:
        """The name as it was written first; KeyError when it is not there."""
        return self._entries[name.lower()][0]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NameMap):
            return NotImplemented
        return {k: v for k, (_, v) in self._entries.items()} == {k: v for k, (_, v) in other._entries.items()}

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset((k, v) for k, (_, v) in self._entries.items()))
        return self._hash

    def __repr__(self) -> str:
        return f"NameMap({dict(self)!r})"
