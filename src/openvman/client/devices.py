"""Devices without a record of their own: what they are called, asked for and read as, by one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

_OTHER: Final = 1
SERIAL: Final = 21

KINDS: Final[dict[str, tuple[int, str | None]]] = {
    "graphics": (24, None),
    "video": (24, None),
    "input": (13, None),
    "serial": (SERIAL, None),
    "parallel": (22, None),
    "ide-controller": (5, None),
    "scsi-controller": (6, None),
    "usb-controller": (23, None),
    "sound": (_OTHER, "sound"),
    "rng": (_OTHER, "random number generator"),
    "tpm": (_OTHER, "trusted platform module"),
    "watchdog": (_OTHER, "watchdog"),
    "channel": (_OTHER, "channel"),
    "console": (_OTHER, "console"),
    "pci": (_OTHER, "host device"),
    "usb": (_OTHER, "host device"),
    "filesystem": (_OTHER, "file system"),
    "redirection": (_OTHER, "redirected device"),
    "smartcard": (_OTHER, "smartcard reader"),
    "panic": (_OTHER, "panic notifier"),
    "vsock": (_OTHER, "vsock"),
}
"""ResourceType and OtherResourceType of what can be asked for, by the word for it. A ``pci`` or ``usb`` device is one
of the host, passed through."""
_USUAL_TYPES: Final = {"graphics": "vnc", "pci": "pci", "usb": "usb"}
"""ResourceSubType of those that are told by it from others of their type."""

SETTINGS: Final = {
    "type": "ResourceSubType",
    "bus": "Bus",
    "address": "Address",
    "backend": "Backend",
    "target": "TargetName",
    "action": "Action",
    "keymap": "KeyMap",
}
"""What can be said of a device, and the property that says it; beside these, its source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceWish:
    """``kind`` is a key of :data:`KINDS`; ``said`` are pairs of a key of :data:`SETTINGS` and its text."""

    kind: str
    source: str | None = None
    said: tuple[tuple[str, str], ...] = ()
    read_only: bool | None = None
    like: Any = None
    """The setting of a device that it shall be just like; then nothing else counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """``id`` is what it is called within its machine, for example ``rng:0``; ``name`` what people call it."""

    id: str
    name: str
    type: str | None
    source: str | None
    details: tuple[tuple[str, str], ...]
    """What else is said of it: keys of :data:`SETTINGS` and their texts."""
    setting: Any = None

    @property
    def kind(self) -> str:
        return self.id.partition(":")[0]


def device_of(instance: Any) -> Device:
    """A device from its allocation."""
    sources = instance.get("HostResource") or ()
    said = ((name, instance.get(prop)) for name, prop in SETTINGS.items() if name != "type")
    return Device(
        id=str(instance.get("InstanceID") or "").split("/", 2)[-1],
        name=str(instance.get("ElementName") or ""),
        type=instance.get("ResourceSubType"),
        source=str(sources[0]) if sources else None,
        details=tuple((name, str(value)) for name, value in said if value is not None),
        setting=instance,
    )


def properties_of(wish: DeviceWish) -> tuple[str, dict[str, Any]]:
    """The class and properties of the embedded instance that asks for the device; ResourceType is a plain number."""
    if wish.like is not None:
        kept = (*SETTINGS.values(), "ResourceType", "OtherResourceType", "HostResource", "ReadOnly", "AddressOnParent")
        serial = wish.like["ResourceType"] == SERIAL
        names = ("ResourceType", "AddressOnParent") if serial else kept[:-1]
        return wish.like.classname, {name: wish.like.get(name) for name in names}
    code, other = KINDS[wish.kind]
    said = dict(wish.said)
    if code == SERIAL:
        return "VMAN_SerialAllocationSettingData", {"ResourceType": code, "AddressOnParent": said.get("address")}
    said.setdefault("type", _USUAL_TYPES.get(wish.kind, ""))
    named: dict[str, Any] = {SETTINGS[name]: value or None for name, value in said.items()}
    source = None if wish.source is None else [wish.source]
    named |= {"ResourceType": code, "OtherResourceType": other, "HostResource": source, "ReadOnly": wish.read_only}
    return "VMAN_ResourceAllocationSettingData", named
