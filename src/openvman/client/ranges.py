"""The ranges that a host tells of its pools (DSP1043), held against a description before it is sent."""

from __future__ import annotations

from openvman.client import records
from openvman.client.capabilities import Capability
from openvman.client.description import Description
from openvman.client.errors import ClientError, Reason
from openvman.client.pools import Pools
from openvman.client.records import Host
from openvman.client.units import bytes_per_unit, format_size

_KINDS = {records.PROCESSOR: "processor", records.MEMORY: "memory", records.DISK: "disk"}


def check_ranges(description: Description, pools: Pools, host: Host) -> None:
    """ClientError REFUSED for a quantity out of its pool's range. What has no range is the server's to judge."""
    asked = [(each, _KINDS.get(int(each.get("ResourceType") or 0))) for each in description.resources]
    asked = [(each, kind) for each, kind in asked if kind is not None and each.get("VirtualQuantity") is not None]
    if not asked:
        return
    ranges = {capability.pool: capability for capability in pools.capabilities(host)}
    for each, kind in asked:
        found = ranges.get(str(each.get("PoolID") or kind))
        quantity = int(each["VirtualQuantity"]) * (bytes_per_unit(each.get("VirtualQuantityUnits")) or 1)
        if found is not None:
            _check(found, quantity, host)


def _check(capability: Capability, quantity: int, host: Host) -> None:
    low, high = capability.points.get("minimum"), capability.points.get("maximum")
    if (low is None or quantity >= low) and (high is None or quantity <= high):
        return

    def said(value: int | None) -> str:
        return "any" if value is None else format_size(value) if capability.in_bytes else str(value)

    raise ClientError(
        Reason.REFUSED,
        f"{said(quantity)} of {capability.kind}: pool '{capability.pool}' of host {host.name} gives {said(low)} to "
        f"{said(high)}. See: vman vm capabilities",
    )
