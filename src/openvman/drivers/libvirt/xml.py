"""Reading XML that comes from the hypervisor: hardened, and forgiving of what is not there."""

from __future__ import annotations

from typing import Final, TypeAlias, TypeVar
from xml.etree import ElementTree as ET

from lxml import etree

from openvman.messages import hypervisor
from openvman.model.errors import ModelError

Element = etree._Element  # noqa: SLF001 - lxml gives its element type no public name
"""An element of a tree that is changed and written back."""

Node: TypeAlias = etree._Element | ET.Element  # noqa: SLF001 - likewise
"""An element that is only read."""
N = TypeVar("N", bound=Node)

_UNITS: Final[dict[str, int]] = {
    "b": 1,
    "bytes": 1,
    "kb": 10**3,
    "k": 2**10,
    "kib": 2**10,
    "mb": 10**6,
    "m": 2**20,
    "mib": 2**20,
    "gb": 10**9,
    "g": 2**30,
    "gib": 2**30,
    "tb": 10**12,
    "t": 2**40,
    "tib": 2**40,
}


def parse(text: str) -> Element:
    """The root element of a document. No entities, no network, no DTD. Raises FAILED when it is not XML."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_blank_text=True
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise ModelError(hypervisor.XML_UNREADABLE, reason=error) from error


def read(text: str) -> ET.Element:
    """As :func:`parse`, of a document that is only read: the standard library's tree is read many times faster.

    It knows no comments and no parents. Raises FAILED when it is not XML, or has a DTD: it could bring entities.
    """
    if "<!DOCTYPE" in text:
        raise ModelError(hypervisor.XML_UNREADABLE, reason="it has a document type")
    try:
        return ET.fromstring(text)  # noqa: S314 - without a DTD there are no entities
    except ET.ParseError as error:
        raise ModelError(hypervisor.XML_UNREADABLE, reason=error) from error


def print_(root: Element) -> str:
    """The document as libvirt takes it."""
    return etree.tostring(root, encoding="unicode", pretty_print=True)


def text(parent: Node | None, name: str) -> str | None:
    """The stripped text of the element at the path ``name``; None when it is missing or empty."""
    found = None if parent is None else parent.find(name)
    if found is None:
        return None
    return (found.text or "").strip() or None


def attribute(parent: Node | None, path: str, name: str) -> str | None:
    """An attribute of the element at ``path`` (``.`` for the parent itself); None when missing or empty."""
    found = parent if path == "." or parent is None else parent.find(path)
    return (found.get(name) or None) if found is not None else None


def number(value: str | None, default: int) -> int:
    """A decimal number, or ``default`` when it is none."""
    try:
        return int(value) if value is not None else default
    except ValueError:
        return default


def size(element: Node | None) -> int | None:
    """The bytes that an element with a ``unit`` (KiB when not said) stands for."""
    if element is None:
        return None
    count = number((element.text or "").strip(), -1)
    factor = _UNITS.get((element.get("unit") or "KiB").lower())
    return None if count < 0 or factor is None else count * factor
