"""What a change of configurations takes of pools, before it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from openvman.model.host import Host
from openvman.model.pool import Claim, claims_of, held, total
from openvman.model.system import ConfigurationKind, VirtualSystem
from openvman.operations.context import Context
from openvman.operations.validate import label


def pledged(
    context: Context, host: Host, system: VirtualSystem, changed: Mapping[ConfigurationKind, Sequence[Claim]]
) -> AbstractContextManager[None]:
    """What the system will have of the host's pools is its own while this is entered.

    ``changed`` are the configurations that change, each with all that it then asks for. Each must fit an empty pool;
    what of it is taken, and when, says :func:`openvman.model.pool.held`. Raises INSUFFICIENT; NOT_FOUND for a pool
    that was deleted meanwhile.
    """
    named: dict[str, int] = {}
    for claims in changed.values():
        asked = total(claims)
        context.pools.check_fits(host, asked, label(system.name))
        named |= dict.fromkeys(asked, 0)
    after: dict[ConfigurationKind, Sequence[Claim]] = {each.kind: claims_of(each) for each in system.configurations()}
    after.update(changed)
    now, later = (after.get(kind, ()) for kind in (ConfigurationKind.STATE, ConfigurationKind.DEFINED))
    wanted = held(now, later, claims_of(system.saved))
    return context.pools.pledge(system.id, host, named | wanted, label(system.name))
