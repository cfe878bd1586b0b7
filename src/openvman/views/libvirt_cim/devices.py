"""What a guest has, as libvirt-cim shows it: seven kinds of settings, and the devices that they make.

What a guest has beside these (serial ports, video adapters, watchdogs and so on) libvirt-cim's clients do not expect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, Const, Source, Write, WriteOnly, itself
from openvman.messages import compatible
from openvman.model.allocation import (
    NO_DEVICE,
    WHOLE_PROCESSOR,
    Allocation,
    DeviceAllocation,
    DeviceKind,
    DiskKind,
    NicConnection,
)
from openvman.model.device import VirtualDevice
from openvman.model.endpoint import format_endpoint, parse_endpoint
from openvman.model.errors import ModelError
from openvman.model.spec import DeviceSpec, DiskSpec, MemorySpec, NicSpec, ProcessorSpec, ResourceSpec
from openvman.profiles.dsp1044_processor import PROCESSOR, PROCESSOR_SETTING
from openvman.profiles.dsp1045_memory import MEMORY, MEMORY_SETTING
from openvman.profiles.dsp1047_storage import CDROM_DRIVE, DISKETTE_DRIVE, LOGICAL_DISK, STORAGE_SETTING
from openvman.profiles.dsp1050_ethernet_port import ETHERNET_PORT, ETHERNET_SETTING
from openvman.profiles.dsp1059_generic_device import DEVICE_SETTING, GENERIC_DEVICES
from openvman.profiles.units import in_unit
from openvman.views.libvirt_cim.names import (
    PCI_ADDRESS,
    device_name,
    disk_address,
    guest_in_id,
    guest_system,
    keys_on_guest,
    pool_name,
    setting_name,
    storage_pool_of,
)
from openvman.views.libvirt_cim.own import own
from openvman.views.libvirt_cim.scope import INSTANCE_ID, Scope, Seen
from openvman.views.libvirt_cim.systems import PLAIN_STATE, Systems

SETTING: Final = "ResourceAllocationSettingData"
_KIB: Final = 2**10
_PAGE: Final = 4096
_PERCENT: Final = WHOLE_PROCESSOR // 100
"""Limits of processors are in percent of one."""
_WEIGHT: Final = 1024
"""The weight of processors that nobody gave one."""
_EMULATED: Final = {DiskKind.DISK: 0, DiskKind.CDROM: 1, DiskKind.FLOPPY: 2}
_BUS_OF: Final = {"hd": "ide", "sd": "scsi", "vd": "virtio", "fd": "fdc", "xvd": "xen", "ubd": "uml"}
"""The bus that the name of a disk means."""
_MASK: Final = "********"
PCI_BUS, USB_BUS = 5, 16
_PROTOCOLS: Final = {"pci": PCI_BUS, "usb": USB_BUS, "ide": 4, "scsi": 3}
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


# --- reading and writing what is more than an attribute --------------------------------------------------------------


def _endpoint(allocation: DeviceAllocation) -> str:
    """Where a screen listens; the port is -1 until it is chosen."""
    if allocation.address is None:
        return "127.0.0.1:-1"
    try:
        address, port = parse_endpoint(allocation.address)
    except ValueError:
        return allocation.address
    return format_endpoint(address, port) if port is not None else f"{_host(address)}:-1"


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _listens(value: Value, _values: NameMap[Value]) -> str:
    """An address with a port of -1 or none leaves the port to be chosen."""
    host, _, port = str(value).rpartition(":")
    return host.removeprefix("[").removesuffix("]") if port == "-1" else str(value)


def _ipv6_only(value: Value, values: NameMap[Value]) -> str | None:
    """The address that the flag means, where none is said."""
    return "::1" if value and not values.get("Address") else None


def _no_password(password: Value, _values: NameMap[Value]) -> None:
    """Refused, and not passed over: who sets one must not get a screen that is open to everyone."""
    if password:
        raise ModelError(compatible.NO_PASSWORD, "Password")


def _size(quantity: Value, values: NameMap[Value]) -> int:
    return in_unit(int(quantity), values.get("AllocationUnits") or "KiloBytes", "byte")


def _disk_spec(
    target: str | None = None, bus: str | None = None, source: str | None = None, kind: DiskKind | None = None,
    **said: Any,
) -> DiskSpec:  # fmt: skip
    """The name of a disk says its bus, where nothing else does."""
    letters = (target or "").rstrip("0123456789")[:-1]
    return DiskSpec(
        target=target or None,
        bus=bus or _BUS_OF.get(letters) if said.get("allocation_id") is None else bus or None,
        source=source,
        kind=kind or (DiskKind.DISK if said.get("allocation_id") is None else None),
        **said,
    )


def _percent(limit: Value, _values: NameMap[Value]) -> int:
    return int(limit) * _PERCENT


def _disk_kind(code: Value, _values: NameMap[Value]) -> DiskKind:
    found = next((kind for kind, known in _EMULATED.items() if known == code), None)
    if found is None:
        raise ValueError("use 0 (disk), 1 (CD drive) or 2 (floppy drive)")
    return found


def _nic_spec(
    network_type: str | None = None, network: str | None = None, bridge: str | None = None, **said: Any
) -> NicSpec:
    if network_type is None:
        return NicSpec(**said)
    connection = NicConnection(network_type)
    source = {NicConnection.NETWORK: network, NicConnection.BRIDGE: bridge}.get(connection)
    return NicSpec(connection=connection, source=source, **said)


def _network_type(value: Value, values: NameMap[Value]) -> str:
    if value not in {NicConnection.NETWORK, NicConnection.BRIDGE, NicConnection.USER}:
        raise ValueError(f"use {NicConnection.NETWORK}, {NicConnection.BRIDGE} or {NicConnection.USER}")
    if value == NicConnection.BRIDGE and values.get("NetworkName") is None:
        raise ValueError("No Network bridge name specified")
    if value == NicConnection.BRIDGE and not values.get("NetworkName"):
        raise ValueError("Bridge name is empty")
    return str(value)


def _network(value: Value, _values: NameMap[Value]) -> str | None:
    """The network that a PoolID names."""
    kind, _, name = str(value).partition("/")
    return name if kind == "NetworkPool" and name not in {"", "0"} else None


def _device_spec(kind: DeviceKind) -> Callable[..., DeviceSpec]:
    def made(listens: str | None = None, address: str | None = None, password: None = None, **said: Any) -> DeviceSpec:
        del password  # there is none
        # The kind of a device that is there is no change.
        return DeviceSpec(
            kind=kind if said.get("allocation_id") is None else None, address=address or listens or None, **said
        )

    return made


def _of_type(*types: int) -> Callable[[NameMap[Value]], bool]:
    return lambda values: values.get("ResourceType") in (None, *types)


def _input_caption(seen: Seen) -> str:
    device = allocation_in(seen)
    assert isinstance(device, DeviceAllocation), "inputs are such"
    names = {"mouse": "Mouse", "tablet": "Tablet"}
    return f"{(device.bus or '').upper()} {names.get(device.type or '', 'Unknown device type')}"


def disk_pool(seen: Seen) -> str:
    """The name of the pool that a disk is from."""
    pool = storage_pool_of(seen, seen.of.source)
    return pool_name("DiskPool") if pool is None else pool_name("DiskPool", pool.name)


def network_pool(seen: Seen) -> str:
    nic = seen.of
    named = nic.source if nic.connection is NicConnection.NETWORK else None
    return pool_name("NetworkPool", named if named in seen.host.networks else "0")


_GENERIC: Final = (DEVICE_SETTING, tuple(GENERIC_DEVICES.values()))
KINDS_OF: Final = (
    (PROCESSOR_SETTING, (PROCESSOR,)),
    (MEMORY_SETTING, (MEMORY,)),
    (STORAGE_SETTING, (LOGICAL_DISK, CDROM_DRIVE, DISKETTE_DRIVE)),
    (ETHERNET_SETTING, (ETHERNET_PORT,)),
    _GENERIC,
    _GENERIC,
    _GENERIC,
)
"""The standard view's classes of what :func:`kinds` gives, in its order."""

