"""What is computed from objects of the picture, remembered: the same objects as long as nothing about them changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, Protocol, TypeVar


class Identified(Protocol):
    @property
    def id(self) -> str: ...


K = TypeVar("K", bound=Hashable)
S = TypeVar("S")
T = TypeVar("T", bound=Identified)


class Remembered(Generic[K, S, T]):
    """What ``make`` makes for a key from its source, for the ``most`` keys that were asked for last.

    Sources are immutable: what is made of one stays. Of another source all is made anew, and what turns out equal to
    what was there is given as it was; so what others keep of these objects, as their encoded form, stays good. Not for
    several threads.
    """

    def __init__(self, make: Callable[[K, S], Iterable[T]], most: int) -> None:
        self._make = make
        self._most = most
        self._known: dict[K, tuple[S, tuple[T, ...]]] = {}

    def __call__(self, key: K, source: S) -> tuple[T, ...]:
        known = self._known.pop(key, None)
        if known is None or known[0] is not source:
            before = {} if known is None else {each.id: each for each in known[1]}
            made = self._make(key, source)
            known = (source, tuple(was if (was := before.get(each.id)) == each else each for each in made))
        self._known[key] = known  # the last used is last
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]
        return known[1]
