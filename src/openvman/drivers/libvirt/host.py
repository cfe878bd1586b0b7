"""The host as libvirt shows it: capabilities, domain capabilities and node information."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import libvirt

from openvman.drivers.libvirt import kvm, storage, tuning, xml
from openvman.drivers.libvirt.abilities import Abilities
from openvman.drivers.libvirt.address import Address
from openvman.drivers.libvirt.connection import version_text
from openvman.drivers.libvirt.controllers import controllers_of
from openvman.drivers.libvirt.filters import filters_of
from openvman.drivers.libvirt.host_device import passable_devices
from openvman.drivers.libvirt.networks import networks_of
from openvman.drivers.libvirt.nodes import node_devices
from openvman.drivers.libvirt.ports import interfaces_of, ports_of
from openvman.drivers.libvirt.xml import Element
from openvman.model.allocation import DeviceKind
from openvman.model.host import Host, HostFacts
from openvman.model.system import Firmware

MIB: Final = 2**20
_NAMESPACE: Final = uuid.UUID("6f3e1d5a-9c0b-4f5e-8b7e-0d6a2c41b9a3")
_MACHINE_ID: Final = Path("/etc/machine-id")
_DMI_UUID: Final = Path("/sys/class/dmi/id/product_uuid")
_DAEMON_CONFIGURATION: Final = Path("/etc/libvirt/libvirtd.conf")

_HYPERVISOR_ORDER: Final = ("kvm", "hvf", "xen", "lxc", "qemu")
_DISK_BUSES: Final = ("virtio", "scsi", "sata", "ide", "usb", "xen", "fdc")
"""In the order they are preferred; where the hypervisor does not say which it has, all of them are believed."""

_FIRMWARE_DEFAULTS: Final = frozenset(
    {
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",
        "12345678-1234-5678-90ab-cddeefaabbcc",
    }
)
"""What boards without an identity answer; thousands of machines share them."""


def read_host(connection: Any, address: Address) -> Host:
    """Read the host. Raises libvirt's own errors."""
    capabilities = xml.parse(connection.getCapabilities())
    architecture = xml.text(capabilities, "host/cpu/arch") or "unknown"
    guest = _guest(capabilities, architecture)
    hypervisors = _hypervisors(guest, connection, address, architecture)
    domain = _domain_capabilities(connection, architecture, hypervisors[-1] if hypervisors else None)
    abilities = address.abilities
    node = connection.getInfo()
    name = connection.getHostname()
    host_id, nodes = _host_id(capabilities, address, name), node_devices(connection)
    networks, filters = networks_of(connection, host_id), filters_of(connection, host_id)
    kernel_machines = _kernel_machines(capabilities, architecture)
    return Host(
        id=host_id,
        name=name,
        platform=address.shown,
        hypervisor_name=connection.getType(),
        hypervisor_version=version_text(connection.getVersion()),
        manager_version=version_text(connection.getLibVersion()),
        processors=node[2],
        processor_model=_processor_model(capabilities, address),
        processor_mhz=node[3] or None,
        processor_maximum_mhz=kvm.processor_maximum_mhz() if _is_this_machine(address) else None,
        memory=node[1] * MIB,
        facts=HostFacts(
            hypervisors=hypervisors,
            architecture=architecture,
            machines=tuple(dict.fromkeys((*_machines(guest, domain), *kernel_machines))),
            kernel_machines=kernel_machines,
            maximum_processors=_maximum_processors(connection, domain, guest),
            has_networks=networks is not None,
            nic_models=abilities.nic_models,
            nic_connections=address.nic_connections,
            disk_caches=abilities.disk_caches,
            disk_discards=abilities.disk_discards,
            has_disk_limits=abilities.has_disk_limits,
            has_filters=filters is not None,
            has_nic_filters=filters is not None and abilities.has_nic_filters,
            has_console_log=address.console_logs is not None,
            weights=tuning.weights(local=address.local) if address.has_control_groups else None,
            can_limit_processors=address.has_control_groups,
            affinities=abilities.affinities,
            fixed_live=abilities.fixed_live,
            **(_containers(abilities) if abilities.is_for_containers else _machines_too(capabilities, domain, address)),
        ),
        networks=networks or (),
        filters=filters or (),
        storage=storage.pools_of(connection, host_id),
        ports=ports_of(nodes or ()),
        interfaces=interfaces_of(connection),
        devices=None if nodes is None else passable_devices(nodes),
        controllers=controllers_of(nodes or ()),
    )


