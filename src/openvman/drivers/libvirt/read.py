"""libvirt's domain XML and calls as the model's virtual systems.

Only what the model has a word for is read; everything else is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import libvirt

from openvman.drivers.libvirt import boot, device_tuning, direct, domain_xml, serial_ports, tuning, volumes, xml
from openvman.drivers.libvirt import devices as device_xml
from openvman.drivers.libvirt.address import Address
from openvman.drivers.libvirt.console import logs_of
from openvman.drivers.libvirt.devices import Devices
from openvman.drivers.libvirt.images import capacity_of
from openvman.drivers.libvirt.standing import Standing, standing_of
from openvman.drivers.libvirt.xml import Node
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
from openvman.model.storage import StorageVolume, Volume, resource_pool_name, volume_in
from openvman.model.system import Configuration, ConfigurationKind, OnCrash, VirtualSystem

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


class Reader:
    """Reads domains of one host, one or many. Its methods block, and may be called in several threads.

    What it looks up on the way it looks up once: an image may serve many. ``known`` are volumes read a moment ago.
    """

    def __init__(self, host_id: str, address: Address, known: Iterable[StorageVolume] = ()) -> None:
        self._host_id = host_id
        self._address = address
        self._domains: dict[Any, dict[bytes, Any]] = {}
        """By connection, since a domain is reached through the one that it was listed by."""
        self._looked_up: dict[tuple[str, str | None], int | None] = {}
        self._known = {volume.reference.source: volume.capacity for volume in known}

    def read_all(self, standings: Mapping[bytes, Standing], connection: Any) -> list[VirtualSystem]:
        """Those of the domains, of which is known by their UUIDs how they stand, that are still there."""
        domains = self._domains.get(connection)
        if domains is None:  # one list costs less than a look-up of each
            domains = self._domains[connection] = {each.UUID(): each for each in connection.listAllDomains(0)}
        there = ((domains[id], standing) for id, standing in standings.items() if id in domains)
        found = (self.read(domain, standing) for domain, standing in there)
        return [system for system in found if system is not None]

    def read(self, domain: Any, standing: Standing | None = None) -> VirtualSystem | None:
        """The domain, which stands as was told, or as is asked now; None when it went away meanwhile."""
        try:
            return self._read(domain, standing or standing_of(domain))
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                return None
            raise

    def _read(self, domain: Any, standing: Standing) -> VirtualSystem:
        read = partial(self._configuration, domain, standing)
        # A domain that ends between the two reads gives its inactive XML twice; the event of its end corrects that.
        current = read(ConfigurationKind.STATE, domain.XMLDesc(_NOW)) if standing.running else None
        defined = None
        if standing.persistent:
            defined = read(ConfigurationKind.DEFINED, domain.XMLDesc(_NEXT))
        text = _saved(domain) if standing.state is State.SUSPENDED else None
        saved = None if text is None else read(ConfigurationKind.STATE, text)
        found = current or defined
        if found is None:
            raise ModelError(hypervisor.SYSTEM_ENDED, domain.UUIDString(), system=domain.UUIDString())
        return VirtualSystem(
            id=found.system_id,
            host_id=self._host_id,
            name=found.name,
            state=standing.state,
            defined=defined,
            current=current,
            description=found.description,
            actions=self._address.abilities.actions,
            saved=saved,
        )

    def _configuration(self, domain: Any, standing: Standing, kind: ConfigurationKind, text: str) -> Configuration:
        return configuration_of(
            xml.read(text),
            self._host_id,
            kind,
            self._address,
            autostart=standing.autostart,
            capacity=partial(self._capacity, domain),
        )

    def _capacity(self, domain: Any, source: str, format: str | None) -> int | None:
        asked = source, format
        if asked not in self._looked_up:
            self._looked_up[asked] = self._look_up(domain, source, format)
        return self._looked_up[asked]

    def _look_up(self, domain: Any, source: str, format: str | None) -> int | None:
        volume = volume_in(source)
        if volume is None:
            return _capacity_of_file(self._address, source, format)
        known = self._known.get(source)
        return volumes.capacity_of(domain.connect(), volume) if known is None else known


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


def _capacity_of_file(address: Address, source: str, format: str | None) -> int | None:
    return capacity_of(source, format) if address.local and source.startswith("/") else None


def configuration_of(
    root: Node,
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
    owner = _Owner(system_id.lower(), kind, host_id)
    maximum = max(1, xml.number(xml.text(root, "vcpu"), 1))
    count = min(maximum, max(1, xml.number(xml.attribute(root, "vcpu", "current"), maximum)))
    memory = xml.size(root.find("memory")) or 0
    system = root.find("os")
    os_type = None if system is None else system.find("type")
    devices = Devices(root)
    look = capacity or partial(_capacity_of_file, address)
    return Configuration(
        id=owner.configuration_id,
        system_id=owner.system_id,
        host_id=host_id,
        kind=kind,
        name=name,
        hypervisor=root.get("type") or "unknown",
        description=xml.text(root, "description"),
        autostart=autostart,
        on_crash=_ON_CRASH.get(xml.text(root, "on_crash") or "", OnCrash.DESTROY),
        architecture=xml.attribute(os_type, ".", "arch"),
        machine=xml.attribute(os_type, ".", "machine"),
        **boot.read(system, devices.elements),
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
        disks=tuple(_disks(devices, owner, look)),
        nics=tuple(_nics(devices, owner, active=kind is ConfigurationKind.STATE)),
        serials=tuple(_serials(devices, owner, address.console_logs)),
        devices=tuple(device_xml.read(devices, owner.base, active=kind is ConfigurationKind.STATE)),
        **domain_xml.features(root),
        emulator=xml.text(root, "devices/emulator"),
    )


class _Owner:
    """Makes what the allocations of one configuration share; a local id that is taken gets a number behind it."""

    def __init__(self, system_id: str, kind: ConfigurationKind, host_id: str) -> None:
        self.system_id = system_id
        self.configuration_id = f"{system_id}/{kind}"
        self._host_id = host_id
        self._taken: set[str] = set()

    def base(self, local: str) -> dict[str, Any]:
        unique, again = local, 2
        while unique in self._taken:
            unique, again = f"{local}#{again}", again + 1
        self._taken.add(unique)
        return {
            "id": f"{self.configuration_id}/{unique}",
            "system_id": self.system_id,
            "configuration_id": self.configuration_id,
            "host_id": self._host_id,
        }


def _disks(devices: Devices, owner: _Owner, capacity: Capacity) -> Iterator[DiskAllocation]:
    for disk in devices.named("disk"):
        seen = disk.find("target")
        target = None if seen is None else seen.get("dev")
        if seen is None or not target:
            continue
        source = _source(disk)
        kind = _DISK_KINDS.get(disk.get("device") or "disk", DiskKind.DISK)
        volume = volume_in(source)
        # Of an empty drive libvirt shows the format in one configuration and not in the other.
        format = xml.attribute(disk, "driver", "type") if source is not None else None
        bus = seen.get("bus") or None
        parent, place = devices.seat(disk, bus)
        yield DiskAllocation(
            **owner.base(f"disk:{target}"),
            parent=parent,
            place=place,
            pool=resource_pool_name(volume.pool) if volume is not None and kind is DiskKind.DISK else None,
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


def _source(disk: Node) -> str | None:
    """The host path, or the volume; for a disk on the network ``protocol:name``."""
    source = disk.find("source")
    if source is None:
        return None
    if disk.get("type") == "volume":
        return Volume(source.get("pool") or "", source.get("volume") or "").source
    if disk.get("type") == "network":
        return f"{source.get('protocol')}:{source.get('name') or ''}"
    return source.get("file") or source.get("dev") or source.get("dir") or None


_MADE_TARGETS: Final = "testnet"
"""How the names of interfaces begin that libvirt's test host gives when it defines; others give theirs at the start."""


