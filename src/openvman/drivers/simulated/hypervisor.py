"""The simulated hypervisor: what it holds in memory, and the rules that every change obeys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from openvman.drivers.contract import ConsoleChunk, HostChanged, Image, SystemChanged, VolumesChanged
from openvman.drivers.simulated import networks, storage
from openvman.drivers.simulated.configure import Capacity, activated, configure
from openvman.drivers.simulated.images import Images
from openvman.drivers.simulated.modify import modified, with_settings, with_settings_at_once
from openvman.drivers.simulated.plug import with_added, without
from openvman.messages import hypervisor, hypervisor_storage, simulated
from openvman.model.alert import FaultKind, SystemFault
from openvman.model.allocation import DeviceKind, NicConnection
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.network import NetworkSpec
from openvman.model.network_filter import FilterReference, NetworkFilterSpec
from openvman.model.spec import Definition, ResourceSpec, SystemSpec
from openvman.model.states import TRANSITIONS, Action, State
from openvman.model.storage import PoolVolumes, StoragePoolSpec, Volume
from openvman.model.system import Configuration, ConfigurationKind, VirtualSystem

Told = Callable[[SystemChanged | HostChanged | VolumesChanged | SystemFault], None]


class Hypervisor:
    """Hosts, virtual systems, images and consoles of one platform.

    Its methods act at once and tell ``told`` of every change, whoever asks: the driver, or a test that plays somebody
    at the hypervisor's own console. All raise ModelError as :class:`openvman.drivers.contract.Driver` says.
    """

    def __init__(self, told: Told) -> None:
        self.hosts: dict[str, Host] = {}
        self.systems: dict[str, VirtualSystem] = {}
        self.images = Images()
        self._told = told
        self._ids: dict[tuple[str, str], str] = {}  # host id, name -> system id
        self._consoles: dict[str, bytearray] = {}
        self._boots: defaultdict[str, int] = defaultdict(int)
        self._memory: defaultdict[str, int] = defaultdict(int)  # host id -> bytes in use
        self._writers: defaultdict[tuple[str, str], set[str]] = defaultdict(set)  # by host id and thing

    # Finding

    def names(self, system_id: str) -> tuple[str, ...]:
        """The id and, if there is such a system, its name."""
        system = self.systems.get(system_id)
        return (system_id,) if system is None else (system_id, system.name)

    def host_names(self, host_id: str) -> tuple[str, ...]:
        host = self.hosts.get(host_id)
        return (host_id,) if host is None else (host_id, host.name)

    def boots(self, system_id: str) -> int:
        """How often the system has been activated: tells one activation from the next."""
        return self._boots[system_id]

    def _host(self, host_id: str) -> Host:
        host = self.hosts.get(host_id)
        if host is None:
            raise ModelError(hypervisor.NO_HOST, host_id, host=host_id)
        if not host.online:
            raise ModelError(simulated.HOST_OFFLINE, host_id, host=host.name)
        return host

    def _system(self, system_id: str) -> VirtualSystem:
        system = self.systems.get(system_id)
        if system is None:
            raise ModelError(hypervisor.NO_SYSTEM, system_id, system=system_id)
        self._host(system.host_id)
        return system

    # Hosts

    def add_host(self, host: Host) -> None:
        self._put_host(host)

    def set_online(self, host_id: str, *, online: bool) -> None:
        """A host that the platform's manager loses, or finds again."""
        self.hosts[host_id] = replace(self.hosts[host_id], online=online)
        self._told(HostChanged(host_id))

    # Definitions

    def define(self, definition: Definition) -> None:
        host = self._host(definition.host_id)
        if definition.id in self.systems:
            raise ModelError(hypervisor.SYSTEM_TAKEN, definition.id, system=definition.id)
        self._check_name(host.id, definition.name)
        defined = configure(definition, self._capacity(host.id))
        self._put(
            VirtualSystem(
                id=definition.id,
                host_id=host.id,
                name=definition.name,
                state=State.DEFINED,
                defined=defined,
                current=None,
                description=definition.description,
            )
        )

    def adopt(self, systems: Iterable[VirtualSystem]) -> None:
        """Take over systems as they are, in whatever state: a fleet as it is found."""
        for system in systems:
            if system.state is not State.DEFINED:
                self._boot(system)
            suspended = system.state is State.SUSPENDED
            self._put(replace(system, saved=activated(self._defined(system))) if suspended else system)

    def undefine(self, system_id: str) -> None:
        system = self._system(system_id)
        if system.current is not None:
            raise ModelError(hypervisor.ACTIVE, system_id, system=system_id)
        self._release(system)
        del self.systems[system_id], self._ids[system.host_id, system.name]
        self._consoles.pop(system_id, None)
        self._boots.pop(system_id, None)
        self._told(SystemChanged(system_id))

    def modify_system(self, system_id: str, spec: SystemSpec) -> None:
        system = self._system(system_id)
        defined = self._defined(system)
        if spec.host_id not in (None, system.host_id):
            raise ModelError(hypervisor.BY_MIGRATION_ONLY, "host_id")
        if spec.name not in (None, system.name):
            if system.state is not State.DEFINED:
                raise ModelError(hypervisor.RENAMED_ACTIVE, "name")
            self._check_name(system.host_id, spec.name or "")
        defined = with_settings(defined, spec)
        current, saved = (
            None if each is None else with_settings_at_once(each, spec) for each in (system.current, system.saved)
        )
        self._put(
            replace(
                system,
                name=defined.name,
                description=defined.description,
                defined=defined,
                current=current,
                saved=saved,
            )
        )

    def modify_resource(self, system_id: str, kind: ConfigurationKind, spec: ResourceSpec) -> None:
        system = self._system(system_id)
        capacity = self._capacity(system.host_id)
        if kind is ConfigurationKind.DEFINED:
            self._put(replace(system, defined=modified(self._defined(system), spec, capacity)))
        else:
            current = modified(self._current(system), spec, capacity)
            self._check_room(system, current)
            self._put(replace(system, current=current))

    def add_resources(self, system_id: str, kind: ConfigurationKind, specs: Sequence[ResourceSpec]) -> None:
        system = self._system(system_id)
        capacity = self._capacity(system.host_id)
        if kind is ConfigurationKind.DEFINED:
            self._put(replace(system, defined=with_added(self._defined(system), specs, capacity)))
            return
        before = self._current(system)
        current = with_added(before, specs, capacity)
        new = {a.id for a in current.allocations()} - {a.id for a in before.allocations()}
        self._check_parts(
            system,
            replace(
                current,
                disks=tuple(disk for disk in current.disks if disk.id in new),
                nics=tuple(nic for nic in current.nics if nic.id in new),
                devices=tuple(device for device in current.devices if device.id in new),
            ),
        )
        self._put(replace(system, current=current))

    def remove_resources(self, system_id: str, kind: ConfigurationKind, allocation_ids: Sequence[str]) -> None:
        system = self._system(system_id)
        if kind is ConfigurationKind.DEFINED:
            self._put(replace(system, defined=without(self._defined(system), allocation_ids)))
        else:
            self._put(replace(system, current=without(self._current(system), allocation_ids)))

    # States

    def act(self, system_id: str, action: Action) -> None:
        """Do a transition. SHUT_DOWN and REBOOT only ask: the guest answers through :meth:`react`."""
        system = self._system(system_id)
        if action not in TRANSITIONS[system.state]:
            raise ModelError(hypervisor.WRONG_STATE, system_id, action=action, system=system_id, state=system.state)
        match action:
            case Action.START:
                self._start(system)
            case Action.STOP:
                self._put(replace(system, state=State.DEFINED, current=None, saved=None))
            case Action.SUSPEND:
                assert system.current is not None
                self._put(replace(system, state=State.SUSPENDED, current=None, saved=system.current))
            case Action.PAUSE:
                self._put(replace(system, state=State.PAUSED))
            case Action.RESET:
                self._boot(system)
                self._put(replace(system, state=State.ACTIVE))
            case Action.SHUT_DOWN | Action.REBOOT:
                pass

    def react(self, system_id: str, action: Action, boots: int) -> None:
        """The guest does what it was asked for, unless it is not the same activation any more."""
        system = self.systems.get(system_id)
        if system is None or system.state is not State.ACTIVE or self._boots[system_id] != boots:
            return
        if action is Action.SHUT_DOWN:
            self._put(replace(system, state=State.DEFINED, current=None))
        else:
            self._boot(system)
            self._told(SystemChanged(system_id))

    def crash(self, system_id: str, boots: int | None = None) -> None:
        """The guest panics and is gone, unless it is not active, or (``boots``) not the same activation any more."""
        system = self.systems.get(system_id)
        if system is None or system.state is not State.ACTIVE or boots not in (None, self._boots[system_id]):
            return
        self._put(replace(system, state=State.DEFINED, current=None))
        self._told(SystemFault(system_id, system.name, FaultKind.CRASHED))

    def fail_device(self, system_id: str, detail: str) -> None:
        """A device of the guest cannot read or write."""
        system = self.systems.get(system_id)
        if system is not None:
            self._told(SystemFault(system_id, system.name, FaultKind.IO_ERROR, detail))

    def _start(self, system: VirtualSystem) -> None:
        if system.state is State.PAUSED:
            self._put(replace(system, state=State.ACTIVE))
            return
        current = system.saved or activated(self._defined(system))
        self._check_room(system, current)
        self._check_parts(system, current)
        if system.saved is None:
            self._boot(system)
        self._put(replace(system, state=State.ACTIVE, current=current, saved=None))

    def _boot(self, system: VirtualSystem) -> None:
        self._boots[system.id] += 1
        self._consoles.setdefault(system.id, bytearray()).extend(f"openvman simulated guest {system.name}\r\n".encode())

    # Images and consoles

    def inspect_image(self, host_id: str, path: str) -> Image:
        found = self.images.find(self._host(host_id).id, path)
        if found is None:
            raise ModelError(hypervisor_storage.NO_IMAGE, path, path=path)
        return found

    def create_image(self, host_id: str, path: str, format: str, capacity: int) -> None:
        self.images.add(self._host(host_id).id, path, format, capacity)

    def write_image(self, host_id: str, path: str, content: bytes) -> None:
        self.images.write(self._host(host_id).id, path, content)

    def delete_image(self, host_id: str, path: str) -> None:
        self.images.remove(self._host(host_id).id, path)

    def inspect_volume(self, host_id: str, volume: Volume) -> Image:
        return storage.needed(self.images, self._host(host_id), volume)

    def create_volume(self, host_id: str, volume: Volume, format: str, capacity: int) -> None:
        self._put_host(storage.with_volume(self.images, self._host(host_id), volume, format, capacity), volume.pool)

    def delete_volume(self, host_id: str, volume: Volume) -> None:
        self._put_host(storage.without_volume(self.images, self._host(host_id), volume), volume.pool)

    def read_volumes(self, host_id: str, pool: str) -> PoolVolumes | None:
        host = self.hosts.get(host_id)
        return None if host is None else storage.volumes_in(self.images, host, pool)

    def volumes(self) -> Iterator[PoolVolumes]:
        """Those of every active storage pool."""
        found = (self.read_volumes(host.id, pool.name) for host in self.hosts.values() for pool in host.storage)
        return (each for each in found if each is not None)

    def create_storage_pool(self, host_id: str, pool: StoragePoolSpec) -> None:
        self._put_host(storage.with_pool(self._host(host_id), pool), pool.name)

    def delete_storage_pool(self, host_id: str, name: str) -> None:
        self._put_host(storage.without_pool(self.images, self._host(host_id), name), name)

    def change_storage_pool(self, host_id: str, name: str, active: bool | None, autostart: bool | None) -> None:
        host = self._host(host_id)
        self._put_host(storage.with_changed_pool(self.images, host, name, active=active, autostart=autostart), name)

    def refresh_storage_pool(self, host_id: str, name: str) -> None:
        self._put_host(storage.looked_through(self._host(host_id), name), name)

    # Networks and filters

    def create_network(self, host_id: str, network: NetworkSpec) -> None:
        self._put_host(networks.with_network(self._host(host_id), network))

    def delete_network(self, host_id: str, uuid: str) -> None:
        self._put_host(networks.without_network(self._host(host_id), uuid))

    def change_network(self, host_id: str, uuid: str, active: bool | None, autostart: bool | None) -> None:
        host = self._host(host_id)
        self._put_host(networks.with_changed_network(host, uuid, active=active, autostart=autostart))

    def create_filter(self, host_id: str, filter: NetworkFilterSpec) -> None:
        self._put_host(networks.with_filter(self._host(host_id), filter))

    def delete_filter(self, host_id: str, uuid: str) -> None:
        systems = (system for system in self.systems.values() if system.host_id == host_id)
        self._put_host(networks.without_filter(self._host(host_id), uuid, systems))

    def add_filter_reference(self, host_id: str, uuid: str, reference: FilterReference) -> None:
        self._put_host(networks.with_reference(self._host(host_id), uuid, reference))

    def remove_filter_reference(self, host_id: str, uuid: str, reference: FilterReference) -> None:
        self._put_host(networks.without_reference(self._host(host_id), uuid, reference))

    def read_console(self, system_id: str, port: int, offset: int, limit: int) -> ConsoleChunk:
        system = self._system(system_id)
        serial = next((s for s in system.effective.serials if s.port == port), None)
        if serial is None:
            raise ModelError(hypervisor.NO_SERIAL_PORT, f"serial:{port}", system=system_id, port=port)
        if not serial.has_log:
            raise ModelError(hypervisor.LOG_NOT_KEPT, f"serial:{port}", port=port, system=system_id)
        if offset < 0 or limit < 0:
            raise ModelError(hypervisor.CONSOLE_RANGE, "offset")
        text = self._consoles.get(system_id, bytearray())
        return ConsoleChunk(bytes(text[offset : offset + limit]), offset, len(text))

    # Rules

    def _capacity(self, host_id: str) -> Capacity:
        """The virtual size of what a disk's source means; None if there is none."""

        def look(source: str) -> int | None:
            found = storage.find(self.images, self.hosts[host_id], source)
            return None if found is None else found.capacity

        return look

    def _put_host(self, host: Host, pool: str | None = None) -> None:
        """``pool``: what that storage pool holds may have changed too."""
        self.hosts[host.id] = host
        self._told(HostChanged(host.id))
        if pool is not None:
            self._told(VolumesChanged(host.id, pool))

    def _defined(self, system: VirtualSystem) -> Configuration:
        if system.defined is None:
            raise ModelError(hypervisor.TRANSIENT, system.id, system=system.id)
        return system.defined

    def _current(self, system: VirtualSystem) -> Configuration:
        if system.current is None:
            raise ModelError(hypervisor.NOT_ACTIVE, system.id, system=system.id)
        return system.current

    def _check_name(self, host_id: str, name: str) -> None:
        if (host_id, name) in self._ids:
            raise ModelError(hypervisor.SYSTEM_TAKEN, name, system=name)

    def _check_room(self, system: VirtualSystem, wanted: Configuration) -> None:
        host = self.hosts[system.host_id]
        mine = 0 if system.current is None else system.current.memory.size
        free = host.memory - self._memory[host.id] + mine
        if wanted.memory.size > free:
            raise ModelError(
                simulated.NO_ROOM,
                system.id,
                host=host.name,
                left=free >> 20,
                system=system.name,
                wanted=wanted.memory.size >> 20,
            )

    def _check_parts(self, system: VirtualSystem, wanted: Configuration) -> None:
        """What the configuration names must be there when the system is activated."""
        host = self.hosts[system.host_id]
        for disk in wanted.disks:
            if disk.source is None:
                continue
            if storage.find(self.images, host, disk.source) is None:
                raise ModelError(simulated.NOT_THERE, system.id, system=system.name, source=disk.source)
        for thing in _held(wanted):
            if self._writers[host.id, thing]:
                raise ModelError(simulated.HELD, system.id, thing=thing)
        for nic in wanted.nics:
            if nic.connection is NicConnection.NETWORK and nic.source not in host.network_names:
                raise ModelError(simulated.NO_NETWORK, system.id, host=host.name, network=nic.source)
            if nic.filter is not None and nic.filter not in host.filter_names:
                raise ModelError(simulated.NO_FILTER, system.id, host=host.name, filter=nic.filter)

    def _put(self, system: VirtualSystem) -> None:
        """The one place where a system changes: books what it uses, and tells."""
        before = self.systems.get(system.id)
        if before is not None:
            self._release(before)
            del self._ids[before.host_id, before.name]
        if system.current is not None:
            self._memory[system.host_id] += system.current.memory.size
            for thing in _held(system.current):
                self._writers[system.host_id, thing].add(system.id)
        self.systems[system.id] = system
        self._ids[system.host_id, system.name] = system.id
        self._told(SystemChanged(system.id))

    def _release(self, system: VirtualSystem) -> None:
        if system.current is not None:
            self._memory[system.host_id] -= system.current.memory.size
            for thing in _held(system.current):
                self._writers[system.host_id, thing].discard(system.id)


def _held(configuration: Configuration) -> list[str]:
    """The images and devices of the host that nobody else may use meanwhile."""
    written = [d.source for d in configuration.disks if d.source is not None and not d.read_only and not d.shareable]
    passed = (device for device in configuration.devices if device.kind is DeviceKind.HOST_DEVICE)
    return written + [f"{device.type} device {device.source}" for device in passed]
