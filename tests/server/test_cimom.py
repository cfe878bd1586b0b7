"""/cimom: from HTTP to the broker and back."""

from __future__ import annotations

import asyncio
import gzip

import pytest
from lxml import etree
from structlog.testing import capture_logs

from openvman.cim.errors import CIMError
from openvman.cim.operations import Answer, MethodAnswer
from openvman.cim.plan import Extent, Extents, InstancePlan
from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem
from openvman.model.actor import Actor, Role

MANY = [f"CIM_Class{n:06}" for n in range(20_000)]


def failing_after(count, error):
    yield from MANY[:count]
    raise error


def message_ids(answer) -> list[str]:
    """Those of the CIM_Error instances of a response."""
    return etree.fromstring(answer.body).xpath("//ERROR/INSTANCE/PROPERTY[@NAME='MessageID']/VALUE/text()")


async def test_the_broker_is_asked_as_the_user(start, make, broker):
    server = await start(broker)
    await (await server.connect()).ask(make.post())
    ((request, actor),) = broker.calls
    assert (request.operation.name, request.namespace) == ("EnumerateClassNames", "root/vman")
    assert actor == Actor("ann", Role.OPERATOR)


async def test_a_response_has_the_headers_of_dsp0200(start, make):
    server = await start()
    answer = await (await server.connect()).ask(make.post())
    assert answer.headers["cimoperation"] == "MethodResponse"
    assert answer.headers["content-type"] == 'application/xml; charset="utf-8"'
    assert int(answer.headers["wbemserverresponsetime"]) > 0
    assert "date" in answer.headers


async def test_m_post_is_answered_with_its_prefix(start, make):
    server = await start()
    request = make.post(
        method="M-POST",
        CIMOperation=None,
        CIMMethod=None,
        CIMObject=None,
        Man="http://www.dmtf.org/cim/mapping/http/v1.0 ; ns=73",
        **{"73-CIMOperation": "MethodCall", "73-CIMMethod": "EnumerateClassNames", "73-CIMObject": "root/vman"},
    )
    answer = await (await server.connect()).ask(request)
    assert answer.status == 200
    assert answer.headers["73-cimoperation"] == "MethodResponse"
    assert "ns=73" in answer.headers["man"]


@pytest.mark.parametrize(
    ("changes", "status", "cim_error"),
    [
        ({"CIMOperation": None}, 400, "unsupported-operation"),
        ({"CIMOperation": "Other"}, 400, "unsupported-operation"),
        ({"CIMMethod": "GetClass"}, 400, "header-mismatch"),
        ({"CIMObject": "root/cimv2"}, 400, "header-mismatch"),
        ({"CIMProtocolVersion": "2.0"}, 501, "unsupported-protocol-version"),
        ({"Content-Type": "text/html"}, 415, None),
        ({"Content-Encoding": "gzip"}, 415, None),
    ],
)
async def test_a_request_that_is_no_operation_is_refused_with_its_cim_error(
    start, make, broker, changes, status, cim_error
):
    server = await start(broker)
    connection = await server.connect()
    answer = await connection.ask(make.post(**changes))
    assert (answer.status, answer.headers.get("cimerror")) == (status, cim_error)
    assert broker.calls == []
    assert (await connection.ask(make.post())).status == 200


async def test_a_body_that_is_not_xml_is_refused(start, make):
    server = await start()
    answer = await (await server.connect()).ask(make.post(b"<CIM"))
    assert (answer.status, answer.headers["cimerror"]) == (400, "request-not-well-formed")


async def test_an_operation_at_fault_is_answered_with_an_error_response(start, make):
    server = await start()
    body = make.names_call().replace(b"EnumerateClassNames", b"NoSuchOperation")
    answer = await (await server.connect()).ask(make.post(body, CIMMethod="NoSuchOperation"))
    assert answer.status == 200
    assert b'<ERROR CODE="7"' in answer.body
    assert message_ids(answer) == ["VMAN1760"]


async def test_a_cim_error_is_a_response(start, make, broker):
    def answer(_request):
        raise CIMError(ErrorMessage(1, "no such thing", problem=Problem.NOT_FOUND))

    broker.answer = answer
    server = await start(broker)
    got = await (await server.connect()).ask(make.post())
    assert got.status == 200
    assert b'<ERROR CODE="6" DESCRIPTION="no such thing"' in got.body


