"""The methods of the pool service: networks, storage pools and volumes of the hypervisor are made and deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from openvman.mapping.declare import own_method, own_parameter
from openvman.mapping.methods import (
    ByType,
    Choice,
    MethodMap,
    ObjectInput,
    ObjectOutput,
    PlainInput,
    Purpose,
    SpecInput,
)
from openvman.messages import compatible
from openvman.model.actor import Role
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.network import NetworkSpec, VirtualNetwork
from openvman.model.storage import StoragePool, StoragePoolSpec
from openvman.model.untold import Part
from openvman.views.libvirt_cim.pools import Pool, Pools
from openvman.views.libvirt_cim.scope import Scope
from openvman.views.libvirt_cim.templates import Templates

_SETTING: Final = "CIM_ResourceAllocationSettingData"
_POOL: Final = own_parameter("Pool", "The pool that has the volume.", reference="CIM_ResourcePool")
OWN_METHODS: Final = (
    own_method(
        "CreateResourceInPool",
        "Makes a volume in a storage pool.",
        own_parameter("Settings", "What the volume shall be.", embedded=_SETTING),
        _POOL,
        own_parameter("Resource", "The volume, by its path.", reference=_SETTING, is_out=True),
    ),
    own_method(
        "DeleteResourceInPool",
        "Deletes a volume of a storage pool.",
        own_parameter("Resource", "A disk with the volume's path as its Address.", embedded=_SETTING),
        _POOL,
    ),
)
"""What libvirt-cim has beside the methods of the schema."""
_MAKE_VOLUMES: Final = frozenset({"dir", "fs", "disk", "logical"})
"""Types of storage pools in which volumes are made: the targets of others are made elsewhere, and clients know that a
network's file system refuses."""


def pool_methods(scope: Scope, pools: Pools, templates: Templates) -> tuple[MethodMap, ...]:
    """All of them; what is made from a setting is decided by the setting's class."""
    all_pools = tuple(pools.maps.values())
    pool = ObjectInput("pool", all_pools)

    def setting(keyword: str, *names: str) -> SpecInput:
        return SpecInput(keyword, tuple(templates.maps[name] for name in names), Purpose.DEFINE, required=True)

    return (
        MethodMap(
            name="CreateChildResourcePool",
            operation=ByType(
                "asked",
                (
                    Choice(NetworkSpec, "create_network", "network"),
                    Choice(StoragePoolSpec, "create_storage_pool", "pool"),
                ),
            ),
            permission=Role.ADMIN,
            inputs={"ElementName": PlainInput("name"), "Settings": setting("asked", "NetPool", "DiskPool")},
            outputs={"Pool": ObjectOutput(all_pools, lambda made: made)},
            arrange=_named,
        ),
        MethodMap(
            name="DeleteResourcePool",
            operation=ByType(
                "pool",
                (
                    Choice(VirtualNetwork, "delete_network", "network"),
                    Choice(StoragePool, "delete_storage_pool", "pool"),
                ),
            ),
            permission=Role.ADMIN,
            inputs={"Pool": pool},
            arrange=_what_it_shows,
        ),
        MethodMap(
            name="CreateResourceInPool",
            operation="create_volume",
            permission=Role.OPERATOR,
            inputs={"Settings": setting("volume", "StorageVolume"), "Pool": pool},
            outputs={"Resource": ObjectOutput((templates.maps["StorageVolume"],), lambda made: made)},
            arrange=_in_storage,
        ),
        MethodMap(
            name="DeleteResourceInPool",
            operation="delete_volume",
            permission=Role.OPERATOR,
            inputs={"Resource": setting("path", "Disk"), "Pool": pool},
            arrange=_with_path,
            untold=scope.untold(Part.VOLUMES),
        ),
    )


def _named(host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
    """A volume group is found by the name of its pool."""
    if len(arguments["asked"]) != 1:
        raise ModelError(compatible.ONE_SETTING, "Settings", count=len(arguments["asked"]))
    name: str = arguments["name"] or ""
    asked: NetworkSpec | StoragePoolSpec = replace(arguments["asked"][0], name=name)
    if isinstance(asked, StoragePoolSpec) and asked.type == "logical":
        asked = replace(asked, source_name=name)
    return {"host": host, "asked": asked}


def _what_it_shows(_host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
    pool: Pool = arguments["pool"]
    shown = pool.network or pool.storage
    if shown is None:
        raise ModelError(compatible.NOT_THAT_RESOURCE, pool.pool_id, pool=pool)
    return {"pool": shown}


def _in_storage(_host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
    pool: Pool = arguments["pool"]
    if pool.storage is None or pool.storage.type not in _MAKE_VOLUMES:
        raise ModelError(compatible.NOT_THAT_RESOURCE, pool.pool_id, pool=pool)
    return {**arguments, "pool": pool.storage}


def _with_path(_host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
    pool, path = arguments["pool"], arguments["path"]
    found = next((volume for volume in pool.volumes if path in {volume.path, volume.key}), None)
    if found is None:
        raise ModelError(compatible.NO_VOLUME, path, path=path, pool=pool)
    return {"volume": found}
