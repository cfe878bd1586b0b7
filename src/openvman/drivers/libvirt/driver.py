"""The driver: the contract's calls, each handed to a worker thread of the connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import libvirt

from openvman.drivers.contract import (
    ConnectionLost,
    ConsoleChunk,
    Event,
    EventSink,
    HostChanged,
    Image,
    Picture,
    Progress,
    SystemChanged,
    VolumesChanged,
)
from openvman.drivers.libvirt import (
    act,
    console,
    embedded,
    filters,
    images,
    modify,
    networks,
    plug,
    storage,
    upload,
    volumes,
)
from openvman.drivers.libvirt.address import Address
from openvman.drivers.libvirt.connection import Connection, after_events
from openvman.drivers.libvirt.events import Subscriptions
from openvman.drivers.libvirt.host import read_host
from openvman.drivers.libvirt.progress import abort_save, is_saving, watching
from openvman.drivers.libvirt.read import Reader
from openvman.drivers.libvirt.standing import standings
from openvman.drivers.libvirt.workers import post
from openvman.messages import hypervisor, hypervisor_storage
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.network import NetworkSpec
from openvman.model.network_filter import FilterReference, NetworkFilterSpec
from openvman.model.spec import Definition, ResourceSpec, SystemSpec
from openvman.model.states import Action
from openvman.model.storage import PoolVolumes, StoragePoolSpec, Volume
from openvman.model.system import ConfigurationKind, VirtualSystem

CHUNK: Final = 50
"""Domains read by one call to a worker: many calls would cost, and one would hold a whole fleet to one deadline."""

LONG: Final = 10
"""Deadlines for what writes or reads a guest's memory, starts it or ends it, as a multiple of the plain one."""


