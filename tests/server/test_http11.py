"""Requests out of bytes: however the bytes come, and whatever came before them, they say the same."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvman.server import http11
from openvman.server.http11 import RefusedRequestError, RequestReader, answer_head, chunk, last_chunk

MAX_HEAD = 600

BODIES = st.sampled_from([b"", b"a", b"b", b"abcd", b"\r\n\r\n", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"])


def with_length(method, target, fields, body, end):
    lines = [f"{method} {target} HTTP/1.1".encode(), b"Host: h", *fields]
    lines += [b"Content-Length: %d" % len(body)] if body or method == "POST" else []
    return end.join([*lines, b"", b""]) + body


def with_chunks(fields, body):
    head = b"\r\n".join([b"POST / HTTP/1.1", b"Host: h", b"Transfer-Encoding: chunked", *fields, b"", b""])
    return head + (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\nX-T: 1\r\n\r\n"


FIELDS = st.lists(
    st.sampled_from(
        [b"Authorization: a", b"Authorization: b", b"X: \xe9", b"X:", b"Expect: 100-continue", b"TE: a", b"TE: b"]
    ),
    max_size=3,
)
REQUESTS = st.one_of(
    st.builds(
        with_length,
        st.sampled_from(["POST", "GET", "HEAD"]),
        st.sampled_from(["/", "/cimom", "/e?x=1", "/%41"]),
        FIELDS,
        BODIES,
        st.sampled_from([b"\r\n", b"\r\n", b"\n"]),
    ),
    st.builds(with_chunks, FIELDS, BODIES),
    st.sampled_from(
        [
            b"\r\n",
            b"garbage\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/2.0\r\nHost: h\r\n\r\n",
            b"GET / HTTP/1.0\r\nHost: h\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"x" * MAX_HEAD + b"\r\n\r\n",
        ]
    ),
)
STREAMS = st.lists(REQUESTS, max_size=4).flatmap(lambda few: st.lists(st.sampled_from(few or [b""]), max_size=12))


def read(pieces):
    """What a reader makes of the pieces: each request's head and body, and the status of a refusal."""
    reader = RequestReader(MAX_HEAD)
    seen = []
    head, body = None, b""
    for piece in pieces:
        reader.feed(piece)
        while True:
            try:
                if head is None:
                    head, body = reader.begin(), b""
                    if head is None:
                        break
                reader.go_on()
            except RefusedRequestError as refused:
                return [*seen, refused.status]
            body += reader.take()
            if not reader.is_whole:
                break
            seen.append((*(getattr(head, name) for name in SHOWN), body))
            head = None
    return [*seen, head is not None]


SHOWN = ("method", "path", "query", "fields", "headers", "is_http10", "keeps_alive", "awaits_continue")


@given(STREAMS, st.data())
def test_a_stream_means_the_same_whole_in_pieces_and_byte_by_byte(stream, data):
    """Byte by byte, h11 parses every head; heads that come again in one piece are recalled."""
    whole = b"".join(stream)
    by_bytes = read(whole[n : n + 1] for n in range(len(whole)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    assert read(filter(None, [whole])) == by_bytes
    assert read(whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True) if a < b) == by_bytes
    assert read(filter(None, stream)) == by_bytes


@pytest.fixture
def parsed(monkeypatch):
    """How often a parser was made: there is no other sign of it."""
    made = []

    class Counted(h11.Connection):
        def __init__(self, *args):
            made.append(1)
            super().__init__(*args)

    monkeypatch.setattr(http11.h11, "Connection", Counted)
    return made


def request(number=0, body=b"body"):
    return with_length("POST", f"/{number}", [b"Authorization: me"], body, b"\r\n")


def test_a_head_that_comes_again_is_parsed_once(parsed):
    assert len(read([request(body=body) for body in (b"one.", b"two.", b"end.")])) == 4
    assert len(parsed) == 1


def test_only_a_few_heads_are_remembered(parsed):
    read([request(number) for number in range(1000)])
    made = len(parsed)
    read_again = [request(number) for number in range(1000)]
    reader = RequestReader(MAX_HEAD)
    for piece in read_again * 2:
        reader.feed(piece)
        assert reader.begin() is not None
        reader.go_on()
    assert len(parsed) == made + 2000
    assert len(reader._known) < 50  # there is no public sign of it


@pytest.mark.parametrize(
    "again",
    [
        with_chunks([], b"body"),
        with_length("POST", "/", [b"Expect: 100-continue"], b"body", b"\r\n"),
        with_length("POST", "/", [b"X: " + b"x" * 4000], b"body", b"\r\n"),
        with_length("POST", "/", [], b"body", b"\n"),
    ],
)
def test_what_is_not_plain_is_parsed_each_time(parsed, again):
    reader = RequestReader(8192)
    for _ in range(3):
        reader.feed(again)
        assert reader.begin() is not None
        reader.go_on()
        assert reader.is_whole
    assert len(parsed) == 3


def test_a_connections_heads_are_not_known_to_another(parsed):
    read([request()])
    read([request()])
    assert len(parsed) == 2


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\0b"])
def test_a_value_cannot_end_its_line(value):
    with pytest.raises(ValueError, match="the end of a line"):
        answer_head(200, [("X", value)])
    with pytest.raises(ValueError, match="the end of a line"):
        last_chunk([("X", value)])


def test_parts_of_a_body_are_read_by_h11():
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "h")]))
    client.send(h11.EndOfMessage())
    client.receive_data(answer_head(200, [("X", "é"), ("Transfer-Encoding", "chunked")]))
    client.receive_data(chunk(b"one") + chunk(b"") + chunk(b"x" * 17) + last_chunk([("T", "u")]))
    events = []
    while not isinstance(event := client.next_event(), h11.EndOfMessage):
        events.append(event)
    assert b"".join(each.data for each in events if isinstance(each, h11.Data)) == b"one" + b"x" * 17
    assert list(event.headers) == [(b"t", b"u")]
    assert (b"x", b"\xe9") in list(events[0].headers)
