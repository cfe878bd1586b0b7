"""Every change as a job: :class:`Jobs`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final
from uuid import uuid4

import structlog

from openvman.fault_points import fault_point
from openvman.inventory.inventory import Inventory
from openvman.messages import jobs as jobs_rows
from openvman.messages.message import ErrorMessage, Said
from openvman.model.actor import Actor, Role
from openvman.model.errors import ModelError
from openvman.model.job import (
    JOB_TRANSITIONS,
    Affected,
    Effect,
    Failure,
    Job,
    JobAction,
    JobSpec,
    JobState,
    MethodRecord,
)
from openvman.operations.jobs.ended import EndedJobs
from openvman.operations.jobs.entry import Conclude, Entry, ReadAgain, Ticket, nothing
from openvman.operations.jobs.lanes import Lanes
from openvman.operations.jobs.record import JobRecord
from openvman.operations.jobs.recovery import recover
from openvman.operations.operations import Operations
from openvman.operations.steps import Step
from openvman.operations.use_case import Recovery, UseCase, host_in, works_on
from openvman.store.jobs import JobStore, StoredStep

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLimits:
    """``per_host`` run on a host at a time; an owner may have ``per_owner`` that have not ended; of those that have,
    ``kept`` stay at most, the newest.
    """

    per_host: int = 8
    per_owner: int = 1000
    kept: int = 10_000


class Jobs:
    """Runs use cases as jobs, of which each is on the disk before it changes anything and after it has ended.

    All of it runs in one event loop's thread. ``store`` None: jobs last as long as the process.
    """

    def __init__(
        self,
        operations: Operations,
        use_cases: Mapping[str, UseCase],
        inventory: Inventory,
        store: JobStore | None = None,
        limits: JobLimits = JobLimits(),
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self._operations = operations
        self._use_cases = use_cases
        self._inventory = inventory
        self._record = JobRecord(store)
        self._limits = limits
        self._clock = clock
        self._monotonic = monotonic
        self._lanes: Lanes[Entry] = Lanes(limits.per_host, self._begin)
        self._entries: dict[str, Entry] = {}
        self._own: Mapping[str, Callable[..., Awaitable[Any]]] = {
            "control_job": self.control,
            "keep_job": self.keep,
            "remove_job": self.remove,
            "job_failures": self.failures,
        }
        self._past = EndedJobs(inventory, self._record, limits.kept, monotonic)

    # --- asking -------------------------------------------------------------------------------------------------------

    def is_job(self, operation: str) -> bool:
        """Whether a job is made of the operation. KeyError: there is none of that name."""
        return operation not in self._own and self._use_cases[operation].title is not None

    async def call(self, actor: Actor, operation: str, keywords: Mapping[str, Any]) -> Any:
        """Do what no job is made of."""
        own = self._own.get(operation)
        if own is not None:
            return await own(actor, **keywords)
        return await self._use_cases[operation].run(self._operations, actor, **keywords)

    def submit(
        self,
        actor: Actor,
        operation: str,
        keywords: Mapping[str, Any],
        call: MethodRecord | None = None,
        conclude: Conclude | None = None,
    ) -> Ticket:
        """Make a job of a use case; it begins when it is its owner's turn. BUSY when he has too many."""
        mine = sum(entry.job.owner == actor.name for entry in self._entries.values())
        if mine >= self._limits.per_owner:
            raise ModelError(jobs_rows.TOO_MANY, actor.name, owner=actor.name, number=mine)
        use_case, now = self._use_cases[operation], self._clock()
        assert use_case.title is not None, f"{operation} is no change"
        job = Job(
            id=str(uuid4()),
            name=use_case.title(keywords),
            operation=operation,
            owner=actor.name,
            role=actor.role,
            host_id=host_in(keywords, self._inventory.generation),
            state=JobState.NEW,
            submitted=now,
            changed=now,
            affected=works_on(keywords),
            aim=use_case.aim(keywords),
            call=call,
        )
        return self._enter(job, use_case, actor, keywords, conclude or nothing)

    def _enter(
        self, job: Job, use_case: UseCase, actor: Actor, keywords: Mapping[str, Any], conclude: Conclude
    ) -> Ticket:
        entry = self._entry(job, use_case, actor, keywords, conclude)
        if job.state is JobState.NEW:
            self._lanes.put(job.host_id, job.owner, entry)
        if entry.task is None:  # one that has its turn is written as it runs
            self._record.put_soon(job)
        return Ticket(job.id, entry.ended)

    def _entry(
        self, job: Job, use_case: UseCase, actor: Actor, keywords: Mapping[str, Any], conclude: Conclude
    ) -> Entry:
        ended = asyncio.get_running_loop().create_future()
        ended.add_done_callback(lambda future: future.cancelled() or future.exception())  # nobody has to wait for it
        entry = Entry(
            job=job,
            use_case=use_case,
            actor=actor,
            keywords=keywords,
            conclude=conclude,
            ended=ended,
            monotonic=self._monotonic,
            entered=max(self._clock(), job.changed),
            entered_at=self._monotonic(),
        )
        self._entries[job.id] = entry
        self._show(entry, job)
        return entry

    def adopt(self, read_again: ReadAgain) -> None:
        """Go on with the jobs that the store has: they are shown, and brought to their end.

        The inventory has to be started. A job that was acknowledged and had not begun is begun, as what ``read_again``
        makes of its call; one that nobody was told of is not.
        """
        found = self._record.load()
        self._inventory.show_jobs([(stored.job.id, stored.job) for stored in found], first=True)
        for stored in found:
            job = stored.job
            if job.state.is_final:
                self._past.put(job, _since_end(job, self._clock()))
                continue
            actor = Actor(job.owner, job.role)
            keywords: Mapping[str, Any] = {}
            conclude: Conclude = nothing
            use_case = self._use_cases.get(job.operation, _UNKNOWN)
            trouble: ModelError | None = None
            waiting = job.state in {JobState.NEW, JobState.SUSPENDED}
            if waiting and not job.acknowledged:
                trouble = ModelError(jobs_rows.NEVER_BEGAN, job.id, job=job)
            elif waiting:
                try:
                    keywords, conclude = read_again(job, actor)
                except ModelError as error:
                    trouble = error
            if waiting and trouble is None:
                self._enter(job, use_case, actor, keywords, conclude)
                continue
            entry = self._entry(job, use_case, actor, {}, nothing)
            entry.task = asyncio.create_task(
                self._finish(entry, stored.steps, trouble), name=f"recovery of job {job.id}"
            )

    async def _finish(self, entry: Entry, steps: Sequence[StoredStep], trouble: ModelError | None) -> None:
        """Bring a job of the server's former life to its end."""
        state, failure = JobState.COMPLETED, trouble
        try:
            if failure is None:
                await recover(self._operations, entry.use_case, entry.job, steps)
        except asyncio.CancelledError:
            if entry.stopped_by is None:
                raise  # the server stops: it is found again at the next start
            failure = ModelError(jobs_rows.GIVEN_UP, entry.job.id, job=entry.job, actor=entry.stopped_by)
        except ModelError as error:
            failure = error
        except Exception:  # a fault of ours must not leave the job without an end, nor the others without recovery
            log.exception("a job could not be recovered", job=entry.job.id, operation=entry.job.operation)
            failure = ModelError(jobs_rows.INTERNAL_ERROR, job=entry.job)
        if failure is not None:
            state = entry.stop_state if entry.stopped_by is not None else JobState.EXCEPTION
        log.info("found a job of the server's former life", job=entry.job.id, name=entry.job.name, state=str(state))
        await self._end(entry, state, failure)

    async def acknowledge(self, job_id: str) -> Job | None:
        """Its id is given to a client: from now on it is found again, whatever happens. FAILED when the disk fails."""
        entry = self._entries.get(job_id)
        if entry is not None:
            self._show(entry, replace(entry.job, acknowledged=True))
            await self._record.put(entry.job)
        fault_point("job.acknowledged")
        return self._inventory.generation.job(job_id)

    # --- the life of a job --------------------------------------------------------------------------------------------

    def _begin(self, entry: Entry) -> None:
        entry.task = asyncio.create_task(self._run(entry), name=f"job {entry.job.id}")

    async def _run(self, entry: Entry) -> None:
        failure: ModelError | None = None
        result: Any = None
        unforeseen: BaseException | None = None
        state = JobState.COMPLETED
        try:
            self._turn(entry, JobState.RUNNING)
            fault_point("job.begun")
            if entry.use_case.stepwise:
                self._record.put_soon(entry.job)
            else:
                await self._record.put(entry.job)
            fault_point("job.running")
            operations = self._operations.within(_Recorded(self, entry))
            result = await entry.use_case.run(operations, entry.actor, **entry.keywords)
            fault_point("job.acted")
        except asyncio.CancelledError:
            state = entry.stop_state
            row = _CUT_SHORT[entry.use_case.recovery is Recovery.TAKE_BACK, entry.stopped_by is not None]
            failure = ModelError(row, job=entry.job, actor=entry.stopped_by)
        except ModelError as error:
            state, failure = JobState.EXCEPTION, error
        except Exception as error:  # a fault of ours ends the job, and its place goes to the next; who waits gets it
            log.exception("a job failed", job=entry.job.id, operation=entry.job.operation)
            state, unforeseen = JobState.EXCEPTION, error
            failure = ModelError(jobs_rows.INTERNAL_ERROR, job=entry.job)
        affected = entry.job.affected if failure else _joined(entry.job.affected, entry.use_case.makes(result))
        await self._end(entry, state, failure, result, affected)
        if unforeseen is not None:
            entry.ended.set_exception(unforeseen)
        elif failure is not None:
            entry.ended.set_exception(failure)
        else:
            entry.ended.set_result(result)
        self._lanes.done(entry.job.host_id)

    async def _end(
        self,
        entry: Entry,
        state: JobState,
        failure: ModelError | None,
        result: Any = None,
        affected: tuple[Affected, ...] | None = None,
    ) -> None:
        now = entry.now()
        ended = replace(
            entry.job,
            state=state,
            changed=now,
            ended=now,
            status="" if failure is None else str(state),
            percent=100 if failure is None else entry.job.percent,
            host_id=entry.job.host_id or host_in({"result": result}, self._inventory.generation),
            failure=None if failure is None else Failure.of(_noted(failure), failure.subject),
            call=entry.conclude(result, failure) or entry.job.call,
            affected=entry.job.affected if affected is None else affected,
        )
        await asyncio.shield(self._record.end(ended))
        fault_point("job.ended")
        del self._entries[ended.id]
        self._inventory.show_jobs([(ended.id, ended)])
        self._past.put(ended)

    def _turn(self, entry: Entry, state: JobState) -> None:
        now = entry.now()
        started = now if state is JobState.RUNNING and entry.job.started is None else entry.job.started
        self._show(entry, replace(entry.job, state=state, changed=now, started=started))

    def _show(self, entry: Entry, job: Job) -> None:
        entry.job = job
        self._inventory.show_jobs([(job.id, job)])

    # --- what a use case tells ----------------------------------------------------------------------------------------

    async def before(self, entry: Entry, step: Step) -> int:
        entry.steps += 1
        number = entry.steps
        await self._record.add_step(entry.job, number, step)
        fault_point("step.written")
        return number

    def drop(self, entry: Entry, number: int) -> None:
        self._record.drop_step(entry.job.id, number)

    def tell(self, entry: Entry, status: str, percent: int | None) -> None:
        now = entry.job.percent if percent is None else max(entry.job.percent, min(percent, 99))
        self._show(entry, replace(entry.job, status=status, percent=now))

    def affect(self, entry: Entry, affected: Affected) -> None:
        self._show(entry, replace(entry.job, affected=_joined(entry.job.affected, (affected,))))

    # --- control ------------------------------------------------------------------------------------------------------

    async def wait(self, ticket: Ticket, patience: float | None) -> bool:
        """Wait for a job's end, so many seconds at most; whether it has ended."""
        await asyncio.wait([ticket.ended], timeout=patience)
        return ticket.ended.done()

    async def failures(self, _actor: Actor, *, job: Job) -> tuple[Failure, ...]:
        """Why the job failed; nothing when it did not."""
        return () if job.failure is None else (job.failure,)

    async def control(
        self,
        actor: Actor,
        *,
        job: Job,
        action: JobAction,
        timeout: timedelta | None = None,  # noqa: ASYNC109 - asked for by the client, and refused
    ) -> bool:
        """Do what is asked of a job; False when it is begun, and the job ends as soon as what it did is taken back.

        Raises INVALID_STATE for what its state does not allow, BUSY when that changes at this moment, ACCESS_DENIED to
        all but its owner and administrators, TIMEOUT for any ``timeout``: how long a taking back lasts nobody knows.
        """
        _check_owner(actor, job)
        if timeout is not None:
            raise ModelError(jobs_rows.NO_TIMEOUT, job.id, job=job)
        entry = self._entries.get(job.id)
        state = job.state if entry is None else entry.job.state
        if action not in JOB_TRANSITIONS.get(state, {}) or entry is None:
            possible = tuple(JOB_TRANSITIONS.get(state, {})) or "nothing"
            raise ModelError(jobs_rows.NOT_POSSIBLE, job.id, job=job, state=state, action=action, possible=possible)
        if entry.task is not None and state is not JobState.RUNNING:
            raise ModelError(jobs_rows.AT_THIS_MOMENT, job.id, job=job)
        if state is JobState.RUNNING:
            entry.stopped_by = actor.name
            entry.stop_state = JobState.KILLED if action is JobAction.KILL else JobState.TERMINATED
            self._turn(entry, JobState.SHUTTING_DOWN)
            assert entry.task is not None, "a job that runs has a task"
            entry.task.cancel()
            return False
        self._lanes.take(job.host_id, job.owner, entry)
        target = JOB_TRANSITIONS[state][action]
        if target.is_final:
            self._turn(entry, JobState.SHUTTING_DOWN)
            failure = ModelError(jobs_rows.ENDED_BEFORE, job=job, actor=actor.name)
            await self._end(entry, target, failure)
            entry.ended.set_exception(failure)
            return True
        self._turn(entry, target)
        if target is JobState.NEW:
            self._lanes.put(job.host_id, job.owner, entry)  # whatever the disk says, it has its turn
        await self._record.put(entry.job)
        return True

    async def keep(self, actor: Actor, *, spec: JobSpec) -> Job:
        """Change how long the job stays after its end, and whether it goes away by itself at all."""
        job = self._inventory.generation.job(spec.job_id)
        if job is None:
            raise ModelError(jobs_rows.UNKNOWN, spec.job_id, id=spec.job_id)
        _check_owner(actor, job)
        entry = self._entries.get(job.id)
        changed = replace(
            job,
            remaining=job.remaining if spec.remaining is None else spec.remaining,
            delete_on_completion=(
                job.delete_on_completion if spec.delete_on_completion is None else spec.delete_on_completion
            ),
        )
        if entry is not None:
            self._show(entry, changed)
            await self._record.put(entry.job)
            return changed
        await self._record.put(changed)
        self._inventory.show_jobs([(changed.id, changed)])
        self._past.put(changed)
        return changed

    async def remove(self, actor: Actor, *, job: Job) -> None:
        """Forget a job that has ended: INVALID_STATE for one that has not."""
        _check_owner(actor, job)
        if job.id in self._entries:
            raise ModelError(jobs_rows.NOT_ENDED, job.id, job=job)
        await self._past.forget([job.id])

    async def close(self) -> None:
        """End what runs: it is taken back. What waits is found again at the next start."""
        self._past.close()
        tasks = [entry.task for entry in self._entries.values() if entry.task is not None]
        self._lanes.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._record.close()


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A job's :class:`openvman.operations.work.Work`."""

    jobs: Jobs
    entry: Entry

    async def before(self, step: Step) -> int:
        return await self.jobs.before(self.entry, step)

    def drop(self, number: int) -> None:
        self.jobs.drop(self.entry, number)

    def tell(self, status: str, percent: int | None = None) -> None:
        self.jobs.tell(self.entry, status, percent)

    def affect(self, affected: Affected) -> None:
        self.jobs.affect(self.entry, affected)


