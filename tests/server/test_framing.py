"""HTTP/1.1: what is let in, what is refused, and with which status."""

from __future__ import annotations

import asyncio
import socket

import pytest
from structlog.testing import capture_logs

from openvman.cim.operations import Answer


async def test_a_request_is_answered_and_the_connection_kept(start, make):
    server = await start()
    connection = await server.connect()
    for _ in range(2):
        answer = await connection.ask(make.post())
        assert answer.status == 200
        assert b'<CLASSNAME NAME="CIM_A"/>' in answer.body


@pytest.mark.parametrize("pieces", [1, 7])
async def test_pieces_of_a_request_make_a_whole(start, make, pieces):
    server = await start()
    connection = await server.connect()
    data = make.post()
    for begin in range(0, len(data), len(data) // pieces):
        await connection.send(data[begin : begin + len(data) // pieces])
        await asyncio.sleep(0)
    assert (await connection.answer()).status == 200


async def test_pipelined_requests_are_answered_in_order(start, make):
    server = await start()
    connection = await server.connect()
    await connection.send(b"".join(make.post(make.names_call(str(n))) for n in range(5)))
    assert [f'ID="{n}"'.encode() in (await connection.answer()).body for n in range(5)] == [True] * 5


async def test_a_chunked_body_with_extension_and_trailer_is_read(start, make):
    server = await start()
    connection = await server.connect()
    body = make.names_call()
    head = make.post(b"", Content_Length=None, Transfer_Encoding="chunked")
    parts = b"".join(b"%x;a=b\r\n%s\r\n" % (len(p), p) for p in (body[:10], body[10:]))
    answer = await connection.ask(head + parts + b"0\r\nX-After: 1\r\n\r\n")
    assert answer.status == 200


async def test_100_continue_is_said_before_the_body_is_read(start, make):
    server = await start()
    connection = await server.connect()
    body = make.names_call()
    await connection.send(make.post(body, Expect="100-continue")[: -len(body)])
    assert (await connection.head())[0] == 100
    assert (await connection.ask(body)).status == 200


async def test_a_refused_100_continue_is_not_said_and_ends_the_connection(start, make):
    server = await start()
    connection = await server.connect()
    answer = await connection.ask(make.post(Expect="100-continue", Authorization=None)[: -len(make.names_call())])
    assert answer.status == 401
    assert answer.headers["connection"] == "close"
    assert await connection.is_closed()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"POST /cimom HTTP/1.1\r\n\r\n", 400),
        (b"POST /cimom HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"POST /cimom HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /cimom HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
        (b"POST /cimom HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /cimom HTTP/1.1\r\nHost: a\r\nContent-Length: 1e3\r\n\r\n", 400),
        (b"POST /cimom HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999999\r\n\r\n", 400),
        (b"POST /cimom HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"POST /cimom HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /cimom HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"POST /cimom HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"POST /ci mom HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Big: " + b"x" * 9000 + b"\r\n\r\n", 431),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Endless: " + b"x" * 300_000, 431),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"A: 1\r\n" * 200 + b"\r\n", 431),
    ],
)
async def test_bad_framing_is_refused_and_ends_the_connection(start, request_bytes, status):
    server = await start()
    connection = await server.connect()
    answer = await connection.ask(request_bytes)
    assert answer.status == status
    assert answer.headers["connection"] == "close"
    assert await connection.is_closed()
    assert server.broker.calls == []


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"3\r\nabcdef\r\n", b"-1\r\n", b"5\r\nabc"])
async def test_a_bad_chunk_never_reaches_the_broker(start, make, chunks):
    server = await start()
    connection = await server.connect()
    await connection.send(make.post(b"", Content_Length=None, Transfer_Encoding="chunked") + chunks)
    connection.writer.write_eof()
    await connection.reader.read()
    assert server.broker.calls == []


async def test_a_bad_chunk_of_a_request_that_is_refused_has_one_answer(start, make):
    server = await start()
    connection = await server.connect()
    request = make.post(b"", Content_Length=None, Transfer_Encoding="chunked", Authorization=None)
    with capture_logs() as logs:
        assert (await connection.ask(request + b"zz\r\n")).status == 400
        await server.idle()
    assert await connection.is_closed()
    assert [entry["event"] for entry in logs] == ["request"]


async def test_a_body_shorter_than_its_length_never_reaches_the_broker(start, make):
    server = await start()
    connection = await server.connect()
    await connection.send(make.post(Content_Length=str(len(make.names_call()) + 1)))
    connection.writer.write_eof()
    assert await connection.is_closed()
    assert server.broker.calls == []


