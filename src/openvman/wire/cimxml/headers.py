"""The CIM headers of a request and of its response (DSP0200 6.3, 7.2; RFC 2774 for M-POST)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote_from_bytes, unquote

from openvman.cim.errors import CIMError
from openvman.cim.operations import Call
from openvman.wire.cimxml.decode import Message
from openvman.wire.cimxml.errors import ProtocolError

Headers = list[tuple[str, str]]

MEDIA_TYPE: Final = 'application/xml; charset="utf-8"'
TRAILER: Final = "CIMError, CIMStatusCode, CIMStatusCodeDescription"
"""The ``Trailer`` header of a chunked response: what may follow its last chunk."""

_EXTENSION: Final = "http://www.dmtf.org/cim/mapping/http/v1.0"
_NAMESPACE_NUMBER: Final = re.compile(r"""ns\s*=\s*"?([0-9]{2,4})"?""")
_CHARSET: Final = re.compile(r"""(?:^|;)\s*charset\s*=\s*(?:"([^"]{1,40})"|([^\s;"]{1,40}))""", re.IGNORECASE)
_DECLARATION: Final = re.compile(r'(?:"[^"]*"|[^",])+')


@dataclass(frozen=True, slots=True)
class RequestHeaders:
    """What a request's headers say, read before its body is.

    ``prefix`` is ``"NN-"`` for M-POST and empty for POST. ``method`` and ``object`` are as they came; ``methods`` and
    ``objects`` what they may mean, in small letters, objects without their keys.
    """

    charset: str | None
    prefix: str
    protocol_version: str
    method: str
    object: str
    methods: frozenset[str]
    objects: frozenset[str]


def read_request_headers(method: str, headers: Mapping[str, str]) -> RequestHeaders:
    """The headers of a POST or M-POST request; names in small letters. ProtocolError when they are no operation's."""
    charset = _charset(headers.get("content-type"))
    prefix = _prefix(headers.get("man", "")) if method == "M-POST" else ""
    operation = headers.get(f"{prefix}cimoperation")
    if operation is None:
        raise ProtocolError(400, "unsupported-operation", "the CIMOperation header is missing: send MethodCall")
    if operation.strip().lower() != "methodcall":
        raise ProtocolError(400, "unsupported-operation", f"CIMOperation {operation[:40]!r} is not MethodCall")
    if f"{prefix}cimbatch" in headers:
        raise ProtocolError(501, "multiple-requests-unsupported", "send one operation a message")
    version = headers.get(f"{prefix}cimprotocolversion", "1.0").strip()
    if version.partition(".")[0] != "1":
        raise ProtocolError(501, "unsupported-protocol-version", f"CIMProtocolVersion {version[:20]!r} is not 1.0")
    called, addressed = _required(headers, prefix, "CIMMethod"), _required(headers, prefix, "CIMObject")
    return RequestHeaders(
        charset,
        prefix,
        version,
        called,
        addressed,
        methods=frozenset(form.lower() for form in _forms(called)),
        objects=frozenset(map(_without_keys, _forms(addressed))),
    )


def check_request_headers(headers: RequestHeaders, message: Message) -> None:
    """ProtocolError when the headers speak of another operation than the body (DSP0200 6.3.5 to 6.3.7).

    Whatever stands between client and server may decide by the headers, so namespace, class and method must agree.
    Keys are left out: clients write them in many ways, and the body's are the ones that count.
    """
    request = message.request
    if isinstance(request, Call):
        name, expected = request.operation.name, request.namespace
    else:
        name, expected = request.method, f"{request.target.namespace}:{request.target.class_name}"
    if name.lower() not in headers.methods:
        raise ProtocolError(
            400, "header-mismatch", f"CIMMethod is {headers.method[:80]!r}, the body calls {name[:80]!r}"
        )
    if expected.lower() not in headers.objects:
        raise ProtocolError(
            400, "header-mismatch", f"CIMObject is {headers.object[:80]!r}, the body addresses {expected[:80]!r}"
        )
    said, meant = headers.protocol_version, message.protocol_version
    if said != meant:
        raise ProtocolError(
            400, "header-mismatch", f"CIMProtocolVersion is {said[:20]!r}, the body says {meant[:20]!r}"
        )


def response_headers(request: RequestHeaders) -> Headers:
    """The headers of the response to ``request`` (DSP0200 6.3.3, 6.3.4)."""
    extension = [("Ext", ""), ("Man", f"{_EXTENSION} ; ns={request.prefix[:-1]}")] if request.prefix else []
    return [
        ("Content-Type", MEDIA_TYPE),
        ("Cache-Control", "no-cache"),
        *extension,
        (f"{request.prefix}CIMOperation", "MethodResponse"),
        (f"{request.prefix}CIMProtocolVersion", "1.0"),
    ]


def protocol_error_headers(error: ProtocolError, prefix: str = "") -> Headers:
    """The headers that say why there is no response message (DSP0200 6.3.10)."""
    return [] if error.cim_error is None else [(f"{prefix}CIMError", error.cim_error)]


def error_trailers(error: CIMError) -> Headers:
    """What follows the last chunk when an operation failed after its response had begun (DSP0200 7.2)."""
    description = quote_from_bytes(error.description.encode("utf-8", "replace"), safe=" ")
    return [("CIMStatusCode", str(int(error.status))), ("CIMStatusCodeDescription", description)]


def _required(headers: Mapping[str, str], prefix: str, name: str) -> str:
    found = headers.get(prefix + name.lower(), "").strip()
    if not found:
        raise ProtocolError(400, "header-mismatch", f"the {name} header is missing")
    return found


def _charset(content_type: str | None) -> str | None:
    """The charset of the media type. Who sends none is taken to mean XML."""
    if content_type is None:
        return None
    if content_type.partition(";")[0].strip().lower() not in ("application/xml", "text/xml"):
        raise ProtocolError(415, None, "the Content-Type is not application/xml or text/xml")
    found = _CHARSET.search(content_type)
    return None if found is None else found[1] or found[2]


def _prefix(man: str) -> str:
    for declaration in _DECLARATION.findall(man):
        uri, _, parameters = declaration.partition(";")
        number = _NAMESPACE_NUMBER.search(parameters)
        if uri.strip().strip('"') == _EXTENSION and number is not None:
            return f"{number[1]}-"
    raise ProtocolError(510, None, f"M-POST needs the header Man: {_EXTENSION} ; ns=NN")


def _forms(header: str) -> tuple[str, ...]:
    """The header's value decoded as DSP0200 6.3.5 has it, and as it stands: pywbem does not encode."""
    try:
        return unquote(header, errors="strict"), header
    except UnicodeDecodeError:
        return (header,)


def _without_keys(path: str) -> str:
    namespace, colon, name = path.partition(":")
    return f"{namespace.strip('/')}{colon}{name.partition('.')[0].removesuffix('=@')}".lower()
