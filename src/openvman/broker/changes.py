"""Extrinsic methods and ModifyInstance: an operation is run, and its result shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from openvman.broker.arguments import ArgumentReader, UnsupportedCodeError, current_finder
from openvman.broker.context import Context
from openvman.broker.errors import cim_error
from openvman.broker.method_calls import CallRecorder
from openvman.cim.declarations import MethodDeclaration
from openvman.cim.names import NameMap
from openvman.cim.operations import Answer, Call, MethodAnswer, MethodCall, Output
from openvman.cim.status import CIMError, Status
from openvman.cim.uri import format_path
from openvman.cim.values import Instance, InstancePath, Property
from openvman.mapping.bind import BoundClass, Node
from openvman.mapping.declare import ClassMap, InstanceOutput, MethodMap, ObjectOutput, PlainOutput, Purpose
from openvman.model.actor import Role
from openvman.model.errors import ModelError, Problem
from openvman.model.job import Job, MethodRecord
from openvman.operations.jobs.entry import Conclude
from openvman.operations.jobs.jobs import Jobs

_STARTED: Final = 4096
_JOB: Final = "Job"
"""The output parameter of every method that may answer before its job has ended."""


class Changes:
    """``patience`` (seconds) is how long a method that has a Job parameter waits for its job; None: to its end."""

    def __init__(
        self, jobs: Jobs, arguments: ArgumentReader, recorder: CallRecorder, patience: float | None = None
    ) -> None:
        self._jobs = jobs
        self._arguments = arguments
        self._recorder = recorder
        self._patience = patience

    def check(self, classes: tuple[ClassMap, ...]) -> None:
        """Every operation that a declaration names must exist; KeyError names the first that does not."""
        for classmap in classes:
            for method in classmap.methods:
                self._jobs.is_job(method.operation)
            if classmap.modify is not None:
                self._jobs.is_job(classmap.modify.operation)

    async def invoke(self, ctx: Context, call: MethodCall) -> MethodAnswer:
        cls = ctx.known_class(call.target.class_name)
        declared = cls.methods.get(call.method)
        if declared is None:
            raise CIMError(Status.METHOD_NOT_FOUND, f"Class {cls.name} has no method {call.method}")
        if not isinstance(call.target, InstancePath):
            raise CIMError(
                Status.INVALID_PARAMETER, f"{cls.name}.{declared.name} is not static: invoke it on an instance"
            )
        node = ctx.reader.find_node(call.target, ctx.namespace, ctx.picture)
        method = node.bound.methods.get(call.method)
        if method is None:
            raise CIMError(
                Status.METHOD_NOT_AVAILABLE,
                f"{declared.name} is not implemented for {node.bound.class_name} by this server",
            )
        # Before anything that the client sent is parsed further.
        allow(ctx, method.permission, f"{node.bound.class_name}.{declared.name}")
        try:
            return await self._answer(ctx, node, method, declared, call)
        except UnsupportedCodeError as exc:
            if method.unsupported_code is None:
                raise CIMError(Status.INVALID_PARAMETER, str(exc)) from None
            return MethodAnswer(declared.return_type, method.unsupported_code)
        except ModelError as exc:
            code = method.returns.get(exc.problem)
            if code is None:
                raise cim_error(exc) from exc
            return MethodAnswer(declared.return_type, code)

    async def _answer(
        self, ctx: Context, node: Node, method: MethodMap, declared: MethodDeclaration, call: MethodCall
    ) -> MethodAnswer:
        keywords = self._keywords(ctx, node, method, declared, call.arguments)
        if not self._jobs.is_job(method.operation):
            return _answered(ctx, method, declared, await self._jobs.call(ctx.actor, method.operation, keywords))
        record = self._recorder.recorded(call)
        conclude = self._conclude(ctx, method, declared, record)
        ticket = self._jobs.submit(ctx.actor, method.operation, keywords, record, conclude)
        may_answer_early = _JOB in declared.parameters and self._patience is not None
        code = _STARTED
        if await self._jobs.wait(ticket, self._patience if may_answer_early else None):
            error = ticket.ended.exception()
            if (
                not isinstance(error, ModelError)
                or error.problem not in method.returns
                or _JOB not in declared.parameters
            ):
                return _answered(ctx, method, declared, ticket.ended.result())
            # A return code has no words: the job has.
            code = method.returns[error.problem]
        job = await self._jobs.acknowledge(ticket.job_id)
        path = None if job is None else _job_path(ctx, job)
        return MethodAnswer(declared.return_type, code, (Output(_JOB, "reference", path),))

    def read_again(self, ctx: Context, job: Job) -> tuple[Mapping[str, Any], Conclude]:
        """The keyword arguments of a job that had not begun when the server ended. ModelError: they mean nothing."""
        try:
            assert job.call is not None, "a job without a call is not acknowledged"
            call = self._recorder.call(job.call)
            assert isinstance(call.target, InstancePath), "no job is made of a static method"
            node = ctx.reader.find_node(call.target, ctx.namespace, ctx.picture)
            declared = ctx.known_class(call.target.class_name).methods[call.method]
            method = node.bound.methods[call.method]
            keywords = self._keywords(ctx, node, method, declared, call.arguments)
        except CIMError as error:
            message = f"{job.name}: the server ended before it began, and it cannot be done any more: {error}"
            raise ModelError(Problem.FAILED, message, job.id) from error
        return keywords, self._conclude(ctx, method, declared, job.call)

    def _conclude(self, ctx: Context, method: MethodMap, declared: MethodDeclaration, record: MethodRecord) -> Conclude:
        def conclude(result: Any, error: ModelError | None) -> MethodRecord:
            if error is None:
                return self._recorder.answered(record, _answered(ctx, method, declared, result))
            code = method.returns.get(error.problem)
            return record if code is None else replace(record, returned=code)

        return conclude

    def _keywords(
        self, ctx: Context, node: Node, method: MethodMap, declared: MethodDeclaration, arguments: NameMap[Any]
    ) -> dict[str, Any]:
        for name, argument in arguments.items():
            parameter = declared.parameters.get(name)
            if parameter is None:
                raise CIMError(Status.INVALID_PARAMETER, f"{declared.name} has no parameter {name}")
            if parameter.is_in and name not in NameMap(method.inputs) and argument.value is not None:
                raise CIMError(Status.NOT_SUPPORTED, f"{declared.name}: parameter {parameter.name} is not supported")
        keywords: dict[str, Any] = {}
        for name, how in method.inputs.items():
            parameter = declared.parameters[name]
            keywords[how.keyword] = self._arguments.read(ctx, name, parameter, arguments.get(name), how)
        if method.target is not None:
            keywords[method.target] = node.obj
        return method.arrange(node.obj, keywords)

    async def modify_instance(self, ctx: Context, call: Call) -> Answer:
        given: Instance = call.argument("ModifiedInstance")
        listed = call.argument("PropertyList")
        assert given.path is not None
        wanted = None if listed is None else {name.lower() for name in listed}
        properties = [p for p in given.properties.values() if wanted is None or p.name.lower() in wanted]
        return await self._modify(ctx, given.path, properties)

    async def set_property(self, ctx: Context, call: Call) -> Answer:
        name = call.argument("PropertyName")
        path: InstancePath = call.argument("InstanceName")
        cls = ctx.known_class(path.class_name)
        if name not in cls.properties:
            raise CIMError(Status.NO_SUCH_PROPERTY, f"Class {cls.name} has no property {name}")
        return await self._modify(ctx, path, [Property(name, None, call.argument("NewValue"))])

    async def _modify(self, ctx: Context, path: InstancePath, properties: list[Property]) -> Answer:
        bound, obj = ctx.reader.find(path, ctx.namespace, ctx.picture)
        modify = bound.map.modify if isinstance(bound, BoundClass) else None
        if modify is None or not isinstance(bound, BoundClass):
            raise CIMError(Status.NOT_SUPPORTED, f"Instances of {bound.class_name} cannot be modified")
        allow(ctx, modify.permission, f"ModifyInstance of {bound.class_name}")
        keys = [Property(k, None, v) for k, v in bound.path(obj, ctx.namespace).keys.items()]
        instance = Instance.of(bound.class_name, [*properties, *keys])
        spec = ctx.writer.spec(instance, (bound.map,), Purpose.MODIFY, current_finder(ctx))
        try:
            keywords = {modify.keyword: [spec] if modify.many else spec}
            if self._jobs.is_job(modify.operation):
                ticket = self._jobs.submit(ctx.actor, modify.operation, keywords)
                await self._jobs.wait(ticket, None)
                ticket.ended.result()
            else:
                await self._jobs.call(ctx.actor, modify.operation, keywords)
        except ModelError as exc:
            raise cim_error(exc) from exc
        return Answer()

    async def create_instance(self, ctx: Context, call: Call) -> Answer:
        given: Instance = call.argument("NewInstance")
        ctx.known_class(given.class_name)
        raise CIMError(Status.NOT_SUPPORTED, f"Instances of {given.class_name} cannot be created by CreateInstance")

    async def delete_instance(self, ctx: Context, call: Call) -> Answer:
        path: InstancePath = call.argument("InstanceName")
        ctx.reader.find(path, ctx.namespace, ctx.picture)
        raise CIMError(Status.NOT_SUPPORTED, f"{format_path(path)} cannot be deleted by DeleteInstance")


def allow(ctx: Context, role: Role, what: str) -> None:
    """CIMError ACCESS_DENIED when the caller's role is less than ``role``."""
    if ctx.actor.role < role:
        raise CIMError(
            Status.ACCESS_DENIED,
            f"{what} needs the role {role.name.lower()}; {ctx.actor.name} is {ctx.actor.role.name.lower()}",
        )


