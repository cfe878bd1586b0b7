"""libvirt's domain XML and calls as the model's virtual systems.

Only what the model has a word for is read; everything else is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import libvirt

from openvman.drivers.libvirt import (
    boot,
    device_tuning,
    devices,
    direct,
    domain_xml,
    serial_ports,
    tuning,
    volumes,
    xml,
)
from openvman.drivers.libvirt.address import Address
from openvman.drivers.libvirt.console import logs_of
from openvman.drivers.libvirt.images import capacity_of
from openvman.drivers.libvirt.xml import Element
from openvman.messages import hypervisor
from openvman.model.allocation import (
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    NicConnection,
    ProcessorAllocation,
    SerialAllocation,
)
from openvman.model.errors import ModelError
from openvman.model.states import State
from openvman.model.storage import Volume, resource_pool_name, volume_in
from openvman.model.system import Configuration, ConfigurationKind, OnCrash, VirtualSystem

# SHUTDOWN (in progress) still runs. PMSUSPENDED is the guest's own sleep: every resource is held and a key or timer
# inside wakes it, so nothing was done to it from outside that START would have to undo. CRASHED with its process kept
# (on_crash preserve) is PAUSED: memory is held, processors stand, and STOP and RESET are what helps. NOSTATE is Xen's
# word for running and idle.
_ACTIVE: Final[dict[int, State]] = {
    libvirt.VIR_DOMAIN_NOSTATE: State.ACTIVE,
    libvirt.VIR_DOMAIN_RUNNING: State.ACTIVE,
    libvirt.VIR_DOMAIN_BLOCKED: State.ACTIVE,
    libvirt.VIR_DOMAIN_SHUTDOWN: State.ACTIVE,
    libvirt.VIR_DOMAIN_PMSUSPENDED: State.ACTIVE,
    libvirt.VIR_DOMAIN_PAUSED: State.PAUSED,
    libvirt.VIR_DOMAIN_CRASHED: State.PAUSED,
}

# Without passwords libvirt does not even tell that there are some.
_NOW: Final = libvirt.VIR_DOMAIN_XML_SECURE
_NEXT: Final = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE

_NOT_TOLD: Final = {
    libvirt.VIR_ERR_NO_SUPPORT,
    libvirt.VIR_ERR_OPERATION_INVALID,
    libvirt.VIR_ERR_OPERATION_FAILED,
    libvirt.VIR_ERR_INTERNAL_ERROR,
}

_ON_CRASH: Final[dict[str, OnCrash]] = {
    "destroy": OnCrash.DESTROY,
    "coredump-destroy": OnCrash.DESTROY,
    "restart": OnCrash.RESTART,
    "coredump-restart": OnCrash.RESTART,
    "rename-restart": OnCrash.RESTART,
    "preserve": OnCrash.PRESERVE,
}

_DISK_KINDS: Final[dict[str, DiskKind]] = {
    "disk": DiskKind.DISK,
    "lun": DiskKind.DISK,
    "cdrom": DiskKind.CDROM,
    "floppy": DiskKind.FLOPPY,
}

_NIC_CONNECTIONS: Final[dict[str, NicConnection]] = {
    "network": NicConnection.NETWORK,
    "bridge": NicConnection.BRIDGE,
    "user": NicConnection.USER,
    "direct": NicConnection.DIRECT,
    "ethernet": NicConnection.ETHERNET,
}

Capacity = Callable[[str, str | None], int | None]
"""Bytes that a disk shows to the guest, given its source and format; None when not known."""


def state_of(domain: Any) -> State:
    """The state of a domain, by one or two calls."""
    code = domain.state(0)[0]
    active = _ACTIVE.get(code, State.UNKNOWN)
    if code == libvirt.VIR_DOMAIN_CRASHED:
        return active if domain.isActive() else State.DEFINED
    if code == libvirt.VIR_DOMAIN_SHUTOFF:
        return State.SUSPENDED if _or_default(lambda: bool(domain.hasManagedSaveImage(0)), False) else State.DEFINED
    return active


def read_system(domain: Any, host_id: str, address: Address) -> VirtualSystem | None:
    """Read one domain; None when it went away meanwhile."""
    try:
        return _read_system(domain, host_id, address)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise


def _read_system(domain: Any, host_id: str, address: Address) -> VirtualSystem:
    state = state_of(domain)
    running = state in {State.ACTIVE, State.PAUSED}
    persistent = bool(domain.isPersistent())
    autostart = persistent and _or_default(lambda: bool(domain.autostart()), False)

    def configuration(kind: ConfigurationKind, text: str) -> Configuration:
        return configuration_of(
            xml.parse(text), host_id, kind, address, autostart=autostart, capacity=_capacity(address, domain.connect())
        )

    # A domain that ends between the two reads gives its inactive XML twice; the event of its end corrects that.
    current = configuration(ConfigurationKind.STATE, domain.XMLDesc(_NOW)) if running else None
    defined = None
    if persistent:
        defined = configuration(ConfigurationKind.DEFINED, domain.XMLDesc(_NEXT))
    text = _saved(domain) if state is State.SUSPENDED else None
    saved = None if text is None else configuration(ConfigurationKind.STATE, text)
    found = current or defined
    if found is None:
        raise ModelError(hypervisor.SYSTEM_ENDED, domain.UUIDString(), system=domain.UUIDString())
    return VirtualSystem(
        id=found.system_id,
        host_id=host_id,
        name=found.name,
        state=state,
        defined=defined,
        current=current,
        description=found.description,
        actions=address.abilities.actions,
        saved=saved,
    )


def _saved(domain: Any) -> str | None:
    """What was saved with the memory of the domain; None where the hypervisor does not tell.

    The memory may have been restored or dropped a moment ago, or be spoilt: the domain is there all the same.
    """
    try:
        return str(domain.managedSaveGetXMLDesc(libvirt.VIR_DOMAIN_SAVE_IMAGE_XML_SECURE))
    except libvirt.libvirtError as error:
        if error.get_error_code() not in _NOT_TOLD:
            raise
        return None


def _or_default(ask: Callable[[], bool], default: bool) -> bool:
    """The answer, or ``default`` from a hypervisor that has no such thing."""
    try:
        return ask()
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise
        return default


def _capacity(address: Address, connection: Any = None) -> Capacity:
    """Of paths where they are this machine's, of volumes where there is a connection to ask."""

    def look(source: str, format: str | None) -> int | None:
        volume = volume_in(source)
        if volume is not None:
            return None if connection is None else volumes.capacity_of(connection, volume)
        return capacity_of(source, format) if address.local and source.startswith("/") else None

    return look


