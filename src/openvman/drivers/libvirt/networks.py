"""libvirt's virtual networks: ``<network>`` read and written.

Each function blocks and raises ModelError, or the binding's own error, which the connection translates.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Any, Final

import libvirt
from lxml import etree

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.domain_xml import clean
from openvman.drivers.libvirt.xml import Element
from openvman.messages import hypervisor_networks
from openvman.model.errors import ModelError
from openvman.model.network import (
    HAS_OWN_BRIDGE,
    AddressRange,
    Forward,
    NetworkAddress,
    NetworkSpec,
    PortGroup,
    VirtualNetwork,
    Vlans,
)

_GONE: Final = frozenset({libvirt.VIR_ERR_NO_NETWORK, libvirt.VIR_ERR_OPERATION_INVALID})
_WHOLE: Final = {"ipv4": 32, "ipv6": 128}


def networks_of(connection: Any, host_id: str) -> tuple[VirtualNetwork, ...] | None:
    """The networks by name; None where the hypervisor has no network driver."""
    try:
        networks = connection.listAllNetworks(0)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise
        return None
    found = (_read(network, host_id) for network in networks)
    return tuple(sorted((each for each in found if each is not None), key=lambda each: each.name))


def _read(network: Any, host_id: str) -> VirtualNetwork | None:
    """None for a network that was removed meanwhile."""
    try:
        return read(
            network.XMLDesc(0),
            host_id,
            active=bool(network.isActive()),
            persistent=bool(network.isPersistent()),
            autostart=bool(network.isPersistent() and network.autostart()),
        )
    except libvirt.libvirtError as error:
        if error.get_error_code() not in _GONE:
            raise
        return None


def read(text: str, host_id: str, *, active: bool, persistent: bool, autostart: bool) -> VirtualNetwork:
    """The network that a ``<network>`` describes."""
    root = xml.parse(text)
    forward = _forward(root)
    own = root.find("bridge")
    return VirtualNetwork(
        host_id=host_id,
        uuid=(xml.text(root, "uuid") or "").lower(),
        name=xml.text(root, "name") or "",
        active=active,
        persistent=persistent,
        autostart=autostart,
        forward=forward,
        forward_device=xml.attribute(root, "forward", "dev") or xml.attribute(root, "forward/interface", "dev"),
        bridge=None if own is None else own.get("name"),
        addresses=tuple(_addresses(root)),
        vlans=_vlans(root),
        port_groups=tuple(
            PortGroup(name=group.get("name") or "", default=group.get("default") == "yes", vlans=_vlans(group))
            for group in root.iterfind("portgroup")
        ),
        virtual_port=xml.attribute(root, "virtualport", "type"),
    )


def _forward(root: Element) -> Forward:
    element = root.find("forward")
    if element is None or element.get("mode") == "none":
        return Forward.ISOLATED
    mode = element.get("mode") or "nat"
    return next((each for each in Forward if each.value == mode and each is not Forward.ISOLATED), Forward.OTHER)


def _addresses(root: Element) -> Iterator[NetworkAddress]:
    for element in root.iterfind("ip"):
        address = element.get("address")
        prefix = _prefix(element)
        if address is None or prefix is None:
            continue
        ranges = element.iterfind("dhcp/range")
        yield NetworkAddress(
            address=address,
            prefix=prefix,
            ranges=tuple(AddressRange(each.get("start") or "", each.get("end") or "") for each in ranges),
        )


def _prefix(element: Element) -> int | None:
    """Said as such, as a mask, or not at all: then it is the address alone."""
    whole = _WHOLE.get(element.get("family") or "ipv4")
    mask = element.get("netmask")
    if whole is None or mask is None:
        return None if whole is None else xml.number(element.get("prefix"), whole)
    try:
        return IPv4Network(f"0.0.0.0/{mask}").prefixlen
    except (AddressValueError, NetmaskValueError):
        return None


def _vlans(parent: Element) -> Vlans | None:
    element = parent.find("vlan")
    if element is None:
        return None
    tags = tuple(xml.number(tag.get("id"), 0) for tag in element.iterfind("tag"))
    return Vlans(tags=tags, trunk=element.get("trunk") == "yes" or len(tags) > 1)


def build(spec: NetworkSpec) -> str:
    """The ``<network>`` of a spec."""
    root = etree.Element("network")
    etree.SubElement(root, "name").text = clean(spec.name, "name")
    if spec.uuid is not None:
        etree.SubElement(root, "uuid").text = clean(spec.uuid, "uuid")
    if spec.forward is Forward.OTHER or spec.forward is Forward.HOSTDEV:
        raise ModelError(hypervisor_networks.NETWORK_FORWARD, "forward", forward=spec.forward)
    if spec.forward is not Forward.ISOLATED:
        forward = etree.SubElement(root, "forward", mode=spec.forward.value)
        if spec.forward_device is not None:
            forward.set("dev", clean(spec.forward_device, "forward_device"))
    if spec.bridge is not None:
        etree.SubElement(root, "bridge", name=clean(spec.bridge, "bridge"))
    elif spec.forward in HAS_OWN_BRIDGE:
        etree.SubElement(root, "bridge", stp="on", delay="0")
    if spec.virtual_port is not None:
        etree.SubElement(root, "virtualport", type=clean(spec.virtual_port, "virtual_port"))
    _add_vlans(root, spec.vlans)
    for group in spec.port_groups:
        element = etree.SubElement(root, "portgroup", name=clean(group.name, "port_groups"))
        if group.default:
            element.set("default", "yes")
        _add_vlans(element, group.vlans)
    for address in spec.addresses:
        _add_address(root, address)
    return xml.print_(root)


def _add_vlans(parent: Element, vlans: Vlans | None) -> None:
    if vlans is None:
        return
    element = etree.SubElement(parent, "vlan")
    if vlans.trunk:
        element.set("trunk", "yes")
    for tag in vlans.tags:
        etree.SubElement(element, "tag", id=str(tag))


def _add_address(root: Element, address: NetworkAddress) -> None:
    try:
        family = f"ipv{address.interface.version}"
    except ValueError:
        raise ModelError(
            hypervisor_networks.NETWORK_ADDRESS, "addresses", address=address.address, prefix=address.prefix
        ) from None
    element = etree.SubElement(root, "ip", family=family, address=address.address)
    if address.interface.version == 4:  # which many who read the XML look for
        element.set("netmask", address.netmask)
    else:
        element.set("prefix", str(address.prefix))
    dhcp = etree.SubElement(element, "dhcp") if address.ranges else element
    for each in address.ranges:
        start, end = clean(each.first, "addresses"), clean(each.last, "addresses")
        etree.SubElement(dhcp, "range", start=start, end=end)


def create(connection: Any, spec: NetworkSpec) -> None:
    """Define and start a network. ALREADY_EXISTS for a name, UUID or bridge that another has."""
    _check_free(connection, spec)
    network = connection.networkDefineXML(build(spec))
    try:
        network.create()
        network.setAutostart(int(spec.autostart))
    except libvirt.libvirtError:
        if network.isActive():
            network.destroy()
        network.undefine()
        raise


def _check_free(connection: Any, spec: NetworkSpec) -> None:
    """A network defined once more would be changed, not refused."""
    for other in connection.listAllNetworks(0):
        bridge = xml.attribute(xml.parse(other.XMLDesc(0)), "bridge", "name")
        for mine, its in (
            (spec.name, other.name()),
            (spec.uuid, other.UUIDString()),
            (spec.bridge if spec.forward in HAS_OWN_BRIDGE else None, bridge),
        ):
            if mine is not None and mine == its:
                raise ModelError(hypervisor_networks.NETWORK_TAKEN, mine, network=f"{other.name()} ({mine})")


def delete(connection: Any, uuid: str) -> None:
    """Stop a network and forget it. NOT_FOUND."""
    network = lookup(connection, uuid)
    persistent = network.isPersistent()
    if network.isActive():
        network.destroy()
    if persistent:
        network.undefine()


def change(connection: Any, uuid: str, *, active: bool | None, autostart: bool | None) -> None:
    """Start or stop a network, and have it start with the host or not. NOT_FOUND."""
    network = lookup(connection, uuid)
    if autostart is not None and bool(network.isPersistent() and network.autostart()) != autostart:
        network.setAutostart(int(autostart))
    if active is not None and bool(network.isActive()) != active:
        if active:
            network.create()
        else:
            network.destroy()


def lookup(connection: Any, uuid: str) -> Any:
    """The network with this UUID. NOT_FOUND if there is none."""
    try:
        return connection.networkLookupByUUIDString(uuid)
    except libvirt.libvirtError as error:
        if error.get_error_code() in {libvirt.VIR_ERR_NO_NETWORK, libvirt.VIR_ERR_INVALID_ARG}:
            raise ModelError(hypervisor_networks.NETWORK_UNKNOWN, uuid, network=uuid) from None
        raise
