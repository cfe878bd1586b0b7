"""The difference of two generations: what indications, caches and indexes follow."""

from __future__ import annotations

from dataclasses import dataclass

from openvman.inventory.generation import Generation
from openvman.model.alert import SystemFault
from openvman.model.host import Host
from openvman.model.job import Job
from openvman.model.storage import PoolVolumes
from openvman.model.system import VirtualSystem


@dataclass(frozen=True, slots=True)
class Change:
    """An object before and after; None before: it is new; None after: it is gone. Never None twice, never the same.

    Parts of ``after`` that did not change are the very objects of ``before`` (configurations, allocations, facts).
    """

    before: Host | PoolVolumes | VirtualSystem | Job | None
    after: Host | PoolVolumes | VirtualSystem | Job | None


@dataclass(frozen=True, slots=True)
class Difference:
    """From ``before`` to ``after``, the generation that follows it; an object appears in one change at most.

    A host comes before its systems and what its storage pools hold, and goes after them. ``first``: a platform is read
    for the first time, so what is new here has been there before. ``faults`` come alone, without a change: both
    generations are the same then.
    """

    before: Generation
    after: Generation
    changes: tuple[Change, ...]
    first: bool = False
    faults: tuple[SystemFault, ...] = ()
