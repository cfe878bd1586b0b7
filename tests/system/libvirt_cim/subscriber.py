"""Subscriptions as libvirt-cim's clients make them by hand, and a listener that answers in HTTP/1.0."""

from __future__ import annotations

import base64
import http.client
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from tests.system.conftest import Server

_HEAD = """<?xml version="1.0" encoding="utf-8" ?>
<CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="4711" PROTOCOLVERSION="1.0"><SIMPLEREQ><IMETHODCALL NAME="{method}">
<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="interop"/></LOCALNAMESPACEPATH>{parameters}
</IMETHODCALL></SIMPLEREQ></MESSAGE></CIM>"""
_TAKEN = b"""<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="1"
PROTOCOLVERSION="1.0"><SIMPLEEXPRSP><EXPMETHODRESPONSE NAME="ExportIndication"/></SIMPLEEXPRSP></MESSAGE></CIM>"""
FILTER, HANDLER, SUBSCRIPTION = (
    "CIM_IndicationFilter",
    "CIM_IndicationHandlerCIMXML",
    "CIM_IndicationSubscription",
)


@dataclass(frozen=True)
class Told:
    """An indication: its class, and the path of what it is about."""

    class_name: str
    about: str


@dataclass
class Listener:
    """Connections wait until it accepts them."""

    port: int
    accept: Callable[[], None]
    told: list[Told] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    """One request a connection."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            name = re.search(r'<INSTANCE CLASSNAME="(\w+)"', body)
            path = re.search(r'"SourceInstanceModelPath"[^>]*><VALUE>([^<]*)</VALUE>', body)
            assert name is not None
            found.told.append(Told(name[1], "" if path is None else path[1].replace("&quot;", '"')))
            self.send_response(200)
            self.send_header("Content-Type", 'text/xml; charset="utf-8"')
            self.end_headers()
            self.wfile.write(_TAKEN)

        def log_message(self, *_arguments: object) -> None:
            """Nothing is printed."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        found = Listener(server.server_port, thread.start)
        try:
            yield found
        finally:
            if thread.ident is not None:
                server.shutdown()
                thread.join()


def _property(name: str, value: str, type: str = "string") -> str:
    return f'<PROPERTY NAME="{name}" TYPE="{type}"><VALUE>{value}</VALUE></PROPERTY>'


def _reference(role: str, class_name: str, to: str) -> str:
    value = f"<VALUE.REFERENCE>{to}</VALUE.REFERENCE>"
    return f'<PROPERTY.REFERENCE NAME="{role}" REFERENCECLASS="{class_name}">{value}</PROPERTY.REFERENCE>'


def _path(class_name: str, keys: dict[str, str]) -> str:
    """An instance name without a namespace; its values have no VALUETYPE."""
    bound = "".join(f'<KEYBINDING NAME="{n}"><KEYVALUE>{v}</KEYVALUE></KEYBINDING>' for n, v in keys.items())
    return f'<INSTANCENAME CLASSNAME="{class_name}">{bound}</INSTANCENAME>'


class Subscriber:
    """Makes and deletes filters, handlers and subscriptions; :attr:`made` are their paths, in that order."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._token = base64.b64encode(f"admin:{server.password}".encode()).decode()
        self.made: list[str] = []

    def subscribe(self, name: str, port: int, handler: str) -> None:
        """To the indications of a class; ``handler`` may be one that there is: that it is there is passed over."""
        to, by = self._keys(HANDLER, f"Test{handler}Handler"), self._keys(FILTER, f"Test{name}Filter")
        query = _property("Query", f"SELECT * FROM {name}") + _property("QueryLanguage", "WQL")
        self._create(FILTER, by, query + _property("SourceNamespace", "root/virt"))
        self._create(HANDLER, to, _property("Destination", f"http://localhost:{port}"))
        ends = {"Filter": _path(FILTER, by), "Handler": _path(HANDLER, to)}
        classes = {"Filter": FILTER, "Handler": "CIM_IndicationHandler"}
        joined = "".join(_reference(role, classes[role], end) for role, end in ends.items())
        answer = self._send(
            "CreateInstance", self._new(SUBSCRIPTION, joined + _property("SubscriptionState", "2", "uint16"))
        )
        assert answer == "", answer
        bound = "".join(
            f'<KEYBINDING NAME="{role}"><VALUE.REFERENCE>{end}</VALUE.REFERENCE></KEYBINDING>'
            for role, end in ends.items()
        )
        link = f'<INSTANCENAME CLASSNAME="{SUBSCRIPTION}">{bound}</INSTANCENAME>'
        self.made = list(dict.fromkeys([ends["Filter"], ends["Handler"], *self.made, link]))

    def withdraw(self) -> list[tuple[str, str]]:
        """Delete all, subscriptions first, and each twice as clients do; what was answered."""
        ordered = sorted(self.made, key=lambda path: SUBSCRIPTION not in path)
        self.made = []
        return [(self.delete(path), self.delete(path)) for path in ordered]

    def delete(self, path: str) -> str:
        return self._send("DeleteInstance", f'<IPARAMVALUE NAME="InstanceName">{path}</IPARAMVALUE>')

    def _keys(self, class_name: str, name: str) -> dict[str, str]:
        return {
            "SystemCreationClassName": "CIM_ComputerSystem",
            "SystemName": socket.gethostname(),
            "CreationClassName": class_name,
            "Name": name,
        }

    def _create(self, class_name: str, keys: dict[str, str], more: str) -> None:
        said = "".join(_property(name, value) for name, value in keys.items())
        answer = self._send("CreateInstance", self._new(class_name, said + more))
        assert answer in {"", "error 11"}, "it is there already"

    def _new(self, class_name: str, properties: str) -> str:
        return (
            f'<IPARAMVALUE NAME="NewInstance"><INSTANCE CLASSNAME="{class_name}">{properties}</INSTANCE></IPARAMVALUE>'
        )

    def _send(self, method: str, parameters: str) -> str:
        """Empty, or the error."""
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        headers = {
            "Content-type": 'application/xml; charset="utf-8"',
            "CIMOperation": "MethodCall",
            "CIMMethod": method,
            "CIMObject": "root/interop",
            "Authorization": f"Basic {self._token}",
        }
        connection.request("POST", "/cimom", _HEAD.format(method=method, parameters=parameters), headers)
        answer = connection.getresponse().read().decode()
        connection.close()
        found = re.search(r'<ERROR CODE="(\d+)"', answer)
        return f"error {found[1]}" if found else ""
