"""How far a call is that takes long, and its early end: asked of the hypervisor beside it, by another thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import libvirt

from openvman.drivers.contract import Progress
from openvman.drivers.libvirt.act import lookup
from openvman.drivers.libvirt.connection import Connection
from openvman.model.errors import ModelError

ASK_EVERY: Final = 0.5
"""Seconds; what is done sooner costs nothing."""

_UNDER_WAY: Final = frozenset({libvirt.VIR_DOMAIN_JOB_BOUNDED, libvirt.VIR_DOMAIN_JOB_UNBOUNDED})
_NO_JOBS: Final = frozenset({libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_NO_SUPPORT})
"""What a domain answers that is not active, and a hypervisor that saves at once or never."""


@asynccontextmanager
async def watching(connection: Connection, system_id: str, progress: Progress) -> AsyncIterator[None]:
    """Tell ``progress`` how far the domain's job is while the block, which has it done, goes on."""
    watcher = asyncio.create_task(_watch(connection, system_id, progress), name=f"progress of {system_id}")
    try:
        yield
    finally:
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)


async def _watch(connection: Connection, system_id: str, progress: Progress) -> None:
    while True:
        await asyncio.sleep(ASK_EVERY)
        try:
            found = await connection.call(lambda raw: percent(raw, system_id), f"see how far {system_id} is", system_id)
        except ModelError:  # whoever waits for the act itself is told what is wrong
            continue
        if found is not None:
            progress(found)


def percent(connection: Any, system_id: str) -> int | None:
    """How much of the domain's present job is done; None when there is none, or nobody knows. Blocks."""
    told = lookup(connection, system_id).jobStats(0)
    total = told.get(libvirt.VIR_DOMAIN_JOB_DATA_TOTAL, 0)
    if told["type"] not in _UNDER_WAY or not total:
        return None
    left = told.get(libvirt.VIR_DOMAIN_JOB_DATA_REMAINING, total)
    return int(100 * max(0, total - left) // total)


def is_saving(connection: Any, system_id: str) -> bool:
    """Whether the domain's memory is being saved, or has been and the last of it is on its way to the disk. Blocks."""
    domain = lookup(connection, system_id)
    try:
        told = domain.jobStats(0)
    except libvirt.libvirtError as error:
        if error.get_error_code() in _NO_JOBS:
            return False
        raise
    return bool(told.get(libvirt.VIR_DOMAIN_JOB_OPERATION) == libvirt.VIR_DOMAIN_JOB_OPERATION_SAVE)


def abort_save(connection: Any, system_id: str) -> None:
    """End the saving of a domain's memory, and nothing else that it is busy with. Blocks."""
    if is_saving(connection, system_id):
        lookup(connection, system_id).abortJob()
