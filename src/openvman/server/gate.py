"""Who asks: from a request to an actor, without blocking the event loop and without letting guesses flood it."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from functools import lru_cache
from typing import Final, Protocol

from openvman.config.kinds import Address
from openvman.model.actor import Actor, Role
from openvman.security import basic
from openvman.security.authenticate import Authenticator, RefusedError
from openvman.security.basic import Credentials, MalformedCredentialsError
from openvman.server.exchange import Exchange, HTTPError

_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]*)?")
_ANYONE: Final = Actor("anonymous", Role.ADMIN)
_PARALLEL: Final = 2
_MOST_WAITING: Final = 64
_MOST_WAITING_OF_ADDRESS: Final = 8


class Gate(Protocol):
    """Decides who asks."""

    async def actor(self, exchange: Exchange) -> Actor:
        """The one who sent the request. Raises HTTPError."""


class OpenGate:
    """Lets everyone in as admin: for loopback only, which the settings make sure of.

    A web page can make a browser send requests to loopback, under a name that its owner points there (DNS rebinding),
    so the Host header must name loopback.
    """

    async def actor(self, exchange: Exchange) -> Actor:
        if not _is_local(exchange.headers.get("host", "localhost")):
            raise HTTPError(403, "without authentication, only requests to localhost are answered")
        return _ANYONE


@lru_cache(maxsize=64)
def _is_local(host: str) -> bool:
    found = _HOST.fullmatch(host)
    return found is not None and Address(found[1] or found[2], 0).is_loopback


class CredentialGate:
    """Asks for Basic credentials or, where ``by_certificate``, takes a verified client certificate's name.

    Credentials that are given decide alone: wrong ones are never made good by a certificate.
    """

    def __init__(self, authenticator: Authenticator, *, by_certificate: bool = False) -> None:
        self._authenticator = authenticator
        self._by_certificate = by_certificate
        self._slots = asyncio.Semaphore(_PARALLEL)
        self._waiting: Counter[str] = Counter()
        self._under_way: dict[Credentials, asyncio.Event] = {}

    async def actor(self, exchange: Exchange) -> Actor:
        try:
            return await self._known(exchange)
        except RefusedError as refused:
            if refused.retry_after is None:
                raise HTTPError(401, "not authenticated", [("WWW-Authenticate", basic.CHALLENGE)]) from None
            wait = str(refused.retry_after)
            raise HTTPError(429, f"too many failed attempts: try again in {wait} s", [("Retry-After", wait)]) from None

    async def _known(self, exchange: Exchange) -> Actor:
        given = exchange.all(b"authorization")
        if given:
            credentials = self._credentials(given, exchange.line.client)
            return self._authenticator.recall(credentials) or await self._verified(credentials, exchange.line.client)
        if self._by_certificate and exchange.line.common_name is not None:
            return self._authenticator.certified(exchange.line.common_name, exchange.line.client)
        raise RefusedError

    def _credentials(self, given: list[bytes], address: str) -> Credentials:
        try:
            return basic.parse(b",".join(given))  # two headers join to what no credentials can be
        except MalformedCredentialsError as error:
            self._authenticator.admit(None, address)
            self._authenticator.reject(str(error), address)

    async def _verified(self, credentials: Credentials, address: str) -> Actor:
        earlier = self._under_way.get(credentials)
        if earlier is None:
            self._under_way[credentials] = over = asyncio.Event()
            try:
                return await self._in_turn(credentials, address)
            finally:
                del self._under_way[credentials]
                over.set()
        # A client that opens many connections at once is verified once; a wrong password gains nothing by waiting.
        await earlier.wait()
        return self._authenticator.recall(credentials) or await self._in_turn(credentials, address)

    async def _in_turn(self, credentials: Credentials, address: str) -> Actor:
        self._authenticator.admit(credentials.name, address)
        if self._waiting.total() >= _MOST_WAITING or self._waiting[address] >= _MOST_WAITING_OF_ADDRESS:
            raise HTTPError(503, "too many clients are being authenticated", [("Retry-After", "1")])
        self._waiting[address] += 1
        try:
            async with self._slots:
                return await self._verify(credentials, address)
        finally:
            self._waiting -= Counter((address,))

    async def _verify(self, credentials: Credentials, address: str) -> Actor:
        # Much may have happened while this one waited: the same credentials verified, or as many wrong ones refused.
        known = self._authenticator.recall(credentials)
        if known is not None:
            return known
        self._authenticator.admit(credentials.name, address)
        record = self._authenticator.look_up(credentials)
        is_right = await asyncio.to_thread(self._authenticator.verify, credentials, record)
        return self._authenticator.settle(credentials, record if is_right else None, address)
