"""Devices that need no more than a table to be read from domain XML and written into it.

A shape names the element of a kind and where in it each setting stands: ``path@attribute``, ``@attribute`` of the
element itself, or ``path`` for a text. Reading and writing use the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final, TypeAlias

from lxml import etree

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.xml import Element, N, Node
from openvman.messages import hypervisor, hypervisor_devices
from openvman.model.allocation import IDENTITY, DeviceAllocation, DeviceKind, device_local_id
from openvman.model.defaults import KEYMAP
from openvman.model.endpoint import format_endpoint, parse_endpoint
from openvman.model.errors import ModelError
from openvman.model.spec import DeviceSpec


@dataclass(frozen=True, kw_only=True)
class Shape:
    """``fixed`` are attributes that every element of the kind is written with."""

    tag: str
    settings: Mapping[str, str]
    fixed: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def places(self) -> tuple[tuple[str, str, str | None], ...]:
        """Each setting, with the path and (None: it is a text) the attribute that it stands at."""
        found = ((setting, *where.partition("@")) for setting, where in self.settings.items())
        return tuple((setting, path, attribute if at else None) for setting, path, at, attribute in found)


_SHAPES: Final[dict[DeviceKind, Shape]] = {
    DeviceKind.GRAPHICS: Shape(tag="graphics", settings={"type": "@type"}),
    DeviceKind.VIDEO: Shape(tag="video", settings={"type": "model@type"}),
    DeviceKind.INPUT: Shape(tag="input", settings={"type": "@type", "bus": "@bus"}),
    DeviceKind.SOUND: Shape(tag="sound", settings={"type": "@model"}),
    DeviceKind.RNG: Shape(tag="rng", settings={"type": "@model", "backend": "backend@model", "source": "backend"}),
    DeviceKind.TPM: Shape(
        tag="tpm", settings={"type": "@model", "backend": "backend@type", "source": "backend/device@path"}
    ),
    DeviceKind.WATCHDOG: Shape(tag="watchdog", settings={"type": "@model", "action": "@action"}),
    DeviceKind.BALLOON: Shape(tag="memballoon", settings={"type": "@model"}),
    DeviceKind.CHANNEL: Shape(
        tag="channel", settings={"type": "target@type", "backend": "@type", "target": "target@name"}
    ),
    DeviceKind.CONSOLE: Shape(tag="console", settings={"type": "target@type", "backend": "@type"}),
    DeviceKind.PARALLEL: Shape(tag="parallel", settings={"backend": "@type", "address": "target@port"}),
    DeviceKind.CONTROLLER: Shape(tag="controller", settings={"bus": "@type", "address": "@index", "type": "@model"}),
    DeviceKind.HOST_DEVICE: Shape(
        tag="hostdev", settings={"type": "@type"}, fixed={"mode": "subsystem", "managed": "yes"}
    ),
    DeviceKind.FILE_SYSTEM: Shape(
        tag="filesystem",
        settings={"type": "@type", "backend": "driver@type", "source": "source@dir", "target": "target@dir"},
    ),
    DeviceKind.REDIRECTION: Shape(tag="redirdev", settings={"bus": "@bus", "backend": "@type"}),
    DeviceKind.HUB: Shape(tag="hub", settings={"type": "@type"}),
    DeviceKind.SMARTCARD: Shape(tag="smartcard", settings={"type": "@mode", "backend": "@type"}),
    DeviceKind.PANIC: Shape(tag="panic", settings={"type": "@model"}),
    DeviceKind.VSOCK: Shape(tag="vsock", settings={"type": "@model", "address": "cid@address"}),
    DeviceKind.IOMMU: Shape(tag="iommu", settings={"type": "@model"}),
}
_KINDS: Final = {shape.tag: kind for kind, shape in _SHAPES.items()}

_USUAL_KEYMAP: Final = {"vnc": KEYMAP}
"""The keymap of graphics that name none. Naming it would be more: viewers could send no scancodes beside."""
_OF_PASSWORD: Final = ("passwd", "passwdValidTo")
"""Attributes of a password, and of that one alone."""

_COMPANION_PORTS: Final = {"ich9-uhci1": "0", "ich9-uhci2": "2", "ich9-uhci3": "4"}
"""The ports of an ich9-ehci1 controller that its companions of the same index take the slow devices of."""

Seat: TypeAlias = tuple[str | None, str | None]
"""The parent, and the place on it."""
_NOWHERE: Final[Seat] = (None, None)


class Devices:
    """The devices of a ``<domain>``, and who sits where on its controllers."""

    def __init__(self, root: Node) -> None:
        place = root.find("devices")
        self.elements: Sequence[Node] = () if place is None else tuple(place)
        self._named: dict[str, list[Node]] = {}
        for each in self.elements:
            self._named.setdefault(each.tag, []).append(each)
        self._controllers: dict[tuple[str, int], str] = {}
        for each in self.named("controller"):
            bus, index = each.get("type") or "", xml.number(each.get("index"), 0)
            self._controllers[bus, index] = f"{DeviceKind.CONTROLLER}:{bus}:{index}"

    def named(self, tag: str) -> Sequence[Node]:
        """Those whose elements are called so, in order."""
        return self._named.get(tag, ())

    def seat(self, device: Node, bus: str | None = None) -> Seat:
        """Where a device sits; ``bus`` is that of a drive."""
        address = device.find("address")
        if address is None:
            return _NOWHERE
        get = address.get
        match get("type"):
            case "pci":
                return self._on("pci", *_pci_place(get("bus"), get("slot"), get("function")))
            case "usb":
                return self._on("usb", xml.number(get("bus"), 0), get("port"))
            case "drive":
                place = ":".join(get(part) or "0" for part in ("bus", "target", "unit"))
                return self._on(bus or "scsi", xml.number(get("controller"), 0), place)
            case "virtio-serial":
                place = f"{get('bus') or 0}.{get('port') or 0}"
                return self._on("virtio-serial", xml.number(get("controller"), 0), place)
            case "ccid":
                return self._on("ccid", xml.number(get("controller"), 0), get("slot"))
        return _NOWHERE

    def _on(self, bus: str, index: int, place: str | None) -> Seat:
        controller = self._controllers.get((bus, index))
        return _NOWHERE if controller is None else (controller, place)


@lru_cache(1024)
def _pci_place(bus: str | None, slot: str | None, function: str | None) -> tuple[int, str]:
    """The index of the controller, and the place on it: few, and the same in every system."""
    return _hex(bus), f"{_hex(slot):02x}.{_hex(function):x}"


def _hex(value: str | None) -> int:
    """A number as PCI addresses have it, ``0x1f`` or decimal."""
    try:
        return int(value or "0", 0)
    except ValueError:
        return 0


def read(devices: Devices, base: Callable[[str], dict[str, Any]], *, active: bool) -> Iterator[DeviceAllocation]:
    """The devices that a shape is known of; ``base`` makes what an allocation shares."""
    for element, kind, local, said in _described(devices.elements, active=active):
        parent, place = devices.seat(element)
        yield DeviceAllocation(
            **base(local),
            parent=parent,
            place=place,
            kind=kind,
            read_only=element.find("readonly") is not None,
            has_password=element.get("passwd") is not None,
            **said,  # type: ignore[arg-type]  # the shapes name its fields
        )


_Description: TypeAlias = tuple[N, DeviceKind, str, dict[str, str | None]]


def _described(elements: Iterable[N], *, active: bool) -> Iterator[_Description[N]]:
    """Each device's element, kind, local id (unique among them) and settings, of which ``type`` is always there."""
    numbers: dict[DeviceKind, int] = {}
    taken: dict[str, int] = {}
    for element in elements:
        kind = _KINDS.get(element.tag)
        if kind is None or _is_repeated(element):
            continue
        said: dict[str, str | None] = {"type": None}
        for setting, path, attribute in _SHAPES[kind].places:
            said[setting] = _get(element, path, attribute)
        if kind in _FURTHER:
            for setting, look in _FURTHER[kind].items():
                said[setting] = said.get(setting) or look(element, active)
        number = numbers.get(kind, 0)
        local = device_local_id(
            kind,
            number,
            type=said["type"],
            bus=said.get("bus"),
            address=said.get("address"),
            source=said.get("source"),
        )
        numbers[kind] = number + 1
        again = taken[local] = taken.get(local, 0) + 1
        yield element, kind, local if again == 1 else f"{local}#{again}", said


