"""Job Control (DSP1103): what became of every request for a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from openvman.cim.errors import error_instance
from openvman.cim.values import Instance, Property, Value
from openvman.mapping.declare import Attr, Call, ClassMap, Coded, Const, Edge, End, Write
from openvman.mapping.methods import Change, CodedInput, MethodMap, Modify, PlainInput, PlainOutput
from openvman.messages.problem import Problem
from openvman.model.actor import Role
from openvman.model.job import Effect, Element, Job, JobAction, JobSpec, JobState
from openvman.model.picture import Picture
from openvman.model.pool import find_pool
from openvman.profiles.dsp1041_pools import RESOURCE_POOL
from openvman.profiles.dsp1041_service import POOL_SERVICE
from openvman.profiles.dsp1042_system_virtualization import MANAGEMENT_SERVICE
from openvman.profiles.dsp1057_values import timeout_of
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM
from openvman.profiles.identity import id_in, instance_id

_STATE: Final[dict[JobState, int]] = {
    JobState.NEW: 2,
    JobState.RUNNING: 4,
    JobState.SUSPENDED: 5,
    JobState.SHUTTING_DOWN: 6,
    JobState.COMPLETED: 7,
    JobState.TERMINATED: 8,
    JobState.KILLED: 9,
    JobState.EXCEPTION: 10,
}
_STATUS: Final[dict[JobState, tuple[int, ...]]] = {
    JobState.NEW: (2, 15),  # OK, Dormant
    JobState.RUNNING: (2,),
    JobState.SUSPENDED: (2, 15),
    JobState.SHUTTING_DOWN: (2, 9),  # OK, Stopping
    JobState.COMPLETED: (2, 17),  # OK, Completed
    JobState.TERMINATED: (17, 10),  # Completed, Stopped
    JobState.KILLED: (17, 10),
    JobState.EXCEPTION: (17, 6),  # Completed, Error
}
"""OperationalStatus: the schema wants Completed beside what it ended as."""

_ACTIONS: Final = {2: JobAction.RESUME, 3: JobAction.SUSPEND, 4: JobAction.TERMINATE, 5: JobAction.KILL}
_EFFECT: Final = {Effect.CREATES: 5, Effect.CHANGES: 2}  # Create; Exclusive Use, for changes of an object take turns
_STARTED: Final = 4096


def _elapsed(job: Job) -> timedelta | None:
    """Of a job that has ended; what has not is seen from its StartTime."""
    return None if job.started is None or job.ended is None else job.ended - job.started


def _remaining(value: Value, _values: Any) -> timedelta:
    if not value.is_interval:
        raise ValueError("it is an interval")
    found: timedelta = value.to_timedelta()
    return found


def _call(job: Job, *, before: bool) -> Instance | None:
    """The CIM_InstMethodCall of before or after the call."""
    call = job.call
    if call is None or (not before and call.outputs is None):
        return None
    returned = None if before or call.returned is None else str(call.returned)
    return Instance.of(
        "CIM_InstMethodCall",
        (
            Property("SourceInstanceModelPath", "string", call.target),
            Property("MethodName", "string", call.method),
            Property("MethodParameters", "string", call.inputs if before else call.outputs, embedded="object"),
            Property("ReturnValue", "string", returned),
            Property("PreCall", "boolean", before),
        ),
    )


CONCRETE_JOB = ClassMap(
    name="ConcreteJob",
    cim="CIM_ConcreteJob",
    description="A change that was asked for: how far it is, and how it ended.",
    owner=Job,
    kind=Job,
    extent=lambda p: p.objects.jobs.values(),
    find=lambda p, keys: p.objects.job(id_in(keys)),
    keys={"InstanceID": instance_id()},
    identity=lambda job: {"job_id": job.id},
    properties={
        "Name": Attr("name"),
        "ElementName": Attr("name"),
        "Owner": Attr("owner"),
        "JobState": Coded("state", _STATE),
        "JobStatus": Call(lambda job: job.status or job.state.value),
        "OperationalStatus": Call(lambda job: _STATUS[job.state]),
        "HealthState": Call(lambda job: 10 if job.state is JobState.EXCEPTION else 5),
        "PercentComplete": Attr("percent"),
        "TimeSubmitted": Attr("submitted"),
        "StartTime": Attr("started"),
        "ElapsedTime": Call(_elapsed),
        "TimeOfLastStateChange": Attr("changed"),
        "TimeBeforeRemoval": Attr("remaining", Write("remaining", _remaining)),
        "DeleteOnCompletion": Attr("delete_on_completion", Write("delete_on_completion")),
        "LocalOrUtcTime": Const(2),
        "ErrorCode": Call(lambda job: 0 if job.failure is None else 1),
        "ErrorDescription": Call(lambda job: job.failure and str(job.failure.said)),
        "JobInParameters": Call(lambda job: job.call and job.call.inputs),
        "JobOutParameters": Call(lambda job: job.call and job.call.outputs),
    },
    spec=JobSpec,
    modify=Modify("keep_job", "spec", Role.OPERATOR),
    delete=Change("remove_job", "job", Role.OPERATOR),
    methods=(
        MethodMap(
            name="RequestStateChange",
            operation="control_job",
            permission=Role.OPERATOR,
            target="job",
            inputs={
                "RequestedState": CodedInput("action", _ACTIONS),
                "TimeoutPeriod": PlainInput("timeout", timeout_of),
            },
            returns={
                Problem.NOT_SUPPORTED: 1,
                Problem.INVALID_STATE: 4097,
                Problem.TIMEOUT: 4098,  # no timeout can be asked for
                Problem.BUSY: 4099,
            },
            success=lambda ended: 0 if ended else _STARTED,
            unsupported_code=1,
        ),
        MethodMap(
            name="GetErrors",
            operation="job_failures",
            permission=Role.VIEWER,
            target="job",
            inputs={},
            outputs={
                "Errors": PlainOutput(
                    lambda failures: tuple(error_instance(each.said, each.subject) for each in failures)
                )
            },
        ),
        MethodMap(
            name="GetError",
            operation="job_failures",
            permission=Role.VIEWER,
            target="job",
            inputs={},
            outputs={
                "Error": PlainOutput(
                    lambda failures: error_instance(failures[0].said, failures[0].subject) if failures else None
                )
            },
        ),
    ),
)

METHOD_RESULT = ClassMap(
    name="MethodResult",
    cim="CIM_MethodResult",
    description="The method call that a job answers, and what it returned.",
    owner=Job,
    extent=lambda p: (job for job in p.objects.jobs.values() if job.call is not None),
    find=lambda p, keys: p.objects.job(id_in(keys, suffix="/result")),
    keys={"InstanceID": instance_id(suffix="/result")},
    properties={
        "ElementName": Call(lambda job: f"Result of {job.name}"),
        "PreCallIndication": Call(lambda job: _call(job, before=True)),
        "PostCallIndication": Call(lambda job: _call(job, before=False)),
    },
)

_ELEMENTS: Final[dict[Element, tuple[ClassMap, Callable[[Picture, str], Any]]]] = {
    Element.SYSTEM: (COMPUTER_SYSTEM, lambda p, i: p.objects.system(i)),
    Element.POOL: (RESOURCE_POOL, lambda p, i: find_pool(p.objects, i)),
}
"""Of the other kinds there is no class."""


def _affected(job: Job, picture: Picture) -> Iterator[Any]:
    for affected in job.affected:
        if affected.element not in _ELEMENTS:
            continue
        kind, find = _ELEMENTS[affected.element]
        found = find(picture, affected.id)
        if found is not None:
            yield (kind, found), (CONCRETE_JOB, job), affected


def _owning(job: Job, picture: Picture) -> Iterator[Any]:
    """The service that was asked."""
    host = None if job.host_id is None else picture.objects.host(job.host_id)
    if host is not None:
        service = POOL_SERVICE if any(a.element is Element.POOL for a in job.affected) else MANAGEMENT_SERVICE
        yield (service, host), (CONCRETE_JOB, job)


def _result(job: Job, _picture: Picture) -> Iterator[Any]:
    if job.call is not None:
        yield (CONCRETE_JOB, job), (METHOD_RESULT, job)


EDGES: Final = (
    Edge(
        "CIM_AffectedJobElement",
        End("AffectedElement", tuple(kind for kind, _ in _ELEMENTS.values())),
        End("AffectingElement", (CONCRETE_JOB,)),
        Job,
        _affected,
        clause="DSP1103",
        properties={"ElementEffects": Call(lambda affected: (_EFFECT[affected.effect],))},
    ),
    Edge(
        "CIM_OwningJobElement",
        End("OwningElement", (MANAGEMENT_SERVICE, POOL_SERVICE)),
        End("OwnedElement", (CONCRETE_JOB,)),
        Job,
        _owning,
        clause="DSP1103",
    ),
    Edge(
        "CIM_AssociatedJobMethodResult",
        End("Job", (CONCRETE_JOB,)),
        End("JobParameters", (METHOD_RESULT,)),
        Job,
        _result,
        clause="DSP1103",
    ),
)
