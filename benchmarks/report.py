"""Figures for people: a Markdown table, a plot of time and memory against size, what changed since a stored result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log
from typing import Final

from benchmarks.figure import BYTES, RATE, SECONDS, Figure

_HEAD: Final = ("benchmark", "what", "ours", "spread", "CPU", "reference", "its value", "ratio", "target", "met")
_COLOURS: Final = ("#1b6ca8", "#c8553d", "#588157", "#7b5ea7", "#b08900", "#444444")
_WIDTH, _LEFT, _TOP = 810, 70, 20
_PLOT_WIDTH, _PLOT_HEIGHT = 400, 340
_BELOW: Final = 60
_POWERS: Final = {SECONDS: 10.0, BYTES: 2.0}
"""The steps of the upward axis."""


def shown(value: float, unit: str) -> str:
    """A value with a unit that fits it."""
    if unit == BYTES:
        return f"{value / 2**20:.0f} MiB"
    if unit == RATE:
        return f"{value:,.0f}/s"
    return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"


def target(figure: Figure) -> str:
    """What it should be; empty where nothing is asked for."""
    more = "≥" if figure.unit == RATE else "≤"
    ratio = [] if figure.at_most is None else [f"{more} {figure.at_most:g} x"]
    value = [] if figure.within is None else [f"{more} {shown(figure.within, figure.unit)}"]
    return ", ".join(ratio + value)


def cells(figure: Figure) -> tuple[str, ...]:
    """A row of the table."""
    spread = "" if figure.spread is None else " to ".join(shown(each, figure.unit) for each in figure.spread)
    met = {True: "yes", False: "**no**", None: ""}[figure.met]
    return (
        figure.benchmark,
        figure.what,
        shown(figure.value, figure.unit),
        spread,
        "" if figure.cpu is None else shown(figure.cpu, SECONDS),
        figure.reference,
        shown(figure.reference_value, figure.unit),
        f"{figure.ratio:.3g}",
        target(figure),
        met,
    )


def markdown(figures: Iterable[Figure]) -> str:
    """The table."""
    rows = [_HEAD, tuple("---" for _ in _HEAD), *map(cells, figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def compared(figures: Sequence[Figure], before: Sequence[Figure]) -> str:
    """Each figure's ratio beside that of a stored result; what is not in both is left out."""
    known = {(row.benchmark, row.what, row.reference): row.ratio for row in before}
    rows = [("benchmark", "what", "ratio before", "ratio now", "now / before"), ("---",) * 5]
    for figure in figures:
        old = known.get((figure.benchmark, figure.what, figure.reference))
        if old:
            change = f"{figure.ratio / old:.2f}"
            rows.append((figure.benchmark, figure.what, f"{old:.3g}", f"{figure.ratio:.3g}", change))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def plot(figures: Sequence[Figure]) -> str:
    """An SVG: time and memory against the number of systems, all logarithmic, a line for each thing that was done."""
    drawn: list[str] = []
    top = _TOP
    for unit in (SECONDS, BYTES):
        lines = _lines(figures, unit)
        if lines:
            drawn += _Panel(unit, lines, top).drawn()
            top += _PLOT_HEIGHT + _BELOW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" font-family="sans-serif" '
        f'font-size="11">\n<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def _lines(figures: Sequence[Figure], unit: str) -> dict[str, list[tuple[int, float]]]:
    """The points of each line; what was done with one size only is none."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for figure in figures:
        if figure.size is not None and figure.unit == unit:
            lines.setdefault(figure.what.rpartition(",")[0], []).append((figure.size, figure.value))
            if unit == SECONDS:
                lines.setdefault(figure.reference, []).append((figure.size, figure.reference_value))
    return {what: sorted(set(points)) for what, points in lines.items() if len({size for size, _ in points}) > 1}


@dataclass(frozen=True, slots=True)
class _Panel:
    """One pair of axes with its lines; ``top`` is where it begins."""

    unit: str
    lines: dict[str, list[tuple[int, float]]]
    top: int

    def drawn(self) -> Iterator[str]:
        yield from self._axes()
        for number, (what, points) in enumerate(self.lines.items()):
            colour = _COLOURS[number % len(_COLOURS)]
            dash = ' stroke-dasharray="5 3"' if number >= len(_COLOURS) else ""
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self._place, points))
            x, y = _LEFT + _PLOT_WIDTH + 12, self.top + 12 + 18 * number
            yield f'<polyline fill="none" stroke="{colour}" stroke-width="2"{dash} points="{path}"/>'
            yield f'<line x1="{x}" x2="{x + 18}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}" stroke-width="2"{dash}/>'
            yield f'<text x="{x + 24}" y="{y}">{escape(what[:52])}</text>'

    def _axes(self) -> Iterator[str]:
        bottom = self.top + _PLOT_HEIGHT
        box = f'width="{_PLOT_WIDTH}" height="{_PLOT_HEIGHT}"'
        yield f'<rect x="{_LEFT}" y="{self.top}" {box} fill="none" stroke="#999"/>'
        yield f'<text x="{_LEFT + _PLOT_WIDTH / 2}" y="{bottom + 40}" text-anchor="middle">systems</text>'
        for size in sorted({size for points in self.lines.values() for size, _ in points}):
            x, _ = self._place((size, 1.0))
            yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{size}</text>'
        low, high = self._span()
        for step in range(low, high + 1):
            value = _POWERS[self.unit] ** step
            _, y = self._place((1, value))
            yield f'<line x1="{_LEFT}" x2="{_LEFT + _PLOT_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
            yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{shown(value, self.unit)}</text>'

    def _span(self) -> tuple[int, int]:
        """The least and the greatest step of the upward axis."""
        steps = [log(value, _POWERS[self.unit]) for points in self.lines.values() for _, value in points]
        return floor(min(steps)), ceil(max(steps))

    def _place(self, point: tuple[int, float]) -> tuple[float, float]:
        sizes = [log(size) for points in self.lines.values() for size, _ in points]
        low, high = self._span()
        x = (log(point[0]) - min(sizes)) / ((max(sizes) - min(sizes)) or 1)
        y = (log(point[1], _POWERS[self.unit]) - low) / ((high - low) or 1)
        return _LEFT + _PLOT_WIDTH * x, self.top + _PLOT_HEIGHT * (1 - y)