def _is_repeated(element: Node) -> bool:
    """The first console may be another name of a serial port."""
    return element.tag == "console" and xml.attribute(element, "target", "type") in {None, "serial"}


def _get(element: Node, path: str, attribute: str | None) -> str | None:
    found = element.find(path) if path else element
    if found is None:
        return None
    return ((found.text or "").strip() if attribute is None else found.get(attribute)) or None


def _endpoint(graphics: Node, active: bool) -> str | None:
    """Where graphics listen; None where they do not, or on no address."""
    listen = xml.attribute(graphics, "listen", "address") or graphics.get("listen")
    if listen is None:
        return None
    port = xml.number(graphics.get("port"), -1)
    chosen_at_start = graphics.get("autoport") == "yes" and not active
    return format_endpoint(listen, port if port > 0 and not chosen_at_start else None)


def _keymap(graphics: Node, _active: bool) -> str | None:
    return graphics.get("keymap") or _USUAL_KEYMAP.get(graphics.get("type") or "")


def _file_system(element: Node, _active: bool) -> str | None:
    """What a file system that is no folder comes from: an image, a block device, something by its name."""
    return next((found for each in ("file", "dev", "name") if (found := xml.attribute(element, "source", each))), None)


def _host_device(element: Node, _active: bool) -> str | None:
    source = element.find("source")
    if source is None:
        return None
    address = source.find("address")
    if element.get("type") == "pci" and address is not None:
        domain, bus, slot, function = (_hex(address.get(n)) for n in ("domain", "bus", "slot", "function"))
        return f"{domain:04x}:{bus:02x}:{slot:02x}.{function:x}"
    if element.get("type") == "usb":
        vendor, product = (xml.attribute(source, name, "id") for name in ("vendor", "product"))
        if vendor is not None and product is not None:
            return f"{_hex(vendor):04x}:{_hex(product):04x}"
        if address is not None:
            return f"{xml.number(address.get('bus'), 0):03d}/{xml.number(address.get('device'), 0):03d}"
    return None


