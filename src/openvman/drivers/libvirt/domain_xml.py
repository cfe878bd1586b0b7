"""Domain XML from values. Every string goes through lxml, so none can be more than a text or an attribute."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from lxml import etree

from openvman.drivers.libvirt import boot, device_tuning, direct, serial_ports, tuning, xml
from openvman.drivers.libvirt import devices as device_xml
from openvman.drivers.libvirt.abilities import abilities_of
from openvman.drivers.libvirt.console import log_path
from openvman.drivers.libvirt.xml import Element, Node
from openvman.messages import hypervisor, hypervisor_devices
from openvman.model.allocation import NO_DEVICE, DeviceKind, DiskKind, NicConnection
from openvman.model.errors import ModelError
from openvman.model.spec import Definition, DeviceSpec, DiskSpec, NicSpec, ResourceSpec, SerialSpec, SystemSpec
from openvman.model.storage import volume_in

T = TypeVar("T")

KIB: Final = 1024
_TARGET_PREFIX: Final[dict[str, str]] = {
    "virtio": "vd",
    "scsi": "sd",
    "sata": "sd",
    "usb": "sd",
    "ide": "hd",
    "fdc": "fd",
    "xen": "xvd",
}
FEATURES: Final = ("acpi", "apic", "pae")
"""Features of machines that a definition may speak of."""

_PROCESSOR_MODES: Final = {"kvm": "host-passthrough", "qemu": "maximum"}
"""The best processor there is. Without a word QEMU shows one of 2003, which current guests refuse to run on."""


def build(definition: Definition, *, architecture: str, machine: str | None, console_logs: Path | None) -> Element:
    """The ``<domain>`` that ``definition`` asks for. Raises INVALID_PARAMETER naming the setting at fault.

    ``machine`` is the machine type where the definition has none; ``console_logs`` the folder for the console's log.
    """
    root = head(definition)
    _platform(root, definition, architecture, definition.machine or machine)
    tuning.put_processor(root, definition.processor, definition.processor.maximum or definition.processor.count or 1)
    tuning.put_memory(root, definition.memory)
    devices = etree.SubElement(root, "devices")
    taken = {disk.target for disk in definition.disks if disk.target}
    for disk in definition.disks:
        target = disk.target or _next_target(disk, taken)
        taken.add(target)
        add_disk(devices, disk, target)
    for nic in definition.nics:
        add_nic(devices, nic)
    _serials(devices, definition, console_logs)
    devices.extend(device_xml.build(spec, clean) for spec in _devices(definition))
    share_memory(root, definition.devices)
    return root


def head(definition: Definition) -> Element:
    """What every ``<domain>`` begins with."""
    root = etree.Element("domain", type=clean(definition.hypervisor, "hypervisor"))
    _child(root, "name", clean_name(definition.name))
    _child(root, "uuid", clean(definition.id, "id"))
    if definition.description:
        _child(root, "description", clean(definition.description, "description", lines=True))
    _memory(root, definition)
    _processors(root, definition)
    return root


def reactions(root: Element, definition: Definition) -> None:
    """The clock, and what is done when the guest ends."""
    etree.SubElement(root, "clock", offset="utc")
    _child(root, "on_poweroff", "destroy")
    _child(root, "on_reboot", "restart")
    _child(root, "on_crash", definition.on_crash.value)


def share_memory(root: Element, specs: Iterable[ResourceSpec]) -> None:
    """Let the daemon of a file system by virtiofs read the guest's memory, where one is among the ``specs``."""
    if not any(isinstance(spec, DeviceSpec) and spec.backend == "virtiofs" for spec in specs):
        return
    backing = root.find("memoryBacking")
    if backing is None:
        backing = etree.SubElement(root, "memoryBacking")
    for name, attribute, value in (("source", "type", "memfd"), ("access", "mode", "shared")):
        if backing.find(name) is None:
            etree.SubElement(backing, name, {attribute: value})


SCSI_CONTROLLER: Final = DeviceSpec(kind=DeviceKind.CONTROLLER, bus="scsi", address="0", type="virtio-scsi")
"""What QEMU gets where no other is asked for: the default of old machine types, lsilogic, is slow and not in each."""


def _devices(definition: Definition) -> Iterator[DeviceSpec]:
    """Those asked for; without a word on graphics there is nothing to see, and a memory balloon there always is."""
    has_qemu = definition.hypervisor in {"kvm", "qemu"}
    kinds = {spec.kind for spec in definition.devices}
    buses = {spec.bus for spec in definition.devices if spec.kind is DeviceKind.CONTROLLER}
    if has_qemu and "scsi" not in buses and any(disk.bus == "scsi" for disk in definition.disks):
        yield SCSI_CONTROLLER
    yield from definition.devices
    if has_qemu and kinds.isdisjoint({DeviceKind.GRAPHICS, DeviceKind.VIDEO}):
        yield DeviceSpec(kind=DeviceKind.VIDEO, type=NO_DEVICE)
    if DeviceKind.BALLOON not in kinds:
        yield DeviceSpec(kind=DeviceKind.BALLOON, type=abilities_of(definition.hypervisor).balloon)


