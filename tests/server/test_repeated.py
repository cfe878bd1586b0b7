"""A client that asks the same again and again: each answer is that of a first request, made anew."""

from __future__ import annotations

import asyncio

import pytest

from openvman.cim.operations import Answer, MethodAnswer
from openvman.model.actor import Role
from openvman.security.users import Users
from openvman.server.gate import OpenGate


async def test_the_same_request_reaches_the_broker_each_time(start, make, broker):
    answers = iter("ABC")
    broker.answer = lambda _request: Answer([f"CIM_{next(answers)}"])
    server = await start(broker)
    connection = await server.connect()
    bodies = [(await connection.ask(make.post())).body for _ in range(3)]
    assert [body[body.index(b"CIM_") :][:5] for body in bodies] == [b"CIM_A", b"CIM_B", b"CIM_C"]


async def test_another_body_behind_the_same_head_is_read(start, make, broker):
    server = await start(broker)
    connection = await server.connect()
    for message_id in ("1", "2", "3"):
        answer = await connection.ask(make.post(make.names_call(message_id)))
        assert f'ID="{message_id}"'.encode() in answer.body
    other = make.post(make.names_call("1").replace(b"EnumerateClassNames", b"EnumerateClassNamez"))
    assert (await connection.ask(other)).body.count(b"<ERROR CODE=") == 1
    assert (await connection.ask(make.post(b"x" * len(make.names_call())))).status == 400
    assert (await connection.ask(make.post())).status == 200
    assert len(broker.calls) == 4


async def test_a_user_who_was_removed_is_refused_with_the_head_that_was_good(start, make):
    server = await start()
    connection, other = await server.connect(), await server.connect()
    for _ in range(2):
        assert (await connection.ask(make.post())).status == 200
    assert (await other.ask(make.post(Authorization=None))).status == 401
    server.store.remove("ann")
    assert (await connection.ask(make.post())).status == 401
    assert (await connection.ask(make.post())).status == 401
    assert len(server.broker.calls) == 2


async def test_another_role_and_password_count_at_once(start, make, hasher):
    server = await start(role=Role.OPERATOR)
    users = Users(server.store, hasher)
    connection = await server.connect()
    assert (await connection.ask(make.post())).status == 200
    server.store.set_role("ann", Role.VIEWER)
    assert (await connection.ask(make.post())).status == 403
    server.store.set_role("ann", Role.ADMIN)
    assert (await connection.ask(make.post())).status == 200
    assert [actor.role for _, actor in server.broker.calls] == [Role.OPERATOR, Role.ADMIN]
    users.set_password("ann", "another password")
    assert (await connection.ask(make.post())).status == 401
    assert (await connection.ask(make.post(Authorization=make.basic("ann", "another password")))).status == 200


async def test_users_who_take_turns_on_a_connection_stay_who_they_are(start, make, hasher):
    server = await start()
    Users(server.store, hasher).add("eve", make.password, Role.VIEWER)
    connection = await server.connect()
    for _ in range(3):
        for name in ("ann", "eve"):
            assert (await connection.ask(make.post(Authorization=make.basic(name)))).status == 200
    assert [actor.name for _, actor in server.broker.calls] == ["ann", "eve"] * 3


async def test_a_repeated_request_that_is_not_for_this_server_is_refused_each_time(start, make):
    server = await start(gate=OpenGate())
    connection = await server.connect()
    for _ in range(3):
        assert (await connection.ask(make.post(Host="evil.example"))).status == 403
        assert (await connection.ask(make.post(Origin="http://localhost"))).status == 403
        assert (await connection.ask(make.post(CIMMethod="GetClass"))).status == 400
        assert (await connection.ask(make.post(Content_Type="text/html"))).status == 415
        assert (await connection.ask(make.post())).status == 200


async def test_starting_and_stopping_are_told_to_a_known_head_too(start, make):
    server = await start()
    connection = await server.connect()
    assert (await connection.ask(make.post())).status == 200
    server.application.ready = False
    assert (await connection.ask(make.post())).status == 503
    server.application.ready = True
    assert (await connection.ask(make.post())).status == 200


