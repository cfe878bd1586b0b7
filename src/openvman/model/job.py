"""Jobs: what a request for a change has become (DSP1103). Their states and what may be asked of them, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from openvman.messages.jobs import FORGOTTEN
from openvman.messages.message import ErrorMessage, Said
from openvman.messages.registry import find
from openvman.model.actor import Role
from openvman.model.states import State

STAYS: Final = timedelta(minutes=5)
"""How long a job stays after its end, unless its owner says otherwise."""


class JobState(StrEnum):
    NEW = "new"  # waits for its turn
    SUSPENDED = "suspended"  # held back: it is not begun until it is resumed
    RUNNING = "running"
    SHUTTING_DOWN = "shutting down"  # takes back what it did
    COMPLETED = "completed"
    TERMINATED = "terminated"
    KILLED = "killed"
    EXCEPTION = "exception"

    @property
    def is_final(self) -> bool:
        return self in FINAL


FINAL: Final = frozenset({JobState.COMPLETED, JobState.TERMINATED, JobState.KILLED, JobState.EXCEPTION})


class JobAction(StrEnum):
    """What can be asked of a job."""

    RESUME = "resume"
    SUSPEND = "suspend"
    TERMINATE = "terminate"
    KILL = "kill"


JOB_TRANSITIONS: Final[Mapping[JobState, Mapping[JobAction, JobState]]] = {
    JobState.NEW: {
        JobAction.SUSPEND: JobState.SUSPENDED,
        JobAction.TERMINATE: JobState.TERMINATED,
        JobAction.KILL: JobState.KILLED,
    },
    JobState.SUSPENDED: {
        JobAction.RESUME: JobState.NEW,
        JobAction.TERMINATE: JobState.TERMINATED,
        JobAction.KILL: JobState.KILLED,
    },
    JobState.RUNNING: {
        JobAction.TERMINATE: JobState.SHUTTING_DOWN,
        JobAction.KILL: JobState.SHUTTING_DOWN,
    },
}
"""A job that runs cannot be suspended: no hypervisor stops half-way through a change."""


class Effect(StrEnum):
    """What a job does to an object."""

    CREATES = "creates"
    CHANGES = "changes"


class Element(StrEnum):
    """Kinds of objects that jobs are about."""

    SYSTEM = "virtual system"
    POOL = "resource pool"
    NETWORK = "virtual network"
    FILTER = "network filter"
    STORAGE_POOL = "storage pool"
    VOLUME = "volume"


@dataclass(frozen=True, slots=True)
class Affected:
    """An object that a job works on; ``id`` is unique among those of its kind."""

    element: Element
    id: str
    effect: Effect = Effect.CHANGES


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed: a row of the message registry by its id, as :class:`openvman.messages.message.Said` has it."""

    id: str
    arguments: tuple[str, ...] = ()
    subject: str | None = None
    context: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, said: Said, subject: str | None) -> Failure:
        return cls(said.message.id, said.arguments, subject, said.context, said.notes)

    @property
    def said(self) -> Said:
        row = find(self.id)
        if isinstance(row, ErrorMessage) and len(row.fields) == len(self.arguments):
            return Said(row, self.arguments, self.context, self.notes)
        return FORGOTTEN.said(id=self.id, arguments=self.arguments)  # written by another version


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRecord:
    """The method call that a job answers, for whoever asks later, and for the server when it starts again.

    ``target`` is the path that it was invoked on, ``inputs`` and ``outputs`` are embedded instances with a property per
    parameter, all as text; ``outputs`` and ``returned`` are None before the job's end. Secrets are kept nowhere:
    ``whole`` is False where there were some, and the call cannot be made again.
    """

    target: str
    method: str
    inputs: str
    outputs: str | None = None
    returned: int | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A change that was asked for.

    ``operation`` names the use case, ``host_id`` the host that it is done on; ``role`` is what its owner was when he
    asked. ``percent`` is what the hypervisor or the operation's own steps tell; 100 once it has ended well. ``aim`` is
    the state that a virtual system is to be brought to. ``changed`` is when the job's state last changed; ``remaining``
    is how long it stays after its end. Its times follow each other, whatever is done to the clock meanwhile.
    """

    id: str
    name: str
    operation: str
    owner: str
    role: Role
    host_id: str | None
    state: JobState
    submitted: datetime
    changed: datetime
    started: datetime | None = None
    ended: datetime | None = None
    percent: int = 0
    status: str = ""
    affected: tuple[Affected, ...] = ()
    failure: Failure | None = None
    aim: State | None = None
    call: MethodRecord | None = None
    remaining: timedelta = STAYS
    delete_on_completion: bool = True
    acknowledged: bool = False
    """Its id was given to a client before its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """What may be changed of a job; None: it stays."""

    job_id: str
    remaining: timedelta | None = None
    delete_on_completion: bool | None = None
