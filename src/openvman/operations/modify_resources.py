"""Modify allocations of virtual systems (DSP1042, ModifyResourceSettings)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack
from dataclasses import dataclass, replace
from itertools import groupby

from openvman.messages import resources as resources_rows
from openvman.model.actor import Actor
from openvman.model.allocation import OF_DIRECT, Allocation
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.pool import Claim, claim_of
from openvman.model.spec import DeviceSpec, DiskSpec, NicSpec, ProcessorSpec, ResourceSpec
from openvman.model.system import Configuration, ConfigurationKind
from openvman.model.validation import Devices
from openvman.operations import images
from openvman.operations.adjust import adjusted
from openvman.operations.context import Context, turn
from openvman.operations.current import allocation_of, refresh, show_volumes
from openvman.operations.images import Resolved
from openvman.operations.pledging import pledged
from openvman.operations.settle import settle
from openvman.operations.specs import changes, child_pools, closed, local_id, merged, pool_claims, said, spec_of
from openvman.operations.steps import AssignPools, PackedSpec, RestoreResource
from openvman.operations.tuning import check_dedicated, mapping_turns
from openvman.operations.undo import Undo
from openvman.operations.validate import MacsInUse, check_devices, check_resource, image_turn, label, mac_turn

_USE = frozenset({"source", "format", "read_only", "shareable"})
"""What a disk's image and its use are decided by: who changes one of them needs the right to the image."""

_TOGETHER = {
    DiskSpec: (frozenset({"source"}), frozenset({"source", "format"})),
    NicSpec: (frozenset({"connection", "source", *OF_DIRECT}), frozenset({"connection", "source", *OF_DIRECT})),
    ProcessorSpec: (frozenset({"affinity", "processors"}), frozenset({"affinity", "processors"})),
}
"""When one of the first changes, a driver is told all of the second: one without the other means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """One allocation: ``base`` is what it is, ``full`` what it shall be, ``image`` what is known of a disk's image."""

    host: Host
    name: str
    configuration: Configuration
    base: ResourceSpec
    full: ResourceSpec
    image: Resolved | None = None

    @property
    def changed(self) -> frozenset[str]:
        return changes(self.full, self.base)

    @property
    def new_id(self) -> str:
        """The allocation's id afterwards: a target or address is part of it."""
        return f"{self.configuration.id}/{local_id(self.full)}"


async def modify_resources(
    context: Context,
    actor: Actor,
    specs: Sequence[ResourceSpec],
    *,
    beyond_host: bool = False,
    shared_images: bool = False,
) -> list[Allocation]:
    """Change all the allocations that the specs name, or none; they as the inventory then shows them, in order.

    An allocation's id says which configuration is meant: that of the next activation or that of the active system.
    What is said as it is already is no change. All is validated before the first is changed; when one then fails,
    those before it are changed back. Raises NOT_FOUND for an unknown id, else as the rules and the driver say. With
    ``beyond_host`` the next activation may be given more memory than the host has; for ``shared_images`` see
    :func:`openvman.operations.images.claims`.
    """
    system_ids = _systems(specs)
    async with AsyncExitStack() as turns:
        await turns.enter_async_context(context.turns.hold(map(turn, system_ids)))
        await refresh(context, system_ids)
        planned = [_plan(context, spec) for spec in specs]
        _check(context, actor, planned, beyond_host=beyond_host)
        planned = [await _with_image(context, actor, change) for change in planned]
        await turns.enter_async_context(context.turns.hold(_claims(planned)))
        # Others may have had their turn since: what they took is seen in the generation of now.
        _check(context, actor, planned, beyond_host=beyond_host)
        planned = await _unused(context, planned, shared=shared_images)
        with ExitStack() as pledges:
            for system_id in system_ids:
                pledges.enter_context(_pledged(context, system_id, planned))
            async with Undo(context) as undo:
                done = await _apply_all(context, planned, undo)
                for there in _by_configuration(done):
                    await _move(context, there, undo)
                await refresh(context, system_ids)
                for change in done:
                    await show_volumes(context, change.host, [] if change.image is None else [change.image])
                return [allocation_of(context, change.new_id) for change in done]


def _systems(specs: Sequence[ResourceSpec]) -> list[str]:
    """The ids of the systems that the specs are about, in order."""
    named = [spec.allocation_id or "" for spec in specs]
    if len(set(named)) != len(named):
        raise ModelError(resources_rows.TWICE, "allocation_id")
    return list(dict.fromkeys(id.partition("/")[0] for id in named))


def _plan(context: Context, spec: ResourceSpec) -> _Change:
    generation = context.inventory.generation
    allocation = allocation_of(context, spec.allocation_id or "")
    configuration = generation.configuration(allocation.configuration_id)
    host, system = generation.host(allocation.host_id), generation.system(allocation.system_id)
    assert configuration is not None, "an allocation is in a configuration"
    assert host is not None, "an allocation is on a host"
    assert system is not None, "an allocation is a system's"
    base = spec_of(allocation)
    full = adjusted(spec, base, configuration.kind, host)
    return _Change(host=host, name=system.name, configuration=configuration, base=base, full=full)


