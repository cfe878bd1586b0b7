"""Method calls as indications (CIM_InstMethodCall): one before the method, one after it.

Embedded instances among the parameters are left out: settings may hold passwords, which nobody is to read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from openvman.cim.declarations import MethodDeclaration
from openvman.cim.operations import Argument, MethodAnswer, Output
from openvman.cim.values import Instance, Property, Value

_PARAMETERS: Final = "__MethodParameters"
"""The class name that CIM-XML servers give to the parameters of a method."""


def before(method: MethodDeclaration, arguments: Mapping[str, Argument]) -> dict[str, Value]:
    """The indication's properties before the method runs."""
    plain = {name.lower() for name, parameter in method.parameters.items() if parameter.embedded is None}
    given = (
        Property(name, a.type or "string", a.value, a.is_array)
        for name, a in arguments.items()
        if name.lower() in plain and (a.type is not None or isinstance(a.value, str))
    )
    return _values(method.name, given, pre=True)


def after(method: MethodDeclaration, answer: MethodAnswer) -> dict[str, Value]:
    """The indication's properties when the method has returned."""
    values = _values(method.name, (_shown(o) for o in answer.outputs if o.embedded is None), pre=False)
    return values | {"ReturnValue": str(answer.return_value)}


def _shown(output: Output) -> Property:
    return Property(output.name, output.type, output.value, output.is_array)


def _values(method: str, parameters: Iterable[Property], *, pre: bool) -> dict[str, Value]:
    return {"MethodName": method, "MethodParameters": Instance.of(_PARAMETERS, parameters), "PreCall": pre}
