"""Method calls as indications (CIM_InstMethodCall): one before the method, one after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from openvman.cim.operations import Argument, MethodAnswer, Output
from openvman.cim.values import Instance, Property, Value

_PARAMETERS: Final = "__MethodParameters"
"""The class name that CIM-XML servers give to the parameters of a method."""


def before(method: str, arguments: Mapping[str, Argument]) -> dict[str, Value]:
    """The indication's properties before the method runs."""
    given = (
        Property(name, a.type or "string", a.value, a.is_array, a.embedded)
        for name, a in arguments.items()
        if a.type is not None or isinstance(a.value, str)
    )
    return _values(method, given, pre=True)


def after(method: str, answer: MethodAnswer) -> dict[str, Value]:
    """The indication's properties when the method has returned."""
    values = _values(method, map(_shown, answer.outputs), pre=False)
    return values | {"ReturnValue": str(answer.return_value)}


def _shown(output: Output) -> Property:
    return Property(output.name, output.type, output.value, output.is_array, output.embedded)


def _values(method: str, parameters: Iterable[Property], *, pre: bool) -> dict[str, Value]:
    return {"MethodName": method, "MethodParameters": Instance.of(_PARAMETERS, parameters), "PreCall": pre}
