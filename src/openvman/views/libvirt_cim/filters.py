"""Network filters as libvirt-cim has them: lists of entries, which refer to each other and are applied to adapters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Const, Edge, End, Source, Write
from openvman.mapping.methods import Change, Join
from openvman.messages import compatible
from openvman.model.actor import Role
from openvman.model.allocation import NicAllocation
from openvman.model.device import devices_of
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.network_filter import (
    FilterReference,
    FilterRule,
    NetworkFilter,
    NetworkFilterSpec,
    filter_named,
)
from openvman.model.picture import Picture
from openvman.model.system import VirtualSystem
from openvman.model.untold import Part
from openvman.views.libvirt_cim.edges import CLAUSE
from openvman.views.libvirt_cim.filter_values import (
    ACTIONS,
    DIRECTIONS,
    FRAMES,
    address,
    ip_version,
    mac,
    mask,
    number,
    protocol_in_frame,
    protocol_on_ip,
)
from openvman.views.libvirt_cim.own import own
from openvman.views.libvirt_cim.scope import Scope


@dataclass(frozen=True, slots=True)
class Listed:
    """A filter with the host that it is of."""

    host: Host
    filter: NetworkFilter

    @property
    def id(self) -> str:
        return self.filter.id


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule with the filter and the host that it is of, and its place in the filter."""

    host: Host
    filter: NetworkFilter
    place: int
    rule: FilterRule

    @property
    def name(self) -> str:
        return f"{self.filter.name}:{self.place}"

    @property
    def id(self) -> str:
        return f"{self.filter.id}:{self.place}"


@dataclass(frozen=True, slots=True)
class _Nested:
    filter: NetworkFilter
    reference: FilterReference


@dataclass(frozen=True, slots=True)
class _Applied:
    nic: NicAllocation
    filter: NetworkFilter


_MATCHED: Final[Mapping[str, Source]] = {
    "IsNegated": Attr("rule.negated"),
    "Priority": Attr("rule.priority"),
    "Action": Call(lambda entry: ACTIONS[entry.rule.action]),
    "Direction": Call(lambda entry: DIRECTIONS[entry.rule.direction]),
}
_EXTRAS: Final = own("Action", "Direction", "Priority")


def _of_rule(read: Callable[..., Value], *names: str) -> Call:
    """What is read of the entry's rule by the first of the names that it has."""
    return Call(lambda entry: read(entry.rule, *names))


_ON_IP: Final[Mapping[str, Source]] = {
    "HdrIPVersion": _of_rule(ip_version),
    "HdrProtocolID": _of_rule(protocol_on_ip),
    "HdrSrcAddress": _of_rule(address, "source_address", "source_first"),
    "HdrSrcAddressEndOfRange": _of_rule(address, "source_last"),
    "HdrSrcMask": _of_rule(mask, "source_mask"),
    "HdrSrcPortStart": _of_rule(number, "source_port_first"),
    "HdrSrcPortEnd": _of_rule(number, "source_port_last"),
    "HdrDestAddress": _of_rule(address, "destination_address", "destination_first"),
    "HdrDestAddressEndOfRange": _of_rule(address, "destination_last"),
    "HdrDestMask": _of_rule(mask, "destination_mask"),
    "HdrDestPortStart": _of_rule(number, "destination_port_first"),
    "HdrDestPortEnd": _of_rule(number, "destination_port_last"),
}
_IN_FRAME: Final[Mapping[str, Source]] = {
    "HdrSrcMACAddr8021": _of_rule(mac, "source_mac"),
    "HdrSrcMACMask8021": _of_rule(mac, "source_mac_mask"),
    "HdrDestMACAddr8021": _of_rule(mac, "destination_mac"),
    "HdrDestMACMask8021": _of_rule(mac, "destination_mac_mask"),
    "HdrProtocolID8021": _of_rule(protocol_in_frame),
    "HdrVLANID8021": _of_rule(number, "vlan"),
}


