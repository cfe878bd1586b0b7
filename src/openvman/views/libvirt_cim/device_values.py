"""What of a guest's devices is more than an attribute to read, or to write: libvirt-cim's values for the model's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.messages import devices
from openvman.model.allocation import (
    STATIONS,
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
from openvman.model.spec import DeviceSpec, DiskSpec, NicSpec
from openvman.profiles.units import in_unit
from openvman.views.libvirt_cim.names import pool_name, storage_pool_of
from openvman.views.libvirt_cim.scope import Seen

PERCENT: Final = WHOLE_PROCESSOR // 100
"""Limits of processors are in percent of one."""
EMULATED: Final = {DiskKind.DISK: 0, DiskKind.CDROM: 1, DiskKind.FLOPPY: 2}
_BUS_OF: Final = {"hd": "ide", "sd": "scsi", "vd": "virtio", "fd": "fdc", "xvd": "xen", "ubd": "uml"}
"""The bus that the name of a disk means."""


def allocation_in(seen: Seen) -> Allocation:
    """The allocation that an object is, or that made it."""
    of: VirtualDevice | Allocation = seen.of
    return of.allocation if isinstance(of, VirtualDevice) else of


def endpoint(allocation: DeviceAllocation) -> str:
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


def listens(value: Value, _values: NameMap[Value]) -> str:
    """An address with a port of -1 or none leaves the port to be chosen."""
    host, _, port = str(value).rpartition(":")
    return host.removeprefix("[").removesuffix("]") if port == "-1" else str(value)


def ipv6_only(value: Value, values: NameMap[Value]) -> str | None:
    """The address that the flag means, where none is said."""
    return "::1" if value and not values.get("Address") else None


_MASK: Final = "*" * 8
"""What every password reads as, whatever it is."""


def masked(seen: Seen) -> str | None:
    return _MASK if seen.of.has_password else None


def _password(password: str | None, *, defining: bool) -> dict[str, Any]:
    """What is read may be written back, and changes nothing; an empty text takes the password away."""
    if password == _MASK and defining:  # an open screen, or a password that everybody knows, would be the alternatives
        raise ModelError(devices.PASSWORD_UNKNOWN, "Password")
    if password == "":
        return {"has_password": False}
    return {} if password == _MASK else {"password": password}


def size(quantity: Value, values: NameMap[Value]) -> int:
    return in_unit(int(quantity), values.get("AllocationUnits") or "KiloBytes", "byte")


def disk_spec(
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


def percent(limit: Value, _values: NameMap[Value]) -> int:
    return int(limit) * PERCENT


def disk_kind(code: Value, _values: NameMap[Value]) -> DiskKind:
    found = next((kind for kind, known in EMULATED.items() if known == code), None)
    if found is None:
        raise ValueError("use 0 (disk), 1 (CD drive) or 2 (floppy drive)")
    return found


def nic_spec(
    network_type: str | None = None,
    network: str | None = None,
    bridge: str | None = None,
    device: str | None = None,
    target: str | None = None,
    station: None = None,
    **said: Any,
) -> NicSpec:
    del station  # what is said of it says which it is
    if network_type is None:
        return NicSpec(target=target, **said)
    connection = NicConnection(network_type)
    sources = {NicConnection.NETWORK: network, NicConnection.BRIDGE: bridge, NicConnection.DIRECT: device}
    if connection is NicConnection.USER:
        target = None  # templates have one, and libvirt passes it over
    return NicSpec(connection=connection, source=sources.get(connection), target=target, **said)


_NETWORK_TYPES: Final = tuple(each.value for each in NicConnection if each is not NicConnection.OTHER)


def source_device(seen: Seen) -> str | None:
    return seen.of.source if seen.of.connection is NicConnection.DIRECT else None


def network_name(seen: Seen) -> str | None:
    return None if seen.of.connection is NicConnection.DIRECT else seen.of.source


def digits(name: str) -> Callable[[Seen], str | None]:
    """A number of a NIC as the text that it is here."""

    def read(seen: Seen) -> str | None:
        value = getattr(seen.of, name)
        return None if value is None else str(value)

    return read


def of_station(value: Value, values: NameMap[Value]) -> str | None:
    """What is said of a port by 802.1Qbg; one by 802.1Qbh has none of it, and an empty text says nothing."""
    return value or None if values.get("VSIType") != STATIONS[1] else None


def station_number(value: Value, values: NameMap[Value]) -> int | None:
    """Numbers are texts, decimal or as 0x…"""
    text = of_station(value, values)
    return None if text is None else int(text, 0)


def port_profile(value: Value, values: NameMap[Value]) -> str | None:
    """The profile of a port by 802.1Qbh; one by 802.1Qbg has none."""
    return value or None if values.get("VSIType") != STATIONS[0] else None


def station_type(value: Value, _values: NameMap[Value]) -> None:
    """It is said by what is said of it."""
    if value not in {"", *STATIONS}:
        raise ValueError(f"use {' or '.join(STATIONS)}")


def network_type(value: Value, values: NameMap[Value]) -> str:
    if value not in _NETWORK_TYPES:
        raise ValueError(f"use one of {', '.join(_NETWORK_TYPES)}")
    if value == NicConnection.DIRECT and not values.get("SourceDevice"):
        raise ValueError("No Source Device specified")
    if value == NicConnection.BRIDGE and values.get("NetworkName") is None:
        raise ValueError("No Network bridge name specified")
    if value == NicConnection.BRIDGE and not values.get("NetworkName"):
        raise ValueError("Bridge name is empty")
    return str(value)


def network(value: Value, _values: NameMap[Value]) -> str | None:
    """The network that a PoolID names."""
    kind, _, name = str(value).partition("/")
    return name if kind == "NetworkPool" and name not in {"", "0"} else None


def device_spec(kind: DeviceKind) -> Callable[..., DeviceSpec]:
    def made(
        listens: str | None = None, address: str | None = None, password: str | None = None, **said: Any
    ) -> DeviceSpec:
        defining = said.get("allocation_id") is None
        # The kind of a device that is there is no change.
        return DeviceSpec(
            kind=kind if defining else None,
            address=address or listens or None,
            **said,
            **_password(password, defining=defining),
        )

    return made


def of_type(*types: int) -> Callable[[NameMap[Value]], bool]:
    return lambda values: values.get("ResourceType") in (None, *types)


def input_caption(seen: Seen) -> str:
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
    return pool_name("NetworkPool", named if named in seen.host.network_names else "0")


def missing_network(seen: Seen) -> str | None:
    """The name of the adapter's network, if there is none of the name, not even one that rests."""
    nic = seen.of
    if nic.connection is not NicConnection.NETWORK or nic.source in {network.name for network in seen.host.networks}:
        return None
    return str(nic.source)
