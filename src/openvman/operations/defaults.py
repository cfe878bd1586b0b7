"""Defaults filled in: from what was asked for to a definition in which every value that matters is set. Pure.

Values come from ``model.defaults`` and from what the host offers. Nothing is judged here: what cannot be filled or
makes no sense is left for ``validate`` to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import count, product
from string import ascii_lowercase
from typing import TypeVar
from uuid import UUID

from openvman.messages import resources as resources_rows
from openvman.messages import systems as systems_rows
from openvman.model import defaults
from openvman.model.allocation import DEFAULT_MODE, DIRECT_MODES, DeviceAllocation, DeviceKind, DiskKind, NicConnection
from openvman.model.capability import usual_amount
from openvman.model.choice import usual_bus, usual_connection, usual_device, usual_network, usual_nic_model
from openvman.model.device_rules import SPICE, VIEWER
from openvman.model.errors import ModelError
from openvman.model.host import Host, HostFacts
from openvman.model.resource import ResourceKind
from openvman.model.spec import (
    Definition,
    DeviceSpec,
    DiskSpec,
    MemorySpec,
    NicSpec,
    ProcessorSpec,
    SerialSpec,
    SystemSpec,
)
from openvman.model.system import BootDevice
from openvman.model.validation import target_prefix
from openvman.operations.specs import Resources
from openvman.operations.tuning import in_parts
from openvman.operations.volumes import placed

T = TypeVar("T")

_ATTEMPTS = 100
"""How many made addresses may collide before the maker is taken to be broken."""


def fill(
    system: SystemSpec,
    resources: Resources,
    host: Host,
    *,
    macs: Container[str],
    named: Callable[[str], bool],
    new_id: Callable[[], str],
    new_mac: Callable[[], str],
) -> Definition:
    """The whole definition. ``macs`` are in use on the host, ``named`` says that a name is."""
    facts = host.facts
    system_id = new_id() if system.system_id is None else normal_id(system.system_id)
    machine = _given(system.machine, next(iter(facts.machines), None))
    has_firmware = not facts.is_for_containers and machine not in facts.kernel_machines
    return Definition(
        id=system_id,
        host_id=host.id,
        name=_new_name(system_id, named) if system.name is None else system.name,
        hypervisor=_given(system.hypervisor, next(iter(facts.hypervisors), "")),
        description=system.description or None,
        autostart=_given(system.autostart, False),
        on_crash=_given(system.on_crash, defaults.ON_CRASH),
        machine=machine,
        boot_order=system.boot_order or (_boot_order(resources) if has_firmware else ()),
        firmware=_given(system.firmware, defaults.FIRMWARE if facts.firmwares and has_firmware else None),
        kernel=system.kernel or None,
        initrd=system.initrd or None,
        command_line=system.command_line or None,
        init=system.init or (defaults.INIT if facts.is_for_containers else None),
        acpi=_given(system.acpi, has_firmware and facts.architecture in defaults.ACPI),
        apic=_given(system.apic, has_firmware and facts.architecture in defaults.APIC),
        pae=_given(system.pae, False),
        processor=_processor(in_parts(resources.processor, host), host),
        memory=_memory(resources.memory, host),
        disks=fill_disks(resources.disks, host),
        nics=fill_nics(resources.nics, host, macs, new_mac),
        console_log=_keeps_console(resources.serials, facts),
        serials=_serials(resources.serials, facts),
        devices=_devices(resources.devices, facts),
    )


def normal_id(text: str) -> str:
    """A UUID as this server writes it. INVALID_PARAMETER for what is none."""
    try:
        uuid = UUID(text)
    except ValueError:
        uuid = UUID(int=0)
    if not uuid.int:
        raise ModelError(systems_rows.NO_UUID, "system_id", id=text[:80])
    return str(uuid)


def normal_mac(text: str) -> str:
    """Six lower-case pairs with colons; text that is no address stays as it is."""
    digits = re.sub("[:.-]", "", text).lower()
    return ":".join(re.findall("..", digits)) if re.fullmatch("[0-9a-f]{12}", digits) else text


def format_of(path: str) -> str:
    """The format of an image by its name: never by its bytes, for those are the guest's to write."""
    found = (known for suffix, known in defaults.FORMAT_OF_SUFFIX.items() if path.lower().endswith(suffix))
    return next(found, defaults.UNKNOWN_FORMAT)


