"""One HTTP request and its answer."""

from __future__ import annotations

import asyncio
import secrets
from email.utils import formatdate
from functools import cached_property, lru_cache
from time import perf_counter, time
from typing import Final

from openvman.server.connection import Connection
from openvman.server.eager import in_task
from openvman.server.http11 import Fields, RequestHead

_LONGEST_TEXT: Final = 500


class HTTPError(Exception):
    """The request is answered with an HTTP status and a sentence."""

    def __init__(self, status: int, message: str, headers: Fields = ()) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message
        self.headers = list(headers)


class ClientGoneError(Exception):
    """The client does not wait for its answer any more, or does not read it."""


class Exchange:
    """A request to read and an answer to write; ``facts`` collect what the access log shows."""

    def __init__(self, request: RequestHead, line: Connection, *, max_body: int, body_timeout: float) -> None:
        self.began = perf_counter()
        self.request = request
        self.headers = request.headers
        self.line = line
        self.facts: dict[str, object] = {}
        self.status = 0
        self.sent = 0
        self._max_body = max_body
        self._timeout = body_timeout

    @cached_property
    def id(self) -> str:
        """What the log and the client know it by."""
        return secrets.token_hex(4)

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a header, unjoined; ``name`` in small letters."""
        return [value for key, value in self.request.fields if key == name]

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
        if declared is not None:
            self._bound(int(declared))
        if self.line.is_whole:
            received = self.line.take()
            self._bound(len(received))
        else:
            received = await self._awaited_body()
        if self.line.is_gone:
            raise ClientGoneError
        return received

    async def _awaited_body(self) -> bytes:
        self.line.invite()
        await in_task()
        received = bytearray()
        try:
            async with asyncio.timeout(self._timeout):
                while True:
                    received += self.line.take()
                    self._bound(len(received))
                    if self.line.is_whole or self.line.is_gone:
                        return bytes(received)
                    await self.line.change()
        except TimeoutError:
            raise HTTPError(408, "the request body did not come in time") from None

    def _bound(self, size: int) -> None:
        if size > self._max_body:
            raise HTTPError(413, f"the request body is larger than {self._max_body} bytes")

    def watch(self) -> asyncio.Future[None]:
        """Done when the client goes away."""
        return self.line.left()

    # --- the answer -------------------------------------------------------------------------------------------------

    async def respond(self, status: int, headers: Fields = (), body: bytes = b"") -> None:
        """The whole answer."""
        if self.line.is_full:
            await self._room()
        self.line.answer(status, self._fields(headers), body)
        self.status = status
        self.sent += len(body)

    async def refuse(self, error: HTTPError) -> None:
        """Answer with an error, unless an answer has begun: then the connection ends."""
        if self.status:
            self.line.hang_up()
            return
        text = f"{error.message[:_LONGEST_TEXT]}\n".encode()
        await self.respond(error.status, [*error.headers, ("Content-Type", "text/plain; charset=utf-8")], text)

    async def start(self, status: int, headers: Fields) -> None:
        """Begin an answer in parts."""
        self.line.begin(status, self._fields(headers))
        self.status = status

    async def write(self, part: bytes) -> None:
        """A part of the answer. Raises ClientGoneError."""
        if self.line.is_full:
            await self._room()
        if self.line.is_gone:
            raise ClientGoneError
        self.line.send(part)
        self.sent += len(part)

    async def finish(self, trailers: Fields = ()) -> None:
        """The end of an answer in parts."""
        self.line.end(trailers)

    @staticmethod
    def _fields(headers: Fields) -> Fields:
        return [*headers, ("Date", _date(int(time()))), ("X-Content-Type-Options", "nosniff")]

    async def _room(self) -> None:
        """Until the client has read of what was written before."""
        await in_task()
        try:
            async with asyncio.timeout(self._timeout):
                while self.line.is_full and not self.line.is_gone:
                    await self.line.change()
        except TimeoutError:
            self.line.hang_up()
            raise ClientGoneError from None


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