# --- the classes -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What an embedded instance asks for; ``also`` is the same allocation of the next activation, where the one that is
    to be modified is that of the active guest."""

    spec: ResourceSpec
    also: str | None = None


def in_definition(seen: Seen) -> Allocation | None:
    """The same allocation of the next activation, where another is in force."""
    defined = seen.system.defined
    if defined is None or defined is seen.system.effective:
        return None
    local = seen.of.local_id
    return next((allocation for allocation in defined.allocations() if allocation.local_id == local), None)


def _identity(seen: Seen) -> dict[str, Any]:
    defined = in_definition(seen)
    return {"allocation_id": seen.of.id, "also": None if defined is None else defined.id}


def _asking(spec: Callable[..., ResourceSpec]) -> Callable[..., Asked]:
    def made(also: str | None = None, **said: Any) -> Asked:
        return Asked(spec(**said), also)

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
            accepts=_of_type(*types),
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
    return (_processors(make), _memory(make), _disks(make), _nics(make), _screens(make), _inputs(make), _buses(make))


def _processors(make: _Maker) -> Kind:
    setting = make.setting(
        "Proc",
        PROCESSOR_SETTING,
        {
            "VirtualQuantity": Attr("of.count", Write("count")),
            "Weight": Call(lambda seen: seen.of.weight or _WEIGHT, Write("weight")),
            "Limit": Call(lambda seen: (seen.of.limit or 0) // _PERCENT, Write("limit", _percent)),
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
            "VirtualQuantity": Call(lambda seen: seen.of.size // _KIB, Write("size", _size)),
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


def _disks(make: _Maker) -> Kind:
    setting = make.setting(
        "Disk",
        STORAGE_SETTING,
        {
            "Address": Call(disk_address, Write("source")),
            "VirtualDevice": Attr("of.target", Write("target", modifying=False)),
            "EmulatedType": Call(
                lambda seen: _EMULATED[seen.of.kind], Write("kind", _disk_kind, modifying=False)
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
        _disk_spec,
        types=(17,),
        description="A disk or drive of a guest.",
        extras=own(
            "VirtualDevice", "EmulatedType", "BusType", "DriverName", "DriverType", "AddressProperties",
            "AddressValues", "MountPoint", "readonly", "cache", "AllocationQuantity",
        ),
    )  # fmt: skip
    device = make.device(
        "LogicalDisk",
        (LOGICAL_DISK, CDROM_DRIVE, DISKETTE_DRIVE),
        {
            **_EXTENT,
            "Name": Attr("of.allocation.target"),
            "HealthState": Const(5),
            "ThinlyProvisioned": Const(value=False),
        },
        description="A disk or drive of a guest.",
    )
    return Kind(setting, device, "DiskPool")


def _nics(make: _Maker) -> Kind:
    setting = make.setting(
        "Net",
        ETHERNET_SETTING,
        {
            "Address": Attr("of.mac", Write("mac", lambda value, _values: value.lower() or None)),
            "NetworkType": Call(lambda seen: seen.of.connection.value, Write("network_type", _network_type)),
            "NetworkName": Call(
                lambda seen: seen.of.source, Write("bridge")
            ),
            "PoolID": Call(network_pool, Write("network", _network)),
            "ResourceSubType": Attr("of.model", Write("model", lambda value, _values: value or None)),
            "VirtualDevice": Attr("of.target"),
            **PCI_ADDRESS,
        },
        _nic_spec,
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
            "Address": Call(lambda seen: _endpoint(seen.of), Write("address", _listens)),
            "IsIPv6Only": Call(lambda _seen: None, Write("listens", _ipv6_only)),
            "KeyMap": Call(lambda seen: "en-us" if seen.of.type == "vnc" else None),
            "Password": WriteOnly(Write("password", _no_password)),
        },
        _device_spec(DeviceKind.GRAPHICS),
        types=(24,),
        description="A screen of a guest that viewers elsewhere see.",
        fits=fits,
        extras=own("KeyMap", "IsIPv6Only", "Password"),
    )
    device = make.device(
        "DisplayController",
        (GENERIC_DEVICES["LogicalDevice"],),
        {"VideoProcessor": Call(lambda seen: f"{seen.of.allocation.type}/{_endpoint(seen.of.allocation)}")},
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
            "Caption": Call(_input_caption),
            "ResourceSubType": Attr("of.type", Write("type", modifying=False)),
            "BusType": Attr("of.bus", Write("bus", modifying=False)),
        },
        _device_spec(DeviceKind.INPUT),
        types=(13,),
        description="A mouse, tablet or keyboard of a guest.",
        fits=fits,
        extras=own("BusType"),
    )
    device = make.device(
        "PointingDevice",
        (GENERIC_DEVICES["PointingDevice"], GENERIC_DEVICES["Keyboard"]),
        {
            "Caption": Call(_input_caption),
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
        _device_spec(DeviceKind.CONTROLLER),
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


def allocation_in(seen: Seen) -> Allocation:
    """The allocation that an object is, or that made it."""
    of: VirtualDevice | Allocation = seen.of
    return of.allocation if isinstance(of, VirtualDevice) else of


def pool_for(seen: Seen, kind: Kind) -> str:
    """The name of the pool that an allocation or device is from."""
    alike = Seen(seen.host, seen.system, allocation_in(seen))
    match kind.pool:
        case "DiskPool":
            return disk_pool(alike)
        case "NetworkPool":
            return network_pool(alike)
    return pool_name(kind.pool)
