"""What a guest has, as libvirt-cim shows it: seven kinds of settings, and the devices that they make.

What a guest has beside these (serial ports, video adapters, watchdogs and so on) libvirt-cim's clients do not expect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from openvman.mapping.declare import Attr, Call, ClassMap, Const, Source, Write, WriteOnly, itself
from openvman.model.allocation import (
    NO_DEVICE,
    Allocation,
    DeviceAllocation,
    DeviceKind,
)
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
    allocation_in,
    device_spec,
    disk_kind,
    disk_pool,
    disk_spec,
    endpoint,
    input_caption,
    ipv6_only,
    listens,
    network,
    network_pool,
    network_type,
    nic_spec,
    no_password,
    of_type,
    percent,
    size,
)
from openvman.views.libvirt_cim.names import (
    PCI_ADDRESS,
    device_name,
    disk_address,
    guest_in_id,
    guest_system,
    keys_on_guest,
    pool_name,
    setting_name,
)
from openvman.views.libvirt_cim.own import own
from openvman.views.libvirt_cim.scope import INSTANCE_ID, Scope, Seen
from openvman.views.libvirt_cim.systems import PLAIN_STATE, Systems

SETTING: Final = "ResourceAllocationSettingData"
_KIB: Final = 2**10
_PAGE: Final = 4096
_WEIGHT: Final = 1024
"""The weight of processors that nobody gave one."""
_PROTOCOLS: Final = {"pci": 5, "usb": 16, "ide": 4, "scsi": 3}
"""ProtocolSupported of a controller, by the bus that it makes."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of what a guest has: the class of its settings, and that of its devices."""

    setting: ClassMap
    device: ClassMap
    pool: str
    """The first part of the names of its pools."""


def is_kind(*kinds: DeviceKind) -> Callable[[Any], bool]:
    """Whether an allocation, or a device's, is of a kind; one that says that there is none is not."""

    def fits(of: Any) -> bool:
        allocation = of.allocation if isinstance(of, VirtualDevice) else of
        return isinstance(allocation, DeviceAllocation) and allocation.kind in kinds and allocation.type != NO_DEVICE

    return fits


_GENERIC: Final = (DEVICE_SETTING, tuple(GENERIC_DEVICES.values()))
_DRIVES: Final = (LOGICAL_DISK, CDROM_DRIVE, DISKETTE_DRIVE)
NICS: Final = 3
"""The place of network adapters in that order."""

