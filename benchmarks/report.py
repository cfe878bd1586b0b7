"""Figures for people: a Markdown table, a plot of time against size, and what changed since a stored result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import log10
from typing import Any, Final

from benchmarks.figure import BYTES, RATE, Figure

_HEAD: Final = ("benchmark", "what", "ours", "spread", "reference", "its value", "ratio", "target", "met")
_COLOURS: Final = ("#1b6ca8", "#c8553d", "#588157", "#7b5ea7", "#b08900", "#444444")
_WIDTH, _HEIGHT, _LEFT, _TOP = 720, 420, 70, 20
_PLOT_WIDTH, _PLOT_HEIGHT = 400, 340


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


def compared(figures: Sequence[Figure], before: Sequence[dict[str, Any]]) -> str:
    """Each figure's ratio beside that of a stored result; what is not in both is left out."""
    known = {(row["benchmark"], row["what"], row["reference"]): row["ratio"] for row in before}
    rows = [("benchmark", "what", "ratio before", "ratio now", "now / before"), ("---",) * 5]
    for figure in figures:
        old = known.get((figure.benchmark, figure.what, figure.reference))
        if old:
            change = f"{figure.ratio / old:.2f}"
            rows.append((figure.benchmark, figure.what, f"{old:.3g}", f"{figure.ratio:.3g}", change))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def plot(figures: Iterable[Figure]) -> str:
    """An SVG: time against the number of systems, both logarithmic, a line for each thing that was done."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for figure in figures:
        if figure.size is not None and figure.unit == "s":
            lines.setdefault(figure.what.rpartition(",")[0], []).append((figure.size, figure.value))
            lines.setdefault(figure.reference, []).append((figure.size, figure.reference_value))
    lines = {what: sorted(set(points)) for what, points in lines.items() if len({size for size, _ in points}) > 1}
    drawn = [_axes(lines)] if lines else []
    for number, (what, points) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        dash = ' stroke-dasharray="5 3"' if number >= len(_COLOURS) else ""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (_place(point, lines) for point in points))
        drawn.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2"{dash} points="{path}"/>')
        y = _TOP + 12 + 18 * number
        x = _LEFT + _PLOT_WIDTH + 12
        drawn.append(
            f'<line x1="{x}" x2="{x + 18}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}" stroke-width="2"{dash}/>'
        )
        drawn.append(f'<text x="{x + 24}" y="{y}">{escape(what[:38])}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="11">\n<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(drawn) + "\n</svg>\n"
    )


def _range(lines: dict[str, list[tuple[int, float]]], place: int) -> tuple[float, float]:
    values = [log10(point[place]) for points in lines.values() for point in points]
    return min(values), max(values)


def _place(point: tuple[int, float], lines: dict[str, list[tuple[int, float]]]) -> tuple[float, float]:
    (left, right), (low, high) = _range(lines, 0), _range(lines, 1)
    x = _LEFT + _PLOT_WIDTH * (log10(point[0]) - left) / ((right - left) or 1)
    y = _TOP + _PLOT_HEIGHT * (1 - (log10(point[1]) - low) / ((high - low) or 1))
    return x, y


def _axes(lines: dict[str, list[tuple[int, float]]]) -> str:
    drawn = [
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_PLOT_WIDTH}" height="{_PLOT_HEIGHT}" fill="none" stroke="#999"/>',
        f'<text x="{_LEFT + _PLOT_WIDTH / 2}" y="{_TOP + _PLOT_HEIGHT + 40}" text-anchor="middle">systems</text>',
    ]
    some = next(iter(lines.values()))[0]
    for size in sorted({size for points in lines.values() for size, _ in points}):
        x, _ = _place((size, some[1]), lines)
        drawn.append(f'<text x="{x:.1f}" y="{_TOP + _PLOT_HEIGHT + 18}" text-anchor="middle">{size}</text>')
    low, high = _range(lines, 1)
    for power in range(int(low) - 1, int(high) + 2):
        if low <= power <= high:
            _, y = _place((some[0], 10.0**power), lines)
            drawn.append(f'<line x1="{_LEFT}" x2="{_LEFT + _PLOT_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
            drawn.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{shown(10.0**power, "s")}</text>')
    return "\n".join(drawn)
