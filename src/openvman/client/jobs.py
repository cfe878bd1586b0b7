"""Jobs (DSP1103) of one server."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from openvman.client.errors import ClientError, Reason
from openvman.client.session import JOB_ENDED, JOB_POLL_SECONDS, RETURN_CODES, Session

_CLASS: Final = "CIM_ConcreteJob"
_STATES: Final = {
    2: "new",
    3: "starting",
    4: "running",
    5: "suspended",
    6: "shutting down",
    7: "completed",
    8: "terminated",
    9: "killed",
    10: "exception",
}
"""CIM_ConcreteJob.JobState."""


class JobRequest(Enum):
    """RequestedState of CIM_ConcreteJob.RequestStateChange."""

    RESUME = 2
    SUSPEND = 3
    TERMINATE = 4
    KILL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A change that was asked for. ``error`` says why it failed; ``elapsed`` counts from its beginning."""

    id: str
    name: str
    owner: str
    state: str
    ended: bool
    percent: int
    status: str
    submitted: datetime | None
    elapsed: timedelta | None
    error: str | None
    path: Any = field(repr=False, compare=False, default=None)


class Jobs:
    """The jobs of one server. Raises only ClientError."""

    def __init__(
        self,
        session: Session,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._session = session
        self._clock = clock
        self._sleep = sleep

    def all(self) -> list[Job]:
        """The jobs that the server still knows, the oldest first."""
        found = [_job(instance) for instance in self._session.enumerate(_CLASS)]
        return sorted(found, key=lambda job: (job.submitted is None, job.submitted, job.id))

    def find(self, wanted: str) -> Job:
        """The job with this id, or the only one whose id begins so."""
        found = [job for job in self.all() if job.id.startswith(wanted)]
        exact = [job for job in found if job.id == wanted]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if found:
            ids = ", ".join(job.id for job in found)
            raise ClientError(Reason.NOT_FOUND, f"Several jobs begin with '{wanted}': {ids}. Say more of the id.")
        message = f"There is no job '{wanted}'. It may have ended some minutes ago; list what there is: vman job list."
        raise ClientError(Reason.NOT_FOUND, message)

    def again(self, job: Job) -> Job:
        """The job as it is now."""
        return _job(self._session.get(job.path))

    def affected(self, job: Job) -> list[Any]:
        """The instances that the job works on."""
        return self._session.associators(job.path, "CIM_AffectedJobElement", role="AffectingElement")

    def wait(self, job: Job, timeout: float, watch: Callable[[Job], None] = lambda _job: None) -> Job:
        """Wait for the job's end; ``watch`` is told of it meanwhile. TIMEOUT: it goes on in the server."""
        end = self._clock() + timeout
        while not job.ended:
            watch(job)
            if self._clock() >= end:
                message = f"Job {job.id} ({job.name}) has not ended after {timeout:.0f} s; it goes on in the server."
                raise ClientError(Reason.TIMEOUT, message)
            self._sleep(JOB_POLL_SECONDS)
            job = self.again(job)
        watch(job)
        return job

    def request(self, job: Job, what: JobRequest) -> None:
        """Ask for another state. REFUSED when its state does not allow it."""
        import pywbem  # noqa: PLC0415 - slow, and help must be quick

        result = self._session.invoke("RequestStateChange", job.path, [("RequestedState", pywbem.Uint16(what.value))])
        code = int(result.value or 0)
        if code in RETURN_CODES:
            reason, text = RETURN_CODES[code]
            raise ClientError(reason, f"Job {job.id} is {self.again(job).state}: {text} (return code {code}).")

    def delete(self, job: Job) -> None:
        """Forget a job that has ended. FAILED for one that has not."""
        self._session.delete(job.path)


def _job(instance: Any) -> Job:
    code = int(instance.get("JobState") or 0)
    submitted, elapsed = instance.get("TimeSubmitted"), instance.get("ElapsedTime")
    return Job(
        id=str(instance["InstanceID"]).partition(":")[2],
        name=str(instance.get("Name") or ""),
        owner=str(instance.get("Owner") or ""),
        state=_STATES.get(code, str(code)),
        ended=code in JOB_ENDED,
        percent=int(instance.get("PercentComplete") or 0),
        status=str(instance.get("JobStatus") or ""),
        submitted=None if submitted is None else submitted.datetime,
        elapsed=None if elapsed is None else elapsed.timedelta,
        error=instance.get("ErrorDescription"),
        path=instance.path,
    )