@pytest.mark.parametrize("size", [1, 100, 1500])
async def test_pipelined_repetitions_are_answered_in_order_whatever_their_pieces(start, make, size):
    server = await start()
    connection = await server.connect()
    stream = b"".join(make.post(make.names_call(str(n))) for n in range(10, 60))
    for begin in range(0, len(stream), size):
        connection.writer.write(stream[begin : begin + size])
        if size > 1:
            await asyncio.sleep(0)
    for n in range(10, 60):
        assert f'ID="{n}"'.encode() in (await connection.answer()).body


async def test_a_repeated_head_with_a_slow_body_waits_for_it(start, make):
    server = await start()
    connection = await server.connect()
    data = make.post()
    assert (await connection.ask(data)).status == 200
    await connection.send(data[:-5])
    await (await server.connect()).ask(make.get())
    assert (await connection.ask(data[-5:])).status == 200
    assert (await connection.ask(data)).status == 200


@pytest.mark.parametrize("waits", [False, True])
async def test_a_repeated_request_may_wait_and_be_long(start, make, broker, waits):
    """The same head, answered at once, after a wait, and in parts; a broker that waits is watched where it says so."""
    broker.waits = waits
    go = asyncio.Event()

    async def late():
        await go.wait()
        return Answer(["CIM_Late"])

    answers = iter([Answer(["CIM_A"]), late(), Answer([f"CIM_{n:07}" for n in range(20_000)]), Answer(["CIM_B"])])
    broker.answer = lambda _request: next(answers)
    server = await start(broker)
    connection = await server.connect()
    assert b"CIM_A" in (await connection.ask(make.post())).body
    await connection.send(make.post() * 3)
    go.set()
    assert b"CIM_Late" in (await connection.answer()).body
    long = await connection.answer()
    assert (long.headers["transfer-encoding"], long.body.count(b"CIM_0")) == ("chunked", 20_000)
    assert b"CIM_B" in (await connection.answer()).body


async def test_one_who_sends_many_does_not_keep_others_waiting(start, make, broker):
    """Between two requests of a pipeline, others have their turn."""
    server = await start(broker)
    many, other = await server.connect(), await server.connect()
    assert (await other.ask(make.get())).status == 200
    seen = []
    broker.answer = lambda request: seen.append(request.operation.name) or Answer([])
    broker_of_other = make.post(
        make.names_call().replace(b"EnumerateClassNames", b"EnumerateClasses"), CIMMethod="EnumerateClasses"
    )
    assert (await many.ask(make.post())).status == 200
    many.writer.write(make.post() * 100)
    other.writer.write(broker_of_other)
    assert (await other.answer()).status == 200
    for _ in range(100):
        assert (await many.answer()).status == 200
    assert seen.index("EnumerateClasses") < 100


async def test_a_change_is_made_once_for_each_time_it_is_asked(start, make, broker):
    broker.answer = lambda _request: MethodAnswer("uint32", 0)
    server = await start(broker)
    connection = await server.connect()
    for _ in range(3):
        assert (await connection.ask(make.invoke())).status == 200
    assert len(broker.calls) == 3


async def test_head_is_answered_without_a_body_each_time(start, make):
    server = await start()
    connection = await server.connect()
    for _ in range(3):
        await connection.send(make.get(method="HEAD"))
        status, headers = await connection.head()
        assert (status, headers["content-length"]) == (200, "6")
    assert (await connection.ask(make.get())).body == b"ready\n"


async def test_a_known_head_counts_as_a_request_under_way_when_the_server_stops(start, make, broker):
    begun, go = asyncio.Event(), asyncio.Event()

    async def late():
        begun.set()
        await go.wait()
        return Answer([])

    answers = iter([Answer([]), late()])
    broker.answer = lambda _request: next(answers)
    server = await start(broker)
    connection = await server.connect()
    assert (await connection.ask(make.post())).status == 200
    await connection.send(make.post())
    await begun.wait()
    closing = asyncio.create_task(server.listeners.close(60.0))
    await asyncio.sleep(0)
    go.set()
    answer = await connection.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert await connection.is_closed()
    assert await closing is True
