"""The rules about limits, weights, reservations, mappings and page sizes; see :mod:`openvman.model.validation`.

In specs 0 means none, and nothing said of a limit or the like does too.
"""

from __future__ import annotations

from typing import Final

from openvman.messages import tuning as tuning_rows
from openvman.model.allocation import Affinity
from openvman.model.host_device import processor_id
from openvman.model.ranges import MEMORY_OVERHEAD
from openvman.model.resource import ResourceKind
from openvman.model.spec import MemorySpec, ProcessorSpec
from openvman.model.validation import Rule, Surroundings, tuned


def _known(spec: ProcessorSpec, around: Surroundings) -> bool:
    there = {processor_id(around.host.id, number) for number in range(around.host.processors)}
    return there.issuperset(spec.processors or ())


PROCESSOR_TUNING_RULES: Final[tuple[Rule[ProcessorSpec], ...]] = (
    Rule(
        ("weight",),
        lambda v, s: not v.weight or s.host.facts.weights is not None,
        tuning_rows.WEIGHT_UNSUPPORTED,
    ),
    Rule(
        ("limit",),
        lambda v, s: not v.limit or s.host.facts.can_limit_processors,
        tuning_rows.PROCESSOR_LIMIT_UNSUPPORTED,
    ),
    *tuned("weight", "limit", "reservation", kind=ResourceKind.PROCESSOR),
    Rule(
        ("reservation", "limit"),
        lambda v, _: not v.limit or (v.reservation or 0) <= v.limit,
        tuning_rows.PROCESSOR_RESERVATION,
    ),
    Rule(
        ("affinity",),
        lambda v, s: v.affinity is None or v.affinity in s.host.facts.affinities,
        tuning_rows.AFFINITY_UNSUPPORTED,
    ),
    Rule(
        ("affinity", "processors"),
        lambda v, _: (v.affinity in {None, Affinity.NONE}) == (not v.processors),
        tuning_rows.MAPPING_HALF_SAID,
    ),
    Rule(
        ("processors",),
        _known,
        tuning_rows.NO_PROCESSOR,
    ),
    Rule(
        ("processors",),
        lambda v, _: len(set(v.processors or ())) == len(v.processors or ()),
        tuning_rows.PROCESSOR_TWICE,
    ),
    Rule(
        ("affinity", "processors", "maximum"),
        lambda v, _: v.affinity is not Affinity.DEDICATED or len(v.processors or ()) == v.maximum,
        tuning_rows.DEDICATED_TOO_FEW,
    ),
)

MEMORY_TUNING_RULES: Final[tuple[Rule[MemorySpec], ...]] = (
    Rule(
        ("limit",),
        lambda v, s: not v.limit or s.host.facts.can_limit_memory,
        tuning_rows.MEMORY_LIMIT_UNSUPPORTED,
    ),
    *tuned("limit", "reservation", kind=ResourceKind.MEMORY),
    Rule(
        ("limit", "maximum"),
        lambda v, _: not v.limit or v.limit >= (v.maximum or 0) + MEMORY_OVERHEAD,
        tuning_rows.MEMORY_LIMIT_TOO_SMALL,
        {"overhead": MEMORY_OVERHEAD},
    ),
    Rule(
        ("reservation", "maximum"),
        lambda v, _: (v.reservation or 0) <= (v.maximum or 0),
        tuning_rows.MEMORY_RESERVATION,
    ),
    Rule(
        ("page_size",),
        lambda v, s: not v.page_size or v.page_size in s.host.facts.page_sizes,
        tuning_rows.PAGE_SIZE,
    ),
    Rule(
        ("page_size", "size", "maximum"),
        lambda v, _: not v.page_size or not ((v.size or 0) % v.page_size or (v.maximum or 0) % v.page_size),
        tuning_rows.NO_WHOLE_PAGES,
    ),
)
