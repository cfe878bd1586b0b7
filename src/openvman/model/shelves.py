"""Objects by id on shelves: an immutable map of which another version shares all shelves but those that changed.

Whatever is made of the objects of one shelf, and of nothing else, is good as long as the shelf is the same object. So a
reader keeps what it made by shelf, and nobody has to tell it what changed.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from itertools import chain
from typing import Any, Final, TypeVar

T = TypeVar("T")

_MOST: Final = 32
"""Of so many objects on each shelf in the middle, there are twice as many shelves; of a quarter, half as many."""


class Shelves(Mapping[str, T]):
    """An id is on the shelf that its hash says. What is replaced keeps its place in the order."""

    __slots__ = ("_count", "shelves")

    def __init__(self) -> None:
        self.shelves: tuple[Mapping[str, T], ...] = ({},)
        """Their number is a power of two. None changes, ever."""
        self._count = 0

    def following(self, changes: Iterable[tuple[str, T | None]]) -> Shelves[T]:
        """The next version: each (id, object) replaces, None removes. The same object when there are no changes.

        Costs in proportion to the changes, and a pointer for each shelf.
        """
        shelves = list(self.shelves)
        count, last = self._count, len(shelves) - 1
        copied: dict[int, dict[str, T]] = {}
        for key, value in changes:
            place = hash(key) & last
            shelf = copied.get(place)
            if shelf is None:
                shelf = shelves[place] = copied[place] = dict(shelves[place])
            count -= len(shelf)
            if value is None:
                shelf.pop(key, None)
            else:
                shelf[key] = value
            count += len(shelf)
        return self._of(_arranged(shelves, count), count) if copied else self

    @classmethod
    def _of(cls, shelves: tuple[Mapping[str, T], ...], count: int) -> Shelves[T]:
        made = cls()
        made.shelves, made._count = shelves, count
        return made

    def __getitem__(self, key: str) -> T:
        return self.shelves[hash(key) & (len(self.shelves) - 1)][key]

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self.shelves)

    def __len__(self) -> int:
        return self._count

    def items(self) -> ItemsView[str, T]:
        return _Items(self)

    def values(self) -> ValuesView[T]:
        return _Values(self)


def shelves_of(objects: Mapping[str, T]) -> Iterable[Mapping[str, T]]:
    """The shelves of a map; of one that has none, itself is the only one."""
    return objects.shelves if isinstance(objects, Shelves) else (objects,)


def _arranged(shelves: list[Mapping[str, T]], count: int) -> tuple[Mapping[str, T], ...]:
    """The same objects on as many shelves as are right for so many."""
    number = len(shelves)
    while count > number * _MOST:
        number *= 2
    while number > 1 and count * 4 < number * _MOST:
        number //= 2
    if number == len(shelves):
        return tuple(shelves)
    arranged: tuple[dict[str, T], ...] = tuple({} for _ in range(number))
    for key, value in chain.from_iterable(shelf.items() for shelf in shelves):
        arranged[hash(key) & (number - 1)][key] = value
    return arranged


class _Items(ItemsView[str, Any]):
    _mapping: Shelves[Any]

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return chain.from_iterable(shelf.items() for shelf in self._mapping.shelves)


class _Values(ValuesView[Any]):
    _mapping: Shelves[Any]

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(shelf.values() for shelf in self._mapping.shelves)
