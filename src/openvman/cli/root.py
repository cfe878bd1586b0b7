"""The command's root: the nouns with one line each, and the way out for every failure."""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any, Final, NamedTuple

import click

from openvman import __version__
from openvman.cli.exits import EXPECTED, Exit, told
from openvman.cli.texts import harmless


class Noun(NamedTuple):
    """A command that is loaded when it is used."""

    module: str
    help: str


NOUNS: Final = {
    "serve": Noun("serve", "Run the server."),
    "demo": Noun("demo", "Define, start, watch, change and destroy a virtual machine, in one go."),
    "vm": Noun("vm", "Virtual machines: list, define, start, stop, watch, destroy."),
    "host": Noun("host", "Hosts that run virtual machines."),
    "pool": Noun("pool", "Resource pools of hosts: list, set aside, delete."),
    "job": Noun("job", "Jobs: what became of requests for changes; wait for them, end them."),
    "event": Noun("event", "What changes, as it happens."),
    "subscription": Noun("subscription", "Who is sent indications of what: list, add, remove."),
    "cim": Noun("cim", "Classes, instances and methods as they are, for those who know CIM."),
    "user": Noun("user", "Users of this machine's server."),
    "config": Noun("config", "Settings of this machine's server."),
    "doctor": Noun("doctor", "Look for what keeps openvman from working here, and say the cure."),
    "completion": Noun("completion", "Print the script that completes vman in a shell."),
}
EXIT_CODES: Final = "\b\nExit codes:\n" + "\n".join(f"  {code.value:<4}{code.meaning}" for code in Exit)


class Root(click.Group):
    """Loads nouns late, and turns what they raise into exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        noun = NOUNS.get(cmd_name)
        if noun is None:
            return None
        command: click.Command = import_module(f"openvman.cli.{noun.module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, noun.help) for name, noun in NOUNS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EXPECTED as error:
            code, sentence = told(error)
            click.echo(f"vman: {harmless(sentence)}", err=True)
            raise click.exceptions.Exit(code) from error
        except (KeyboardInterrupt, click.Abort):
            click.echo("\nvman: interrupted", err=True)
            raise click.exceptions.Exit(Exit.INTERRUPTED) from None


@click.command(cls=Root, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vman", message="%(prog)s %(version)s")
def root() -> None:
    """Manage virtual machines through the DMTF standards (CIM, VMAN profiles)."""


def main() -> None:
    """The program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A name that the terminal's character set lacks is shown escaped, and is no reason to fail.
            stream.reconfigure(errors="backslashreplace")
    root(prog_name="vman")