# --- the classes -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What an embedded instance asks for: of the allocation of the active guest, of that of the next activation
    (``defined``), or of both."""

    spec: ResourceSpec
    active: str | None = None
    defined: str | None = None

    def specs(self) -> Iterator[ResourceSpec]:
        """Of each allocation. A definition has no more processors or memory in reserve than are asked for."""
        if self.active is not None:
            yield replace(self.spec, allocation_id=self.active)
        if self.defined is not None:
            yield replace(self.whole, allocation_id=self.defined)

    @property
    def whole(self) -> ResourceSpec:
        """Of a definition: libvirt-cim knows no maximum beside what there is."""
        match self.spec:
            case ProcessorSpec(count=int(count)):
                return replace(self.spec, maximum=count)
            case MemorySpec(size=int(size)):
                return replace(self.spec, maximum=size)
        return self.spec


def in_definition(seen: Seen) -> Allocation | None:
    """The same allocation of the next activation, where another is in force."""
    defined = seen.system.defined
    if defined is None or defined is seen.system.effective:
        return None
    local = seen.of.local_id
    return next((allocation for allocation in defined.allocations() if allocation.local_id == local), None)


def _identity(seen: Seen) -> dict[str, Any]:
    defined, is_active = in_definition(seen), seen.system.effective is seen.system.current
    if not is_active:
        return {"allocation_id": seen.of.id, "active": None, "defined": seen.of.id}
    return {"allocation_id": seen.of.id, "active": seen.of.id, "defined": None if defined is None else defined.id}


def _asking(spec: Callable[..., ResourceSpec]) -> Callable[..., Asked]:
    def made(active: str | None = None, defined: str | None = None, **said: Any) -> Asked:
        return Asked(spec(**said), active, defined)

    return made


@dataclass(frozen=True, slots=True)
class _Maker:
    scope: Scope
    systems: Systems

    def setting(
        self,
        name: str,
        standard: ClassMap,
        properties: Mapping[str, Source],
        spec: Callable[..., Any],
        *,
        types: tuple[int, ...],
        description: str,
        extras: tuple[Any, ...] = (),
        fits: Callable[[Any], bool] = lambda _of: True,
    ) -> ClassMap:
        return self.scope.of_system(
            (standard,),
            name=f"{name}{SETTING}",
            cim=f"{self.scope.prefix}_{SETTING}",
            description=description,
            guest=guest_in_id,
            fits=fits,
            keys={INSTANCE_ID: Call(setting_name)},
            properties={
                "ResourceType": Const(types[0]),
                "VirtualQuantityUnits": Const("count"),
                **properties,
            },
            extras=extras,
            subject=itself,
            identity=_identity,
            spec=_asking(spec),
            accepts=of_type(*types),
        )

    def device(
        self,
        name: str,
        standard: tuple[ClassMap, ...],
        properties: Mapping[str, Source],
        *,
        description: str,
        cim: str | None = None,
        extras: tuple[Any, ...] = (),
        fits: Callable[[Any], bool] = lambda _of: True,
    ) -> ClassMap:
        return self.scope.of_system(
            standard,
            name=name,
            cim=cim or f"CIM_{name}",
            description=description,
            guest=guest_system,
            fits=fits,
            keys=keys_on_guest(self.systems.guest, "DeviceID", Call(device_name)),
            properties={**PLAIN_STATE, **properties},
            extras=extras,
            kind=None,
        )


_EXTENT: Final[dict[str, Source]] = {
    "IsComposite": Const(value=True),
    "CompressionRate": Const(1),
    "Primordial": Const(value=False),
}


def kinds(scope: Scope, systems: Systems) -> tuple[Kind, ...]:
    """What guests have; the order is that in which an instance of a base class is looked for."""
    make = _Maker(scope, systems)
    disks = _file_systems(make) if scope.of_containers else _disks(make)
    return (_processors(make), _memory(make), disks, _nics(make), _screens(make), _inputs(make), _buses(make))


def shown_by(scope: Scope) -> tuple[tuple[ClassMap, tuple[ClassMap, ...]], ...]:
    """The standard view's classes, of settings and of devices, that :func:`kinds` shows, in its order."""
    return (
        (PROCESSOR_SETTING, (PROCESSOR,)),
        (MEMORY_SETTING, (MEMORY,)),
        _GENERIC if scope.of_containers else (STORAGE_SETTING, _DRIVES),
        (ETHERNET_SETTING, (ETHERNET_PORT,)),
        _GENERIC,
        _GENERIC,
        _GENERIC,
    )


