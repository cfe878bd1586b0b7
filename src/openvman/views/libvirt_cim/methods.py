"""Methods: those of the standard view on this family's classes, which run the same operations.

libvirt-cim returns 0 or an error with a text, and no other code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from openvman.mapping.methods import Input, InstanceOutput, MethodMap, ObjectInput, ObjectOutput, Output, SpecInput
from openvman.model.allocation import Allocation, DeviceAllocation, DeviceKind
from openvman.model.host import Host
from openvman.model.spec import SystemSpec
from openvman.model.system import BootDevice, Firmware
from openvman.profiles import dsp1042_system_virtualization as guests
from openvman.views.libvirt_cim.devices import Asked, in_definition
from openvman.views.libvirt_cim.edges import Translation
from openvman.views.libvirt_cim.scope import Seen

_OWN: Final = frozenset({extra.name for extra in (guests.CHECK_DEFINE,)})
"""Methods of the standard view's own, which libvirt-cim does not have."""
_SHARED: Final = {"shared_images": True}
_MACHINE: Final = "pc"
"""The machine that libvirt-cim's guests are, which their settings say nothing of."""


def guest_methods(translation: Translation) -> tuple[MethodMap, ...]:
    """Those of the management service."""
    found = [_translated(method, translation) for method in guests.METHODS if method.name not in _OWN]
    return tuple(_OTHERWISE[m.name](m) if m.name in _OTHERWISE else m for m in found)


def _defining(method: MethodMap) -> MethodMap:
    """What settings do not say of a machine is as libvirt-cim has it; a container is none.

    Clients define many guests with one image, of which one is active.
    """

    def arranged(host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
        system: SystemSpec = arguments["system"] or SystemSpec()
        if not host.facts.is_for_containers:
            system = _machine(system, host)
        asked: Iterable[Asked] = arguments["resources"] or ()
        resources = [one.whole for one in asked]
        return method.arrange(host, {**arguments, "system": system, "resources": resources, **_SHARED})

    return replace(method, arrange=arranged)


def _machine(system: SystemSpec, host: Host) -> SystemSpec:
    machine = _MACHINE if _MACHINE in host.facts.machines else None
    return replace(
        system,
        machine=system.machine or machine,
        boot_order=system.boot_order or (BootDevice.DISK,),
        firmware=Firmware.BIOS,  # libvirt-cim knows no other
    )


def _adding(method: MethodMap) -> MethodMap:
    """A guest that is active has what was added now, and when it is next activated."""

    def arranged(host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
        asked: Iterable[Asked] = arguments["specs"]
        return method.arrange(host, {**arguments, "specs": [one.spec for one in asked], **_SHARED})

    return replace(method, operation="add_resources_for_good", arrange=arranged)


def _modifying(method: MethodMap) -> MethodMap:
    """Likewise what was modified; each setting is told once. A definition may ask for more than the host has."""

    def arranged(host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
        asked: list[Asked] = arguments["specs"]
        everywhere = [spec for one in asked for spec in one.specs()]
        return method.arrange(host, {**arguments, "specs": everywhere, "beyond_host": True, **_SHARED})

    told = {
        name: replace(output, read=_each_once) if isinstance(output, ObjectOutput) else output
        for name, output in method.outputs.items()
    }
    return replace(method, arrange=arranged, outputs=told)


def _removing(method: MethodMap) -> MethodMap:
    """Likewise what was removed. The controllers of every machine can be removed, and are there again."""

    def arranged(host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
        seen: list[Seen] = [one for one in arguments["allocations"] if not _is_of_machine(one.of)]
        defined = [found for one in seen if (found := in_definition(one)) is not None]
        if not seen:
            return {"allocations": []}
        return method.arrange(host, {**arguments, "allocations": [*(one.of for one in seen), *defined]})

    return replace(method, arrange=arranged)


def _each_once(allocations: list[Allocation]) -> list[Allocation]:
    """One of each device: that of the active guest comes first."""
    found: dict[tuple[str, str], Allocation] = {}
    for allocation in allocations:
        found.setdefault((allocation.system_id, allocation.local_id), allocation)
    return list(found.values())


def _is_of_machine(allocation: Allocation) -> bool:
    return (
        isinstance(allocation, DeviceAllocation)
        and allocation.kind is DeviceKind.CONTROLLER
        and allocation.bus in {"pci", "usb"}
        and allocation.address in {None, "0"}
    )


_OTHERWISE: Final[Mapping[str, Callable[[MethodMap], MethodMap]]] = {
    "DefineSystem": _defining,
    "AddResourceSettings": _adding,
    "ModifyResourceSettings": _modifying,
    "RemoveResourceSettings": _removing,
}
"""What is more than a translation."""


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
