"""``vman demo``: the main job in one command, through CIM-XML alone."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

import click
from rich.text import Text

from openvman.cli import output
from openvman.cli.connection import app, connection_options, target_of, wish_from
from openvman.cli.demo_scenario import Scenario, Step
from openvman.cli.demo_server import own_server
from openvman.cli.texts import harmless
from openvman.client.target import Target, answers

_TITLE_WIDTH = 27


class Narrator:
    """Shows the steps as they are done, numbered, with their times."""

    def __init__(self) -> None:
        self._count = 0

    @contextmanager
    def step(self, step: Step) -> Iterator[Step]:
        self._count += 1
        begun = time.monotonic()
        try:
            with output.working(step.title):
                yield step
        except BaseException:
            self._show(step, "✗", "red", begun)
            raise
        self._show(step, "✓", "green", begun)

    def _show(self, step: Step, sign: str, style: str, begun: float) -> None:
        took = time.monotonic() - begun
        line = Text.assemble(
            (f"{sign} {self._count:>2} ", style),
            (f"{step.title:<{_TITLE_WIDTH}}", "bold"),
            harmless(step.found),
            (f"  {took * 1000:.0f} ms" if took < 1 else f"  {took:.1f} s", "dim"),
        )
        output.console().print(line)
        output.console().print(Text(f"     {step.asked}", "dim"))


@click.command("demo")
@connection_options
@click.option("--host", metavar="HOST", help="On this host (name or UUID) instead of the first that is online.")
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="URI",
    help="Start a server of the demo's own for this platform, for example sim://?hosts=2. May be repeated.",
)
def command(host: str | None, platforms: tuple[str, ...], **connection: Any) -> None:
    """Define, start, watch, change and destroy a virtual machine, in one go.

    All of it goes through CIM-XML, and every effect is read back. When no server answers here, one is started for the
    demo and stopped at its end. Nothing is left behind.
    """
    wish = wish_from(connection)
    if platforms and wish.server is not None:
        raise click.UsageError("--platform starts a server, and --server names one: say one of them.")
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with ExitStack() as stack:
            target = None if platforms else target_of(wish)
            if target is None or (wish.server is None and not answers(target.url)):
                with output.working("Starting a server for the demo"):
                    server = stack.enter_context(own_server(platforms))
                why = (
                    "Started a server for the demo" if platforms else "No server answers here; started one for the demo"
                )
                output.say(f"{why}: {server.target.url}, process {server.process}")
                target = server.target
            _run(target, host)
    finally:
        signal.signal(signal.SIGTERM, previous)


def _run(target: Target, host: str | None) -> None:
    output.say(f"openvman demo on {target.url}, namespace {target.namespace}", "bold")
    begun = time.monotonic()
    client = app().connect(target)
    try:
        Scenario(client, Narrator().step, host).run()
    finally:
        client.close()
    output.say(
        f"Done in {time.monotonic() - begun:.1f} s: every effect was read back, and nothing is left behind.", "green"
    )


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Being asked to stop is being interrupted: what was made is destroyed on the way out."""
    raise KeyboardInterrupt
