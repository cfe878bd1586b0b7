"""A server on loopback with a broker that answers canned values, and a client that sends any bytes."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from openvman.cim.operations import Answer, MethodCall, Request, Response
from openvman.config.kinds import Address
from openvman.model.actor import Actor, Role
from openvman.security.authenticate import Authenticator
from openvman.security.passwords import Hasher
from openvman.security.throttle import Throttle
from openvman.security.users import Users
from openvman.server.application import Application, BodyLimits, Route
from openvman.server.cimom import METHODS, CIMObjectManager
from openvman.server.connection import ConnectionLimits
from openvman.server.gate import CredentialGate, Gate
from openvman.server.listen import Listeners
from openvman.store.users import UserStore
from openvman.wire.cimxml.encode import Encoder

PASSWORD = "correct horse"


@dataclass
class Broker:
    """Answers what ``answer`` gives, and remembers who asked what. ``waits`` is what it says of reads."""

    answer: Callable[[Request], Response | Awaitable[Response]] = lambda _request: Answer(["CIM_A", "CIM_B"])
    calls: list[tuple[Request, Actor]] = field(default_factory=list)
    waits: bool = False

    def may_wait(self, request: Request) -> bool:
        return self.waits or isinstance(request, MethodCall)

    async def perform(self, request: Request, actor: Actor) -> Response:
        self.calls.append((request, actor))
        result = self.answer(request)
        return await result if isinstance(result, Awaitable) else result


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class HTTPAnswer:
    status: int
    headers: dict[str, str]
    body: bytes
    trailers: dict[str, str]


class Connection:
    """Sends bytes as they are, and reads answers strictly."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def ask(self, data: bytes) -> HTTPAnswer:
        await self.send(data)
        return await self.answer()

    async def _fields(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        while (line := await self.reader.readuntil(b"\r\n")) != b"\r\n":
            name, _, value = line.decode("latin-1").partition(":")
            fields[name.lower()] = value.strip()
        return fields

    async def head(self) -> tuple[int, dict[str, str]]:
        line = await self.reader.readuntil(b"\r\n")
        return int(line.split()[1]), await self._fields()

    async def answer(self) -> HTTPAnswer:
        status, headers = await self.head()
        trailers: dict[str, str] = {}
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                body += await self.reader.readexactly(size)
                assert await self.reader.readexactly(2) == b"\r\n"
            trailers = await self._fields()
        elif "content-length" in headers:
            body = await self.reader.readexactly(int(headers["content-length"]))
        else:
            body = await self.reader.read()
        return HTTPAnswer(status, headers, body, trailers)

    async def is_closed(self) -> bool:
        """Wait for the end of the connection; whether nothing came before it."""
        try:
            return await self.reader.read() == b""
        except ConnectionResetError:
            return True

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except (OSError, ssl.SSLError):
            return  # the other side was faster


@dataclass
class Server:
    address: Address
    application: Application
    listeners: Listeners
    broker: Broker
    store: UserStore
    throttle_clock: Clock
    connections: list[Connection] = field(default_factory=list)

    async def connect(self, context: ssl.SSLContext | None = None) -> Connection:
        reader, writer = await asyncio.open_connection(
            self.address.host, self.address.port, ssl=context, server_hostname="localhost" if context else None
        )
        self.connections.append(Connection(reader, writer))
        return self.connections[-1]

    async def lost(self) -> None:
        """Wait until the server has seen a connection go: there is no public sign of it."""
        await self.listeners._connections.lost.wait()

    async def idle(self) -> None:
        """Wait until the requests under way are over, likewise."""
        await asyncio.gather(*self.listeners._connections.tasks)


class Toolkit:
    """Makes requests."""

    password = PASSWORD

    @staticmethod
    def basic(user: str = "ann", password: str = PASSWORD) -> str:
        return "Basic " + b64encode(f"{user}:{password}".encode()).decode()

    @staticmethod
    def head(method: str, path: str, headers: dict[str, str | None]) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items() if v is not None)]
        return "\r\n".join([*lines, "", ""]).encode()

    @classmethod
    def get(cls, path: str = "/healthz", method: str = "GET") -> bytes:
        return cls.head(method, path, {"Host": "localhost"})

    @staticmethod
    def names_call(message_id: str = "7") -> bytes:
        """EnumerateClassNames of root/vman."""
        return (
            '<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0">'
            f'<MESSAGE ID="{message_id}" PROTOCOLVERSION="1.0"><SIMPLEREQ><IMETHODCALL NAME="EnumerateClassNames">'
            '<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="vman"/></LOCALNAMESPACEPATH>'
            "</IMETHODCALL></SIMPLEREQ></MESSAGE></CIM>"
        ).encode()

    @staticmethod
    def method_call() -> bytes:
        return (
            b'<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0">'
            b'<MESSAGE ID="8" PROTOCOLVERSION="1.0"><SIMPLEREQ><METHODCALL NAME="DoIt"><LOCALCLASSPATH>'
            b'<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="vman"/></LOCALNAMESPACEPATH>'
            b'<CLASSNAME NAME="VMAN_A"/></LOCALCLASSPATH></METHODCALL></SIMPLEREQ></MESSAGE></CIM>'
        )

    @classmethod
    def post(
        cls, body: bytes | None = None, *, method: str = "POST", path: str = "/cimom", **changes: str | None
    ) -> bytes:
        """A whole request. ``changes`` replace headers (``_`` stands for ``-``); None leaves one out."""
        body = cls.names_call() if body is None else body
        headers: dict[str, str | None] = {
            "Host": "localhost",
            "Content-Type": 'application/xml; charset="utf-8"',
            "Content-Length": str(len(body)),
            "Authorization": cls.basic(),
            "CIMOperation": "MethodCall",
            "CIMMethod": "EnumerateClassNames",
            "CIMObject": "root/vman",
        }
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        return cls.head(method, path, headers) + body

    @classmethod
    def invoke(cls, **changes: str | None) -> bytes:
        return cls.post(cls.method_call(), **{"CIMMethod": "DoIt", "CIMObject": "root/vman:VMAN_A", **changes})


