"""The rules about limits, weights, reservations, mappings and page sizes; see :mod:`openvman.model.validation`.

In specs 0 means none, and nothing said of a limit or the like does too.
"""

from __future__ import annotations

from typing import Final

from openvman.model.allocation import Affinity
from openvman.model.errors import Problem
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
        "host {s.host.name!r} does not share its processors by weight; leave the weight out",
        Problem.NOT_SUPPORTED,
    ),
    Rule(
        ("limit",),
        lambda v, s: not v.limit or s.host.facts.can_limit,
        "host {s.host.name!r} cannot limit processors; leave the limit out",
        Problem.NOT_SUPPORTED,
    ),
    *tuned("weight", "limit", "reservation", kind=ResourceKind.PROCESSOR),
    Rule(
        ("reservation", "limit"),
        lambda v, _: not v.limit or (v.reservation or 0) <= v.limit,
        "the reservation, {v.reservation}, is more than the limit, {v.limit}; raise the limit or reserve less",
    ),
    Rule(
        ("affinity",),
        lambda v, s: v.affinity is None or v.affinity in s.host.facts.affinities,
        "host {s.host.name!r} cannot map processors by {v.affinity} affinity; it has {s.host.facts.affinities}",
        Problem.NOT_SUPPORTED,
    ),
    Rule(
        ("affinity", "processors"),
        lambda v, _: (v.affinity in {None, Affinity.NONE}) == (not v.processors),
        "a mapping to the host's processors needs an affinity and processors, and has {v.affinity} and {v.processors}; "
        "give both, or neither",
    ),
    Rule(
        ("processors",),
        _known,
        "of {v.processors} some are no processors of host {s.host.name!r}; list the host's processors and name those",
        Problem.NOT_FOUND,
    ),
    Rule(
        ("processors",),
        lambda v, _: len(set(v.processors or ())) == len(v.processors or ()),
        "a processor of the host is named twice; name each once",
    ),
    Rule(
        ("affinity", "processors", "maximum"),
        lambda v, _: v.affinity is not Affinity.DEDICATED or len(v.processors or ()) == v.maximum,
        "with dedicated processors each virtual processor up to the maximum, {v.maximum}, has one of its own, and "
        "{v.processors} are given; give as many",
    ),
)

MEMORY_TUNING_RULES: Final[tuple[Rule[MemorySpec], ...]] = (
    Rule(
        ("limit",),
        lambda v, s: not v.limit or s.host.facts.can_limit,
        "host {s.host.name!r} cannot limit memory; leave the limit out",
        Problem.NOT_SUPPORTED,
    ),
    *tuned("limit", "reservation", kind=ResourceKind.MEMORY),
    Rule(
        ("limit", "maximum"),
        lambda v, _: not v.limit or v.limit >= (v.maximum or 0) + MEMORY_OVERHEAD,
        "a limit of {v.limit} bytes is too little: it covers the guest's memory, up to {v.maximum}, and "
        f"{MEMORY_OVERHEAD} for the hypervisor's own needs; raise the limit, or give the guest less",
    ),
    Rule(
        ("reservation", "maximum"),
        lambda v, _: (v.reservation or 0) <= (v.maximum or 0),
        "a reservation of {v.reservation} bytes is more than the guest can have, {v.maximum}; reserve less",
    ),
    Rule(
        ("page_size",),
        lambda v, s: not v.page_size or v.page_size in s.host.facts.page_sizes,
        "host {s.host.name!r} has no pages of {v.page_size} bytes; it has {s.host.facts.page_sizes}",
    ),
    Rule(
        ("page_size", "size", "maximum"),
        lambda v, _: not v.page_size or not ((v.size or 0) % v.page_size or (v.maximum or 0) % v.page_size),
        "memory of {v.size} (at most {v.maximum}) bytes is no whole number of pages of {v.page_size}; round it",
    ),
)
