"""Encoders compiled from plans: for each plan and form of a row one function that writes the rows of many objects.

The functions are Python source made from the plan's columns. What is the same for every object (tags, constants,
properties that are always NULL) is one text between two values that are not. Of a plan's words only the names of
attributes stand in the source, and those are Python's own identifiers; all else are constants of the function's
namespace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from openvman.cim.plan import Column, InstancePlan
from openvman.cim.values import INTEGER_RANGES, Property, Value
from openvman.wire.cimxml.encode_values import (
    Frame,
    formatter,
    key_frame,
    local_namespace,
    property_frame,
    value_type,
    values,
)
from openvman.wire.cimxml.escape import escape, quote

WriteRows = Callable[[Iterable[Any]], bytes]

_PLACES: Final = re.compile(r"(\{\w+\})")

# The value as written, by type: what is most frequent stands in the function itself.
_CLEAN: Final = "v if v.isprintable() and '&' not in v and '<' not in v and '>' not in v else escape(v)"
_INLINE: Final[dict[str, str]] = {
    "string": _CLEAN,
    "boolean": "'TRUE' if v else 'FALSE'",
    **dict.fromkeys(INTEGER_RANGES, "f'{v:d}'"),
}
_REFERENCE: Final = "<LOCALINSTANCEPATH>{at}{name}</LOCALINSTANCEPATH>"
_CODES: Final = ("uint8", "sint8", "uint16", "sint16")
"""Types of which a property has few values, mostly those of a ValueMap."""
_MOST_KNOWN: Final = 256


def compiled(plan: InstancePlan, form: str, at: str) -> WriteRows:
    """What writes the rows of objects one behind the other.

    ``form`` is a row's text; in it ``{name}`` stands for an object's INSTANCENAME, ``{instance}`` for its INSTANCE, and
    ``{at}`` for the text ``at``. The function is made when it is first asked for, and kept in the plan's memo.
    """
    key = (form, at)
    found: WriteRows | None = plan.memo.get(key)
    if found is None:
        made = _Function()
        for piece in _PLACES.split(form):
            if piece == "{name}":
                made.name(plan)
            elif piece == "{instance}":
                made.instance(plan)
            else:
                made.text(at if piece == "{at}" else piece)
        found = plan.memo[key] = made.compiled()
    return found


class _Known(dict[Any, str]):
    """A property as it is written, by its value: found faster than it is written."""

    def __init__(self, write: Callable[[Value], str]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, value: Value) -> str:
        written = self._write(value)
        if len(self) < _MOST_KNOWN:
            self[value] = written
        return written


class _Function:
    """The function as far as it is written: what is done for each object, and the parts of its row."""

    def __init__(self) -> None:
        self._constants: dict[str, Any] = {"escape": escape, "values": values}
        self._lines: list[str] = []
        self._row: list[str] = []
        """Names of constants and variables."""
        self._text: list[str] = []
        """What goes before the next of them."""
        self._keys: dict[str, str] = {}
        """The variable with a key's value as it is written, by the key's name."""

    def text(self, text: str) -> None:
        self._text.append(text)

    def name(self, plan: InstancePlan) -> None:
        self.text(f'<INSTANCENAME CLASSNAME="{quote(plan.class_name)}">')
        for key in plan.keys:
            before, after = key_frame(key.name, key.type, value_type(key.type))
            self.text(before)
            if key.constant:
                self.text(_content(key, key.get(None)))
            else:
                self._variable(self._key(key))
            self.text(after)
        self.text("</INSTANCENAME>")

    def instance(self, plan: InstancePlan) -> None:
        self.text(f'<INSTANCE CLASSNAME="{quote(plan.class_name)}">')
        for column in plan.columns:
            frame = property_frame(_shown(column), with_class_origin=plan.with_class_origin)
            if column.constant:
                self.text(_written(column, frame, column.get(None)))
            elif column.name in self._keys:  # it is written already, and a key is never NULL
                self.text(frame.before)
                self._variable(self._keys[column.name])
                self.text(frame.after)
            else:
                self._variable(self._property(column, frame))
        self.text("</INSTANCE>")

    def compiled(self) -> WriteRows:
        self._flush()
        row = "".join(f"{{{part}}}" for part in self._row)
        source = (
            "def write(objects):",
            " rows = []",
            " for o in objects:",
            *(f"  {line}" for line in self._lines),
            f"  rows.append(f'{row}')",
            " return ''.join(rows).encode()",
        )
        exec("\n".join(source), self._constants)  # noqa: S102 - no text of a request is in the source
        return self._constants["write"]  # type: ignore[no-any-return]

    def _variable(self, name: str) -> None:
        self._flush()
        self._row.append(name)

    def _flush(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        if text:
            self._row.append(self._constant("text", text))

    def _constant(self, kind: str, value: Any) -> str:
        name = f"{kind}{len(self._constants)}"
        self._constants[name] = value
        return name

    def _key(self, key: Column) -> str:
        variable = self._keys[key.name] = f"k{len(self._keys)}"
        self._lines += [f"v = {self._read(key)}", f"{variable} = {self._content(key)}"]
        return variable

    def _property(self, column: Column, frame: Frame) -> str:
        """The lines that write a property; the variable that has it then."""
        variable = f"p{len(self._lines)}"
        read = self._read(column)
        if column.type in _CODES:
            known = self._constant("known", _Known(lambda value: _written(column, frame, value)))
            self._lines.append(f"v = {read}")
            self._lines.append(f"{variable} = {known}[{'v if v is None else tuple(v)' if column.is_array else 'v'}]")
            return variable
        before, after = self._constant("before", frame.before), self._constant("after", frame.after)
        self._lines += [
            f"v = {read}",
            f"if v is None: {variable} = {self._constant('null', frame.null)}",
            "else:",
            f" w = {self._content(column)}",
            f" {variable} = f'{{{before}}}{{w}}{{{after}}}'",
        ]
        return variable

    def _read(self, column: Column) -> str:
        if column.refers is not None:
            return f"{self._constant('refers', column.refers)}(o)"
        if column.attribute is not None and column.attribute.isidentifier():
            return f"o.{column.attribute}"
        return f"{self._constant('get', column.get)}(o)"

    def _content(self, column: Column) -> str:
        """The expression that writes ``v``, which is not None."""
        if column.refers is not None:
            return f"{self._constant('write', _reference)}(v)"
        write = formatter(column.type, column.embedded)
        inline = None if column.embedded else _INLINE.get(column.type)
        if column.is_array:
            return f"values(v, {self._constant('write', write)})"
        return inline if inline is not None else f"{self._constant('write', write)}(v)"


def _reference(referred: tuple[InstancePlan, Any]) -> str:
    """The content of a VALUE.REFERENCE to an object, as :func:`encode_values.reference` writes its path."""
    plan, obj = referred
    return compiled(plan, _REFERENCE, local_namespace(plan.namespace))((obj,)).decode()


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


def _content(column: Column, value: Value) -> str:
    write = formatter(column.type, column.embedded)
    return values(value, write) if column.is_array else write(value)


def _written(column: Column, frame: Frame, value: Value) -> str:
    return frame.null if value is None else f"{frame.before}{_content(column, value)}{frame.after}"
