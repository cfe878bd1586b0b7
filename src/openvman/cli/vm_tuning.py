"""Options that limit, weigh, reserve and map what a virtual machine has, and how that looks."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import click

from openvman.cli import output
from openvman.cli.kinds import Size
from openvman.client.tuning import MEGAHERTZ, PERCENT, Time, Tuned, Tuning

_NONE: Final = "none"
_TIME: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(%|MHz|GHz)", re.IGNORECASE | re.ASCII)
_PARTS: Final = {"%": (1000, PERCENT), "mhz": (1, MEGAHERTZ), "ghz": (1000, MEGAHERTZ)}
_PIN: Final = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?", re.ASCII)


class ProcessorTime(click.ParamType[Time]):
    """``150%``, ``1500MHz``, ``2.5GHz``, or ``none``."""

    name = "time"

    def convert(self, value: str | Time, param: click.Parameter | None, ctx: click.Context | None) -> Time:
        if isinstance(value, Time):
            return value
        if value.lower() == _NONE:
            return Time(0, PERCENT)
        found = _TIME.fullmatch(value.strip())
        if found is None:
            self.fail(f"'{value}' is no time of processors; say for example 150%, 1500MHz or none", param, ctx)
        factor, units = _PARTS[found[2].lower()]
        quantity = Fraction(found[1]) * factor
        if quantity.denominator != 1 or not quantity:
            self.fail(f"'{value}' is too fine, or nothing; the least step is 0.001% or 1MHz", param, ctx)
        return Time(quantity.numerator, units)


class Pins(click.ParamType[tuple[int, ...]]):
    """``0,2-3``, or ``none``."""

    name = "pins"

    def convert(
        self, value: str | tuple[int, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        if value.lower() == _NONE:
            return ()
        found: list[int] = []
        for part in value.split(","):
            one = _PIN.fullmatch(part.strip())
            some = range(int(one[1]), int(one[2] or one[1]) + 1) if one is not None else range(0)
            if not some or set(some) & set(found):
                self.fail(f"'{value}' is no list of processors; say for example 0,2-3 or none", param, ctx)
            found += some
        return tuple(found)


class SizeOrNone(Size):
    """``64MiB`` as bytes, or ``none`` as 0."""

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        return 0 if isinstance(value, str) and value.lower() == _NONE else super().convert(value, param, ctx)


_OPTIONS: Final = (
    click.option(
        "--cpu-limit",
        type=ProcessorTime(),
        metavar="PERCENT|MHZ|none",
        help="The most time that all its processors get together: 100% is one processor of the host. Or 1500MHz.",
    ),
    click.option(
        "--cpu-reservation",
        type=ProcessorTime(),
        metavar="PERCENT|MHZ|none",
        help="Let it start only where so much is not reserved by others yet.",
    ),
    click.option(
        "--cpu-weight",
        type=click.IntRange(0),
        metavar="N",
        help="Its share of the host's time beside the weights of others, when there is not enough; 0 for the usual.",
    ),
    click.option(
        "--cpu-pin",
        type=Pins(),
        metavar="LIST|none",
        help="Run it on these processors of the host only, for example 0,2-3.",
    ),
    click.option(
        "--cpu-dedicated",
        is_flag=True,
        help="With --cpu-pin: one for each of its own, in order, and for no other pinned machine.",
    ),
    click.option(
        "--memory-limit",
        type=SizeOrNone(),
        metavar="SIZE|none",
        help="The most memory of the host that it gets with all that its hypervisor needs: 256MiB more than the guest.",
    ),
    click.option(
        "--memory-reservation",
        type=SizeOrNone(),
        metavar="SIZE|none",
        help="Let it start only where so much is free of reservations.",
    ),
    click.option(
        "--memory-maximum",
        type=Size(),
        metavar="SIZE",
        help="What --memory can be raised to while it runs.",
    ),
    click.option(
        "--hugepages",
        type=SizeOrNone(),
        metavar="SIZE|none",
        help="Make its memory of the host's huge pages of this size, for example 2MiB.",
    ),
)
NAMES: Final = "--cpu-limit, --cpu-weight, --cpu-pin, --memory-limit, --hugepages and the like"


def tuning_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options; the command gets them together as ``tuning``, None when none was given."""

    @functools.wraps(function)
    def gathered(*args: Any, **given: Any) -> Any:
        said = {name: given.pop(name) for name in _FIELDS}
        if said["cpu_dedicated"] and not said["cpu_pin"]:
            raise click.UsageError("--cpu-dedicated goes with --cpu-pin: say which processors.")
        tuning = Tuning(**said)
        return function(*args, **given, tuning=tuning if tuning != Tuning() else None)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered


_FIELDS: Final = Tuning.__dataclass_fields__.keys()


def tuned_object(tuned: Tuned) -> dict[str, Any]:
    """The stable shape in JSON; memory in bytes, time of processors in percent of one."""
    return {
        "cpu_limit": tuned.cpu_limit,
        "cpu_reservation": tuned.cpu_reservation,
        "cpu_weight": tuned.cpu_weight,
        "cpu_pin": list(tuned.cpu_pin),
        "cpu_mapping": tuned.cpu_mapping,
        "memory_limit": tuned.memory_limit,
        "memory_reservation": tuned.memory_reservation,
        "memory_maximum": tuned.memory_maximum,
        "hugepages": tuned.hugepages,
    }


def tuned_rows(tuned: Tuned, memory: int) -> list[tuple[str, Any]]:
    """Rows for a person: only what was set."""
    pins = ", ".join(map(str, tuned.cpu_pin))
    rows: list[tuple[str, Any]] = [
        ("Processor limit", _percent(tuned.cpu_limit)),
        ("Processors reserved", _percent(tuned.cpu_reservation)),
        ("Processor weight", tuned.cpu_weight),
        ("On host processors", f"{pins} ({tuned.cpu_mapping})" if pins else None),
        ("Memory maximum", _size(None if tuned.memory_maximum == memory else tuned.memory_maximum)),
        ("Memory limit", _size(tuned.memory_limit)),
        ("Memory reserved", _size(tuned.memory_reservation)),
        ("Huge pages", _size(tuned.hugepages)),
    ]
    return [(name, value) for name, value in rows if value is not None]


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{value:g}%"


def _size(value: int | None) -> Any:
    return None if value is None else output.size(value)
