"""The settings as command line options, one for each row of the table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from openvman.config.settings import SETTINGS, Setting

CONFIG_FILE: Final = click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The TOML file of settings. [env: OPENVMAN_CONFIG; default: /etc/openvman/openvman.toml if it exists]",
)


def options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds every setting as an option. Values stay text: ``load`` reads them, as it does those of other origins."""
    for setting in reversed(SETTINGS):
        function = _option(setting)(function)
    return function


def _option(setting: Setting) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    item = getattr(setting.kind, "item", setting.kind)
    again = " May be repeated." if setting.many else ""
    return click.option(
        setting.flag,
        setting.name,
        metavar=item.name.upper().replace(" AND ", ":").replace(" OR ", "|").replace(" ", "_"),
        multiple=setting.many,
        help=f"{setting.help}{again} [env: {setting.env}]",
    )
