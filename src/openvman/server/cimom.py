"""POST and M-POST /cimom: CIM operations over HTTP (DSP0200)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain
from time import perf_counter
from typing import Any, Final, Protocol

import structlog

from openvman.cim.errors import CIMError
from openvman.cim.operations import MethodCall, Request, Response, Shape
from openvman.cim.values import ClassPath, InstancePath
from openvman.messages import server
from openvman.model.actor import Actor
from openvman.server.compress import WORTH, Gzip
from openvman.server.exchange import ClientGoneError, Exchange, HTTPError
from openvman.server.http11 import RequestHead
from openvman.wire.cimxml.decode import Message, decode_request
from openvman.wire.cimxml.encode import Encoder, encode_error
from openvman.wire.cimxml.errors import ProtocolError, RequestError
from openvman.wire.cimxml.headers import (
    TRAILER,
    RequestHeaders,
    check_request_headers,
    error_trailers,
    protocol_error_headers,
    read_request_headers,
    response_headers,
)
from openvman.wire.cimxml.repeated import RequestDecoder

METHODS: Final = ("POST", "M-POST")

_IN_WORKER: Final = 128 * 1024  # a body of this size takes some milliseconds to decode
_SUBJECTS: Final = ("ClassName", "InstanceName", "ObjectName")
_CHANGES: Final = (Shape.VOID, Shape.NEW_PATH)
_log = structlog.stdlib.get_logger(__name__)


class Performer(Protocol):
    """The broker, as far as this knows it."""

    def may_wait(self, request: Request) -> bool:
        """Whether :meth:`perform` may wait for anything."""

    async def perform(self, request: Request, actor: Actor) -> Response:
        """Answer one operation. Raises CIMError."""


class CIMObjectManager:
    """The handler. Answers are made and sent in parts, and other requests are served between the parts."""

    def __init__(self, broker: Performer, encoder: Encoder) -> None:
        self._broker = broker
        self._encoder = encoder
        self._decoder = RequestDecoder()

    async def __call__(self, exchange: Exchange, actor: Actor) -> None:
        prefix = ""
        try:
            asked = _asked(exchange.request)
            prefix = asked.prefix
            message = await self._read(exchange, asked)
        except ProtocolError as error:
            raise HTTPError(error.http_status, error.message, protocol_error_headers(error, prefix)) from None
        except RequestError as error:
            exchange.facts |= {"operation": error.method, "cim_status": error.error.status.name}
            failure = encode_error(error.message_id, error.method, is_extrinsic=error.is_extrinsic, error=error.error)
            await _send(exchange, asked, failure, iter(()))
            return
        exchange.facts |= _described(message.request)
        first, rest = await self._answer(exchange, message, actor)
        await _send(exchange, asked, first, rest)

    async def _read(self, exchange: Exchange, asked: RequestHeaders) -> Message:
        if exchange.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise HTTPError(415, "send the body without a Content-Encoding", [("Accept-Encoding", "identity")])
        body = await exchange.body()
        if len(body) < _IN_WORKER:
            message = self._decoder.decode(body, asked.charset)
        else:
            message = await asyncio.to_thread(decode_request, body, charset=asked.charset)
        check_request_headers(asked, message)
        return message

    async def _answer(self, exchange: Exchange, message: Message, actor: Actor) -> tuple[bytes, Iterator[bytes]]:
        """The first part of the response, and the others; a failure so far is a whole response."""
        try:
            response = await self._perform(exchange, message.request, actor)
            parts = self._encoder.encode_response(message, response)
            first = await _next(exchange, parts)
            assert first is not None, "a response has at least its envelope"
            second = await _next(exchange, parts)
        except ClientGoneError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, the client is told and the server goes on
            failure = _explained(exchange, error)
            is_extrinsic = isinstance(message.request, MethodCall)
            name = str(_described(message.request)["operation"])
            return encode_error(message.id, name, is_extrinsic=is_extrinsic, error=failure), iter(())
        return first, iter(()) if second is None else chain((second,), parts)

    async def _perform(self, exchange: Exchange, request: Request, actor: Actor) -> Response:
        """Ask the broker. A read whose client goes away is cancelled; a change is finished."""
        if not self._broker.may_wait(request):
            return await self._broker.perform(request, actor)
        task = asyncio.ensure_future(self._broker.perform(request, actor))
        try:
            watched: set[asyncio.Future[Any]] = {task, exchange.watch()}
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            if not task.done() and not _is_change(request):
                raise ClientGoneError
            return await task
        finally:
            task.cancel()


def _asked(request: RequestHead) -> RequestHeaders:
    """What the CIM headers say, read once of a head that comes again. Raises ProtocolError."""
    known: RequestHeaders | None = request.memo.get(__name__)
    if known is None:
        known = request.memo[__name__] = read_request_headers(request.method, request.headers)
    return known


async def _send(exchange: Exchange, asked: RequestHeaders, first: bytes, rest: Iterator[bytes]) -> None:
    """Send a response of one part whole, of more parts chunked."""
    headers = response_headers(asked)
    headers.append(("WBEMServerResponseTime", str(int((perf_counter() - exchange.began) * 1_000_000))))
    packer = Gzip() if len(first) >= WORTH and exchange.accepts("accept-encoding", "gzip") else None
    if packer is not None:
        headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    second = await _next(exchange, rest)
    if second is None:
        await exchange.respond(200, headers, first if packer is None else packer.feed(first) + packer.end())
        return
    with_trailers = not exchange.request.is_http10 and exchange.accepts("te", "trailers")
    if with_trailers:
        headers.append(("Trailer", TRAILER))
    await exchange.start(200, headers)
    trailers = await _send_parts(exchange, chain((first, second), rest), packer)
    if trailers and not with_trailers:
        # The client would take the end of the chunks for the end of the answer; a cut connection it cannot mistake.
        exchange.line.hang_up()
        return
    if packer is not None:
        await exchange.write(packer.end())
    await exchange.finish(trailers)


async def _send_parts(exchange: Exchange, parts: Iterator[bytes], packer: Gzip | None) -> list[tuple[str, str]]:
    """Send the parts of a response; the trailers that tell of a failure on the way, empty when there was none."""
    while True:
        try:
            part = await _next(exchange, parts)
        except ClientGoneError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, the client is told
            return error_trailers(_explained(exchange, error))
        if part is None:
            return []
        await exchange.write(part if packer is None else packer.feed(part))
        await asyncio.sleep(0)


async def _next(exchange: Exchange, parts: Iterator[bytes]) -> bytes | None:
    """The next part that is not empty, None at the end; others are served until it is made."""
    while (part := next(parts, None)) == b"":
        await asyncio.sleep(0)
        if exchange.watch().done():
            raise ClientGoneError
    return part


def _explained(exchange: Exchange, error: Exception) -> CIMError:
    """The error as a client may see it: one that was not foreseen is logged and only referred to."""
    if not isinstance(error, CIMError):
        _log.error("operation failed", id=exchange.id, exc_info=error, **exchange.facts)
        error = CIMError(server.INTERNAL, reference=exchange.id)
    exchange.facts["cim_status"] = error.status.name
    return error


def _is_change(request: Request) -> bool:
    """Whether it may change something: every method, and the operations that return nothing or a new path."""
    return isinstance(request, MethodCall) or request.operation.shape in _CHANGES


def _described(request: Request) -> dict[str, object]:
    """What the access log shows of a request: operation, namespace and class."""
    if isinstance(request, MethodCall):
        return {"operation": request.method, "namespace": request.target.namespace, "class": request.target.class_name}
    given = (request.arguments.get(name) for name in _SUBJECTS)
    subject = next((value for value in given if value is not None), None)
    class_name = subject.class_name if isinstance(subject, InstancePath | ClassPath) else subject
    return {"operation": request.operation.name, "namespace": request.namespace, "class": class_name}
