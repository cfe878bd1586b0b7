"""Methods: those of the standard view on this family's classes, which run the same operations.

libvirt-cim returns 0 or an error with a text, and no other code.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from openvman.mapping.declare import (
    Input,
    InstanceOutput,
    MethodMap,
    ObjectInput,
    ObjectOutput,
    Output,
    SpecInput,
)
from openvman.model.host import Host
from openvman.model.spec import SystemSpec
from openvman.profiles import dsp1042_system_virtualization as guests
from openvman.views.libvirt_cim.edges import Translation

_OWN: Final = frozenset({extra.name for extra in (guests.CHECK_DEFINE,)})
"""Methods of the standard view's own, which libvirt-cim does not have."""
_MACHINE: Final = "pc"
"""The machine that libvirt-cim's guests are, which their settings say nothing of."""


def guest_methods(translation: Translation) -> tuple[MethodMap, ...]:
    """Those of the management service."""
    found = [_translated(method, translation) for method in guests.METHODS if method.name not in _OWN]
    return tuple(replace(m, arrange=_defined(m.arrange)) if m.name == "DefineSystem" else m for m in found)


def _defined(arrange: Any) -> Any:
    def arranged(host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
        system: SystemSpec = arguments["system"] or SystemSpec()
        if system.machine is None and _MACHINE in host.facts.machines:
            system = replace(system, machine=_MACHINE)
        return dict(arrange(host, {**arguments, "system": system}))

    return arranged


def _translated(method: MethodMap, translation: Translation) -> MethodMap:
    """What is wrong with an embedded instance comes before what is wrong with a reference."""
    inputs = {name: _input(given, translation) for name, given in method.inputs.items()}
    ordered = dict(sorted(inputs.items(), key=lambda item: not isinstance(item[1], SpecInput)))
    return replace(
        method,
        inputs=ordered,
        outputs={name: _output(told, translation) for name, told in method.outputs.items()},
        returns={},
        unsupported_code=None,
    )


def _input(given: Input, translation: Translation) -> Input:
    match given:
        case SpecInput() | ObjectInput():
            return replace(given, maps=translation.maps(given.maps))
    return given


def _output(told: Output, translation: Translation) -> Output:
    match told:
        case ObjectOutput() | InstanceOutput():
            return replace(told, maps=translation.maps(told.maps))
    return told
