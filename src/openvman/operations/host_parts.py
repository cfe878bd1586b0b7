"""What changes of a host's parts have in common, be they networks, filters or storage pools."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from openvman.model.host import Host
from openvman.model.network import VirtualNetwork
from openvman.model.storage import StoragePool
from openvman.operations.context import Context


@asynccontextmanager
async def configuring(context: Context, parts: str, host_id: str) -> AsyncIterator[Host]:
    """One change of such parts of the host at a time; the host as its hypervisor has it in this turn."""
    async with context.turns.hold([f"{parts} of host {host_id}"]):
        yield await context.fresh_host(host_id)


def differing(there: StoragePool | VirtualNetwork, **asked: bool | None) -> dict[str, bool]:
    """Of the settings asked for (None: it stays), those that the part does not have already."""
    return {name: value for name, value in asked.items() if value is not None and value != getattr(there, name)}


def as_it_is(there: StoragePool | VirtualNetwork, settings: Iterable[str]) -> dict[str, bool]:
    """What the part has of these settings now, to change it back."""
    return {name: getattr(there, name) for name in settings}
