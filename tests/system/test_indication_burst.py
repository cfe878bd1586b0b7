"""A burst of real changes reaches every listener, in order and whole, though the server is killed in the middle."""

from __future__ import annotations

import contextlib
import html
import http.client
import http.server
import json
import re
import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, pairwise
from urllib.parse import quote
from uuid import uuid4

import pytest
import pywbem
from tests.system.conftest import UNTRACED, eventually, free_port
from tests.system.test_indications import Heard, subscribed

CHANGES = 5000
WORKERS = 8
LONG = 300
"""Seconds after which a machine that is busy with other things too would have done it."""
NAMED = "burst-template"
DONE = b'<RETURNVALUE PARAMTYPE="uint32"><VALUE>0</VALUE>'
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


class Changes:
    """Two of pywbem's requests, made once, and sent again and again for other systems: pywbem takes longer to make a
    request than the server to answer it."""

    def __init__(self, server):
        self._server = server
        token = b64encode(f"admin:{server.password}".encode()).decode()
        self._headers = {
            "Content-Type": "application/xml",
            "CIMOperation": "MethodCall",
            "Authorization": f"Basic {token}",
        }
        self._id = str(uuid4())
        with server.manager() as manager:
            manager.conn.debug = True
            settings = manager.instance(
                "VMAN_VirtualSystemSettingData", ElementName=NAMED, VirtualSystemIdentifier=self._id
            )
            code, out = manager.conn.InvokeMethod("DefineSystem", manager.service, SystemSettings=settings)
            assert code == 0
            self._define = manager.conn.last_raw_request.encode()
            assert manager.destroy(out["ResultingSystem"]) == 0
            self._destroy = manager.conn.last_raw_request.encode()
            self._headers["CIMObject"] = quote(manager.service.to_wbem_uri(format="cimobject"))

    def make(self, prefix, systems):
        """Define and destroy as many, or until there is no server; what was acknowledged, by name."""
        defined, destroyed = [], []
        conn = http.client.HTTPConnection("127.0.0.1", self._server.port)
        for count in range(systems):
            name, id = f"{prefix}-{count}", str(uuid4())
            for request, method, done in (
                (self._define, "DefineSystem", defined),
                (self._destroy, "DestroySystem", destroyed),
            ):
                body = request.replace(self._id.encode(), id.encode()).replace(NAMED.encode(), name.encode())
                try:
                    conn.request("POST", "/cimom", body, {**self._headers, "CIMMethod": method})
                    answer = conn.getresponse().read()
                except (OSError, http.client.HTTPException):
                    conn.close()
                    return defined, destroyed  # the server was killed
                assert DONE in answer, answer
                done.append(name)
        conn.close()
        return defined, destroyed


def _has(heard, acknowledged):
    return len(heard.indications) >= len(acknowledged) and acknowledged <= set(heard.names())


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


@pytest.mark.timeout(600)
def test_a_burst_reaches_three_listeners_though_the_server_is_killed(serve, tmp_path):
    server = serve("test:///default", state=tmp_path / "burst", **UNTRACED)
    changes = Changes(server)
    heard = [Heard().start(), Heard().start()]
    to_file = ToFile(tmp_path / "indications.jsonl")
    defined, destroyed = [], []
    stack = contextlib.ExitStack()

    try:
        for number, listener in enumerate([*heard, to_file]):
            stack.enter_context(subscribed(server, listener, *QUERIES, name=f"burst{number}", owned=False))
        for kill in (True, False):
            systems = -(-(CHANGES - len(defined) - len(destroyed)) // 2 // WORKERS)
            with ThreadPoolExecutor(WORKERS + 1) as pool:
                if kill:
                    half = pool.submit(
                        eventually, "half arrived", lambda: len(heard[0].indications) > CHANGES / 2, LONG
                    )
                    half.add_done_callback(lambda _: server.kill())
                names = [pool.submit(changes.make, f"burst-{kill}-{number}", systems) for number in range(WORKERS)]
                for one in names:
                    made, gone = one.result()
                    defined += made
                    destroyed += gone
            if kill:
                half.result()
                server.start()
        acknowledged = {("CIM_InstCreation", name) for name in defined} | {("CIM_InstDeletion", n) for n in destroyed}
        assert len(acknowledged) >= CHANGES, f"only {len(acknowledged)} changes were made"
        for listener in heard:
            eventually("all is told", lambda h=listener: _has(h, acknowledged), LONG)
        eventually("the file has it all", lambda: acknowledged <= to_file.names(), LONG)
    finally:
        stack.close()
        for listener in heard:
            listener.stop()
        to_file.end()
    for listener in heard:
        _check(listener.indications, acknowledged)
    _check(_parsed(tmp_path / "indications.jsonl"), acknowledged)
    assert server.mishaps() == []
