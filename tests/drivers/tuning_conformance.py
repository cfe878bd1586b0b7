"""The part of the driver conformance suite that is about limits, weights, reservations, mappings and huge pages."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from tests.drivers.subject import MIB, Requirement, Subject, refuses

from openvman.messages.problem import Problem
from openvman.model.allocation import Affinity, MemoryAllocation, ProcessorAllocation
from openvman.model.host_device import processor_id
from openvman.model.spec import MemorySpec, ProcessorSpec, ResourceSpec
from openvman.model.system import Configuration, ConfigurationKind, VirtualSystem

DEFINED, STATE = ConfigurationKind.DEFINED, ConfigurationKind.STATE


class TuningConformance:
    async def test_what_tunes_a_system_is_as_defined(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        first, second = _processors(subject)
        for mapping in ((Affinity.HARD, (second,)), (Affinity.DEDICATED, (second, first))):
            asked = _processor(*mapping)
            defined = await _define(subject, processor=asked, memory=_memory(subject))
            assert _says(defined.processor, asked)
            assert _says(defined.memory, _memory(subject))

    async def test_what_is_not_asked_for_is_not_there(self, subject: Subject) -> None:
        defined = await _define(subject)
        for setting in ("weight", "limit", "reservation"):
            assert getattr(defined.processor, setting) is None
        for setting in ("limit", "reservation", "page_size"):
            assert getattr(defined.memory, setting) is None
        assert defined.processor.affinity is Affinity.NONE
        assert defined.processor.processors == ()

    async def test_what_a_system_starts_with_is_what_was_defined(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        first, second = _processors(subject)
        asked = _processor(Affinity.DEDICATED, (second, first))
        reserved = MemorySpec(size=64 * MIB, maximum=64 * MIB, reservation=16 * MIB)
        current = (await subject.active(processor=asked, memory=reserved)).current
        assert current is not None
        assert _says(current.processor, asked)
        assert _says(current.memory, reserved)

    async def test_the_next_activation_is_tuned_otherwise(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        first, second = _processors(subject)
        system = await subject.define(
            processor=_processor(Affinity.DEDICATED, (first, second)), memory=_memory(subject)
        )
        wanted = ProcessorSpec(weight=300, limit=25_000, reservation=0, affinity=Affinity.HARD, processors=(second,))
        defined = await _change(subject, system, DEFINED, "processor", wanted)
        assert _says(defined.processor, replace(wanted, reservation=None))
        assert (defined.processor.count, defined.processor.maximum) == (1, 2), "and nothing else has changed"
        more = MemorySpec(maximum=128 * MIB, limit=600 * MIB, page_size=0)
        defined = await _change(subject, system, DEFINED, "memory", more)
        assert _says(defined.memory, replace(more, page_size=None))
        assert defined.memory.reservation == 16 * MIB

    async def test_everything_can_be_taken_away(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        first, second = _processors(subject)
        system = await subject.define(
            processor=_processor(Affinity.DEDICATED, (first, second)), memory=_memory(subject)
        )
        nothing = ProcessorSpec(weight=0, limit=0, reservation=0, affinity=Affinity.NONE, processors=())
        defined = await _change(subject, system, DEFINED, "processor", nothing)
        assert _says(defined.processor, replace(nothing, weight=None, limit=None, reservation=None))
        defined = await _change(subject, system, DEFINED, "memory", MemorySpec(limit=0, reservation=0, page_size=0))
        assert (defined.memory.limit, defined.memory.reservation, defined.memory.page_size) == (None, None, None)

    async def test_more_processors_than_before_are_mapped_too(self, subject: Subject) -> None:
        first, second = _processors(subject)
        system = await subject.define(
            processor=ProcessorSpec(count=1, maximum=1, affinity=Affinity.HARD, processors=(first,))
        )
        wanted = ProcessorSpec(count=2, maximum=2, affinity=Affinity.DEDICATED, processors=(second, first))
        defined = await _change(subject, system, DEFINED, "processor", wanted)
        assert _says(defined.processor, wanted)

    async def test_an_active_system_is_tuned_at_once(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        first, second = _processors(subject)
        system = await subject.active()
        wanted = ProcessorSpec(
            weight=300, limit=25_000, reservation=20_000, affinity=Affinity.HARD, processors=(second,)
        )
        with subject.needs(Requirement.LIVE_TUNING):
            current = await _change(subject, system, STATE, "processor", wanted)
        assert _says(current.processor, wanted)
        wanted = ProcessorSpec(affinity=Affinity.DEDICATED, processors=(second, first))
        current = await _change(subject, system, STATE, "processor", wanted)
        assert _says(current.processor, wanted)
        nothing = ProcessorSpec(limit=0, reservation=0, affinity=Affinity.NONE, processors=())
        current = await _change(subject, system, STATE, "processor", nothing)
        assert _says(current.processor, replace(nothing, limit=None, reservation=None))
        assert current.processor.weight == 300
        assert (await subject.read(system.id)).defined == system.defined, "the next start is as it was"

    async def test_what_fails_midway_is_put_back(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.active()
        with subject.needs(Requirement.LIVE_TUNING):
            await _change(subject, system, STATE, "processor", ProcessorSpec(weight=300, limit=50_000))
        before = await subject.read(system.id)
        too_few = ProcessorSpec(weight=400, limit=0, affinity=Affinity.DEDICATED, processors=_processors(subject)[:1])
        for kind in (STATE, DEFINED):
            with refuses(Problem.INVALID_PARAMETER):
                await _change(subject, system, kind, "processor", too_few)
            assert await subject.read(system.id) == before

    async def test_memory_of_an_active_system_is_limited_at_once(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.active()
        wanted = MemorySpec(limit=400 * MIB, reservation=32 * MIB)
        current = await _change(subject, system, STATE, "memory", wanted)
        assert _says(current.memory, wanted)
        current = await _change(subject, system, STATE, "memory", MemorySpec(limit=0, reservation=0))
        assert (current.memory.limit, current.memory.reservation) == (None, None)

    async def test_the_pages_of_an_active_system_stay(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.active()
        spec = MemorySpec(limit=400 * MIB, page_size=subject.host.facts.page_sizes[0])
        with refuses(Problem.NOT_SUPPORTED):
            await _change(subject, system, STATE, "memory", spec)
        assert await subject.read(system.id) == system

    async def test_soft_affinity_is_refused_where_the_host_has_none(self, subject: Subject) -> None:
        assert Affinity.SOFT not in subject.host.facts.affinities
        system = await subject.define()
        spec = ProcessorSpec(affinity=Affinity.SOFT, processors=_processors(subject)[:1], weight=7)
        with refuses(Problem.NOT_SUPPORTED):
            await _change(subject, system, DEFINED, "processor", spec)
        assert await subject.read(system.id) == system


def _processors(subject: Subject) -> tuple[str, str]:
    assert subject.host.processors > 1, "the suite needs a host with two processors"
    return processor_id(subject.host.id, 0), processor_id(subject.host.id, 1)


def _processor(affinity: Affinity, processors: tuple[str, ...]) -> ProcessorSpec:
    return ProcessorSpec(
        count=1,
        maximum=2,
        weight=200,
        limit=150_000,
        reservation=50_000,
        affinity=affinity,
        processors=processors,
    )


def _memory(subject: Subject) -> MemorySpec:
    return MemorySpec(
        size=32 * MIB,
        maximum=64 * MIB,
        limit=512 * MIB,
        reservation=16 * MIB,
        page_size=subject.host.facts.page_sizes[0],
    )


async def _define(subject: Subject, **changes: Any) -> Configuration:
    defined = (await subject.define(**changes)).defined
    assert defined is not None
    return defined


async def _change(
    subject: Subject, system: VirtualSystem, kind: ConfigurationKind, local: str, spec: ResourceSpec
) -> Configuration:
    named = replace(spec, allocation_id=f"{system.id}/{kind}/{local}")
    await subject.driver.modify_resource(system.id, kind, named)
    found = await subject.read(system.id)
    configuration = found.current if kind is STATE else found.defined
    assert configuration is not None
    return configuration


def _says(allocation: ProcessorAllocation | MemoryAllocation, spec: ProcessorSpec | MemorySpec) -> bool:
    """Whether the allocation is all that the spec says."""
    said = {each.name: getattr(spec, each.name) for each in fields(spec) if getattr(spec, each.name) is not None}
    found = {name: getattr(allocation, name) for name in said}
    assert found == said
    return True
