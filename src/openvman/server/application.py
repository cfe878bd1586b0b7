"""The application: routes with their permission, refusals, and one access log line for each request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final, Protocol

import structlog
from structlog.typing import FilteringBoundLogger

from openvman.messages import server
from openvman.model.actor import Actor, Role
from openvman.server.connection import Connection
from openvman.server.exchange import ClientGoneError, Exchange, HTTPError
from openvman.server.gate import Gate
from openvman.server.http11 import RequestHead

_log: FilteringBoundLogger = structlog.get_logger("openvman.access")


class Handler(Protocol):
    """Answers the requests of a route. May raise HTTPError and ClientGoneError."""

    async def __call__(self, exchange: Exchange, actor: Actor) -> None: ...


@dataclass(frozen=True, slots=True)
class Route:
    """A path, its methods, and the least role that may use it. What a role may do there is for the handler to say."""

    path: str
    methods: tuple[str, ...]
    role: Role
    handler: Handler


@dataclass(frozen=True, slots=True)
class PublicRoute:
    """A path that anyone may read. It answers from what is in memory and tells nothing about what is managed."""

    path: str
    methods: tuple[str, ...]
    handler: Callable[[Exchange], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Bytes and seconds; see the settings of the same names."""

    max_body: int
    body_timeout: float


class Application:
    """Serves the routes. ``ready`` and ``stopping`` are for the owner to set."""

    def __init__(self, routes: Sequence[Route], gate: Gate, limits: BodyLimits) -> None:
        health = PublicRoute("/healthz", ("GET", "HEAD"), self._health)
        self.routes: Final[dict[str, Route | PublicRoute]] = {health.path: health, **{r.path: r for r in routes}}
        self.ready = False
        self.stopping = False
        self._gate = gate
        self._limits = limits

    async def __call__(self, request: RequestHead, line: Connection) -> None:
        limits = self._limits
        exchange = Exchange(request, line, max_body=limits.max_body, body_timeout=limits.body_timeout)
        try:
            await self._answer(exchange)
        except ClientGoneError:
            exchange.facts["outcome"] = "client gone"
        except asyncio.CancelledError:
            # The grace of a shutdown is over.
            exchange.facts["outcome"] = "cancelled by shutdown"
            exchange.line.hang_up()
        except Exception:  # noqa: BLE001 - one request's fault must not reach the others; it is logged and answered
            _log.error("request failed", id=exchange.id, exc_info=True)
            await exchange.refuse(HTTPError(500, str(server.INTERNAL.said(reference=exchange.id))))
        finally:
            self._record(exchange)

    async def _answer(self, exchange: Exchange) -> None:
        try:
            route = self._route(exchange)
            if isinstance(route, PublicRoute):
                await route.handler(exchange)
            else:
                await self._answer_known(exchange, route)
        except HTTPError as error:
            exchange.facts["refused"] = error.message
            await exchange.refuse(error)

    async def _answer_known(self, exchange: Exchange, route: Route) -> None:
        if self.stopping or not self.ready:
            raise HTTPError(503, "stopping" if self.stopping else "starting", [("Retry-After", "5")])
        if "origin" in exchange.headers:
            # Only browsers send it, and with it goes whatever credentials the browser remembers for this server.
            raise HTTPError(403, f"{route.path} is not for web pages")
        actor = await self._gate.actor(exchange)
        exchange.facts["user"] = actor.name
        if actor.role < route.role:
            raise HTTPError(403, f"{route.path} needs the role {route.role.name.lower()}")
        await route.handler(exchange, actor)

    def _route(self, exchange: Exchange) -> Route | PublicRoute:
        route = self.routes.get(_path(exchange.request.path))
        if route is None:
            raise HTTPError(404, "there is nothing here: CIM-XML is at /cimom, events are at /events")
        if exchange.request.method not in route.methods:
            raise HTTPError(
                405, f"{route.path} takes {', '.join(route.methods)}", [("Allow", ", ".join(route.methods))]
            )
        return route

    async def _health(self, exchange: Exchange) -> None:
        is_ready = self.ready and not self.stopping
        body = b"ready\n" if is_ready else b"not ready\n"
        await exchange.respond(
            200 if is_ready else 503, [("Content-Type", "text/plain"), ("Cache-Control", "no-store")], body
        )

    def _record(self, exchange: Exchange) -> None:
        level = logging.DEBUG if exchange.request.path == "/healthz" else logging.INFO
        if not _log.is_enabled_for(level):
            return
        _log.log(
            level,
            "request",
            id=exchange.id,
            client=exchange.line.client,
            method=exchange.request.method,
            path=exchange.request.path[:100],
            status=exchange.status,
            ms=round((perf_counter() - exchange.began) * 1000, 3),
            bytes=exchange.sent,
            **exchange.facts,
        )


def _path(path: str) -> str:
    """The path without the authority that a request to a proxy has, and which RFC 9112 3.2.2 has servers accept."""
    scheme, separator, rest = path.partition("://")
    return "/" + rest.partition("/")[2] if separator and scheme.lower() in ("http", "https") else path