@pytest.fixture
def make() -> type[Toolkit]:
    return Toolkit


@pytest.fixture(scope="session")
def hasher() -> Hasher:
    return Hasher(time_cost=1, memory_kib=64)


Starter = Callable[..., Awaitable[Server]]


@pytest.fixture
async def start(tmp_path: Path, hasher: Hasher) -> AsyncIterator[Starter]:
    """Starts a server: ``broker``, ``gate``, ``context`` and every limit may be given."""
    running: list[Server] = []

    async def started(
        broker: Broker | None = None,
        gate: Gate | None = None,
        context: ssl.SSLContext | None = None,
        by_certificate: bool = False,
        role: Role = Role.VIEWER,
        **limits: Any,
    ) -> Server:
        broker = broker or Broker()
        store = UserStore(tmp_path / f"{len(running)}.db")
        Users(store, hasher).add("ann", PASSWORD, Role.OPERATOR)
        clock = Clock()
        gate = gate or CredentialGate(
            Authenticator(store, hasher, Throttle(clock), clock=clock), by_certificate=by_certificate
        )
        route = Route("/cimom", METHODS, role, CIMObjectManager(broker, Encoder("here")))
        body = BodyLimits(limits.pop("max_body", 2**20), limits.pop("body_timeout", 30.0))
        application = Application([route], gate, body)
        application.ready = True
        defaults = {"max_header": 8192, "max_connections": 100, "header_timeout": 30.0, "idle_timeout": 30.0}
        listeners = Listeners(application, ConnectionLimits(**(defaults | limits)))
        (address,) = await listeners.open(Address("127.0.0.1", 0), context)
        running.append(Server(address, application, listeners, broker, store, clock))
        return running[-1]

    yield started
    for server in running:
        for connection in server.connections:
            await connection.close()
        await server.listeners.close(0.0)
        server.store.close()


@pytest.fixture
def broker() -> Broker:
    return Broker()
