"""Allocation Capabilities (DSP1043): what may be asked of a host and of its pools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Call, ClassMap, Edge, End, OfEach
from openvman.model.capability import Offer, PossibleAllocation, Requests, find_offer, offers_of, possible_of
from openvman.model.host import Host
from openvman.model.picture import Picture
from openvman.model.pool import pool_named
from openvman.model.states import State
from openvman.profiles.allocations import MAP_OF, SETTINGS
from openvman.profiles.dsp1041_pools import RESOURCE_POOL
from openvman.profiles.dsp1043_templates import Fits, settings_edge, template
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.extents import of_hosts
from openvman.profiles.identity import id_in, instance_id

_SUFFIX: Final = "/capabilities"
DEDICATED, _SHARED = 2, 3
REQUESTS: Final = {Requests.SPECIFIC: 2, Requests.GENERAL: 3, Requests.BOTH: 4}
# The ValueMap has codes of its own for paused (11) and suspended (12) beside those of EnabledState that systems show.
STATES: Final = {State.ACTIVE: (2,), State.DEFINED: (3,), State.SUSPENDED: (6, 12), State.PAUSED: (9, 11)}


def states(named: tuple[State, ...]) -> tuple[int, ...]:
    """States as SupportedAddStates and SupportedRemoveStates have them."""
    return tuple(sorted(code for state in named for code in STATES[state]))


def of_allocation(name: str, read: Any) -> Call:
    """A property of the capabilities that is that of the allocations that they are about."""

    def get(obj: Any) -> Value:
        example = read(obj)
        source = MAP_OF[type(example)].sources.get(name)
        match source:
            case Call(getter):
                return getter(example)
            case None:
                return None
        return source.value  # type: ignore[union-attr]  # a type is said by a getter or for all

    return Call(get)


def _find(picture: Picture, keys: NameMap[Value]) -> Offer | None:
    return find_offer(picture.objects, id_in(keys, suffix=_SUFFIX))


ALLOCATION_CAPABILITIES = ClassMap(
    name="AllocationCapabilities",
    cim="CIM_AllocationCapabilities",
    description="What may be asked of a resource pool, or of a host where it keeps no pool of such devices.",
    owner=Host,
    extent=of_hosts(offers_of),
    find=_find,
    keys={"InstanceID": instance_id(suffix=_SUFFIX)},
    properties={
        "ElementName": Call(lambda offer: f"What {offer.host_name} gives of {offer.name}"),
        "ResourceType": of_allocation("ResourceType", lambda offer: offer.example),
        "OtherResourceType": of_allocation("OtherResourceType", lambda offer: offer.example),
        "RequestTypesSupported": Call(lambda offer: REQUESTS[offer.requests]),
        "SharingMode": Call(lambda offer: _SHARED if offer.is_shared else DEDICATED),
        "SupportedAddStates": Call(lambda offer: states(offer.added_in)),
        "SupportedRemoveStates": Call(lambda offer: states(offer.removed_in)),
    },
)


def _possibles(fits: Fits) -> OfEach:
    return of_hosts(lambda host: (p for offer in offers_of(host) for p in possible_of(offer, host) if fits(p)))


def _offer_of(picture: Picture, possible: PossibleAllocation) -> Offer | None:
    return find_offer(picture.objects, possible.offer_id)


def _possible_of(offer: Offer, picture: Picture) -> tuple[PossibleAllocation, ...]:
    host = picture.objects.host(offer.host_id)
    return () if host is None else possible_of(offer, host)


def _find_possible(picture: Picture, wanted: str) -> PossibleAllocation | None:
    offer = find_offer(picture.objects, wanted.rpartition("/")[0])
    return None if offer is None else next((p for p in _possible_of(offer, picture) if p.id == wanted), None)


_TEMPLATE_OF: Final = {
    setting: template(
        setting,
        name="Template",
        description="A default, minimum, maximum, increment or kind of what may be asked of a host.",
        owner=Host,
        extent=_possibles,
        find=_find_possible,
    )
    for setting in SETTINGS
}
TEMPLATES: Final = tuple(_TEMPLATE_OF.values())


def _capabilities(host: Host, picture: Picture) -> Iterator[Any]:
    """Of each pool; and of the host, what its own pools give and what it has no pool of."""
    for offer in offers_of(host):
        pool = None if offer.pool is None else pool_named(host, offer.pool, picture.objects.consumed)
        if pool is not None:
            yield (RESOURCE_POOL, pool), (ALLOCATION_CAPABILITIES, offer)
        if offer.is_of_host:
            yield (HOST_SYSTEM, host), (ALLOCATION_CAPABILITIES, offer)


EDGES: Final = (
    Edge(
        "CIM_ElementCapabilities",
        End("ManagedElement", (RESOURCE_POOL, HOST_SYSTEM)),
        End("Capabilities", (ALLOCATION_CAPABILITIES,)),
        Host,
        _capabilities,
        clause="DSP1043",
    ),
    settings_edge(
        ALLOCATION_CAPABILITIES,
        _TEMPLATE_OF,
        all_of=lambda host, _picture: offers_of(host),
        settings_of=_possible_of,
        of_setting=_offer_of,
    ),
)
