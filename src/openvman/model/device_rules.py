"""The rules that a request for a device without a record of its own must keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from openvman.messages import devices as devices_rows
from openvman.model.allocation import NO_DEVICE, DeviceKind
from openvman.model.endpoint import parse_endpoint
from openvman.model.spec import DEVICE_SETTINGS, DeviceSpec
from openvman.model.validation import WORD, Rule, Surroundings, is_path

Kind = DeviceKind

SETTINGS: Final[Mapping[DeviceKind, frozenset[str]]] = {
    Kind.GRAPHICS: frozenset({"type", "address", "keymap", "password", "has_password"}),
    Kind.VIDEO: frozenset({"type"}),
    Kind.INPUT: frozenset({"type", "bus"}),
    Kind.SOUND: frozenset({"type"}),
    Kind.RNG: frozenset({"type", "backend", "source"}),
    Kind.TPM: frozenset({"type", "backend", "source"}),
    Kind.WATCHDOG: frozenset({"type", "action"}),
    Kind.BALLOON: frozenset({"type"}),
    Kind.CHANNEL: frozenset({"type", "backend", "target"}),
    Kind.CONSOLE: frozenset({"type", "backend"}),
    Kind.PARALLEL: frozenset({"backend", "address"}),
    Kind.CONTROLLER: frozenset({"type", "bus", "address"}),
    Kind.HOST_DEVICE: frozenset({"type", "source"}),
    Kind.FILE_SYSTEM: frozenset({"type", "backend", "source", "target", "read_only"}),
    Kind.REDIRECTION: frozenset({"bus", "backend"}),
    Kind.HUB: frozenset({"type"}),
    Kind.SMARTCARD: frozenset({"type", "backend"}),
    Kind.PANIC: frozenset({"type"}),
    Kind.VSOCK: frozenset({"type", "address"}),
    Kind.IOMMU: frozenset({"type"}),
}
"""What can be said of each kind."""

NEEDED: Final[Mapping[str, frozenset[DeviceKind]]] = {
    "type": frozenset({Kind.GRAPHICS, Kind.INPUT, Kind.HOST_DEVICE, Kind.IOMMU}),
    "bus": frozenset({Kind.INPUT, Kind.CONTROLLER, Kind.REDIRECTION}),
    "source": frozenset({Kind.HOST_DEVICE, Kind.FILE_SYSTEM}),
    "target": frozenset({Kind.CHANNEL, Kind.FILE_SYSTEM}),
}
"""What no device of these kinds can be without."""

TAKEN: Final[Mapping[str, Mapping[DeviceKind, tuple[str, ...]]]] = {
    "type": {
        Kind.GRAPHICS: ("vnc", "spice"),
        Kind.INPUT: ("mouse", "tablet", "keyboard"),
        Kind.CHANNEL: ("virtio",),
        Kind.CONSOLE: ("virtio", "lxc"),
        Kind.HOST_DEVICE: ("pci", "usb"),
        Kind.FILE_SYSTEM: ("mount",),
        Kind.HUB: ("usb",),
        Kind.SMARTCARD: ("passthrough",),  # the others read certificates of the host
    },
    "bus": {
        Kind.INPUT: ("usb", "ps2", "virtio"),
        Kind.CONTROLLER: ("pci", "usb", "scsi", "sata", "ide", "virtio-serial", "fdc", "ccid"),
        Kind.REDIRECTION: ("usb",),
    },
    # Those that name a file, a socket or a command of the host are not among them.
    "backend": {
        Kind.RNG: ("random", "builtin"),
        Kind.TPM: ("emulator", "passthrough"),
        Kind.CHANNEL: ("unix", "pty", "spicevmc"),
        Kind.CONSOLE: ("pty",),
        Kind.PARALLEL: ("pty",),
        Kind.FILE_SYSTEM: ("path", "virtiofs"),
        Kind.REDIRECTION: ("spicevmc",),
        Kind.SMARTCARD: ("spicevmc",),
    },
    "action": {Kind.WATCHDOG: ("reset", "shutdown", "poweroff", "pause", "none", "inject-nmi")},
}
"""What is taken where a kind is named; elsewhere any word, which the hypervisor then judges."""

VIEWER: Final = "spicevmc"
"""The backend of devices that a viewer of SPICE graphics passes on."""
SPICE: Final = "spice"

_HOST_DEVICES: Final[Mapping[str, re.Pattern[str]]] = {
    "pci": re.compile(r"[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]"),
    "usb": re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}|[0-9]{3}/[0-9]{3}"),
}
_NUMBERS: Final = {Kind.PARALLEL: range(3), Kind.CONTROLLER: range(256), Kind.VSOCK: range(3, 1 << 31)}
_SAID: Final = (*(name for name in DEVICE_SETTINGS if name != "kind"), "password")
_KEYMAP: Final = re.compile("[a-z]{2,3}(-[a-z0-9]{2,16})*")
_LONGEST_PASSWORD: Final = {"vnc": 8, SPICE: 60}
"""Characters; VNC makes a DES key of them, SPICE has so much room."""
_TAG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}|/[A-Za-z0-9._/-]{0,63}")


def _said_of(device: DeviceSpec) -> set[str]:
    return {name for name in _SAID if getattr(device, name)}


def _taken(setting: str) -> Callable[[DeviceSpec, Surroundings], bool]:
    def holds(device: DeviceSpec, _: Surroundings) -> bool:
        value = getattr(device, setting)
        taken = TAKEN[setting].get(device.kind) if device.kind is not None else None
        if value is None:
            return device.kind not in NEEDED.get(setting, ())
        return value in taken if taken is not None else bool(WORD.fullmatch(value))

    return holds


def _list(taken: Mapping[DeviceKind, tuple[str, ...]]) -> str:
    """For a message."""
    return "; ".join(f"{kind}: {', '.join(values)}" for kind, values in taken.items())


def _address_fits(device: DeviceSpec, _: Surroundings) -> bool:
    if device.address is None:
        return True
    numbers = _NUMBERS.get(device.kind) if device.kind is not None else None
    if numbers is not None:
        number = device.address
        return number.isascii() and number.isdigit() and str(int(number)) == number and int(number) in numbers
    try:
        parse_endpoint(device.address)
    except ValueError:
        return False
    return True


def _source_fits(device: DeviceSpec, _: Surroundings) -> bool:
    if device.kind is Kind.HOST_DEVICE:
        pattern = _HOST_DEVICES.get(device.type or "")
        return pattern is not None and bool(pattern.fullmatch(device.source or ""))
    if device.source is None:
        return device.kind not in NEEDED["source"]
    return device.source.startswith("/") and is_path(device.source)


def _backend_offered(device: DeviceSpec, around: Surroundings) -> bool:
    if device.kind is None or device.backend is None:
        return True
    offered = around.host.facts.device_backends.get(device.kind)
    return offered is None or device.backend in offered


def _has_its_server(device: DeviceSpec, around: Surroundings) -> bool:
    """What a viewer passes on needs the viewer's kind of graphics."""
    types = around.host.facts.device_types.get(Kind.GRAPHICS)
    return device.backend != VIEWER or types is None or SPICE in types