def clean(value: str, setting: str, *, lines: bool = False) -> str:
    """``value`` if it may stand in a domain's XML. Control characters are refused, but for ``lines`` in prose."""
    if value.isprintable():
        return value
    for character in value:
        is_control = unicodedata.category(character) in {"Cc", "Cs"} and not (lines and character in "\n\t")
        if is_control or character in "\ufffe\uffff":
            raise ModelError(hypervisor.UNPRINTABLE, setting, setting=setting)
    return value


def clean_name(name: str) -> str:
    """``name`` if a domain may have it: hypervisors make file names of it."""
    if not name or "/" in name or name in {".", ".."}:
        raise ModelError(hypervisor.NAME, "name")
    return clean(name, "name")


def features(root: Node) -> dict[str, Any]:
    """The features that the machine has."""
    held = root.find("features")
    return {name: held is not None and held.find(name) is not None for name in FEATURES}


def set_features(root: Element, spec: SystemSpec) -> None:
    """Give the machine the features that ``spec`` says, and take those away that it says not."""
    held = root.find("features")
    if held is None:
        held = etree.SubElement(root, "features")
    for name in FEATURES:
        asked, there = getattr(spec, name), held.find(name)
        if asked and there is None:
            etree.SubElement(held, name)
        elif asked is False and there is not None:
            held.remove(there)


def set_source(disk: Element, source: str | None) -> None:
    """Point a ``<disk>`` at a host path or a volume, or empty the drive."""
    for old in disk.findall("source"):
        disk.remove(old)
    for old in disk.findall("backingStore"):  # it describes the old image
        disk.remove(old)
    if not source:
        disk.set("type", "file")
        return
    volume = volume_in(source)
    element = etree.Element("source")
    if volume is not None:
        disk.set("type", "volume")
        element.set("pool", clean(volume.pool, "source"))
        element.set("volume", clean(volume.name, "source"))
    elif source.startswith("/"):
        device = source.startswith("/dev/")
        disk.set("type", "block" if device else "file")
        element.set("dev" if device else "file", clean(source, "source"))
    else:
        raise ModelError(hypervisor_devices.DISK_SOURCE, "source")
    driver = disk.find("driver")
    disk.insert(0 if driver is None else disk.index(driver) + 1, element)


def set_format(disk: Element, format: str) -> None:
    """Write the image's format, so that the hypervisor does not probe for it."""
    driver = disk.find("driver")
    if driver is None:
        driver = etree.Element("driver", name="qemu")
        disk.insert(0, driver)
    driver.set("type", clean(format, "format"))


def set_flag(parent: Element, name: str, value: bool) -> None:
    """Have or not have an empty element such as ``<readonly/>``."""
    found = parent.find(name)
    if value and found is None:
        etree.SubElement(parent, name)
    elif not value and found is not None:
        parent.remove(found)


NAMED_BY: Final = {NicConnection.NETWORK: "network", NicConnection.BRIDGE: "bridge", NicConnection.DIRECT: "dev"}
"""The attribute of a ``<source>`` that names what a connection leads to; others lead nowhere that has a name."""


def set_connection(interface: Element, connection: NicConnection, spec: NicSpec) -> None:
    """Connect an ``<interface>`` as the spec says; what belonged to the old connection goes."""
    if connection is NicConnection.OTHER:
        raise ModelError(hypervisor_devices.NIC_CONNECTION, "connection")
    named = NAMED_BY.get(connection)
    if named is not None and not spec.source:
        raise ModelError(hypervisor_devices.NIC_SOURCE, "source", connection=connection)
    interface.set("type", connection.value)
    for name in ("source", "virtualport", "backend"):
        for old in interface.findall(name):
            interface.remove(old)
    if named is not None and spec.source:
        element = etree.SubElement(interface, "source")
        element.set(named, clean(spec.source, "source"))
    if connection is NicConnection.DIRECT:
        direct.build(interface, spec, clean)


def _child(parent: Element, name: str, content: str, **attributes: str) -> Element:
    element = etree.SubElement(parent, name, attributes)
    element.text = content
    return element


