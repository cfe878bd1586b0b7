"""``vman config``: the settings of this machine's server."""

from __future__ import annotations

from pathlib import Path

import click

from openvman.cli import output
from openvman.cli.connection import load_settings
from openvman.cli.settings_options import CONFIG_FILE


@click.group("config")
def command() -> None:
    """Settings of this machine's server."""


@command.command()
@CONFIG_FILE
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of objects.")
def show(config: Path | None, as_json: bool) -> None:
    """Show the effective settings, and where each came from."""
    loaded = load_settings(file=config)
    if as_json:
        output.emit_json(
            [
                {
                    "name": setting.name,
                    "value": value or None,
                    "origin": origin.value,
                    "environment": setting.env,
                    "help": setting.help,
                }
                for setting, value, origin in loaded.effective()
            ]
        )
        return
    output.table(
        ("SETTING", "VALUE", "FROM"),
        [(setting.name, value, origin.value) for setting, value, origin in loaded.effective()],
    )
    output.note(f"File: {loaded.file or 'none'}", "dim")
    for doubt in loaded.doubts:
        output.note(f"Doubtful: {doubt}", "yellow")