def _offered(device: DeviceSpec, around: Surroundings) -> bool:
    if device.kind is None or device.type in (None, NO_DEVICE):
        return True
    offered = around.host.facts.device_types.get(device.kind)
    return offered is None or device.type in offered


DEVICE_RULES: Final[tuple[Rule[DeviceSpec], ...]] = (
    Rule(
        ("kind",),
        lambda v, _: v.kind is not None,
        devices_rows.NO_KIND,
    ),
    Rule(
        ("kind", *_SAID),
        lambda v, _: _said_of(v) <= SETTINGS[v.kind or Kind.VIDEO],
        devices_rows.NOT_ITS_OWN,
    ),
    *(
        Rule(
            (setting, "kind"),
            _taken(setting),
            devices_rows.NOT_TAKEN,
            {"taken": _list(taken)},
        )
        for setting, taken in TAKEN.items()
    ),
    Rule(
        ("type", "kind"),
        _offered,
        devices_rows.TYPE_NOT_OFFERED,
    ),
    Rule(
        ("backend", "kind"),
        _backend_offered,
        devices_rows.BACKEND_NOT_OFFERED,
    ),
    Rule(
        ("backend",),
        _has_its_server,
        devices_rows.NO_VIEWER,
    ),
    Rule(
        ("address", "kind"),
        _address_fits,
        devices_rows.ADDRESS,
    ),
    Rule(
        ("source", "kind"),
        _source_fits,
        devices_rows.SOURCE,
    ),
    Rule(
        ("target", "kind"),
        lambda v, _: (v.target is None and v.kind not in NEEDED["target"]) or bool(_TAG.fullmatch(v.target or "")),
        devices_rows.TARGET,
    ),
    Rule(
        ("keymap", "kind"),
        lambda v, _: not v.keymap or bool(_KEYMAP.fullmatch(v.keymap)),
        devices_rows.KEYMAP,
    ),
    *(
        Rule(
            ("password", "type"),
            lambda v, _, of=of, longest=longest: (  # type: ignore[misc]
                v.password is None or v.type != of or 0 < len(v.password) <= longest
            ),
            devices_rows.PASSWORD_LENGTH,
            {"longest": longest},
        )
        for of, longest in _LONGEST_PASSWORD.items()
    ),
    Rule(
        ("password",),
        lambda v, _: v.password is None or all(" " <= each <= "~" for each in v.password),
        devices_rows.PASSWORD_UNPRINTABLE,
    ),
)

RULES_OF: Final[Mapping[str, tuple[Rule[DeviceSpec], ...]]] = {
    setting: tuple(rule for rule in DEVICE_RULES if rule.settings[0] == setting)
    for setting in ("type", "backend", "action")
}
"""Those that say what may be chosen for one setting of a kind."""
