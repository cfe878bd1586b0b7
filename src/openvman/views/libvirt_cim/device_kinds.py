"""What libvirt-cim shows of each kind of what a guest has: one row for its settings and the devices that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from openvman.mapping.declare import Attr, Call, ClassMap, Const, Source, Write, WriteOnly
from openvman.model.allocation import NO_DEVICE, DeviceAllocation, DeviceKind
from openvman.model.device import VirtualDevice
from openvman.model.spec import MemorySpec, ProcessorSpec, ResourceSpec
from openvman.profiles.dsp1044_processor import PROCESSOR, PROCESSOR_SETTING
from openvman.profiles.dsp1045_memory import MEMORY, MEMORY_SETTING
from openvman.profiles.dsp1047_storage import CDROM_DRIVE, DISKETTE_DRIVE, LOGICAL_DISK, STORAGE_SETTING
from openvman.profiles.dsp1050_ethernet_port import ETHERNET_PORT, ETHERNET_SETTING
from openvman.profiles.dsp1059_generic_device import DEVICE_SETTING, GENERIC_DEVICES
from openvman.views.libvirt_cim.device_values import (
    EMULATED,
    PERCENT,
    device_spec,
    digits,
    disk_kind,
    disk_pool,
    disk_spec,
    endpoint,
    input_caption,
    ipv6_only,
    listens,
    masked,
    network,
    network_name,
    network_pool,
    network_type,
    nic_spec,
    of_station,
    percent,
    port_profile,
    size,
    source_device,
    station_number,
    station_type,
)
from openvman.views.libvirt_cim.names import PCI_ADDRESS, disk_address
from openvman.views.libvirt_cim.own import own

_KIB: Final = 2**10
_PAGE: Final = 4096
_WEIGHT: Final = 1024
"""The weight of processors that nobody gave one."""
_PROTOCOLS: Final = {"pci": 5, "usb": 16, "ide": 4, "scsi": 3}
"""ProtocolSupported of a controller, by the bus that it makes."""


def _all(_of: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRow:
    """A kind of what a guest has.

    The class of its settings is ``<name>ResourceAllocationSettingData``, that of its devices ``device``, that of its
    pools ``pool``. ``of_setting`` and ``of_device`` are the classes of the standard view that tell of both, as far as
    what they tell of ``fits``; ``spec`` is what a setting asks for, whose ResourceType may be one of ``types``: the
    first of them is shown.
    """

    name: str
    device: str
    pool: str
    description: str
    of_setting: ClassMap
    of_device: tuple[ClassMap, ...]
    types: tuple[int, ...]
    spec: Callable[..., ResourceSpec]
    asked: Mapping[str, Source]
    """Properties of its settings."""
    extras: tuple[Any, ...] = ()
    """Those of them that are libvirt-cim's own."""
    shown: Mapping[str, Source]
    """Properties of its devices."""
    device_extras: tuple[Any, ...] = ()
    device_description: str | None = None
    """Where it is not that of the settings."""
    fits: Callable[[Any], bool] = _all


def is_kind(*kinds: DeviceKind) -> Callable[[Any], bool]:
    """Whether an allocation, or a device's, is of a kind; one that says that there is none is not."""

    def fits(of: Any) -> bool:
        allocation = of.allocation if isinstance(of, VirtualDevice) else of
        return isinstance(allocation, DeviceAllocation) and allocation.kind in kinds and allocation.type != NO_DEVICE

    return fits


_EXTENT: Final[dict[str, Source]] = {
    "IsComposite": Const(value=True),
    "CompressionRate": Const(1),
    "Primordial": Const(value=False),
}
_OF_DISKS: Final = own(
    "VirtualDevice", "EmulatedType", "BusType", "DriverName", "DriverType", "AddressProperties",
    "AddressValues", "MountPoint", "readonly", "cache", "AllocationQuantity",
)  # fmt: skip