async def test_what_follows_a_length_is_the_next_request(start, make):
    server = await start()
    connection = await server.connect()
    assert (await connection.ask(make.post() + b"garbage\r\n\r\n")).status == 200
    assert (await connection.answer()).status == 400
    assert await connection.is_closed()


async def test_a_slow_head_is_answered_408(start, make):
    server = await start(header_timeout=0.05)
    connection = await server.connect()
    answer = await connection.ask(b"POST /cimom HTTP/1.1\r\nHost: ")
    assert answer.status == 408
    assert await connection.is_closed()


async def test_a_second_slow_head_is_answered_408_too(start, make):
    server = await start(header_timeout=0.05)
    connection = await server.connect()
    assert (await connection.ask(make.get())).status == 200
    assert (await connection.ask(b"GET")).status == 408


async def test_a_silent_connection_is_closed_without_a_word(start):
    server = await start(header_timeout=0.05)
    assert await (await server.connect()).is_closed()


async def test_an_idle_connection_is_closed(start, make):
    server = await start(idle_timeout=0.05)
    connection = await server.connect()
    assert (await connection.ask(make.get())).status == 200
    assert await connection.is_closed()


async def test_a_slow_body_is_answered_408(start, make):
    server = await start(body_timeout=0.05)
    connection = await server.connect()
    answer = await connection.ask(make.post()[:-1])
    assert answer.status == 408
    assert server.broker.calls == []


async def test_more_connections_than_allowed_are_answered_503(start, make):
    server = await start(max_connections=1)
    first = await server.connect()
    assert (await first.ask(make.get())).status == 200
    second = await server.connect()
    assert (await second.answer()).status == 503
    assert await second.is_closed()
    await first.close()


async def test_http_1_0_is_answered_without_chunks_and_closed(start, make):
    server = await start()
    connection = await server.connect()
    answer = await connection.ask(make.post().replace(b"HTTP/1.1", b"HTTP/1.0", 1))
    assert answer.status == 200
    assert "transfer-encoding" not in answer.headers
    assert await connection.is_closed()


async def test_a_declared_body_over_the_limit_is_refused_unread(start, make):
    server = await start(max_body=1000)
    connection = await server.connect()
    answer = await connection.ask(make.post(b"", Content_Length="1001"))
    assert answer.status == 413


async def test_a_chunked_body_over_the_limit_is_refused(start, make):
    server = await start(max_body=1000)
    connection = await server.connect()
    head = make.post(b"", Content_Length=None, Transfer_Encoding="chunked")
    assert (await connection.ask(head + b"3e9\r\n" + b"x" * 1001)).status == 413
    assert server.broker.calls == []


async def test_a_small_rest_of_a_refused_request_is_read_away_and_the_connection_kept(start, make):
    server = await start()
    connection = await server.connect()
    body = make.names_call()
    assert (await connection.ask(make.post(body, Authorization=None)[: -len(body)])).status == 401
    assert (await connection.ask(body + make.post())).status == 200


async def test_a_large_rest_of_a_refused_request_ends_the_connection(start, make):
    server = await start(max_body=2**26)
    connection = await server.connect()
    answer = await connection.ask(make.post(b"", Authorization=None, Content_Length=str(2**26)))
    assert answer.status == 401

    async def flood():
        for _ in range(2**10):
            await connection.send(b"x" * 2**16)

    with pytest.raises(ConnectionError):
        await flood()


async def test_a_rest_that_never_comes_ends_the_connection(start, make):
    server = await start(header_timeout=0.05)
    connection = await server.connect()
    assert (await connection.ask(make.post(Authorization=None)[:-1])).status == 401
    assert await connection.is_closed()


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
async def test_a_client_that_does_not_read_its_answer_does_not_keep_the_connection(start, make, broker, connection):
    """An answer of one part, of which the sockets between take little and the server keeps the rest."""
    broker.answer = lambda _request: Answer(["x" * 60_000])
    server = await start(broker, idle_timeout=0.05)
    for listening in server.listeners._servers[0].sockets:  # what it accepts has buffers as small
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, (server.address.host, server.address.port))
        await asyncio.get_running_loop().sock_sendall(client, make.post(Connection=connection))
        await server.lost()


async def test_an_answer_that_waits_in_the_pipeline_is_told_that_it_is_the_last(start, make):
    server = await start()
    connection = await server.connect()
    await connection.send(make.post(Connection="close") + make.post())
    answer = await connection.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert await connection.is_closed()
    assert len(server.broker.calls) == 1
