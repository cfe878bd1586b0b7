"""EnumerateInstances over HTTP from a simulated fleet, beside a server that sends the same bytes and no more."""

from __future__ import annotations

import http.client
import re
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figure import Figure, seconds

_SYSTEMS = 2000
_HEADERS = {
    "Content-Type": 'application/xml; charset="utf-8"',
    "CIMOperation": "MethodCall",
    "CIMMethod": "EnumerateInstances",
    "CIMObject": "root/vman",
}
_REQUEST = (
    b'<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0">'
    b'<MESSAGE ID="1" PROTOCOLVERSION="1.0">'
    b'<SIMPLEREQ><IMETHODCALL NAME="EnumerateInstances"><LOCALNAMESPACEPATH><NAMESPACE NAME="root"/>'
    b'<NAMESPACE NAME="vman"/></LOCALNAMESPACEPATH><IPARAMVALUE NAME="ClassName">'
    b'<CLASSNAME NAME="VMAN_ComputerSystem"/></IPARAMVALUE><IPARAMVALUE NAME="LocalOnly"><VALUE>FALSE</VALUE>'
    b"</IPARAMVALUE></IMETHODCALL></SIMPLEREQ></MESSAGE></CIM>"
)


def measure(scale: float) -> Iterator[Figure]:
    """``scale`` multiplies the number of systems."""
    systems = max(1, int(_SYSTEMS * scale))
    with _openvman(f"sim://?hosts=1&vms={systems}") as port:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        body = _asked(line)
        assert body.count(b"<VALUE.NAMEDINSTANCE>") == systems
        ours = seconds(lambda: _asked(line), 9)
        line.close()
    with _canned(body) as port:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        assert _asked(line) == body
        theirs = seconds(lambda: _asked(line), 9)
        line.close()
    what = f"EnumerateInstances, {systems} systems, {len(body) / 2**20:.1f} MiB"
    yield Figure("read over HTTP", what, ours, "a server that sends these bytes", theirs)


def _asked(line: http.client.HTTPConnection) -> bytes:
    line.request("POST", "/cimom", _REQUEST, _HEADERS)
    response = line.getresponse()
    body = response.read()
    assert response.status == http.HTTPStatus.OK, body
    return body


@contextmanager
def _openvman(platform: str) -> Iterator[int]:
    """A server's port."""
    with tempfile.TemporaryDirectory() as state:
        words = ["serve", "--platform", platform, "--state", state, "--auth", "none", "--log-level", "warning"]
        process = subprocess.Popen(
            [Path(sys.executable).with_name("vman"), *words, "--listen", "127.0.0.1:0", "--tls-listen", "none"],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            found = next((m for out in process.stdout if (m := re.search(r"http://127\.0\.0\.1:(\d+)/", out))), None)
            assert found is not None, "the server did not start"
            yield int(found[1])
        finally:
            process.terminate()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@contextmanager
def _canned(body: bytes) -> Iterator[int]:
    """The port of a server that answers every POST with ``body``."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while True:
                length = 0
                while (header := self.rfile.readline()) not in (b"\r\n", b""):
                    name, _, value = header.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                if not header:
                    return
                self.rfile.read(length)
                self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