def _machines_too(capabilities: Element, domain: Element | None, address: Address) -> dict[str, Any]:
    """What only guests that are whole machines have."""
    return {
        "disk_buses": _disk_buses(domain),
        "firmwares": _firmwares(domain),
        "device_types": {**address.abilities.devices, **_device_choices(domain, _DEVICE_TYPES)},
        "device_backends": _device_choices(domain, _DEVICE_BACKENDS),
        "can_limit_memory": address.has_control_groups,
        "page_sizes": tuning.page_sizes(capabilities) if address.abilities.has_huge_pages else (),
    }


def _containers(abilities: Abilities) -> dict[str, Any]:
    """What containers have in place of that: a file system is a folder of the host, and there is one way to have it."""
    return {
        "is_for_containers": True,
        "disk_buses": (),
        "firmwares": (),
        "has_serial_ports": False,
        "device_types": {**dict.fromkeys(DeviceKind, ()), **abilities.devices},
        "device_backends": {DeviceKind.FILE_SYSTEM: ()},
    }


def _guest(capabilities: Element, architecture: str) -> Element | None:
    """What the host runs of its own architecture: full machines first."""
    found = [
        (xml.text(guest, "os_type") != "hvm", position, arch)
        for position, guest in enumerate(capabilities.iterfind("guest"))
        for arch in guest.iterfind("arch")
        if arch.get("name") == architecture
    ]
    return min(found, key=lambda each: each[:2])[2] if found else None


def _hypervisors(guest: Element | None, connection: Any, address: Address, architecture: str) -> tuple[str, ...]:
    named = {domain.get("type") or "" for domain in guest.iterfind("domain")} if guest is not None else set()
    named.discard("")
    if "kvm" in named and not _kvm_works(connection, address, architecture):
        named.discard("kvm")
    order = {name: place for place, name in enumerate(_HYPERVISOR_ORDER)}
    return tuple(sorted(named, key=lambda name: (order.get(name, len(order)), name)))


def _kvm_works(connection: Any, address: Address, architecture: str) -> bool:
    """By evidence: the processor's own flag where we can see it, and the hypervisor's word for a KVM domain."""
    if address.local and not kvm.processor_can(architecture):
        return False
    return _domain_capabilities(connection, architecture, "kvm") is not None


def _domain_capabilities(connection: Any, architecture: str, hypervisor: str | None) -> Element | None:
    if hypervisor is None:
        return None
    try:
        return xml.parse(connection.getDomainCapabilities(None, architecture, None, hypervisor, 0))
    except libvirt.libvirtError as error:
        if error.get_error_code() in _SAYS_NO:
            return None
        raise


_SAYS_NO: Final = frozenset(
    {
        libvirt.VIR_ERR_NO_SUPPORT,
        libvirt.VIR_ERR_INVALID_ARG,
        libvirt.VIR_ERR_CONFIG_UNSUPPORTED,
        libvirt.VIR_ERR_OPERATION_UNSUPPORTED,
    }
)


def _machines(guest: Element | None, domain: Element | None) -> tuple[str, ...]:
    """The default first, then the current ones by name, the deprecated ones not at all."""
    default = xml.text(domain, "machine")
    named = (
        {
            (machine.text or "").strip()
            for machine in guest.iterfind("machine")
            if machine.get("deprecated") != "yes" and (machine.text or "").strip()
        }
        if guest is not None
        else set()
    )
    first = (default,) if default is not None else ()
    return first + tuple(sorted(named.difference(first)))


def _kernel_machines(capabilities: Element, architecture: str) -> tuple[str, ...]:
    """Xen's paravirtualized ones."""
    found = (
        (machine.text or "").strip()
        for guest in capabilities.iterfind("guest")
        if xml.text(guest, "os_type") == "xen"
        for arch in guest.iterfind("arch")
        if arch.get("name") == architecture
        for machine in arch.iterfind("machine")
    )
    return tuple(dict.fromkeys(filter(None, found)))


