"""One kept-alive connection to a listener: posts export messages, one after the other."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import h11

from openvman.security.targets import Address, Target, TargetError
from openvman.wire.cimxml.export import HEADERS, refusal

_LARGEST_ANSWER: Final = 256 * 1024
_CHUNK: Final = 64 * 1024
_OK: Final = 200
_REDIRECTS: Final = range(300, 400)


class DeliveryError(Exception):
    """The listener did not take an indication; the message says why."""


class _StaleError(Exception):
    """A kept connection was closed by the listener before it answered."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How listeners are reached: ``check`` raises TargetError for an address; ``timeout`` (seconds) bounds a post."""

    check: Callable[[Address], None]
    context: ssl.SSLContext
    timeout: float


class Listener:
    """A target. Redirects are not followed, and nothing but the indication is sent."""

    def __init__(self, target: Target, reach: Reach) -> None:
        self._target = target
        self._reach = reach
        self._head = [
            ("Host", target.authority),
            *HEADERS,
            ("Accept", "application/xml"),
            ("User-Agent", "openvman"),
        ]
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter, h11.Connection] | None = None

    async def post(self, body: bytes) -> None:
        """Deliver one export message. Raises :class:`DeliveryError`."""
        try:
            async with asyncio.timeout(self._reach.timeout):
                try:
                    await self._post(body)
                except _StaleError:
                    await self._post(body)  # on a connection of its own, which is not stale
        except TimeoutError:
            self.close()
            raise DeliveryError(f"no answer within {self._reach.timeout:g} s") from None
        except (OSError, h11.ProtocolError, TargetError, _StaleError) as error:
            self.close()
            raise DeliveryError(str(error) or type(error).__name__) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hang up."""
        line, self._line = self._line, None
        if line is not None:
            line[1].close()

    async def _post(self, body: bytes) -> None:
        was_kept = self._line is not None
        if self._line is None:
            reader, writer = await self._connect()
            self._line = reader, writer, h11.Connection(h11.CLIENT, max_incomplete_event_size=_CHUNK)
        reader, writer, http = self._line
        try:
            headers = [*self._head, ("Content-Length", str(len(body)))]
            request = h11.Request(method="POST", target=self._target.path, headers=headers)
            pieces = [http.send(event) for event in (request, h11.Data(data=body), h11.EndOfMessage())]
            writer.write(b"".join(piece or b"" for piece in pieces))
            await writer.drain()
            _acknowledge_at_once(writer)
            response, answer = await _response(reader, http)
        except (ConnectionError, h11.RemoteProtocolError):
            self.close()
            if was_kept:
                raise _StaleError("the listener closed the connection") from None
            raise
        if http.our_state is h11.DONE and http.their_state is h11.DONE:
            http.start_next_cycle()
        else:
            self.close()
        _judge(response, answer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Resolve the name, and connect to an address that was checked: the name may say another the next time."""
        target = self._target
        failure: Exception = OSError(f"{target.host} has no address")
        for address in await _addresses(target):
            try:
                self._reach.check(ip_address(address))
                return await asyncio.open_connection(
                    address,
                    target.port,
                    ssl=self._reach.context if target.tls else None,
                    server_hostname=target.host if target.tls else None,
                )
            except (OSError, TargetError) as error:
                failure = error
        raise failure


async def _addresses(target: Target) -> Iterable[str]:
    try:
        return (str(ip_address(target.host)),)  # no name: looking it up would take a thread's time
    except ValueError:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        return dict.fromkeys(str(entry[4][0]) for entry in found)


def _acknowledge_at_once(writer: asyncio.StreamWriter) -> None:
    """A listener that sends head and body of its answer apart waits with the second until the first is acknowledged
    (RFC 896), and Linux would wait 40 ms with that. Holds until the next write.
    """
    if hasattr(socket, "TCP_QUICKACK"):
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


async def _response(reader: asyncio.StreamReader, http: h11.Connection) -> tuple[h11.Response, bytes]:
    response: h11.Response | None = None
    body = bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _LARGEST_ANSWER:
                raise h11.RemoteProtocolError(f"the answer is longer than {_LARGEST_ANSWER} bytes")
        elif isinstance(event, h11.EndOfMessage) and response is not None:
            return response, bytes(body)
        elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
            raise h11.RemoteProtocolError("the listener closed the connection before it answered")


def _judge(response: h11.Response, body: bytes) -> None:
    status = response.status_code
    if status in _REDIRECTS:
        raise DeliveryError(f"HTTP {status}: redirects are not followed")
    if status != _OK:
        raise DeliveryError(f"HTTP {status}")
    refused = refusal(body)
    if refused is not None:
        raise DeliveryError(refused)
