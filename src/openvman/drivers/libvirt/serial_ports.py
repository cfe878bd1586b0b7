"""Serial ports that take TCP connections: ``<serial type='tcp'>``, read and written."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.xml import Element, Node
from openvman.messages import hypervisor_devices
from openvman.model.endpoint import format_endpoint, parse_endpoint
from openvman.model.errors import ModelError


def addresses_of(serials: Iterable[Node]) -> dict[int, str]:
    """Where connections to the serial ports of a domain are taken, by the numbers of the ports.

    A port that connects to somebody else, or that speaks TLS or telnet, is not among them: its bytes are not plain.
    """
    found: dict[int, str] = {}
    for index, serial in enumerate(serials):
        source = serial.find("source")
        if serial.get("type") != "tcp" or source is None or source.get("mode") != "bind":
            continue
        plain = xml.attribute(serial, "protocol", "type") in {None, "raw"} and source.get("tls") != "yes"
        host, port = source.get("host"), xml.number(source.get("service"), 0)
        if plain and host and port > 0:
            found[xml.number(xml.attribute(serial, "target", "port"), index)] = format_endpoint(host, port)
    return found


def listen(serial: Element, address: str) -> None:
    """Let a ``<serial>`` that has nothing yet take connections. INVALID_PARAMETER for an address without a port."""
    try:
        host, port = parse_endpoint(address)
    except ValueError as error:
        raise ModelError(hypervisor_devices.ENDPOINT, "address", address=address, reason=error) from error
    if port is None:
        raise ModelError(hypervisor_devices.ENDPOINT_PORT, "address", address=address)
    serial.set("type", "tcp")
    etree.SubElement(serial, "source", mode="bind", host=host, service=str(port))
    etree.SubElement(serial, "protocol", type="raw")
