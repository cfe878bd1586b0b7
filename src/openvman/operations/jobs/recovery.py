"""What becomes of the jobs that were under way when the server ended."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import structlog

from openvman.fault_points import fault_point
from openvman.inventory.difference import Difference
from openvman.messages import jobs as jobs_rows
from openvman.messages.problem import Problem
from openvman.model.actor import Actor
from openvman.model.errors import ModelError
from openvman.model.job import Element, Job
from openvman.model.states import State
from openvman.model.system import VirtualSystem
from openvman.operations.context import Context, turn
from openvman.operations.operations import Operations
from openvman.operations.steps import stored_step
from openvman.operations.use_case import Recovery, UseCase
from openvman.store.jobs import StoredStep

log = structlog.get_logger()

_LOOK_EVERY: Final = 5.0
"""Seconds after which what is waited for is looked at again although nothing was told of it."""


async def recover(operations: Operations, use_case: UseCase, job: Job, steps: Sequence[StoredStep]) -> None:
    """Bring a job that was begun to its end, when its host answers. Raises ModelError: it did not do what was asked.

    A use case without steps had changed nothing, unless it says otherwise of itself.
    """
    while True:
        try:
            async with operations.context.turns.hold(_turns(job, use_case)):
                await _recover(operations, use_case, job, steps)
        except ModelError as error:
            if error.problem not in {Problem.UNAVAILABLE, Problem.BUSY}:
                raise
            log.info("a job waits for its host", job=job.id, reason=error.message)
            await _changes(operations.context, {job.host_id})
        else:
            return


def _turns(job: Job, use_case: UseCase) -> list[str]:
    """The systems that a take-back works on; what is done again takes its own turns."""
    if use_case.recovery is Recovery.CONTINUE:
        return []
    return [turn(affected.id) for affected in job.affected if affected.element is Element.SYSTEM]


async def _recover(operations: Operations, use_case: UseCase, job: Job, steps: Sequence[StoredStep]) -> None:
    if job.host_id is not None:
        operations.context.inventory.driver_of(job.host_id)  # UNAVAILABLE while it does not answer
    match use_case.recovery:
        case Recovery.CONTINUE:
            assert use_case.again is not None, f"{job.operation} says how to go on"
            await use_case.again(operations, Actor(job.owner, job.role), job)
        case Recovery.LOOK:
            await _look(operations.context, job)
        case Recovery.TAKE_BACK:
            await _take_back(operations.context, job, steps)


async def _take_back(context: Context, job: Job, steps: Sequence[StoredStep]) -> None:
    trouble: list[str] = []
    for stored in reversed(steps):
        step = stored_step(stored.kind, stored.record)
        try:
            await step.run(context)
        except ModelError as error:
            if error.problem in {Problem.UNAVAILABLE, Problem.TIMEOUT}:
                raise ModelError(jobs_rows.HOST_SILENT, error.subject, reason=str(error.said).rstrip(".")) from error
            trouble.append(f"Could not {step.what}: {error.message}")
        fault_point("job.taking-back")
    row = jobs_rows.INTERRUPTED if steps else jobs_rows.INTERRUPTED_EARLY
    raise ModelError(row.said(job=job).noted(*trouble), job.id)


async def _look(context: Context, job: Job) -> None:
    """Whether the state that was asked for came about."""
    for affected in job.affected:
        system = context.inventory.generation.system(affected.id)
        if system is None:
            raise ModelError(jobs_rows.SYSTEM_GONE, affected.id, job=job)
        found = await context.fresh(system)
        # What saves a guest's memory goes on without us.
        while found.state is not job.aim and job.aim is State.SUSPENDED and await _is_saving(context, found):
            await _changes(context, {job.host_id, found.id})
            found = await context.fresh(found)
        if job.aim is None or found.state is not job.aim:
            raise ModelError(jobs_rows.STATE_NOT_REACHED, affected.id, job=job, system=found)


async def _is_saving(context: Context, system: VirtualSystem) -> bool:
    return await context.inventory.driver_of(system.host_id).is_saving(system.id)


async def _changes(context: Context, ids: set[str | None]) -> None:
    """Wait until one of these hosts and systems changes, or for some seconds."""
    changed = asyncio.Event()

    def listen(difference: Difference) -> None:
        if any(ids & {each.before and each.before.id, each.after and each.after.id} for each in difference.changes):
            changed.set()

    unsubscribe = context.inventory.subscribe(listen)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_EVERY):
                await changed.wait()
    finally:
        unsubscribe()
