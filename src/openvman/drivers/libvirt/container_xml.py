"""Domain XML of containers: no machine, but a folder of the host as the file system and a program to start with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from lxml import etree

from openvman.drivers.libvirt import boot, domain_xml, tuning
from openvman.drivers.libvirt import devices as device_xml
from openvman.drivers.libvirt.domain_xml import clean
from openvman.drivers.libvirt.xml import Element
from openvman.messages import containers
from openvman.model.allocation import DeviceKind
from openvman.model.errors import ModelError
from openvman.model.spec import Definition, DeviceSpec, DiskSpec, NicSpec, ResourceSpec, SerialSpec

_PARTS: Final = {"machine": "machine type", "boot_order": "boot order", "kernel": "kernel", "firmware": "firmware"}


def build(definition: Definition, *, architecture: str, machine: str | None, console_logs: Path | None) -> Element:
    """As :func:`domain_xml.build`. NOT_SUPPORTED for what only machines have."""
    assert machine is None, "a host of containers has no machine types"
    assert console_logs is None, "what a container prints is not kept"
    for setting, part in _PARTS.items():
        if getattr(definition, setting):
            raise ModelError(containers.NOT_OF_CONTAINERS, setting, part=part)
    refuse((*definition.disks, *definition.nics, *definition.serials, *definition.devices))
    root = domain_xml.head(definition)
    system = etree.SubElement(root, "os")
    etree.SubElement(system, "type", arch=architecture).text = "exe"
    clean(definition.init or "", "init")
    boot.patch(root, definition)
    domain_xml.reactions(root, definition)
    tuning.put_processor(root, definition.processor, definition.processor.maximum or definition.processor.count or 1)
    tuning.put_memory(root, definition.memory)
    devices = etree.SubElement(root, "devices")
    for nic in definition.nics:
        domain_xml.add_nic(devices, nic)
    devices.extend(device_xml.build(spec, clean) for spec in definition.devices)
    if all(spec.kind is not DeviceKind.CONSOLE for spec in definition.devices):
        # Without one init would have no terminal, and nobody could look in.
        etree.SubElement(devices, "console", type="pty")
    return root


def refuse(specs: Iterable[ResourceSpec]) -> None:
    """Raise NOT_SUPPORTED when something is among them that no container has."""
    for spec in specs:
        match spec:
            case NicSpec(filter=str(name)) if name:
                part = "network filters"
            case NicSpec() | DeviceSpec(kind=DeviceKind.FILE_SYSTEM) | DeviceSpec(kind=DeviceKind.CONSOLE, type="lxc"):
                continue
            case DiskSpec():
                part = "disks, but file systems"
            case SerialSpec():
                part = "serial ports"
            case DeviceSpec(kind=kind):
                part = f"{kind} device"
            case _:
                continue
        raise ModelError(containers.NOT_OF_CONTAINERS, "kind", part=part)
