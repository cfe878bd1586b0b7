"""``vman serve``: run the server. Its options come from the table of settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from openvman.cli.connection import load_settings
from openvman.cli.settings_options import CONFIG_FILE, options
from openvman.cli.texts import harmless


@click.command("serve")
@CONFIG_FILE
@options
def command(config: Path | None, **given: Any) -> None:
    """Run the server in the foreground, until it is interrupted or asked to stop (SIGINT, SIGTERM).

    Every option is also a setting of the TOML file, and an environment variable OPENVMAN_…; `vman config show` prints
    the effective values.
    """
    loaded = load_settings(given, file=config)
    for doubt in loaded.doubts:
        click.echo(f"vman: {harmless(doubt)}", err=True)
    # The server's libraries are not loaded for --help or a wrong option.
    from openvman.app import run  # noqa: PLC0415

    run(loaded.settings)
