"""What there is now: systems read again, and the allocations and configurations that their ids name."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from openvman.messages import resources as resources_rows
from openvman.messages import systems as systems_rows
from openvman.model.allocation import Allocation
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.states import State
from openvman.model.storage import volume_in
from openvman.model.system import Configuration, VirtualSystem
from openvman.operations.context import Context, unknown
from openvman.operations.images import Resolved


async def refresh(context: Context, system_ids: Iterable[str]) -> None:
    """Read the systems. NOT_FOUND for one that is not, UNAVAILABLE when its hypervisor does not answer."""
    for system_id in system_ids:
        system = context.inventory.generation.system(system_id)
        if system is None:
            raise ModelError(systems_rows.UNKNOWN, system_id, id=system_id)
        found = await context.fresh(system)
        if found.state is State.UNKNOWN:
            raise unknown(found)


async def show_volumes(context: Context, host: Host, images: Iterable[Resolved]) -> None:
    """Read the host again when volumes were made, so that its storage pools show what they hold and what is left.

    All is done by then; a host that does not answer now is read again by itself when it does.
    """
    made = (volume_in(path) for image in images for path in image.make)
    pools = {volume.pool for volume in made if volume is not None}
    if pools:
        with suppress(ModelError):
            await context.inventory.refresh_host(host.id)
            for pool in sorted(pools):
                await context.inventory.refresh_volumes(host.id, pool)


def allocation_of(context: Context, allocation_id: str) -> Allocation:
    """NOT_FOUND when it is gone."""
    found = context.inventory.generation.allocation(allocation_id)
    if found is None:
        raise ModelError(resources_rows.UNKNOWN, allocation_id, id=allocation_id)
    return found


def configuration_of(context: Context, configuration_id: str) -> tuple[VirtualSystem, Configuration]:
    """The configuration and its system. NOT_FOUND when it is gone."""
    found = context.inventory.generation.configuration(configuration_id)
    system = None if found is None else context.inventory.generation.system(found.system_id)
    if found is None or system is None:
        raise ModelError(resources_rows.CONFIGURATION_UNKNOWN, configuration_id, id=configuration_id)
    return system, found
