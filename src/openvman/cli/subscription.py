"""``vman subscription``: who is sent indications of what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from openvman.cli import output
from openvman.cli.connection import connecting

if TYPE_CHECKING:  # it imports pywbem, which is slow, and help must be quick
    from openvman.client.subscriptions import Subscription, Subscriptions
    from openvman.client.vman import Client


@click.group("subscription")
def command() -> None:
    """Who is sent indications of what."""


def _of(client: Client) -> Subscriptions:
    from openvman.client.subscriptions import Subscriptions  # noqa: PLC0415 - as above

    return Subscriptions(client.session)


def _object(subscription: Subscription) -> dict[str, Any]:
    """The stable shape of a subscription in JSON."""
    return {
        "name": subscription.name,
        "destination": subscription.destination,
        "query": subscription.query,
        "state": subscription.state,
    }


@command.command("list")
@connecting
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of objects.")
def list_subscriptions(client: Client, as_json: bool) -> None:
    """List the subscriptions."""
    found = _of(client).all()
    if as_json:
        output.emit_json([_object(s) for s in found])
        return
    output.table(
        ("NAME", "STATE", "DESTINATION", "QUERY"),
        [(s.name, output.state(s.state), s.destination, s.query or "") for s in found],
    )


@command.command()
@connecting
@click.argument("name")
@click.argument("url")
@click.argument("query")
@click.option("--language", default="DMTF:CQL", show_default=True, help="The language of the query.")
@click.option("--in", "namespaces", multiple=True, metavar="NAMESPACE", help="Only what happens in this namespace.")
def add(client: Client, name: str, url: str, query: str, language: str, namespaces: tuple[str, ...]) -> None:
    """Send what QUERY selects to the listener at URL.

    For example: vman subscription add mine http://host:5990 "SELECT * FROM CIM_InstCreation"
    """
    made = _of(client).add(name, url, query, language, namespaces)
    output.say(f"{made.name} is sent to {made.destination}")


@command.command()
@connecting
@click.argument("name")
def remove(client: Client, name: str) -> None:
    """Take a subscription away, with its filter and destination."""
    for gone in _of(client).remove(name):
        output.say(f"{gone.name} is not sent to {gone.destination} any more")
