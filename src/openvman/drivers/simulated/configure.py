"""Configurations of simulated systems: made from a definition, copied at activation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable
from dataclasses import replace
from typing import Any, Final, TypeVar
from uuid import UUID, uuid5

from openvman.messages import hypervisor, hypervisor_devices, simulated
from openvman.model.allocation import (
    NO_DEVICE,
    OF_DIRECT,
    Affinity,
    Allocation,
    DeviceAllocation,
    DeviceKind,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    NicConnection,
    ProcessorAllocation,
    SerialAllocation,
    device_local_id,
)
from openvman.model.device_tuning_rules import DISK_TUNING, NIC_TUNING
from openvman.model.endpoint import format_endpoint, parse_endpoint
from openvman.model.errors import ModelError
from openvman.model.host import HostFacts
from openvman.model.spec import DEVICE_SETTINGS, Definition, DeviceSpec, DiskSpec, NicSpec, SerialSpec
from openvman.model.storage import resource_pool_name, volume_in
from openvman.model.system import Configuration, ConfigurationKind, Firmware

HYPERVISOR: Final = "simulated"

FACTS: Final = HostFacts(
    hypervisors=(HYPERVISOR,),
    architecture="x86_64",
    machines=("q35", "pc"),
    maximum_processors=288,
    disk_buses=("virtio", "scsi", "sata", "ide", "usb", "fdc"),
    nic_models=("virtio", "e1000", "e1000e", "rtl8139"),
    firmwares=(Firmware.BIOS, Firmware.UEFI),
    nic_connections=(
        NicConnection.NETWORK,
        NicConnection.BRIDGE,
        NicConnection.USER,
        NicConnection.DIRECT,
        NicConnection.ETHERNET,
    ),
    disk_caches=("none", "writethrough", "writeback", "directsync", "unsafe"),
    disk_discards=("unmap", "ignore"),
    has_disk_limits=True,
    has_filters=True,
    has_nic_filters=True,
    device_types={
        DeviceKind.CONSOLE: ("virtio",),
        DeviceKind.GRAPHICS: ("vnc", "spice"),
        DeviceKind.VIDEO: ("virtio", "qxl", "vga", "cirrus", NO_DEVICE),
        DeviceKind.TPM: ("tpm-crb", "tpm-tis"),
    },
    weights=(1, 10_000),
    can_limit_processors=True,
    can_limit_memory=True,
    affinities=(Affinity.NONE, Affinity.DEDICATED, Affinity.HARD),
    page_sizes=(2 << 20, 1 << 30),
)
"""What every simulated host can do."""

_NAMED: Final = (NicConnection.NETWORK, NicConnection.BRIDGE, NicConnection.DIRECT)
"""Connections that need the name of what they lead to."""

Capacity = Callable[[str], int | None]
"""The virtual size of the image at a path; None if there is none."""

_FIRST_DISPLAY: Final = 5900

T = TypeVar("T")
S = TypeVar("S", DiskAllocation, NicAllocation, DeviceAllocation)
A = TypeVar("A", bound=Allocation)


def configure(definition: Definition, capacity: Capacity) -> Configuration:
    """The defined configuration. Raises ModelError INVALID_PARAMETER or NOT_SUPPORTED; see :func:`check`."""
    configuration_id = f"{definition.id}/{ConfigurationKind.DEFINED}"
    owned = owner(configuration_id, definition.id, definition.host_id)
    disks = tuple(disk(owned, spec, capacity) for spec in definition.disks)

    numbers: Counter[DeviceKind | None] = Counter()

    def numbered(spec: DeviceSpec) -> DeviceAllocation:
        numbers[spec.kind] += 1
        return device(owned, spec, numbers[spec.kind] - 1)

    console = (SerialSpec(port=0),) if definition.console_log else ()
    processors = needed(definition.processor.count, "count", "the processors")
    memory = needed(definition.memory.size, "size", "the memory")
    made = Configuration(
        id=configuration_id,
        system_id=definition.id,
        host_id=definition.host_id,
        kind=ConfigurationKind.DEFINED,
        name=definition.name,
        hypervisor=definition.hypervisor,
        description=definition.description,
        autostart=definition.autostart,
        on_crash=definition.on_crash,
        architecture=FACTS.architecture,
        machine=definition.machine or FACTS.machines[0],
        boot_order=definition.boot_order,
        firmware=definition.firmware,
        kernel=definition.kernel,
        initrd=definition.initrd,
        command_line=definition.command_line,
        acpi=definition.acpi,
        apic=definition.apic,
        pae=definition.pae,
        processor=ProcessorAllocation(
            **owned("processor"),
            count=processors,
            maximum=definition.processor.maximum or processors,
            weight=definition.processor.weight or None,
            limit=definition.processor.limit or None,
            reservation=definition.processor.reservation or None,
            affinity=definition.processor.affinity or Affinity.NONE,
            processors=definition.processor.processors or (),
            architecture=FACTS.architecture,
        ),
        memory=MemoryAllocation(
            **owned("memory"),
            size=memory,
            maximum=definition.memory.maximum or memory,
            limit=definition.memory.limit or None,
            reservation=definition.memory.reservation or None,
            page_size=definition.memory.page_size or None,
        ),
        disks=disks,
        nics=tuple(
            nic(owned, spec, spec.mac or own_mac(definition.id, number)) for number, spec in enumerate(definition.nics)
        ),
        serials=tuple(serial(owned, spec) for spec in (*console, *definition.serials)),
        devices=tuple(numbered(spec) for spec in definition.devices),
        boot_disk=boot_disk(disks),
    )
    made = _seated(made)
    check(made)
    return made


def _seated(made: Configuration) -> Configuration:
    """With disks and devices on the first controller of their bus, one place after the other."""
    controllers = {d.bus: d.local_id for d in reversed(made.devices) if d.kind is DeviceKind.CONTROLLER}
    places: Counter[str] = Counter()

    def on(allocation: S, bus: str | None) -> S:
        parent = controllers.get(bus)
        if parent is None or parent == allocation.local_id:
            return allocation
        places[parent] += 1
        return replace(allocation, parent=parent, place=str(places[parent]))

    return replace(
        made,
        disks=tuple(on(disk, disk.bus) for disk in made.disks),
        nics=tuple(on(nic, "pci") for nic in made.nics),
        devices=tuple(
            on(device, "pci" if device.kind is DeviceKind.CONTROLLER else device.bus) for device in made.devices
        ),
    )


Owned = Callable[[str], dict[str, Any]]
"""What an allocation with this local id has of its owner."""


def owner(configuration_id: str, system_id: str, host_id: str) -> Owned:
    return lambda local_id: {
        "id": f"{configuration_id}/{local_id}",
        "system_id": system_id,
        "configuration_id": configuration_id,
        "host_id": host_id,
    }


def disk(owned: Owned, spec: DiskSpec, capacity: Capacity) -> DiskAllocation:
    """The disk that a spec says all of."""
    target = needed(spec.target, "target", "a disk")
    source = spec.source or None
    kind = needed(spec.kind, "kind", "a disk")
    return DiskAllocation(
        **owned(f"disk:{target}"),
        pool=native_pool(kind, source),
        target=target,
        kind=kind,
        bus=needed(spec.bus, "bus", "a disk"),
        source=source,
        format=spec.format,
        capacity=None if source is None else capacity(source),
        read_only=bool(spec.read_only),
        shareable=bool(spec.shareable),
        **_said(spec, DISK_TUNING),
    )


def native_pool(kind: DiskKind, source: str | None) -> str | None:
    """The resource pool that a disk is from as its source says; None where that is no volume."""
    volume = volume_in(source)
    return None if volume is None or kind is not DiskKind.DISK else resource_pool_name(volume.pool)


def nic(owned: Owned, spec: NicSpec, mac: str) -> NicAllocation:
    """The NIC that a spec says all of."""
    return NicAllocation(
        **owned(f"nic:{mac}"),
        mac=mac,
        model=spec.model,
        connection=needed(spec.connection, "connection", "a NIC"),
        source=spec.source or None,
        filter=spec.filter or None,
        target=spec.target,
        **{name: getattr(spec, name) for name in OF_DIRECT},
        **_said(spec, NIC_TUNING),
    )


def serial(owned: Owned, spec: SerialSpec) -> SerialAllocation:
    """The serial port that a spec says all of."""
    port = needed(spec.port, "port", "a serial port")
    return SerialAllocation(**owned(f"serial:{port}"), port=port, has_log=True, address=spec.address)


def device(owned: Owned, spec: DeviceSpec, number: int) -> DeviceAllocation:
    """The device that a spec says all of, the ``number``-th of its kind."""
    kind = needed(spec.kind, "kind", "a device")
    said: dict[str, Any] = {name: getattr(spec, name) for name in DEVICE_SETTINGS}
    flags = {"read_only": bool(spec.read_only), "has_password": bool(spec.has_password)}
    local = device_local_id(kind, number, type=spec.type, bus=spec.bus, address=spec.address, source=spec.source)
    return DeviceAllocation(**{**said, **owned(local), **flags})


def _said(spec: DiskSpec | NicSpec, names: Iterable[str]) -> dict[str, Any]:
    """What the spec says of these settings; the rest is as usual."""
    values = {name: getattr(spec, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def boot_disk(disks: Iterable[DiskAllocation]) -> str | None:
    """The first disk, else the first CD-ROM drive."""
    order = (DiskKind.DISK, DiskKind.CDROM)
    bootable = [disk for disk in disks if disk.kind in order]
    return min(bootable, key=lambda disk: order.index(disk.kind)).target if bootable else None


def own_mac(system_id: str, number: int) -> str:
    """The address that the hypervisor gives to a NIC defined without one."""
    tail = uuid5(UUID(system_id), f"nic {number}").bytes[:3]
    return "52:54:00:" + tail.hex(":")


def activated(defined: Configuration) -> Configuration:
    """The configuration of the system that is activated from ``defined``."""
    kind = ConfigurationKind.STATE
    configuration_id = f"{defined.system_id}/{kind}"

    def moved(allocation: A) -> A:
        return replace(allocation, id=f"{configuration_id}/{allocation.local_id}", configuration_id=configuration_id)

    return replace(
        defined,
        id=configuration_id,
        kind=kind,
        processor=moved(defined.processor),
        memory=moved(defined.memory),
        disks=tuple(moved(disk) for disk in defined.disks),
        nics=tuple(
            replace(moved(nic), target=nic.target or f"sim-{defined.system_id[:6]}-{number}")
            for number, nic in enumerate(defined.nics)
        ),
        serials=tuple(moved(port) for port in defined.serials),
        devices=tuple(_listening(moved(device), number) for number, device in enumerate(defined.devices)),
    )


def _listening(device: DeviceAllocation, number: int) -> DeviceAllocation:
    """Graphics without a port get one when they begin to listen."""
    if device.kind is not DeviceKind.GRAPHICS or device.address is None:
        return device
    listen, port = parse_endpoint(device.address)
    return replace(device, address=format_endpoint(listen, port or _FIRST_DISPLAY + number))


def check(made: Configuration) -> None:
    """Refuse what no activation could use, as a real hypervisor does when it is defined."""
    for name in ("name", "hypervisor", "machine"):
        check_setting(name, getattr(made, name))
    for allocation in made.allocations():
        check_allocation(allocation, ("bus", "model", "connection", "type"))
    check_once(made)


def check_setting(name: str, value: Any) -> None:
    """Refuse a value of one setting of the system."""
    match name:
        case "name" if not value or "/" in value:
            raise ModelError(hypervisor.NAME, name)
        case "name" if not value.isprintable():
            raise ModelError(hypervisor.UNPRINTABLE, name, setting=name)
        case "hypervisor" if value not in FACTS.hypervisors:
            raise ModelError(hypervisor.OTHER_HYPERVISOR, name, hypervisors=FACTS.hypervisors, asked=value)
        case "machine":
            _check_offered("machine type", value, FACTS.machines, name)


def check_allocation(allocation: Allocation, given: Container[str]) -> None:
    """Refuse an allocation for what was ``given``; what stood there before stays, understood or not."""
    match allocation:
        case ProcessorAllocation():
            _check_processors(allocation)
        case MemoryAllocation(size=size, maximum=maximum):
            if not 0 < size <= maximum:
                raise ModelError(hypervisor_devices.MEMORY_SIZE, "memory", size=size, maximum=maximum)
        case DiskAllocation(bus=bus):
            if "bus" in given:
                _check_offered("disk bus", bus, FACTS.disk_buses, "bus")
        case NicAllocation(model=model, connection=connection, source=source):
            if "model" in given and model is not None:
                _check_offered("NIC model", model, FACTS.nic_models, "model")
            if "connection" in given and source is None and connection in _NAMED:
                raise ModelError(hypervisor_devices.NIC_SOURCE, "source", connection=connection)
        case DeviceAllocation(kind=kind, type=type):
            offered = FACTS.device_types.get(kind)
            if "type" in given and offered is not None:
                _check_offered(f"{kind} device of type", type, offered, "type")


def _check_offered(what: str, value: str | None, offered: Collection[str], setting: str) -> None:
    if value not in offered:
        raise ModelError(simulated.NOT_OFFERED, setting, what=what, value=value, offered=tuple(offered))


def _check_processors(asked: ProcessorAllocation) -> None:
    count, maximum, most = asked.count, asked.maximum, FACTS.maximum_processors
    if not 1 <= count <= maximum:
        raise ModelError(hypervisor_devices.PROCESSOR_COUNT, "processor", count=count, maximum=maximum)
    if maximum > most:
        raise ModelError(simulated.PROCESSOR_MAXIMUM, "processor", most=most, maximum=maximum)
    if asked.affinity not in FACTS.affinities:
        raise ModelError(hypervisor_devices.NO_AFFINITY, "affinity", affinity=asked.affinity)
    given = len(asked.processors)
    if asked.affinity is Affinity.DEDICATED and given != maximum:
        raise ModelError(hypervisor_devices.DEDICATED_COUNT, "processors", count=given, maximum=maximum)


def check_once(made: Configuration) -> None:
    """Refuse two devices at one place."""
    _check_once((disk.target for disk in made.disks), "target of a disk")
    _check_once((nic.mac for nic in made.nics), "address of a NIC")
    _check_once((device.local_id for device in made.devices), "name of a device")


def _check_once(values: Iterable[str], what: str) -> None:
    twice = [value for value, times in Counter(values).items() if times > 1]
    if twice:
        raise ModelError(simulated.TWICE, what, value=twice[0], what=what)


def needed(value: T | None, setting: str, part: str) -> T:
    """The value; INVALID_PARAMETER when the caller left it out (a driver fills nothing in)."""
    if value is None:
        raise ModelError(hypervisor.LACKING, setting, setting=setting, part=part)
    return value