async def _none(*_: Any, **__: Any) -> None:
    """What is done for an operation that this version does not know."""


_CUT_SHORT: Final[Mapping[tuple[bool, bool], ErrorMessage]] = {
    (True, True): jobs_rows.TAKEN_BACK,
    (True, False): jobs_rows.SERVER_STOPPED,
    (False, True): jobs_rows.LEFT,
    (False, False): jobs_rows.LEFT_BY_SERVER,
}
"""Why a job ended before its time: whether it is taken back, and whether somebody asked for its end."""

_UNKNOWN: Final = UseCase(run=_none)


def _since_end(job: Job, now: datetime) -> float:
    """Seconds since an ended job's end, by a clock that may have been set back meanwhile."""
    assert job.ended is not None, "a final job has ended"
    return max(0.0, (now - job.ended).total_seconds())


def _joined(known: tuple[Affected, ...], more: tuple[Affected, ...]) -> tuple[Affected, ...]:
    """One entry per object; that it was created counts more."""
    found = {(each.element, each.id): each for each in known}
    for each in more:
        before = found.get((each.element, each.id))
        if before is None or each.effect is Effect.CREATES:
            found[each.element, each.id] = each
    return tuple(found.values())


def _noted(error: ModelError) -> Said:
    return error.said.noted(*getattr(error, "__notes__", ()))


def _check_owner(actor: Actor, job: Job) -> None:
    if actor.name != job.owner and actor.role < Role.ADMIN:
        raise ModelError(jobs_rows.NOT_YOURS, job.id, job=job)
