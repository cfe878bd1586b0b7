"""What a change of a configuration takes of pools, before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from openvman.model.host import Host
from openvman.model.pool import HELD_AT_ALL_TIMES, pool_in, pools_of
from openvman.model.system import Configuration, VirtualSystem
from openvman.operations.context import Context
from openvman.operations.validate import label


def pledged(
    context: Context, host: Host, system: VirtualSystem, configuration: Configuration, wanted: Mapping[str, int]
) -> AbstractContextManager[None]:
    """``wanted`` of the host's pools (by name) is the system's own while this is entered.

    Of a configuration that is not in force, it must fit an empty pool and takes nothing; of an inactive system, only
    what is held at all times is taken. Raises INSUFFICIENT; NOT_FOUND for a pool that was deleted meanwhile.
    """
    context.pools.check_fits(host, wanted, label(system.name))
    if configuration is not system.effective:
        wanted = dict.fromkeys(wanted, 0)
    elif system.current is None:
        kinds = {pool.name: pool.kind for pool in pools_of(host, lambda _: 0)}
        wanted = {name: much if kinds.get(pool_in(name)) in HELD_AT_ALL_TIMES else 0 for name, much in wanted.items()}
    return context.pools.pledge(system.id, host, wanted, label(system.name))