_FURTHER: Final[Mapping[DeviceKind, Mapping[str, Callable[[Node, bool], str | None]]]] = {
    DeviceKind.GRAPHICS: {"address": _endpoint, "keymap": _keymap},
    DeviceKind.HOST_DEVICE: {"source": _host_device},
    DeviceKind.FILE_SYSTEM: {"source": _file_system},
}
"""What a setting is where its place does not say it; told whether the configuration is that of an active system."""


Clean: TypeAlias = Callable[[str, str], str]
"""Gives a text back if it may stand in XML, and names the setting where not."""


def build(spec: DeviceSpec, clean: Clean) -> Element:
    """The element that ``spec`` asks for. Raises INVALID_PARAMETER naming the setting at fault."""
    if spec.kind is None:
        raise ModelError(hypervisor.LACKING, "kind", setting="kind", part="a device")
    shape = _SHAPES[spec.kind]
    element = etree.Element(shape.tag, dict(shape.fixed))
    for setting, where in shape.settings.items():
        value = getattr(spec, setting)
        if value is not None:
            _set(element, where, clean(value, setting))
    if spec.read_only:
        etree.SubElement(element, "readonly")
    match spec.kind:
        case DeviceKind.GRAPHICS:
            _view(element, spec, clean)
        case DeviceKind.HOST_DEVICE:
            _point(element, spec)
        case DeviceKind.TPM if spec.backend == "emulator":
            _set(element, "backend@version", "2.0")
        case DeviceKind.VSOCK if spec.address is None:
            _set(element, "cid@auto", "yes")
        case DeviceKind.FILE_SYSTEM if spec.backend == "path":
            element.set("accessmode", "mapped")  # ownership stays the guest's own affair
        case DeviceKind.CONTROLLER if spec.type in _COMPANION_PORTS:
            _set(element, "master@startport", _COMPANION_PORTS[spec.type])
    return element


def find(root: Element, local: str) -> Element:
    """The element of the device of this local id. NOT_FOUND if there is none."""
    return _find(root, local)[0]


def spec_of(root: Element, local: str) -> DeviceSpec:
    """What is said of the device of this local id. NOT_FOUND if there is none."""
    _element, kind, _local, said = _find(root, local)
    return DeviceSpec(kind=kind, **said)  # type: ignore[arg-type]  # the shapes name its fields


def _find(root: Element, local: str) -> _Description[Element]:
    described = _described(root.iterfind("devices/*"), active=False)
    found = next((each for each in described if each[2] == local), None)
    if found is None:
        raise ModelError(hypervisor_devices.NO_ALLOCATION, local, allocation=local)
    return found


