"""The use cases by the names that declarations give them, one row each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from openvman.model.actor import Actor
from openvman.model.job import Affected, Effect, Element, Job
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


USE_CASES: Final[Mapping[str, UseCase]] = {
    "define_system": UseCase(
        run=Operations.define_system,
        title=lambda keywords: f"Define {_named(keywords)}",
        makes=lambda system: (Affected(Element.SYSTEM, system.id, Effect.CREATES),),
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
    "first_console_record": UseCase(run=first_record),
    "console_record": UseCase(run=record),
}
