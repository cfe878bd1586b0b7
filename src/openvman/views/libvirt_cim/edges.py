"""Associations: those of the standard view between what this family shows, and the few that are libvirt-cim's own.

An association of the standard view is taken over with both ends translated, so what is joined is declared once. Where
libvirt-cim joins other things, it is in ``_REPLACED`` and declared here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from openvman.mapping.declare import ClassMap, Const, Edge, End
from openvman.model.allocation import NicAllocation
from openvman.model.device import VirtualDevice, devices_of
from openvman.model.host import Host
from openvman.model.picture import Picture
from openvman.model.system import VirtualSystem
from openvman.model.untold import Part
from openvman.profiles.allocations import MAP_OF, device_map_of
from openvman.profiles.dsp1033_profile_registration import REGISTERED_PROFILE
from openvman.profiles.dsp1041_pools import RESOURCE_POOL
from openvman.profiles.dsp1042_system_virtualization import MANAGEMENT_SERVICE
from openvman.profiles.dsp1043_capabilities import ALLOCATION_CAPABILITIES
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM, SETTING_DATA
from openvman.views.libvirt_cim.device_values import missing_network
from openvman.views.libvirt_cim.devices import Kind, pool_for
from openvman.views.libvirt_cim.pools import Pool, Pools, pools_of
from openvman.views.libvirt_cim.scope import Scope
from openvman.views.libvirt_cim.services import Services
from openvman.views.libvirt_cim.systems import Systems
from openvman.views.libvirt_cim.templates import Templates, templates_of

CLAUSE: Final = "libvirt-cim"

_SWAPPED: Final = frozenset({"CIM_HostedDependency"})
"""Here the guest is the antecedent, and the host depends on it."""

_REPLACED: Final[tuple[tuple[str, ClassMap | None], ...]] = (
    ("CIM_ElementSettingData", None),  # of settings to themselves
    ("CIM_ServiceAffectsElement", MANAGEMENT_SERVICE),  # none but the console service affects anything
    ("CIM_ElementConformsToProfile", None),
    ("CIM_ReferencedProfile", None),
)
"""Associations of the standard view that are others here; with a class, those that it is at an end of."""
_BY_POOL: Final = frozenset({RESOURCE_POOL, ALLOCATION_CAPABILITIES, REGISTERED_PROFILE})
"""What is shown by other objects here."""

_CONSOLE_POOLS: Final = ("InputPool", "GraphicsPool")
"""The pools of what the console service affects beside guests, in order."""

Node = tuple[ClassMap, Any]


@dataclass(slots=True)
class Translation:
    """Which classes of the family show what of a class of the standard view."""

    scope: Scope
    of: dict[ClassMap, list[ClassMap]] = field(default_factory=dict)

    def put(self, shown: ClassMap, *standard: ClassMap) -> None:
        for one in standard:
            self.of.setdefault(one, []).append(shown)

    def maps(self, standard: tuple[ClassMap, ...]) -> tuple[ClassMap, ...]:
        return tuple(dict.fromkeys(shown for one in standard for shown in self.of.get(one, ())))

    def end(self, end: End) -> End:
        return End(end.role, self.maps(end.maps))

    def shown(self, node: tuple[ClassMap, Any], picture: Picture) -> tuple[ClassMap, Any] | None:
        """How the family shows an object of the standard view; None when it does not."""
        standard, obj = node
        for classmap in self.of.get(standard, ()):
            seen = self.seen(classmap, obj, picture)
            if seen is not None:
                return classmap, seen
        return None

    def seen(self, classmap: ClassMap, obj: Any, picture: Picture) -> Any | None:
        if isinstance(obj, Host):
            host = self.scope.host(picture)
            return obj if host is not None and obj.id == host.id else None
        return classmap.seen(picture, obj)

    def edge(self, standard: Edge) -> Edge | None:
        """The association between what the family shows; None where it shows nothing at one end."""
        left, right = self.end(standard.left), self.end(standard.right)
        if not left.maps or not right.maps:
            return None

        def pairs(owner: Any, picture: Picture) -> Iterator[Any]:
            for one, other, *data in standard.pairs(owner, picture):
                near, far = self.shown(one, picture), self.shown(other, picture)
                if near is not None and far is not None:
                    yield (far, near, *data) if swapped else (near, far, *data)

        swapped = standard.cim in _SWAPPED
        if swapped:
            left, right = replace(left, maps=right.maps), replace(right, maps=left.maps)
        made = replace(standard, left=left, right=right, pairs=pairs, create=None, modify=None, delete=None)
        return replace(made, near=None)  # it finds what the standard view shows


def is_taken_over(edge: Edge) -> bool:
    ends = {*edge.left.maps, *edge.right.maps}
    if ends & _BY_POOL:
        return False
    return not any(edge.cim == cim and (at is None or at in ends) for cim, at in _REPLACED)


Pairs = Callable[[Any, Picture], Iterable[Any]]


def _has_other_pools(before: Any | None, after: Any | None) -> bool:
    """Whether networks or storage pools of a host came, went, or are in another place."""

    def pools(one: Any | None) -> object:
        if not isinstance(one, Host):
            return None
        networks = [(network.name, network.active) for network in one.networks]
        return networks, [(pool.name, pool.folder) for pool in one.active_storage]

    return pools(before) != pools(after)


@dataclass(frozen=True, slots=True)
class Own:
    """What the associations of the family's own are between."""

    scope: Scope
    translation: Translation
    systems: Systems
    kinds: Sequence[Kind]
    pools: Pools
    services: Services
    templates: Templates

    def edges(self) -> tuple[Edge, ...]:
        return (*self._of_guests(), *self._of_pools(), *self._of_services())

    # Of guests

    def _of_guests(self) -> Iterator[Edge]:
        settings = (self.systems.settings, *(kind.setting for kind in self.kinds))
        yield Edge(
            "CIM_ElementSettingData",
            End("ManagedElement", settings),
            End("SettingData", settings),
            VirtualSystem,
            lambda system, picture: ((node, node) for node in self._settings(system, picture)),
            clause=CLAUSE,
            properties={"IsDefault": Const(1), "IsCurrent": Const(1), "IsNext": Const(1)},
        )
        affected = tuple(kind.device for kind in self.kinds if kind.pool in _CONSOLE_POOLS)
        yield Edge(
            "CIM_ServiceAffectsElement",
            End("AffectedElement", (self.systems.guest, *affected)),
            End("AffectingElement", (self.services.consoles,)),
            VirtualSystem,
            self._console,
            clause=CLAUSE,
            properties={"ElementEffects": Const((5,))},
        )
        yield Edge(
            "CIM_ResourceAllocationFromPool",
            End("Antecedent", tuple(self.pools.maps.values())),
            End("Dependent", tuple(kind.setting for kind in self.kinds)),
            VirtualSystem,
            self._from_pools(self._settings_with_pool),
            clause=CLAUSE,
            unsettled_by=_has_other_pools,
        )
        yield Edge(
            "CIM_ElementAllocatedFromPool",
            End("Antecedent", tuple(self.pools.maps.values())),
            End("Dependent", tuple(kind.device for kind in self.kinds)),
            VirtualSystem,
            self._from_pools(self._devices),
            clause=CLAUSE,
            unsettled_by=_has_other_pools,
        )

    def _settings(self, system: VirtualSystem, picture: Picture) -> Iterator[Node]:
        """All settings of a guest, those of the whole first."""
        current = system.effective
        yield from self._shown((SETTING_DATA, current), picture)
        for allocation in current.allocations():
            yield from self._shown((MAP_OF[type(allocation)], allocation), picture)

    def _settings_with_pool(self, system: VirtualSystem, picture: Picture) -> Iterator[Node]:
        """All but those of adapters on networks that there are not."""
        for classmap, seen in self._settings(system, picture):
            if not isinstance(seen.of, NicAllocation) or missing_network(seen) is None:
                yield classmap, seen

    def _devices(self, system: VirtualSystem, picture: Picture) -> Iterator[Node]:
        for device in devices_of(system):
            yield from self._shown((device_map_of(device.allocation), device), picture)

    def _shown(self, node: Node, picture: Picture) -> Iterator[Node]:
        shown = self.translation.shown(node, picture)
        if shown is not None:
            yield shown

    def _console(self, system: VirtualSystem, picture: Picture) -> Iterator[Any]:
        """The guest, what points, and then the screen: clients compare the order."""
        host = self.scope.host(picture)
        if host is None:
            return
        found = [node for node in self._devices(system, picture) if isinstance(node[1].of, VirtualDevice)]
        ordered = [node for pool in _CONSOLE_POOLS for node in found if self._kind_of(node[0]).pool == pool]
        for node in (*self._shown((COMPUTER_SYSTEM, system), picture), *ordered):
            yield node, (self.services.consoles, host)

    def _kind_of(self, shown: ClassMap) -> Kind:
        return next(kind for kind in self.kinds if shown in (kind.setting, kind.device))

    def _from_pools(self, nodes: Callable[[VirtualSystem, Picture], Iterator[Node]]) -> Pairs:
        def pairs(system: VirtualSystem, picture: Picture) -> Iterator[Any]:
            pools: dict[str, Pool] = {}
            for classmap, seen in nodes(system, picture):
                if classmap is self.systems.settings:
                    continue
                pools = pools or {pool.pool_id: pool for pool in pools_of(seen.host, picture)}
                pool = pools[pool_for(seen, self._kind_of(classmap))]
                yield (self.pools.maps[pool.class_name], pool), (classmap, seen)

        return pairs

    # Of pools

    def _of_pools(self) -> Iterator[Edge]:
        pools, capabilities = tuple(self.pools.maps.values()), self.pools.capabilities
        yield Edge(
            "CIM_HostedResourcePool",
            End("GroupComponent", (self.systems.host,)),
            End("PartComponent", pools),
            Host,
            self._of_each_pool(lambda host, pool: ((self.systems.host, host), self._node(pool))),
            clause=CLAUSE,
        )
        yield Edge(
            "CIM_ElementCapabilities",
            End("ManagedElement", pools),
            End("Capabilities", (capabilities,)),
            Host,
            self._of_each_pool(lambda _host, pool: (self._node(pool), (capabilities, pool))),
            clause=CLAUSE,
        )
        yield Edge(
            "CIM_ElementCapabilities",
            End("ManagedElement", (self.systems.host,)),
            End("Capabilities", (capabilities,)),
            Host,
            self._of_each_pool(lambda host, pool: ((self.systems.host, host), (capabilities, pool))),
            clause=CLAUSE,
        )
        yield Edge(
            "CIM_SettingsDefineCapabilities",
            End("GroupComponent", (capabilities,)),
            End("PartComponent", tuple(self.templates.maps.values())),
            Host,
            self._templates,
            clause=CLAUSE,
            untold=self.scope.untold(Part.VOLUMES),
        )

    def _node(self, pool: Pool) -> Node:
        return self.pools.maps[pool.class_name], pool

    def _of_each_pool(self, pair: Callable[[Host, Pool], Any]) -> Pairs:
        def pairs(host: Host, picture: Picture) -> Iterator[Any]:
            if self._is_shown(host, picture):
                yield from (pair(host, pool) for pool in pools_of(host, picture))

        return pairs

    def _templates(self, host: Host, picture: Picture) -> Iterator[Any]:
        for pool in pools_of(host, picture) if self._is_shown(host, picture) else ():
            for template in templates_of(pool):
                yield (self.pools.capabilities, pool), (self.templates.maps[template.name], template)

    def _is_shown(self, host: Host, picture: Picture) -> bool:
        shown = self.scope.host(picture)
        return shown is not None and shown.id == host.id

    # Of services

    def _of_services(self) -> Iterator[Edge]:
        host, services = self.systems.host, self.services
        for service in (services.migration, services.snapshots):
            yield self._of_host("CIM_HostedService", ("Antecedent", host), ("Dependent", service))
        for element, capabilities in (
            (host, services.migration_capabilities),
            (host, services.console_capabilities),
            (services.migration, services.migration_capabilities),
            (services.snapshots, services.snapshot_capabilities),
        ):
            yield self._of_host("CIM_ElementCapabilities", ("ManagedElement", element), ("Capabilities", capabilities))
        yield self._of_host(
            "CIM_SettingsDefineCapabilities",
            ("GroupComponent", services.migration_capabilities),
            ("PartComponent", services.migration_settings),
        )

    def _of_host(self, cim: str, left: tuple[str, ClassMap], right: tuple[str, ClassMap]) -> Edge:
        def pairs(host: Host, picture: Picture) -> Iterator[Any]:
            if self._is_shown(host, picture):
                yield (left[1], host), (right[1], host)

        return Edge(cim, End(left[0], (left[1],)), End(right[0], (right[1],)), Host, pairs, clause=CLAUSE)
