"""What commands show: tables for people, JSON for programs, progress on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from openvman.cli.texts import harmless
from openvman.client.units import format_size

_UNBOUNDED: Final = 10_000
"""Columns where no terminal sets them: a pipe must get whole names."""
STATE_STYLES: Final = {
    "active": "green",
    "paused": "yellow",
    "suspended": "yellow",
    "starting": "cyan",
    "stopping": "cyan",
    "unknown": "red",
    "online": "green",
    "offline": "red",
    "running": "cyan",
    "completed": "green",
    "exception": "red",
}


def console(stderr: bool = False) -> Console:
    """A console that interprets nothing: no markup, no emoji, no guessed colours."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream,
        markup=False,
        emoji=False,
        highlight=False,
        width=None if stream.isatty() else _UNBOUNDED,
        soft_wrap=False,
    )


def cell(value: Any, style: str = "") -> Text:
    """A value as text that cannot do anything; None is a dash."""
    if value is None or value == "":
        return Text("-", "dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no", style)
    return Text(harmless(str(value)), style)


def state(word: str) -> Text:
    return cell(word, STATE_STYLES.get(word, ""))


def size(value: int | None) -> Text:
    return cell(None if value is None else format_size(value))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[str] = ()) -> None:
    """Print a table; ``right`` names the columns of numbers. Long texts are folded, never cut."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold", justify="right" if column in right else "left")
    for row in rows:
        made.add_row(*(value if isinstance(value, Text) else cell(value) for value in row))
    console().print(made)


def facts(pairs: Iterable[tuple[str, Any]], title: str | None = None, indent: int = 0) -> None:
    """Print names with their values, one a line."""
    if title is not None:
        console().print(Text(harmless(title), "bold"))
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs:
        made.add_row(" " * indent + name, value if isinstance(value, Text) else cell(value))
    console().print(made)


def emit_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print JSON: ASCII, so that no text in it can steer a terminal."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def say(text: str, style: str = "") -> None:
    """One line for a person, on standard output."""
    console().print(Text(harmless(text), style))


def note(text: str, style: str = "") -> None:
    """One line for a person, on standard error, out of the way of what programs read."""
    console(stderr=True).print(Text(harmless(text), style))


@contextmanager
def working(doing: str) -> Iterator[None]:
    """Show that something takes time, while it does, if a person watches."""
    shown = console(stderr=True)
    if not shown.is_terminal:
        yield
        return
    with shown.status(cell(f"{doing} …")):
        yield
