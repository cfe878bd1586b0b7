"""The listening sockets, and how they stop."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Final

from openvman.config.kinds import Address
from openvman.server.connection import Application, Connection, ConnectionLimits, Connections

_BACKLOG: Final = 1024
_FLUSH: Final = 2.0


class ListenError(Exception):
    """An address cannot be listened on. The message names it and the reason."""


class Listeners:
    """Serves one application on any number of addresses. The connection limit counts them together."""

    def __init__(self, application: Application, limits: ConnectionLimits) -> None:
        self._application = application
        self._limits = limits
        self._connections = Connections()
        self._servers: list[asyncio.Server] = []
        self._hurried = False

    async def open(self, address: Address, context: ssl.SSLContext | None = None) -> list[Address]:
        """Listen. The addresses bound (a name may have several; port 0 has become a real one). Raises ListenError."""
        loop = asyncio.get_running_loop()
        timeouts: dict[str, Any] = {}
        if context is not None:
            timeouts = {"ssl_handshake_timeout": self._limits.header_timeout, "ssl_shutdown_timeout": _FLUSH}
        try:
            server = await loop.create_server(
                self._protocol, address.host, address.port, ssl=context, backlog=_BACKLOG, **timeouts
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise ListenError(f"cannot listen on {address}: {reason}") from None
        self._servers.append(server)
        return [Address(*socket.getsockname()[:2]) for socket in server.sockets]

    async def close(self, grace: float) -> bool:
        """Stop accepting, let requests under way finish within ``grace`` seconds, then cancel them.

        Whether all finished.
        """
        for server in self._servers:
            server.close()
        for connection in list(self._connections.opened):
            connection.stop()
        tasks = set(self._connections.tasks)
        unfinished = (await asyncio.wait(tasks, timeout=grace))[1] if tasks else set()
        if unfinished:
            self.hurry()
            await asyncio.wait(unfinished, timeout=_FLUSH)
        await self._flush()
        for connection in list(self._connections.opened):
            connection.abort()
        return not self._hurried

    def hurry(self) -> None:
        """End the grace of a :meth:`close` under way: cancel the requests that it waits for."""
        self._hurried = True
        for task in self._connections.tasks:
            task.cancel()

    async def _flush(self) -> None:
        """Wait a little for the connections to send what is left."""
        try:
            async with asyncio.timeout(_FLUSH):
                while self._connections.opened:
                    self._connections.lost.clear()
                    await self._connections.lost.wait()
        except TimeoutError:
            return

    def _protocol(self) -> Connection:
        return Connection(self._application, self._limits, self._connections)
