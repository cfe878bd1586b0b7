"""``python -m benchmarks.run``: measure, print the figures as a table, and keep them as JSON, Markdown and a plot."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

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
    schema,
    simulated_fleet,
)
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
    "host": real_host.measure,
    "fleet": simulated_fleet.measure,
}
RESULTS: Final = Path(__file__).parent / "results"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--scale", default=1.0, help="Multiplies the sizes: 0.05 for a quick look.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="The folder for the results.")
@click.option("--against", type=click.Path(path_type=Path, exists=True), help="A stored result to compare with.")
def main(names: tuple[str, ...], scale: float, results: Path, against: Path | None) -> None:
    """Measure all benchmarks, or those named."""
    logs.configure(format="text", level="warning")
    figures: list[Figure] = []
    for name in names or BENCHMARKS:
        click.echo(f"{name} …", err=True)
        figures += BENCHMARKS[name](scale)
    Console().print(_table(figures))
    if against is not None:
        click.echo(report.compared(figures, json.loads(against.read_text(encoding="utf-8"))["figures"]))
    click.echo(_kept(figures, scale, results))


def _table(figures: list[Figure]) -> Table:
    table = Table("benchmark", "what", "ours", "beside", "its", "ratio", "target", "met", box=None)
    for column in (2, 4, 5):
        table.columns[column].justify = "right"
    for figure in figures:
        benchmark, what, ours, _spread, *rest = report.cells(figure)
        table.add_row(benchmark, what, ours, *(cell.replace("**", "") for cell in rest))
    return table


def machine() -> dict[str, Any]:
    """What was measured on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model,
        "processors": os.cpu_count(),
        "memory_bytes": memory,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }


def _kept(figures: list[Figure], scale: float, folder: Path) -> Path:
    now = datetime.now(UTC)
    content = {
        "at": now.isoformat(timespec="seconds"),
        "openvman": __version__,
        "machine": machine(),
        "scale": scale,
        "figures": [asdict(figure) | {"ratio": figure.ratio, "met": figure.met} for figure in figures],
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{now:%Y-%m-%dT%H%M%S}.json"
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(report.markdown(figures) + "\n", encoding="utf-8")
    path.with_suffix(".svg").write_text(report.plot(figures), encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