async def test_a_fault_of_the_broker_is_logged_and_only_referred_to(start, make, broker):
    def answer(_request):
        raise ZeroDivisionError("secret detail")

    broker.answer = answer
    server = await start(broker)
    connection = await server.connect()
    with capture_logs() as logs:
        got = await connection.ask(make.post())
    (failure,) = [entry for entry in logs if entry["event"] == "operation failed"]
    assert b'<ERROR CODE="1"' in got.body
    assert failure["id"].encode() in got.body
    assert message_ids(got) == ["VMAN4001"]
    assert b"secret detail" not in got.body
    assert isinstance(failure["exc_info"], ZeroDivisionError)
    broker.answer = lambda _request: Answer([])
    assert (await connection.ask(make.post())).status == 200


async def test_a_long_answer_is_chunked(start, make, broker):
    broker.answer = lambda _request: Answer(MANY)
    server = await start(broker)
    answer = await (await server.connect()).ask(make.post())
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.body.count(b"<CLASSNAME ") == len(MANY)
    assert answer.trailers == {}


async def test_a_short_answer_has_a_length(start, make):
    server = await start()
    answer = await (await server.connect()).ask(make.post())
    assert "content-length" in answer.headers


@pytest.mark.parametrize("count", [500, 20_000])
async def test_gzip_is_sent_to_who_accepts_it(start, make, broker, count):
    broker.answer = lambda _request: Answer(MANY[:count])
    server = await start(broker)
    answer = await (await server.connect()).ask(make.post(Accept_Encoding="gzip, deflate"))
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body).count(b"<CLASSNAME ") == count


@pytest.mark.parametrize("accepted", ["gzip;q=0", "identity", "br"])
async def test_gzip_is_not_sent_to_who_does_not(start, make, broker, accepted):
    broker.answer = lambda _request: Answer(MANY)
    server = await start(broker)
    answer = await (await server.connect()).ask(make.post(Accept_Encoding=accepted))
    assert "content-encoding" not in answer.headers


async def test_a_tiny_answer_is_not_packed(start, make):
    server = await start()
    answer = await (await server.connect()).ask(make.post(Accept_Encoding="gzip"))
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("encoding", [None, "gzip"])
async def test_a_failure_on_the_way_is_told_by_trailers(start, make, broker, encoding):
    broker.answer = lambda _request: Answer(failing_after(40_000, CIMError(ErrorMessage(1, "lost: 50%"))))
    server = await start(broker)
    connection = await server.connect()
    answer = await connection.ask(make.post(TE="trailers", Accept_Encoding=encoding))
    assert "CIMStatusCode" in answer.headers["trailer"]
    assert answer.trailers == {"cimstatuscode": "1", "cimstatuscodedescription": "lost%3A 50%25"}
    assert (await connection.ask(make.get())).status == 200


async def test_a_failure_on_the_way_cuts_the_connection_of_who_takes_no_trailers(start, make, broker):
    broker.answer = lambda _request: Answer(failing_after(40_000, CIMError(ErrorMessage(1, "lost"))))
    server = await start(broker)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await (await server.connect()).ask(make.post())


async def test_a_fault_on_the_way_is_told_as_one_that_is_only_referred_to(start, make, broker):
    broker.answer = lambda _request: Answer(failing_after(40_000, ZeroDivisionError("secret")))
    server = await start(broker)
    with capture_logs() as logs:
        answer = await (await server.connect()).ask(make.post(TE="trailers"))
    (failure,) = [entry for entry in logs if entry["event"] == "operation failed"]
    assert failure["id"] in answer.trailers["cimstatuscodedescription"]
    assert "secret" not in answer.trailers["cimstatuscodedescription"]


async def test_a_failure_before_the_second_part_is_an_error_response(start, make, broker):
    broker.answer = lambda _request: Answer(failing_after(3_000, CIMError(ErrorMessage(1, "lost"))))
    server = await start(broker)
    answer = await (await server.connect()).ask(make.post())
    assert b'<ERROR CODE="1"' in answer.body
    assert "content-length" in answer.headers


async def test_http_1_0_gets_a_long_answer_whole_and_unchunked(start, make, broker):
    broker.answer = lambda _request: Answer(MANY)
    server = await start(broker)
    answer = await (await server.connect()).ask(make.post().replace(b"HTTP/1.1", b"HTTP/1.0", 1))
    assert answer.body.count(b"<CLASSNAME ") == len(MANY)


async def test_others_are_served_between_the_parts_of_an_answer(start, make, broker):
    begun, served = asyncio.Event(), asyncio.Event()
    produced = 0

    def long():
        nonlocal produced
        begun.set()
        while not served.is_set() and produced < 2**25:
            produced += len(MANY[0])
            yield MANY[0]

    broker.answer = lambda _request: Answer(long())
    server = await start(broker)
    first, second = await server.connect(), await server.connect()
    reading = asyncio.create_task(first.ask(make.post()))
    await begun.wait()
    assert (await second.ask(make.get())).status == 200
    served.set()
    assert (await reading).status == 200
    assert produced < 2**20  # long before the first one's socket was full


