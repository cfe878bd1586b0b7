"""One HTTP request and its answer, over ASGI."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from email.utils import formatdate
from time import perf_counter, time
from typing import Any, Final

from openvman.server.http11 import Line

ASGIMessage = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[ASGIMessage]]
Send = Callable[[ASGIMessage], Awaitable[None]]
Headers = Iterable[tuple[str, str]]

_LONGEST_TEXT: Final = 500


class HTTPError(Exception):
    """The request is answered with an HTTP status and a sentence."""

    def __init__(self, status: int, message: str, headers: Headers = ()) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message
        self.headers = list(headers)


class ClientGoneError(Exception):
    """The client does not wait for its answer any more, or does not read it."""


class Exchange:
    """A request to read and an answer to write; ``facts`` collect what the access log shows."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, max_body: int, body_timeout: float) -> None:
        self.id = secrets.token_hex(4)
        self.began = perf_counter()
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: str = scope["query_string"].decode("latin-1")
        self.is_http10: bool = scope["http_version"] == "1.0"
        self.client: str = (scope["client"] or ("",))[0]
        self.line: Line = scope["state"]["line"]
        self.facts: dict[str, object] = {}
        self.status = 0
        self.sent = 0
        self._fields: list[tuple[bytes, bytes]] = scope["headers"]
        self.headers = self._joined()
        self._receive = receive
        self._send = send
        self._max_body = max_body
        self._timeout = body_timeout
        self._is_read = False
        self._watcher: asyncio.Task[None] | None = None

    def _joined(self) -> dict[str, str]:
        """By name in small letters; a repeated one's values joined as RFC 9110 5.3 has it."""
        joined: dict[str, str] = {}
        for name, value in self._fields:
            key, text = name.decode("ascii").lower(), value.decode("latin-1")
            joined[key] = f"{joined[key]}, {text}" if key in joined else text
        return joined

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a header, unjoined; ``name`` in small letters."""
        return [value for key, value in self._fields if key == name]

    def accepts(self, header: str, word: str) -> bool:
        """Whether a list header (Accept-Encoding, TE) names ``word`` with a weight that is not zero."""
        for item in self.headers.get(header, "").split(","):
            name, *parameters = (part.strip().lower() for part in item.split(";"))
            if name == word:
                return not any(p.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for p in parameters)
        return False

    # --- the request ------------------------------------------------------------------------------------------------

    async def body(self) -> bytes:
        """The whole body. Raises HTTPError 413 or 408, ClientGoneError."""
        declared = self.headers.get("content-length")
        if declared is not None and int(declared) > self._max_body:
            raise self._too_large()
        received = bytearray()
        try:
            async with asyncio.timeout(self._timeout):
                while not self._is_read:
                    message = await self._receive()
                    if message["type"] == "http.disconnect":
                        raise ClientGoneError
                    received += message["body"]
                    if len(received) > self._max_body:
                        raise self._too_large()
                    self._is_read = not message["more_body"]
        except TimeoutError:
            raise HTTPError(408, "the request body did not come in time") from None
        return bytes(received)

    def _too_large(self) -> HTTPError:
        return HTTPError(413, f"the request body is larger than {self._max_body} bytes")

    def watch(self) -> asyncio.Task[None]:
        """A task that ends when the client goes away. Only once the body was read."""
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._wait_for_disconnect())
        return self._watcher

    async def _wait_for_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def release(self) -> None:
        """The exchange is over."""
        if self._watcher is not None:
            self._watcher.cancel()

    # --- the answer -------------------------------------------------------------------------------------------------

    async def respond(self, status: int, headers: Headers = (), body: bytes = b"") -> None:
        """The whole answer."""
        await self.start(status, [*headers, ("Content-Length", str(len(body)))])
        await self._write(body, more=False)

    async def refuse(self, error: HTTPError) -> None:
        """Answer with an error, unless an answer has begun: then the connection ends."""
        if self.status:
            self.line.hang_up()
            return
        text = f"{error.message[:_LONGEST_TEXT]}\n".encode()
        await self.respond(error.status, [*error.headers, ("Content-Type", "text/plain; charset=utf-8")], text)

    async def start(self, status: int, headers: Headers) -> None:
        """Begin the answer; without a Content-Length it is chunked."""
        self.status = status
        fields = [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in headers]
        fields += [(b"Date", formatdate(time(), usegmt=True).encode()), (b"X-Content-Type-Options", b"nosniff")]
        if not self._is_read and self.accepts("expect", "100-continue"):
            # Whether the client still sends its body is for it to choose, so the next request's begin is unknown.
            fields.append((b"Connection", b"close"))
        await self._bounded(self._send({"type": "http.response.start", "status": status, "headers": fields}))

    async def write(self, chunk: bytes) -> None:
        """A part of the answer. Raises ClientGoneError."""
        if self.watch().done():
            raise ClientGoneError
        await self._write(chunk, more=True)

    async def finish(self, trailers: Headers = ()) -> None:
        """The end of a chunked answer."""
        self.line.trailers.extend(
            (name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in trailers
        )
        await self._write(b"", more=False)

    async def _write(self, chunk: bytes, *, more: bool) -> None:
        self.sent += len(chunk)
        await self._bounded(self._send({"type": "http.response.body", "body": chunk, "more_body": more}))

    async def _bounded(self, sending: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await sending
        except TimeoutError:
            self.line.hang_up()
            raise ClientGoneError from None
