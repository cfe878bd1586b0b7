"""``vman event``: what changes, as it happens."""

from __future__ import annotations

import json
import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from openvman.cli import output
from openvman.cli.connection import connecting
from openvman.client.events import watch as watch_events

if TYPE_CHECKING:  # it imports pywbem, which is slow, and help must be quick
    from openvman.client.vman import Client

_KINDS = ("creation", "modification", "deletion", "alert")
_GAP = "some events are lost: they are older than what the server keeps"


@click.group("event")
def command() -> None:
    """What changes, as it happens."""


@command.command()
@connecting
@click.option("--class", "classes", multiple=True, metavar="CLASS", help="Only of this class and its subclasses.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(_KINDS), help="Only of this kind.")
@click.option("--after", metavar="ID", help="Begin after the event of this id, as far as the server still has it.")
@click.option("--count", type=click.IntRange(1), help="End after so many events.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on each line.")
def watch(
    client: Client,
    classes: tuple[str, ...],
    kinds: tuple[str, ...],
    after: str | None,
    count: int | None,
    as_json: bool,
) -> None:
    """Print each change of what the server manages, until interrupted."""
    events = watch_events(client.session.target, classes, kinds, after)
    for event in islice(events, count):
        if as_json:
            sys.stdout.write(json.dumps(event) + "\n")
            sys.stdout.flush()
        else:
            output.say(_line(event))


def _line(event: dict[str, Any]) -> str:
    if event["kind"] == "gap":
        return _GAP
    name = event.get("name") or event["path"]
    detail = event.get("message") or ", ".join(event.get("changed", ()))
    moment = event["time"].partition("T")[2].partition("+")[0][:12]
    return f"{moment}  {event['kind']:<12}  {event['class'].removeprefix('VMAN_'):<28}  {name}  {detail}".rstrip()
