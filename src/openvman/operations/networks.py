"""Virtual networks of a hypervisor: made, deleted, started, stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from openvman.messages import networks as networks_rows
from openvman.model.actor import Actor
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.host_part import find_network, network_users
from openvman.model.network import NetworkSpec, VirtualNetwork, network_with
from openvman.model.network_rules import NETWORK_RULES
from openvman.model.validation import Surroundings, check
from openvman.operations.context import Context
from openvman.operations.host_parts import as_it_is, configuring, differing
from openvman.operations.host_steps import DeleteNetwork, RestoreNetwork
from openvman.operations.settle import settle
from openvman.operations.undo import Undo

_PARTS: Final = "virtual networks"
"""What changes one at a time on each host."""


async def create(context: Context, actor: Actor, host: Host, spec: NetworkSpec) -> VirtualNetwork:
    """Make a network that lasts, active now; as the inventory then shows it."""
    context.policy.check_reach(actor, f"Virtual network {spec.name!r}")
    async with configuring(context, _PARTS, host.id) as now:
        check(NETWORK_RULES, spec, Surroundings(host=now, of=f"Virtual network {spec.name[:80]!r}"))
        spec = replace(spec, uuid=spec.uuid or context.new_id())
        assert spec.uuid is not None, "it was just made"
        async with Undo(context) as undo:
            async with undo.acting(DeleteNetwork(now.id, spec.uuid, spec.name)):
                await settle(context.inventory.driver_of(now.id).create_network(now.id, spec))
            return _shown(await context.fresh_host(now.id), spec.uuid, spec.name)


async def delete(context: Context, actor: Actor, network: VirtualNetwork) -> None:
    """Stop and forget a network that no active system is connected to. IN_USE, NOT_FOUND."""
    context.policy.check_reach(actor, f"Virtual network {network.name!r}")
    async with configuring(context, _PARTS, network.host_id) as now:
        there = _shown(now, network.uuid, network.name)
        _check_unused(context, there, now)
        await settle(context.inventory.driver_of(now.id).delete_network(now.id, there.uuid))
        await context.inventory.refresh_host(now.id)


async def change(
    context: Context,
    actor: Actor,
    network: VirtualNetwork,
    *,
    active: bool | None = None,
    autostart: bool | None = None,
) -> VirtualNetwork | None:
    """Start or stop a network, and have it start with the host or not; None: it stays.

    Returns None when it was stopped and does not last. IN_USE when an active system is connected to one that is to be
    stopped.
    """
    context.policy.check_reach(actor, f"Virtual network {network.name!r}")
    async with configuring(context, _PARTS, network.host_id) as now:
        there = _shown(now, network.uuid, network.name)
        asked = differing(there, active=active, autostart=autostart)
        if not asked:
            return there
        if asked.get("active") is False:
            _check_unused(context, there, now)
        if asked.get("autostart") and not there.persistent:
            raise ModelError(networks_rows.DOES_NOT_LAST, there.id, network=there)
        back = RestoreNetwork(now.id, there.uuid, there.name, **as_it_is(there, asked))
        async with Undo(context) as undo:
            async with undo.acting(back):
                await settle(context.inventory.driver_of(now.id).change_network(now.id, there.uuid, **asked))
            await context.inventory.refresh_host(now.id)
        return find_network(context.inventory.generation, there.id)


def _shown(host: Host, uuid: str, name: str) -> VirtualNetwork:
    found = network_with(host.networks, uuid)
    if found is None:
        raise ModelError(networks_rows.GONE, uuid, name=name, host=host)
    return found


def _check_unused(context: Context, network: VirtualNetwork, host: Host) -> None:
    users = network_users(network, context.inventory.generation.systems_of(host.id))
    if users:
        raise ModelError(networks_rows.IN_USE, network.id, network=network, host=host, users=users[:5])
