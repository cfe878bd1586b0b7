"""All that can be done to virtual systems: :class:`Operations`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from openvman.drivers.contract import ConsoleChunk
from openvman.inventory.inventory import Inventory
from openvman.messages import consoles as consoles_rows
from openvman.model.actor import Actor
from openvman.model.allocation import Allocation, NicAllocation, SerialAllocation
from openvman.model.boot import BootSource
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.host_device import HostDevice
from openvman.model.network import NetworkSpec, VirtualNetwork
from openvman.model.network_filter import FilterReference, NetworkFilter, NetworkFilterSpec
from openvman.model.pool import ResourcePool
from openvman.model.resource import ResourceKind
from openvman.model.spec import PoolSpec, ResourceSpec, SystemSpec
from openvman.model.states import Action
from openvman.model.storage import StoragePool, StoragePoolSpec, StorageVolume, VolumeSpec
from openvman.model.system import Configuration, VirtualSystem
from openvman.operations import (
    add_resources,
    change_boot_order,
    change_state,
    define,
    destroy,
    modify_resources,
    modify_system,
    network_filters,
    networks,
    pool_configuration,
    pool_volumes,
    remove_resources,
    storage_pools,
)
from openvman.operations.context import Context, Showing
from openvman.operations.policy import Policy
from openvman.operations.pools import Pools
from openvman.operations.preview import Preview
from openvman.operations.turns import Turns
from openvman.operations.work import Work
from openvman.store.pools import PoolStore


def random_id() -> str:
    """A UUID for a new virtual system."""
    return str(uuid4())


def random_mac() -> str:
    """An address of the range that hypervisors of the KVM family use for their guests."""
    return "52:54:00:" + secrets.token_bytes(3).hex(":")


class Operations:
    """The use cases. Whoever calls has decided that the actor may do such a thing at all; the actor's role decides
    here which of the host's paths and bridges are within reach.

    Every method raises ModelError, whose message names the object, the rule broken and the way out, and nothing else.
    A method returns when the inventory shows what it did. Changes of one system happen one at a time: one that comes
    meanwhile waits for the policy's patience, and is then refused as BUSY. A cancelled change is undone first.
    """

    def __init__(
        self,
        inventory: Inventory,
        policy: Policy,
        *,
        pool_store: PoolStore | None = None,
        new_id: Callable[[], str] = random_id,
        new_mac: Callable[[], str] = random_mac,
    ) -> None:
        self._context = Context(
            inventory=inventory,
            policy=policy,
            turns=Turns(policy.patience),
            showing=Showing(inventory),
            pools=Pools(inventory, pool_store),
            new_id=new_id,
            new_mac=new_mac,
        )

    def within(self, work: Work) -> Operations:
        """The same, done for a job."""
        same = copy(self)
        same._context = replace(self._context, work=work)  # noqa: SLF001 - its own
        return same

    @property
    def context(self) -> Context:
        """What the use cases work with."""
        return self._context

    async def define_system(
        self,
        actor: Actor,
        *,
        system: SystemSpec,
        resources: Sequence[ResourceSpec] = (),
        reference: Configuration | None = None,
        shared_images: bool = False,
    ) -> VirtualSystem:
        """See :func:`openvman.operations.define.define`."""
        return await define.define(self._context, actor, system, resources, reference, shared_images=shared_images)

    async def check_define(
        self,
        actor: Actor,
        *,
        system: SystemSpec,
        resources: Sequence[ResourceSpec] = (),
        reference: Configuration | None = None,
    ) -> Preview:
        """See :func:`openvman.operations.define.check`."""
        return await define.check(self._context, actor, system, resources, reference)

    async def destroy_system(self, actor: Actor, *, system: VirtualSystem) -> None:  # noqa: ARG002 - as all take it
        """See :func:`openvman.operations.destroy.destroy`."""
        await destroy.destroy(self._context, system)

    async def modify_system(self, actor: Actor, *, spec: SystemSpec) -> VirtualSystem:
        """See :func:`openvman.operations.modify_system.modify_system`."""
        return await modify_system.modify_system(self._context, actor, spec)

    async def change_boot_order(
        self, actor: Actor, *, configuration: Configuration, sources: Sequence[BootSource] | None
    ) -> None:
        """See :func:`openvman.operations.change_boot_order.change_boot_order`."""
        await change_boot_order.change_boot_order(self._context, actor, configuration, sources or ())

    async def modify_resources(
        self,
        actor: Actor,
        *,
        specs: Sequence[ResourceSpec],
        beyond_host: bool = False,
        shared_images: bool = False,
    ) -> list[Allocation]:
        """See :func:`openvman.operations.modify_resources.modify_resources`."""
        return await modify_resources.modify_resources(
            self._context, actor, specs, beyond_host=beyond_host, shared_images=shared_images
        )

    async def add_resources(
        self, actor: Actor, *, configuration: Configuration, specs: Sequence[ResourceSpec]
    ) -> list[Allocation]:
        """See :func:`openvman.operations.add_resources.add_resources`."""
        return await add_resources.add_resources(self._context, actor, configuration, specs)

    async def add_resources_for_good(
        self,
        actor: Actor,
        *,
        configuration: Configuration,
        specs: Sequence[ResourceSpec],
        shared_images: bool = False,
    ) -> list[Allocation]:
        """See :func:`openvman.operations.add_resources.add_for_good`."""
        return await add_resources.add_for_good(self._context, actor, configuration, specs, shared_images=shared_images)

    async def remove_resources(
        self,
        actor: Actor,  # noqa: ARG002 - as all take it
        *,
        allocations: Sequence[Allocation],
    ) -> None:
        """See :func:`openvman.operations.remove_resources.remove_resources`."""
        await remove_resources.remove_resources(self._context, allocations)

    async def change_state(
        self,
        actor: Actor,  # noqa: ARG002 - as all take it
        *,
        system: VirtualSystem,
        action: Action,
        timeout: timedelta | None = None,  # noqa: ASYNC109 - how long the guest has, not the caller's patience
    ) -> VirtualSystem:
        """See :func:`openvman.operations.change_state.change_state`."""
        return await change_state.change_state(self._context, system, action, timeout)

    async def create_child_pool(
        self,
        actor: Actor,
        *,
        host: Host,
        name: str | None,
        parents: Sequence[ResourcePool],
        specs: Sequence[PoolSpec],
    ) -> ResourcePool:
        """See :func:`openvman.operations.pool_configuration.create_child`."""
        return await pool_configuration.create_child(self._context, actor, host, name, parents, specs)

    async def create_pool(
        self,
        actor: Actor,  # noqa: ARG002 - as all take it
        *,
        host: Host,
        name: str | None,
        devices: Sequence[HostDevice],
        kind: ResourceKind | None,
    ) -> ResourcePool:
        """See :func:`openvman.operations.pool_configuration.create`."""
        return await pool_configuration.create(self._context, host, name, devices, kind)

    async def add_to_pool(
        self,
        actor: Actor,  # noqa: ARG002 - as all take it
        *,
        pool: ResourcePool,
        devices: Sequence[HostDevice],
    ) -> None:
        """See :func:`openvman.operations.pool_configuration.add`."""
        await pool_configuration.add(self._context, pool, devices)

    async def remove_from_pool(
        self,
        actor: Actor,  # noqa: ARG002 - as all take it
        *,
        pool: ResourcePool,
        devices: Sequence[HostDevice],
    ) -> None:
        """See :func:`openvman.operations.pool_configuration.remove`."""
        await pool_configuration.remove(self._context, pool, devices)

    async def delete_pool(self, actor: Actor, *, pool: ResourcePool) -> None:
        """See :func:`openvman.operations.pool_configuration.delete`."""
        await pool_configuration.delete(self._context, actor, pool)

    async def change_parent_pool(
        self,
        actor: Actor,  # noqa: ARG002 - as all take it
        *,
        pool: ResourcePool,
        parents: Sequence[ResourcePool],
        specs: Sequence[PoolSpec],
    ) -> None:
        """See :func:`openvman.operations.pool_configuration.change_parent`."""
        await pool_configuration.change_parent(self._context, pool, parents, specs)

    # Storage pools and volumes

    async def create_storage_pool(self, actor: Actor, *, host: Host, pool: StoragePoolSpec) -> StoragePool:
        """See :func:`openvman.operations.storage_pools.create`."""
        return await storage_pools.create(self._context, actor, host, pool)

    async def delete_storage_pool(self, actor: Actor, *, pool: StoragePool) -> None:
        """See :func:`openvman.operations.storage_pools.delete`."""
        await storage_pools.delete(self._context, actor, pool)

    async def change_storage_pool(
        self, actor: Actor, *, pool: StoragePool, active: bool | None = None, autostart: bool | None = None
    ) -> StoragePool | None:
        """See :func:`openvman.operations.storage_pools.change`."""
        return await storage_pools.change(self._context, actor, pool, active=active, autostart=autostart)

    async def refresh_storage_pool(self, actor: Actor, *, pool: StoragePool) -> None:  # noqa: ARG002 - as all take it
        """See :func:`openvman.operations.storage_pools.look_through`."""
        await storage_pools.look_through(self._context, pool)

    async def create_volume(
        self,
        actor: Actor,  # noqa: ARG002 - as all take it
        *,
        pool: StoragePool,
        volume: VolumeSpec,
    ) -> StorageVolume:
        """See :func:`openvman.operations.pool_volumes.create`."""
        return await pool_volumes.create(self._context, pool, volume)

    async def delete_volume(self, actor: Actor, *, volume: StorageVolume) -> None:  # noqa: ARG002 - as all take it
        """See :func:`openvman.operations.pool_volumes.delete`."""
        await pool_volumes.delete(self._context, volume)

    # Networks and filters

    async def create_network(self, actor: Actor, *, host: Host, network: NetworkSpec) -> VirtualNetwork:
        """See :func:`openvman.operations.networks.create`."""
        return await networks.create(self._context, actor, host, network)

    async def delete_network(self, actor: Actor, *, network: VirtualNetwork) -> None:
        """See :func:`openvman.operations.networks.delete`."""
        await networks.delete(self._context, actor, network)

    async def change_network(
        self, actor: Actor, *, network: VirtualNetwork, active: bool | None = None, autostart: bool | None = None
    ) -> VirtualNetwork | None:
        """See :func:`openvman.operations.networks.change`."""
        return await networks.change(self._context, actor, network, active=active, autostart=autostart)

    async def create_network_filter(self, actor: Actor, *, host: Host, filter: NetworkFilterSpec) -> NetworkFilter:
        """See :func:`openvman.operations.network_filters.create`."""
        return await network_filters.create(self._context, actor, host, filter)

    async def delete_network_filter(self, actor: Actor, *, filter: NetworkFilter) -> None:
        """See :func:`openvman.operations.network_filters.delete`."""
        await network_filters.delete(self._context, actor, filter)

    async def add_filter_reference(
        self, actor: Actor, *, filter: NetworkFilter, reference: FilterReference
    ) -> NetworkFilter:
        """See :func:`openvman.operations.network_filters.add_reference`."""
        return await network_filters.add_reference(self._context, actor, filter, reference)

    async def remove_filter_reference(
        self, actor: Actor, *, filter: NetworkFilter, reference: FilterReference
    ) -> NetworkFilter:
        """See :func:`openvman.operations.network_filters.remove_reference`."""
        return await network_filters.remove_reference(self._context, actor, filter, reference)

    async def apply_filter(self, actor: Actor, *, nic: NicAllocation, filter: NetworkFilter) -> Sequence[Allocation]:
        """See :func:`openvman.operations.network_filters.apply`."""
        return await network_filters.apply(self._context, actor, nic, filter)

    async def remove_filter(self, actor: Actor, *, nic: NicAllocation, filter: NetworkFilter) -> Sequence[Allocation]:
        """See :func:`openvman.operations.network_filters.remove`."""
        return await network_filters.remove(self._context, actor, nic, filter)

    async def read_console(
        self,
        actor: Actor,  # noqa: ARG002 - as all take it
        *,
        serial: SerialAllocation,
        offset: int,
        limit: int,
    ) -> ConsoleChunk:
        """Bytes of a serial port's log from ``offset`` on, at most ``limit`` and no more than the policy's limit."""
        if offset < 0 or limit < 0:
            wrong = "offset" if offset < 0 else "limit"
            raise ModelError(consoles_rows.NO_SUCH_BYTES, wrong, serial=serial, offset=offset, limit=limit)
        if not serial.has_log:
            raise ModelError(consoles_rows.NOT_KEPT, serial.id, serial=serial)
        driver = self._context.inventory.driver_of(serial.host_id)
        limit = min(limit, self._context.policy.console_limit)
        return await driver.read_console(serial.system_id, serial.port, offset, limit)