def configuration_of(
    root: Element,
    host_id: str,
    kind: ConfigurationKind,
    address: Address,
    *,
    autostart: bool,
    capacity: Capacity | None = None,
) -> Configuration:
    """The configuration that a ``<domain>`` element describes. Raises FAILED when it has no UUID or name.

    Without ``capacity``, that of volumes is not known.
    """
    system_id = xml.text(root, "uuid")
    name = xml.text(root, "name")
    if system_id is None or name is None:
        raise ModelError(hypervisor.XML_NAMELESS)
    system_id = system_id.lower()
    id = f"{system_id}/{kind}"
    owner = _Owner(id, system_id, host_id)
    maximum = max(1, xml.number(xml.text(root, "vcpu"), 1))
    count = min(maximum, max(1, xml.number(xml.attribute(root, "vcpu", "current"), maximum)))
    memory = xml.size(root.find("memory")) or 0
    active = kind is ConfigurationKind.STATE
    controllers = devices.Controllers(root)
    os_type = root.find("os/type")
    return Configuration(
        id=id,
        system_id=system_id,
        host_id=host_id,
        kind=kind,
        name=name,
        hypervisor=root.get("type") or "unknown",
        description=xml.text(root, "description"),
        autostart=autostart,
        on_crash=_ON_CRASH.get(xml.text(root, "on_crash") or "", OnCrash.DESTROY),
        architecture=xml.attribute(os_type, ".", "arch"),
        machine=xml.attribute(os_type, ".", "machine"),
        **boot.read(root),
        processor=ProcessorAllocation(
            **owner.base("processor"),
            **tuning.processor(root, host_id, count, maximum),
            count=count,
            maximum=maximum,
        ),
        memory=MemoryAllocation(
            **owner.base("memory"),
            **tuning.memory(root),
            size=xml.size(root.find("currentMemory")) or memory,
            maximum=memory,
        ),
        disks=tuple(_disks(root, owner, controllers, capacity or _capacity(address))),
        nics=tuple(_nics(root, owner, controllers)),
        serials=tuple(_serials(root, owner, address.console_logs)),
        devices=tuple(devices.read(root, owner.base, controllers, active=active)),
        boot_disk=_boot_disk(root),
        **domain_xml.features(root),
        emulator=xml.text(root, "devices/emulator"),
    )


