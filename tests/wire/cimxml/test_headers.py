"""The CIM headers: what must be there, what must agree, how the response says it."""

from __future__ import annotations

import pytest
import pywbem

from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.operations import OPERATIONS, Call, MethodAnswer, MethodCall
from openvman.cim.values import ClassPath, InstancePath
from openvman.messages.message import ErrorMessage
from openvman.wire.cimxml.decode import Message
from openvman.wire.cimxml.errors import ProtocolError
from openvman.wire.cimxml.headers import (
    check_request_headers,
    error_trailers,
    protocol_error_headers,
    read_request_headers,
    response_headers,
)

# Captured from wbemcli 1.6.3.
WBEMCLI = {
    "host": "127.0.0.1:5988",
    "content-type": 'application/xml; charset="utf-8"',
    "connection": "Keep-Alive, TE",
    "cimprotocolversion": "1.0",
    "cimoperation": "MethodCall",
    "cimmethod": "EnumerateInstances",
    "cimobject": "root%2Fvirt",
}
ENUMERATE = Message("1", "1.0", Call(OPERATIONS["EnumerateInstances"], "root/virt", NameMap({"ClassName": "C"})))
TARGET = InstancePath("VMAN_X", NameMap({"Name": "50% é"}), "root/virt")
INVOKE = Message("1", "1.0", MethodCall("Start", TARGET, NameMap()))


def refusal(method: str = "POST", message: Message = ENUMERATE, **changed: str | None) -> tuple[int, str | None]:
    headers = {name: value for name, value in (WBEMCLI | changed).items() if value is not None}
    with pytest.raises(ProtocolError) as raised:
        check_request_headers(read_request_headers(method, headers), message)
    return raised.value.http_status, raised.value.cim_error


def test_wbemcli() -> None:
    headers = read_request_headers("POST", WBEMCLI)
    assert headers.charset == "utf-8"
    check_request_headers(headers, ENUMERATE)


@pytest.mark.parametrize("path", [pywbem.CIMInstanceName("VMAN_X", {"Name": "50% é", "A": True}), "VMAN_X"])
def test_pywbem(peer, path) -> None:
    """The peer checks the headers of each request that pywbem sends."""
    peer.answer = MethodAnswer("uint32", 0)
    assert peer.connection.InvokeMethod("Start", path)[0] == 0


@pytest.mark.parametrize(
    "written",
    [
        "root/virt:VMAN_X",
        'root/virt:VMAN_X.Name="50%25 %C3%A9"',
        "root%2Fvirt%3AVMAN_X.Name%3D%2250%25%20%C3%A9%22",
        'ROOT/virt:vman_x.Name="100% other"',
        'root/virt:VMAN_X.Name="a:b.c"',
        "root/virt:VMAN_X=@",
        'root/virt:VMAN_X.Name="\xe9%e9"',
    ],
)
def test_ways_to_write_the_object(written) -> None:
    check_request_headers(read_request_headers("POST", WBEMCLI | {"cimmethod": "start", "cimobject": written}), INVOKE)
    target = ClassPath("VMAN_X", "root/virt")
    on_class = Message("1", "1.0", MethodCall("Start", target, NameMap()))
    check_request_headers(
        read_request_headers("POST", WBEMCLI | {"cimmethod": "Start", "cimobject": written}), on_class
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"cimoperation": None}, (400, "unsupported-operation")),
        ({"cimoperation": "MethodResponse"}, (400, "unsupported-operation")),
        ({"cimoperation": ""}, (400, "unsupported-operation")),
        ({"cimbatch": ""}, (501, "multiple-requests-unsupported")),
        ({"cimprotocolversion": "2.0"}, (501, "unsupported-protocol-version")),
        ({"cimprotocolversion": "1.1"}, (400, "header-mismatch")),
        ({"cimmethod": None}, (400, "header-mismatch")),
        ({"cimmethod": "GetInstance"}, (400, "header-mismatch")),
        ({"cimmethod": "Enumerate%49nstanceNames"}, (400, "header-mismatch")),
        ({"cimobject": None}, (400, "header-mismatch")),
        ({"cimobject": " "}, (400, "header-mismatch")),
        ({"cimobject": "root/cimv2"}, (400, "header-mismatch")),
        ({"cimobject": "root/virt:C"}, (400, "header-mismatch")),
        ({"content-type": "text/plain"}, (415, None)),
        ({"content-type": ""}, (415, None)),
    ],
)
def test_refusals(changed, expected) -> None:
    assert refusal(**changed) == expected


