"""Every association, in both directions, with every filter: the broker against brute force."""

from __future__ import annotations

from itertools import cycle

import pytest
from tests.broker.associations.brute_force import BruteForce, Filters
from tests.broker.associations.questions import ASSOCIATORS, REFERENCES, asked_by, check, combinations, singles

from openvman.mapping.declare import ClassMap, Edge
from openvman.views.standard import STANDARD

NAMESPACES = ("root/vman", "interop")
ALIASES = ("root/cimv2", "root/interop")
FILTERS = ("AssocClass", "ResultClass", "Role", "ResultRole")


def spelled(edge: Edge) -> str:
    ends = [f"{end.role}: {'|'.join(sorted(m.name for m in end.maps))}" for end in (edge.left, edge.right)]
    return f"{edge.cim} ({', '.join(ends)}; {edge.clause})"


def starts(edge: Edge) -> dict[str, list[tuple[str, ...]]]:
    """By each class at either end: the steps that may be taken from there."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for near, far in ((edge.left, edge.right), (edge.right, edge.left)):
        for start in near.maps:
            steps = [(_named(edge), near.role, _named(start), far.role, _named(end)) for end in far.maps]
            found.setdefault(f"{near.role} {start.name}", []).extend(steps)
    return found


def _named(declared: Edge | ClassMap) -> str:
    return f"{STANDARD.prefix}_{declared.name}" if declared.derived else declared.cim


async def asked_in_turns(client, picture, source, questions, operations) -> None:
    for wanted, operation in zip(asked_by(operations[0], questions), cycle(operations), strict=False):
        await check(client, picture, source, wanted, operation)


@pytest.mark.parametrize("namespace", [*NAMESPACES, *ALIASES])
async def test_every_instance_without_a_filter(rich, namespace):
    client = rich.within(namespace)
    picture = await BruteForce.of(client)
    sources = picture.nodes if namespace in NAMESPACES else picture.samples()
    for source, *operations in zip(sources, cycle(ASSOCIATORS), cycle(REFERENCES), strict=False):
        for operation in operations:
            await check(client, picture, source, Filters(), operation)


@pytest.mark.parametrize("operations", [ASSOCIATORS, REFERENCES], ids=["associators", "references"])
async def test_each_filter_alone(rich, operations):
    for namespace in NAMESPACES:
        client = rich.within(namespace)
        picture = await BruteForce.of(client)
        for source in picture.samples():
            await asked_in_turns(client, picture, source, singles(picture, source), operations)


@pytest.mark.parametrize("operations", [ASSOCIATORS, REFERENCES], ids=["associators", "references"])
async def test_filters_together(rich, operations):
    for namespace in NAMESPACES:
        client = rich.within(namespace)
        picture = await BruteForce.of(client)
        for source in picture.samples():
            await asked_in_turns(client, picture, source, combinations(picture, source), operations)


async def test_the_instances_are_those_that_enumerations_show(rich):
    for namespace in NAMESPACES:
        client = rich.within(namespace)
        picture = await BruteForce.of(client)
        for source in picture.samples():
            for plan, link in await client.ask("References", ObjectName=source):
                assert plan.instance(link) == picture.links[plan.path(link)]
            for plan, obj in await client.ask("Associators", ObjectName=source):
                shown = plan.instance(obj)
                assert shown == await client.within(shown.path.namespace).get(shown.path)


async def test_nothing_is_associated_with_an_association(rich):
    picture = await BruteForce.of(rich)
    firsts = {path.class_name: path for path in reversed(picture.links)}
    assert len(firsts) > 10
    for path in firsts.values():
        for operation in (*ASSOCIATORS, *REFERENCES):
            await check(rich, picture, path, Filters(), operation)


async def test_every_edge_is_walked_both_ways_with_every_filter(rich):
    """What the other tests ask covers every edge, every class at each of its ends, and every kind of filter."""
    asked: dict[tuple[str, ...], set[str]] = {}
    for namespace in NAMESPACES:
        picture = await BruteForce.of(rich.within(namespace))
        for source in picture.samples():
            filters = list(singles(picture, source))
            for step in picture.steps.get(source, ()):
                right = asked.setdefault(step.kind, set())
                for wanted in filters:
                    if step in picture.taken(source, wanted):
                        right |= wanted.kinds
    unseen: dict[tuple[str, str], list[str]] = {}
    for edge in STANDARD.edges:
        for near, steps in starts(edge).items():
            lacking = [name for name in FILTERS if not any(name in asked.get(kind, ()) for kind in steps)]
            if lacking:
                unseen[edge.name, near] = [spelled(edge), *lacking]
    assert unseen == {}
