"""``python -m benchmarks.run``: measure, print the figures as a table, and keep them as JSON, Markdown and a plot."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from benchmarks import (
    encode,
    hypervisor,
    indications,
    read_http,
    real_host,
    report,
    restart,
    result,
    schema,
    simulated_fleet,
)
from benchmarks.figure import Figure
from openvman.server import logs

BENCHMARKS: Final[dict[str, Callable[[float], Iterator[Figure]]]] = {
    "schema": schema.measure,
    "encode": encode.measure,
    "http": read_http.measure,
    "libvirt": hypervisor.measure,
    "indications": indications.measure,
    "restart": restart.measure,
    "host": real_host.measure,
    "fleet": simulated_fleet.measure,
}
RESULTS: Final = Path(__file__).parent / "results"
_WIDTH: Final = 200


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--scale", default=1.0, help="Multiplies the sizes: 0.05 for a quick look.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="The folder for the results.")
@click.option("--against", type=click.Path(path_type=Path, exists=True), help="A stored result to compare with.")
@click.option("--store", is_flag=True, help="Make it the result that the documentation tells of.")
def main(names: tuple[str, ...], scale: float, results: Path, against: Path | None, store: bool) -> None:
    """Measure all benchmarks, or those named."""
    if store and (names or scale != 1):
        raise click.UsageError("--store takes a whole run of full size: name no benchmark, and leave --scale")
    logs.configure(format="text", level="warning")
    figures: list[Figure] = []
    for name in names or BENCHMARKS:
        click.echo(f"{name} …", err=True)
        figures += BENCHMARKS[name](scale)
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(_table(figures))
    if against is not None:
        click.echo(report.compared(figures, result.read(against).figures))
    found = result.now(figures, scale)
    if store:
        found.store()
    click.echo(found.keep(results))


def _table(figures: list[Figure]) -> Table:
    table = Table("benchmark", "what", "ours", "beside", "its", "ratio", "target", "met", box=None)
    for column in (2, 4, 5):
        table.columns[column].justify = "right"
    for figure in figures:
        benchmark, what, ours, _spread, _cpu, *rest = report.cells(figure)
        table.add_row(benchmark, what, ours, *(cell.replace("**", "") for cell in rest))
    return table


if __name__ == "__main__":
    main()
