"""Properties that libvirt-cim's classes have beside those of the schema."""

from __future__ import annotations

from typing import Final

from openvman.cim.declarations import PropertyDeclaration
from openvman.cim.values import CIMType
from openvman.mapping.declare import own_property

_ROWS: Final[tuple[tuple[str, CIMType, str], ...]] = (
    ("Action", "uint16", "What is done: 1 accept, 2 drop, 3 reject, 4 return to the list above, 5 go on."),
    ("AdapterName", "string", "The host's adapter that a pool of its devices is of."),
    ("AddressProperties[]", "string", "The names of the parts of the device's address on its bus."),
    ("AddressValues[]", "string", "The parts of the device's address, in the order of AddressProperties."),
    ("AllocationQuantity", "uint64", "How much of a new volume is allocated at once, in AllocationUnits."),
    ("Arch", "string", "The architecture of the guest."),
    ("AutoStart", "uint16", "1 when the guest starts with its host, else 0."),
    ("Autostart", "uint16", "1 when the pool is activated with its host, else 0."),
    ("BootDevices[]", "string", "What the guest is looked for on, in order: hd, cdrom, fd, network."),
    ("BusType", "string", "The bus that the device is on."),
    ("Capacity", "uint64", "The size of a new volume, in AllocationUnits."),
    ("Changeset", "string", "The revision of libvirt-cim whose behaviour this is."),
    ("ClockOffset", "uint16", "0 when the guest's clock has UTC, 1 when it has the host's local time."),
    ("DevicePaths[]", "string", "The devices or targets that a pool is made of."),
    ("Direction", "uint16", "As the guest sees it: 1 in, 2 out, 3 both."),
    ("DriverName", "string", "The name of the driver that gives the guest its disk."),
    ("DriverType", "string", "The format of the disk's image."),
    ("Emulator", "string", "The program that runs the guest."),
    ("EnableACPI", "boolean", "Whether the guest has ACPI."),
    ("EnableAPIC", "boolean", "Whether the guest has an APIC."),
    ("EnablePAE", "boolean", "Whether the guest has PAE."),
    ("EmulatedType", "uint16", "0 for a disk, 1 for a CD drive, 2 for a floppy drive."),
    ("FormatType", "uint16", "The format of a new volume: 1 is raw, 2 is qcow2."),
    ("ForwardDevice", "string", "The host's interface that a network forwards to."),
    ("ForwardMode", "uint16", "How a network forwards: 0 not at all, 1 by NAT, 2 by routing."),
    ("Host", "string", "The host that a pool's source is on."),
    ("IPRangeEnd", "string", "The last address that the network's DHCP gives."),
    ("IPRangeStart", "string", "The first address that the network's DHCP gives."),
    ("Index", "uint64", "The number of the controller among those of its type."),
    ("InitPath", "string", "The program that a container starts with, a path in its own file system."),
    ("IsIPv6Only", "boolean", "Whether a screen without an address listens on IPv6 only."),
    ("KeyMap", "string", "The layout of the viewer's keyboard."),
    ("LibvirtVersion", "string", "The version of libvirt."),
    ("Machine", "string", "The type of machine."),
    ("Model", "string", "The model of the controller."),
    ("MountPoint", "string", "Where a container has the file system."),
    ("Netmask", "string", "The mask of the network's addresses."),
    ("NetworkMode", "string", "The mode of a direct connection."),
    ("NetworkName", "string", "The bridge that a network adapter is on."),
    ("NetworkType", "string", "What the adapter is connected to: network, bridge, user, ethernet, direct."),
    ("NodeName", "string", "The node name of an adapter that a pool is of."),
    ("Password", "string", "What viewers must say; never shown, only that it is there."),
    ("Path", "string", "Where on the host the pool or volume is."),
    ("PortName", "string", "The port name of an adapter that a pool is of."),
    ("Priority", "sint16", "The place among others, the least first."),
    ("ProfileID", "string", "The port profile of a direct connection."),
    ("ProtocolDescription", "string", "The model of the controller."),
    ("Release", "string", "The release of libvirt-cim whose behaviour this is."),
    ("Revision", "string", "The number of libvirt-cim's revision, by which clients know what there is."),
    ("SourceDevice", "string", "The host's interface of a direct connection."),
    ("SourceDirectory", "string", "The folder on the host that a pool's source is on."),
    ("TransportType", "uint16", "How a migration is carried; 2 is SSH."),
    ("Type", "uint16", "What a pool is: 1 dir, 2 fs, 3 netfs, 4 disk, 5 iscsi, 6 logical, 7 scsi."),
    ("UUID", "string", "The UUID of the guest."),
    ("VSIInstanceID", "string", "The instance of a virtual station interface."),
    ("VSIManagerID", "string", "The manager of a virtual station interface."),
    ("VSIType", "string", "The standard that a virtual station interface follows."),
    ("VSITypeID", "string", "The type of a virtual station interface."),
    ("VSITypeIDVersion", "string", "The version of the type of a virtual station interface."),
    ("VirtualDevice", "string", "What the guest or the host calls the device."),
    ("VolumeName", "string", "The name of a new volume."),
    ("cache", "string", "How the host caches the disk."),
    ("readonly", "boolean", "Whether the guest may only read the disk."),
)
_OWN: Final = {name.removesuffix("[]"): (name.endswith("[]"), type, said) for name, type, said in _ROWS}


def own(*names: str) -> tuple[PropertyDeclaration, ...]:
    """The declarations of these properties."""
    found = ((name, *_OWN[name]) for name in names)
    return tuple(own_property(name, type, said, is_array=is_array) for name, is_array, type, said in found)