def _memory(root: Element, definition: Definition) -> None:
    size = _needed(definition.memory.size, "size", "the memory")
    maximum = definition.memory.maximum or size
    if not 0 < size <= maximum:
        raise ModelError(hypervisor_devices.MEMORY_SIZE, "memory", size=size, maximum=maximum)
    # libvirt counts KiB; a part of one is rounded up, so that the guest gets what was asked.
    _child(root, "memory", str(-(-maximum // KIB)), unit="KiB")
    _child(root, "currentMemory", str(-(-size // KIB)), unit="KiB")


def _processors(root: Element, definition: Definition) -> None:
    count = _needed(definition.processor.count, "count", "the processors")
    maximum = definition.processor.maximum or count
    if not 0 < count <= maximum:
        raise ModelError(hypervisor_devices.PROCESSOR_COUNT, "processor", count=count, maximum=maximum)
    _child(root, "vcpu", str(maximum), placement="static", current=str(count))


def _needed(value: T | None, setting: str, part: str) -> T:
    if value is None:
        raise ModelError(hypervisor.LACKING, setting, setting=setting, part=part)
    return value


def _platform(root: Element, definition: Definition, architecture: str, machine: str | None) -> None:
    system = etree.SubElement(root, "os")
    is_paravirtual = definition.hypervisor == "xen" and definition.firmware is None
    type = _child(system, "type", "linux" if is_paravirtual else "hvm", arch=architecture)
    if machine is not None:
        type.set("machine", clean(machine, "machine"))
    for setting in ("kernel", "initrd", "command_line", "init"):
        clean(getattr(definition, setting) or "", setting)
    boot.patch(root, definition)
    held = etree.SubElement(root, "features")
    for name in FEATURES:
        if getattr(definition, name):
            etree.SubElement(held, name)
    if definition.hypervisor in _PROCESSOR_MODES:
        etree.SubElement(root, "cpu", mode=_PROCESSOR_MODES[definition.hypervisor])
    reactions(root, definition)


def _next_target(disk: DiskSpec, taken: set[str]) -> str:
    prefix = _TARGET_PREFIX.get(disk.bus or "", "vd")
    for number in range(26 * 27):
        high, low = divmod(number, 26)
        target = prefix + (chr(ord("a") + high - 1) if high else "") + chr(ord("a") + low)
        if target not in taken:
            return target
    raise ModelError(hypervisor_devices.BUS_FULL, "disks", bus=disk.bus)


def add_disk(devices: Element, spec: DiskSpec, target: str) -> Element:
    """Append a ``<disk>`` of which ``spec`` says all. Raises INVALID_PARAMETER naming what is missing or cannot be."""
    kind = spec.kind or DiskKind.DISK
    bus = _needed(spec.bus, "bus", "a disk")
    if kind is DiskKind.DISK:
        _needed(spec.source or None, "source", "a disk")
    disk = etree.SubElement(devices, "disk", type="file", device=kind.value)
    # Never without a type: libvirt would take raw, and an older one would probe what the guest wrote.
    set_format(disk, spec.format or "raw")
    set_source(disk, spec.source)
    etree.SubElement(disk, "target", dev=clean(target, "target"), bus=clean(bus, "bus"))
    set_flag(disk, "readonly", bool(spec.read_only) or kind is DiskKind.CDROM)
    set_flag(disk, "shareable", bool(spec.shareable))
    device_tuning.patch_disk(disk, spec, clean)
    return disk


def add_nic(devices: Element, spec: NicSpec) -> Element:
    """Append an ``<interface>``, likewise."""
    interface = etree.SubElement(devices, "interface")
    set_connection(interface, _needed(spec.connection, "connection", "a NIC"), spec)
    if spec.target is not None:
        etree.SubElement(interface, "target", dev=clean(spec.target, "target"))
    if spec.mac is not None:
        etree.SubElement(interface, "mac", address=clean(spec.mac, "mac"))
    if spec.model is not None:
        etree.SubElement(interface, "model", type=clean(spec.model, "model"))
    device_tuning.patch_nic(interface, spec)
    set_filter(interface, spec.filter)
    return interface


def set_filter(interface: Element, name: str | None) -> None:
    """Have what passes an ``<interface>`` filtered by the filter of the name, or (empty) by none; None: it stays."""
    now = interface.find("filterref")
    if name is None or (now is not None and now.get("filter") == name):
        return  # with its parameters
    if now is not None:
        interface.remove(now)
    if name:
        etree.SubElement(interface, "filterref", filter=clean(name, "filter"))


def _serials(devices: Element, definition: Definition, folder: Path | None) -> None:
    console = (SerialSpec(port=0),) if definition.console_log else ()
    for spec in (*console, *definition.serials):
        add_serial(devices, definition.id, spec, folder)


def add_serial(devices: Element, system_id: str, spec: SerialSpec, folder: Path | None) -> Element:
    """Append a ``<serial>``, with its log in the folder."""
    port = _needed(spec.port, "port", "a serial port")
    serial = etree.SubElement(devices, "serial", type="pty")
    if spec.address is not None:
        serial_ports.listen(serial, spec.address)
    if folder is not None:
        etree.SubElement(serial, "log", file=str(log_path(folder, system_id, port)), append="off")
    etree.SubElement(serial, "target", port=str(port))
    return serial


def find_disk(root: Element, local: str) -> Element:
    """The ``<disk>`` that the local id ``disk:<target>`` names. NOT_FOUND if there is none."""
    target = local.removeprefix("disk:")
    for disk in root.iterfind("devices/disk"):
        found = disk.find("target")
        if found is not None and found.get("dev") == target:
            return disk
    raise ModelError(hypervisor_devices.NO_ALLOCATION, local, allocation=local)


def find_nic(root: Element, local: str) -> Element:
    """The ``<interface>`` that the local id ``nic:<MAC address>`` names. NOT_FOUND if there is none."""
    mac = local.removeprefix("nic:")
    for interface in root.iterfind("devices/interface"):
        found = interface.find("mac")
        if found is not None and (found.get("address") or "").lower() == mac:
            return interface
    raise ModelError(hypervisor_devices.NO_ALLOCATION, local, allocation=local)


def find_serial(root: Element, local: str) -> Element:
    """The ``<serial>`` that the local id ``serial:<port>`` names. NOT_FOUND if there is none."""
    for index, serial in enumerate(root.iterfind("devices/serial")):
        if f"serial:{xml.number(xml.attribute(serial, 'target', 'port'), index)}" == local:
            return serial
    raise ModelError(hypervisor_devices.NO_ALLOCATION, local, allocation=local)


def patch_disk(root: Element, local: str, spec: DiskSpec) -> None:
    """Change a disk as ``spec`` says, and nothing else. Raises NOT_SUPPORTED naming a setting that cannot change."""
    disk = find_disk(root, local)
    target = disk.find("target")
    assert target is not None
    kind = disk.get("device") or "disk"
    for setting, asked, is_now in (
        ("target", spec.target, target.get("dev")),
        ("kind", spec.kind and spec.kind.value, "disk" if kind == "lun" else kind),
    ):
        if asked is not None and asked != is_now:
            raise ModelError(hypervisor_devices.UNCHANGEABLE, setting, setting=setting, device=local)
    if spec.capacity is not None and spec.source is None:
        raise ModelError(hypervisor_devices.DISK_CAPACITY, "capacity")
    if spec.source is not None:
        set_source(disk, spec.source)
    if spec.format is not None:
        set_format(disk, spec.format)
    if spec.bus is not None and spec.bus != target.get("bus"):
        target.set("bus", clean(spec.bus, "bus"))
        address = disk.find("address")  # a place on the old bus
        if address is not None:
            disk.remove(address)
    if spec.read_only is not None:
        set_flag(disk, "readonly", spec.read_only)
    if spec.shareable is not None:
        set_flag(disk, "shareable", spec.shareable)
    device_tuning.patch_disk(disk, spec, clean)


def patch_nic(root: Element, local: str, spec: NicSpec) -> None:
    """Change a NIC as ``spec`` says, and nothing else."""
    interface = find_nic(root, local)
    if spec.mac is not None:
        _set(interface, "mac", "address", spec.mac)
    if spec.model is not None:
        _set(interface, "model", "type", spec.model)
    device_tuning.patch_nic(interface, spec)
    set_filter(interface, spec.filter)
    if spec.target is not None:
        _set(interface, "target", "dev", spec.target)
    if spec.connection is None and spec.source is None:
        return
    now = next((each for each in NicConnection if each.value == interface.get("type")), NicConnection.OTHER)
    connection = now if spec.connection is None else spec.connection
    source = interface.find("source")
    if spec.source is None and connection is now and source is not None:
        return  # it stays where it is
    if spec.source and connection is NicConnection.USER:
        raise ModelError(hypervisor_devices.USER_SOURCE, "source")
    set_connection(interface, connection, spec)


def _set(parent: Element, name: str, attribute: str, value: str) -> None:
    found = parent.find(name)
    if found is None:
        found = etree.SubElement(parent, name)
    found.set(attribute, clean(value, name))


def local_id(system_id: str, kind: str, spec: ResourceSpec) -> str:
    """The local part of ``spec.allocation_id``, which must belong to this configuration. NOT_FOUND otherwise."""
    prefix = f"{system_id}/{kind}/"
    if spec.allocation_id is None or not spec.allocation_id.startswith(prefix):
        raise ModelError(hypervisor_devices.NO_ALLOCATION, spec.allocation_id, allocation=spec.allocation_id)
    return spec.allocation_id[len(prefix) :]
