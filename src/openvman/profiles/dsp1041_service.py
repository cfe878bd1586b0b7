"""Resource Allocation (DSP1041): the service that configures child pools, and what a child pool has of its parent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, Const, Edge, End, Write
from openvman.mapping.methods import MethodMap, ObjectInput, ObjectOutput, PlainInput, Purpose, SpecInput
from openvman.messages.problem import Problem
from openvman.model.actor import Role
from openvman.model.host import Host
from openvman.model.picture import Picture
from openvman.model.pool import ResourcePool, find_pool, pools_of
from openvman.model.resource import IN_BYTES, ResourceKind
from openvman.model.spec import PoolSpec
from openvman.model.storage import storage_pool, storage_pool_name
from openvman.profiles.dsp1041_pools import RESOURCE_POOL, RESOURCE_TYPE, in_units, other_type, units
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.extents import of_hosts
from openvman.profiles.host_devices import HOST_DEVICES
from openvman.profiles.identity import id_in, instance_id
from openvman.profiles.resource_allocation import first_text
from openvman.profiles.services import RUNNING, service_map
from openvman.profiles.units import in_unit

_METHODS: Final = (2, 3, 4, 5, 6, 7)
_KINDS: Final = {(code, other_type(kind)): kind for kind, code in reversed(RESOURCE_TYPE.items())}
"""Of those that share a code, the first is meant: pools of graphics, not of video adapters."""
_SHARE: Final = "/share/"
_CAPABILITIES: Final = "/pool-capabilities"
_RETURNS: Final = {
    Problem.NOT_SUPPORTED: 1,
    Problem.TIMEOUT: 3,
    Problem.IN_USE: 6,
    Problem.WRONG_KIND: 7,
    Problem.INSUFFICIENT: 8,
}


@dataclass(frozen=True, slots=True)
class Share:
    """What a child pool has of one of its parents, as a thing with an id of its own."""

    pool: ResourcePool
    parent: str
    quantity: int

    @property
    def id(self) -> str:
        return f"{self.pool.id}{_SHARE}{self.parent}"


def _shares(pool: ResourcePool) -> Iterator[Share]:
    return (Share(pool, share.parent, share.quantity) for share in pool.shares)


def _all_shares(host: Host, picture: Picture) -> Iterator[Share]:
    return (share for pool in pools_of(host, picture.objects.consumed) for share in _shares(pool))


def _find_share(picture: Picture, keys: NameMap[Value]) -> Share | None:
    wanted = id_in(keys)
    pool = find_pool(picture.objects, wanted.rpartition(_SHARE)[0])
    return None if pool is None else next((share for share in _shares(pool) if share.id == wanted), None)


def _kind(code: Value, values: NameMap[Value]) -> ResourceKind:
    found = _KINDS.get((code, values.get("OtherResourceType")))
    if found is None:
        known = ", ".join(sorted(str(type) if other is None else f"{type} ({other})" for type, other in _KINDS))
        raise ValueError(f"there is no pool of this type and OtherResourceType; there are {known}")
    return found


def _quantity(units_property: str) -> Write:
    def parse(quantity: Value, values: NameMap[Value]) -> int:
        kind = _kind(values.get("ResourceType"), values)
        unit = values.get(units_property) or values.get("AllocationUnits") or units(kind)
        if kind in IN_BYTES:
            return in_unit(int(quantity), unit, "byte")
        return in_unit(int(quantity), unit, "count")

    return Write("quantity" if units_property == "VirtualQuantityUnits" else "reservation", parse)


def _share_spec(
    kind: ResourceKind | None = None,
    quantity: int | None = None,
    reservation: int | None = None,
    parent: str | None = None,
    folder: str | None = None,
) -> PoolSpec:
    """A quantity may be said as such, or as a reservation, which is the same for a pool."""
    amount = quantity if reservation is None else reservation
    return PoolSpec(kind=kind, quantity=amount, parent=parent, folder=folder)


def _folder(share: Share) -> tuple[str] | None:
    """Where a storage pool of the hypervisor is on the host."""
    native = storage_pool(share.pool.host.storage, storage_pool_name(share.pool.name))
    return None if native is None or native.folder is None else (native.folder,)


POOL_SETTING = ClassMap(
    name="PoolAllocationSettingData",
    cim="CIM_ResourceAllocationSettingData",
    description="What a child pool has of one of its parents.",
    owner=Host,
    extent=lambda p: (share for host in p.objects.hosts.values() for share in _all_shares(host, p)),
    find=_find_share,
    keys={"InstanceID": instance_id()},
    properties={
        "ElementName": Call(lambda share: f"share of pool {share.pool.name} in {share.parent}"),
        "ResourceType": Call(lambda share: RESOURCE_TYPE[share.pool.kind], Write("kind", _kind)),
        "OtherResourceType": Call(lambda share: other_type(share.pool.kind), Write(None)),
        "PoolID": Attr("parent", Write("parent")),
        "HostResource": Call(_folder, first_text("folder")),
        "AllocationUnits": Call(lambda share: units(share.pool.kind), Write(None)),
        "Reservation": Call(lambda s: in_units(s.pool.kind, s.quantity), _quantity("AllocationUnits")),
        "VirtualQuantityUnits": Call(lambda share: units(share.pool.kind), Write(None)),
        "VirtualQuantity": Call(lambda s: in_units(s.pool.kind, s.quantity), _quantity("VirtualQuantityUnits")),
    },
    kind=Share,
    spec=_share_spec,
)

_SETTINGS: Final = SpecInput("specs", (POOL_SETTING,), Purpose.DEFINE)
_PARENTS: Final = ObjectInput("parents", (RESOURCE_POOL,))


def _on_this_host(host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
    return {**arguments, "host": host, "specs": arguments["specs"] or []}


def _with_specs(_host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
    return {**arguments, "specs": arguments["specs"] or []}


def _with_devices(_host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
    return {**arguments, "devices": arguments["devices"] or []}


def _new_pool(host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
    return {**_with_devices(host, arguments), "host": host}


def _kind_in_text(text: Value) -> ResourceKind:
    """The schema has this parameter as a string: the number of the type."""
    return _kind(int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None, NameMap(()))


_DEVICES: Final = ObjectInput("devices", HOST_DEVICES, required=False)
_POOL: Final = ObjectInput("pool", (RESOURCE_POOL,))
# These have no code for a lack of room: what is missing is in use by others.
_IN_USE: Final = {**_RETURNS, Problem.INSUFFICIENT: 6}

METHODS: Final = (
    MethodMap(
        name="CreateResourcePool",
        operation="create_pool",
        permission=Role.ADMIN,
        inputs={
            "ElementName": PlainInput("name"),
            "HostResources": _DEVICES,
            "ResourceType": PlainInput("kind", _kind_in_text),
        },
        outputs={"Pool": ObjectOutput((RESOURCE_POOL,), lambda pool: pool)},
        returns=_IN_USE,
        arrange=_new_pool,
    ),
    MethodMap(
        name="AddResourcesToResourcePool",
        operation="add_to_pool",
        permission=Role.ADMIN,
        inputs={"HostResources": _DEVICES, "Pool": _POOL},
        returns=_IN_USE,
        arrange=_with_devices,
    ),
    MethodMap(
        name="RemoveResourcesFromResourcePool",
        operation="remove_from_pool",
        permission=Role.ADMIN,
        inputs={"HostResources": _DEVICES, "Pool": _POOL},
        returns=_IN_USE,
        arrange=_with_devices,
    ),
    MethodMap(
        name="CreateChildResourcePool",
        operation="create_child_pool",
        permission=Role.ADMIN,
        inputs={"ElementName": PlainInput("name"), "Settings": _SETTINGS, "ParentPool": _PARENTS},
        outputs={"Pool": ObjectOutput((RESOURCE_POOL,), lambda pool: pool)},
        returns=_RETURNS,
        arrange=_on_this_host,
    ),
    MethodMap(
        name="DeleteResourcePool",
        operation="delete_pool",
        permission=Role.ADMIN,
        inputs={"Pool": _POOL},
        returns=_IN_USE,
    ),
    MethodMap(
        name="ChangeParentResourcePool",
        operation="change_parent_pool",
        permission=Role.ADMIN,
        inputs={"ChildPool": ObjectInput("pool", (RESOURCE_POOL,)), "ParentPool": _PARENTS, "Settings": _SETTINGS},
        returns=_RETURNS,
        arrange=_with_specs,
    ),
)

POOL_SERVICE = service_map(
    "ResourcePoolConfigurationService",
    "Resource Pool Configuration Service",
    description="Makes, changes and deletes the child pools of one host.",
    state=RUNNING,
    methods=METHODS,
)

POOL_CAPABILITIES = ClassMap(
    name="ResourcePoolConfigurationCapabilities",
    cim="CIM_ResourcePoolConfigurationCapabilities",
    description="Which methods a pool configuration service has.",
    owner=Host,
    extent=of_hosts(),
    find=lambda p, keys: p.objects.host(id_in(keys, suffix=_CAPABILITIES)),
    keys={"InstanceID": instance_id(suffix=_CAPABILITIES)},
    properties={
        "ElementName": Call(lambda host: f"Pool configuration capabilities of {host.name}"),
        "SynchronousMethodsSupported": Const(_METHODS),
        "AsynchronousMethodsSupported": Const(()),
    },
)


def _affected(host: Host, picture: Picture) -> Iterator[Any]:
    for pool in pools_of(host, picture.objects.consumed):
        yield (RESOURCE_POOL, pool), (POOL_SERVICE, host)


def _parents(host: Host, picture: Picture) -> Iterator[tuple[ResourcePool, Share]]:
    """Each parent with what a child pool has of it."""
    named = {pool.name: pool for pool in pools_of(host, picture.objects.consumed)}
    for share in _all_shares(host, picture):
        yield named[share.parent], share


EDGES: Final = (
    Edge(
        "CIM_HostedService",
        End("Antecedent", (HOST_SYSTEM,)),
        End("Dependent", (POOL_SERVICE,)),
        Host,
        lambda host, _p: (((HOST_SYSTEM, host), (POOL_SERVICE, host)),),
        clause="DSP1041",
    ),
    Edge(
        "CIM_ServiceAffectsElement",
        End("AffectedElement", (RESOURCE_POOL,)),
        End("AffectingElement", (POOL_SERVICE,)),
        Host,
        _affected,
        clause="DSP1041",
        properties={"ElementEffects": Const((5,))},
    ),
    Edge(
        "CIM_ElementCapabilities",
        End("ManagedElement", (POOL_SERVICE,)),
        End("Capabilities", (POOL_CAPABILITIES,)),
        Host,
        lambda host, _p: (((POOL_SERVICE, host), (POOL_CAPABILITIES, host)),),
        clause="DSP1041",
    ),
    Edge(
        "CIM_ElementAllocatedFromPool",
        End("Antecedent", (RESOURCE_POOL,)),
        End("Dependent", (RESOURCE_POOL,)),
        Host,
        lambda host, p: (((RESOURCE_POOL, above), (RESOURCE_POOL, share.pool)) for above, share in _parents(host, p)),
        clause="DSP1041",
    ),
    Edge(
        "CIM_ResourceAllocationFromPool",
        End("Antecedent", (RESOURCE_POOL,)),
        End("Dependent", (POOL_SETTING,)),
        Host,
        lambda host, p: (((RESOURCE_POOL, above), (POOL_SETTING, share)) for above, share in _parents(host, p)),
        clause="DSP1041",
    ),
    Edge(
        "CIM_SettingsDefineState",
        End("ManagedElement", (RESOURCE_POOL,)),
        End("SettingData", (POOL_SETTING,)),
        Host,
        lambda host, p: (((RESOURCE_POOL, share.pool), (POOL_SETTING, share)) for share in _all_shares(host, p)),
        clause="DSP1041",
    ),
    Edge(
        "CIM_ElementSettingData",
        End("ManagedElement", (POOL_SETTING,)),
        End("SettingData", (POOL_SETTING,)),
        Host,
        lambda host, p: (((POOL_SETTING, share), (POOL_SETTING, share)) for share in _all_shares(host, p)),
        clause="DSP1041",
        # What a pool has now is what it will have: nothing waits for a start.
        properties={"IsDefault": Const(1), "IsCurrent": Const(1), "IsNext": Const(1)},
    ),
)
