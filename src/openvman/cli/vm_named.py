"""How commands about virtual machines name them: the arguments, their completion, and finding what they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from openvman.cli.connection import App, target_of, wish_from
from openvman.cli.exits import EXPECTED
from openvman.client.records import System

if TYPE_CHECKING:  # it imports pywbem, which is slow, and help must be quick
    from openvman.client.vman import Client


def _names(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Names for a shell's completion, or none when the server cannot be asked without asking the person."""
    wish = wish_from(dict(ctx.params))
    if wish.asks_for_password:
        return []
    try:
        client = ctx.ensure_object(App).connect(target_of(wish))
        try:
            return [system.name for system in client.systems() if system.name.startswith(incomplete)]
        finally:
            client.close()
    except EXPECTED:
        return []


NAME = click.argument("name", shell_complete=_names)
NAMES = click.argument("names", metavar="NAME…", nargs=-1, required=True, shell_complete=_names)
ON_HOST = click.option("--host", metavar="HOST", help="Only on this host (name or UUID).")


def find(client: Client, name: str, host: str | None) -> System:
    """The machine with this name or UUID, on the host if that is said."""
    return client.find(name, client.host(host) if host is not None else None)
