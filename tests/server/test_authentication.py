"""Who is let in: no operation reaches the broker without right credentials."""

from __future__ import annotations

import asyncio
from base64 import b64encode

import pytest
from structlog.testing import capture_logs

from openvman.model.actor import Role
from openvman.security.users import Users


def _encoded(data: bytes) -> str:
    return b64encode(data).decode()


REFUSED = {
    "none": None,
    "empty": "",
    "scheme alone": "Basic",
    "empty credentials": "Basic ",
    "other scheme": f"Bearer {_encoded(b'ann:correct horse')}",
    "no scheme": _encoded(b"ann:correct horse"),
    "not base64": "Basic ann:correct",
    "not padded": f"Basic {_encoded(b'ann:correct horse').rstrip('=')}x",
    "not UTF-8": f"Basic {_encoded(bytes([0xFF, 0x3A, 0xFF]))}",
    "no colon": f"Basic {_encoded(b'ann')}",
    "no name": f"Basic {_encoded(b':correct horse')}",
    "no password": f"Basic {_encoded(b'ann:')}",
    "wrong password": f"Basic {_encoded(b'ann:wrong')}",
    "wrong user": f"Basic {_encoded(b'bob:correct horse')}",
    "other case": f"Basic {_encoded(b'Ann:correct horse')}",
    "NUL": f"Basic {_encoded(b'ann' + bytes(1) + b':correct horse')}",
    "newline": f"Basic {_encoded(b'ann:correct horse' + bytes([10]))}",
    "SQL": "Basic " + _encoded(b"ann' OR '1'='1:x"),
    "endless": f"Basic {_encoded(b'ann:' + b'x' * 4000)}",
}


@pytest.mark.parametrize("authorization", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("request_of", ["post", "invoke"])
async def test_wrong_credentials_reach_nothing(start, make, authorization, request_of):
    server = await start()
    connection = await server.connect()
    answer = await connection.ask(getattr(make, request_of)(Authorization=authorization))
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith('Basic realm="openvman"')
    assert server.broker.calls == []


async def test_good_credentials_are_not_remembered_for_the_connection(start, make):
    server = await start()
    connection = await server.connect()
    assert (await connection.ask(make.post())).status == 200
    assert (await connection.ask(make.post(Authorization=None))).status == 401
    assert (await connection.ask(make.post(Authorization=make.basic("ann", "wrong")))).status == 401
    assert len(server.broker.calls) == 1


async def test_two_authorization_headers_are_refused(start, make):
    server = await start()
    request = make.post().replace(b"Authorization:", b"Authorization: Basic AAAA\r\nAuthorization:", 1)
    assert (await (await server.connect()).ask(request)).status == 401


async def test_credentials_come_before_the_body(start, make):
    server = await start(max_body=10)
    connection = await server.connect()
    assert (await connection.ask(make.post(b"", Authorization=None, Content_Length="5000000000"))).status == 401


async def test_a_name_and_password_beyond_ascii_are_utf_8(start, make, hasher):
    server = await start()
    Users(server.store, hasher).add("eve", "pässwörd-ключ", Role.VIEWER)
    answer = await (await server.connect()).ask(make.post(Authorization=make.basic("eve", "pässwörd-ключ")))
    assert answer.status == 200


async def test_guessing_is_answered_429_until_its_time(start, make):
    server = await start()
    connection = await server.connect()
    wrong = make.post(Authorization=make.basic("admin", "wrong"))
    for _ in range(6):
        assert (await connection.ask(wrong)).status == 401
    answer = await connection.ask(wrong)
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    server.throttle_clock.now += 1.1
    assert (await connection.ask(wrong)).status == 401


async def test_guessing_one_user_does_not_shut_out_another_of_the_same_address(start, make):
    server = await start()
    connection = await server.connect()
    for _ in range(50):
        await connection.ask(make.post(Authorization=make.basic("admin", "wrong")))
    assert (await connection.ask(make.post())).status == 200


async def test_parallel_guesses_are_throttled_as_those_in_a_row(start, make):
    server = await start()
    wrong = make.post(Authorization=make.basic("admin", "wrong"))
    connections = [await server.connect() for _ in range(20)]
    statuses = [a.status for a in await asyncio.gather(*(c.ask(wrong) for c in connections))]
    assert statuses.count(401) <= 7  # six, and what the other worker has under way
    assert set(statuses) <= {401, 429, 503}


async def test_a_client_with_many_connections_is_let_in_on_all_of_them(start, make):
    """Its first requests come together, before the password is verified once."""
    server = await start()
    connections = [await server.connect() for _ in range(40)]
    answers = await asyncio.gather(*(connection.ask(make.post()) for connection in connections))
    assert {answer.status for answer in answers} == {200}


async def test_a_failure_is_logged_once_without_the_password(start, make):
    server = await start()
    connection = await server.connect()
    with capture_logs() as logs:
        await connection.ask(make.post(Authorization=make.basic("admin", "hunter2-guess")))
    (failure,) = [entry for entry in logs if entry["event"] == "authentication failed"]
    assert (failure["user"], failure["address"], failure["log_level"]) == ("admin", "127.0.0.1", "warning")
    assert "hunter2" not in str(logs)


async def test_a_request_without_credentials_is_no_failure(start, make):
    server = await start()
    connection = await server.connect()
    with capture_logs() as logs:
        for _ in range(30):
            assert (await connection.ask(make.post(Authorization=None))).status == 401
    assert [entry for entry in logs if entry["event"] == "authentication failed"] == []