def _new_name(system_id: str, named: Callable[[str], bool]) -> str:
    short = f"vm-{system_id[:8]}"
    return f"vm-{system_id}" if named(short) else short


def _boot_order(resources: Resources) -> tuple[BootDevice, ...]:
    """Disk, CD-ROM, floppy, network: whichever there is."""
    kinds = {disk.kind or DiskKind.DISK for disk in resources.disks}
    order = tuple(device for kind, device in defaults.BOOT_ORDER if kind in kinds)
    return order + ((BootDevice.NETWORK,) if resources.nics else ()) or (BootDevice.DISK,)


def _processor(spec: ProcessorSpec, host: Host) -> ProcessorSpec:
    usual = usual_amount(host, ResourceKind.PROCESSOR, spec.pool)
    count = _within(usual, spec.maximum) if spec.count is None else spec.count
    return replace(spec, count=count, maximum=_given(spec.maximum, count))


def _memory(spec: MemorySpec, host: Host) -> MemorySpec:
    usual = usual_amount(host, ResourceKind.MEMORY, spec.pool)
    size = _within(usual, spec.maximum) if spec.size is None else spec.size
    return replace(spec, size=size, maximum=_given(spec.maximum, size))


def _within(usual: int, maximum: int | None) -> int:
    return usual if maximum is None else min(usual, maximum)


def fill_disks(asked: Iterable[DiskSpec], host: Host, targets: AbstractSet[str] = frozenset()) -> tuple[DiskSpec, ...]:
    """The whole of each disk. ``targets`` are taken, by other disks of the system."""
    asked = tuple(asked)
    taken = {*targets, *(disk.target for disk in asked if disk.target is not None)}
    filled: list[DiskSpec] = []
    for disk in map(placed, asked):
        kind = disk.kind or (DiskKind.FLOPPY if disk.bus == "fdc" else DiskKind.DISK)
        bus = disk.bus if disk.bus is not None else usual_bus(kind, host, disk.target)
        target = disk.target if disk.target is not None else _free_target(bus or "", taken)
        taken.add(target)
        filled.append(
            replace(
                disk,
                kind=kind,
                bus=bus,
                target=target,
                source=disk.source or None,
                read_only=_given(disk.read_only, kind is DiskKind.CDROM),
                shareable=_given(disk.shareable, False),
                cache=_given(disk.cache, DEFAULT_MODE),
                discard=_given(disk.discard, DEFAULT_MODE),
            )
        )
    return tuple(filled)


def _free_target(bus: str, taken: AbstractSet[str]) -> str:
    letters = ("".join(chosen) for length in (1, 2) for chosen in product(ascii_lowercase, repeat=length))
    free = (target for part in letters if (target := target_prefix(bus) + part) not in taken)
    return next(free, "")


def fill_nics(
    asked: Iterable[NicSpec], host: Host, in_use: Container[str], new_mac: Callable[[], str]
) -> tuple[NicSpec, ...]:
    """The whole of each NIC. ``in_use`` are the MAC addresses on the host."""
    asked = tuple(asked)
    macs = [None if nic.mac is None else normal_mac(nic.mac) for nic in asked]
    taken = {mac for mac in macs if mac is not None}
    usual_model = usual_nic_model(host)
    filled: list[NicSpec] = []
    for nic, given in zip(asked, macs, strict=True):
        mac = given
        if mac is None:
            mac = _free_mac(lambda made: made not in taken and made not in in_use, new_mac)
            taken.add(mac)
        filled.append(
            replace(
                connected(nic, host),
                mac=mac,
                model=_given(nic.model, usual_model),
            )
        )
    return tuple(filled)


