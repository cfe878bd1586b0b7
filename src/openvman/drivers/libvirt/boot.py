"""How a domain starts: its ``<os>`` element, read and written."""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.xml import Element
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


def read(root: Element) -> dict[str, Any]:
    """The settings of a configuration that are about its start."""
    system = root.find("os")
    texts = {setting: xml.text(system, name) for setting, name in _TEXTS.items()}
    return {**texts, "boot_order": _boot_order(root), "firmware": _firmware(system)}


def let_try(root: Element, spec: DiskSpec | NicSpec) -> None:
    """Let the firmware try a device that was added, after everything that it tries already.

    Where the devices themselves say the order there is no list of kinds, and a new device is not tried.
    """
    name = _NAMES[BootDevice.NETWORK if isinstance(spec, NicSpec) else _OF_DISK[spec.kind or DiskKind.DISK]]
    listed = root.findall("os/boot")
    if listed and name not in {each.get("dev") for each in listed}:
        listed[-1].addnext(etree.Element("boot", dev=name))


def _boot_order(root: Element) -> tuple[BootDevice, ...]:
    named = [boot.get("dev") or "" for boot in root.iterfind("os/boot")]
    order = [_DEVICES[name] for name in named if name in _DEVICES] or [device for _, device in sorted(_by_device(root))]
    return tuple(dict.fromkeys(order))


def _by_device(root: Element) -> list[tuple[int, BootDevice]]:
    """Where each device has its own place in the order, in place of one for all."""
    found: list[tuple[int, BootDevice]] = []
    for element in root.iterfind("devices/*"):
        place = xml.number(xml.attribute(element, "boot", "order"), 0)
        if place and element.tag == "interface":
            found.append((place, BootDevice.NETWORK))
        elif place and element.tag == "disk":
            kind = element.get("device") or "disk"
            found.append((place, _OF_DISK[DiskKind(kind)] if kind in set(DiskKind) else BootDevice.DISK))
    return found


def _firmware(system: Element | None) -> Firmware | None:
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
