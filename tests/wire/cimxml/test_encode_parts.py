"""What is compiled for a plan, and kept for parts of extents, changes no byte of a response."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from lxml import etree
from tests.wire.cimxml.test_encode import HOSTILE, SAMPLE

from openvman.cim.names import NameMap
from openvman.cim.operations import Answer
from openvman.cim.plan import Column, Extent, Extents, InstancePlan
from openvman.cim.values import Instance, InstancePath, Property
from openvman.wire.cimxml.encode import CHUNK, Encoder


@pytest.fixture
def plan(plan_of) -> InstancePlan:
    return plan_of(SAMPLE)


def test_chunks_are_bounded_however_large_a_part_is(message, plan) -> None:
    encoder, part = Encoder("h"), (SAMPLE,) * 1000
    for _ in range(2):
        extent = Extent(plan, (part,), lambda part: part, lasting=True)
        chunks = [*encoder.encode_response(message("EnumerateInstances"), Answer(Extents([extent])))]
        assert all(CHUNK <= len(chunk) < 2 * CHUNK for chunk in chunks[:-1])


def test_kept_parts_give_the_same_bytes(message, plan) -> None:
    encoder, part = Encoder("h"), (SAMPLE, SAMPLE)
    for name in ("EnumerateInstances", "EnumerateInstanceNames"):
        rows = Answer([(plan, SAMPLE)] * 2)
        fresh = b"".join(Encoder("h").encode_response(message(name), rows))
        for _ in range(2):
            extent = Extent(plan, (part,), lambda part: part, lasting=True)
            assert b"".join(encoder.encode_response(message(name), Answer(Extents([extent])))) == fresh


@pytest.mark.parametrize("lasting", [True, False])
def test_what_is_written_of_a_lasting_part_is_not_read_again(message, lasting) -> None:
    calls = []
    plan = InstancePlan("C", "n", (), (Column("A", "string", lambda obj: calls.append(obj) or "x"),))
    encoder, parts = Encoder("h"), (["a", "b"], ["c"])
    for _ in range(3):
        extent = Extent(plan, parts, lambda part: part, lasting=lasting)
        b"".join(encoder.encode_response(message("EnumerateInstances"), Answer(Extents([extent]))))
    assert calls == ["a", "b", "c"] * (1 if lasting else 3)
    calls.clear()
    extent = Extent(plan, (parts[0], ["d"]), lambda part: part, lasting=lasting)
    b"".join(encoder.encode_response(message("EnumerateInstances"), Answer(Extents([extent]))))
    assert calls == (["d"] if lasting else ["a", "b", "d"])


@pytest.mark.parametrize("name", ["EnumerateInstances", "EnumerateInstanceNames", "References"])
def test_a_reference_to_an_object_is_written_as_its_path(message, plan_of, name) -> None:
    far = Instance.of("VMAN_Y", [Property("Id", "string", HOSTILE)], InstancePath("VMAN_Y", NameMap({"Id": 1})))
    there = plan_of(far, "root/other")
    column = Column("Ref", "reference", lambda _obj: there.path(far), reference_class="VMAN_Y", class_origin="VMAN_X")
    referring = replace(column, get=None, refers=lambda _obj: (there, far))
    by_path, by_object = (InstancePlan("VMAN_X", "root/vman", (each,), (each,)) for each in (column, referring))
    encoder = Encoder("h")
    written = [
        b"".join(encoder.encode_response(message(name), Answer([(plan, object())]))) for plan in (by_path, by_object)
    ]
    assert written[0] == written[1]
    assert b'<NAMESPACE NAME="other"/>' in written[0]


@pytest.mark.parametrize("value", ["a&b", "plain", None])
def test_what_a_plan_tells_of_a_getter_changes_no_byte(message, value) -> None:
    @dataclass
    class Object:
        text: str | None

    def encoded(**told) -> bytes:
        plan = InstancePlan("C", "n", (), (Column("A", "string", lambda _obj: value, **told),))
        return b"".join(Encoder("h").encode_response(message("EnumerateInstances"), Answer([(plan, Object(value))])))

    assert encoded() == encoded(constant=True) == encoded(attribute="text")


def test_codes_are_written_as_they_are_however_many(message) -> None:
    plan = InstancePlan("C", "n", (), (Column("A", "uint16", lambda obj: obj or None),))
    rows = Answer([(plan, number % 1000) for number in range(3000)])
    found = etree.fromstring(b"".join(Encoder("h").encode_response(message("EnumerateInstances"), rows)))
    wanted = [str(number % 1000) if number % 1000 else None for number in range(3000)]
    assert [each.findtext("VALUE") for each in found.iter("PROPERTY")] == wanted
