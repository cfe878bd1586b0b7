"""The profiles that libvirt-cim registers, and what conforms to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from openvman.mapping.declare import Attr, ClassMap, Const, Edge, End, Space
from openvman.model.host import Host
from openvman.model.picture import Picture
from openvman.model.server import Server
from openvman.model.system import VirtualSystem
from openvman.profiles.dsp1033_profile_registration import REGISTERED_PROFILE
from openvman.views.libvirt_cim.edges import CLAUSE
from openvman.views.libvirt_cim.pools import Pool, Pools, pools_of
from openvman.views.libvirt_cim.scope import INSTANCE_ID, Scope
from openvman.views.libvirt_cim.services import Services
from openvman.views.libvirt_cim.systems import Systems

_DMTF: Final = 2
_OF_SLP: Final = 3


@dataclass(frozen=True, slots=True)
class Profile:
    """``central`` are the names of the classes whose instances conform."""

    specification: str
    name: str
    version: str
    central: tuple[str, ...]
    suffix: str = ""

    @property
    def id(self) -> str:
        word = "VirtualSystem" if self.specification == "DSP1057" else self.name.replace(" ", "")
        return f"CIM:{self.specification}-{word}-{self.version}{self.suffix}"


_GENERIC: Final = ("DSP1059", "Generic Device Resource Virtualization", "1.0.0")
_ALLOCATION: Final = ("DSP1041", "Resource Allocation", "1.1.0c")
PROFILES: Final = (
    Profile("DSP1042", "System Virtualization", "1.0.0", ("HostSystem",)),
    Profile("DSP1057", "Virtual System Profile", "1.0.0a", ("ComputerSystem",)),
    Profile(*_GENERIC, ("DiskPool",), "_d"),
    Profile(*_GENERIC, ("NetworkPool",), "_n"),
    Profile(*_GENERIC, ("ProcessorPool",), "_p"),
    Profile("DSP1045", "Memory Resource Virtualization", "1.0.0", ("MemoryPool",)),
    Profile("DSP1081", "Virtual System Migration", "0.8.1", ("VirtualSystemMigrationService",)),
    Profile("DSP1076", "KVM Redirection", "1.0.0", ("HostSystem", "ConsoleRedirectionService")),
    Profile("DSP1043", "Allocation Capabilities", "1.0.0a", ("AllocationCapabilities",)),
    Profile(*_ALLOCATION, ("DiskPool",), "_d"),
    Profile(*_ALLOCATION, ("NetworkPool",), "_n"),
    Profile(*_ALLOCATION, ("ProcessorPool",), "_p"),
    Profile(*_ALLOCATION, ("MemoryPool",), "_m"),
)
"""In the order in which clients get them; the first references all others."""


@dataclass(frozen=True, slots=True)
class Registrations:
    profile: ClassMap
    edges: tuple[Edge, ...]


def registrations(scope: Scope, space: Space, systems: Systems, pools: Pools, services: Services) -> Registrations:
    """The family's profiles, there as long as there is a host of the kind."""

    def extent(picture: Picture) -> tuple[Profile, ...]:
        return () if scope.host(picture) is None else PROFILES

    profile = replace(
        REGISTERED_PROFILE,
        description="A profile that libvirt-cim's clients look for.",
        space=space,
        extent=extent,
        find=lambda picture, keys: next((p for p in extent(picture) if p.id == keys[INSTANCE_ID]), None),
        keys={INSTANCE_ID: Attr("id")},
        properties={
            "AdvertiseTypes": Const((_OF_SLP,)),
            "RegisteredOrganization": Const(_DMTF),
            "RegisteredName": Attr("name"),
            "RegisteredVersion": Attr("version"),
        },
    )
    first, *others = PROFILES
    referenced = Edge(
        "CIM_ReferencedProfile",
        End("Antecedent", (profile,)),
        End("Dependent", (profile,)),
        Server,
        lambda _server, picture: (((profile, one), (profile, first)) for one in others if extent(picture)),
        clause=CLAUSE,
    )
    return Registrations(profile, (referenced, *_Conforming(scope, profile, systems, pools, services).edges()))


@dataclass(frozen=True, slots=True)
class _Conforming:
    scope: Scope
    profile: ClassMap
    systems: Systems
    pools: Pools
    services: Services

    def edges(self) -> tuple[Edge, ...]:
        on_host = (self.systems.host, self.services.migration, self.services.consoles)
        of_pools = (*self.pools.maps.values(), self.pools.capabilities)

        def host(host: Host, picture: Picture) -> Iterator[Any]:
            shown = self.scope.host(picture)
            if shown is not None and shown.id == host.id:
                yield from (pair for classmap in on_host for pair in self._pairs(classmap, (host,)))
                yield from self._of_pools(host, picture)

        def guest(system: VirtualSystem, picture: Picture) -> Iterator[Any]:
            seen = self.systems.guest.seen(picture, system)
            return self._pairs(self.systems.guest, () if seen is None else (seen,))

        return (
            self._edge(Host, (*on_host, *of_pools), host),
            self._edge(VirtualSystem, (self.systems.guest,), guest),
        )

    def _of_pools(self, host: Host, picture: Picture) -> Iterator[Any]:
        found: list[Pool] = list(pools_of(host, picture))
        for name, classmap in self.pools.maps.items():
            yield from self._pairs(classmap, [pool for pool in found if pool.class_name == name])
        yield from self._pairs(self.pools.capabilities, found)

    def _pairs(self, classmap: ClassMap, objects: Iterable[Any]) -> Iterator[Any]:
        for one in PROFILES:
            if classmap.name in one.central:
                yield from (((self.profile, one), (classmap, obj)) for obj in objects)

    def _edge(self, owner: type, maps: tuple[ClassMap, ...], pairs: Callable[[Any, Picture], Iterable[Any]]) -> Edge:
        return Edge(
            "CIM_ElementConformsToProfile",
            End("ConformantStandard", (self.profile,)),
            End("ManagedElement", maps),
            owner,
            pairs,
            clause=CLAUSE,
        )