def patch(root: Element, local: str, spec: DeviceSpec, clean: Clean) -> None:
    """Change the device of this local id as ``spec`` says, and nothing else. NOT_FOUND, NOT_SUPPORTED."""
    element, kind, _local, now = _find(root, local)
    for setting in ("kind", *sorted(IDENTITY.get(kind, ()))):
        asked = getattr(spec, setting)
        if asked is not None and asked != (kind if setting == "kind" else now.get(setting)):
            raise ModelError(hypervisor_devices.UNCHANGEABLE, setting, setting=setting, device=local)
    shape = _SHAPES[kind]
    if spec.type is not None and spec.type != now.get("type"):
        _forget(element)
    for setting, where in shape.settings.items():
        value = getattr(spec, setting)
        if value is not None and value != now.get(setting):
            _set(element, where, clean(value, setting))
    if kind is DeviceKind.GRAPHICS:
        _view(element, spec, clean)
    if spec.read_only is not None:
        for old in element.findall("readonly"):
            element.remove(old)
        if spec.read_only:
            etree.SubElement(element, "readonly")


def _forget(element: Element) -> None:
    """Drop what held for the type before: its place on a bus, and what a model has beside its name, as video memory."""
    for address in element.findall("address"):
        element.remove(address)
    for model in element.findall("model"):
        model.clear()


def _set(element: Element, where: str, value: str) -> None:
    path, at, attribute = where.partition("@")
    for step in path.split("/") if path else ():
        found = element.find(step)
        element = etree.SubElement(element, step) if found is None else found
    if at:
        element.set(attribute, value)
    else:
        element.text = value


def _view(graphics: Element, spec: DeviceSpec, clean: Clean) -> None:
    """What viewers of graphics need: where they listen, the keymap, the password."""
    if spec.address is not None:
        _listen(graphics, spec.address)
    if spec.keymap is not None:
        graphics.attrib.pop("keymap", "")
        if spec.keymap and spec.keymap != _USUAL_KEYMAP.get(graphics.get("type") or ""):
            graphics.set("keymap", clean(spec.keymap, "keymap"))
    if spec.password is None and spec.has_password and graphics.get("passwd") is None:
        raise ModelError(hypervisor.LACKING, "password", setting="password", part="graphics that have one")
    if spec.password is not None or spec.has_password is False:
        for old in _OF_PASSWORD:
            graphics.attrib.pop(old, "")
    if spec.password is not None:
        graphics.set("passwd", clean(spec.password, "password"))


def _listen(graphics: Element, address: str) -> None:
    try:
        listen, port = parse_endpoint(address)
    except ValueError as error:
        raise ModelError(hypervisor_devices.ENDPOINT, "address", address=address, reason=error) from error
    graphics.attrib.pop("listen", "")
    for old in graphics.findall("listen"):
        graphics.remove(old)
    graphics.set("autoport", "yes" if port is None else "no")
    graphics.set("port", "-1" if port is None else str(port))
    etree.SubElement(graphics, "listen", type="address", address=listen)


_PCI: Final = re.compile("(?P<domain>[0-9a-f]{4}):(?P<bus>[0-9a-f]{2}):(?P<slot>[0-9a-f]{2})[.](?P<function>[0-7])")
_USB_PRODUCT: Final = re.compile("(?P<vendor>[0-9a-f]{4}):(?P<product>[0-9a-f]{4})")
_USB_PLACE: Final = re.compile("0*(?P<bus>[0-9]+)/0*(?P<device>[0-9]+)")


def _point(element: Element, spec: DeviceSpec) -> None:
    """Name the host device, as :func:`_host_device` reads it."""
    source, text = etree.SubElement(element, "source"), spec.source or ""
    if spec.type == "pci" and (pci := _PCI.fullmatch(text)):
        etree.SubElement(source, "address", {name: f"0x{part}" for name, part in pci.groupdict().items()})
    elif spec.type == "usb" and (product := _USB_PRODUCT.fullmatch(text)):
        for name, part in product.groupdict().items():
            etree.SubElement(source, name, id=f"0x{part}")
    elif spec.type == "usb" and (place := _USB_PLACE.fullmatch(text)):
        etree.SubElement(source, "address", place.groupdict())
    else:
        raise ModelError(hypervisor_devices.HOST_DEVICE, "source", source=text, type=spec.type)