class _Owner:
    """Makes what the allocations of one configuration share; a local id that is taken gets a number behind it."""

    def __init__(self, configuration_id: str, system_id: str, host_id: str) -> None:
        self._configuration_id = configuration_id
        self._system_id = system_id
        self._host_id = host_id
        self._taken: set[str] = set()

    def base(self, local: str) -> dict[str, Any]:
        unique, again = local, 2
        while unique in self._taken:
            unique, again = f"{local}#{again}", again + 1
        self._taken.add(unique)
        return {
            "id": f"{self._configuration_id}/{unique}",
            "system_id": self._system_id,
            "configuration_id": self._configuration_id,
            "host_id": self._host_id,
        }


def _disks(
    root: Element, owner: _Owner, controllers: devices.Controllers, capacity: Capacity
) -> Iterator[DiskAllocation]:
    for disk in root.iterfind("devices/disk"):
        target = xml.attribute(disk, "target", "dev")
        if target is None:
            continue
        source = _source(disk)
        kind = _DISK_KINDS.get(disk.get("device") or "disk", DiskKind.DISK)
        volume = volume_in(source)
        # Of an empty drive libvirt shows the format in one configuration and not in the other.
        format = xml.attribute(disk, "driver", "type") if source is not None else None
        bus = xml.attribute(disk, "target", "bus")
        base = owner.base(f"disk:{target}")
        if volume is not None and kind is DiskKind.DISK:
            base["pool"] = resource_pool_name(volume.pool)
        yield DiskAllocation(
            **base,
            **controllers.seat(disk, bus),
            target=target,
            kind=kind,
            bus=bus or "unknown",
            source=source,
            format=format,
            capacity=None if source is None else capacity(source, format),
            read_only=disk.find("readonly") is not None or disk.get("device") == "cdrom",
            shareable=disk.find("shareable") is not None,
            **device_tuning.read_disk(disk),
        )


_BOOT_KINDS: Final[dict[str, tuple[str, ...]]] = {"hd": ("disk", "lun"), "cdrom": ("cdrom",), "fd": ("floppy",)}
"""The kinds of disk that each ``<boot dev>`` means; a network is none."""


def _boot_disk(root: Element) -> str | None:
    """The target of what is tried first: by the devices' own order, else by the order of the kinds of device."""
    orders = [(xml.number(each.get("order"), 0), each) for each in root.iterfind("devices/*/boot")]
    if orders:
        device = min(orders, key=lambda each: each[0])[1].getparent()
        return xml.attribute(device, "target", "dev") if device is not None and device.tag == "disk" else None
    for listed in root.iterfind("os/boot"):
        kinds = _BOOT_KINDS.get(listed.get("dev") or "")
        if kinds is None:
            return None
        for disk in root.iterfind("devices/disk"):
            if (disk.get("device") or "disk") in kinds:
                return xml.attribute(disk, "target", "dev")
    return None


def _source(disk: Element) -> str | None:
    """The host path, or the volume; for a disk on the network ``protocol:name``."""
    source = disk.find("source")
    if source is None:
        return None
    if disk.get("type") == "volume":
        return Volume(source.get("pool") or "", source.get("volume") or "").source
    if disk.get("type") == "network":
        return f"{source.get('protocol')}:{source.get('name') or ''}"
    return source.get("file") or source.get("dev") or source.get("dir") or None


def _nics(root: Element, owner: _Owner, controllers: devices.Controllers) -> Iterator[NicAllocation]:
    for nic in root.iterfind("devices/interface"):
        mac = xml.attribute(nic, "mac", "address")
        if mac is None:
            continue
        mac = mac.lower()
        connection = _NIC_CONNECTIONS.get(nic.get("type") or "", NicConnection.OTHER)
        named = domain_xml.NAMED_BY.get(connection)
        yield NicAllocation(
            **owner.base(f"nic:{mac}"),
            **controllers.seat(nic),
            mac=mac,
            model=xml.attribute(nic, "model", "type"),
            connection=connection,
            source=None if named is None else xml.attribute(nic, "source", named) or None,
            target=xml.attribute(nic, "target", "dev"),
            filter=xml.attribute(nic, "filterref", "filter"),
            **device_tuning.read_nic(nic),
            **(direct.read(nic) if connection is NicConnection.DIRECT else {}),
        )


def _serials(root: Element, owner: _Owner, folder: Path | None) -> Iterator[SerialAllocation]:
    addresses = serial_ports.addresses_of(root)
    for port, log in logs_of(root, folder).items():
        yield SerialAllocation(
            **owner.base(f"serial:{port}"), port=port, has_log=log is not None, address=addresses.get(port)
        )
