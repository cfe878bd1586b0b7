"""Extrinsic methods and ModifyInstance: an operation is run, and its result shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from openvman.broker.arguments import ArgumentReader, MissingArgumentError, UnsupportedCodeError, current_finder
from openvman.broker.context import Context
from openvman.broker.errors import cim_error
from openvman.broker.indications import methods
from openvman.broker.method_calls import CallRecorder
from openvman.cim.declarations import MethodDeclaration
from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.operations import Answer, Call, MethodAnswer, MethodCall, Output
from openvman.cim.status import Status
from openvman.cim.uri import format_path
from openvman.cim.values import Instance, InstancePath, Property, Value
from openvman.mapping.bind import Bound, BoundClass, BoundEdge, Link, Node
from openvman.mapping.declare import ClassMap, Edge, End
from openvman.mapping.methods import Arrange, InstanceOutput, Join, MethodMap, ObjectOutput, PlainOutput, Purpose
from openvman.messages import requests
from openvman.model.actor import Actor, Role
from openvman.model.errors import ModelError
from openvman.model.job import Job, MethodRecord
from openvman.model.picture import Picture
from openvman.operations.jobs.entry import Conclude
from openvman.operations.jobs.jobs import Jobs
from openvman.store.database import StoreError

Called = Callable[[Node, Mapping[str, Value]], None]
Direct = Callable[..., Awaitable[Any]]
Now = Callable[[Actor], Picture]
_STARTED: Final = 4096
_JOB: Final = "Job"
"""The output parameter of every method that may answer before its job has ended."""


class Changes:
    """``direct`` are operations by name that no job is made of: each takes the actor and keyword arguments.

    ``called`` is told of each method, before it runs and after. ``now`` is the picture of the moment for an actor.
    ``patience`` (seconds) is how long a method that has a Job parameter waits for its job; None: to its end.
    """

    def __init__(
        self,
        jobs: Jobs,
        direct: Mapping[str, Direct],
        arguments: ArgumentReader,
        recorder: CallRecorder,
        called: Called,
        now: Now,
        patience: float | None = None,
    ) -> None:
        self._jobs = jobs
        self._direct = direct
        self._arguments = arguments
        self._recorder = recorder
        self._called = called
        self._now = now
        self._patience = patience

    def check(self, classes: tuple[ClassMap, ...], edges: tuple[Edge, ...] = ()) -> None:
        """Every operation that a declaration names must exist; KeyError names the first that does not."""
        for classmap in classes:
            for method in classmap.methods:
                for operation in method.operations:
                    self._is_job(operation)
        every: tuple[ClassMap | Edge, ...] = (*classes, *edges)
        for declared in every:
            for change in (declared.create, declared.modify, declared.delete):
                if change is not None:
                    self._is_job(change.operation)

    def _is_job(self, operation: str) -> bool:
        return operation not in self._direct and self._jobs.is_job(operation)

    async def invoke(self, ctx: Context, call: MethodCall) -> MethodAnswer:
        cls = ctx.known_class(call.target.class_name)
        declared = cls.methods.get(call.method)
        if declared is None:
            raise CIMError(requests.NO_METHOD, class_name=cls.name, name=call.method)
        if isinstance(call.target, InstancePath):
            node = ctx.reader.find_node(call.target, ctx.namespace, ctx.picture)
        else:
            node = _only_instance(ctx, cls.name, declared.name)
            call = replace(call, target=ctx.view.path(node, ctx.namespace))
        method = node.bound.methods.get(call.method)
        if method is None:
            own_words = node.bound.space.manners.words.absent(declared.name)
            raise own_words or CIMError(requests.NOT_IMPLEMENTED, name=declared.name, class_name=node.bound.class_name)
        # Before anything that the client sent is parsed further.
        allow(ctx, method.permission, f"{node.bound.class_name}.{declared.name}")
        self._called(node, methods.before(declared, call.arguments))
        answer = await self._refusing(ctx, node, method, declared, call)
        self._called(node, methods.after(declared, answer))
        return answer

    async def _refusing(
        self, ctx: Context, node: Node, method: MethodMap, declared: MethodDeclaration, call: MethodCall
    ) -> MethodAnswer:
        words = node.bound.space.manners.words
        try:
            return await self._answer(ctx, node, method, declared, call)
        except UnsupportedCodeError as error:
            if method.unsupported_code is None:
                raise words.unknown_code(error) or error from None
            return MethodAnswer(declared.return_type, method.unsupported_code)
        except MissingArgumentError as error:
            raise words.missing(str(error.subject)) or error from None
        except ModelError as exc:
            code = method.returns.get(exc.problem)
            if code is None:
                raise words.failed(exc) or cim_error(exc) from exc
            return MethodAnswer(declared.return_type, code)

    async def _answer(
        self, ctx: Context, node: Node, method: MethodMap, declared: MethodDeclaration, call: MethodCall
    ) -> MethodAnswer:
        operation, keywords = self._chosen(ctx, node, method, declared, call.arguments)
        if not self._is_job(operation):
            return self._answered(ctx, method, declared, await self._at_once(ctx, operation, keywords))
        record = self._recorder.recorded(call)
        conclude = self._conclude(ctx, method, declared, record)
        ticket = self._jobs.submit(ctx.actor, operation, keywords, record, conclude)
        may_answer_early = _JOB in declared.parameters and self._patience is not None
        code = _STARTED
        if await self._jobs.wait(ticket, self._patience if may_answer_early else None):
            error = ticket.ended.exception()
            if (
                not isinstance(error, ModelError)
                or error.problem not in method.returns
                or _JOB not in declared.parameters
            ):
                return self._answered(ctx, method, declared, ticket.ended.result())
            # A return code has no words: the job has.
            code = method.returns[error.problem]
        job = await self._jobs.acknowledge(ticket.job_id)
        path = None if job is None else _job_path(ctx, job)
        return MethodAnswer(declared.return_type, code, (Output(_JOB, "reference", path),))

    def read_again(self, ctx: Context, job: Job) -> tuple[Mapping[str, Any], Conclude]:
        """The keyword arguments of a job that had not begun when the server ended. ModelError: they mean nothing."""
        try:
            assert job.call is not None, "a job without a call is not acknowledged"
            if not job.call.whole:
                raise ModelError(requests.SECRETS_GONE, job.id, job=job)
            call = self._recorder.call(job.call)
            assert isinstance(call.target, InstancePath), "no job is made of a static method"
            node = ctx.reader.find_node(call.target, ctx.namespace, ctx.picture)
            declared = ctx.known_class(call.target.class_name).methods[call.method]
            method = node.bound.methods[call.method]
            _operation, keywords = self._chosen(ctx, node, method, declared, call.arguments)
        except CIMError as error:
            raise ModelError(requests.MEANS_NOTHING, job.id, job=job, reason=error.description) from error
        return keywords, self._conclude(ctx, method, declared, job.call)

    def _conclude(self, ctx: Context, method: MethodMap, declared: MethodDeclaration, record: MethodRecord) -> Conclude:
        def conclude(result: Any, error: ModelError | None) -> MethodRecord:
            if error is None:
                return self._recorder.answered(record, self._answered(ctx, method, declared, result))
            code = method.returns.get(error.problem)
            return replace(record, returned=code)

        return conclude

    def _chosen(
        self, ctx: Context, node: Node, method: MethodMap, declared: MethodDeclaration, arguments: NameMap[Any]
    ) -> tuple[str, dict[str, Any]]:
        """The operation that a call means, and its keyword arguments."""
        for name, argument in arguments.items():
            parameter = declared.parameters.get(name)
            if parameter is None:
                raise CIMError(requests.NO_PARAMETER, operation=declared.name, name=name)
            if parameter.is_in and name not in NameMap(method.inputs) and argument.value is not None:
                raise CIMError(requests.UNSUPPORTED_PARAMETER, operation=declared.name, name=parameter.name)
        keywords: dict[str, Any] = {}
        for name, how in method.inputs.items():
            parameter = declared.parameters[name]
            keywords[how.keyword] = self._arguments.read(ctx, name, parameter, arguments.get(name), how)
        if method.target is not None:
            keywords[method.target] = node.subject
        return method.chosen(node.subject, keywords)

    def _answered(self, ctx: Context, method: MethodMap, declared: MethodDeclaration, result: Any) -> MethodAnswer:
        """The answer shows what is there now, which the picture at the beginning may not have."""
        ctx = replace(ctx, picture=self._now(ctx.actor))
        outputs = tuple(_output(ctx, declared, name, how, result) for name, how in method.outputs.items())
        return MethodAnswer(declared.return_type, method.success(result), outputs)

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
            raise CIMError(requests.NO_PROPERTY, class_name=cls.name, name=name)
        return await self._modify(ctx, path, [Property(name, None, call.argument("NewValue"))])

    async def _modify(self, ctx: Context, path: InstancePath, properties: list[Property]) -> Answer:
        bound, obj = ctx.reader.find(path, ctx.namespace, ctx.picture)
        keywords: dict[str, Any]
        if isinstance(bound, BoundClass) and (how := bound.map.modify) is not None:
            allow(ctx, how.permission, f"ModifyInstance of {bound.class_name}")
            keys = [Property(k, None, v) for k, v in bound.path(obj, ctx.namespace).keys.items()]
            instance = Instance.of(bound.class_name, [*properties, *keys])
            spec = ctx.writer.spec(instance, (bound.map,), Purpose.MODIFY, current_finder(ctx))
            operation, keywords = how.operation, {how.keyword: [spec] if how.many else spec}
        elif isinstance(bound, BoundEdge) and (change := bound.edge.modify) is not None:
            allow(ctx, change.permission, f"ModifyInstance of {bound.class_name}")
            fields = ctx.writer.link(Instance.of(bound.class_name, properties), bound, Purpose.MODIFY, obj.data)
            operation, keywords = change.operation, {change.keyword: obj.data, **fields}
        else:
            raise CIMError(requests.NOT_MODIFIED, class_name=bound.class_name)
        await self._do(ctx, bound, operation, keywords)
        return Answer()

    async def create_instance(self, ctx: Context, call: Call) -> Answer:
        given: Instance = call.argument("NewInstance")
        name = ctx.known_class(given.class_name).name
        for bound in ctx.view.concrete(ctx.namespace, name):
            if bound.class_name != name:
                continue
            if isinstance(bound, BoundClass) and (how := bound.map.create) is not None:
                allow(ctx, how.permission, f"CreateInstance of {name}")
                spec = ctx.writer.spec(given, (bound.map,), Purpose.DEFINE, current_finder(ctx))
                made = await self._do(ctx, bound, how.operation, {how.keyword: spec}, how.arrange)
                return Answer(bound.path(bound.map.seen(self._now(ctx.actor), made), ctx.namespace))
            if isinstance(bound, BoundEdge) and (join := bound.edge.create) is not None:
                allow(ctx, join.permission, f"CreateInstance of {name}")
                return await self._join(ctx, bound, join, given)
        raise CIMError(requests.NOT_CREATED, class_name=name)

    async def _join(self, ctx: Context, bound: BoundEdge, join: Join, given: Instance) -> Answer:
        left, right = (_end(ctx, given, end) for end in (bound.edge.left, bound.edge.right))
        fields = ctx.writer.link(given, bound, Purpose.DEFINE)
        keywords = {join.left: left.subject, join.right: right.subject, **fields}
        made = await self._do(ctx, bound, join.operation, keywords, join.arrange)
        return Answer(bound.plan(ctx.namespace).path(Link(left, right, made)))

    async def delete_instance(self, ctx: Context, call: Call) -> Answer:
        path: InstancePath = call.argument("InstanceName")
        bound, obj = ctx.reader.find(path, ctx.namespace, ctx.picture)
        how = bound.map.delete if isinstance(bound, BoundClass) else None
        if isinstance(bound, BoundEdge):
            how, obj = bound.edge.delete, obj.data
        if how is None:
            raise CIMError(requests.NOT_DELETED, path=format_path(path))
        allow(ctx, how.permission, f"DeleteInstance of {bound.class_name}")
        if isinstance(bound, BoundClass):
            obj = bound.map.subject(obj)
        await self._do(ctx, bound, how.operation, {how.keyword: obj}, how.arrange)
        return Answer()

    async def _do(
        self,
        ctx: Context,
        bound: Bound,
        operation: str,
        keywords: dict[str, Any],
        arrange: Arrange | None = None,
    ) -> Any:
        """Run an operation on what is of the class; what it refuses is said in the words of its space."""
        space = next(iter(ctx.view.spaces_of(bound)))
        try:
            if arrange is not None:
                keywords = arrange(ctx.picture, keywords)
            if not self._is_job(operation):
                return await self._at_once(ctx, operation, keywords)
            ticket = self._jobs.submit(ctx.actor, operation, keywords)
            await self._jobs.wait(ticket, None)
            return ticket.ended.result()
        except ModelError as exc:
            raise space.manners.words.failed(exc) or cim_error(exc) from exc

    async def _at_once(self, ctx: Context, operation: str, keywords: Mapping[str, Any]) -> Any:
        """Do what no job is made of."""
        direct = self._direct.get(operation)
        if direct is not None:
            try:
                return await direct(ctx.actor, **keywords)
            except StoreError as exc:
                raise ModelError(requests.NOT_STORED, reason=exc) from exc
        return await self._jobs.call(ctx.actor, operation, keywords)


def _end(ctx: Context, given: Instance, end: End) -> Node:
    """The object that one reference of a new association names."""
    path = given.get(end.role)
    if not isinstance(path, InstancePath):
        raise CIMError(requests.END_MISSING, class_name=given.class_name, role=end.role)
    try:
        node = ctx.reader.find_node(path, ctx.namespace, ctx.picture)
    except CIMError as error:
        if error.status is Status.NOT_FOUND:  # which would speak of the new instance itself
            raise CIMError(requests.END_NOT_FOUND, role=end.role, reason=error.description) from None
        raise
    if node.bound.map not in end.maps:
        wanted = tuple(map(ctx.view.name_of, end.maps))
        raise CIMError(requests.WRONG_OBJECT, name=end.role, wanted=wanted, given=node.bound.class_name)
    return node


def _only_instance(ctx: Context, class_name: str, method: str) -> Node:
    """The instance that a class stands for, in a space whose clients invoke methods so."""
    bounds = [
        bound
        for bound in ctx.view.concrete(ctx.namespace, class_name)
        if isinstance(bound, BoundClass) and bound.space.manners.takes_class_paths
    ]
    nodes = [Node(bound, obj) for bound in bounds for obj in bound.map.extent(ctx.picture)]
    if len(nodes) != 1:
        raise CIMError(requests.NOT_STATIC, class_name=class_name, name=method)
    return nodes[0]


def allow(ctx: Context, role: Role, what: str) -> None:
    """CIMError ACCESS_DENIED when the caller's role is less than ``role``."""
    if ctx.actor.role < role:
        needed, has = role.name.lower(), ctx.actor.role.name.lower()
        raise CIMError(requests.DENIED, what=what, role=needed, actor=ctx.actor.name, has=has)


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
    node = None if obj is None else _node(ctx, how.maps, obj)
    return None if node is None else ctx.view.path(node, ctx.namespace)


def _whole(ctx: Context, how: InstanceOutput, obj: Any) -> Instance | None:
    node = _node(ctx, how.maps, obj)
    return None if node is None else node.bound.plan(ctx.namespace).instance(node.obj)


def _node(ctx: Context, maps: tuple[ClassMap, ...], obj: Any) -> Node | None:
    """How one of the maps shows what an operation gave; None when it is gone again."""
    fitting = [m for m in maps if m.kind is None or isinstance(obj, m.kind)]
    for classmap in fitting:
        seen = classmap.seen(ctx.picture, obj)
        if seen is not None:
            return Node(ctx.view.bound[classmap], seen)
    if fitting:
        return None
    raise TypeError(f"no class map of {maps} shows {type(obj).__name__}")
