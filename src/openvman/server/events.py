"""GET /events: what changes, as server-sent events (HTML Living Standard 9.2), resumable by Last-Event-ID."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qs

from openvman.broker.indications.event_log import EventLog, UnknownWishError, Wanted
from openvman.model.actor import Actor
from openvman.server.exchange import Exchange, HTTPError

METHODS: Final = ("GET",)
_AT_ONCE: Final = 100
_SIGN_OF_LIFE_SECONDS: Final = 15.0
_FIELDS: Final = 8


class EventStream:
    """The handler. ``?class=`` and ``?kind=`` (each may be repeated) say what is wanted.

    Each event is JSON; its event type is its kind. ``gap`` says that some are lost between it and the one before.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End every stream: the server stops."""
        self._closing.set()

    async def __call__(self, exchange: Exchange, actor: Actor) -> None:
        wanted = self._wanted(exchange)
        await exchange.body()
        position = exchange.headers.get("last-event-id") or self._log.end
        news = asyncio.Event()
        end = self._log.listen(news.set)
        try:
            await exchange.start(200, [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")])
            await exchange.write(b": openvman\n\n")
            while not self._closing.is_set():
                news.clear()
                events, position, is_gap = self._log.since(position, wanted, _AT_ONCE, actor)
                if is_gap:
                    await exchange.write(b"event: gap\ndata: {}\n\n")
                if events:
                    await exchange.write(_written(events))
                else:
                    await self._wait(exchange, news)
            await exchange.finish()
        finally:
            end()

    async def _wait(self, exchange: Exchange, news: asyncio.Event) -> None:
        """For news, the client's end, or the server's; a sign of life when none comes."""
        waits = [asyncio.ensure_future(news.wait()), asyncio.ensure_future(self._closing.wait())]
        gone = exchange.watch()
        watched: set[asyncio.Future[Any]] = {*waits, gone}
        try:
            done, _ = await asyncio.wait(watched, timeout=_SIGN_OF_LIFE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not done or gone in done:
                await exchange.write(b":\n\n")
        finally:
            for wait in waits:
                wait.cancel()

    def _wanted(self, exchange: Exchange) -> Wanted:
        try:
            given = parse_qs(
                exchange.request.query, max_num_fields=_FIELDS, strict_parsing=bool(exchange.request.query)
            )
            wanted = Wanted(tuple(given.get("class", ())), tuple(given.get("kind", ())))
            self._log.check(wanted)
        except (ValueError, UnknownWishError) as error:
            raise HTTPError(400, f"/events: {error}") from None
        unknown = given.keys() - {"class", "kind"}
        if unknown:
            raise HTTPError(400, f"/events: there is no parameter {min(unknown)[:80]!r}: use class and kind")
        return wanted


def _written(events: Iterable[dict[str, Any]]) -> bytes:
    return "".join(f"id: {e['id']}\nevent: {e['kind']}\ndata: {json.dumps(e)}\n\n" for e in events).encode()
