"""Keep the identity of what did not change."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

T = TypeVar("T")


def graft(old: T, new: T) -> T:
    """``new`` with every part that equals its counterpart in ``old`` replaced by that very object.

    Answers ``old`` itself when the two are equal. Parts are the fields of a frozen dataclass and the members of a
    tuple (found by equality, so that one inserted or removed does not disturb the rest). Caches keyed by identity stay
    valid across a re-read that found nothing new.
    """
    if new is old or new == old:
        return old
    if type(new) is not type(old):
        return new
    if isinstance(new, tuple) and isinstance(old, tuple):
        kept = {part: part for part in old}
        return cast("T", tuple(kept.get(part, part) for part in new))
    if is_dataclass(new) and not isinstance(new, type):
        parts = {f.name: graft(getattr(old, f.name), getattr(new, f.name)) for f in fields(new)}
        return cast("T", replace(new, **parts))
    return new
