"""Indications as libvirt-cim's clients ask for them: requests by hand, an HTTP/1.0 listener that is slow to accept."""

from __future__ import annotations

import base64
import http.client
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

CLASS = "KVM_ComputerSystemModifiedIndication"
HEAD = """<?xml version="1.0" encoding="utf-8" ?>
<CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="4711" PROTOCOLVERSION="1.0"><SIMPLEREQ><IMETHODCALL NAME="{method}">
<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="interop"/></LOCALNAMESPACEPATH>{parameters}
</IMETHODCALL></SIMPLEREQ></MESSAGE></CIM>"""


def prop(name: str, value: str, type: str = "string") -> str:
    return f'<PROPERTY NAME="{name}" TYPE="{type}"><VALUE>{value}</VALUE></PROPERTY>'


def keys(class_name: str, **values: str) -> str:
    """An instance name; its values have no VALUETYPE."""
    bound = "".join(f'<KEYBINDING NAME="{n}"><KEYVALUE>{v}</KEYVALUE></KEYBINDING>' for n, v in values.items())
    return f'<INSTANCENAME CLASSNAME="{class_name}">{bound}</INSTANCENAME>'


class Client:
    def __init__(self, server) -> None:
        self._server = server
        self._token = base64.b64encode(f"admin:{server.password}".encode()).decode()

    def send(self, method: str, parameters: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        headers = {
            "Content-type": 'application/xml; charset="utf-8"',
            "CIMOperation": "MethodCall",
            "CIMMethod": method,
            "CIMObject": "root/interop",
            "Authorization": f"Basic {self._token}",
        }
        connection.request("POST", "/cimom", HEAD.format(method=method, parameters=parameters), headers)
        answer = connection.getresponse().read().decode()
        connection.close()
        found = re.search(r'<ERROR CODE="(\d+)"', answer)
        return f"error {found[1]}" if found else answer

    def create(self, class_name: str, properties: str) -> str:
        instance = f'<INSTANCE CLASSNAME="{class_name}">{properties}</INSTANCE>'
        return self.send("CreateInstance", f'<IPARAMVALUE NAME="NewInstance">{instance}</IPARAMVALUE>')

    def delete(self, name: str) -> str:
        return self.send("DeleteInstance", f'<IPARAMVALUE NAME="InstanceName">{name}</IPARAMVALUE>')


@pytest.fixture
def listener() -> Iterator[HTTPServer]:
    """Answers in HTTP/1.0, one request a connection; ``told`` are the classes of the indications."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.server.told.append(re.search(r'<INSTANCE CLASSNAME="(\w+)"', body)[1])
            self.send_response(200)
            self.send_header("Content-Type", 'text/xml; charset="utf-8"')
            self.end_headers()
            self.wfile.write(
                b'<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="1" '
                b'PROTOCOLVERSION="1.0"><SIMPLEEXPRSP><EXPMETHODRESPONSE NAME="ExportIndication"/></SIMPLEEXPRSP>'
                b"</MESSAGE></CIM>"
            )

        def log_message(self, *_arguments: object) -> None:
            """Nothing is printed."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.told = []
    yield server
    server.server_close()


@pytest.mark.lab
def test_a_client_is_told_and_takes_its_subscription_back(on_qemu, listener, private_host, hypervisor):
    client, name = Client(on_qemu), socket.gethostname()
    common = {"SystemCreationClassName": "CIM_ComputerSystem", "SystemName": name}
    made = keys("CIM_IndicationFilter", **common, CreationClassName="CIM_IndicationFilter", Name=f"Test{CLASS}Filter")
    to = keys(
        "CIM_IndicationHandlerCIMXML",
        **common,
        CreationClassName="CIM_IndicationHandlerCIMXML",
        Name=f"Test{CLASS}Handler",
    )

    def named(class_name: str, kind: str) -> str:
        values = {**common, "CreationClassName": class_name, "Name": f"Test{CLASS}{kind}"}
        return "".join(prop(n, v) for n, v in values.items())

    def reference(role: str, class_name: str, to: str) -> str:
        value = f"<VALUE.REFERENCE>{to}</VALUE.REFERENCE>"
        return f'<PROPERTY.REFERENCE NAME="{role}" REFERENCECLASS="{class_name}">{value}</PROPERTY.REFERENCE>'

    query = prop("Query", f"SELECT * FROM {CLASS}") + prop("QueryLanguage", "WQL")
    steps = (
        (
            "CIM_IndicationFilter",
            named("CIM_IndicationFilter", "Filter") + query + prop("SourceNamespace", "root/virt"),
        ),
        (
            "CIM_IndicationHandlerCIMXML",
            named("CIM_IndicationHandlerCIMXML", "Handler")
            + prop("Destination", f"http://localhost:{listener.server_port}"),
        ),
        (
            "CIM_IndicationSubscription",
            reference("Filter", "CIM_IndicationFilter", made)
            + reference("Handler", "CIM_IndicationHandler", to)
            + prop("SubscriptionState", "2", "uint16"),
        ),
    )
    for class_name, properties in steps:
        assert "error" not in client.create(class_name, properties), class_name
    domain = hypervisor.defineXML(
        "<domain type='qemu'><name>told</name><memory unit='MiB'>16</memory><os><type>hvm</type></os></domain>"
    )
    with ThreadPoolExecutor() as pool:
        accepted = pool.submit(listener.handle_request)
        domain.create()
        accepted.result(timeout=60)
    assert listener.told == [CLASS]
    ends = (
        f'<INSTANCENAME CLASSNAME="CIM_IndicationSubscription"><KEYBINDING NAME="Filter"><VALUE.REFERENCE>{made}'
        f'</VALUE.REFERENCE></KEYBINDING><KEYBINDING NAME="Handler"><VALUE.REFERENCE>{to}</VALUE.REFERENCE>'
        "</KEYBINDING></INSTANCENAME>"
    )
    for one in (ends, to, made):
        assert "error" not in client.delete(one)
        assert client.delete(one) == "error 6", "deleting twice is said, and ignored by clients"