def _answered(ctx: Context, method: MethodMap, declared: MethodDeclaration, result: Any) -> MethodAnswer:
    outputs = tuple(_output(ctx, declared, name, how, result) for name, how in method.outputs.items())
    return MethodAnswer(declared.return_type, method.success(result), outputs)


def _job_path(ctx: Context, job: Job) -> InstancePath:
    bound = next(bound for classmap, bound in ctx.view.bound.items() if classmap.kind is Job)
    return ctx.view.path(Node(bound, job), ctx.namespace)


def _output(
    ctx: Context, declared: MethodDeclaration, name: str, how: ObjectOutput | PlainOutput | InstanceOutput, result: Any
) -> Output:
    parameter = declared.parameters[name]
    value = how.read(result)
    if isinstance(how, ObjectOutput):
        value = tuple(_shown(ctx, how, v) for v in value) if parameter.is_array else _shown(ctx, how, value)
    elif isinstance(how, InstanceOutput):
        value = tuple(_whole(ctx, how, v) for v in value) if parameter.is_array else _whole(ctx, how, value)
    return Output(parameter.name, parameter.type, value, parameter.is_array, parameter.embedded)


def _shown(ctx: Context, how: ObjectOutput, obj: Any) -> InstancePath | None:
    return None if obj is None else ctx.view.path(Node(_bound(ctx, how.maps, obj), obj), ctx.namespace)


def _whole(ctx: Context, how: InstanceOutput, obj: Any) -> Instance:
    return _bound(ctx, how.maps, obj).plan(ctx.namespace).instance(obj)


def _bound(ctx: Context, maps: tuple[ClassMap, ...], obj: Any) -> BoundClass:
    for classmap in maps:
        if classmap.kind is None or isinstance(obj, classmap.kind):
            return ctx.view.bound[classmap]
    raise TypeError(f"no class map of {maps} shows {type(obj).__name__}")