def _check(context: Context, actor: Actor, planned: list[_Change], *, beyond_host: bool) -> None:
    """Hold every change to the rules about what it changes."""
    generation = context.inventory.generation
    for change in planned:
        macs = MacsInUse(generation, change.host, change.configuration.system_id)
        beyond = beyond_host and change.configuration.kind is ConfigurationKind.DEFINED
        check_resource(
            change.full, change.name, change.host, macs, actor, context.policy, change.changed, beyond_host=beyond
        )
        if change.changed & {"affinity", "processors"}:
            system_id = change.configuration.system_id
            check_dedicated(generation, change.host, system_id, change.full, label(change.name))
    for changes_there in _by_configuration(planned):
        one = changes_there[0]
        specs = [change.full for change in changes_there] + _kept(changes_there)
        devices = Devices(
            disks=tuple(spec for spec in specs if isinstance(spec, DiskSpec)),
            nics=tuple(spec for spec in specs if isinstance(spec, NicSpec)),
            others=tuple(spec for spec in specs if isinstance(spec, DeviceSpec)),
        )
        changed = frozenset().union(*(change.changed for change in changes_there))
        check_devices(devices, one.name, one.host, changed)


def _by_configuration(planned: list[_Change]) -> list[list[_Change]]:
    ordered = sorted(planned, key=lambda change: change.configuration.id)
    return [list(some) for _, some in groupby(ordered, key=lambda change: change.configuration.id)]


def _kept(changes_there: list[_Change]) -> list[ResourceSpec]:
    """The devices of a configuration that are not modified."""
    modified = {change.base.allocation_id for change in changes_there}
    configuration = changes_there[0].configuration
    devices = (*configuration.disks, *configuration.nics, *configuration.devices)
    return [spec_of(allocation) for allocation in devices if allocation.id not in modified]


async def _with_image(context: Context, actor: Actor, change: _Change) -> _Change:
    """With the image of a disk whose image, or use of it, changes."""
    disk = change.full
    if not isinstance(disk, DiskSpec) or not disk.source or not change.changed & _USE:
        return change
    driver = context.inventory.driver_of(change.host.id)
    image = await images.resolve(context.policy, actor, driver, change.host, change.name, disk)
    return replace(change, image=image, full=image.spec)


def _claims(planned: list[_Change]) -> list[str]:
    macs = [mac_turn(change.host.id, change.full) for change in planned if isinstance(change.full, NicSpec)]
    chains = [image_turn(c.host.id, path) for c in planned if c.image is not None for path in c.image.chain]
    return macs + chains + [name for c in planned for name in mapping_turns(c.host.id, c.full)]


async def _unused(context: Context, planned: list[_Change], *, shared: bool) -> list[_Change]:
    """Refuse images in use by other disks."""
    for there in _by_configuration(planned):
        found = [change.image for change in there if change.image is not None]
        if found:
            disks = [change.full for change in there if change.image is None] + _kept(there)
            kept = [disk for disk in disks if isinstance(disk, DiskSpec)]
            one, generation = there[0], context.inventory.generation
            system_id, claimed = one.configuration.system_id, images.claims(one.configuration.kind, shared=shared)
            await images.check_unused(generation, one.host, system_id, one.name, found, kept, claimed)
    return planned


def _pledged(context: Context, system_id: str, planned: list[_Change]) -> AbstractContextManager[None]:
    """What the system will have of pools, with all its configurations changed, is its own before the first is."""
    system = context.inventory.generation.system(system_id)
    assert system is not None, "a change is of a system"
    mine = [change for change in planned if change.configuration.system_id == system_id]
    if any("pool" in change.changed for change in mine) and system.current is not None:
        raise ModelError(resources_rows.STAYS_IN_POOLS, system.id, system=system)
    changed = {there[0].configuration.kind: _pool_claims(there) for there in _by_configuration(mine)}
    return pledged(context, mine[0].host, system, changed)


def _pool_claims(there: list[_Change]) -> list[Claim]:
    """What a configuration asks of pools when it is changed."""
    modified = {change.base.allocation_id for change in there}
    kept = [each for each in there[0].configuration.allocations() if each.id not in modified]
    # Of a disk that keeps its image, nothing is said of the size.
    full = [merged(c.full, c.base) if isinstance(c.full, DiskSpec) else c.full for c in there]
    return [*map(claim_of, kept), *pool_claims(full)]


async def _move(context: Context, there: list[_Change], undo: Undo) -> None:
    """Remember the pools of what was changed, under the ids that it has now."""
    system_id = there[0].configuration.system_id
    before = context.inventory.members(system_id)
    after = dict(before)
    system = context.inventory.generation.system(system_id)
    for change in there:
        if system is None or system.current is None:
            after.pop(local_id(change.base), None)
        after.pop(local_id(change.full), None)
        after.update(child_pools([change.full]))
    if after != before:
        await undo.push(AssignPools(system_id, before))
        await context.pools.assign(system_id, after)


async def _apply_all(context: Context, planned: list[_Change], undo: Undo) -> list[_Change]:
    """In order, but for passwords, which come last: nobody could put an old one back."""
    turns = sorted(range(len(planned)), key=lambda number: "password" in planned[number].changed)
    done = {number: await settle(_apply(context, planned[number], undo)) for number in turns}
    return [done[number] for number in range(len(planned))]


async def _apply(context: Context, change: _Change, undo: Undo) -> _Change:
    driver = context.inventory.driver_of(change.host.id)
    system_id, kind = change.configuration.system_id, change.configuration.kind
    if change.image is not None and change.image.make:
        made = await images.make(driver, change.host, change.image, undo)
        change = replace(change, full=made)
    settings = change.changed - {"capacity", "pool"}  # the image was made or found by now; a pool is no driver's affair
    if not settings:
        return change
    trigger, together = _TOGETHER.get(type(change.full), (frozenset(), frozenset()))
    if settings & trigger:
        settings |= together

    back = replace(said(change.base, settings), allocation_id=change.new_id)
    async with undo.acting(RestoreResource(change.host.id, system_id, kind, PackedSpec.of(back))):
        await driver.modify_resource(system_id, kind, closed(said(change.full, settings)))
    return change
