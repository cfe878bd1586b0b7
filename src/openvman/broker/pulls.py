"""The Open…, Pull… and Close operations (DSP0200 5.4.2), over the same rows as the plain reads."""

from __future__ import annotations

from collections.abc import Iterator

from openvman.broker.context import Context
from openvman.broker.instances import associated, enumerated, paths, property_list, referring
from openvman.broker.query.filter import keep, parse_filter
from openvman.broker.query.parse import Select
from openvman.broker.query.select import parse_select, result_class, searched, selected
from openvman.broker.sessions import Found
from openvman.cim.errors import CIMError
from openvman.cim.operations import Answer, Call, Row
from openvman.messages import requests

_PATHS: frozenset[str] = frozenset()


def _open(ctx: Context, call: Call, rows: Iterator[Found]) -> Answer:
    return ctx.sessions.open(
        ctx.actor.name,
        call.operation.shape,
        rows,
        timeout=call.argument("OperationTimeout"),
        count=call.argument("MaxObjectCount"),
        continue_on_error=call.argument("ContinueOnError"),
    )


def _filtered(ctx: Context, call: Call, rows: Iterator[Row]) -> Iterator[Found]:
    language, query = call.argument("FilterQueryLanguage"), call.argument("FilterQuery")
    if query is None and language is None:
        return rows
    if query is None or language is None:
        raise CIMError(requests.FILTER_INCOMPLETE)
    return keep(parse_filter(language, query), rows, ctx.view.graph)


def open_instances(ctx: Context, call: Call) -> Answer:
    return _open(ctx, call, _filtered(ctx, call, iter(enumerated(ctx, call))))


def open_paths(ctx: Context, call: Call) -> Answer:
    return _open(ctx, call, _filtered(ctx, call, iter(paths(ctx, call))))


def open_associators(ctx: Context, call: Call) -> Answer:
    rows = associated(ctx, call, call.argument("InstanceName"), property_list(call))
    return _open(ctx, call, _filtered(ctx, call, rows))


def open_associator_paths(ctx: Context, call: Call) -> Answer:
    return _open(ctx, call, _filtered(ctx, call, associated(ctx, call, call.argument("InstanceName"), _PATHS)))


def open_references(ctx: Context, call: Call) -> Answer:
    rows = referring(ctx, call, call.argument("InstanceName"), property_list(call))
    return _open(ctx, call, _filtered(ctx, call, rows))


def open_reference_paths(ctx: Context, call: Call) -> Answer:
    return _open(ctx, call, _filtered(ctx, call, referring(ctx, call, call.argument("InstanceName"), _PATHS)))


def parse_open(ctx: Context, call: Call) -> Select:
    language, query = call.argument("FilterQueryLanguage"), call.argument("FilterQuery")
    if query is None or language is None:
        raise CIMError(requests.QUERY_MISSING)
    return parse_select(language, query, ctx.view.graph)


def open_query(ctx: Context, call: Call, select: Select) -> Answer:
    answer = _open(ctx, call, searched(ctx, select))
    if not call.argument("ReturnQueryResultClass"):
        return answer
    shown = result_class(select, ctx.view.graph)
    return Answer(answer.result, answer.enumeration_context, answer.end_of_sequence, shown)


def parse_exec(ctx: Context, call: Call) -> Select:
    return parse_select(call.argument("QueryLanguage"), call.argument("Query"), ctx.view.graph)


def exec_query(ctx: Context, _call: Call, select: Select) -> Answer:
    return Answer(selected(ctx, select))


def pull(ctx: Context, call: Call) -> Answer:
    return ctx.sessions.pull(
        ctx.actor.name, call.operation.shape, call.argument("EnumerationContext"), call.argument("MaxObjectCount")
    )


def close(ctx: Context, call: Call) -> Answer:
    ctx.sessions.close(ctx.actor.name, call.argument("EnumerationContext"))
    return Answer()
