"""The use cases by the names that declarations give them, one row each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from openvman.model.actor import Actor
from openvman.model.host_part import find_filter, find_network, find_storage_pool, find_volume
from openvman.model.job import Affected, Effect, Element, Job
from openvman.model.picture import Objects
from openvman.model.states import TARGET
from openvman.operations import cloud_init
from openvman.operations.console_records import first_record, record
from openvman.operations.operations import Operations
from openvman.operations.use_case import Recovery, UseCase, works_on


def _named(keywords: Mapping[str, Any]) -> str:
    """The name in a definition, for a title."""
    system = keywords["system"]
    return "a virtual system" if system is None or system.name is None else f"virtual system {system.name!r}"


def _of_systems(what: str) -> Any:
    def title(keywords: Mapping[str, Any]) -> str:
        ids = [affected.id for affected in works_on(keywords) if affected.element is Element.SYSTEM]
        return f"{what} of virtual system {', '.join(ids)}"

    return title


async def _destroy_again(operations: Operations, actor: Actor, job: Job) -> None:
    """Go on with a destruction: what is gone already is as it should be."""
    for affected in job.affected:
        system = operations.context.inventory.generation.system(affected.id)
        if system is not None:
            await operations.destroy_system(actor, system=system)
        elif job.host_id is not None:
            await cloud_init.forget(operations.context, job.host_id, affected.id)


def _of(what: str, key: str) -> Callable[[Mapping[str, Any]], str]:
    """A title with the name of what a keyword is."""
    return lambda keywords: f"{what} {keywords[key].name!r}"


def _making(element: Element) -> Callable[[Any], tuple[Affected, ...]]:
    return lambda made: (Affected(element, made.id, Effect.CREATES),)


def _deleting(
    find: Callable[[Objects, str], Any], delete: Callable[..., Awaitable[None]], keyword: str
) -> Callable[[Operations, Actor, Job], Awaitable[None]]:
    """Go on with a deletion, likewise."""

    async def again(operations: Operations, actor: Actor, job: Job) -> None:
        for affected in job.affected:
            found = find(operations.context.inventory.generation, affected.id)
            if found is not None:
                await delete(operations, actor, **{keyword: found})

    return again


def _creation(what: str, keyword: str, element: Element, run: Callable[..., Awaitable[Any]]) -> UseCase:
    """Make a part of a host; a failure takes it back."""
    return UseCase(run=run, title=_of(f"Create {what}", keyword), makes=_making(element))


def _deletion(
    what: str, keyword: str, find: Callable[[Objects, str], Any], run: Callable[..., Awaitable[None]]
) -> UseCase:
    """Remove a part of a host; what was begun is done to its end."""
    again = _deleting(find, run, keyword)
    return UseCase(run=run, title=_of(f"Delete {what}", keyword), recovery=Recovery.CONTINUE, again=again)


USE_CASES: Final[Mapping[str, UseCase]] = {
    "define_system": UseCase(
        run=Operations.define_system,
        title=lambda keywords: f"Define {_named(keywords)}",
        makes=lambda system: (Affected(Element.SYSTEM, system.id, Effect.CREATES),),
        stepwise=True,
    ),
    "check_define": UseCase(run=Operations.check_define),
    "destroy_system": UseCase(
        run=Operations.destroy_system,
        title=lambda keywords: f"Destroy virtual system {keywords['system'].name!r}",
        recovery=Recovery.CONTINUE,
        again=_destroy_again,
    ),
    "modify_system": UseCase(run=Operations.modify_system, title=_of_systems("Modify the settings")),
    "modify_resources": UseCase(run=Operations.modify_resources, title=_of_systems("Modify resources")),
    "add_resources": UseCase(run=Operations.add_resources, title=_of_systems("Add resources")),
    "add_resources_for_good": UseCase(run=Operations.add_resources_for_good, title=_of_systems("Add resources")),
    "remove_resources": UseCase(run=Operations.remove_resources, title=_of_systems("Remove resources")),
    "change_state": UseCase(
        run=Operations.change_state,
        title=lambda keywords: f"{keywords['action'].capitalize()} virtual system {keywords['system'].name!r}",
        recovery=Recovery.LOOK,
        aim=lambda keywords: TARGET.get(keywords["action"]),
    ),
    "change_boot_order": UseCase(run=Operations.change_boot_order, title=_of_systems("Change the boot order")),
    "create_child_pool": UseCase(
        run=Operations.create_child_pool,
        title=lambda keywords: f"Create resource pool {keywords['name']!r}",
        makes=lambda pool: (Affected(Element.POOL, pool.id, Effect.CREATES),),
    ),
    "create_pool": UseCase(
        run=Operations.create_pool,
        title=lambda keywords: f"Create resource pool {keywords['name']!r}",
        makes=lambda pool: (Affected(Element.POOL, pool.id, Effect.CREATES),),
    ),
    "add_to_pool": UseCase(
        run=Operations.add_to_pool, title=lambda keywords: f"Add to resource pool {keywords['pool'].name!r}"
    ),
    "remove_from_pool": UseCase(
        run=Operations.remove_from_pool, title=lambda keywords: f"Remove from resource pool {keywords['pool'].name!r}"
    ),
    "delete_pool": UseCase(
        run=Operations.delete_pool, title=lambda keywords: f"Delete resource pool {keywords['pool'].name!r}"
    ),
    "change_parent_pool": UseCase(
        run=Operations.change_parent_pool,
        title=lambda keywords: f"Change the parent of resource pool {keywords['pool'].name!r}",
    ),
    "create_storage_pool": _creation("storage pool", "pool", Element.STORAGE_POOL, Operations.create_storage_pool),
    "delete_storage_pool": _deletion("storage pool", "pool", find_storage_pool, Operations.delete_storage_pool),
    "change_storage_pool": UseCase(run=Operations.change_storage_pool, title=_of("Change storage pool", "pool")),
    "refresh_storage_pool": UseCase(
        run=Operations.refresh_storage_pool, title=_of("Look through storage pool", "pool")
    ),
    "create_volume": _creation("volume", "volume", Element.VOLUME, Operations.create_volume),
    "delete_volume": _deletion("volume", "volume", find_volume, Operations.delete_volume),
    "create_network": _creation("virtual network", "network", Element.NETWORK, Operations.create_network),
    "delete_network": _deletion("virtual network", "network", find_network, Operations.delete_network),
    "change_network": UseCase(run=Operations.change_network, title=_of("Change virtual network", "network")),
    "create_network_filter": _creation("network filter", "filter", Element.FILTER, Operations.create_network_filter),
    "delete_network_filter": _deletion("network filter", "filter", find_filter, Operations.delete_network_filter),
    "add_filter_reference": UseCase(
        run=Operations.add_filter_reference, title=_of("Add a reference to network filter", "filter")
    ),
    "remove_filter_reference": UseCase(
        run=Operations.remove_filter_reference, title=_of("Remove a reference of network filter", "filter")
    ),
    "apply_filter": UseCase(run=Operations.apply_filter, title=_of("Apply network filter", "filter")),
    "remove_filter": UseCase(run=Operations.remove_filter, title=_of("Take away network filter", "filter")),
    "first_console_record": UseCase(run=first_record),
    "console_record": UseCase(run=record),
}
