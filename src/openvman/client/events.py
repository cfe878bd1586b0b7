"""The server's events as they happen, over HTTP: server-sent events, resumed where the stream broke off."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from openvman.client.errors import ClientError, Reason
from openvman.client.target import DEFAULT_PORTS, Target

_SILENCE_SECONDS: Final = 60.0
"""The server gives a sign of life more often than that."""
_LONGEST_LINE: Final = 1024 * 1024


def watch(
    target: Target, classes: Sequence[str] = (), kinds: Sequence[str] = (), after: str | None = None
) -> Iterator[dict[str, Any]]:
    """Each event from now on, or after the one of the id ``after``; ``{"kind": "gap"}`` where some are lost.

    Raises ClientError when the server does not answer, refuses, or ends the stream.
    """
    connection = _connect(target)
    try:
        yield from _read(_ask(connection, target, classes, kinds, after))
        raise ClientError(Reason.UNREACHABLE, f"{target.url} has ended the stream of events.")
    except (OSError, http.client.HTTPException) as error:
        raise ClientError(Reason.UNREACHABLE, f"The events of {target.url} cannot be read: {error}.") from error
    finally:
        connection.close()


def _connect(target: Target) -> http.client.HTTPConnection:
    parts = urlsplit(target.url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
    if parts.scheme != "https":
        return http.client.HTTPConnection(host, port, timeout=_SILENCE_SECONDS)
    context = ssl.create_default_context(cafile=target.ca_certs)
    if target.insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=_SILENCE_SECONDS, context=context)


def _ask(
    connection: http.client.HTTPConnection,
    target: Target,
    classes: Sequence[str],
    kinds: Sequence[str],
    after: str | None,
) -> http.client.HTTPResponse:
    query = urlencode([*(("class", name) for name in classes), *(("kind", kind) for kind in kinds)])
    headers = {"Accept": "text/event-stream"}
    if target.user:
        secret = base64.b64encode(f"{target.user}:{target.password or ''}".encode()).decode()
        headers["Authorization"] = f"Basic {secret}"
    if after is not None:
        headers["Last-Event-ID"] = after
    connection.request("GET", f"/events?{query}" if query else "/events", headers=headers)
    response = connection.getresponse()
    if response.status != HTTPStatus.OK:
        said = response.read(500).decode(errors="replace").strip()
        denied = response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        reason = Reason.DENIED if denied else Reason.REFUSED
        raise ClientError(reason, f"{target.url} answers HTTP {response.status}: {said}.")
    return response


def _read(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    kind, data = "", ""
    while line := response.readline(_LONGEST_LINE):
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        field, _, value = text.partition(": ")
        if field == "event":
            kind = value
        elif field == "data":
            data = value
        elif not text and data:
            yield {"kind": kind} if kind == "gap" else json.loads(data)
            kind, data = "", ""