class Waiting:
    """A broker's answer that waits to be let go."""

    def __init__(self, result):
        self.result = result
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.outcome = asyncio.get_running_loop().create_future()

    async def __call__(self):
        self.begun.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.outcome.set_result("cancelled")
            raise
        self.outcome.set_result("done")
        return self.result


async def test_a_read_whose_client_leaves_is_cancelled(start, make, broker):
    waiting = Waiting(Answer([]))
    broker.answer, broker.waits = (lambda _request: waiting()), True
    server = await start(broker)
    connection = await server.connect()
    await connection.send(make.post())
    await waiting.begun.wait()
    await connection.close()
    assert await waiting.outcome == "cancelled"


STEPS = 1_000_000
"""So many that a server which does nothing else in between is seen to."""


def searching(until):
    """An answer that finds nothing until something happened elsewhere."""

    def parts():
        for _ in range(STEPS):
            if until():
                return
            yield ()
        raise AssertionError("nobody else was served")

    plan = InstancePlan("CIM_A", "root/vman", (), ())
    return Answer(Extents([Extent(plan, parts(), iter)]))


@pytest.fixture
def search(make):
    names = make.names_call().replace(b"EnumerateClassNames", b"EnumerateInstanceNames")
    body = names.replace(
        b"</IMETHODCALL>", b'<IPARAMVALUE NAME="ClassName"><CLASSNAME NAME="CIM_A"/></IPARAMVALUE></IMETHODCALL>'
    )
    return make.post(body, CIMMethod="EnumerateInstanceNames")


async def test_others_are_served_while_an_answer_is_looked_for(start, make, broker, search):
    served = []

    def answer(request):
        if request.operation.name == "EnumerateInstanceNames":
            return searching(lambda: served)
        served.append(request)
        return Answer([])

    broker.answer = answer
    server = await start(broker)
    searcher, other = await server.connect(), await server.connect()
    await searcher.send(search)
    assert (await other.ask(make.post())).status == 200
    answered = await searcher.answer()
    assert answered.status == 200
    assert b"<IRETURNVALUE></IRETURNVALUE>" in answered.body


async def test_nothing_is_looked_for_when_the_client_has_left(start, broker, search):
    begun, steps = asyncio.Event(), []

    def step():
        begun.set()
        steps.append(begun)

    broker.answer = lambda _request: searching(step)
    server = await start(broker)
    searcher = await server.connect()
    await searcher.send(search)
    await begun.wait()
    await searcher.close()
    await server.idle()
    assert len(steps) < STEPS


async def test_a_change_whose_client_leaves_is_finished(start, make, broker):
    waiting = Waiting(MethodAnswer("uint32", 0))
    broker.answer = lambda _request: waiting()
    server = await start(broker)
    connection = await server.connect()
    await connection.send(make.invoke())
    await waiting.begun.wait()
    with capture_logs() as logs:
        await connection.close()
        await server.lost()
        waiting.go.set()
        assert await waiting.outcome == "done"
        await server.idle()
    assert [entry["operation"] for entry in logs if entry["event"] == "request"] == ["DoIt"]


async def test_a_client_that_does_not_read_is_given_up(start, make, broker):
    asked = asyncio.Event()

    def endless():
        asked.set()
        while True:
            yield MANY[0] * 1000

    broker.answer = lambda _request: Answer(endless())
    server = await start(broker, body_timeout=0.05)
    connection = await server.connect()
    with capture_logs() as logs:
        await connection.send(make.post())
        await asked.wait()
        await server.idle()
        await server.lost()
    assert [entry["outcome"] for entry in logs if entry["event"] == "request"] == ["client gone"]


async def test_a_large_body_is_decoded_too(start, make, broker):
    server = await start(broker)
    body = make.names_call() + b"<!--" + b"x" * 200_000 + b"-->"
    assert (await (await server.connect()).ask(make.post(body))).status == 200


async def test_each_request_has_one_line_in_the_access_log(start, make):
    server = await start()
    connection = await server.connect()
    with capture_logs() as logs:
        answer = await connection.ask(make.post())
    (line,) = [entry for entry in logs if entry["event"] == "request"]
    assert line["bytes"] == len(answer.body)
    shown = ("user", "operation", "namespace", "status", "client")
    assert [line[name] for name in shown] == ["ann", "EnumerateClassNames", "root/vman", 200, "127.0.0.1"]
    assert make.password not in str(logs)
