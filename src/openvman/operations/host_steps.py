"""How to take back one act on a part of a host, as data; see :mod:`openvman.operations.steps`."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any

from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.network_filter import FilterReference
from openvman.model.storage import storage_pool
from openvman.operations.context import Context


async def _if_there(context: Context, host_id: str, call: Awaitable[Any]) -> None:
    """Take a thing away; one that is not there, or no more, is as it should be."""
    try:
        await call
    except ModelError as error:
        if error.problem is not Problem.NOT_FOUND:
            raise
    await context.inventory.refresh_host(host_id)


@dataclass(frozen=True, slots=True)
class DeleteNetwork:
    host_id: str
    uuid: str
    name: str

    @property
    def what(self) -> str:
        return f"delete virtual network {self.name!r}"

    async def run(self, context: Context) -> None:
        driver = context.inventory.driver_of(self.host_id)
        await _if_there(context, self.host_id, driver.delete_network(self.host_id, self.uuid))


@dataclass(frozen=True, slots=True)
class RestoreNetwork:
    """``active`` and ``autostart`` as they were; None: that was not touched."""

    host_id: str
    uuid: str
    name: str
    active: bool | None = None
    autostart: bool | None = None

    @property
    def what(self) -> str:
        return f"change virtual network {self.name!r} back"

    async def run(self, context: Context) -> None:
        driver = context.inventory.driver_of(self.host_id)
        call = driver.change_network(self.host_id, self.uuid, active=self.active, autostart=self.autostart)
        await _if_there(context, self.host_id, call)


@dataclass(frozen=True, slots=True)
class DeleteFilter:
    host_id: str
    uuid: str
    name: str

    @property
    def what(self) -> str:
        return f"delete network filter {self.name!r}"

    async def run(self, context: Context) -> None:
        driver = context.inventory.driver_of(self.host_id)
        await _if_there(context, self.host_id, driver.delete_filter(self.host_id, self.uuid))


@dataclass(frozen=True, slots=True)
class SetReference:
    """``there``: whether the filter shall refer to the other."""

    host_id: str
    uuid: str
    filter: str
    parameters: Sequence[tuple[str, str]]
    there: bool

    @property
    def what(self) -> str:
        return f"{'add the reference' if self.there else 'remove the reference'} to network filter {self.filter!r}"

    async def run(self, context: Context) -> None:
        driver = context.inventory.driver_of(self.host_id)
        reference = FilterReference(self.filter, tuple((name, value) for name, value in self.parameters))
        try:
            if self.there:
                await driver.add_filter_reference(self.host_id, self.uuid, reference)
            else:
                await driver.remove_filter_reference(self.host_id, self.uuid, reference)
        except ModelError as error:
            if error.problem not in {Problem.NOT_FOUND, Problem.ALREADY_EXISTS}:
                raise
        await context.inventory.refresh_host(self.host_id)


@dataclass(frozen=True, slots=True)
class DeleteStoragePool:
    host_id: str
    uuid: str
    name: str

    @property
    def what(self) -> str:
        return f"delete storage pool {self.name!r}"

    async def run(self, context: Context) -> None:
        await context.inventory.refresh_host(self.host_id)
        host = context.inventory.generation.host(self.host_id)
        found = None if host is None else storage_pool(host.storage, self.name)
        if found is None or found.uuid != self.uuid:
            return  # not there, or another's of the same name
        driver = context.inventory.driver_of(self.host_id)
        if found.active:  # what its folder holds was there before it
            await driver.change_storage_pool(self.host_id, self.name, active=False)
        await _if_there(context, self.host_id, driver.delete_storage_pool(self.host_id, self.name))


@dataclass(frozen=True, slots=True)
class RestoreStoragePool:
    """``active`` and ``autostart`` as they were; None: that was not touched."""

    host_id: str
    name: str
    active: bool | None = None
    autostart: bool | None = None

    @property
    def what(self) -> str:
        return f"change storage pool {self.name!r} back"

    async def run(self, context: Context) -> None:
        driver = context.inventory.driver_of(self.host_id)
        call = driver.change_storage_pool(self.host_id, self.name, active=self.active, autostart=self.autostart)
        await _if_there(context, self.host_id, call)


HOST_STEPS = (
    DeleteNetwork,
    RestoreNetwork,
    DeleteFilter,
    SetReference,
    DeleteStoragePool,
    RestoreStoragePool,
)