_PROCESSORS: Final = KindRow(
    name="Proc",
    device="Processor",
    pool="ProcessorPool",
    description="The virtual processors of a guest.",
    device_description="A virtual processor.",
    of_setting=PROCESSOR_SETTING,
    of_device=(PROCESSOR,),
    types=(3,),
    spec=ProcessorSpec,
    asked={
        "VirtualQuantity": Attr("of.count", Write("count")),
        "Weight": Call(lambda seen: seen.of.weight or _WEIGHT, Write("weight")),
        "Limit": Call(lambda seen: (seen.of.limit or 0) // PERCENT, Write("limit", percent)),
    },
    shown={"NumberOfEnabledCores": Const(1)},
)
_MEMORY: Final = KindRow(
    name="Mem",
    device="Memory",
    pool="MemoryPool",
    description="The memory of a guest.",
    of_setting=MEMORY_SETTING,
    of_device=(MEMORY,),
    types=(4,),
    spec=MemorySpec,
    asked={
        "AllocationUnits": Call(lambda _seen: "KiloBytes", Write(None)),
        "VirtualQuantity": Call(lambda seen: seen.of.size // _KIB, Write("size", size)),
        "Reservation": Call(lambda seen: seen.of.size // _KIB),
        "Limit": Call(lambda seen: seen.of.maximum // _KIB, Write(None)),
    },
    shown={
        **_EXTENT,
        "BlockSize": Const(_PAGE),
        "NumberOfBlocks": Call(lambda seen: seen.of.allocation.maximum // _PAGE),
        "ConsumableBlocks": Call(lambda seen: seen.of.allocation.size // _PAGE),
    },
)
_DISKS: Final = KindRow(
    name="Disk",
    device="LogicalDisk",
    pool="DiskPool",
    description="A disk or drive of a guest.",
    of_setting=STORAGE_SETTING,
    of_device=(LOGICAL_DISK, CDROM_DRIVE, DISKETTE_DRIVE),
    types=(17,),
    spec=disk_spec,
    asked={
        "Address": Call(disk_address, Write("source")),
        "VirtualDevice": Attr("of.target", Write("target", modifying=False)),
        "EmulatedType": Call(lambda seen: EMULATED[seen.of.kind], Write("kind", disk_kind, modifying=False)),
        "BusType": Attr("of.bus", Write("bus")),
        "AllocationUnits": Const("Bytes"),
        "VirtualQuantity": Attr("of.capacity"),
        "PoolID": Call(disk_pool),
        "DriverName": Call(lambda seen: "qemu" if seen.system.effective.hypervisor in {"kvm", "qemu"} else None),
        "DriverType": Attr("of.format", Write("format", modifying=False)),
        "readonly": Call(lambda seen: seen.of.read_only or None, Write("read_only", modifying=False)),
        "cache": Call(lambda seen: None if seen.of.cache == "default" else seen.of.cache, Write("cache")),
        **PCI_ADDRESS,
    },
    extras=_OF_DISKS,
    shown={
        **_EXTENT,
        "Name": Attr("of.allocation.target"),
        "HealthState": Const(5),
        "ThinlyProvisioned": Const(value=False),
    },
)
_FILE_SYSTEMS: Final = KindRow(
    name="Disk",
    device="LogicalDisk",
    pool="DiskPool",
    description="A file system of a container: a folder of its host.",
    device_description="A file system of a container.",
    of_setting=DEVICE_SETTING,
    of_device=(GENERIC_DEVICES["LogicalDevice"],),
    fits=is_kind(DeviceKind.FILE_SYSTEM),
    types=(17,),
    spec=device_spec(DeviceKind.FILE_SYSTEM),
    asked={
        "Address": Attr("of.source", Write("source")),
        "MountPoint": Attr("of.target", Write("target")),
        "PoolID": Call(disk_pool),
        "readonly": Call(lambda seen: seen.of.read_only or None, Write("read_only")),
    },
    extras=_OF_DISKS,
    shown={"Name": Attr("of.allocation.target"), "HealthState": Const(5)},
)
"""The disks of containers."""
_ADAPTERS: Final = KindRow(
    name="Net",
    device="NetworkPort",
    pool="NetworkPool",
    description="A network adapter of a guest.",
    of_setting=ETHERNET_SETTING,
    of_device=(ETHERNET_PORT,),
    types=(10,),
    spec=nic_spec,
    asked={
        "Address": Attr("of.mac", Write("mac", lambda value, _values: value.lower() or None)),
        "NetworkType": Call(lambda seen: seen.of.connection.value, Write("network_type", network_type)),
        "NetworkName": Call(network_name, Write("bridge")),
        "SourceDevice": Call(source_device, Write("device")),
        "NetworkMode": Attr("of.mode", Write("mode", lambda value, _values: value or None)),
        "VSIType": Attr("of.station", Write("station", station_type)),
        "VSIManagerID": Call(digits("vsi_manager"), Write("vsi_manager", station_number)),
        "VSITypeID": Call(digits("vsi_type"), Write("vsi_type", station_number)),
        "VSITypeIDVersion": Call(digits("vsi_version"), Write("vsi_version", station_number)),
        "VSIInstanceID": Attr("of.vsi_instance", Write("vsi_instance", of_station)),
        "ProfileID": Attr("of.profile", Write("profile", port_profile)),
        "PoolID": Call(network_pool, Write("network", network)),
        "ResourceSubType": Attr("of.model", Write("model", lambda value, _values: value or None)),
        "VirtualDevice": Attr("of.target", Write("target", lambda value, _values: value or None, modifying=False)),
        **PCI_ADDRESS,
    },
    extras=own(
        "NetworkType", "NetworkName", "VirtualDevice", "AddressProperties", "AddressValues", "NetworkMode",
        "SourceDevice", "ProfileID", "VSIType", "VSIManagerID", "VSITypeID", "VSITypeIDVersion", "VSIInstanceID",
    ),
    shown={"NetworkAddresses": Call(lambda seen: (seen.of.allocation.mac,)), "LinkTechnology": Const(2)},
)  # fmt: skip
_SCREENS: Final = KindRow(
    name="Graphics",
    device="DisplayController",
    pool="GraphicsPool",
    description="A screen of a guest that viewers elsewhere see.",
    device_description="A screen of a guest.",
    of_setting=DEVICE_SETTING,
    of_device=(GENERIC_DEVICES["LogicalDevice"],),
    fits=is_kind(DeviceKind.GRAPHICS),
    types=(24,),
    spec=device_spec(DeviceKind.GRAPHICS),
    asked={
        "ResourceSubType": Attr("of.type", Write("type", modifying=False)),
        "Address": Call(lambda seen: endpoint(seen.of), Write("address", listens)),
        "IsIPv6Only": Call(lambda _seen: None, Write("listens", ipv6_only)),
        "KeyMap": Attr("of.keymap", Write("keymap")),
        "Password": WriteOnly(Write("password"), masked),
    },
    extras=own("KeyMap", "IsIPv6Only", "Password"),
    shown={"VideoProcessor": Call(lambda seen: f"{seen.of.allocation.type}/{endpoint(seen.of.allocation)}")},
)
_INPUTS: Final = KindRow(
    name="Input",
    device="PointingDevice",
    pool="InputPool",
    description="A mouse, tablet or keyboard of a guest.",
    of_setting=DEVICE_SETTING,
    of_device=(GENERIC_DEVICES["PointingDevice"], GENERIC_DEVICES["Keyboard"]),
    fits=is_kind(DeviceKind.INPUT),
    types=(13,),
    spec=device_spec(DeviceKind.INPUT),
    asked={
        "Caption": Call(input_caption),
        "ResourceSubType": Attr("of.type", Write("type", modifying=False)),
        "BusType": Attr("of.bus", Write("bus", modifying=False)),
    },
    extras=own("BusType"),
    shown={
        "Caption": Call(input_caption),
        "PointingType": Call(lambda seen: {"mouse": 3, "tablet": 5}.get(seen.of.allocation.type or "", 2)),
    },
)
_BUSES: Final = KindRow(
    name="Controller",
    device="Controller",
    pool="ControllerPool",
    description="A controller of a guest.",
    of_setting=DEVICE_SETTING,
    of_device=tuple(GENERIC_DEVICES.values()),
    fits=is_kind(DeviceKind.CONTROLLER),
    types=(1, 32771),
    spec=device_spec(DeviceKind.CONTROLLER),
    asked={
        "OtherResourceType": Const("controller"),
        "ResourceSubType": Attr("of.bus", Write("bus", modifying=False)),
        "Index": Call(
            lambda seen: int(seen.of.address or 0),
            Write("address", lambda value, _values: str(value), modifying=False),
        ),
        "Model": Attr("of.type", Write("type", modifying=False)),
        **PCI_ADDRESS,
    },
    extras=own("Index", "Model", "AddressProperties", "AddressValues"),
    shown={
        "ProtocolDescription": Attr("of.allocation.type"),
        "ProtocolSupported": Call(lambda seen: _PROTOCOLS.get(seen.of.allocation.bus or "", 1)),
    },
    device_extras=own("ProtocolDescription"),
)


def kind_rows(*, of_containers: bool) -> tuple[KindRow, ...]:
    """What guests have; the order is that in which an instance of a base class is looked for."""
    disks = _FILE_SYSTEMS if of_containers else _DISKS
    return (_PROCESSORS, _MEMORY, disks, _ADAPTERS, _SCREENS, _INPUTS, _BUSES)


ADAPTERS: Final = 3
"""The place of network adapters in that order."""
