"""How disks and NICs are tuned: tables between the model's settings and libvirt's elements, for both directions."""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.xml import Element, Node
from openvman.model.allocation import DEFAULT_MODE
from openvman.model.spec import DiskSpec, NicSpec

IO_TUNE: Final = {
    "bytes_limit": "total_bytes_sec",
    "read_bytes_limit": "read_bytes_sec",
    "write_bytes_limit": "write_bytes_sec",
    "iops_limit": "total_iops_sec",
    "read_iops_limit": "read_iops_sec",
    "write_iops_limit": "write_iops_sec",
}
"""Limits of a disk: elements of ``<iotune>``, and the names that libvirt's call takes."""
_NO_LIMITS: Final = dict.fromkeys(IO_TUNE, 0)

_MODES: Final = ("cache", "discard")
"""Attributes of a disk's ``<driver>``."""

_BITS: Final = 8000
"""libvirt counts bandwidth in thousands of bytes a second."""

_BANDWIDTH: Final = {
    "receive_limit": ("inbound", "average"),
    "receive_reservation": ("inbound", "floor"),
    "transmit_limit": ("outbound", "average"),
}
"""Children of a NIC's ``<bandwidth>``, and their attributes."""
_NO_BANDWIDTH: Final = dict.fromkeys(_BANDWIDTH, 0)


def read_disk(disk: Node) -> dict[str, Any]:
    """The tuning of a ``<disk>``, as :class:`DiskAllocation` names it."""
    driver, tune = disk.find("driver"), disk.find("iotune")
    limits = _NO_LIMITS
    if tune is not None:
        limits = {name: xml.number(xml.text(tune, element), 0) for name, element in IO_TUNE.items()}
    modes = {name: xml.attribute(driver, ".", name) or DEFAULT_MODE for name in _MODES}
    block_size = xml.number(xml.attribute(disk, "blockio", "logical_block_size"), 0)
    return {**limits, **modes, "block_size": block_size}


def patch_disk(disk: Element, spec: DiskSpec, clean: Any) -> None:
    """Tune a ``<disk>`` as ``spec`` says; what it says nothing of stays."""
    for name in _MODES:
        value = getattr(spec, name)
        if value is not None:
            _put(disk, "driver", name, None if value == DEFAULT_MODE else clean(value, name))
    if spec.block_size is not None:
        _put(disk, "blockio", "logical_block_size", str(spec.block_size) if spec.block_size else None)
    for name, element in IO_TUNE.items():
        _limit(disk, element, getattr(spec, name))


def limits_of(disk: Element, spec: DiskSpec) -> dict[str, int]:
    """All limits of a ``<disk>`` as they are with what ``spec`` says: libvirt forgets those that it is not told."""
    said = {name: getattr(spec, name) for name in IO_TUNE}
    now = read_disk(disk)
    return {IO_TUNE[name]: now[name] if value is None else value for name, value in said.items()}


def read_nic(interface: Node) -> dict[str, Any]:
    """The tuning of an ``<interface>``, as :class:`NicAllocation` names it."""
    held = interface.find("bandwidth")
    bandwidth = _NO_BANDWIDTH
    if held is not None:
        bandwidth = {
            name: xml.number(xml.attribute(held, child, attribute), 0) * _BITS
            for name, (child, attribute) in _BANDWIDTH.items()
        }
    return {**bandwidth, "link_up": xml.attribute(interface, "link", "state") != "down"}


def patch_nic(interface: Element, spec: NicSpec) -> None:
    """Tune an ``<interface>``, likewise."""
    if spec.link_up is not None and (interface.find("link") is not None or not spec.link_up):
        _put(interface, "link", "state", "up" if spec.link_up else "down")
    for name, (child, attribute) in _BANDWIDTH.items():
        value = getattr(spec, name)
        if value is None:
            continue
        place = interface.find("bandwidth")
        if place is None:
            place = etree.SubElement(interface, "bandwidth")
        _put(place, child, attribute, str(value // _BITS) if value else None)
        found = place.find(child)
        if found is not None and not {"average", "floor"} & set(found.keys()):
            place.remove(found)  # a burst or peak means nothing without an average
        if len(place) == 0:
            interface.remove(place)


def _limit(disk: Element, name: str, value: int | None) -> None:
    if value is None:
        return
    place = disk.find("iotune")
    if place is None:
        place = etree.SubElement(disk, "iotune")
    for child in (name, f"{name}_max", f"{name}_max_length"):  # a burst above a limit that was is none above another
        for old in place.findall(child):
            place.remove(old)
    if value:
        etree.SubElement(place, name).text = str(value)
    if len(place) == 0:
        disk.remove(place)


def _put(parent: Element, name: str, attribute: str, value: str | None) -> None:
    """Set an attribute of a child, or (None) remove it, and the child when nothing is left in it."""
    found = parent.find(name)
    if value is None:
        if found is not None:
            if attribute in found.attrib:
                del found.attrib[attribute]
            if not found.attrib and len(found) == 0:
                parent.remove(found)
        return
    if found is None:
        found = etree.SubElement(parent, name)
    found.set(attribute, value)
