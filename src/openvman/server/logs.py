"""Log lines: structured, one line each, on standard error; text for people or JSON for machines."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from contextlib import suppress
from threading import Lock
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_SECRET: Final = frozenset({"password", "authorization", "credentials", "secret", "token", "key"})
_LONGEST_VALUE: Final = 1000
_QUIET: Final = {"asyncio": logging.WARNING}
"""Libraries that would log what the access log says already."""


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last guard: a value under a name that means a secret is never written."""
    for name in event.keys() & _SECRET:
        event[name] = "(not shown)"
    return event


def one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape what could end a line or move a terminal's cursor, and cut what is long: names come from clients."""
    for name, value in event.items():
        if not isinstance(value, str) or name == "exception":
            continue
        shown = value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}..."
        event[name] = shown if shown.isprintable() else shown.encode("unicode_escape").decode("ascii")
    return event


class Lines:
    """Writes lines as structlog asks for it, each in one piece, from any thread."""

    def __init__(self, stream: TextIO, lock: Lock) -> None:
        self._stream = stream
        self._lock = lock

    def msg(self, line: str) -> None:
        # A full disk or a closed pipe must not fail what is logged about, and there is no other place to tell of it.
        with suppress(OSError, ValueError), self._lock:
            self._stream.write(f"{line}\n")
            self._stream.flush()

    debug = info = warning = error = critical = msg


def configure(*, format: str, level: str, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging, whose lines take the same form.

    ``format`` is ``text`` or ``json``, ``level`` one of the setting's words. Colours only on a terminal.
    """
    stream, lock = stream or sys.stderr, Lock()
    is_json = format == "json"
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=is_json),
        redact,
        one_line,
    ]
    last: Iterable[Processor] = (
        (structlog.processors.format_exc_info, structlog.processors.JSONRenderer())
        if is_json
        else (structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback),)
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    # Not by way of the standard library's logging: a record and its formatter take longer than a small request.
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(root.level),
        logger_factory=lambda *_names: Lines(stream, lock),
        cache_logger_on_first_use=True,
    )
