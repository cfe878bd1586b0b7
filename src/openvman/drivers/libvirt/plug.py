"""Devices that come and go: in the defined configuration by its XML, in the active system by plugging.

Each function blocks, does all or nothing, and raises ModelError, or the binding's own error, which the connection
translates. What is undone is put back as it was, with everything that the model has no word for.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import libvirt
from lxml import etree

from openvman.drivers.libvirt import boot, container_xml, devices, domain_xml, tuning, xml
from openvman.drivers.libvirt.act import lookup
from openvman.drivers.libvirt.modify import changing, redefine
from openvman.drivers.libvirt.xml import Element
from openvman.messages import hypervisor, hypervisor_devices
from openvman.messages.problem import Problem
from openvman.model.allocation import IDENTITY, DeviceKind, device_local_id
from openvman.model.errors import ModelError
from openvman.model.plugging import why_fixed
from openvman.model.spec import DeviceSpec, DiskSpec, NicSpec, ResourceSpec, SerialSpec
from openvman.model.system import ConfigurationKind

UNPLUG_SECONDS: Final = 5.0
"""How much longer a guest may take to let go of a device than the hypervisor itself waits (QEMU: 5 s)."""

_LOOK_EVERY: Final = 0.25
"""Seconds; a hypervisor may have no event for a device that is gone."""

_NEVER_PLUGGED: Final = frozenset({"ide", "sata", "fdc"})
"""Buses of which a guest sees the drives when it starts, and never again."""

_LIVE: Final = libvirt.VIR_DOMAIN_AFFECT_LIVE


def add(connection: Any, system_id: str, specs: Sequence[ResourceSpec], console_logs: Path | None) -> None:
    """Add devices to the defined configuration; ``console_logs`` is the folder for the logs of serial ports."""
    with changing(connection, lookup(connection, system_id)) as (root, _undo):
        if tuning.is_container(root):
            container_xml.refuse(specs)
        there = root.find("devices")
        if there is None:
            there = etree.SubElement(root, "devices")
        there.extend(_wanted_controllers(root, specs))
        for spec in specs:
            _add(root, there, spec, console_logs)
            if isinstance(spec, DiskSpec | NicSpec):
                boot.let_try(root, spec)
        domain_xml.share_memory(root, specs)
        redefine(connection, root)


def remove(connection: Any, system_id: str, allocation_ids: Sequence[str]) -> None:
    """Remove devices from the defined configuration."""
    domain = lookup(connection, system_id)
    with changing(connection, domain) as (root, _undo):
        names = [_local_id(system_id, ConfigurationKind.DEFINED, allocation_id) for allocation_id in allocation_ids]
        found = [_find(root, name) for name in names]
        for device in found:
            parent = device.getparent()
            assert parent is not None, "a device stands in the list of devices"
            parent.remove(device)
            if device.tag == "serial":
                _forget_alias(parent)
        left = Counter(each.tag for each in root.iterfind("devices/*"))
        redefine(connection, root)
        _check_gone(xml.parse(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)), names, found, left)


def _forget_alias(there: Element) -> None:
    """The first serial port is listed as a console too, of which libvirt would make the port again."""
    for console in there.findall("console"):
        if xml.attribute(console, "target", "type") in {None, "serial"}:
            there.remove(console)


def _check_gone(root: Element, names: list[str], found: list[Element], left: Counter[str]) -> None:
    """NOT_SUPPORTED for what the hypervisor has put back, as it is part of every machine like this one."""
    now = Counter(each.tag for each in root.iterfind("devices/*"))
    back = next((name for name, device in zip(names, found, strict=True) if now[device.tag] > left[device.tag]), None)
    if back is not None:
        raise ModelError(hypervisor_devices.PUT_BACK, back, device=back)


def plug(connection: Any, system_id: str, specs: Sequence[ResourceSpec]) -> None:
    """Add devices to the active system."""
    domain = _active(connection, system_id)
    root = xml.parse(domain.XMLDesc(0))
    if tuning.is_container(root):
        container_xml.refuse(specs)
    made = etree.Element("devices")
    for spec in specs:
        _check_pluggable(spec)
    texts = [xml.print_(_pluggable(_add(root, made, spec, None))) for spec in specs]
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
    for name, _device in found:
        _check_pluggable(_spec_of(root, name))
    with contextlib.ExitStack() as undo:
        for name, device in found:
            _unplug(connection, domain, name, device)
            undo.callback(domain.attachDeviceFlags, xml.print_(device), _LIVE)
        undo.pop_all()


def _active(connection: Any, system_id: str) -> Any:
    domain = lookup(connection, system_id)
    if not domain.isActive():
        raise ModelError(hypervisor.NOT_ACTIVE, system_id, system=system_id)
    return domain


def _add(root: Element, made: Element, spec: ResourceSpec, console_logs: Path | None) -> Element:
    """Append the device to ``made``. ALREADY_EXISTS when its place is taken in ``root`` or there."""
    match spec:
        case DiskSpec(target=str(target)):
            taken = [xml.attribute(disk, "target", "dev") for disk in (*root.iter("disk"), *made.iter("disk"))]
            if target in taken:
                raise _taken(f"disk:{target}")
            return domain_xml.add_disk(made, spec, target)
        case NicSpec(mac=str(mac)):
            nics = (*root.iter("interface"), *made.iter("interface"))
            if mac in [(xml.attribute(nic, "mac", "address") or "").lower() for nic in nics]:
                raise _taken(f"nic:{mac}")
            return domain_xml.add_nic(made, spec)
        case SerialSpec(port=int(port)):
            _check_free(root, made, f"serial:{port}", domain_xml.find_serial)
            return domain_xml.add_serial(made, xml.text(root, "uuid") or "", spec, console_logs)
        case DeviceSpec(kind=DeviceKind() as kind):
            if kind in IDENTITY:
                local = device_local_id(kind, 0, type=spec.type, bus=spec.bus, address=spec.address, source=spec.source)
                _check_free(root, made, local, devices.find)
            made.append(element := devices.build(spec, domain_xml.clean))
            return element
    raise ModelError(hypervisor_devices.NO_DEVICE, "resource", spec=type(spec).__name__)


def _taken(local: str) -> ModelError:
    return ModelError(hypervisor_devices.DEVICE_TAKEN, local, device=local)


def _check_free(root: Element, made: Element, local: str, find: Callable[[Element, str], Element]) -> None:
    """ALREADY_EXISTS when there is such a device in ``root`` or in ``made``, the list of devices to be."""
    for each in (root, _domain_of(made)):
        try:
            find(each, local)
        except ModelError as error:
            if error.problem is not Problem.NOT_FOUND:
                raise
        else:
            raise _taken(local)


def _domain_of(made: Element) -> Element:
    parent = made.getparent()
    if parent is None:
        parent = etree.Element("domain")
        parent.append(made)
    return parent


def _wanted_controllers(root: Element, specs: Sequence[ResourceSpec]) -> list[Element]:
    """The controllers that the specs need and the system lacks."""
    wants = any(isinstance(spec, DiskSpec) and spec.bus == "scsi" for spec in specs)
    brings = any(isinstance(spec, DeviceSpec) and spec.bus == "scsi" for spec in specs)
    if (
        not wants
        or brings
        or root.get("type") not in {"kvm", "qemu"}
        or root.find("devices/controller[@type='scsi']") is not None
    ):
        return []
    return [devices.build(domain_xml.SCSI_CONTROLLER, domain_xml.clean)]


def _pluggable(device: Element) -> Element:
    bus = xml.attribute(device, "target", "bus")
    if device.tag == "disk" and bus in _NEVER_PLUGGED:
        raise ModelError(hypervisor_devices.BUS_NOT_PLUGGED, "bus", kind=device.get("device") or "disk", bus=bus)
    return device


def _check_pluggable(spec: ResourceSpec) -> None:
    reason = why_fixed(spec)
    if reason is not None:
        raise ModelError(hypervisor_devices.NOT_PLUGGED, "kind", reason=reason)


def _spec_of(root: Element, name: str) -> ResourceSpec:
    """As much as says whether it can be unplugged."""
    kind = name.partition(":")[0]
    if kind in set(DeviceKind):
        return devices.spec_of(root, name)
    return SerialSpec() if kind == "serial" else ResourceSpec()


def _local_id(system_id: str, kind: ConfigurationKind, allocation_id: str) -> str:
    return domain_xml.local_id(system_id, kind, ResourceSpec(allocation_id=allocation_id))


def _find(root: Element, name: str) -> Element:
    kind = name.partition(":")[0]
    if kind not in _FIND:
        raise ModelError(hypervisor_devices.INDISPENSABLE, name, device=name)
    return _FIND[kind](root, name)


_FIND: Final[dict[str, Callable[[Element, str], Element]]] = {
    "disk": domain_xml.find_disk,
    "nic": domain_xml.find_nic,
    "serial": domain_xml.find_serial,
    **dict.fromkeys(DeviceKind, devices.find),
}


def _unplug(connection: Any, domain: Any, name: str, device: Element) -> None:
    alias = xml.attribute(device, "alias", "name")
    with _removals(connection, domain, alias) as told:
        # Returns as well when the guest has not answered in time.
        domain.detachDeviceFlags(xml.print_(device), _LIVE)
        end = time.monotonic() + UNPLUG_SECONDS
        while _is_there(domain, name, alias):
            if time.monotonic() > end:
                raise ModelError(hypervisor_devices.GUEST_HOLDS, name, device=name)
            told.wait(_LOOK_EVERY)
            told.clear()


def _is_there(domain: Any, name: str, alias: str | None) -> bool:
    """By its alias, if it has one: a number may by now be that of the next device of the kind."""
    root = xml.parse(domain.XMLDesc(0))
    if alias is not None:
        return any(each.get("name") == alias for each in root.iterfind("devices/*/alias"))
    try:
        _find(root, name)
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