def connected(nic: NicSpec, host: Host) -> NicSpec:
    """With connection and source: the network named, else the host's default network, else user-mode networking."""
    source = nic.source or None
    if nic.connection is None:
        connection, source = usual_connection(host) if source is None else (NicConnection.NETWORK, source)
        return replace(nic, connection=connection, source=source)
    if nic.connection is NicConnection.NETWORK and source is None:
        networks = host.network_names if host.facts.has_networks else ()
        return replace(nic, source=usual_network(host) or (networks[0] if len(networks) == 1 else None))
    if nic.connection is NicConnection.DIRECT:
        return replace(nic, source=source, mode=_given(nic.mode, DIRECT_MODES[0]))
    return replace(nic, source=source)


def _keeps_console(asked: tuple[SerialSpec, ...], facts: HostFacts) -> bool:
    """Whether port 0 is the console that every system gets, and not one that shall be reached elsewhere."""
    return facts.has_console_log and not any(serial.port == 0 and serial.address is not None for serial in asked)


def _serials(asked: tuple[SerialSpec, ...], facts: HostFacts) -> tuple[SerialSpec, ...]:
    """Each with a port; without port 0 where the kept console is that."""
    if not facts.has_console_log:
        return fill_serials(asked)
    given = [serial.port for serial in asked]
    kept = _keeps_console(asked, facts)
    return fill_serials(
        (s for s in asked if not (kept and s.port == 0 and given.count(0) == 1)), {0} if kept else set()
    )


def fill_serials(asked: Iterable[SerialSpec], taken: AbstractSet[int] = frozenset()) -> tuple[SerialSpec, ...]:
    """Each with a port. ``taken`` are those of other serial ports of the system."""
    asked = tuple(asked)
    taken = {*taken, *(serial.port for serial in asked if serial.port is not None)}
    filled: list[SerialSpec] = []
    for serial in asked:
        port = serial.port if serial.port is not None else next(port for port in count() if port not in taken)
        taken.add(port)
        filled.append(replace(serial, port=port))
    return tuple(filled)


def _devices(asked: tuple[DeviceSpec, ...], facts: HostFacts) -> tuple[DeviceSpec, ...]:
    """Each with what a kind is usually like. Who can see the system from elsewhere gets something to see.

    What a viewer passes on gets graphics for that viewer.
    """
    passed_on = any(usual_device(device, facts).backend == VIEWER for device in asked)
    if passed_on and not any(d.kind is DeviceKind.GRAPHICS and d.type == SPICE for d in asked):
        asked = (*asked, DeviceSpec(kind=DeviceKind.GRAPHICS, type=SPICE))
    if _has(asked, DeviceKind.GRAPHICS) and not _has(asked, DeviceKind.VIDEO):
        asked = (*asked, DeviceSpec(kind=DeviceKind.VIDEO))
    return fill_devices(asked, facts)


def fill_devices(
    asked: Iterable[DeviceSpec], facts: HostFacts, there: Iterable[DeviceAllocation] = ()
) -> tuple[DeviceSpec, ...]:
    """The whole of each device. ``there`` are others of the system."""
    asked = tuple(asked)
    others: tuple[DeviceSpec | DeviceAllocation, ...] = (*asked, *there)
    taken = {(device.bus, device.address) for device in others if device.kind is DeviceKind.CONTROLLER}
    filled: list[DeviceSpec] = []
    for device in asked:
        full = usual_device(device, facts)
        if full.kind is DeviceKind.CONTROLLER and full.address is None:
            full = replace(full, address=next(n for n in map(str, count()) if (full.bus, n) not in taken))
            taken.add((full.bus, full.address))
        filled.append(full)
    return tuple(filled)


def _has(devices: Iterable[DeviceSpec], kind: DeviceKind) -> bool:
    return any(device.kind is kind for device in devices)


def _free_mac(is_free: Callable[[str], bool], new_mac: Callable[[], str]) -> str:
    made = (normal_mac(new_mac()) for _ in range(_ATTEMPTS))
    free = next(filter(is_free, made), None)
    if free is None:
        raise ModelError(resources_rows.NO_FREE_MAC, "mac")
    return free


def _given(value: T | None, default: T) -> T:
    return default if value is None else value