def _maximum_processors(connection: Any, domain: Element | None, guest: Element | None) -> int:
    found = xml.number(xml.attribute(domain, "vcpu", "max"), 0)
    if found > 0:
        return found
    kind = xml.attribute(guest, "domain", "type")
    try:
        return int(connection.getMaxVcpus(kind))
    except libvirt.libvirtError as error:
        if error.get_error_code() not in _SAYS_NO:
            raise
        return int(connection.getInfo()[2])


def _disk_buses(domain: Element | None) -> tuple[str, ...]:
    if domain is None:
        return _DISK_BUSES
    named = [value.text or "" for value in domain.iterfind("devices/disk/enum[@name='bus']/value")]
    return tuple(bus for bus in _DISK_BUSES if bus in named) or _DISK_BUSES


def _firmwares(domain: Element | None) -> tuple[Firmware, ...]:
    """BIOS always; UEFI where the hypervisor finds one to choose by itself."""
    named = () if domain is None else domain.iterfind("os/enum[@name='firmware']/value")
    return (Firmware.BIOS, Firmware.UEFI) if any(value.text == "efi" for value in named) else (Firmware.BIOS,)


_DEVICE_TYPES: Final = {
    DeviceKind.GRAPHICS: "graphics/enum[@name='type']",
    DeviceKind.VIDEO: "video/enum[@name='modelType']",
    DeviceKind.RNG: "rng/enum[@name='model']",
    DeviceKind.TPM: "tpm/enum[@name='model']",
}


_DEVICE_BACKENDS: Final = {
    DeviceKind.RNG: "rng/enum[@name='backendModel']",
    DeviceKind.TPM: "tpm/enum[@name='backendModel']",
}


def _device_choices(domain: Element | None, paths: Mapping[DeviceKind, str]) -> dict[DeviceKind, tuple[str, ...]]:
    """What the hypervisor says that it has; nothing of a kind that it does not speak of."""
    found: dict[DeviceKind, tuple[str, ...]] = {}
    for kind, path in paths.items():
        place = None if domain is None else domain.find(f"devices/{path}")
        if place is not None:
            found[kind] = tuple(value.text or "" for value in place.iterfind("value"))
    return found


def _processor_model(capabilities: Element, address: Address) -> str | None:
    """The processor's own name where the host is this machine, else libvirt's name for its kind."""
    if _is_this_machine(address):
        return kvm.processor_name() or xml.text(capabilities, "host/cpu/model")
    return xml.text(capabilities, "host/cpu/model")


def _is_this_machine(address: Address) -> bool:
    return address.local and address.hypervisor != "test"


def _host_id(capabilities: Element, address: Address, name: str) -> str:
    """The host's UUID, the same after every restart.

    libvirt takes the board's UUID, and where there is none it makes up a new one at each start of the daemon. An
    embedded hypervisor is a host of its own beside the machine's daemon, so its folder is part of its identity. So is
    what runs containers beside the machine's virtual machines: one daemon tells one UUID for both.
    """
    if address.embed_root is not None:
        return _derived(f"{address.embed_root}")
    named = (xml.text(capabilities, "host/uuid") or "").lower()
    beside = address.abilities.is_beside
    if named and named not in _FIRMWARE_DEFAULTS and (not address.local or _is_lasting(named, address)):
        return str(uuid.uuid5(_NAMESPACE, f"{named} {address.hypervisor}") if beside else uuid.UUID(named))
    if _is_this_machine(address):
        return _derived(address.hypervisor)
    return str(uuid.uuid5(_NAMESPACE, f"{address.shown} {name if address.hypervisor != 'test' else ''}"))


def _is_lasting(named: str, address: Address) -> bool:
    """Whether a local daemon's UUID will be the same next time: configured, the board's, or another daemon's affair."""
    if address.private_daemon:
        return True
    try:
        if _DMI_UUID.read_text().strip().lower() == named:
            return True
    except OSError:
        pass  # no board, or not ours to read; the daemon's configuration is the other place it can come from
    try:
        return f'"{named}"' in _DAEMON_CONFIGURATION.read_text().lower()
    except OSError:
        return _DMI_UUID.exists()


def _derived(what: str) -> str:
    """A UUID of this machine and ``what``. The machine id itself stays private, as machine-id(5) asks."""
    try:
        machine = _MACHINE_ID.read_text().strip()
    except OSError:
        machine = ""
    return str(uuid.uuid5(_NAMESPACE, f"{machine or uuid.getnode()} {what}"))
