"""The broker: answers generic operations for every protocol; see :class:`Broker`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from openvman.broker.arguments import ArgumentReader
from openvman.broker.changes import Changes, allow
from openvman.broker.context import Context
from openvman.broker.indications.engine import Engine
from openvman.broker.indications.event_log import EventLog
from openvman.broker.indications.filters import Event
from openvman.broker.indications.registry import Registry
from openvman.broker.indications.setup import IndicationSetup, collections_of
from openvman.broker.method_calls import CallRecorder, secrets_of
from openvman.broker.rows import ROWS, Change, Queried, Read
from openvman.broker.sessions import Limits, Sessions
from openvman.broker.visibility import EVERYTHING, Visibility
from openvman.cim.errors import CIMError
from openvman.cim.graph import ClassGraph
from openvman.cim.operations import Call, MethodCall, Request, Response
from openvman.cim.uri import parse_path
from openvman.cim.values import ClassPath, Instance, InstancePath, Value
from openvman.inventory.difference import Difference
from openvman.inventory.inventory import Inventory
from openvman.mapping.bind import BoundView, Node, Question, View
from openvman.mapping.index import EdgeIndex
from openvman.mapping.read import Reader
from openvman.mapping.write import Writer
from openvman.messages import requests
from openvman.model.actor import Actor
from openvman.model.indication import Subscriptions
from openvman.model.job import Job
from openvman.model.picture import Picture
from openvman.model.server import NamespaceRecord, Server
from openvman.operations.jobs.entry import Conclude
from openvman.operations.jobs.jobs import Jobs


class Broker:
    """Answers :class:`Call` and :class:`MethodCall` values in the namespaces of its views.

    Reads answer from the inventory's generation of the moment and never wait, but in fenced spaces, where they wait for
    what happened before them to be in it. Changes are jobs; they answer when the
    inventory shows their effect and the indications of it are on disk, or after ``patience`` seconds with the job where
    the method can (None: never). Permissions are decided here, by the operation's own row and the method's own
    declaration, before anything else of a request is looked at. ``indications`` are the use cases of subscriptions,
    ``events`` what watchers read. What ``visibility`` withholds from somebody does not exist for him.
    """

    def __init__(
        self,
        inventory: Inventory,
        jobs: Jobs,
        views: Sequence[View],
        schema: ClassGraph,
        server: Server,
        *,
        encode_embedded: Callable[[Instance], str],
        decode_embedded: Callable[[str], Instance],
        clock: Callable[[], float],
        limits: Limits | None = None,
        patience: float | None = None,
        indications: IndicationSetup | None = None,
        visibility: Visibility = EVERYTHING,
    ) -> None:
        self._inventory = inventory
        self._visibility = visibility
        self._sessions = Sessions(limits or Limits(), clock)
        self._view = bound = BoundView(views, schema)
        self._server = replace(
            server,
            namespaces=tuple(
                NamespaceRecord(name=name, server_id=server.id, host_name=server.host_name) for name in bound.namespaces
            ),
        )
        self._fenced_namespaces = frozenset(
            name.lower() for space in bound.spaces if space.manners.fenced for name in space.namespaces
        )
        self._index = EdgeIndex(bound)
        self._reader, self._writer = Reader(bound, self._index), Writer(bound)
        setup = indications or IndicationSetup()
        self._outbox = setup.outbox
        self._engine = Engine(bound, setup.outbox, setup.encode, visibility, server.host_name, setup.now)
        self.events = EventLog(bound, setup.now, visibility)
        self.indications = Registry(
            setup.keeper,
            setup.keeper.load(server.host_name, collections_of(views, server.host_name)),
            setup.policy,
            setup.limits,
            check=self._engine.check,
            changed=self._resubscribe,
            now=setup.now,
        )
        self._resubscribe(self.indications.current)
        self._changes = Changes(
            jobs,
            self.indications.use_cases(),
            ArgumentReader(decode_embedded),
            CallRecorder(encode_embedded, decode_embedded, secrets_of(views)),
            self._called,
            self._shown_to,
            patience,
        )
        for view in views:
            self._changes.check(view.classes, view.edges)
        self._unsubscribe = inventory.subscribe(self._follow)

    def close(self) -> None:
        """Stop following the inventory."""
        self._unsubscribe()

    def may_wait(self, request: Request) -> bool:
        """Whether the answer may have to wait, for a change or at a fence; :meth:`perform` gives any other at once."""
        if isinstance(request, MethodCall) or isinstance(ROWS[request.operation.name], Change):
            return True
        return self._has_fence(request.namespace)

    async def perform(self, request: Request, actor: Actor) -> Response:
        """Answer one operation. CIMError with the standard's status when it cannot be done."""
        if isinstance(request, MethodCall):
            target = request.target
            await self._fence(Question(target.namespace or "", target.class_name, method=request.method))
            try:
                return await self._changes.invoke(self._context(target.namespace or "", actor), request)
            finally:
                await self._outbox.settled()
        row = ROWS[request.operation.name]
        ctx = self._context(request.namespace, actor)
        allow(ctx, row.role, request.operation.name)
        _check_required(request)
        if isinstance(row, Queried):
            select = row.parse(ctx, request)
            ctx = await self._fenced(ctx, Question(request.namespace, select.class_name))
            return row.answer(ctx, request, select)
        if isinstance(row, Read) and not self._has_fence(request.namespace):
            return row.answer(ctx, request)
        ctx = await self._fenced(ctx, _question(request))
        if isinstance(row, Read):
            return row.answer(ctx, request)
        try:
            return await row.answer(self._changes, ctx, request)
        finally:
            await self._outbox.settled()

    def _has_fence(self, namespace: str) -> bool:
        return namespace.lower() in self._fenced_namespaces

    async def _fenced(self, ctx: Context, question: Question) -> Context:
        """The context, with what happened before in its picture where the answer shall show it."""
        return replace(ctx, picture=self._shown_to(ctx.actor)) if await self._fence(question) else ctx

    async def _fence(self, question: Question) -> bool:
        """Wait for what happened before, where the answer shall show it; whether that was so."""
        is_fenced = self._view.is_fenced(question.namespace, question.class_name)
        if is_fenced:
            await self._inventory.fence(self._view.untold(question, self._picture()))
        return is_fenced

    def read_again(self, job: Job, actor: Actor) -> tuple[Mapping[str, Any], Conclude]:
        """What a job was to do, that had not begun when the server ended: see :meth:`Changes.read_again`."""
        assert job.call is not None, "a job that is asked about has a call"
        path = parse_path(job.call.target)
        return self._changes.read_again(self._context(path.namespace or "", actor), job)

    def _context(self, namespace: str, actor: Actor) -> Context:
        if not self._view.shows(namespace):
            known = sorted({name for space in self._view.spaces for name in space.namespaces})
            raise CIMError(requests.NO_NAMESPACE, name=namespace, known=known)
        return Context(actor, namespace, self._shown_to(actor), self._reader, self._writer, self._sessions)

    def _shown_to(self, actor: Actor) -> Picture:
        return self._visibility.picture(self._picture(), actor)

    def _picture(self) -> Picture:
        return Picture(self._inventory.generation, self._server, self.indications.current)

    def _resubscribe(self, subscriptions: Subscriptions) -> None:
        self._engine.subscribe(subscriptions)
        self._outbox.follow(subscriptions)

    def _called(self, node: Node, values: Mapping[str, Value]) -> None:
        if self._engine.is_asked(Event.METHOD_CALL, node.bound):
            self._engine.called(node.bound, node.obj, values)

    def _follow(self, difference: Difference) -> None:
        picture = replace(self._picture(), objects=difference.after)
        for change in difference.changes:
            self._index.change(change.before, change.after, picture)
        before = replace(picture, objects=difference.before)
        self._engine.follow(difference, before, picture)
        self.events.follow(difference, before, picture)


def _question(call: Call) -> Question:
    given = call.operation.parameters
    # Of what refers to an instance the result's class is that of the association.
    name = next((name for name in ("AssocClass", "ResultClass") if name in given), None)
    association = None if name is None else call.argument(name)
    return Question(call.namespace, _class_asked(call), follows=name is not None, association=association)


def _class_asked(call: Call) -> str | None:
    for name in ("ClassName", "InstanceName", "ObjectName", "NewInstance", "ModifiedInstance"):
        match call.argument(name) if name in call.operation.parameters else None:
            case str(class_name) | InstancePath(class_name) | ClassPath(class_name) | Instance(class_name):
                return class_name
    return None


def _check_required(call: Call) -> None:
    for name in call.operation.required:
        if call.argument(name) is None:
            raise CIMError(requests.PARAMETER_MISSING, operation=call.operation.name, name=name)