def _kind(rule: FilterRule) -> str:
    if rule.protocol is None:
        return "FilterEntry"
    return "Hdr8021Filter" if rule.protocol in FRAMES else "IPHeadersFilter"


_ROWS: Final[tuple[tuple[str, str, Mapping[str, Source], str], ...]] = (
    ("FilterEntry", "CIM_FilterEntryBase", {}, "A rule of a network filter that looks at nothing."),
    ("IPHeadersFilter", "CIM_IPHeadersFilter", _ON_IP, "A rule of a network filter about IP, and what is on it."),
    ("Hdr8021Filter", "CIM_Hdr8021Filter", _IN_FRAME, "A rule of a network filter about frames."),
)


@dataclass(frozen=True, slots=True)
class Filters:
    classes: tuple[ClassMap, ...]
    edges: tuple[Edge, ...]


def filters(scope: Scope, host_system: ClassMap, port: ClassMap) -> Filters:
    """The family's classes of filters; ``port`` is that of the adapters that they are applied to."""
    made = _Maker(scope, host_system, port)
    listed = made.list_map()
    entries = {row[0]: made.entry_map(*row) for row in _ROWS}
    return Filters((listed, *entries.values()), made.edges(listed, entries))


@dataclass(frozen=True, slots=True)
class _Maker:
    scope: Scope
    host_system: ClassMap
    port: ClassMap

    def _keys(self, name: str, write: Write | None = None) -> dict[str, Source]:
        return {
            "SystemCreationClassName": ClassName(self.host_system),
            "SystemName": Attr("host.name"),
            "CreationClassName": ClassName(),
            "Name": Attr(name, write),
        }

    def _lists(self, picture: Picture) -> Iterator[Listed]:
        return (Listed(host, each) for host in self.scope.hosts(picture) for each in host.filters)

    def _of_host(self, host: Host, picture: Picture) -> Iterator[Listed]:
        """None where the host is not the one that is shown."""
        shown = self.scope.host(picture)
        return iter(()) if shown is None or shown.id != host.id else (Listed(host, each) for each in host.filters)

    def _list(self, picture: Picture, name: str | None) -> Listed | None:
        host = self.scope.host(picture)
        found = None if host is None else filter_named(host.filters, name)
        return None if host is None or found is None else Listed(host, found)

    def list_map(self) -> ClassMap:
        def on_host(picture: Picture, arguments: dict[str, Any]) -> dict[str, Any]:
            host = self.scope.host(picture)
            if host is None:
                raise ModelError(compatible.NO_HOST, kind=self.scope.prefix)
            return {"host": host, **arguments}

        return ClassMap(
            name="FilterList",
            cim="CIM_FilterList",
            description="A network filter.",
            owner=Host,
            extent=self._lists,
            find=lambda picture, keys: self._list(picture, keys["Name"]),
            keys=self._keys("filter.name", Write("name")),
            untold=self.scope.untold(Part.HOST),
            properties={
                "InstanceID": Attr("filter.uuid"),
                "Direction": Const(0),
                "Priority": Call(lambda listed: listed.filter.priority or 0),
            },
            extras=own("Priority"),
            subject=lambda listed: listed.filter,
            seen=lambda picture, made: self._list(picture, made.name),
            spec=_spec,
            create=Change("create_network_filter", "filter", Role.ADMIN, on_host),
            delete=Change("delete_network_filter", "filter", Role.ADMIN),
        )

    def _entries(self, listed: Listed) -> Iterator[Entry]:
        return (Entry(listed.host, listed.filter, place, rule) for place, rule in enumerate(listed.filter.rules))

    def entry_map(self, name: str, cim: str, properties: Mapping[str, Source], description: str) -> ClassMap:
        def find(picture: Picture, keys: NameMap[Value]) -> Entry | None:
            listed = self._list(picture, str(keys["Name"]).rpartition(":")[0])
            entries = () if listed is None else self._entries(listed)
            return next((e for e in entries if e.name == keys["Name"] and _kind(e.rule) == name), None)

        return ClassMap(
            name=name,
            cim=cim,
            description=description,
            owner=Host,
            extent=lambda picture: (
                entry for listed in self._lists(picture) for entry in self._entries(listed) if _kind(entry.rule) == name
            ),
            find=find,
            keys=self._keys("name"),
            properties={**_MATCHED, **properties},
            extras=_EXTRAS,
            untold=self.scope.untold(Part.HOST),
        )

    def edges(self, listed: ClassMap, entries: Mapping[str, ClassMap]) -> tuple[Edge, ...]:
        def contained(host: Host, picture: Picture) -> Iterator[Any]:
            for one in self._of_host(host, picture):
                yield from (((listed, one), (entries[_kind(entry.rule)], entry)) for entry in self._entries(one))

        def nested(host: Host, picture: Picture) -> Iterator[Any]:
            for one in self._of_host(host, picture):
                for reference in one.filter.references:
                    other = self._list(picture, reference.filter)
                    if other is not None:
                        yield (listed, one), (listed, other), _Nested(one.filter, reference)

        def applied(system: VirtualSystem, picture: Picture) -> Iterator[Any]:
            for device in devices_of(system):
                nic = device.allocation
                if isinstance(nic, NicAllocation) and nic.filter is not None:
                    port, one = self.port.seen(picture, device), self._list(picture, nic.filter)
                    if port is not None and one is not None:
                        yield (self.port, port), (listed, one), _Applied(nic, one.filter)

        return (
            Edge(
                "CIM_HostedFilterList",
                End("Antecedent", (self.host_system,)),
                End("Dependent", (listed,)),
                Host,
                lambda host, p: (((self.host_system, host), (listed, one)) for one in self._of_host(host, p)),
                clause=CLAUSE,
            ),
            Edge(
                "CIM_EntriesInFilterList",
                End("GroupComponent", (listed,)),
                End("PartComponent", tuple(entries.values())),
                Host,
                contained,
                clause=CLAUSE,
                properties={"EntrySequence": Const(0)},
            ),
            Edge(
                "CIM_Dependency",
                End("Antecedent", (listed,)),
                End("Dependent", (listed,)),
                Host,
                nested,
                clause=CLAUSE,
                called="NestedFilterList",
                one_way=True,
                create=Join("add_filter_reference", "filter", "other", Role.ADMIN, _referring),
                delete=Change("remove_filter_reference", "nested", Role.ADMIN, _nested),
            ),
            Edge(
                "CIM_Dependency",
                End("Antecedent", (self.port,)),
                End("Dependent", (listed,)),
                VirtualSystem,
                applied,
                clause=CLAUSE,
                called="AppliedFilterList",
                unsettled_by=_are_others,
                create=Join("apply_filter", "device", "filter", Role.OPERATOR, _to_adapter),
                delete=Change("remove_filter", "applied", Role.OPERATOR, _applied),
            ),
        )


def _are_others(before: Any | None, after: Any | None) -> bool:
    """Whether a host has got, or lost, filters."""
    names = [frozenset(one.filter_names) if isinstance(one, Host) else None for one in (before, after)]
    return names[0] != names[1]


def _spec(name: str = "") -> NetworkFilterSpec:
    return NetworkFilterSpec(name=name)


def _referring(_picture: Picture, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"filter": arguments["filter"], "reference": FilterReference(arguments["other"].name)}


def _nested(_picture: Picture, arguments: dict[str, Any]) -> dict[str, Any]:
    nested: _Nested = arguments["nested"]
    return {"filter": nested.filter, "reference": nested.reference}


def _to_adapter(_picture: Picture, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"nic": arguments["device"].allocation, "filter": arguments["filter"]}


def _applied(_picture: Picture, arguments: dict[str, Any]) -> dict[str, Any]:
    applied: _Applied = arguments["applied"]
    return {"nic": applied.nic, "filter": applied.filter}
