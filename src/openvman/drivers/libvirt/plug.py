"""Devices that come and go: in the defined configuration by its XML, in the active system by plugging.

Each function blocks, does all or nothing, and raises ModelError, or the binding's own error, which the connection
translates. What is undone is put back as it was, with everything that the model has no word for.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import libvirt
from lxml import etree

from openvman.drivers.libvirt import boot, devices, domain_xml, xml
from openvman.drivers.libvirt.act import lookup
from openvman.drivers.libvirt.modify import changing, redefine
from openvman.drivers.libvirt.xml import Element
from openvman.model.errors import ModelError, Problem
from openvman.model.spec import DiskSpec, NicSpec, ResourceSpec
from openvman.model.system import ConfigurationKind

UNPLUG_SECONDS: Final = 5.0
"""How much longer a guest may take to let go of a device than the hypervisor itself waits (QEMU: 5 s)."""

_LOOK_EVERY: Final = 0.25
"""Seconds; a hypervisor may have no event for a device that is gone."""

_NEVER_PLUGGED: Final = frozenset({"ide", "sata", "fdc"})
"""Buses of which a guest sees the drives when it starts, and never again."""

_LIVE: Final = libvirt.VIR_DOMAIN_AFFECT_LIVE


def add(connection: Any, system_id: str, specs: Sequence[ResourceSpec]) -> None:
    """Add devices to the defined configuration."""
    with changing(connection, lookup(connection, system_id)) as (root, _undo):
        there = root.find("devices")
        if there is None:
            there = etree.SubElement(root, "devices")
        there.extend(_wanted_controllers(root, specs))
        for spec in specs:
            _add(root, there, spec)
            assert isinstance(spec, DiskSpec | NicSpec)
            boot.let_try(root, spec)
        redefine(connection, root)


def remove(connection: Any, system_id: str, allocation_ids: Sequence[str]) -> None:
    """Remove devices from the defined configuration."""
    with changing(connection, lookup(connection, system_id)) as (root, _undo):
        for allocation_id in allocation_ids:
            device = _find(root, _local_id(system_id, ConfigurationKind.DEFINED, allocation_id))
            parent = device.getparent()
            assert parent is not None, "a device stands in the list of devices"
            parent.remove(device)
        redefine(connection, root)


def plug(connection: Any, system_id: str, specs: Sequence[ResourceSpec]) -> None:
    """Add devices to the active system."""
    domain = _active(connection, system_id)
    root = xml.parse(domain.XMLDesc(0))
    made = etree.Element("devices")
    texts = [xml.print_(_pluggable(_add(root, made, spec))) for spec in specs]
    texts = [xml.print_(each) for each in _wanted_controllers(root, specs)] + texts
    with contextlib.ExitStack() as undo:
        for text in texts:
            domain.attachDeviceFlags(text, _LIVE)
            undo.callback(domain.detachDeviceFlags, text, _LIVE)
        undo.pop_all()


def unplug(connection: Any, system_id: str, allocation_ids: Sequence[str]) -> None:
    """Remove devices from the active system: ask the guest to let go of each, and wait until it has."""
    domain = _active(connection, system_id)
    # With passwords, or what is undone would come back without them.
    root = xml.parse(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE))
    names = [_local_id(system_id, ConfigurationKind.STATE, allocation_id) for allocation_id in allocation_ids]
    found = [(name, _find(root, name)) for name in names]
    with contextlib.ExitStack() as undo:
        for name, device in found:
            _unplug(connection, domain, name, device)
            undo.callback(domain.attachDeviceFlags, xml.print_(device), _LIVE)
        undo.pop_all()


def _active(connection: Any, system_id: str) -> Any:
    domain = lookup(connection, system_id)
    if not domain.isActive():
        raise ModelError(Problem.INVALID_STATE, f"virtual system {system_id} is not active", system_id)
    return domain


def _add(root: Element, made: Element, spec: ResourceSpec) -> Element:
    """Append the device to ``made``. ALREADY_EXISTS when its place is taken in ``root`` or there."""
    match spec:
        case DiskSpec(target=str(target)):
            taken = [xml.attribute(disk, "target", "dev") for disk in (*root.iter("disk"), *made.iter("disk"))]
            if target in taken:
                raise ModelError(Problem.ALREADY_EXISTS, f"there is already a disk {target}", target)
            return domain_xml.add_disk(made, spec, target)
        case NicSpec(mac=str(mac)):
            nics = (*root.iter("interface"), *made.iter("interface"))
            if mac in [(xml.attribute(nic, "mac", "address") or "").lower() for nic in nics]:
                raise ModelError(Problem.ALREADY_EXISTS, f"there is already a NIC {mac}", mac)
            return domain_xml.add_nic(made, spec)
    message = f"a {type(spec).__name__} is no disk with a target and no NIC with an address"
    raise ModelError(Problem.INVALID_PARAMETER, message, "resource")


def _wanted_controllers(root: Element, specs: Sequence[ResourceSpec]) -> list[Element]:
    """The controllers that the specs need and the system lacks."""
    wants = any(isinstance(spec, DiskSpec) and spec.bus == "scsi" for spec in specs)
    if (
        not wants
        or root.get("type") not in {"kvm", "qemu"}
        or root.find("devices/controller[@type='scsi']") is not None
    ):
        return []
    return [devices.build(domain_xml.SCSI_CONTROLLER, domain_xml.clean)]


def _pluggable(device: Element) -> Element:
    bus = xml.attribute(device, "target", "bus")
    if device.tag == "disk" and bus in _NEVER_PLUGGED:
        message = f"nothing can be plugged on {bus} while the system is active: use another bus, or add it when stopped"
        raise ModelError(Problem.NOT_SUPPORTED, message, "bus")
    return device


def _local_id(system_id: str, kind: ConfigurationKind, allocation_id: str) -> str:
    return domain_xml.local_id(system_id, kind, ResourceSpec(allocation_id=allocation_id))


def _find(root: Element, name: str) -> Element:
    kind = name.partition(":")[0]
    if kind not in _FIND:
        raise ModelError(Problem.INVALID_PARAMETER, f"{name} cannot be removed: only disks and NICs can", name)
    return _FIND[kind](root, name)


_FIND: Final[dict[str, Callable[[Element, str], Element]]] = {
    "disk": domain_xml.find_disk,
    "nic": domain_xml.find_nic,
}


def _unplug(connection: Any, domain: Any, name: str, device: Element) -> None:
    with _removals(connection, domain, xml.attribute(device, "alias", "name")) as told:
        # Returns as well when the guest has not answered in time.
        domain.detachDeviceFlags(xml.print_(device), _LIVE)
        end = time.monotonic() + UNPLUG_SECONDS
        while _is_there(domain, name):
            if time.monotonic() > end:
                raise ModelError(
                    Problem.TIMEOUT,
                    f"the guest was asked to let go of {name} and has not done so: it may not have started yet, or has "
                    "no driver for that. It may still let go; or stop the system first",
                    name,
                )
            told.wait(_LOOK_EVERY)
            told.clear()


def _is_there(domain: Any, name: str) -> bool:
    try:
        _find(xml.parse(domain.XMLDesc(0)), name)
    except ModelError as error:
        if error.problem is not Problem.NOT_FOUND:
            raise
        return False
    return True


@contextlib.contextmanager
def _removals(connection: Any, domain: Any, alias: str | None) -> Iterator[threading.Event]:
    """Set when the hypervisor tells that the device is gone."""
    told = threading.Event()

    def removed(_connection: Any, _domain: Any, device: str, _opaque: Any) -> None:
        if device == alias:
            told.set()

    try:
        event = libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED
        handle = connection.domainEventRegisterAny(domain, event, removed, None)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise
        yield told  # it is looked for all the same
        return
    try:
        yield told
    finally:
        connection.domainEventDeregisterAny(handle)
