"""One connection: its requests one after the other, each answered by the application, all within bounds.

Requests that a client sends before it has the answers of the earlier ones wait in its socket. The rest of a request
that was answered before it was read is read away, within a time and a number of bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from openvman.server import eager
from openvman.server.http11 import (
    CONTINUE,
    Fields,
    RefusedRequestError,
    RequestHead,
    RequestReader,
    answer_head,
    chunk,
    last_chunk,
)

_MOST_DISCARDED: Final = 2**20
_MOST_UNREAD: Final = 2**16
_LINGER: Final = 2.0
_CLOSE: Final = ("Connection", "close")


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Bytes, connections and seconds; see the settings of the same names."""

    max_header: int
    max_connections: int
    header_timeout: float
    idle_timeout: float


@dataclass(slots=True)
class Connections:
    """Those that are open, and the requests that wait for something."""

    opened: set[Connection] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    lost: asyncio.Event = field(default_factory=asyncio.Event)


class Connection(asyncio.Protocol):
    """Lets ``application`` answer each request. While it does, it has the members of the first part here.

    Nothing is written once ``is_gone``: the client has left, or is not to get more.
    """

    def __init__(self, application: Application, limits: ConnectionLimits, connections: Connections) -> None:
        self._application = application
        self._limits = limits
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._reader = RequestReader(limits.max_header)
        self._deadline = _Deadline(self._loop)
        self._is_stopping = False
        self._is_leaving = False
        self._is_discarding = False
        self._discarded = 0
        self._is_reading = True
        self._is_full = False
        self._request: RequestHead | None = None
        self._head: bytes | None = None
        self._is_begun = False
        self._is_answered = False
        self._is_chunked = False
        self._is_last = False
        self._changed: asyncio.Future[None] | None = None
        self._left: asyncio.Future[None] | None = None
        self.is_gone = False
        self.client = ""
        self.common_name: str | None = None
        """A verified client certificate's."""

    # --- for the request under way ----------------------------------------------------------------------------------

    @property
    def is_whole(self) -> bool:
        """Whether the whole body has come."""
        return self._reader.is_whole

    @property
    def is_full(self) -> bool:
        """Whether the client has to read before more is written."""
        return self._is_full

    def take(self) -> bytes:
        """What has come of the body since this was asked last."""
        taken = self._reader.take()
        if not self._reader.is_whole:
            self._read(going_on=True)
        return taken

    def invite(self) -> None:
        """Tell a client that waits for it to send the body."""
        if self._request is not None and self._request.awaits_continue and not self._is_begun and not self.is_gone:
            self._transport.write(CONTINUE)

    async def change(self) -> None:
        """Wait until more can be taken, or ``is_whole``, ``is_full`` or ``is_gone`` have changed. For one at a time."""
        self._changed = self._loop.create_future()
        await self._changed

    def left(self) -> asyncio.Future[None]:
        """Done when ``is_gone``."""
        if self._left is None:
            self._left = self._loop.create_future()
            if self.is_gone:
                self._left.set_result(None)
        return self._left

    def answer(self, status: int, fields: Fields, body: bytes) -> None:
        """The whole answer at once."""
        head = self._composed(status, [*fields, ("Content-Length", str(len(body)))])
        self._write(head if self._is_head_only else head + body)
        self._is_answered = True

    def begin(self, status: int, fields: Fields) -> None:
        """The head of an answer in parts. It leaves with the first part, in one packet."""
        assert self._request is not None, "a request is under way"
        self._is_chunked = not self._request.is_http10
        framing = [("Transfer-Encoding", "chunked")] if self._is_chunked else []
        self._head = self._composed(status, [*fields, *framing])

    def send(self, part: bytes) -> None:
        """A part of the body."""
        if part:
            self._write_part(chunk(part) if self._is_chunked else part)

    def end(self, trailers: Fields = ()) -> None:
        """The end of an answer in parts; ``trailers`` only where it is chunked."""
        self._write_part(last_chunk(trailers) if self._is_chunked else b"")
        self._is_answered = True

    def hang_up(self) -> None:
        """End the connection at once, so that a client sees that what it got is not whole."""
        self._abandon()
        self._transport.abort()

    @property
    def _is_head_only(self) -> bool:
        return self._request is not None and self._request.method == "HEAD"

    def _composed(self, status: int, fields: list[tuple[str, str]]) -> bytes:
        request = self._request
        assert request is not None, "a request is under way"
        self._is_begun = True
        # Whether a client that was not told to goes on to send its body is for it to choose (RFC 9110 10.1.1), so
        # where its next request begins is unknown.
        is_unsure = request.awaits_continue and not self._reader.is_whole
        self._is_last = self._is_stopping or is_unsure or not request.keeps_alive
        return answer_head(status, [*fields, _CLOSE] if self._is_last else fields)

    def _write_part(self, data: bytes) -> None:
        head, self._head = self._head, None
        body = b"" if self._is_head_only else data
        self._write(body if head is None else head + body)

    def _write(self, data: bytes) -> None:
        if not self.is_gone:
            self._transport.write(data)

    # --- the connection's life --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # sockets are streams
        self._transport = transport
        self._connections.opened.add(self)
        self.client = str((transport.get_extra_info("peername") or ("",))[0])
        self.common_name = _common_name(transport.get_extra_info("peercert"))
        if len(self._connections.opened) > self._limits.max_connections:
            self._is_leaving = True
            self._say(503, "too many connections")
            self._close()
        else:
            self._deadline.set(self._limits.header_timeout, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._deadline.cancel()
        self._connections.opened.discard(self)
        self._abandon()
        self._connections.lost.set()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._wake()

    def data_received(self, data: bytes) -> None:
        if self._is_leaving or self._is_discarding:
            self._discarded += len(data)
            if self._discarded > _MOST_DISCARDED:
                self._transport.abort()
                return
        if self._is_leaving or self._transport.is_closing():
            return
        whole_before = self._reader.is_whole
        self._reader.feed(data)
        if self._is_discarding:
            self._discard()
        elif self._request is None:
            self._next()
        elif whole_before:
            self._read(going_on=False)
        else:
            self._go_on()

    def stop(self) -> None:
        """Close, once the request under way is answered."""
        self._is_stopping = True
        if self._request is None or self._is_leaving:
            self._close()

    def abort(self) -> None:
        self._transport.abort()

    def _next(self) -> None:
        """Begin with the next request, if its head is here."""
        if self._request is not None or self._is_leaving or self._transport.is_closing():
            return
        try:
            request = self._reader.begin()
        except RefusedRequestError as refused:
            self._refuse(refused.status, refused.message)
            return
        if request is None:
            if self._reader.has_more:
                self._deadline.keep(self._limits.header_timeout, self._head_is_late)
            return
        self._deadline.clear()
        self._request = request
        self._is_answered = self._is_last = False
        self._go_on()
        task = eager.start(self._application(request, self))
        if task is None:
            self._over()
        else:
            self._connections.tasks.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._connections.tasks.discard(task)
        self._over()

    def _over(self) -> None:
        """The application is done with a request."""
        self._request = self._head = self._left = self._changed = None
        self._is_begun = False
        if self._is_leaving or self._transport.is_closing():
            return
        if not self._is_answered:
            self._transport.abort()
        elif self._is_last or self._is_stopping:
            self._close()
        elif self._reader.is_whole:
            self._rest()
        else:
            self._is_discarding = True
            self._discarded = 0
            self._deadline.set(self._limits.header_timeout, self._transport.abort)
            self._discard()

    def _rest(self) -> None:
        """Wait for the next request."""
        self._read(going_on=True)
        if self._reader.has_more:
            # Not at once: others shall have their turn between the requests of one who sends many.
            self._loop.call_soon(self._next)
        self._deadline.set(self._limits.idle_timeout, self._close)

    def _go_on(self) -> None:
        """Read of the body under way what has come."""
        try:
            self._reader.go_on()
        except RefusedRequestError as refused:
            self._refuse(refused.status, refused.message)
            return
        if self._reader.size > _MOST_UNREAD and not self._reader.is_whole:
            self._read(going_on=False)
        self._wake()

    def _discard(self) -> None:
        try:
            self._reader.go_on()
        except RefusedRequestError as refused:
            self._refuse(refused.status, refused.message)
            return
        self._reader.take()
        self._read(going_on=True)
        if self._reader.is_whole:
            self._is_discarding = False
            self._rest()

    def _close(self) -> None:
        """End the connection when what was written has left, or when the client does not take it."""
        self._transport.close()
        self._deadline.set(self._limits.idle_timeout, self._transport.abort)

    def _read(self, *, going_on: bool) -> None:
        if self._is_reading != going_on and not self._transport.is_closing():
            self._is_reading = going_on
            if going_on:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    def _abandon(self) -> None:
        """Make the request under way, if any, see its client gone."""
        self.is_gone = True
        self._wake()
        if self._left is not None and not self._left.done():
            self._left.set_result(None)

    # --- refusals ---------------------------------------------------------------------------------------------------

    def _refuse(self, status: int, message: str) -> None:
        """Answer without an application where that is still possible, then wait a little before closing: a close
        while the client still sends would reset the connection, and the client would not read the answer.
        """
        can_answer = not self._is_begun and not self._is_discarding
        self._is_leaving = True
        self._discarded = 0
        if can_answer:
            self._say(status, message)
        self._abandon()
        self._read(going_on=True)
        if self._transport.can_write_eof():
            with suppress(OSError):  # the client is gone already
                self._transport.write_eof()
        self._deadline.set(_LINGER, self._close)

    def _say(self, status: int, message: str) -> None:
        body = f"{message}\n".encode("ascii", "replace")
        fields = [_CLOSE, ("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
        self._transport.write(answer_head(status, fields) + body)

    def _head_is_late(self) -> None:
        if self._reader.has_more:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "the request head did not come in time")
        else:
            self._close()


Application: TypeAlias = Callable[[RequestHead, Connection], Coroutine[Any, Any, None]]
"""Answers a request: whole, or in parts up to the end, unless the client is gone."""


class _Deadline:
    """What happens when a time is over. It is set again and again and seldom comes, so the loop's timer stays where it
    is, and looks when it fires whether a later one is meant by now.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._when: float | None = None
        self._action: Callable[[], None] | None = None

    def set(self, seconds: float, action: Callable[[], None]) -> None:
        """Instead of what was set."""
        self._when, self._action = self._loop.time() + seconds, action
        if self._timer is None or self._timer.when() > self._when:
            self._arm(self._when)

    def keep(self, seconds: float, action: Callable[[], None]) -> None:
        """As :meth:`set`, unless this is what was set."""
        if self._action != action or self._when is None:
            self.set(seconds, action)

    def clear(self) -> None:
        self._when = self._action = None

    def cancel(self) -> None:
        """For good."""
        self.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self._when is None or self._action is None:
            return
        if self._loop.time() < self._when:
            self._arm(self._when)
            return
        action = self._action
        self.clear()
        action()


def _common_name(certificate: dict[str, Any] | None) -> str | None:
    """The subject's one common name; None where there is no certificate, or not exactly one name."""
    subject = (certificate or {}).get("subject", ())
    names = [value for attributes in subject for kind, value in attributes if kind == "commonName"]
    return names[0] if len(names) == 1 else None
