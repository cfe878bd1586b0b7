"""Files that describe virtual machines, for ``vman vm define -f`` and ``vman vm export``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from openvman.cli import output
from openvman.cli.connection import connecting
from openvman.cli.texts import harmless
from openvman.cli.vm_named import NAME, ON_HOST, find
from openvman.client.errors import ClientError, Reason

if TYPE_CHECKING:  # it imports pywbem, which is slow, and help must be quick
    from openvman.client.description import Description, Preview
    from openvman.client.vman import Client

STDIN: Final = "-"
FORMATS: Final = ("toml", "yaml", "json")
FILE: Final = click.option(
    "--file",
    "-f",
    "file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Take everything from a description in TOML, YAML or JSON; - is the standard input. See: Defining machines.",
)
FORMAT: Final = click.option(
    "--format", "format", type=click.Choice(FORMATS), help="What FILE is, where its name does not end so."
)
DRY_RUN: Final = click.option("--dry-run", is_flag=True, help="Show what would be defined and made, and do nothing.")


def read(file: str, format: str | None, name: str | None) -> Description:
    """The description in a file; ``name`` is the machine's where it is to be another than the file's."""
    from openvman.client import description, files  # noqa: PLC0415 - they import pywbem, which is slow

    kind = format or files.SUFFIXES.get(Path(file).suffix.lower())
    if kind is None:
        known = ", ".join(files.SUFFIXES)
        raise click.UsageError(f"'{file}' ends in none of {known}: say its --format.")
    shown = "standard input" if file == STDIN else file
    folder = Path() if file == STDIN else Path(file).parent
    said = dict(files.parse(_content(file, files.LIMIT), kind, shown))
    if name is not None:
        said["name"] = name
    if "name" not in said:
        raise ClientError(Reason.USAGE, f"{shown}: name: it is needed, here or on the command line.")
    return description.described(said, shown, lambda path: _text(folder / path, files.LIMIT))


def _content(file: str, limit: int) -> bytes:
    """No more than is looked at: a byte over the limit."""
    if file == STDIN:
        return sys.stdin.buffer.read(limit + 1)
    with Path(file).open("rb") as stream:
        return stream.read(limit + 1)


def _text(path: Path, limit: int) -> str:
    content = _content(str(path), limit)
    if len(content) > limit:
        raise ValueError(f"it has more than {limit // 2**20} MiB")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ValueError("it is no UTF-8 text") from None


def show(preview: Preview, *, as_json: bool) -> None:
    """What a definition would come to."""
    if as_json:
        output.emit_json([{"description": preview.description, "effects": list(preview.effects)}])
        return
    _print(preview.description, "yaml")
    for effect in preview.effects:
        output.note(f"Would {effect}")
    output.note("Nothing was done.")


def _print(description: dict[str, Any], format: str) -> None:
    from openvman.client import files  # noqa: PLC0415 - likewise

    for line in files.print_(description, format).splitlines():
        click.echo(harmless(line))


@click.command()
@connecting
@NAME
@ON_HOST
@click.option(
    "--format", "format", type=click.Choice(FORMATS[1:]), default="yaml", show_default=True, help="How it is written."
)
def export(client: Client, name: str, host: str | None, format: str) -> None:
    """Print a machine's description, as define -f takes it. Its cloud-init data cannot be read, and is not in it."""
    _print(client.export(find(client, name, host)), format)
