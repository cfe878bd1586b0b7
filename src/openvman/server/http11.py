"""HTTP/1.1 without input and output: requests out of bytes, by h11 made strict, and the bytes of answers.

What h11 leaves to its users and a CIM server needs: 431 for a large head, 400 for Content-Length beside
Transfer-Encoding, 505 for other versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

import h11

Fields = Iterable[tuple[str, str]]

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_MOST_FIELDS: Final = 100
_END_OF_HEAD: Final = b"\r\n\r\n"
_MOST_REMEMBERED: Final = 32
_LONGEST_REMEMBERED: Final = 2048
_STATUS_LINES: Final = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n" for s in HTTPStatus}


class RefusedRequestError(Exception):
    """The bytes are not a request that this server takes; ``status`` says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True, eq=False)
class RequestHead:
    """What stands before a request's body."""

    method: str
    path: str
    query: str
    fields: tuple[tuple[bytes, bytes], ...]
    """Every header as it came; names in small letters."""
    headers: Mapping[str, str]
    """By name in small letters; a repeated one's values joined as RFC 9110 5.3 has it."""
    is_http10: bool
    keeps_alive: bool
    """Whether the client can send another request on the connection."""
    awaits_continue: bool
    """Whether it waits for 100 (Continue) before it sends the body."""
    memo: dict[str, Any] = field(default_factory=dict, repr=False)
    """What others read out of the headers, for the next request with this head; nothing of who sent it."""

    @classmethod
    def of(cls, request: h11.Request) -> RequestHead:
        target, _, query = request.target.partition(b"?")
        joined: dict[str, str] = {}
        for name, value in request.headers:
            key, text = name.decode("ascii"), value.decode("latin-1")
            joined[key] = f"{joined[key]}, {text}" if key in joined else text
        is_http10 = request.http_version == b"1.0"
        return cls(
            method=request.method.decode("ascii"),
            path=unquote(target.decode("ascii")),
            query=query.decode("ascii"),
            fields=tuple(request.headers),
            headers=joined,
            is_http10=is_http10,
            keeps_alive=not is_http10 and "close" not in _words(joined.get("connection", "")),
            awaits_continue=not is_http10 and "100-continue" in _words(joined.get("expect", "")),
        )

    @property
    def length(self) -> int | None:
        """How many bytes the body has; None where its chunks say it."""
        return None if "transfer-encoding" in self.headers else int(self.headers.get("content-length", 0))


