"""How a domain starts: its ``<os>`` element, read and written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any, Final, TypeAlias

from lxml import etree

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.xml import Element, Node
from openvman.model.allocation import DiskKind
from openvman.model.spec import Definition, DiskSpec, NicSpec, SystemSpec
from openvman.model.system import BootDevice, Firmware

_DEVICES: Final = {
    "hd": BootDevice.DISK,
    "cdrom": BootDevice.CDROM,
    "fd": BootDevice.FLOPPY,
    "network": BootDevice.NETWORK,
}
_NAMES: Final = {device: name for name, device in _DEVICES.items()}
_OF_DISK: Final = {
    DiskKind.DISK: BootDevice.DISK,
    DiskKind.CDROM: BootDevice.CDROM,
    DiskKind.FLOPPY: BootDevice.FLOPPY,
}
_TEXTS: Final = {"kernel": "kernel", "initrd": "initrd", "command_line": "cmdline", "init": "init"}
"""Settings and the elements that hold them."""


def read(system: Node | None, devices: Iterable[Node]) -> dict[str, Any]:
    """The settings of a configuration that are about its start, of its ``<os>`` and its devices."""
    texts = {setting: xml.text(system, name) for setting, name in _TEXTS.items()}
    listed = () if system is None else tuple(boot.get("dev") or "" for boot in system.iterfind("boot"))
    order = tuple(sorted(_places(devices), key=itemgetter(0)))
    return {
        **texts,
        "boot_order": _boot_order(listed, order),
        "boot_disk": _boot_disk(listed, order, devices),
        "firmware": _firmware(system),
    }


def let_try(root: Element, spec: DiskSpec | NicSpec) -> None:
    """Let the firmware try a device that was added, after everything that it tries already.

    Where the devices themselves say the order there is no list of kinds, and a new device is not tried.
    """
    name = _NAMES[BootDevice.NETWORK if isinstance(spec, NicSpec) else _OF_DISK[spec.kind or DiskKind.DISK]]
    listed = root.findall("os/boot")
    if listed and name not in {each.get("dev") for each in listed}:
        listed[-1].addnext(etree.Element("boot", dev=name))


_Order: TypeAlias = tuple[tuple[int, Node], ...]
"""Devices that have a place of their own in what is tried, with the place."""


def _places(devices: Iterable[Node]) -> Iterator[tuple[int, Node]]:
    for device in devices:
        boot = device.find("boot")
        place = 0 if boot is None else xml.number(boot.get("order"), 0)
        if place:
            yield place, device


def _boot_order(listed: Iterable[str], order: _Order) -> tuple[BootDevice, ...]:
    """By the list of kinds, or where each device has its own place in the order, by that."""
    named = [_DEVICES[name] for name in listed if name in _DEVICES]
    return tuple(dict.fromkeys(named or filter(None, (_kind(device) for _, device in order))))


def _kind(device: Node) -> BootDevice | None:
    if device.tag == "interface":
        return BootDevice.NETWORK
    if device.tag != "disk":
        return None
    kind = device.get("device") or "disk"
    return _OF_DISK[DiskKind(kind)] if kind in set(DiskKind) else BootDevice.DISK


_DISKS: Final[dict[str, tuple[str, ...]]] = {"hd": ("disk", "lun"), "cdrom": ("cdrom",), "fd": ("floppy",)}
"""The kinds of disk that each ``<boot dev>`` means; a network is none."""


def _boot_disk(listed: Iterable[str], order: _Order, devices: Iterable[Node]) -> str | None:
    """The target of what is tried first: by the devices' own order, else by the order of the kinds of device."""
    if order:
        device = order[0][1]
        return xml.attribute(device, "target", "dev") if device.tag == "disk" else None
    for name in listed:
        kinds = _DISKS.get(name)
        if kinds is None:
            return None
        for device in devices:
            if device.tag == "disk" and (device.get("device") or "disk") in kinds:
                return xml.attribute(device, "target", "dev")
    return None


def _firmware(system: Node | None) -> Firmware | None:
    if system is None or xml.text(system, "type") != "hvm":
        return None
    is_uefi = system.get("firmware") == "efi" or xml.attribute(system, "loader", "type") == "pflash"
    return Firmware.UEFI if is_uefi else Firmware.BIOS


def patch(root: Element, asked: Definition | SystemSpec) -> None:
    """Let the domain start as asked; what is None stays. Texts have been cleaned."""
    system = root.find("os")
    assert system is not None, "a domain has an operating system element"
    if asked.firmware is not None and asked.firmware is not _firmware(system):
        for name in ("loader", "nvram", "firmware"):
            for old in system.findall(name):
                system.remove(old)
        system.attrib.pop("firmware", "")
        if asked.firmware is Firmware.UEFI:
            system.set("firmware", "efi")
            # Else the first firmware found is taken, which may be one with keys that the guest's loader lacks.
            feature = etree.SubElement(etree.SubElement(system, "firmware"), "feature")
            feature.attrib.update({"enabled": "no", "name": "secure-boot"})
    for setting, name in _TEXTS.items():
        text = getattr(asked, setting)
        if text is not None:
            for old in system.findall(name):
                system.remove(old)
            if text:
                etree.SubElement(system, name).text = text
    if asked.boot_order:
        for old in (*system.findall("boot"), *root.iterfind("devices/*/boot")):
            parent = old.getparent()
            assert parent is not None, "it was found below the root"
            parent.remove(old)
        for device in asked.boot_order:
            etree.SubElement(system, "boot", dev=_NAMES[device])
