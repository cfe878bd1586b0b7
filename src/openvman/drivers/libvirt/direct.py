"""Adapters that are connected to a device of the host itself: ``<interface type='direct'>``, for both directions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from lxml import etree

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.xml import Element, Node
from openvman.model.allocation import DIRECT_MODES, STATIONS
from openvman.model.spec import NicSpec

_QBG, _QBH = STATIONS
_NUMBERS: Final = {"vsi_manager": "managerid", "vsi_type": "typeid", "vsi_version": "typeidversion"}
"""Attributes of the parameters of a port by 802.1Qbg."""
_INSTANCE: Final = "instanceid"
_PROFILE: Final = "profileid"

Clean: TypeAlias = Callable[[str, str], str]


def read(interface: Node) -> dict[str, Any]:
    """What :class:`NicAllocation` has beside of a direct connection."""
    said: dict[str, Any] = {"mode": xml.attribute(interface, "source", "mode") or DIRECT_MODES[0]}
    port = interface.find("virtualport")
    match None if port is None else port.get("type"):
        case "802.1Qbg":
            numbers = {name: xml.attribute(port, "parameters", attribute) for name, attribute in _NUMBERS.items()}
            said |= {name: xml.number(value, 0) for name, value in numbers.items()}
            said["vsi_instance"] = xml.attribute(port, "parameters", _INSTANCE)
        case "802.1Qbh":
            said["profile"] = xml.attribute(port, "parameters", _PROFILE)
    return said


def build(interface: Element, spec: NicSpec, clean: Clean) -> None:
    """Say it of an ``<interface>`` that has its ``<source>``. libvirt makes up an instance that is not said."""
    source = interface.find("source")
    assert source is not None, "a direct connection has a source"
    source.set("mode", clean(spec.mode or DIRECT_MODES[0], "mode"))
    if spec.vsi_manager is not None:
        said = {attribute: str(getattr(spec, name) or 0) for name, attribute in _NUMBERS.items()}
        if spec.vsi_instance is not None:
            said[_INSTANCE] = clean(spec.vsi_instance, "vsi_instance")
        _port(interface, _QBG, said)
    elif spec.profile is not None:
        _port(interface, _QBH, {_PROFILE: clean(spec.profile, "profile")})


def _port(interface: Element, standard: str, said: dict[str, str]) -> None:
    etree.SubElement(etree.SubElement(interface, "virtualport", type=standard), "parameters", said)