class RequestReader:
    """Takes the bytes of one connection apart.

    A client that keeps its connection sends the same head again and again. h11 starts anew with each request and looks
    at nothing but its bytes, so what it made of a head holds for the same bytes: a few small heads of this connection
    are remembered, and one that comes again with its whole body is not parsed again. They end with the connection, as
    the credentials in them should.
    """

    def __init__(self, max_head: int) -> None:
        self._max_head = max_head
        self._known: dict[bytes, tuple[RequestHead, int]] = {}
        self._parser: h11.Connection | None = None
        self._only_piece = b""
        self._rest = b""
        self._body: list[bytes] = []
        self.size = 0
        """Bytes of the body that are here and were not taken."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing of a request that began is still to come."""
        return self._parser is None

    @property
    def has_more(self) -> bool:
        """Whether there are bytes after the last request, or of an incomplete head."""
        return bool(self._rest) or self._parser is not None

    def feed(self, data: bytes) -> None:
        """What came."""
        if self._parser is None:
            self._rest = self._rest + data if self._rest else data
        else:
            self._only_piece = b""
            self._parser.receive_data(data)

    def begin(self) -> RequestHead | None:
        """The head of the next request, once it is all here. Raises RefusedRequestError.

        Only when the request before is whole.
        """
        if self._parser is None:
            if not self._rest:
                return None
            self._drop()
            remembered = self._recall()
            if remembered is not None:
                return remembered
            self._parser = h11.Connection(h11.SERVER, self._max_head)
            self._parser.receive_data(self._rest)
            self._only_piece, self._rest = self._rest, b""
        event = self._next_event(self._parser)
        if not isinstance(event, h11.Request):
            return None
        self._check(event)
        head = RequestHead.of(event)
        self._remember(head, self._parser)
        return head

    def go_on(self) -> None:
        """Read of the body what has come. Raises RefusedRequestError."""
        while self._parser is not None:
            event = self._next_event(self._parser)
            if isinstance(event, h11.Data):
                self._body.append(bytes(event.data))
                self.size += len(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self._rest, _ = self._parser.trailing_data
                self._parser = None
            else:
                return

    def take(self) -> bytes:
        """What has come of the body since this was asked last."""
        taken = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._drop()
        return taken

    def _drop(self) -> None:
        self._body = []
        self.size = 0

    @staticmethod
    def _next_event(parser: h11.Connection) -> object:
        try:
            return parser.next_event()
        except h11.RemoteProtocolError as error:
            raise RefusedRequestError(error.error_status_hint, "Invalid HTTP request received.") from None

    def _check(self, request: h11.Request) -> None:
        # h11 looks at the size only while the head is incomplete, so one that comes in a single piece passes it.
        size = len(request.method) + len(request.target) + sum(len(n) + len(v) + 4 for n, v in request.headers)
        if size > self._max_head or len(request.headers) > _MOST_FIELDS:
            raise RefusedRequestError(431, "the request head is too large")
        if request.http_version not in (b"1.0", b"1.1"):
            raise RefusedRequestError(505, "this server speaks HTTP/1.1")
        names = {name for name, _ in request.headers}
        if b"transfer-encoding" in names and (b"content-length" in names or request.http_version == b"1.0"):
            raise RefusedRequestError(400, "the body's length is said in two ways")

    # --- heads that come again --------------------------------------------------------------------------------------

    def _recall(self) -> RequestHead | None:
        """The head that begins what came, where it is known and its body is here too."""
        data = self._rest
        begin = data.find(_END_OF_HEAD) + len(_END_OF_HEAD)
        found = self._known.get(data[:begin])
        if found is None:
            return None
        head, length = found
        end = begin + length
        if len(data) < end:
            return None
        self._body, self.size, self._rest = [data[begin:end]], length, data[end:]
        return head

    def _remember(self, head: RequestHead, parser: h11.Connection) -> None:
        """Keep an accepted head. One that ends without CR, as h11 lets it, would never be recalled."""
        length, piece, self._only_piece = head.length, self._only_piece, b""
        if length is None or head.awaits_continue or not head.keeps_alive or not piece:
            return
        behind, _ = parser.trailing_data
        raw = piece[: len(piece) - len(behind)]
        if len(raw) > _LONGEST_REMEMBERED or not raw.endswith(_END_OF_HEAD):
            return
        while len(self._known) >= _MOST_REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[raw] = head, length


def answer_head(status: int, fields: Fields) -> bytes:
    """The head of an answer. ValueError for a field that would end its line."""
    return f"{_STATUS_LINES[status]}{_lines(fields)}\r\n".encode("latin-1", "replace")


def chunk(data: bytes) -> bytes:
    """A part of a chunked body; nothing for no data, since an empty chunk would be the last one."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def last_chunk(trailers: Fields = ()) -> bytes:
    """The end of a chunked body. ValueError as :func:`answer_head`."""
    return f"0\r\n{_lines(trailers)}\r\n".encode("latin-1", "replace")


def _lines(fields: Fields) -> str:
    lines = [f"{name}: {value}\r\n" for name, value in fields]
    text = "".join(lines)
    if text.count("\n") != len(lines) or text.count("\r") != len(lines) or "\0" in text:
        raise ValueError("a header's value holds the end of a line or a NUL")
    return text


def _words(header: str) -> list[str]:
    return [word.strip().lower() for word in header.split(",")]
