"""Virtual networks and network filters of simulated hosts: what changes of them make of a host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import TypeVar
from uuid import UUID, uuid5

from openvman.messages import hypervisor_networks
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.network import (
    HAS_OWN_BRIDGE,
    AddressRange,
    Forward,
    NetworkAddress,
    NetworkSpec,
    VirtualNetwork,
    network_with,
)
from openvman.model.network_filter import (
    MATCHES,
    FilterAction,
    FilterDirection,
    FilterReference,
    FilterRule,
    NetworkFilter,
    NetworkFilterSpec,
    filter_named,
    reached_from,
)
from openvman.model.system import VirtualSystem

N = TypeVar("N", VirtualNetwork, NetworkFilter)


def first_networks(host_id: str) -> tuple[VirtualNetwork, ...]:
    """What every host has from the start."""
    return (
        VirtualNetwork(
            host_id=host_id,
            uuid=_uuid(host_id, "network default"),
            name="default",
            active=True,
            autostart=True,
            forward=Forward.NAT,
            bridge="simbr0",
            addresses=(
                NetworkAddress(
                    address="192.168.122.1", prefix=24, ranges=(AddressRange("192.168.122.2", "192.168.122.254"),)
                ),
            ),
        ),
        VirtualNetwork(
            host_id=host_id,
            uuid=_uuid(host_id, "network isolated"),
            name="isolated",
            active=True,
            autostart=True,
            bridge="simbr1",
        ),
    )


def first_filters(host_id: str) -> tuple[NetworkFilter, ...]:
    """Likewise."""
    drop = FilterRule(
        action=FilterAction.DROP,
        direction=FilterDirection.OUT,
        protocol="mac",
        match=(("source_mac", "$MAC"),),
        negated=True,
    )
    return (
        NetworkFilter(
            host_id=host_id,
            uuid=_uuid(host_id, "filter no-mac-spoofing"),
            name="no-mac-spoofing",
            chain="mac",
            priority=-800,
            rules=(drop,),
        ),
    )


def _uuid(host_id: str, what: str) -> str:
    return str(uuid5(UUID(host_id), what))


# Networks


def with_network(host: Host, spec: NetworkSpec) -> Host:
    said = {f.name: getattr(spec, f.name) for f in fields(spec)}
    made = VirtualNetwork(
        **{**said, "host_id": host.id, "active": True, "uuid": spec.uuid or _uuid(host.id, spec.name)}
    )
    if _is_taken(host.networks, made):
        raise ModelError(hypervisor_networks.NETWORK_TAKEN, made.name, network=made.name)
    if spec.forward in HAS_OWN_BRIDGE:
        taken = {network.bridge for network in host.networks}
        if spec.bridge is None:
            free = next(name for number in range(len(taken) + 1) if (name := f"simbr{number}") not in taken)
            made = replace(made, bridge=free)
        elif spec.bridge in taken:
            raise ModelError(hypervisor_networks.NETWORK_TAKEN, spec.bridge, network=f"on {spec.bridge}")
    return replace(host, networks=_sorted((*host.networks, made)))


def without_network(host: Host, uuid: str) -> Host:
    gone = _network(host, uuid)
    return replace(host, networks=tuple(each for each in host.networks if each is not gone))


def with_changed_network(host: Host, uuid: str, *, active: bool | None, autostart: bool | None) -> Host:
    before = _network(host, uuid)
    after = replace(
        before,
        active=before.active if active is None else active,
        autostart=before.autostart if autostart is None else autostart,
    )
    if not (after.active or after.persistent):
        return without_network(host, uuid)
    return replace(host, networks=tuple(after if each is before else each for each in host.networks))


def _network(host: Host, uuid: str) -> VirtualNetwork:
    found = network_with(host.networks, uuid)
    if found is None:
        raise ModelError(hypervisor_networks.NETWORK_UNKNOWN, uuid, network=uuid)
    return found


# Filters


def with_filter(host: Host, spec: NetworkFilterSpec) -> Host:
    said = {f.name: getattr(spec, f.name) for f in fields(spec)}
    made = NetworkFilter(**{**said, "host_id": host.id, "uuid": spec.uuid or _uuid(host.id, spec.name)})
    if _is_taken(host.filters, made):
        raise ModelError(hypervisor_networks.FILTER_TAKEN, made.name, filter=made.name)
    for rule in spec.rules:
        strange = [name for name, _ in rule.match if name not in MATCHES]
        if strange:
            raise ModelError(hypervisor_networks.FILTER_MATCH, "match", match=strange[0])
    for reference in spec.references:
        _named(host, reference.filter)
    return replace(host, filters=_sorted((*host.filters, made)))


def without_filter(host: Host, uuid: str, systems: Iterable[VirtualSystem]) -> Host:
    gone = _filter(host, uuid)
    users = [each.name for each in host.filters if gone.name in each.refers_to]
    users += [s.name for s in systems if s.current and any(nic.filter == gone.name for nic in s.current.nics)]
    if users:
        raise ModelError(hypervisor_networks.FILTER_USED, uuid, filter=gone.name, user=users[0])
    return replace(host, filters=tuple(each for each in host.filters if each is not gone))


def with_reference(host: Host, uuid: str, reference: FilterReference) -> Host:
    before = _filter(host, uuid)
    _named(host, reference.filter)
    if reference in before.references:
        raise ModelError(
            hypervisor_networks.REFERENCE_TAKEN, reference.filter, filter=before.name, other=reference.filter
        )
    if before.name in {reference.filter, *reached_from(host.filters, reference.filter)}:
        raise ModelError(
            hypervisor_networks.REFERENCE_CIRCLE, reference.filter, filter=before.name, other=reference.filter
        )
    return _with_references(host, before, (*before.references, reference))


def without_reference(host: Host, uuid: str, reference: FilterReference) -> Host:
    before = _filter(host, uuid)
    if reference not in before.references:
        raise ModelError(hypervisor_networks.NO_REFERENCE, reference.filter, filter=before.name, other=reference.filter)
    return _with_references(host, before, tuple(each for each in before.references if each != reference))


def _with_references(host: Host, before: NetworkFilter, references: tuple[FilterReference, ...]) -> Host:
    after = replace(before, references=references)
    return replace(host, filters=tuple(after if each is before else each for each in host.filters))


def _filter(host: Host, uuid: str) -> NetworkFilter:
    found = next((each for each in host.filters if each.uuid == uuid), None)
    if found is None:
        raise ModelError(hypervisor_networks.FILTER_UNKNOWN, uuid, filter=uuid)
    return found


def _named(host: Host, name: str) -> None:
    if filter_named(host.filters, name) is None:
        raise ModelError(hypervisor_networks.FILTER_UNKNOWN, name, filter=name)


def _is_taken(there: tuple[N, ...], made: N) -> bool:
    return any(made.name == each.name or made.uuid == each.uuid for each in there)


def _sorted(things: tuple[N, ...]) -> tuple[N, ...]:
    return tuple(sorted(things, key=lambda each: each.name))
