"""``python -m benchmarks.run``: measure, print the figures as a table, and keep them as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from benchmarks import encode, hypervisor, indications, read_http, restart, schema
from benchmarks.figure import Figure
from openvman import __version__
from openvman.server import logs

BENCHMARKS: Final[dict[str, Callable[[float], Iterator[Figure]]]] = {
    "schema": schema.measure,
    "encode": encode.measure,
    "http": read_http.measure,
    "libvirt": hypervisor.measure,
    "indications": indications.measure,
    "restart": restart.measure,
}
RESULTS: Final = Path(__file__).parent / "results"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--scale", default=1.0, help="Multiplies the sizes: 0.05 for a quick look.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="The folder for the JSON file.")
def main(names: tuple[str, ...], scale: float, results: Path) -> None:
    """Measure all benchmarks, or those named."""
    logs.configure(format="text", level="warning")
    figures: list[Figure] = []
    for name in names or BENCHMARKS:
        click.echo(f"{name} …", err=True)
        figures += BENCHMARKS[name](scale)
    Console().print(_table(figures))
    click.echo(_kept(figures, scale, results))


def _table(figures: list[Figure]) -> Table:
    table = Table("benchmark", "what", "ms", "beside", "ms", "ratio", box=None)
    for column in (2, 4, 5):
        table.columns[column].justify = "right"
    for figure in figures:
        table.add_row(
            figure.benchmark,
            figure.what,
            f"{figure.seconds * 1000:.2f}",
            figure.reference,
            f"{figure.reference_seconds * 1000:.2f}",
            f"{figure.ratio:.3g}",
        )
    return table


def _kept(figures: list[Figure], scale: float, folder: Path) -> Path:
    now = datetime.now(UTC)
    content = {
        "at": now.isoformat(timespec="seconds"),
        "openvman": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "scale": scale,
        "figures": [asdict(figure) | {"ratio": figure.ratio} for figure in figures],
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{now:%Y-%m-%dT%H%M%S}.json"
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
