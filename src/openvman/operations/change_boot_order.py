"""Change what a virtual system looks for its guest on (DSP1012, ChangeBootOrder)."""

from __future__ import annotations

from collections.abc import Sequence

from openvman.messages import systems as systems_rows
from openvman.model.actor import Actor
from openvman.model.boot import BootSource
from openvman.model.errors import ModelError
from openvman.model.spec import SystemSpec
from openvman.model.system import Configuration, ConfigurationKind
from openvman.operations.context import Context
from openvman.operations.modify_system import modify_system


async def change_boot_order(
    context: Context, actor: Actor, configuration: Configuration, sources: Sequence[BootSource]
) -> None:
    """Let the configuration try these sources, in this order, and no others.

    Raises INVALID_PARAMETER (no source, one of another configuration), NOT_SUPPORTED (the configuration in
    force: its firmware has read the order already) and as :func:`modify_system` does.
    """
    if configuration.kind is not ConfigurationKind.DEFINED:
        raise ModelError(systems_rows.BOOT_ORDER_READ, configuration.id, configuration=configuration)
    if not sources:
        raise ModelError(systems_rows.NO_BOOT_SOURCE, "sources", configuration=configuration)
    foreign = next((s.id for s in sources if s.configuration_id != configuration.id), None)
    if foreign is not None:
        raise ModelError(systems_rows.FOREIGN_BOOT_SOURCE, foreign, source=foreign, configuration=configuration)
    order = tuple(source.device for source in sources)
    await modify_system(context, actor, SystemSpec(system_id=configuration.system_id, boot_order=order))
