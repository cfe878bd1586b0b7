"""The reference page of the settings, made from the table."""

from __future__ import annotations

from collections.abc import Iterator

from openvman.config.settings import SETTINGS, Setting

_HEAD = (
    "| setting | option | environment | kind | default | meaning |",
    "|---|---|---|---|---|---|",
)


def markdown() -> str:
    """One table row per setting. The same on every machine: a default that depends on one is told by the meaning."""
    return "\n".join((*_HEAD, *_rows())) + "\n"


def _rows() -> Iterator[str]:
    for setting in SETTINGS:
        cells = (
            f"`{setting.name}`",
            f"`{setting.flag}`",
            f"`{setting.env}`",
            setting.kind.name,
            _default(setting),
            setting.help,
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(setting: Setting) -> str:
    if callable(setting.default):
        return "see there"
    shown = setting.show(setting.default)
    return f"`{shown}`" if shown else ""
