"""What of a guest's devices is more than an attribute to read, or to write: libvirt-cim's values for the model's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.messages import compatible
from openvman.model.allocation import (
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


def no_password(password: Value, _values: NameMap[Value]) -> None:
    """Refused, and not passed over: who sets one must not get a screen that is open to everyone."""
    if password:
        raise ModelError(compatible.NO_PASSWORD, "Password")


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
    network_type: str | None = None, network: str | None = None, bridge: str | None = None, **said: Any
) -> NicSpec:
    if network_type is None:
        return NicSpec(**said)
    connection = NicConnection(network_type)
    source = {NicConnection.NETWORK: network, NicConnection.BRIDGE: bridge}.get(connection)
    return NicSpec(connection=connection, source=source, **said)


def network_type(value: Value, values: NameMap[Value]) -> str:
    if value not in {NicConnection.NETWORK, NicConnection.BRIDGE, NicConnection.USER}:
        raise ValueError(f"use {NicConnection.NETWORK}, {NicConnection.BRIDGE} or {NicConnection.USER}")
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
    def made(listens: str | None = None, address: str | None = None, password: None = None, **said: Any) -> DeviceSpec:
        del password  # there is none
        # The kind of a device that is there is no change.
        return DeviceSpec(
            kind=kind if said.get("allocation_id") is None else None, address=address or listens or None, **said
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
