"""The difference of two generations: what indications, caches and indexes follow."""

from __future__ import annotations

from dataclasses import dataclass

from openvman.inventory.generation import Generation
from openvman.model.host import Host
from openvman.model.system import VirtualSystem


@dataclass(frozen=True, slots=True)
class Change:
    """An object before and after; None before: it is new; None after: it is gone."""

    before: Host | VirtualSystem | None
    after: Host | VirtualSystem | None


@dataclass(frozen=True, slots=True)
class Difference:
    before: Generation
    after: Generation
    changes: tuple[Change, ...]
