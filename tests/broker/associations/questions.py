"""Which filters are asked of an instance, and the asking: every operation that answers the same question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from random import Random
from typing import Any

from tests.broker.associations.brute_force import BruteForce, Filters

from openvman.cim.values import InstancePath

ASSOCIATORS = ("Associators", "AssociatorNames", "OpenAssociatorInstances", "OpenAssociatorInstancePaths")
REFERENCES = ("References", "ReferenceNames", "OpenReferenceInstances", "OpenReferenceInstancePaths")
WRONG_ASSOCIATION = "CIM_Dependency"
"""Asked of everybody: right for some, too wide for others, and wrong for the rest."""
WRONG_CLASS = "CIM_ComputerSystem"
WRONG_ROLE = "Nobody"
COMBINED = 20
"""How many combinations are asked of one instance."""
PAGE = 7
"""Objects in one pull, so that answers come in several."""


def singles(picture: BruteForce, source: InstancePath) -> Iterator[Filters]:
    """Each filter alone: every class on the way to the top, classes that are none of it, every role in other case."""
    steps = picture.steps.get(source, [])
    associations = {name for step in steps for name in picture.lineage(step.association)}
    results = {name for step in steps for name in picture.lineage(step.far.class_name)}
    children = {name for name, parent in picture.parents.items() if parent in {step.far.class_name for step in steps}}
    for name in sorted(associations | {WRONG_ASSOCIATION, WRONG_CLASS}):
        yield Filters(assoc_class=name)
    for name in sorted(results | children | {WRONG_CLASS, WRONG_ASSOCIATION}):
        yield Filters(result_class=name)
    roles = {role for step in steps for role in (step.role, step.result_role)} | {WRONG_ROLE}
    for role in sorted(roles):
        yield Filters(role=role)
        yield Filters(role=role.upper())
        yield Filters(result_role=role)
        yield Filters(result_role=role.lower())


def combinations(picture: BruteForce, source: InstancePath) -> Iterator[Filters]:
    """For each kind of step all four filters right together; then a fixed sample of all that could be combined."""
    steps = {step.kind: step for step in picture.steps.get(source, ())}.values()
    for step in steps:
        yield Filters(
            assoc_class=step.association,
            result_class=step.far.class_name,
            role=step.role,
            result_role=step.result_role,
        )
        yield Filters(assoc_class=step.association, role=step.result_role, result_role=step.role)
    associations = sorted({name for step in steps for name in picture.lineage(step.association)})
    results = sorted({name for step in steps for name in picture.lineage(step.far.class_name)})
    roles = sorted({role for step in steps for role in (step.role, step.result_role)})
    every = list(product([None, *associations], [None, *results, WRONG_CLASS], [None, *roles], [None, *roles]))
    for association, result, role, result_role in Random(0).sample(every, min(COMBINED, len(every))):
        yield Filters(assoc_class=association, result_class=result, role=role, result_role=result_role)


def asked_by(operation: str, filters: Iterable[Filters]) -> Iterator[Filters]:
    """Those that the operation knows the parameters of, each once."""
    seen = set()
    for wanted in filters:
        given = tuple((wanted.for_associators if operation in ASSOCIATORS else wanted.for_references).items())
        if given and given not in seen:
            seen.add(given)
            yield wanted


async def answered(client: Any, operation: str, source: InstancePath, arguments: dict[str, str]) -> list[Any]:
    """The rows of an answer; those of the Open… operations are pulled to the end."""
    if not operation.startswith("Open"):
        return list(await client.ask(operation, ObjectName=source, **arguments))
    answer = await client.answer(operation, InstanceName=source, MaxObjectCount=PAGE, **arguments)
    rows = list(answer.result)
    pull = "PullInstancePaths" if operation.endswith("Paths") else "PullInstancesWithPath"
    while not answer.end_of_sequence:
        answer = await client.answer(pull, EnumerationContext=answer.enumeration_context, MaxObjectCount=PAGE)
        rows += answer.result
    return rows


async def check(client: Any, picture: BruteForce, source: InstancePath, wanted: Filters, operation: str) -> None:
    """One question by one operation: each expected path once, and nothing else."""
    if operation in ASSOCIATORS:
        expected, arguments = picture.associators(source, wanted), wanted.for_associators
    else:
        expected, arguments = picture.references(source, wanted), wanted.for_references
    rows = await answered(client, operation, source, arguments)
    paths = [plan.path(obj) for plan, obj in rows]
    assert len(paths) == len(set(paths)), (operation, source, arguments)
    assert set(paths) == expected, (operation, source, arguments)
