"""Log lines: structured, one line each, on standard error; text for people or JSON for machines."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
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


def configure(*, format: str, level: str, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging, whose lines take the same form.

    ``format`` is ``text`` or ``json``, ``level`` one of the setting's words. Colours only on a terminal.
    """
    stream = stream or sys.stderr
    is_json = format == "json"
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
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
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
