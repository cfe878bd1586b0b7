"""Listeners that are down, slow, rude or not who they say: nothing is lost, all comes in order, nobody waits."""

from __future__ import annotations

import datetime as dt
import http.server
import socket
import ssl
import threading

import pytest
import pywbem
import trustme
from tests.system.conftest import eventually, free_port
from tests.system.test_indications import Heard, set_delivery, subscribed

QUERY = "SELECT * FROM CIM_InstCreation WHERE SourceInstance ISA CIM_ComputerSystem"
ENVELOPE = (
    '<CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="1" PROTOCOLVERSION="1.0"><SIMPLEEXPRSP>'
    '<EXPMETHODRESPONSE NAME="ExportIndication">{}</EXPMETHODRESPONSE></SIMPLEEXPRSP></MESSAGE></CIM>'
)


class Listener(http.server.ThreadingHTTPServer):
    """Takes indications as ``manners`` says, until it is told to be good; ``taken`` are those it answered well."""

    daemon_threads = True

    def __init__(self, manners, context=None, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.manners = manners
        self.taken = []
        self.tries = 0
        self.release = threading.Event()
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"{'http' if context is None else 'https'}://127.0.0.1:{self.server_port}"
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def handle_error(self, request, address):
        """A client that hangs up is what is tested."""

    def be_good(self):
        self.manners = good
        self.release.set()

    def end(self):
        self.release.set()
        self.shutdown()
        self.thread.join()
        self.server_close()

    def numbers(self):
        return [int(indication["SequenceNumber"]) for indication in self.taken]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.server.tries += 1
        self.server.manners(self)

    def body(self):
        return self.rfile.read(int(self.headers["Content-Length"]))

    def answer(self, status, text="", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Quiet."""


def good(handler):
    parsed = pywbem._listener.ListenerRequestHandler.parse_export_request(handler.body())
    handler.server.taken.append(parsed[2]["NewIndication"])
    handler.answer(200, ENVELOPE.format(""))


def slow(handler):
    handler.body()
    handler.server.release.wait(60)


def closing(handler):
    handler.rfile.read(10)
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def half(handler):
    handler.body()
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<CIM")
    handler.close_connection = True


def redirecting(handler):
    handler.body()
    handler.answer(307, ENVELOPE.format(""), Location="http://127.0.0.1:1/elsewhere")


def failing(handler):
    handler.body()
    handler.answer(500, ENVELOPE.format(""))


def refusing(handler):
    handler.body()
    handler.answer(200, ENVELOPE.format('<ERROR CODE="1" DESCRIPTION="the queue is full"/>'))


def babbling(handler):
    handler.body()
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 200_000)
    handler.close_connection = True


def flooding(handler):
    handler.body()
    handler.answer(200, "x" * 1_000_000)


def senseless(handler):
    handler.body()
    handler.answer(200, "<!DOCTYPE CIM [<!ENTITY a 'b'>]><CIM>&a;</CIM>")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    """A server that is quick to try again."""
    from tests.system.conftest import Server  # noqa: PLC0415 - a fixture of that module has the same name

    folder = tmp_path_factory.mktemp("bad")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    environment = {"OPENVMAN_LISTENER_TIMEOUT": "1s", "OPENVMAN_LISTENER_CA": str(folder / "ca.pem")}
    made = Server(folder / "state", ("sim://?hosts=1&vms=0",), environment=environment).start()
    set_delivery(made, DeliveryRetryInterval=pywbem.Uint32(1), DeliveryRetryAttempts=pywbem.Uint16(1000))
    yield made
    made.stop()


@pytest.fixture
def change(server):
    """Make changes that are told; undone afterwards."""
    systems = []
    with server.manager() as manager:

        def make(name):
            systems.append(manager.define(name))

        yield make
        there = manager.systems()  # of a simulation nothing is left after a restart
        for system in systems:
            assert system["Name"] not in there or manager.destroy(system) == 0


MANNERS = [slow, closing, half, redirecting, failing, refusing, babbling, flooding, senseless]


@pytest.mark.parametrize("manners", MANNERS, ids=lambda manners: manners.__name__)
def test_what_a_rude_listener_did_not_take_comes_again(server, change, manners):
    bad, polite = Listener(manners), Listener(good)
    try:
        with (
            subscribed(server, bad, QUERY, name="bad", owned=False),
            subscribed(server, polite, QUERY, name="polite", owned=False),
        ):
            for name in ("a", "b", "c"):
                change(name)
            eventually("the polite one has them", lambda: len(polite.taken) == 3)
            eventually("the rude one was tried again", lambda: bad.tries >= 2)
            assert bad.taken == []
            bad.be_good()
            eventually("the rude one has them too", lambda: len(set(bad.numbers())) == 3)
        assert list(dict.fromkeys(bad.numbers())) == [0, 1, 2]
        names = {i["SequenceNumber"]: i["SourceInstance"]["ElementName"] for i in bad.taken}
        assert list(names.values()) == ["a", "b", "c"]
        assert polite.numbers() == [0, 1, 2]
    finally:
        bad.end()
        polite.end()


def test_a_listener_that_was_down_gets_it_all_though_the_server_restarts(server, change):
    heard = Heard(free_port())
    with subscribed(server, heard, QUERY, name="down", owned=False):
        for name in ("x", "y"):
            change(name)
        server.kill()
        server.start()
        heard.start()
        try:
            eventually("all is told", lambda: len(set(heard.numbers())) == 2)
        finally:
            heard.stop()
        assert list(dict.fromkeys(heard.numbers())) == [0, 1]


def _context(authority, **times):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", **times).configure_cert(context)
    return context


def test_certificates_are_checked(server, change, authority):
    past = [dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2020, 2021)]
    contexts = [_context(authority, not_before=past[0], not_after=past[1]), _context(trustme.CA()), _context(authority)]
    port = free_port()
    listener = Listener(good, contexts[0], port)
    try:
        with subscribed(server, listener, QUERY, name="tls", owned=False):
            change("secret")
            log = server.log
            for wrong, reason in ((0, "expired"), (1, "unable to get local issuer")):
                if wrong:
                    listener.end()
                    listener = Listener(good, contexts[wrong], port)
                    server.kill()
                    server.start()
                eventually("the server tells why", lambda r=reason: r in log.read_text(), 30)
                assert listener.taken == []
            listener.end()
            listener = Listener(good, contexts[2], port)
            eventually("the good one gets it", lambda: listener.numbers() == [0])
    finally:
        listener.end()


@pytest.mark.parametrize("action", [2, 3], ids=["removed", "disabled"])
def test_a_listener_that_never_answers_is_given_up(server, change, action):
    settings = {"SubscriptionRemovalAction": pywbem.Uint16(action)}
    set_delivery(server, **settings, SubscriptionRemovalTimeInterval=pywbem.Uint32(2))
    conn = server.connection(namespace="interop")
    values = {"Name": "gone", "Destination": f"http://127.0.0.1:{free_port()}"}
    destination = conn.CreateInstance(pywbem.CIMInstance("CIM_ListenerDestinationCIMXML", values))
    values = {"Name": "gone", "Query": QUERY, "QueryLanguage": "DMTF:CQL"}
    asked = conn.CreateInstance(pywbem.CIMInstance("CIM_IndicationFilter", values))
    ends = {"Filter": asked, "Handler": destination}
    path = conn.CreateInstance(pywbem.CIMInstance("CIM_IndicationSubscription", ends))
    try:
        change("unheard")

        def states():
            return [int(s["SubscriptionState"]) for s in conn.EnumerateInstances("CIM_IndicationSubscription")]

        eventually("it is given up", lambda: states() == ([] if action == 2 else [4]))
        if action == 3:
            conn.DeleteInstance(path)
    finally:
        set_delivery(server, SubscriptionRemovalTimeInterval=pywbem.Uint32(86400))
        conn.DeleteInstance(asked)
        conn.DeleteInstance(destination)
        conn.close()