@pytest.mark.parametrize(
    "written", ["root/virt", "root/other:VMAN_X", "root/virt:VMAN_Y", 'root/virt:VMAN_Y.A="VMAN_X"']
)
def test_the_object_of_a_method_call(written) -> None:
    assert refusal(message=INVOKE, cimmethod="Start", cimobject=written) == (400, "header-mismatch")


@pytest.mark.parametrize(
    ("written", "charset"),
    [
        (None, None),
        ("application/xml", None),
        ("text/xml; charset=UTF-16", "UTF-16"),
        ('Application/XML ;a=b; Charset = "utf-8" ', "utf-8"),
    ],
)
def test_content_type(written, charset) -> None:
    headers = {name: value for name, value in (WBEMCLI | {"content-type": written}).items() if value is not None}
    assert read_request_headers("POST", headers).charset == charset


def test_the_version_and_the_case_may_vary() -> None:
    headers = {name: value for name, value in WBEMCLI.items() if name != "cimprotocolversion"}
    check_request_headers(read_request_headers("POST", headers | {"cimoperation": "methodcall"}), ENUMERATE)


# --- M-POST ----------------------------------------------------------------------------------------------------------

MAN = "http://www.dmtf.org/cim/mapping/http/v1.0 ; ns=73"
EXTENDED = {
    "content-type": "application/xml",
    "man": MAN,
    "73-cimoperation": "MethodCall",
    "73-cimmethod": "EnumerateInstances",
    "73-cimobject": "root%2Fvirt",
}


@pytest.mark.parametrize("man", [MAN, MAN.replace(" ; ", ";"), f'"urn:other"; ns=10, "{MAN[:41]}"; ns=73'])
def test_m_post(man) -> None:
    headers = read_request_headers("M-POST", EXTENDED | {"man": man})
    check_request_headers(headers, ENUMERATE)
    assert headers.prefix == "73-"
    assert response_headers(headers) == [
        ("Content-Type", 'application/xml; charset="utf-8"'),
        ("Cache-Control", "no-cache"),
        ("Ext", ""),
        ("Man", MAN),
        ("73-CIMOperation", "MethodResponse"),
        ("73-CIMProtocolVersion", "1.0"),
    ]


@pytest.mark.parametrize("man", ["", "urn:other; ns=73", MAN.partition(" ")[0], f"{MAN[:41]}; ns=x"])
def test_m_post_without_the_declaration(man) -> None:
    with pytest.raises(ProtocolError) as raised:
        read_request_headers("M-POST", EXTENDED | {"man": man})
    assert (raised.value.http_status, raised.value.cim_error) == (510, None)


def test_the_headers_of_m_post_have_the_declared_prefix() -> None:
    with pytest.raises(ProtocolError, match="CIMOperation"):
        read_request_headers("M-POST", EXTENDED | {"man": MAN.replace("73", "74")})
    with pytest.raises(ProtocolError, match="CIMOperation"):
        read_request_headers("POST", EXTENDED)


# --- responses -------------------------------------------------------------------------------------------------------


def test_the_response_to_post() -> None:
    assert response_headers(read_request_headers("POST", WBEMCLI)) == [
        ("Content-Type", 'application/xml; charset="utf-8"'),
        ("Cache-Control", "no-cache"),
        ("CIMOperation", "MethodResponse"),
        ("CIMProtocolVersion", "1.0"),
    ]


def test_errors_in_headers() -> None:
    error = ProtocolError(400, "header-mismatch", "line\r\nX-Injected: é")
    assert error.message == "line??X-Injected: ?"
    assert protocol_error_headers(error) == [("CIMError", "header-mismatch")]
    assert protocol_error_headers(error, "73-") == [("73-CIMError", "header-mismatch")]
    assert protocol_error_headers(ProtocolError(415, None, "no")) == []
    assert error_trailers(CIMError(ErrorMessage(1, "gone: {what}"), what="é\r\n")) == [
        ("CIMStatusCode", "1"),
        ("CIMStatusCodeDescription", "gone%3A %C3%A9%0D%0A"),
    ]
