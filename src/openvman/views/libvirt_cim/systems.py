"""Guests, their settings and their host, as libvirt-cim shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Const, Source, Write
from openvman.mapping.methods import CodedInput
from openvman.messages import compatible
from openvman.model.console import consoles_of
from openvman.model.errors import ModelError
from openvman.model.spec import SystemSpec
from openvman.model.states import State
from openvman.model.system import BootDevice, OnCrash
from openvman.model.untold import Part
from openvman.profiles import dsp1057_virtual_system as standard
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.dsp1057_values import identifier_of
from openvman.profiles.states import REQUESTED_STATE, supported_states
from openvman.views.libvirt_cim.names import GUEST_NAME
from openvman.views.libvirt_cim.own import own
from openvman.views.libvirt_cim.scope import INSTANCE_ID, Scope, Seen, through

PLAIN_STATE: Final[dict[str, Source]] = {
    "EnabledState": Const(5),
    "RequestedState": Const(12),
    "EnabledDefault": Const(2),
    "TransitioningToState": Const(12),
}
"""The state of everything that has none of its own: not applicable."""

_ASKED: Final = (2, 3, 9, 10, 11)
"""The states that a guest can be asked for."""
_OK, _DORMANT = 2, 15
_OPERATING: Final = {State.ACTIVE: 32768, State.DEFINED: 5, State.SUSPENDED: 5, State.PAUSED: 7, State.UNKNOWN: 0}
_RECOVERY: Final = {OnCrash.DESTROY: 2, OnCrash.RESTART: 3, OnCrash.PRESERVE: 123}
_BOOT: Final = {
    BootDevice.DISK: "hd",
    BootDevice.CDROM: "cdrom",
    BootDevice.FLOPPY: "fd",
    BootDevice.NETWORK: "network",
}


def _caption(seen: Seen) -> str:
    """Viewers read the address of the screen out of it."""
    screen = next((console for console in consoles_of(seen.system) if not console.is_text), None)
    if screen is None:
        return "Virtual System"
    return f"Virtual System (Console on {screen.protocol}://{seen.host.name}:{screen.port or -1})"


def _requested(seen: Seen) -> int:
    """The last state that was asked for; 0 when none ever was."""
    return 0 if seen.system.requested is None else REQUESTED_STATE[seen.system.requested]


def _by_name(keys: NameMap[Value]) -> str:
    return str(keys["Name"])


def _recovery(code: Value, _values: NameMap[Value]) -> OnCrash:
    found = next((action for action, known in _RECOVERY.items() if known == code), None)
    if found is None:
        raise ValueError(f"use one of {', '.join(map(str, _RECOVERY.values()))}")
    return found


def _boot_order(names: Value, _values: NameMap[Value]) -> tuple[BootDevice, ...]:
    known = {name: device for device, name in _BOOT.items()}
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise ValueError(f"{unknown!r} is none of {', '.join(known)}")
    return tuple(known[name] for name in names)


@dataclass(frozen=True, slots=True)
class Systems:
    host: ClassMap
    guest: ClassMap
    guest_capabilities: ClassMap
    settings: ClassMap


def systems(scope: Scope) -> Systems:
    """The classes of the family's host and guests."""
    word = scope.prefix

    def guest_in(keys: NameMap[Value]) -> str:
        return str(keys[INSTANCE_ID]).removeprefix(f"{word}:")

    host = scope.of_host(
        HOST_SYSTEM,
        keys={"CreationClassName": ClassName(), "Name": Attr("name")},
        properties=PLAIN_STATE,
        description="The host that the guests run on.",
    )
    guest = scope.of_system(
        (standard.COMPUTER_SYSTEM,),
        name="ComputerSystem",
        description="A guest.",
        guest=_by_name,
        keys={"CreationClassName": ClassName(), "Name": GUEST_NAME},
        also_named=("ElementName",),
        properties={
            "ElementName": GUEST_NAME,
            "Caption": Call(_caption),
            "Description": Const("Virtual System"),
            "EnabledState": through(standard.COMPUTER_SYSTEM.properties["EnabledState"]),
            "RequestedState": Call(_requested),
            "EnabledDefault": Const(2),
            "TransitioningToState": Const(12),
            "OperationalStatus": Call(lambda seen: (_OK if seen.system.state is State.ACTIVE else _DORMANT,)),
            "OperatingStatus": Call(lambda seen: _OPERATING[seen.system.state]),
            "HealthState": Call(lambda seen: 5 if seen.system.state is State.ACTIVE else 0),
            "IdentifyingDescriptions": Const(("Type", "Model", "UUID")),
            "OtherIdentifyingInfo": Call(lambda seen: ("Virtual System", f"{word} Virtual System", seen.system.id)),
            "UUID": Attr("system.id"),
        },
        extras=own("UUID"),
        methods=(
            replace(
                standard.REQUEST_STATE_CHANGE,
                inputs={
                    **standard.REQUEST_STATE_CHANGE.inputs,
                    "RequestedState": CodedInput(
                        "action", {code: action for action, code in REQUESTED_STATE.items() if code in _ASKED}
                    ),
                },
                returns={},
                unsupported_code=None,
            ),
        ),
    )
    capabilities = scope.of_system(
        (standard.ENABLED_CAPABILITIES,),
        name="EnabledLogicalElementCapabilities",
        description="Which changes of state a guest can be asked for.",
        guest=lambda keys: str(keys[INSTANCE_ID]),
        keys={INSTANCE_ID: GUEST_NAME},
        properties={
            "ElementNameEditSupported": Const(value=False),
            "RequestedStatesSupported": Call(
                lambda seen: tuple(code for code in supported_states(seen.of) if code in _ASKED)
            ),
        },
    )
    settings = scope.of_system(
        (standard.SETTING_DATA,),
        name="VirtualSystemSettingData",
        description="The settings of a guest: those in force, else those of its definition.",
        guest=guest_in,
        keys={INSTANCE_ID: Call(lambda seen: f"{word}:{seen.system.name}")},
        also_named=("ElementName", "VirtualSystemIdentifier"),
        properties={
            "ElementName": Attr("system.name", Write(None)),
            "Caption": Const("Virtual System"),
            "Description": Const("Virtual System"),
            "VirtualSystemIdentifier": Attr("system.name", Write("name")),
            "VirtualSystemType": Const(word),
            "AutomaticRecoveryAction": Call(lambda seen: _RECOVERY[seen.of.on_crash], Write("on_crash", _recovery)),
            "AutomaticShutdownAction": Const(2),
            "AutoStart": Call(
                lambda seen: int(seen.of.autostart), Write("autostart", lambda value, _values: bool(value))
            ),
            "UUID": Attr("system.id", Write("uuid", identifier_of)),
            "Machine": Attr("of.machine", Write("machine")),
            "Arch": Attr("of.architecture"),
            "Emulator": Attr("of.emulator"),
            "EnableACPI": Attr("of.acpi", Write("acpi")),
            "EnableAPIC": Attr("of.apic", Write("apic")),
            "EnablePAE": Attr("of.pae", Write("pae")),
            "ClockOffset": Const(0),
            "BootDevices": Call(
                lambda seen: tuple(_BOOT[device] for device in seen.of.boot_order) or None,
                Write("boot_order", _boot_order),
            ),
            **({"InitPath": Attr("of.init", Write("init"))} if scope.of_containers else {}),
        },
        extras=own(
            "AutoStart",
            "UUID",
            "Machine",
            "Arch",
            "Emulator",
            "EnableACPI",
            "EnableAPIC",
            "EnablePAE",
            "ClockOffset",
            "BootDevices",
            *(("InitPath",) if scope.of_containers else ()),
        ),
        spec=_spec,
        untold=scope.untold(Part.AUTOSTART),
        identity=lambda configuration: {"system_id": configuration.system_id},
    )
    return Systems(host, guest, capabilities, settings)


def _spec(system_id: str | None = None, uuid: str | None = None, **said: Any) -> SystemSpec:
    """A definition says the UUID that the guest shall have; of one that is there it cannot be changed."""
    if system_id is not None and uuid not in {None, system_id}:
        raise ModelError(compatible.OTHER_UUID, "UUID", guest=system_id, uuid=uuid)
    return SystemSpec(system_id=system_id or uuid, **said)