class LibvirtDriver:
    """One libvirt connection and its one host; see :class:`openvman.drivers.contract.Driver`."""

    def __init__(self, address: Address, *, deadline: float) -> None:
        self._address = address
        self._deadline = deadline
        self._connection: Connection | None = None
        self._sink: EventSink | None = None
        self._host: Host | None = None
        self._closing: set[asyncio.Future[None]] = set()
        self._writing = asyncio.Lock()
        """Held while an XML is read, changed and defined again, and while names are looked at before a definition."""

    @property
    def platform(self) -> str:
        return self._address.shown

    async def open(self, sink: EventSink) -> None:
        if self._address.embed_root is not None:
            await asyncio.to_thread(embedded.prepare, self._address.embed_root)
        loop = asyncio.get_running_loop()
        subscriptions = Subscriptions(
            lambda system_id: post(loop, self._tell_system, connection, system_id),
            lambda: post(loop, self._tell_host, connection),
            lambda pool: post(loop, self._tell_volumes, connection, pool),
            lambda fault: post(loop, self._tell, connection, fault),
        )
        connection = Connection(self._address, self._deadline, subscriptions.end)
        await connection.open(lambda reason: self._on_lost(connection, reason))
        self._connection, self._sink = connection, sink
        try:
            await connection.call(subscriptions.begin, "register for events", listening=True)
            await self._read_host()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        connection = self._connection
        self._connection = self._sink = None
        if connection is not None:
            await connection.close()

    async def fence(self) -> None:
        """A daemon sends the events of what is done before the answer to a later call; both are handled in order."""
        connection, loop = self._open, asyncio.get_running_loop()
        await connection.call(lambda raw: raw.getLibVersion(), "ask for the version", listening=True)
        passed = asyncio.Event()
        after_events(lambda: post(loop, passed.set))
        await passed.wait()

    async def load(self) -> Picture:
        connection = self._open
        host, domains = await asyncio.gather(
            self._read_host(), connection.call(standings, "list the virtual systems", deadline=self._deadline * LONG)
        )
        told = await asyncio.gather(*(self.read_volumes(host.id, pool.name) for pool in host.active_storage))
        held = tuple(each for each in told if each is not None)
        reader = Reader(host.id, self._address, (volume for pool in held for volume in pool.volumes))
        rest = iter(domains.items())
        groups = iter(lambda: dict(islice(rest, CHUNK)), {})
        reads = (connection.call(partial(reader.read_all, group), "read virtual systems") for group in groups)
        systems = [system for group in await asyncio.gather(*reads) for system in group]
        return Picture(hosts=(host,), systems=tuple(systems), volumes=held)

    async def autostarting(self, host_id: str) -> frozenset[str]:
        if host_id != self._known.id:
            return frozenset()
        flags = libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART
        domains: list[Any] = await self._open.call(
            lambda raw: raw.listAllDomains(flags), "list the virtual systems that start with the host"
        )
        return frozenset(domain.UUIDString() for domain in domains)

    async def read_host(self, host_id: str) -> Host | None:
        return await self._read_host() if host_id == self._known.id else None

    async def read_system(self, system_id: str) -> VirtualSystem | None:
        def read(raw: Any) -> VirtualSystem | None:
            return Reader(self._known.id, self._address).read(act.lookup(raw, system_id))

        try:
            return await self._open.call(read, f"read virtual system {system_id}", system_id)
        except ModelError as error:
            if error.problem is Problem.NOT_FOUND:
                return None
            raise

    async def define(self, definition: Definition) -> None:
        self._check_host(definition.host_id)
        host = self._known
        await self._write(
            lambda raw: act.define(raw, definition, host.facts, self._address),
            f"define virtual system {definition.name!r}",
            definition.id,
            definition.id,
        )

    async def undefine(self, system_id: str) -> None:
        await self._write(
            lambda raw: act.undefine(raw, system_id, self._address),
            f"undefine virtual system {system_id}",
            system_id,
            system_id,
        )

    async def modify_system(self, system_id: str, spec: SystemSpec) -> None:
        host = self._known
        await self._write(
            lambda raw: modify.modify_system(raw, system_id, spec, host.facts, host.id),
            f"modify virtual system {system_id}",
            system_id,
            system_id,
        )

    async def modify_resource(self, system_id: str, kind: ConfigurationKind, spec: ResourceSpec) -> None:
        facts = self._known.facts
        await self._write(
            lambda raw: modify.modify_resource(raw, system_id, kind, spec, facts),
            f"modify {spec.allocation_id}",
            system_id,
            spec.allocation_id,
            alone=kind is ConfigurationKind.DEFINED,
        )

    async def add_resources(self, system_id: str, kind: ConfigurationKind, specs: Sequence[ResourceSpec]) -> None:
        alone = kind is ConfigurationKind.DEFINED
        doing = f"add devices to virtual system {system_id}"

        def add(raw: Any) -> None:
            if alone:
                plug.add(raw, system_id, specs, self._address.console_logs)
            else:
                plug.plug(raw, system_id, specs)

        await self._write(add, doing, system_id, system_id, alone=alone)

    async def remove_resources(self, system_id: str, kind: ConfigurationKind, allocation_ids: Sequence[str]) -> None:
        alone = kind is ConfigurationKind.DEFINED
        remove = plug.remove if alone else plug.unplug
        doing = f"remove {', '.join(allocation_ids)}"
        await self._write(lambda raw: remove(raw, system_id, allocation_ids), doing, system_id, system_id, alone=alone)

    async def act(self, system_id: str, action: Action, progress: Progress | None = None) -> None:
        connection = self._open
        # Of all that it does at one go, libvirt counts no more than what it saves.
        watched = (
            contextlib.nullcontext()
            if progress is None or action is not Action.SUSPEND
            else watching(connection, system_id, progress)
        )
        async with watched:
            await connection.call(
                lambda raw: act.act(raw, system_id, action),
                f"{action} virtual system {system_id}",
                system_id,
                changes=True,
                deadline=self._deadline * LONG,
            )
        self._tell_own(system_id)

    async def abandon(self, system_id: str, action: Action) -> None:
        if action is Action.SUSPEND:
            await self._open.call(lambda raw: abort_save(raw, system_id), f"end the saving of {system_id}", system_id)

    async def is_saving(self, system_id: str) -> bool:
        return await self._open.call(lambda raw: is_saving(raw, system_id), f"see whether {system_id} is being saved")

    async def read_console(self, system_id: str, port: int, offset: int, limit: int) -> ConsoleChunk:
        folder = self._address.console_logs

        def read(raw: Any) -> ConsoleChunk:
            return console.read(act.console_log(raw, system_id, port, folder), offset, limit)

        return await self._open.call(read, f"read the console of virtual system {system_id}", system_id)

    async def inspect_image(self, host_id: str, path: str) -> Image:
        self._check_images(host_id)
        return await images.inspect(path, self._deadline)

    async def create_image(self, host_id: str, path: str, format: str, capacity: int) -> None:
        self._check_images(host_id)
        await images.create(path, format, capacity, self._deadline)

    async def write_image(self, host_id: str, path: str, content: bytes) -> None:
        if self._is_remote(host_id):
            await self._change_volume(lambda raw: upload.write(raw, path, content), f"write {path}", path)
        else:
            self._check_images(host_id)
            await asyncio.to_thread(images.write, path, content)

    async def delete_image(self, host_id: str, path: str) -> None:
        if self._is_remote(host_id):
            await self._change_volume(lambda raw: upload.delete(raw, path), f"remove {path}", path)
        else:
            self._check_images(host_id)
            await asyncio.to_thread(images.delete, path)

    async def inspect_volume(self, host_id: str, volume: Volume) -> Image:
        self._check_host(host_id)
        told = await self._open.call(
            lambda raw: volumes.inspect(raw, volume), f"look at volume {volume.name}", volume.name
        )
        if not self._sees_files or not told.path.startswith("/"):
            return told
        return await images.inspect(told.path, self._deadline)

    async def create_volume(self, host_id: str, volume: Volume, format: str, capacity: int) -> None:
        doing = f"create volume {volume.name}"
        await self._change(
            host_id, lambda raw: volumes.create(raw, volume, format, capacity), doing, volume.name, pool=volume.pool
        )

    async def delete_volume(self, host_id: str, volume: Volume) -> None:
        doing = f"delete volume {volume.name}"
        await self._change(host_id, lambda raw: volumes.delete(raw, volume), doing, volume.name, pool=volume.pool)

    async def read_volumes(self, host_id: str, pool: str) -> PoolVolumes | None:
        if host_id != self._known.id:
            return None
        return await self._open.call(
            lambda raw: volumes.volumes_in(raw, host_id, pool),
            f"read the volumes of storage pool {pool}",
            pool,
            deadline=self._deadline * LONG,
        )

    async def create_storage_pool(self, host_id: str, pool: StoragePoolSpec) -> None:
        folder = pool.folder
        if folder and pool.type == "dir" and self._sees_files and not await asyncio.to_thread(Path(folder).is_dir):
            raise ModelError(hypervisor_storage.NO_FOLDER, folder, folder=folder)
        doing, name = f"create storage pool {pool.name}", pool.name
        await self._change(host_id, lambda raw: storage.create_pool(raw, pool), doing, name, pool=name)

    async def delete_storage_pool(self, host_id: str, name: str) -> None:
        doing = f"delete storage pool {name}"
        await self._change(host_id, lambda raw: storage.delete_pool(raw, name), doing, name, pool=name)

    async def change_storage_pool(
        self, host_id: str, name: str, *, active: bool | None = None, autostart: bool | None = None
    ) -> None:
        await self._change(
            host_id,
            lambda raw: storage.change_pool(raw, name, active=active, autostart=autostart),
            f"change storage pool {name}",
            name,
            pool=name,
        )

    async def refresh_storage_pool(self, host_id: str, name: str) -> None:
        doing = f"look through storage pool {name}"
        await self._change(host_id, lambda raw: storage.active(raw, name).refresh(0), doing, name, pool=name)

    async def create_network(self, host_id: str, network: NetworkSpec) -> None:
        doing = f"create network {network.name}"
        await self._change(host_id, lambda raw: networks.create(raw, network), doing, network.name)

    async def delete_network(self, host_id: str, uuid: str) -> None:
        await self._change(host_id, lambda raw: networks.delete(raw, uuid), f"delete network {uuid}", uuid)

    async def change_network(
        self, host_id: str, uuid: str, *, active: bool | None = None, autostart: bool | None = None
    ) -> None:
        await self._change(
            host_id,
            lambda raw: networks.change(raw, uuid, active=active, autostart=autostart),
            f"change network {uuid}",
            uuid,
        )

    async def create_filter(self, host_id: str, filter: NetworkFilterSpec) -> None:
        doing = f"create network filter {filter.name}"
        await self._change(host_id, lambda raw: filters.create(raw, filter), doing, filter.name)

    async def delete_filter(self, host_id: str, uuid: str) -> None:
        await self._change(host_id, lambda raw: filters.delete(raw, uuid), f"delete network filter {uuid}", uuid)

    async def add_filter_reference(self, host_id: str, uuid: str, reference: FilterReference) -> None:
        doing = f"add filter {reference.filter} to network filter {uuid}"
        await self._change(host_id, lambda raw: filters.add_reference(raw, uuid, reference), doing, uuid)

    async def remove_filter_reference(self, host_id: str, uuid: str, reference: FilterReference) -> None:
        doing = f"remove filter {reference.filter} from network filter {uuid}"
        await self._change(host_id, lambda raw: filters.remove_reference(raw, uuid, reference), doing, uuid)

    @property
    def _sees_files(self) -> bool:
        """Whether the host's files are this machine's."""
        return self._address.local and self._address.hypervisor != "test"

    @property
    def _open(self) -> Connection:
        if self._connection is None:
            raise self._not_connected()
        return self._connection

    @property
    def _known(self) -> Host:
        if self._connection is None or self._host is None:
            raise self._not_connected()
        return self._host

    def _not_connected(self) -> ModelError:
        return ModelError(hypervisor.NOT_CONNECTED, self.platform, platform=self.platform)

    async def _read_host(self) -> Host:
        # The first look at a host makes its hypervisor look at itself, which takes seconds.
        deadline = self._deadline * LONG
        self._host = await self._open.call(
            lambda raw: read_host(raw, self._address), "read the host", deadline=deadline
        )
        return self._host

    async def _write(
        self, work: Callable[[Any], None], doing: str, system_id: str, subject: str | None, *, alone: bool = True
    ) -> None:
        async with self._writing if alone else contextlib.nullcontext():
            await self._open.call(work, doing, subject, changes=True, deadline=self._deadline * LONG)
        self._tell_own(system_id)

    async def _change(
        self, host_id: str, work: Callable[[Any], object], doing: str, subject: str, *, pool: str | None = None
    ) -> None:
        """A change of the host, or of what one of its storage pools holds: of some, libvirt itself does not tell."""
        self._check_host(host_id)
        async with self._writing:
            connection = self._open
            await connection.call(work, doing, subject, changes=True, deadline=self._deadline * LONG)
        self._tell_host(connection)
        if pool is not None:
            self._tell_volumes(connection, pool)

    def _check_host(self, host_id: str) -> None:
        if host_id != self._known.id:
            raise ModelError(hypervisor.NO_HOST, host_id, host=host_id)

    def _is_remote(self, host_id: str) -> bool:
        """Whether the host's files can be reached by its storage pools alone."""
        self._check_host(host_id)
        return not self._address.local and self._address.hypervisor != "test"

    async def _change_volume(self, work: Callable[[Any], None], doing: str, path: str) -> None:
        await self._open.call(work, doing, path, changes=True, deadline=self._deadline * LONG)

    def _check_images(self, host_id: str) -> None:
        self._check_host(host_id)
        if not self._sees_files:
            raise ModelError(hypervisor_storage.IMAGES_AWAY, host_id, platform=self.platform)

    def _tell(self, connection: Connection, event: Event) -> None:
        """In the loop's thread. An event of an earlier connection, or one that comes after ``close``, is dropped."""
        if self._sink is not None and self._connection is connection:
            self._sink(event)

    def _tell_system(self, connection: Connection, system_id: str) -> None:
        self._tell(connection, SystemChanged(system_id.lower()))

    def _tell_own(self, system_id: str) -> None:
        """Tell of a change made here: libvirt has no event for autostart, defined memory, or saved memory removed."""
        if self._connection is not None:
            self._tell_system(self._connection, system_id)

    def _tell_host(self, connection: Connection) -> None:
        if self._host is not None:
            self._tell(connection, HostChanged(self._host.id))

    def _tell_volumes(self, connection: Connection, pool: str) -> None:
        if self._host is not None:
            self._tell(connection, VolumesChanged(self._host.id, pool))

    def _on_lost(self, connection: Connection, reason: str) -> None:
        if self._connection is not connection:
            return
        sink, self._sink = self._sink, None
        self._connection = None
        closing = asyncio.ensure_future(connection.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        if sink is not None:
            sink(ConnectionLost(f"{self.platform}: {reason}"))
