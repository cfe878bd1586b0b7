"""Indications (DSP1054): filters, destinations and subscriptions, in the interop namespace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Coded, Const, Edge, End, Source, Write
from openvman.mapping.methods import Change, Join, Modify
from openvman.model.actor import Role
from openvman.model.indication import (
    DeliverySpec,
    DestinationKind,
    DestinationSpec,
    FilterCollection,
    FilterSpec,
    ListenerDestination,
    Persistence,
    RemovalAction,
    SubscriptionState,
)
from openvman.model.picture import Picture
from openvman.model.server import Server
from openvman.profiles.identity import id_in, instance_id
from openvman.profiles.spaces import INTEROP

_CIM_XML = 2
_CLAUSE = "DSP1054"
_PERSISTENCE = {Persistence.PERMANENT: 2, Persistence.TRANSIENT: 3}
_REMOVAL = {RemovalAction.REMOVE: 2, RemovalAction.DISABLE: 3, RemovalAction.IGNORE: 4}
_STATES = {SubscriptionState.ENABLED: 2, SubscriptionState.DISABLED: 4}
_SYSTEM = "CIM_ComputerSystem"


def _keys(creation_class: Source, name: Source) -> dict[str, Source]:
    return {
        "SystemCreationClassName": Const(_SYSTEM),
        "SystemName": Attr("host_name"),
        "CreationClassName": creation_class,
        "Name": name,
    }


def _is_cim_xml(protocol: Value, _values: NameMap[Value]) -> None:
    if protocol != _CIM_XML:
        raise ValueError(f"indications are sent by CIM-XML, which is {_CIM_XML}")


SERVICE = ClassMap(
    name="IndicationService",
    cim="CIM_IndicationService",
    description="Sends indications to the destinations that subscriptions name.",
    space=INTEROP,
    owner=Server,
    extent=lambda p: (p.subscriptions,),
    find=lambda p, _keys: p.subscriptions,
    keys=_keys(ClassName(), Const("indications")),
    properties={
        "ElementName": Const("Indications"),
        "EnabledState": Const(2),
        "RequestedState": Const(12),
        "EnabledDefault": Const(2),
        "Started": Const(True),
        "OperationalStatus": Const((2,)),
        "HealthState": Const(5),
        "FilterCreationEnabled": Attr("settings.filters_can_be_made"),
        "DeliveryRetryAttempts": Attr("settings.retries"),
        "DeliveryRetryInterval": Attr("settings.retry_interval"),
        "SubscriptionRemovalAction": Coded("settings.removal_action", _REMOVAL),
        "SubscriptionRemovalTimeInterval": Attr("settings.removal_interval"),
    },
)

CAPABILITIES = ClassMap(
    name="IndicationServiceCapabilities",
    cim="CIM_IndicationServiceCapabilities",
    description="What can be set of the indication service, and how much it takes.",
    space=INTEROP,
    owner=Server,
    extent=lambda p: (p.subscriptions,),
    find=lambda p, _keys: p.subscriptions,
    keys={"InstanceID": instance_id(suffix="/capabilities")},
    properties={
        "ElementName": Const("Capabilities of indications"),
        "FilterCreationEnabledIsSettable": Const(True),
        "DeliveryRetryAttemptsIsSettable": Const(True),
        "DeliveryRetryIntervalIsSettable": Const(True),
        "SubscriptionRemovalActionIsSettable": Const(True),
        "SubscriptionRemovalTimeIntervalIsSettable": Const(True),
        "MaxListenerDestinations": Attr("most_destinations"),
        "MaxActiveSubscriptions": Attr("most_subscriptions"),
        "SubscriptionsPersisted": Const(True),
    },
)

SETTING = ClassMap(
    name="IndicationServiceSettingData",
    cim="CIM_IndicationServiceSettingData",
    description="How the indication service tries delivery.",
    space=INTEROP,
    owner=Server,
    extent=lambda p: (p.subscriptions,),
    find=lambda p, _keys: p.subscriptions,
    keys={"InstanceID": instance_id(suffix="/settings")},
    properties={
        "ElementName": Const("Settings of indications"),
        "FilterCreationEnabled": Attr("settings.filters_can_be_made", Write("filters_can_be_made")),
        "DeliveryRetryAttempts": Attr("settings.retries", Write("retries")),
        "DeliveryRetryInterval": Attr("settings.retry_interval", Write("retry_interval")),
        "SubscriptionRemovalAction": Coded("settings.removal_action", _REMOVAL, "removal_action"),
        "SubscriptionRemovalTimeInterval": Attr("settings.removal_interval", Write("removal_interval")),
    },
    spec=DeliverySpec,
    modify=Modify("set_delivery", "spec", Role.ADMIN),
)

FILTER = ClassMap(
    name="IndicationFilter",
    cim="CIM_IndicationFilter",
    description="Which indications to send, as a query.",
    space=INTEROP,
    owner=Server,
    extent=lambda p: p.subscriptions.filters.values(),
    find=lambda p, keys: p.subscriptions.filters.get(keys["Name"]),
    keys=_keys(ClassName(), Attr("name", Write("name"))),
    properties={
        "ElementName": Attr("element_name", Write("element_name")),
        "SourceNamespace": Attr("namespace", Write("namespace")),
        "SourceNamespaces": Call(lambda f: f.namespaces or None, Write("namespaces")),
        "IndividualSubscriptionSupported": Const(True),
        "Query": Attr("query", Write("query")),
        "QueryLanguage": Attr("language", Write("language")),
    },
    spec=FilterSpec,
    create=Change("create_filter", "spec", Role.OPERATOR),
    delete=Change("delete_filter", "filter", Role.OPERATOR),
    derived=False,
)


def _collection(picture: Picture, keys: NameMap[Value]) -> FilterCollection | None:
    return picture.subscriptions.collections.get(id_in(keys))


COLLECTION = ClassMap(
    name="FilterCollection",
    cim="CIM_FilterCollection",
    description="Filters that come with the server, to be subscribed to as one.",
    space=INTEROP,
    owner=Server,
    extent=lambda p: p.subscriptions.collections.values(),
    find=_collection,
    keys={"InstanceID": instance_id()},
    properties={"ElementName": Attr("name"), "CollectionName": instance_id()},
)


def _destination(name: str, cim: str, kind: DestinationKind) -> ClassMap:
    def of_kind(picture: Picture) -> Iterator[ListenerDestination]:
        return (d for d in picture.subscriptions.destinations.values() if d.kind is kind)

    return ClassMap(
        name=name,
        cim=cim,
        description="Where indications are to be sent by CIM-XML.",
        space=INTEROP,
        owner=Server,
        extent=of_kind,
        find=lambda p, keys: p.subscriptions.destinations.get(f"{kind}:{keys['Name']}"),
        keys=_keys(ClassName(), Attr("name", Write("name"))),
        properties={
            "ElementName": Attr("element_name", Write("element_name")),
            "Destination": Attr("url", Write("url")),
            "PersistenceType": Coded("persistence", _PERSISTENCE, "persistence"),
            "Protocol": Call(lambda _d: _CIM_XML, Write("protocol", _is_cim_xml)),
        },
        spec=partial(_destination_spec, kind),
        create=Change("create_destination", "spec", Role.OPERATOR),
        delete=Change("delete_destination", "destination", Role.OPERATOR),
        derived=False,
    )


def _destination_spec(kind: DestinationKind, protocol: None = None, **fields: Any) -> DestinationSpec:  # noqa: ARG001
    return DestinationSpec(kind=kind, **fields)


DESTINATION = _destination("ListenerDestinationCIMXML", "CIM_ListenerDestinationCIMXML", DestinationKind.DESTINATION)
HANDLER = _destination("IndicationHandlerCIMXML", "CIM_IndicationHandlerCIMXML", DestinationKind.HANDLER)
_MAPS = {DestinationKind.DESTINATION: DESTINATION, DestinationKind.HANDLER: HANDLER}


def _subscription(cim: str, source: ClassMap, is_collection: bool) -> Edge:
    def pairs(_server: Server, picture: Picture) -> Iterator[Any]:
        for s in picture.subscriptions.subscriptions.values():
            if isinstance(s.source, FilterCollection) == is_collection:
                yield (source, s.source), (_MAPS[s.destination.kind], s.destination), s

    return Edge(
        cim,
        End("Filter", (source,)),
        End("Handler", (DESTINATION, HANDLER)),
        Server,
        pairs,
        clause=_CLAUSE,
        properties={
            "OnFatalErrorPolicy": Const(2),  # ignore: what happens is for the service's removal action to say
            "SubscriptionState": Coded("state", _STATES, "state"),
            "SubscriptionStartTime": Attr("started"),
            "TimeOfLastStateChange": Attr("changed"),
            "RepeatNotificationPolicy": Const(2),
        },
        create=Join("subscribe", "source", "destination", Role.OPERATOR),
        modify=Change("change_subscription", "subscription", Role.OPERATOR),
        delete=Change("unsubscribe", "subscription", Role.OPERATOR),
        derived=False,
    )


def _of_service(cim: str, service: str, other: str, maps: tuple[ClassMap, ...], of: Callable[[Picture], Any]) -> Edge:
    """An association between the service and what belongs to it."""
    ends = (End(service, (SERVICE,)), End(other, maps))
    return Edge(
        cim,
        *ends,
        Server,
        lambda _server, p: (((SERVICE, p.subscriptions), found) for found in of(p)),
        clause=_CLAUSE,
    )


def _affected(picture: Picture) -> Iterator[Any]:
    told = picture.subscriptions
    yield from ((FILTER, f) for f in told.filters.values())
    yield from ((COLLECTION, c) for c in told.collections.values())
    yield from ((_MAPS[d.kind], d) for d in told.destinations.values())


EDGES = (
    _subscription("CIM_IndicationSubscription", FILTER, is_collection=False),
    _subscription("CIM_FilterCollectionSubscription", COLLECTION, is_collection=True),
    _of_service(
        "CIM_ElementCapabilities",
        "ManagedElement",
        "Capabilities",
        (CAPABILITIES,),
        lambda p: ((CAPABILITIES, p.subscriptions),),
    ),
    _of_service(
        "CIM_ElementSettingData", "ManagedElement", "SettingData", (SETTING,), lambda p: ((SETTING, p.subscriptions),)
    ),
    _of_service(
        "CIM_ServiceAffectsElement",
        "AffectingElement",
        "AffectedElement",
        (FILTER, COLLECTION, DESTINATION, HANDLER),
        _affected,
    ),
    Edge(
        "CIM_MemberOfCollection",
        End("Collection", (COLLECTION,)),
        End("Member", (FILTER,)),
        Server,
        lambda _server, p: (
            ((COLLECTION, c), (FILTER, f)) for c in p.subscriptions.collections.values() for f in c.filters
        ),
        clause=_CLAUSE,
    ),
)
CLASSES = (SERVICE, CAPABILITIES, SETTING, FILTER, COLLECTION, DESTINATION, HANDLER)
