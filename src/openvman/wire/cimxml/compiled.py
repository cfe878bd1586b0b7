"""Encoders compiled from plans: for each plan one function that writes an object's INSTANCE, one for its INSTANCENAME.

The functions are Python source made from the plan's columns. Nothing of a plan but column numbers stands in the
source: names, tags and getters are constants of the function's namespace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from openvman.cim.plan import Column, InstancePlan
from openvman.cim.values import INTEGER_RANGES, Property
from openvman.wire.cimxml.encode_values import Frame, formatter, key_frame, property_frame, value_type, values
from openvman.wire.cimxml.escape import escape, quote

Write = Callable[[Any], str]

_MEMO: Final = "cimxml"

# The value as written, by type: what is most frequent stands in the function itself.
_CLEAN: Final = "v if v.isprintable() and '&' not in v and '<' not in v and '>' not in v else escape(v)"
_INLINE: Final[dict[str, str]] = {
    "string": _CLEAN,
    "boolean": "'TRUE' if v else 'FALSE'",
    **dict.fromkeys(INTEGER_RANGES, "f'{v:d}'"),
}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A plan's two functions."""

    name: Write
    instance: Write


def compiled(plan: InstancePlan) -> Compiled:
    """The plan's functions, made when they are first asked for and kept in its memo."""
    found: Compiled | None = plan.memo.get(_MEMO)
    if found is None:
        found = plan.memo[_MEMO] = Compiled(_compile_name(plan), _compile_instance(plan))
    return found


def _compile_name(plan: InstancePlan) -> Write:
    frames = []
    for key in plan.keys:
        before, after = key_frame(key.name, key.type, value_type(key.type))
        frames.append((key, Frame(before, after, "")))
    return _compile(plan, "INSTANCENAME", frames, nullable=False)


def _compile_instance(plan: InstancePlan) -> Write:
    frames = [(c, property_frame(_shown(c), with_class_origin=plan.with_class_origin)) for c in plan.columns]
    return _compile(plan, "INSTANCE", frames, nullable=True)


def _shown(column: Column) -> Property:
    return Property(
        column.name,
        column.type,
        None,
        column.is_array,
        column.embedded,
        column.reference_class,
        column.class_origin,
        column.propagated,
    )


def _compile(plan: InstancePlan, tag: str, frames: list[tuple[Column, Frame]], *, nullable: bool) -> Write:
    constants: dict[str, Any] = {
        "escape": escape,
        "values": values,
        "head": f'<{tag} CLASSNAME="{quote(plan.class_name)}">',
        "tail": f"</{tag}>",
    }
    lines = ["def encode(o):"]
    for number, (column, frame) in enumerate(frames):
        constants |= {
            f"get{number}": column.get,
            f"write{number}": formatter(column.type, column.embedded),
            f"before{number}": frame.before,
            f"after{number}": frame.after,
            f"null{number}": frame.null,
        }
        lines.append(f" v = get{number}(o)")
        written = f" w = {_expression(column, number)}"
        framed = f" t{number} = f'{{before{number}}}{{w}}{{after{number}}}'"
        if nullable:
            lines += [f" if v is None: t{number} = null{number}", " else:", f" {written}", f" {framed}"]
        else:
            lines += [written, framed]
    lines.append(f" return f'{{head}}{''.join(f'{{t{number}}}' for number in range(len(frames)))}{{tail}}'")
    exec("\n".join(lines), constants)  # noqa: S102 - no text of the plan or of a request is in the source
    return constants["encode"]  # type: ignore[no-any-return]


def _expression(column: Column, number: int) -> str:
    if column.is_array:
        return f"values(v, write{number})"
    return f"write{number}(v)" if column.embedded else _INLINE.get(column.type, f"write{number}(v)")
