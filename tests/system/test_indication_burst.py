"""A burst of real changes reaches every listener, in order and whole, though the server is killed in the middle."""

from __future__ import annotations

import contextlib
import html
import http.server
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, pairwise

import pytest
import pywbem
from tests.system.conftest import UNTRACED, eventually, free_port
from tests.system.test_indications import Heard, subscribed

CHANGES = 5000
WORKERS = 8
QUERIES = [
    f"SELECT * FROM {event} WHERE SourceInstance ISA CIM_ComputerSystem"
    for event in ("CIM_InstCreation", "CIM_InstDeletion")
]
EVENT = re.compile('<INSTANCE CLASSNAME="(CIM_Inst[A-Za-z]+)"')
NAME = re.compile('NAME="ElementName" TYPE="string"[^>]*><VALUE>([^<]*)<')
ANSWER = (
    b'<CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="1" PROTOCOLVERSION="1.0"><SIMPLEEXPRSP>'
    b'<EXPMETHODRESPONSE NAME="ExportIndication"/></SIMPLEEXPRSP></MESSAGE></CIM>'
)


class ToFile(http.server.ThreadingHTTPServer):
    """A listener that knows nothing of WBEM: it writes each body to a file, and keeps connections."""

    daemon_threads = True

    def __init__(self, path):
        super().__init__(("127.0.0.1", free_port()), Taking)
        self.file = path.open("w", encoding="utf-8")
        self.seen = set()
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def names(self):
        return set(self.seen)

    def end(self):
        self.shutdown()
        self.thread.join()
        self.server_close()
        self.file.close()


class Taking(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.file.write(json.dumps(body.decode()) + "\n")
        # As a script without a WBEM library would find them.
        text = html.unescape(body.decode())
        self.server.seen.add((EVENT.search(text)[1], NAME.search(text)[1]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_):
        """Quiet."""


def _parsed(path):
    """The indications that the file-writing listener got."""
    handler = pywbem._listener.ListenerRequestHandler
    with path.open(encoding="utf-8") as lines:
        return [handler.parse_export_request(json.loads(line).encode())[2]["NewIndication"] for line in lines]


def _make(server, number):
    """Define and destroy systems until there is no server; the names whose definition and end were acknowledged."""
    defined, destroyed = [], []
    with server.manager() as manager:
        service = manager.service
        settings = manager.instance("VMAN_VirtualSystemSettingData", ElementName="x")
        for count in range(CHANGES // 2 // WORKERS):
            settings["ElementName"] = f"burst-{number}-{count}"
            try:
                code, out = manager.conn.InvokeMethod("DefineSystem", service, SystemSettings=settings)
                assert code == 0
                defined.append(settings["ElementName"])
                assert (
                    manager.conn.InvokeMethod("DestroySystem", service, AffectedSystem=out["ResultingSystem"])[0] == 0
                )
                destroyed.append(settings["ElementName"])
            except pywbem.Error:
                break  # the server was killed
    return defined, destroyed


def _check(indications, acknowledged):
    """Nothing missing, in order, and what came twice bears the same number."""
    context = {i["SequenceContext"] for i in indications}
    assert len(context) == 1
    numbers = [int(i["SequenceNumber"]) for i in indications]
    first = {}
    for number, indication in zip(numbers, indications, strict=True):
        first.setdefault(number, indication)
        assert first[number]["IndicationIdentifier"] == indication["IndicationIdentifier"]
    assert sorted(first) == list(range(len(first))), "no number is missing"
    fresh = [number for number, _ in groupby(numbers)]
    backward = sum(1 for a, b in pairwise(fresh) if b < a)
    assert backward <= 1, "only the restart may begin again with what it had not noted"
    told = {(i.classname, i["SourceInstance"]["ElementName"]) for i in first.values()}
    assert acknowledged <= told


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_burst_reaches_three_listeners_though_the_server_is_killed(serve, tmp_path):
    server = serve("test:///default", state=tmp_path / "burst", **UNTRACED)
    heard = [Heard().start(), Heard().start()]
    to_file = ToFile(tmp_path / "indications.jsonl")
    defined, destroyed = [], []
    reached = threading.Event()
    stack = contextlib.ExitStack()

    try:
        for number, listener in enumerate([*heard, to_file]):
            stack.enter_context(subscribed(server, listener, *QUERIES, name=f"burst{number}", owned=False))
        for kill in (True, False):
            with ThreadPoolExecutor(WORKERS + 1) as pool:
                if kill:
                    half = pool.submit(
                        eventually, "a part of it arrived", lambda: len(heard[0].indications) > CHANGES / 4
                    )
                    half.add_done_callback(lambda _: (reached.set(), server.kill()))
                names = [pool.submit(_make, server, number + (0 if kill else WORKERS)) for number in range(WORKERS)]
                for one in names:
                    made, gone = one.result()
                    defined += made
                    destroyed += gone
            if kill:
                assert reached.is_set()
                server.start()
        acknowledged = {("CIM_InstCreation", name) for name in defined} | {("CIM_InstDeletion", n) for n in destroyed}
        assert len(acknowledged) >= CHANGES, f"only {len(acknowledged)} changes were made"
        for listener in heard:
            eventually("all is told", lambda h=listener: acknowledged <= set(h.names()), 300)
        eventually("the file has it all", lambda: acknowledged <= to_file.names(), 300)
    finally:
        stack.close()
        for listener in heard:
            listener.stop()
        to_file.end()
    for listener in heard:
        _check(listener.indications, acknowledged)
    _check(_parsed(tmp_path / "indications.jsonl"), acknowledged)
    assert server.mishaps() == []
