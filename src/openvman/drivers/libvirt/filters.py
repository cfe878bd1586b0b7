"""libvirt's network filters: ``<filter>`` read and written. What is not understood stays when references change.

Each function blocks and raises ModelError, or the binding's own error, which the connection translates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import libvirt
from lxml import etree

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.domain_xml import clean
from openvman.drivers.libvirt.xml import Element
from openvman.messages import hypervisor_networks
from openvman.model.errors import ModelError
from openvman.model.network_filter import (
    DEFAULT_PRIORITY,
    PROTOCOLS,
    FilterAction,
    FilterDirection,
    FilterReference,
    FilterRule,
    NetworkFilter,
    NetworkFilterSpec,
)

_ATTRIBUTES: Final = {
    "source_mac": "srcmacaddr",
    "source_mac_mask": "srcmacmask",
    "destination_mac": "dstmacaddr",
    "destination_mac_mask": "dstmacmask",
    "ether_type": "protocolid",
    "source_address": "srcipaddr",
    "source_mask": "srcipmask",
    "source_first": "srcipfrom",
    "source_last": "srcipto",
    "destination_address": "dstipaddr",
    "destination_mask": "dstipmask",
    "destination_first": "dstipfrom",
    "destination_last": "dstipto",
    "ip_protocol": "protocol",
    "source_port_first": "srcportstart",
    "source_port_last": "srcportend",
    "destination_port_first": "dstportstart",
    "destination_port_last": "dstportend",
    "icmp_type": "type",
    "icmp_code": "code",
    "dscp": "dscp",
    "state": "state",
    "arp_opcode": "opcode",
    "arp_source_mac": "arpsrcmacaddr",
    "arp_source_address": "arpsrcipaddr",
    "arp_destination_mac": "arpdstmacaddr",
    "arp_destination_address": "arpdstipaddr",
    "vlan": "vlanid",
    "comment": "comment",
}
"""What a rule asks of a packet, by libvirt's names; what is not here keeps libvirt's own when it is read."""
_NAMES: Final = {attribute: name for name, attribute in _ATTRIBUTES.items()}


def filters_of(connection: Any, host_id: str) -> tuple[NetworkFilter, ...] | None:
    """The filters by name; None where the hypervisor has no filter driver."""
    try:
        filters = connection.listAllNWFilters(0)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise
        return None
    found = (_read(each, host_id) for each in filters)
    return tuple(sorted((each for each in found if each is not None), key=lambda each: each.name))


def _read(filter: Any, host_id: str) -> NetworkFilter | None:
    """None for a filter that was removed meanwhile."""
    try:
        return read(filter.XMLDesc(0), host_id)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_NWFILTER:
            raise
        return None


def read(text: str, host_id: str) -> NetworkFilter:
    """The filter that a ``<filter>`` describes."""
    root = xml.parse(text)
    priority = root.get("priority")
    return NetworkFilter(
        host_id=host_id,
        uuid=(xml.text(root, "uuid") or "").lower(),
        name=root.get("name") or "",
        chain=root.get("chain") or "root",
        priority=None if priority is None else xml.number(priority, 0),
        rules=tuple(_rules(root)),
        references=tuple(_reference(each) for each in root.iterfind("filterref")),
    )


def _rules(root: Element) -> Iterator[FilterRule]:
    for rule in root.iterfind("rule"):
        action = next((each for each in FilterAction if each.value == rule.get("action")), None)
        direction = next((each for each in FilterDirection if each.value == rule.get("direction")), None)
        if action is None or direction is None:
            continue  # libvirt has no others
        protocol = rule.find("*")
        asked = {} if protocol is None else {str(name): str(value) for name, value in protocol.attrib.items()}
        yield FilterRule(
            action=action,
            direction=direction,
            priority=xml.number(rule.get("priority"), DEFAULT_PRIORITY),
            protocol=None if protocol is None else str(protocol.tag),
            match=tuple((_NAMES.get(name, name), value) for name, value in asked.items() if name != "match"),
            negated=asked.get("match") == "no",
            stateful=rule.get("statematch") not in {"0", "false"},
        )


def _reference(element: Element) -> FilterReference:
    parameters = element.iterfind("parameter")
    return FilterReference(
        filter=element.get("filter") or "",
        parameters=tuple((each.get("name") or "", each.get("value") or "") for each in parameters),
    )


def build(spec: NetworkFilterSpec) -> str:
    """The ``<filter>`` of a spec."""
    root = etree.Element("filter", name=clean(spec.name, "name"), chain=clean(spec.chain, "chain"))
    if spec.priority is not None:
        root.set("priority", str(spec.priority))
    if spec.uuid is not None:
        etree.SubElement(root, "uuid").text = clean(spec.uuid, "uuid")
    for reference in spec.references:
        add_reference_to(root, reference)
    for rule in spec.rules:
        _add_rule(root, rule)
    return xml.print_(root)


def add_reference_to(parent: Element, reference: FilterReference) -> Element:
    """Append a ``<filterref>``."""
    element = etree.SubElement(parent, "filterref", filter=clean(reference.filter, "filter"))
    for name, value in reference.parameters:
        etree.SubElement(element, "parameter", name=clean(name, "parameters"), value=clean(value, "parameters"))
    return element


def _add_rule(root: Element, rule: FilterRule) -> None:
    element = etree.SubElement(
        root, "rule", action=rule.action.value, direction=rule.direction.value, priority=str(rule.priority)
    )
    if not rule.stateful:
        element.set("statematch", "false")
    if rule.protocol is None:
        return
    if rule.protocol not in PROTOCOLS:
        raise ModelError(hypervisor_networks.FILTER_PROTOCOL, "protocol", protocol=rule.protocol)
    protocol = etree.SubElement(element, rule.protocol)
    if rule.negated:
        protocol.set("match", "no")
    for name, value in rule.match:
        attribute = _ATTRIBUTES.get(name)
        if attribute is None:
            raise ModelError(hypervisor_networks.FILTER_MATCH, "match", match=name)
        protocol.set(attribute, clean(value, "match"))


def create(connection: Any, spec: NetworkFilterSpec) -> None:
    """Define a filter. ALREADY_EXISTS for a name or UUID in use, NOT_FOUND for one that it refers to."""
    for other in connection.listAllNWFilters(0):
        # Defined once more it would be changed, not refused.
        if spec.name == other.name() or spec.uuid == other.UUIDString():
            raise ModelError(hypervisor_networks.FILTER_TAKEN, spec.name, filter=other.name())
    for reference in spec.references:
        _named(connection, reference.filter)
    connection.nwfilterDefineXML(build(spec))


def delete(connection: Any, uuid: str) -> None:
    """Remove a filter. NOT_FOUND; IN_USE."""
    found = lookup(connection, uuid)
    name = found.name()
    for other in connection.listAllNWFilters(0):  # libvirt asks only for those that an active system needs
        if any(each.get("filter") == name for each in xml.parse(other.XMLDesc(0)).iterfind("filterref")):
            raise ModelError(hypervisor_networks.FILTER_USED, uuid, filter=name, user=other.name())
    try:
        found.undefine()
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_OPERATION_INVALID:
            raise
        raise ModelError(hypervisor_networks.FILTER_USED, uuid, filter=name, user="an active system") from None


def add_reference(connection: Any, uuid: str, reference: FilterReference) -> None:
    """Have a filter refer to another too. NOT_FOUND, ALREADY_EXISTS; INVALID_PARAMETER for a circle."""
    root = xml.parse(lookup(connection, uuid).XMLDesc(0))
    _named(connection, reference.filter)
    if any(_reference(each) == reference for each in root.iterfind("filterref")):
        raise ModelError(
            hypervisor_networks.REFERENCE_TAKEN, reference.filter, filter=root.get("name"), other=reference.filter
        )
    add_reference_to(root, reference)
    _redefine(connection, root, reference)


def _redefine(connection: Any, root: Element, reference: FilterReference) -> None:
    try:
        connection.nwfilterDefineXML(xml.print_(root))
    except libvirt.libvirtError as error:
        if "loop" not in str(error):
            raise
        raise ModelError(
            hypervisor_networks.REFERENCE_CIRCLE, reference.filter, filter=root.get("name"), other=reference.filter
        ) from None


def remove_reference(connection: Any, uuid: str, reference: FilterReference) -> None:
    """Have a filter no more refer to another. NOT_FOUND."""
    root = xml.parse(lookup(connection, uuid).XMLDesc(0))
    found = next((each for each in root.iterfind("filterref") if _reference(each) == reference), None)
    if found is None:
        raise ModelError(
            hypervisor_networks.NO_REFERENCE, reference.filter, filter=root.get("name"), other=reference.filter
        )
    root.remove(found)
    connection.nwfilterDefineXML(xml.print_(root))


def lookup(connection: Any, uuid: str) -> Any:
    """The filter with this UUID. NOT_FOUND if there is none."""
    try:
        return connection.nwfilterLookupByUUIDString(uuid)
    except libvirt.libvirtError as error:
        if error.get_error_code() in {libvirt.VIR_ERR_NO_NWFILTER, libvirt.VIR_ERR_INVALID_ARG}:
            raise ModelError(hypervisor_networks.FILTER_UNKNOWN, uuid, filter=uuid) from None
        raise


def _named(connection: Any, name: str) -> Any:
    try:
        return connection.nwfilterLookupByName(name)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_NWFILTER:
            raise
        raise ModelError(hypervisor_networks.FILTER_UNKNOWN, name, filter=name) from None
