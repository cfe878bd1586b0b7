"""Network filters: made, deleted, put together, applied to NICs and taken from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from openvman.messages import network_filters as filters_rows
from openvman.model.actor import Actor
from openvman.model.allocation import Allocation, NicAllocation
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.host_part import filter_users
from openvman.model.network_filter import FilterReference, NetworkFilter, NetworkFilterSpec, filter_named, reached_from
from openvman.model.network_rules import FILTER_RULES
from openvman.model.spec import NicSpec
from openvman.model.validation import Surroundings, check
from openvman.operations.context import Context
from openvman.operations.host_parts import configuring
from openvman.operations.host_steps import DeleteFilter, SetReference
from openvman.operations.modify_resources import modify_resources
from openvman.operations.settle import settle
from openvman.operations.undo import Undo

_PARTS: Final = "network filters"
"""What changes one at a time on each host."""


async def create(context: Context, actor: Actor, host: Host, spec: NetworkFilterSpec) -> NetworkFilter:
    """Make a filter; as the inventory then shows it."""
    context.policy.check_reach(actor, f"Network filter {spec.name!r}")
    async with configuring(context, _PARTS, host.id) as now:
        check(FILTER_RULES, spec, Surroundings(host=now, of=f"Network filter {spec.name[:80]!r}"))
        spec = replace(spec, uuid=spec.uuid or context.new_id())
        assert spec.uuid is not None, "it was just made"
        async with Undo(context) as undo:
            async with undo.acting(DeleteFilter(now.id, spec.uuid, spec.name)):
                await settle(context.inventory.driver_of(now.id).create_filter(now.id, spec))
            return _shown(await context.fresh_host(now.id), spec.name)


async def delete(context: Context, actor: Actor, filter: NetworkFilter) -> None:
    """Remove a filter that nothing refers to and that no NIC has. IN_USE, NOT_FOUND."""
    context.policy.check_reach(actor, f"Network filter {filter.name!r}")
    async with configuring(context, _PARTS, filter.host_id) as now:
        there = _same(now, filter)
        users = filter_users(there, now, context.inventory.generation.systems_of(now.id))
        if users:
            raise ModelError(filters_rows.IN_USE, there.id, filter=there, host=now, users=users[:5])
        await settle(context.inventory.driver_of(now.id).delete_filter(now.id, there.uuid))
        await context.inventory.refresh_host(now.id)


async def add_reference(
    context: Context, actor: Actor, filter: NetworkFilter, reference: FilterReference
) -> NetworkFilter:
    """Have a filter refer to another too; it applies at once, wherever the filter is applied.

    NOT_FOUND, ALREADY_EXISTS, and INVALID_PARAMETER when they would refer to each other.
    """
    context.policy.check_reach(actor, f"Network filter {filter.name!r}")
    async with configuring(context, _PARTS, filter.host_id) as now:
        there, other = _same(now, filter), _shown(now, reference.filter)
        check(
            FILTER_RULES,
            NetworkFilterSpec(name=there.name, references=(reference,)),
            Surroundings(host=now, of=f"Network filter {there.name!r}"),
            frozenset({"references"}),
        )
        if reference in there.references:
            raise ModelError(filters_rows.REFERS_ALREADY, other.id, filter=there, other=other)
        if there.name == other.name or there.name in reached_from(now.filters, other.name):
            raise ModelError(filters_rows.REFERS_TO_ITSELF, other.id, filter=there, other=other)
        return await _referring(context, now, there, reference, there_after=True)


async def remove_reference(
    context: Context, actor: Actor, filter: NetworkFilter, reference: FilterReference
) -> NetworkFilter:
    """Have a filter no more refer to another; it applies at once. NOT_FOUND."""
    context.policy.check_reach(actor, f"Network filter {filter.name!r}")
    async with configuring(context, _PARTS, filter.host_id) as now:
        there = _same(now, filter)
        if reference not in there.references:
            raise ModelError(filters_rows.DOES_NOT_REFER, there.id, filter=there, other=reference.filter)
        return await _referring(context, now, there, reference, there_after=False)


async def _referring(
    context: Context, host: Host, filter: NetworkFilter, reference: FilterReference, *, there_after: bool
) -> NetworkFilter:
    driver = context.inventory.driver_of(host.id)
    act = driver.add_filter_reference if there_after else driver.remove_filter_reference
    back = SetReference(host.id, filter.uuid, reference.filter, reference.parameters, there=not there_after)
    async with Undo(context) as undo:
        async with undo.acting(back):
            await settle(act(host.id, filter.uuid, reference))
        return _same(await context.fresh_host(host.id), filter)


async def apply(context: Context, actor: Actor, nic: NicAllocation, filter: NetworkFilter) -> Sequence[Allocation]:
    """Have what passes a NIC filtered, in every configuration of its system that has the NIC.

    ALREADY_EXISTS when it has the filter, IN_USE when it has another: a NIC has one.
    """
    if nic.filter == filter.name:
        raise ModelError(filters_rows.APPLIED_ALREADY, nic.id, nic=nic)
    if nic.filter is not None:
        raise ModelError(filters_rows.ANOTHER_APPLIED, nic.id, nic=nic)
    return await _put(context, actor, nic, filter.name)


async def remove(context: Context, actor: Actor, nic: NicAllocation, filter: NetworkFilter) -> Sequence[Allocation]:
    """Take a filter from a NIC, likewise. NOT_FOUND when the NIC does not have it."""
    if nic.filter != filter.name:
        raise ModelError(filters_rows.NOT_APPLIED, nic.id, nic=nic, filter=filter)
    return await _put(context, actor, nic, "")


async def _put(context: Context, actor: Actor, nic: NicAllocation, name: str) -> Sequence[Allocation]:
    system = context.inventory.generation.system(nic.system_id)
    configurations = () if system is None else system.configurations()
    ids = [each.id for there in configurations for each in there.nics if each.local_id == nic.local_id]
    if not ids:
        raise ModelError(filters_rows.NIC_GONE, nic.id, nic=nic)
    return await modify_resources(context, actor, [NicSpec(allocation_id=id, filter=name) for id in ids])


def _shown(host: Host, name: str) -> NetworkFilter:
    found = filter_named(host.filters, name)
    if found is None:
        raise _gone(host, name)
    return found


def _same(host: Host, filter: NetworkFilter) -> NetworkFilter:
    """The filter as it is now; one of the same name that is not the same does not count."""
    found = _shown(host, filter.name)
    if found.uuid != filter.uuid:
        raise _gone(host, filter.name)
    return found


def _gone(host: Host, name: str) -> ModelError:
    return ModelError(filters_rows.GONE, name, name=name, host=host)
