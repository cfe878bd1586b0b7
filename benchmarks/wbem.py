"""A client of CIM-XML that hides nothing of the server: requests are made beforehand, answers only counted."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import quote

_BLOCK: Final = 1 << 18
_ENVELOPE: Final = (
    '<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0">'
    '<MESSAGE ID="1" PROTOCOLVERSION="1.0">'
    "<SIMPLEREQ>{call}</SIMPLEREQ></MESSAGE></CIM>"
)
_WHERE: Final = '<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="vman"/></LOCALNAMESPACEPATH>'
_HEAD: Final = (
    "POST /cimom HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/xml; charset=utf-8\r\n"
    "CIMOperation: MethodCall\r\nCIMMethod: {method}\r\nCIMObject: {object}\r\nContent-Length: {length}\r\n\r\n"
)
_EMBEDDED: Final = ' EmbeddedObject="instance"'


@dataclass(frozen=True, slots=True)
class Path:
    """An instance in ``root/vman``."""

    name: str
    keys: dict[str, str]


def request(method: str, **parameters: str) -> bytes:
    """A whole request; each parameter is the XML in its IPARAMVALUE."""
    values = "".join(f'<IPARAMVALUE NAME="{name}">{value}</IPARAMVALUE>' for name, value in parameters.items())
    return _whole(method, "root%2Fvman", f'<IMETHODCALL NAME="{method}">{_WHERE}{values}</IMETHODCALL>')


def invocation(method: str, on: Path, *parameters: str) -> bytes:
    """A whole request that invokes a method; each parameter is a PARAMVALUE."""
    target = f"<LOCALINSTANCEPATH>{_WHERE}{instance_name(on.name, **on.keys)}</LOCALINSTANCEPATH>"
    call = f'<METHODCALL NAME="{method}">{target}{"".join(parameters)}</METHODCALL>'
    keys = ",".join(f'{key}="{value}"' for key, value in on.keys.items())
    return _whole(method, quote(f"root/vman:{on.name}.{keys}", safe=""), call)


def parameter(name: str, type: str, value: str, *, embedded: bool = False) -> str:
    """A PARAMVALUE; of the type ``reference`` its value is an INSTANCENAME."""
    inner = f"<VALUE.REFERENCE>{value}</VALUE.REFERENCE>" if type == "reference" else text(value)
    return f'<PARAMVALUE NAME="{name}" PARAMTYPE="{type}"{_EMBEDDED if embedded else ""}>{inner}</PARAMVALUE>'


def _whole(method: str, target: str, call: str) -> bytes:
    body = _ENVELOPE.format(call=call).encode()
    return _HEAD.format(method=method, object=target, length=len(body)).encode() + body


def class_name(name: str) -> str:
    return f'<CLASSNAME NAME="{name}"/>'


def instance_name(name: str, **keys: str) -> str:
    bindings = "".join(
        f'<KEYBINDING NAME="{key}"><KEYVALUE VALUETYPE="string">{escape(value)}</KEYVALUE></KEYBINDING>'
        for key, value in keys.items()
    )
    return f'<INSTANCENAME CLASSNAME="{name}">{bindings}</INSTANCENAME>'


def text(value: str) -> str:
    return f"<VALUE>{escape(value)}</VALUE>"


def array(*values: str) -> str:
    return f"<VALUE.ARRAY>{''.join(map(text, values))}</VALUE.ARRAY>"


class Line:
    """One connection, kept; an answer is read whole before the next request."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def close(self) -> None:
        self.socket.close()

    def ask(self, asked: bytes) -> int:
        """Send a request; how many bytes the answer's body has. AssertionError for what is no success."""
        self.socket.sendall(asked)
        return self._count()

    def first(self, asked: bytes) -> None:
        """Send a request, and return with the answer's first byte; :meth:`rest` takes the others."""
        self.socket.sendall(asked)
        self._rest = self.socket.recv(_BLOCK)

    def rest(self) -> int:
        """The rest of the answer that :meth:`first` began."""
        return self._count()

    def body(self, asked: bytes) -> bytes:
        """Send a request; the answer's body."""
        self.socket.sendall(asked)
        kept: list[bytes] = []
        self._count(kept)
        return b"".join(kept)

    def _count(self, kept: list[bytes] | None = None) -> int:
        head = self._until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        lower = head.lower()
        if b"transfer-encoding: chunked" not in lower:
            length = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
            self._take(length, kept)
            return length
        total = 0
        while size := int(self._until(b"\r\n").split(b";")[0], 16):
            self._take(size, kept)
            self._take(2, None)
            total += size
        while self._until(b"\r\n"):
            pass  # trailers
        return total

    def _until(self, mark: bytes) -> bytes:
        while (place := self._rest.find(mark)) < 0:
            self._rest += self._more()
        found, self._rest = self._rest[:place], self._rest[place + len(mark) :]
        return found

    def _take(self, count: int, kept: list[bytes] | None) -> None:
        while count:
            part = self._rest or self._more()
            taken, self._rest = part[:count], part[count:]
            count -= len(taken)
            if kept is not None:
                kept.append(taken)

    def _more(self) -> bytes:
        part = self.socket.recv(_BLOCK)
        assert part, "the server ended the connection in the middle of an answer"
        return part
