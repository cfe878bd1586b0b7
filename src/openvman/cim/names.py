"""Element names: compared without case, kept with it (DSP0004 5.1.2.1)."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import Any, Generic, TypeVar, overload

V = TypeVar("V")
D = TypeVar("D")


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

    # Mapping has these too, by way of __getitem__, which folds every name again.

    @overload
    def get(self, name: str, /) -> V | None: ...
    @overload
    def get(self, name: str, /, default: V | D) -> V | D: ...
    def get(self, name: str, /, default: Any = None) -> Any:
        entry = self._entries.get(name.lower())
        return default if entry is None else entry[1]

    def values(self) -> ValuesView[V]:
        return _Values(self)

    def items(self) -> ItemsView[str, V]:
        return _Items(self)

    def spelling(self, name: str) -> str:
        """The name as it was written first; KeyError when it is not there."""
        return self._entries[name.lower()][0]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NameMap):
            return NotImplemented
        if len(self._entries) != len(other._entries):
            return False
        others = other._entries
        return all(k in others and others[k][1] == v for k, (_, v) in self._entries.items())

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset((k, v) for k, (_, v) in self._entries.items()))
        return self._hash

    def __repr__(self) -> str:
        return f"NameMap({dict(self)!r})"


class _Values(ValuesView[V]):
    __slots__ = ()
    _mapping: NameMap[V]

    def __iter__(self) -> Iterator[V]:
        return (value for _, value in self._mapping._entries.values())  # noqa: SLF001 - a part of NameMap


class _Items(ItemsView[str, V]):
    __slots__ = ()
    _mapping: NameMap[V]

    def __iter__(self) -> Iterator[tuple[str, V]]:
        return iter(self._mapping._entries.values())  # noqa: SLF001 - a part of NameMap