def _nics(devices: Devices, owner: _Owner, *, active: bool) -> Iterator[NicAllocation]:
    for nic in devices.named("interface"):
        mac = xml.attribute(nic, "mac", "address")
        if mac is None:
            continue
        mac = mac.lower()
        connection = _NIC_CONNECTIONS.get(nic.get("type") or "", NicConnection.OTHER)
        named = domain_xml.NAMED_BY.get(connection)
        target = xml.attribute(nic, "target", "dev")
        parent, place = devices.seat(nic)
        yield NicAllocation(
            **owner.base(f"nic:{mac}"),
            parent=parent,
            place=place,
            mac=mac,
            model=xml.attribute(nic, "model", "type"),
            connection=connection,
            source=None if named is None else xml.attribute(nic, "source", named),
            target=None if target is None or (target.startswith(_MADE_TARGETS) and not active) else target,
            filter=xml.attribute(nic, "filterref", "filter"),
            **device_tuning.read_nic(nic),
            **(direct.read(nic) if connection is NicConnection.DIRECT else {}),
        )


def _serials(devices: Devices, owner: _Owner, folder: Path | None) -> Iterator[SerialAllocation]:
    serials = devices.named("serial")
    addresses = serial_ports.addresses_of(serials)
    for port, log in logs_of(serials, folder).items():
        yield SerialAllocation(
            **owner.base(f"serial:{port}"), port=port, has_log=log is not None, address=addresses.get(port)
        )