def _processors(make: _Maker) -> Kind:
    setting = make.setting(
        "Proc",
        PROCESSOR_SETTING,
        {
            "VirtualQuantity": Attr("of.count", Write("count")),
            "Weight": Call(lambda seen: seen.of.weight or _WEIGHT, Write("weight")),
            "Limit": Call(lambda seen: (seen.of.limit or 0) // PERCENT, Write("limit", percent)),
        },
        ProcessorSpec,
        types=(3,),
        description="The virtual processors of a guest.",
    )
    device = make.device(
        "Processor", (PROCESSOR,), {"NumberOfEnabledCores": Const(1)}, description="A virtual processor."
    )
    return Kind(setting, device, "ProcessorPool")


def _memory(make: _Maker) -> Kind:
    setting = make.setting(
        "Mem",
        MEMORY_SETTING,
        {
            "AllocationUnits": Call(lambda _seen: "KiloBytes", Write(None)),
            "VirtualQuantity": Call(lambda seen: seen.of.size // _KIB, Write("size", size)),
            "Reservation": Call(lambda seen: seen.of.size // _KIB),
            "Limit": Call(lambda seen: seen.of.maximum // _KIB, Write(None)),
        },
        MemorySpec,
        types=(4,),
        description="The memory of a guest.",
    )
    device = make.device(
        "Memory",
        (MEMORY,),
        {
            **_EXTENT,
            "BlockSize": Const(_PAGE),
            "NumberOfBlocks": Call(lambda seen: seen.of.allocation.maximum // _PAGE),
            "ConsumableBlocks": Call(lambda seen: seen.of.allocation.size // _PAGE),
        },
        description="The memory of a guest.",
    )
    return Kind(setting, device, "MemoryPool")


_OF_DISKS: Final = own(
    "VirtualDevice", "EmulatedType", "BusType", "DriverName", "DriverType", "AddressProperties",
    "AddressValues", "MountPoint", "readonly", "cache", "AllocationQuantity",
)  # fmt: skip


def _disks(make: _Maker) -> Kind:
    setting = make.setting(
        "Disk",
        STORAGE_SETTING,
        {
            "Address": Call(disk_address, Write("source")),
            "VirtualDevice": Attr("of.target", Write("target", modifying=False)),
            "EmulatedType": Call(
                lambda seen: EMULATED[seen.of.kind], Write("kind", disk_kind, modifying=False)
            ),
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
        disk_spec,
        types=(17,),
        description="A disk or drive of a guest.",
        extras=_OF_DISKS,
    )  # fmt: skip
    device = make.device(
        "LogicalDisk",
        _DRIVES,
        {
            **_EXTENT,
            "Name": Attr("of.allocation.target"),
            "HealthState": Const(5),
            "ThinlyProvisioned": Const(value=False),
        },
        description="A disk or drive of a guest.",
    )
    return Kind(setting, device, "DiskPool")


def _file_systems(make: _Maker) -> Kind:
    """The disks of containers."""
    fits = is_kind(DeviceKind.FILE_SYSTEM)
    setting = make.setting(
        "Disk",
        DEVICE_SETTING,
        {
            "Address": Attr("of.source", Write("source")),
            "MountPoint": Attr("of.target", Write("target")),
            "PoolID": Call(disk_pool),
            "readonly": Call(lambda seen: seen.of.read_only or None, Write("read_only")),
        },
        device_spec(DeviceKind.FILE_SYSTEM),
        types=(17,),
        description="A file system of a container: a folder of its host.",
        fits=fits,
        extras=_OF_DISKS,
    )
    device = make.device(
        "LogicalDisk",
        (GENERIC_DEVICES["LogicalDevice"],),
        {"Name": Attr("of.allocation.target"), "HealthState": Const(5)},
        description="A file system of a container.",
        fits=fits,
    )
    return Kind(setting, device, "DiskPool")


def _nics(make: _Maker) -> Kind:
    setting = make.setting(
        "Net",
        ETHERNET_SETTING,
        {
            "Address": Attr("of.mac", Write("mac", lambda value, _values: value.lower() or None)),
            "NetworkType": Call(lambda seen: seen.of.connection.value, Write("network_type", network_type)),
            "NetworkName": Call(
                lambda seen: seen.of.source, Write("bridge")
            ),
            "PoolID": Call(network_pool, Write("network", network)),
            "ResourceSubType": Attr("of.model", Write("model", lambda value, _values: value or None)),
            "VirtualDevice": Attr("of.target"),
            **PCI_ADDRESS,
        },
        nic_spec,
        types=(10,),
        description="A network adapter of a guest.",
        extras=own(
            "NetworkType", "NetworkName", "VirtualDevice", "AddressProperties", "AddressValues", "NetworkMode",
            "SourceDevice", "ProfileID", "VSIType", "VSIManagerID", "VSITypeID", "VSITypeIDVersion", "VSIInstanceID",
        ),
    )  # fmt: skip
    device = make.device(
        "NetworkPort",
        (ETHERNET_PORT,),
        {"NetworkAddresses": Call(lambda seen: (seen.of.allocation.mac,)), "LinkTechnology": Const(2)},
        description="A network adapter of a guest.",
    )
    return Kind(setting, device, "NetworkPool")


def _screens(make: _Maker) -> Kind:
    fits = is_kind(DeviceKind.GRAPHICS)
    setting = make.setting(
        "Graphics",
        DEVICE_SETTING,
        {
            "ResourceSubType": Attr("of.type", Write("type", modifying=False)),
            "Address": Call(lambda seen: endpoint(seen.of), Write("address", listens)),
            "IsIPv6Only": Call(lambda _seen: None, Write("listens", ipv6_only)),
            "KeyMap": Call(lambda seen: "en-us" if seen.of.type == "vnc" else None),
            "Password": WriteOnly(Write("password", no_password)),
        },
        device_spec(DeviceKind.GRAPHICS),
        types=(24,),
        description="A screen of a guest that viewers elsewhere see.",
        fits=fits,
        extras=own("KeyMap", "IsIPv6Only", "Password"),
    )
    device = make.device(
        "DisplayController",
        (GENERIC_DEVICES["LogicalDevice"],),
        {"VideoProcessor": Call(lambda seen: f"{seen.of.allocation.type}/{endpoint(seen.of.allocation)}")},
        description="A screen of a guest.",
        fits=fits,
    )
    return Kind(setting, device, "GraphicsPool")


def _inputs(make: _Maker) -> Kind:
    fits = is_kind(DeviceKind.INPUT)
    setting = make.setting(
        "Input",
        DEVICE_SETTING,
        {
            "Caption": Call(input_caption),
            "ResourceSubType": Attr("of.type", Write("type", modifying=False)),
            "BusType": Attr("of.bus", Write("bus", modifying=False)),
        },
        device_spec(DeviceKind.INPUT),
        types=(13,),
        description="A mouse, tablet or keyboard of a guest.",
        fits=fits,
        extras=own("BusType"),
    )
    device = make.device(
        "PointingDevice",
        (GENERIC_DEVICES["PointingDevice"], GENERIC_DEVICES["Keyboard"]),
        {
            "Caption": Call(input_caption),
            "PointingType": Call(lambda seen: {"mouse": 3, "tablet": 5}.get(seen.of.allocation.type or "", 2)),
        },
        description="A mouse, tablet or keyboard of a guest.",
        fits=fits,
    )
    return Kind(setting, device, "InputPool")


def _buses(make: _Maker) -> Kind:
    fits = is_kind(DeviceKind.CONTROLLER)
    setting = make.setting(
        "Controller",
        DEVICE_SETTING,
        {
            "OtherResourceType": Const("controller"),
            "ResourceSubType": Attr("of.bus", Write("bus", modifying=False)),
            "Index": Call(
                lambda seen: int(seen.of.address or 0),
                Write("address", lambda value, _values: str(value), modifying=False),
            ),
            "Model": Attr("of.type", Write("type", modifying=False)),
            **PCI_ADDRESS,
        },
        device_spec(DeviceKind.CONTROLLER),
        types=(1, 32771),
        description="A controller of a guest.",
        fits=fits,
        extras=own("Index", "Model", "AddressProperties", "AddressValues"),
    )
    device = make.device(
        "Controller",
        tuple(GENERIC_DEVICES.values()),
        {
            "ProtocolDescription": Attr("of.allocation.type"),
            "ProtocolSupported": Call(lambda seen: _PROTOCOLS.get(seen.of.allocation.bus or "", 1)),
        },
        description="A controller of a guest.",
        fits=fits,
        extras=own("ProtocolDescription"),
    )
    return Kind(setting, device, "ControllerPool")


def pool_for(seen: Seen, kind: Kind) -> str:
    """The name of the pool that an allocation or device is from."""
    alike = Seen(seen.host, seen.system, allocation_in(seen))
    match kind.pool:
        case "DiskPool":
            return disk_pool(alike)
        case "NetworkPool":
            return network_pool(alike)
    return pool_name(kind.pool)
