"""HTTP/1.1 on one connection: uvicorn's h11 protocol, made strict, bounded in time, and with trailers.

What uvicorn 0.54 lacks and a CIM server needs: 431 for a large head, 400 for Content-Length beside Transfer-Encoding,
a limit on the time a head may take, the client certificate's name for the application, trailers (DSP0200 7.2), and an
end for connections whose request is answered before it was read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

_MOST_FIELDS: Final = 100
_MOST_DISCARDED: Final = 2**20
_LINGER: Final = 2.0


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Bytes, connections and seconds; see the settings of the same names."""

    max_header: int
    max_connections: int
    header_timeout: float
    idle_timeout: float


@dataclass(frozen=True, slots=True)
class Line:
    """What an application may know of and do with the connection beyond ASGI: ``scope["state"]["line"]``.

    ``common_name`` is a verified client certificate's. ``trailers`` go out after the last chunk of the response under
    way, which must be a chunked one. ``hang_up`` ends the connection at once, so that a client sees that what it got is
    not whole.
    """

    common_name: str | None
    hang_up: Callable[[], None]
    trailers: list[tuple[bytes, bytes]]


class StrictConnection(h11.Connection):
    """h11's connection with the rules that it leaves to its users, and trailers. ``refusal`` is the status to answer
    with after RemoteProtocolError.
    """

    def __init__(self, max_header: int) -> None:
        super().__init__(h11.SERVER, max_header)
        self._max_header = max_header
        self.refusal = 400
        self.trailers: list[tuple[bytes, bytes]] = []
        self._head: bytes = b""

    def next_event(self) -> h11.Event | type[h11.NEED_DATA | h11.PAUSED]:
        try:
            event = super().next_event()
            if isinstance(event, h11.Request):
                self._check(event)
        except h11.RemoteProtocolError as error:
            self.refusal = error.error_status_hint
            raise
        return event

    def send(self, event: h11.Event) -> bytes | None:  # type: ignore[override] # the base's overloads say no more
        """The head of a response is held back until what follows it, so that both leave in one packet."""
        if isinstance(event, h11.Response):
            self._head = super().send(event)
            return b""
        if isinstance(event, h11.EndOfMessage) and self.trailers:
            event = h11.EndOfMessage(headers=self.trailers.copy())
            self.trailers.clear()
        sent, head, self._head = super().send(event), self._head, b""
        return head + sent if head and sent is not None else sent

    def _check(self, request: h11.Request) -> None:
        # h11 looks at the size only while the head is incomplete, so one that comes in a single piece passes it.
        size = len(request.method) + len(request.target) + sum(len(n) + len(v) + 4 for n, v in request.headers)
        if size > self._max_header or len(request.headers) > _MOST_FIELDS:
            raise h11.RemoteProtocolError("the request head is too large", error_status_hint=431)
        if request.http_version not in (b"1.0", b"1.1"):
            raise h11.RemoteProtocolError("this server speaks HTTP/1.1", error_status_hint=505)
        names = {name for name, _ in request.headers}
        if b"transfer-encoding" in names and (b"content-length" in names or request.http_version == b"1.0"):
            raise h11.RemoteProtocolError("the body's length is said in two ways")


class HTTPProtocol(H11Protocol):
    """One connection."""

    conn: StrictConnection
    cycle: RequestResponseCycle | None  # type: ignore[assignment] # None before the first request

    def __init__(
        self,
        limits: ConnectionLimits,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        on_lost: Callable[[], None],
    ) -> None:
        super().__init__(config, server_state, app_state)
        self.conn = StrictConnection(limits.max_header)
        self.timeout_keep_alive = limits.idle_timeout  # type: ignore[assignment] # uvicorn gives it to call_later
        self._limits = limits
        self._on_lost = on_lost
        self._timer: asyncio.TimerHandle | None = None
        self._leaving = False
        self._discarded = 0

    # --- the connection's life --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        super().connection_made(transport)
        if len(self.connections) > self._limits.max_connections:
            self._answer(503, "too many connections")
            transport.close()
            return
        line = Line(_common_name(transport.get_extra_info("peercert")), self._hang_up, self.conn.trailers)
        self.app_state = {**self.app_state, "line": line}
        self._arm(self._limits.header_timeout, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._on_lost()

    def data_received(self, data: bytes) -> None:
        if self._leaving or self._is_answered_early():
            self._discarded += len(data)
            if self._discarded > _MOST_DISCARDED:
                self.transport.abort()
                return
        if not self._leaving:
            super().data_received(data)
            self._time_head()

    def _time_head(self) -> None:
        if self._leaving or self._is_answered_early():
            return
        if self.conn.their_state is not h11.IDLE:
            self._disarm()
        elif self._timer is None:
            self._arm(self._limits.header_timeout, self._head_is_late)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_answered_early() and not self.transport.is_closing():
            # The rest of the request has to be read away before the next can be: not for ever, and not without end.
            self._discarded = 0
            self._arm(self._limits.header_timeout, self.transport.abort)

    def shutdown(self) -> None:
        if self._leaving or self.conn.our_state is h11.ERROR:
            self.transport.close()
        else:
            super().shutdown()

    # --- refusals ---------------------------------------------------------------------------------------------------

    def send_400_response(self, msg: str) -> None:
        """uvicorn calls this for whatever h11 refuses; the status is the refusal's."""
        self._refuse(self.conn.refusal, msg)

    def _refuse(self, status: int, message: str) -> None:
        """Answer without an application where that is still possible, then wait a little before closing: a close
        while the client still sends would reset the connection, and the client would not read the answer.
        """
        self._leaving = True
        self._discarded = 0
        self._silence_cycle()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._answer(status, message)
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._unset_keepalive_if_required()
        self._arm(_LINGER, self.transport.close)

    def _answer(self, status: int, message: str) -> None:
        body = f"{message}\n".encode("ascii", "replace")
        self.transport.write(
            b"HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"
            % (status, HTTPStatus(status).phrase.encode(), len(body), body)
        )

    def _hang_up(self) -> None:
        self._silence_cycle()
        self.transport.abort()

    def _silence_cycle(self) -> None:
        """Make the request under way, if any, see its client gone; uvicorn then sends nothing more for it."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    # --- time -------------------------------------------------------------------------------------------------------

    def _is_answered_early(self) -> bool:
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def _head_is_late(self) -> None:
        if self.conn.trailing_data[0]:
            self._refuse(408, "the request head did not come in time")
        else:
            self.transport.close()

    def _arm(self, seconds: float, callback: Callable[[], None]) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, callback)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _common_name(certificate: dict[str, Any] | None) -> str | None:
    """The subject's one common name; None where there is no certificate, or not exactly one name."""
    subject = (certificate or {}).get("subject", ())
    names = [value for attributes in subject for kind, value in attributes if kind == "commonName"]
    return names[0] if len(names) == 1 else None
